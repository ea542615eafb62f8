/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * side.h - the two sides of an object whose units move under a side's lock.
 *
 * Owns: taking a side, waiting for the other one, giving up.  Does not own: what
 * moves (queue_move.c, semaphore.c), settling what the dead left (object_recover).
 *
 * A call holds its own side while it looks and commits, and nothing while it
 * sleeps.  What it waits for is the other side's index.
 */
#ifndef MPT_SIDE_H
#define MPT_SIDE_H

#include "libtrace/object.h"

/* A call's view of the side it waits for: it looks again when one of two words moves. */
struct side_wait {
	struct mpt_wire_side *mine;
	struct mpt_wire_side *event; /* whose event count the wake comes by */
	const uint64_t *watch;	     /* index of the other side */
	const uint64_t *also;	     /* a second word, NULL: none; as it was seen: */
	uint64_t also_seen;
	struct slice slice;
	bool slept;
	int recovered; /* MPT_RECOVERED when `mine` was taken from a dead one meanwhile */
};

/* Out of line part of side_enter: the side was not free. */
int side_enter_slowly(struct handle *h, struct member *me, struct mpt_wire_side *side,
		      struct blocking *how);

/* Takes one side.  A call that only tries waits a little for the side itself, so that
 * it does not report Full or Empty merely because another is inside.
 * 0, MPT_RECOVERED, -EAGAIN, -ETIMEDOUT, -EINTR, -ESHUTDOWN; -EDEADLK in a signal handler
 * that came while this thread was inside. */
static inline int side_enter(struct handle *h, struct member *me, struct mpt_wire_side *side,
			     struct blocking *how)
{
	if (unlikely(!lockword_try(&side->lock, me)))
		return side_enter_slowly(h, me, side, how);
	if (likely(handle_usable(h)))
		return 0;
	lockword_release(&side->lock);
	return -ESHUTDOWN;
}

/* Called holding `mine`, which had to wait with `old` as the last index seen.  Returns 0 with
 * `mine` held again and something to look at, or an error with `mine` released. */
int side_wait_other(struct handle *h, struct member *me, struct side_wait *w, uint64_t old,
		    struct blocking *how);

/* Ends a failed call: END record with the reason and how long it waited.  Returns rc. */
int side_fail(struct member *me, struct blocking *how, int rc);

/* Ends the wait of a call that has what it waited for and holds `mine`: statistics.  Returns
 * how long it was blocked, ns. */
uint64_t side_waited(struct member *me, struct side_wait *w, const struct blocking *how,
		     uint64_t now);

/* The END record of a successful call on unit `number`. */
static inline void side_record(struct member *me, const struct blocking *how, uint64_t now,
			       uint64_t number, uint64_t waited)
{
	emit(me, &(struct mpt_record){ .time = now,
				       .op = how->op,
				       .object = how->object,
				       .value = number,
				       .span = waited });
}

#endif
