/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * condition.h - waiting, without holding a lock, until somebody who holds it says that
 * something has changed.
 *
 * Semantics of Python's multiprocessing.Condition.  Stronger: a notify goes to those who
 * live, in the order in which they came, and never waits for them; so whoever is
 * killed holds nobody up and uses up no notify.  One that is killed after it was
 * notified, but before wait returned, is as if it were killed right after.
 */
#ifndef MPTRACE_CONDITION_H
#define MPTRACE_CONDITION_H

#include <mptrace/rlock.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_condition;

#define MPT_CONDITION_WAITERS 1024u /* how many may wait at once, unless told otherwise */
#define MPT_CONDITION_WAITERS_MAX 65535u

struct mpt_condition_options {
	const char *name;	 /* NULL: "condition-N" */
	unsigned int flags;	 /* 0 or MPT_INTERRUPTIBLE: wait, wait_for, acquire */
	struct mpt_lock *lock;	 /* the lock that goes with it: this one, */
	struct mpt_rlock *rlock; /* or this one; both NULL: an RLock of its own, "NAME.lock" */
	uint32_t waiters; /* how many may wait at once, up to 65535; 0: MPT_CONDITION_WAITERS */
};

/* Makes a condition that nobody waits for.
 *   options  NULL: all as 0
 * The handles of a lock that is given may be closed and freed before the condition.
 * Returns 0; -EINVAL bad name, flag or number, or two locks; -ESHUTDOWN the lock was
 * closed or destroyed; -EEXIST; -ENOSPC; -ENOMEM.  Does not block. */
MPT_API int mpt_condition_create(struct mpt_condition **out,
				 const struct mpt_condition_options *options);

/* Opens a condition by name (see mpt_lock_open), and its lock with it.
 * Returns 0; -ENOENT; -EINVAL it is no condition; -ENOMEM. */
MPT_API int mpt_condition_open(struct mpt_condition **out, const char *name, unsigned int flags);

/* Takes its lock, as mpt_lock_acquire or mpt_rlock_acquire.  [Condition.acquire] */
MPT_API int mpt_condition_acquire(struct mpt_condition *condition, uint64_t timeout_ns);

/* Frees its lock, as mpt_lock_release or mpt_rlock_release; also through a handle that
 * was closed meanwhile.  [Condition.release] */
MPT_API int mpt_condition_release(struct mpt_condition *condition);

/* Frees the lock, however often this thread has acquired it, sleeps until notified or
 * until timeout_ns have passed, and takes the lock again, as often, for however long that
 * takes.
 * Returns 0: notified;
 *   MPT_RECOVERED  notified, and the lock was taken over from a process that died
 *   -EAGAIN        not notified, timeout 0
 *   -ETIMEDOUT     not notified in time
 *   -EINTR         not notified, a signal came and the handle is MPT_INTERRUPTIBLE
 *   -EOWNERDEAD    not notified (for one of these reasons), and the lock was taken over
 *   -ENOSPC        too many wait (see the options): it did not wait
 *   -EPERM         this thread does not hold the lock
 *   -ESHUTDOWN     the handle was closed, or the condition or its lock destroyed
 * Whatever it returns, this thread holds the lock as it did before, unless the lock has
 * been destroyed: then a release returns -ESHUTDOWN and does no harm.
 * Blocks.  [Condition.wait] */
MPT_API int mpt_condition_wait(struct mpt_condition *condition, uint64_t timeout_ns);

/* Waits until predicate(arg) is true: asked with the lock held, before the first wait
 * and after each.  Returns 0: it is true; -EAGAIN, -ETIMEDOUT, -EINTR: it was not, when
 * asked for the last time; else as mpt_condition_wait.  When the lock was taken over from a
 * process that died it returns -EOWNERDEAD at once, and does not ask: what the
 * predicate looks at may be half done.
 * Blocks up to timeout_ns for notifies.  [Condition.wait_for] */
MPT_API int mpt_condition_wait_for(struct mpt_condition *condition, bool (*predicate)(void *arg),
				   void *arg, uint64_t timeout_ns);

/* Lets up to n of those who wait now go, those who came first; the dead do not count, and
 * nothing is remembered for those who come later.  They go on when the lock is free.
 * Returns how many; -EPERM this thread does not hold the lock; -ESHUTDOWN.
 * Does not block.  Killed inside, it has notified some of them.  [Condition.notify] */
MPT_API int mpt_condition_notify(struct mpt_condition *condition, uint32_t n);

/* Lets all of them go.  Killed inside, it has notified all or none.
 * Returns how many it found waiting (one that gives up just now may be among them);
 * -EPERM; -ESHUTDOWN.  Does not block.  [Condition.notify_all] */
MPT_API int mpt_condition_notify_all(struct mpt_condition *condition);

/* How many living threads wait, not yet notified; or -ESHUTDOWN. */
MPT_API int mpt_condition_waiting(const struct mpt_condition *condition);

/* This process uses the condition no more: calls return -ESHUTDOWN, but for release.
 * The lock stays what it is.  Closing twice is harmless.  Returns 0. */
MPT_API int mpt_condition_close(struct mpt_condition *condition);

/* Frees the handle.  When the process that created the condition does so, it ends for
 * everybody, and so does a lock of its own: waiters get -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_condition_destroy(struct mpt_condition *condition);

/* Scoped use, as MPT_WITH_LOCK (lock.h).
 *
 *	MPT_WITH_CONDITION (ready)
 *		mpt_condition_notify(ready, 1);
 */
struct mpt_condition_scope {
	struct mpt_condition *condition;
	bool held;
};

static inline struct mpt_condition_scope mpt_condition_scope_enter(struct mpt_condition *condition)
{
	struct mpt_condition_scope scope = {
		condition, mpt_condition_acquire(condition, MPT_FOREVER) >= 0
	};

	return scope;
}

static inline void mpt_condition_scope_leave(struct mpt_condition_scope *scope)
{
	if (scope->held)
		(void)mpt_condition_release(scope->condition);
	scope->held = false;
}

#define MPT_CSCOPE_FOR(c, scope)                                                                \
	for (struct mpt_condition_scope scope                                                   \
	     __attribute__((cleanup(mpt_condition_scope_leave))) = mpt_condition_scope_enter(c); \
	     scope.held; mpt_condition_scope_leave(&scope))
#define MPT_WITH_CONDITION(c) MPT_CSCOPE_FOR(c, MPT_SCOPE_AT(__LINE__))

#ifdef __cplusplus
}
#endif
#endif
