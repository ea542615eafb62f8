/* SPDX-License-Identifier: BSD-2-Clause */
/* rlock.c - RLock: the nested lock of hold.h; see mptrace/rlock.h. */
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

int mpt_rlock_acquire(struct mpt_rlock *lock, uint64_t timeout_ns)
{
	return hold_nested_acquire(&lock->handle, MPT_KIND_RLOCK, timeout_ns);
}

int mpt_rlock_release(struct mpt_rlock *lock)
{
	return hold_nested_release(&lock->handle, MPT_KIND_RLOCK);
}

int64_t mpt_rlock_depth(const struct mpt_rlock *lock)
{
	return hold_nested_depth(&lock->handle);
}

int mpt_rlock_locked(const struct mpt_rlock *lock)
{
	return hold_locked(&lock->handle);
}

int mpt_rlock_close(struct mpt_rlock *lock)
{
	return handle_close(&lock->handle, MPT_OP_RLOCK_CLOSE);
}

void mpt_rlock_destroy(struct mpt_rlock *lock)
{
	handle_destroy(lock ? &lock->handle : NULL);
}
