/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rlock.h - a lock that the thread that holds it may take again.
 *
 * Semantics of Python's multiprocessing.RLock: owned by one thread of one process,
 * which must release it as often as it acquired it; nobody else may.  Stronger: when
 * the holding process dies, the next acquire takes over at depth 1 and says so
 * (MPT_RECOVERED) once.
 */
#ifndef MPTRACE_RLOCK_H
#define MPTRACE_RLOCK_H

#include <mptrace/lock.h> /* MPT_SCOPE_FOR */

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_rlock;

/* Makes a free lock.
 *   out    the handle; the caller ends it with mpt_rlock_destroy
 *   name   1 to 47 bytes without '/', unique in the domain; NULL: "rlock-N"
 *   flags  0 or MPT_INTERRUPTIBLE
 * Returns 0; -EINVAL bad name or flag; -EEXIST name in use; -ENOSPC; -ENOMEM.
 * Does not block. */
MPT_API int mpt_rlock_create(struct mpt_rlock **out, const char *name, unsigned int flags);

/* Opens a lock by name: "name" in the own domain, "domain/name" in a published
 * one, which is joined first (see mpt_domain_join for its errors).
 * Returns 0; -ENOENT no such lock; -EINVAL it is no RLock; -ENOMEM. */
MPT_API int mpt_rlock_open(struct mpt_rlock **out, const char *name, unsigned int flags);

/* Takes the lock, or takes it once more when this thread has it: that never blocks.
 * Returns 0; MPT_RECOVERED: taken, and the process that held it had died;
 * -EAGAIN; -ETIMEDOUT; -ESHUTDOWN; -EINTR; -EOVERFLOW after 2^32 acquisitions.
 * Blocks up to timeout_ns.  [RLock.acquire] */
MPT_API int mpt_rlock_acquire(struct mpt_rlock *lock, uint64_t timeout_ns);

/* Undoes one acquire; the last one frees the lock and lets one waiter go.
 * Returns 0; -EPERM this thread does not hold it; -ESHUTDOWN.  Does not block.
 * [RLock.release] */
MPT_API int mpt_rlock_release(struct mpt_rlock *lock);

/* How often does this thread hold it?  0: it does not; or -ESHUTDOWN. */
MPT_API int64_t mpt_rlock_depth(const struct mpt_rlock *lock);

/* Is it held by anybody at this moment?  1, 0, or -ESHUTDOWN. */
MPT_API int mpt_rlock_locked(const struct mpt_rlock *lock);

/* This process uses the lock no more: calls return -ESHUTDOWN.  A lock it
 * holds stays held.  Closing twice is harmless.  Returns 0. */
MPT_API int mpt_rlock_close(struct mpt_rlock *lock);

/* Frees the handle.  When the process that created the lock does so, the lock
 * ends for everybody: waiters get -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_rlock_destroy(struct mpt_rlock *lock);

/* Scoped use, as MPT_WITH_LOCK (lock.h). */
#define MPT_WITH_RLOCK(l) MPT_SCOPE_FOR(rlock, l, MPT_SCOPE_AT(__LINE__))
MPT_SCOPE_OF(rlock)

#ifdef __cplusplus
}
#endif
#endif
