/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockword.h - a lock in one 32-bit word that survives its owner.
 *
 * Used by Lock itself and, one per side, inside queues and pipes.
 *
 *   free          0
 *   held          owner's slot and generation (wire.h), taken by CAS
 *   + WAITERS     somebody sleeps on the word
 *
 * The word alone says who holds it, so there is no moment at which a killed
 * owner is unknown.  A waiter that finds the owner dead replaces the
 * owner's word by its own with one CAS: exactly one waiter wins, and is told.
 * Release is one exchange; killed between it and the wake, the sleepers' slices
 * end the wait.
 */
#ifndef MPT_LOCKWORD_H
#define MPT_LOCKWORD_H

#include "libtrace/futex.h"
#include "libtrace/member.h"

#include <mptrace/common.h>

/* How a blocked call is interrupted and seen. */
struct blocking {
	uint64_t deadline; /* 0, MPT_FOREVER, or a time */
	uint16_t op;	   /* what to show while waiting */
	bool interruptible;
	uint32_t object, object_generation;
	uint64_t since; /* set when it first blocked; 0: it did not */
	const struct mpt_wire_any *any; /* WAIT_ANY: what it waits for; else NULL */
	const uint32_t *closed; /* A: set when this process closes the handle; NULL: never */
	bool until_end; /* -ESHUTDOWN as soon as the object has ended, held or not */
};

/* Tries once; no system call.  True: held. */
static inline bool lockword_try(uint32_t *word, const struct member *me)
{
	return cas32(word, 0, me->word);
}

/* Does the calling thread hold it? */
static inline bool lockword_owned(const uint32_t *word, const struct member *me)
{
	return (load32(word) & ~MPT_LOCK_WAITERS) == me->word;
}

/* Slow path: spins, then sleeps.  *dead is the word of a dead owner when the result
 * is MPT_RECOVERED.  0, MPT_RECOVERED, -EAGAIN, -ETIMEDOUT, -EINTR, -ESHUTDOWN. */
int lockword_wait(uint32_t *word, struct member *me, struct blocking *how, uint32_t *dead);

static inline int lockword_acquire(uint32_t *word, struct member *me, struct blocking *how,
				   uint32_t *dead)
{
	return likely(lockword_try(word, me)) ? 0 : lockword_wait(word, me, how, dead);
}

/* Frees it.  False: it was not held. */
static inline bool lockword_release(uint32_t *word)
{
	uint32_t old = exchange32(word, 0);

	if (unlikely(old & MPT_LOCK_WAITERS))
		futex_wake(word, 1);
	return old != 0;
}

/* Frees it only while `seen` (as loaded before) still holds it: a caller that was delayed
 * must not free what others took since.  False: it no longer does. */
static inline bool lockword_release_seen(uint32_t *word, uint32_t seen)
{
	uint32_t now = load32(word);

	while (!((now ^ seen) & ~MPT_LOCK_WAITERS)) {
		if (likely(cas32(word, now, 0))) {
			if (unlikely(now & MPT_LOCK_WAITERS))
				futex_wake(word, 1);
			return true;
		}
		now = load32(word);
	}
	return false;
}

#endif
