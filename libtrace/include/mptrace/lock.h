/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.h - a lock between processes and threads.
 *
 * Semantics of Python's multiprocessing.Lock: not recursive, and anyone may
 * release it.  Stronger: when the holding process dies, the next acquire takes
 * over and says so (MPT_RECOVERED) once.
 */
#ifndef MPTRACE_LOCK_H
#define MPTRACE_LOCK_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_lock;

/* Makes a free lock.
 *   out    the handle; the caller ends it with mpt_lock_destroy
 *   name   1 to 47 bytes without '/', unique in the domain; NULL: "lock-N"
 *   flags  0 or MPT_INTERRUPTIBLE
 * Returns 0; -EINVAL bad name or flag; -EEXIST name in use; -ENOSPC; -ENOMEM.
 * Does not block. */
MPT_API int mpt_lock_create(struct mpt_lock **out, const char *name, unsigned int flags);

/* Opens a lock by name: "name" in the own domain, "domain/name" in a published
 * one, which is joined first (see mpt_domain_join for its errors).
 * Returns 0; -ENOENT no such lock; -EINVAL it is no lock; -ENOMEM. */
MPT_API int mpt_lock_open(struct mpt_lock **out, const char *name, unsigned int flags);

/* Takes the lock.
 * Returns 0; MPT_RECOVERED: taken, and the process that held it had died;
 * -EAGAIN; -ETIMEDOUT; -ESHUTDOWN; -EINTR.
 * Blocks up to timeout_ns.  [Lock.acquire] */
MPT_API int mpt_lock_acquire(struct mpt_lock *lock, uint64_t timeout_ns);

/* Frees the lock and lets one waiter go, whoever holds it.
 * Returns 0; -ERANGE it was not held; -ESHUTDOWN.  Does not block.
 * [Lock.release] */
MPT_API int mpt_lock_release(struct mpt_lock *lock);

/* Is it held by anybody at this moment?  1, 0, or -ESHUTDOWN. */
MPT_API int mpt_lock_locked(const struct mpt_lock *lock);

/* This process uses the lock no more: calls return -ESHUTDOWN.  A lock it
 * holds stays held.  Closing twice is harmless.  Returns 0. */
MPT_API int mpt_lock_close(struct mpt_lock *lock);

/* Frees the handle.  When the process that created the lock does so, the lock
 * ends for everybody: waiters get -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_lock_destroy(struct mpt_lock *lock);

/* Scoped use: the body runs once with the lock held, and the lock is released
 * on every way out of it (end, break, return, goto).
 *
 *	MPT_WITH_LOCK (lock) {
 *		...
 *	}
 *
 * The body is skipped when the lock could not be taken (closed). */
#define MPT_WITH_LOCK(l) MPT_SCOPE_FOR(lock, l, MPT_SCOPE_AT(__LINE__))

/* The name carries the line, so that scopes may nest. */
#define MPT_SCOPE_PASTE(a, b) a##b
#define MPT_SCOPE_AT(line) MPT_SCOPE_PASTE(mpt_scope_, line)
#define MPT_SCOPE_FOR(kind, it, scope)                                                        \
	for (struct mpt_##kind##_scope scope                                                  \
	     __attribute__((cleanup(mpt_##kind##_scope_leave))) = mpt_##kind##_scope_enter(it); \
	     scope.held; mpt_##kind##_scope_leave(&scope))

/* What MPT_SCOPE_FOR needs of a kind that is acquired and released. */
#define MPT_SCOPE_OF(kind)                                                                    \
	struct mpt_##kind##_scope {                                                           \
		struct mpt_##kind *it;                                                        \
		bool held;                                                                    \
	};                                                                                    \
                                                                                              \
	static inline struct mpt_##kind##_scope mpt_##kind##_scope_enter(                     \
		struct mpt_##kind *it)                                                        \
	{                                                                                     \
		struct mpt_##kind##_scope scope = { it,                                       \
						    mpt_##kind##_acquire(it, MPT_FOREVER) >= 0 }; \
                                                                                              \
		return scope;                                                                 \
	}                                                                                     \
                                                                                              \
	static inline void mpt_##kind##_scope_leave(struct mpt_##kind##_scope *scope)         \
	{                                                                                     \
		if (scope->held)                                                              \
			(void)mpt_##kind##_release(scope->it);                                \
		scope->held = false;                                                          \
	}
MPT_SCOPE_OF(lock)

#ifdef __cplusplus
}
#endif
#endif
