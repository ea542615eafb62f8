/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * barrier.h - nobody goes on before all have come.
 *
 * Semantics of Python's multiprocessing.Barrier.  Stronger: when a process is killed
 * that has come, or is coming, the barrier breaks at once (within a slice, 0.4 s)
 * instead of holding the others for ever.
 */
#ifndef MPTRACE_BARRIER_H
#define MPTRACE_BARRIER_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_barrier;

/* As timeout of mpt_barrier_wait: that of the options. */
#define MPT_BARRIER_DEFAULT (UINT64_MAX - 1)

struct mpt_barrier_options {
	const char *name;     /* NULL: "barrier-N" */
	unsigned int flags;   /* 0 or MPT_INTERRUPTIBLE */
	uint32_t parties;     /* 1 to 32767 */
	uint64_t timeout_ns;  /* what MPT_BARRIER_DEFAULT means in this process; 0: for ever */
	int (*action)(void *arg); /* run once by the last to come; NULL: none */
	void *arg;
};

/* Makes a barrier that nobody waits at.  `action` is used by this process and those
 * forked from it.
 * Returns 0; -EINVAL bad name, flag or number of parties; -EEXIST; -ENOSPC; -ENOMEM.
 * Does not block. */
MPT_API int mpt_barrier_create(struct mpt_barrier **out,
			       const struct mpt_barrier_options *options);

/* Opens a barrier by name (see mpt_lock_open); without action or default timeout.
 * Returns 0; -ENOENT; -EINVAL it is no barrier; -ENOMEM. */
MPT_API int mpt_barrier_open(struct mpt_barrier **out, const char *name, unsigned int flags);

/* Comes, and waits until all have.  The last runs the action first; when that does
 * not return 0 the barrier breaks.  Who gives up breaks it for all.
 * Returns the caller's number of this passage, 0 (the first) to parties - 1;
 * -ECANCELED it is broken, or was broken or reset meanwhile; -ETIMEDOUT or, with
 * timeout 0, -EAGAIN: not all came, and it is broken now; -EINTR (broken now);
 * -ESHUTDOWN.
 * Blocks up to timeout_ns.  [Barrier.wait] */
MPT_API int mpt_barrier_wait(struct mpt_barrier *barrier, uint64_t timeout_ns);

/* Breaks it: all who wait, and who come later, get -ECANCELED.
 * Returns 0 or -ESHUTDOWN.  [Barrier.abort] */
MPT_API int mpt_barrier_abort(struct mpt_barrier *barrier);

/* Makes it whole and empty; those who wait get -ECANCELED.
 * Returns 0 or -ESHUTDOWN.  [Barrier.reset] */
MPT_API int mpt_barrier_reset(struct mpt_barrier *barrier);

/* How many must come; how many wait; whether it is broken (1 or 0); or -ESHUTDOWN. */
MPT_API int mpt_barrier_parties(const struct mpt_barrier *barrier);
MPT_API int mpt_barrier_waiting(const struct mpt_barrier *barrier);
MPT_API int mpt_barrier_broken(const struct mpt_barrier *barrier);

/* This process uses the barrier no more: calls return -ESHUTDOWN.  Returns 0. */
MPT_API int mpt_barrier_close(struct mpt_barrier *barrier);

/* Frees the handle.  When the process that created the barrier does so, it ends for
 * everybody: waiters get -ESHUTDOWN.  NULL is fine. */
MPT_API void mpt_barrier_destroy(struct mpt_barrier *barrier);

#ifdef __cplusplus
}
#endif
#endif
