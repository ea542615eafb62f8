/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bell.h - waking a thread that sleeps in poll(2).
 *
 * Units of a queue have no descriptor that poll could watch.  So a thread that
 * waits for queues and descriptors at once has a doorbell: a datagram socket, made
 * at its first such wait and kept, whose abstract name says whose it is.
 *
 *   @mptrace.bell/<domain id>/<thread slot>.<its generation>
 *
 *   waiter: bell_ask: polled = me; want = seq (eventcount.h); look again; poll
 *   giver:  do the thing; fence; want == seq? then: seq + 1, wake; polled? then
 *           exchange it by 0, one byte to whom it named
 *
 * Nobody rings while nobody waits: a giver looks at `polled` only when want says that
 * somebody may sleep.  A ring too many costs a look; one that is missing (its ringer
 * killed, no descriptor left, another network namespace) costs a slice.
 */
#ifndef MPT_BELL_H
#define MPT_BELL_H

#include "libtrace/member.h"

/* The calling thread's doorbell, to be polled for reading.  Descriptor, or -1: it can have
 * none now. */
int bell_of(struct member *me);
/* The thread begins and ends to listen; what rang before is taken out. */
void bell_listen(struct member *me, int fd);
void bell_stop(struct member *me);
void bell_drain(int fd);

/* Asks who gives on this side to ring; the caller then looks again. */
void bell_ask(struct mpt_wire_side *side, const struct member *me);
void bell_unask(struct mpt_wire_side *side, const struct member *me);

/* Out of line part of bell_answer. */
void bell_ring(struct mpt_wire_side *side);

/* After the sleepers of the side's event count were woken. */
static inline void bell_answer(struct mpt_wire_side *side)
{
	if (unlikely(load32(&side->polled)))
		bell_ring(side);
}

/* The thread ends. */
void bell_leave(struct member *me);

#endif
