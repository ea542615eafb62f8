/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * semaphore.h - so many may have one at once.
 *
 * Semantics of Python's multiprocessing.Semaphore and BoundedSemaphore: acquire takes a
 * unit or waits for one, release gives one back, whoever took it.  Stronger: the units that
 * a process had acquired and not released when it died are given back for it, and the
 * next acquire that needs one says so (MPT_RECOVERED) once.  A semaphore that some
 * only acquire and others only release is a signal; of that nothing is given back.
 */
#ifndef MPTRACE_SEMAPHORE_H
#define MPTRACE_SEMAPHORE_H

#include <mptrace/lock.h> /* MPT_SCOPE_AT */

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_semaphore;

#define MPT_SEMAPHORE_MAX INT32_MAX /* the largest value */

struct mpt_semaphore_options {
	const char *name;   /* 1 to 47 bytes without '/', unique in the domain; NULL:
			     * "semaphore-N" */
	uint32_t value;	    /* units at first, 0 to MPT_SEMAPHORE_MAX */
	bool bounded;	    /* never more than at first: BoundedSemaphore */
	unsigned int flags; /* 0 or MPT_INTERRUPTIBLE */
};

/* Makes a semaphore; options NULL: of one unit, not bounded.
 * Returns 0; -EINVAL bad name, value or flag; -EEXIST name in use; -ENOSPC; -ENOMEM.
 * The caller ends it with mpt_semaphore_destroy.  Does not block.
 * [Semaphore(), BoundedSemaphore()] */
MPT_API int mpt_semaphore_create(struct mpt_semaphore **out,
				 const struct mpt_semaphore_options *options);

/* Opens a semaphore by name (see mpt_lock_open).
 * Returns 0; -ENOENT; -EINVAL it is no semaphore; -ENOMEM. */
MPT_API int mpt_semaphore_open(struct mpt_semaphore **out, const char *name, unsigned int flags);

/* Takes a unit.
 * Returns 0; MPT_RECOVERED: taken, and units of a process that had died were given back
 * for it; -EAGAIN, -ETIMEDOUT there was none; -ESHUTDOWN; -EINTR; -EDEADLK called by a
 * signal handler that interrupted an acquire of this semaphore.
 * Blocks up to timeout_ns.  [Semaphore.acquire] */
MPT_API int mpt_semaphore_acquire(struct mpt_semaphore *semaphore, uint64_t timeout_ns);

/* Gives a unit back and lets one waiter go; the caller need not have taken it.
 * Returns 0; -ERANGE it is bounded and has all its units; -EOVERFLOW it has
 * MPT_SEMAPHORE_MAX; in both cases nothing changed; -ESHUTDOWN; -EDEADLK as above.
 * Does not block.  [Semaphore.release] */
MPT_API int mpt_semaphore_release(struct mpt_semaphore *semaphore);

/* Units that can be taken at this moment, or -ESHUTDOWN.  Those of the dead count when
 * they have been given back.  [Semaphore.get_value] */
MPT_API int64_t mpt_semaphore_value(const struct mpt_semaphore *semaphore);

/* This process uses the semaphore no more: calls return -ESHUTDOWN.  Units it has stay
 * with it.  Closing twice is harmless.  Returns 0. */
MPT_API int mpt_semaphore_close(struct mpt_semaphore *semaphore);

/* Frees the handle.  When the process that created the semaphore does so, it ends for
 * everybody: waiters get -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_semaphore_destroy(struct mpt_semaphore *semaphore);

/* Scoped use, as MPT_WITH_LOCK (lock.h). */
struct mpt_semaphore_scope {
	struct mpt_semaphore *semaphore;
	bool held;
};

static inline struct mpt_semaphore_scope
mpt_semaphore_scope_enter(struct mpt_semaphore *semaphore)
{
	struct mpt_semaphore_scope scope = {
		semaphore, mpt_semaphore_acquire(semaphore, MPT_FOREVER) >= 0
	};

	return scope;
}

static inline void mpt_semaphore_scope_leave(struct mpt_semaphore_scope *scope)
{
	if (scope->held)
		(void)mpt_semaphore_release(scope->semaphore);
	scope->held = false;
}

#define MPT_SEM_SCOPE_FOR(s, scope)                                                           \
	for (struct mpt_semaphore_scope scope                                                 \
	     __attribute__((cleanup(mpt_semaphore_scope_leave))) =                            \
		     mpt_semaphore_scope_enter(s);                                            \
	     scope.held; mpt_semaphore_scope_leave(&scope))
#define MPT_WITH_SEMAPHORE(s) MPT_SEM_SCOPE_FOR(s, MPT_SCOPE_AT(__LINE__))

#ifdef __cplusplus
}
#endif
#endif
