/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.c - Lock; see mptrace/lock.h.  What it shares with other owners: hold.h. */
#include "libtrace/hold.h"

#include <mptrace/lock.h>

HOLD_OPS_OF(LOCK);

int mpt_lock_create(struct mpt_lock **out, const char *name, unsigned int flags)
{
	struct object_wish wish = { .kind = MPT_KIND_LOCK,
				    .name = name,
				    .site = __builtin_return_address(0),
				    .flags = flags };
	int rc = -EINVAL;

	if (out)
		*out = handle_create(sizeof(**out), &wish, &rc);
	return rc;
}

int mpt_lock_open(struct mpt_lock **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (out)
		*out = handle_open(sizeof(**out), MPT_KIND_LOCK, name, flags, &rc);
	return rc;
}

/* ---- acquire and release -------------------------------------------------- */

int mpt_lock_acquire(struct mpt_lock *lock, uint64_t timeout_ns)
{
	struct handle *h = &lock->handle;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	return hold_acquire(h, me, MPT_KIND_LOCK, timeout_ns);
}

int mpt_lock_release(struct mpt_lock *lock)
{
	struct handle *h = &lock->handle;
	uint32_t *word = &h->object->take.lock, seen;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	/* Before the handle is checked: should the slot go to a new lock meanwhile, the
	 * word is another's and stays. */
	seen = load32_acquire(word);
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (unlikely(!seen))
		return -ERANGE;
	hold_ending(h->object, me, h, MPT_KIND_LOCK);
	return likely(lockword_release_seen(word, seen)) ? 0 : -ERANGE;
}

int mpt_lock_locked(const struct mpt_lock *lock)
{
	const struct handle *h = &lock->handle;

	return handle_usable(h) ? load32(&h->object->take.lock) != 0 : -ESHUTDOWN;
}

int mpt_lock_close(struct mpt_lock *lock)
{
	return handle_close(&lock->handle, MPT_OP_LOCK_CLOSE);
}

void mpt_lock_destroy(struct mpt_lock *lock)
{
	handle_destroy(lock ? &lock->handle : NULL);
}
