/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rlock.c - RLock; see mptrace/rlock.h.  What it shares with other owners: hold.h.
 *
 * The owner counts its further acquisitions in owner_again, so that a signal handler
 * between any two instructions finds a lock that is either not this thread's or
 * fully so.  Nested acquisitions are state, not records: the outermost pair writes HOLD.
 */
#include "libtrace/hold.h"

#include <mptrace/rlock.h>

HOLD_OPS_OF(RLOCK);

int mpt_rlock_create(struct mpt_rlock **out, const char *name, unsigned int flags)
{
	struct object_wish wish = { .kind = MPT_KIND_RLOCK,
				    .name = name,
				    .site = __builtin_return_address(0),
				    .flags = flags };
	int rc = -EINVAL;

	if (out)
		*out = handle_create(sizeof(**out), &wish, &rc);
	return rc;
}

int mpt_rlock_open(struct mpt_rlock **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (out)
		*out = handle_open(sizeof(**out), MPT_KIND_RLOCK, name, flags, &rc);
	return rc;
}

static int acquire_again(struct mpt_wire_object *o)
{
	uint32_t again = load32(&o->owner_again);

	if (again == UINT32_MAX)
		return -EOVERFLOW;
	store32(&o->owner_again, again + 1);
	return 0;
}

int mpt_rlock_acquire(struct mpt_rlock *lock, uint64_t timeout_ns)
{
	struct handle *h = &lock->handle;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (lockword_owned(&h->object->take.lock, me))
		return acquire_again(h->object);
	rc = hold_acquire(h, me, MPT_KIND_RLOCK, timeout_ns);
	if (unlikely(rc == MPT_RECOVERED))
		store32(&h->object->owner_again, 0); /* the dead one's */
	return rc;
}

int mpt_rlock_release(struct mpt_rlock *lock)
{
	struct handle *h = &lock->handle;
	struct mpt_wire_object *o = h->object;
	struct member *me;
	uint32_t again;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (unlikely(!lockword_owned(&o->take.lock, me)))
		return -EPERM;
	again = load32(&o->owner_again);
	if (again) {
		store32(&o->owner_again, again - 1);
		return 0;
	}
	hold_ending(o, me, h, MPT_KIND_RLOCK);
	lockword_release(&o->take.lock);
	return 0;
}

int64_t mpt_rlock_depth(const struct mpt_rlock *lock)
{
	const struct handle *h = &lock->handle;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	if (!handle_usable(h))
		return -ESHUTDOWN;
	if (!lockword_owned(&h->object->take.lock, me))
		return 0;
	return (int64_t)load32(&h->object->owner_again) + 1;
}

int mpt_rlock_locked(const struct mpt_rlock *lock)
{
	const struct handle *h = &lock->handle;

	return handle_usable(h) ? load32(&h->object->take.lock) != 0 : -ESHUTDOWN;
}

int mpt_rlock_close(struct mpt_rlock *lock)
{
	return handle_close(&lock->handle, MPT_OP_RLOCK_CLOSE);
}

void mpt_rlock_destroy(struct mpt_rlock *lock)
{
	handle_destroy(lock ? &lock->handle : NULL);
}
