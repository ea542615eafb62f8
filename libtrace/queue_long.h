/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_long.h - where long messages lie while nobody holds the queue for them.
 *
 * Owns: the long table (wire.h) and, while it is in use (MPT_HINT_LONGS), where in the
 * byte ring the next payload goes.  Does not own: the order of messages, waiting and
 * waking (queue_move.c).
 *
 * Short messages lie in the ring in the order of their numbers, so the oldest one's
 * offset tells which bytes are free.  A long one gets its bytes before its number: its
 * row protects them, and nothing else does.  Both get what comes next in the ring; a
 * row that is in the way is stepped over.  So one who was stopped in the middle of a copy
 * costs the others the bytes of his message, and one who was killed only until
 * somebody comes to them.
 */
#ifndef MPT_QUEUE_LONG_H
#define MPT_QUEUE_LONG_H

#include "libtrace/queue_move.h"

/* All but the last two are called holding give. */

/* While the table is in use: is it so still?  Looks at a few rows and remembers. */
bool queue_long_over(struct mpt_queue *queue);

/* While the table is in use: takes the next `size` bytes of the stream that lie in nobody's
 * way; false: there is no such place now.  Rows of the dead that are in the way
 * are given back. */
bool queue_long_place(struct mpt_queue *queue, uint64_t size, uint64_t *offset);

/* Makes the place found (here or by the ends of messages) that of a long message. */
struct mpt_wire_long *queue_long_reserve(struct mpt_queue *queue, const struct member *me,
					 uint64_t offset, uint64_t size);

/* After the commit of put: the row is a unit's, unless its taker has it already. */
void queue_long_queued(struct mpt_wire_long *row, const struct member *me);

/* Holding take, before the commit of get. */
struct mpt_wire_long *queue_long_take(struct mpt_queue *queue, const struct member *me,
				      uint64_t offset);

/* Gives the bytes back and wakes who waits for them; the caller owns the row. */
void queue_long_free(struct mpt_queue *queue, struct mpt_wire_long *row);

#endif
