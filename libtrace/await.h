/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * await.h - sleeping until a word of an object changes, holding nothing.
 *
 * For objects whose state is one word that anybody may move (Event).  Those that
 * hold a side's lock between their looks have their own loop (queue_move.c).
 */
#ifndef MPT_AWAIT_H
#define MPT_AWAIT_H

#include "libtrace/object.h"

/* Sleeps on the event count of `side` until *watch is no longer `old`.  0,
 * -EAGAIN, -ETIMEDOUT, -EINTR, -ESHUTDOWN.  The wait is shown and counted; the caller
 * ends it with await_done, whatever the result. */
int await_change(struct handle *h, struct member *me, struct blocking *how,
		 struct mpt_wire_side *side, const uint64_t *watch, uint64_t old);

/* Ends the wait shown: END record with `value` (or the error), statistics.  Nothing when
 * `result` is fine and it never blocked, as then there was no wait. */
void await_done(struct member *me, const struct blocking *how, struct mpt_wire_side *side,
		int result, uint64_t value);

#endif
