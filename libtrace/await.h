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

/* Looks, and sleeps at most a slice.  0: *watch is no longer `old`; -EBUSY: it still is,
 * look again; else as await_change. */
int await_once(struct handle *h, struct member *me, struct blocking *how,
	       struct mpt_wire_side *side, struct slice *slice, const uint64_t *watch,
	       uint64_t old);

/* Sleeps on the event count of `side` until *watch is no longer `old`.  0,
 * -EAGAIN, -ETIMEDOUT, -EINTR, -ESHUTDOWN.  The wait is shown and counted; the caller
 * ends it with await_done, whatever the result. */
int await_change(struct handle *h, struct member *me, struct blocking *how,
		 struct mpt_wire_side *side, const uint64_t *watch, uint64_t old);

/* Ends the wait shown: END record with `value` (or the error), statistics.  Nothing when
 * `result` is fine and it never blocked, as then there was no wait. */
void await_done(struct member *me, const struct blocking *how, struct mpt_wire_side *side,
		int result, uint64_t value);

/* Counts the call in this thread's ledger row, which it alone writes. */
void await_use(struct member *me, const struct handle *h, uint64_t gives, uint64_t takes);

#endif
