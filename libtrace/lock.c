/* SPDX-License-Identifier: BSD-2-Clause */
/* lock.c - Lock: the plain lock of hold.h; see mptrace/lock.h. */
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
	return hold_plain_acquire(&lock->handle, MPT_KIND_LOCK, timeout_ns);
}

int mpt_lock_release(struct mpt_lock *lock)
{
	return hold_plain_release(&lock->handle, MPT_KIND_LOCK);
}

int mpt_lock_locked(const struct mpt_lock *lock)
{
	return hold_locked(&lock->handle);
}

int mpt_lock_close(struct mpt_lock *lock)
{
	return handle_close(&lock->handle, MPT_OP_LOCK_CLOSE);
}

void mpt_lock_destroy(struct mpt_lock *lock)
{
	handle_destroy(lock ? &lock->handle : NULL);
}
