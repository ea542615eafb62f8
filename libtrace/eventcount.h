/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * eventcount.h - sleeping until something may have changed, without a lock.
 *
 *   seq    moves when the awaited thing happened and somebody slept
 *   want   the value of seq at which somebody may sleep
 *
 * Sleeper: want = s = seq; fence; look again; sleep while seq == s.
 * Waker:   do the thing; fence; if want == seq: seq + 1, wake.
 *
 * The two fences make it impossible that the sleeper misses the thing *and* the
 * waker misses the sleeper.  While nobody sleeps, a waker pays two loads of
 * a line it owns.  After waking its n the waker leaves want == seq, as more
 * may sleep; a waker that woke fewer knows there are none.  A woken sleeper
 * that finds more than it can take passes the wake on.
 * A waker killed before FUTEX_WAKE costs the sleepers one slice.
 */
#ifndef MPT_EVENTCOUNT_H
#define MPT_EVENTCOUNT_H

#include "libtrace/atomic.h"
#include "libtrace/futex.h"

/* Declares this thread a sleeper; the caller looks again before sleeping on the
 * returned value. */
static inline uint32_t eventcount_prepare(uint32_t *seq, uint32_t *want)
{
	uint32_t s = load32_acquire(seq), w = load32(want);

	/* Only forward: a waker may have told meanwhile that others sleep at a newer
	 * value, and an older one would hide them.  (We then do not sleep: seq moved.) */
	while ((int32_t)(s - w) > 0 && !cas32(want, w, s))
		w = load32(want);
	fence();
	return s;
}

/* Out of line part of eventcount_wake. */
void eventcount_wake_slow(uint32_t *seq, uint32_t *want, int n);

/* Wakes up to n sleepers, if any.  The caller's change must be followed by a full
 * barrier (a lock word's release is one). */
static inline void eventcount_wake(uint32_t *seq, uint32_t *want, int n)
{
	if (unlikely(load32(want) == load32(seq)))
		eventcount_wake_slow(seq, want, n);
}

#endif
