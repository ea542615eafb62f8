/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guard.h - the lock that goes with another object: a Lock, or an RLock.
 *
 * Owns: finding it, taking and freeing it whichever it is, putting it down for the time
 * of a wait.  A guard is a handle of its own, so the program may close or free the
 * one it gave; which lock it is stands in the shared object (wire.h, `pair`).
 */
#ifndef MPT_GUARD_H
#define MPT_GUARD_H

#include "libtrace/hold.h"

struct guard {
	union {
		struct handle handle;
		struct mpt_lock lock;
		struct mpt_rlock rlock;
	};
	enum mpt_kind kind;
};

/* The program's own: exactly one of both.  0, -EINVAL, -ESHUTDOWN. */
int guard_given(struct guard *guard, const struct mpt_lock *lock, const struct mpt_rlock *rlock);

/* Makes an RLock for an object of that name: "NAME.lock", or "rlock-N" when that is taken
 * or `name` NULL.  Who made it ends it with object_destroy.  As object_create. */
int guard_make(struct guard *guard, const char *name, void *site);

/* That of an object that was opened. */
void guard_find(struct guard *guard, const struct handle *of);

/* Does this thread hold it? */
static inline bool guard_owned(const struct guard *guard, const struct member *me)
{
	return lockword_owned(&guard->handle.object->take.lock, me);
}

/* As mpt_lock_acquire and mpt_lock_release, or those of RLock. */
int guard_acquire(struct guard *guard, uint64_t timeout_ns, bool interruptible);
int guard_release(struct guard *guard);

/* Frees the lock, however often this thread has it; take_up has it again as often.
 * Neither a signal nor time ends take_up.  0, MPT_RECOVERED, -ESHUTDOWN. */
uint32_t guard_put_down(struct guard *guard, struct member *me);
int guard_take_up(struct guard *guard, struct member *me, uint32_t again);

#endif
