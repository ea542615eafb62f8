/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_long.c - see queue_long.h and docs/crash-safety.md. */
#include "libtrace/queue_long.h"

#define LOOKS 8u	     /* rows one put looks at to see whether all are free */
#define STEPS_OVER_QUEUED 8u /* rows nobody is busy with: they go when their turn comes */
#define NO_NUMBER UINT64_MAX

static uint64_t row_count(const struct mpt_queue *q)
{
	return q->bytes / MPT_LONG;
}

/* The n-th part of the byte stream is the same part of the ring at each turn. */
static struct mpt_wire_long *row_at(const struct mpt_queue *q, uint64_t n)
{
	return &q->rows[n & (row_count(q) - 1)];
}

/* The addition is the full barrier a wake needs. */
static void tell_freed(struct mpt_queue *q)
{
	add64(&q->longs->freed, 1);
	queue_wake_givers(q->handle.object);
}

/* ---- rows of the dead ---------------------------------------------------------- */

/* Is it a unit's that waits to be taken?  The number alone does not tell: its giver
 * may have died before the commit, and then the number is another's. */
static bool is_waiting(const struct mpt_queue *q, const struct mpt_wire_long *row)
{
	const struct mpt_wire_object *o = q->handle.object;
	const struct mpt_wire_message *d = &q->messages[row->number & q->slot_mask];

	return row->number != NO_NUMBER && row->number >= load64_acquire(&o->take.index) &&
	       row->number < o->give.index && d->offset == row->offset && d->size == row->size;
}

/* The row's state, which for a dead owner is what he left.  A taker who comes to it
 * between our looks has stored OUT, and the CAS fails. */
static uint64_t state_of(struct mpt_queue *q, struct mpt_wire_long *row)
{
	uint64_t state = load64_acquire(&row->state), left;

	if (!MPT_LONG_OWNER(state) || member_alive(MPT_LONG_OWNER(state)))
		return state;
	left = MPT_LONG_WORD(is_waiting(q, row) ? MPT_LONG_QUEUED : MPT_LONG_FREE, 0);
	if (!cas64(&row->state, state, left))
		return load64_acquire(&row->state);
	if (left == MPT_LONG_FREE)
		tell_freed(q);
	return left;
}

/* ---- places ---------------------------------------------------------------------- */

/* How far it is in the ring from a place of the stream to the row's payload. */
static uint64_t distance(const struct mpt_queue *q, uint64_t from, const struct mpt_wire_long *row)
{
	return (row->offset - from) & (q->bytes - 1);
}

/* The first row whose payload begins in the `size` bytes from `at`; NULL: none.  One that
 * begins before does not reach so far: places are taken from one's end to the next. */
static struct mpt_wire_long *obstacle(struct mpt_queue *q, uint64_t at, uint64_t size,
				      uint64_t *state)
{
	uint64_t first = at / MPT_LONG, last = (at + size - 1) / MPT_LONG;

	if (last - first >= row_count(q))
		last = first + row_count(q) - 1;
	for (uint64_t n = first; n <= last; n++) {
		struct mpt_wire_long *row = row_at(q, n);

		if (!load64_acquire(&row->state) || distance(q, at, row) >= size)
			continue;
		*state = state_of(q, row);
		if (*state)
			return row;
	}
	return NULL;
}

/* The stream may go on until it meets the oldest short message. */
static uint64_t stream_limit(struct mpt_queue *q)
{
	const struct mpt_wire_side *give = &q->handle.object->give;
	uint64_t n = q->longs->oldest;

	if (n < give->seen)
		n = give->seen;
	while (n < give->index && q->messages[n & q->slot_mask].size >= MPT_LONG)
		n++;
	q->longs->oldest = n;
	return (n < give->index ? q->messages[n & q->slot_mask].offset : q->longs->head) + q->bytes;
}

bool queue_long_place(struct mpt_queue *q, uint64_t size, uint64_t *offset)
{
	uint64_t at = q->longs->head, limit = stream_limit(q), state = 0;
	struct mpt_wire_long *row;
	unsigned int queued = 0;

	while (at + size <= limit) {
		row = size ? obstacle(q, at, size, &state) : NULL;
		if (!row) {
			q->longs->head = at + size; /* killed before the commit: a gap */
			*offset = at;
			return true;
		}
		if (MPT_LONG_STATE(state) == MPT_LONG_QUEUED && ++queued > STEPS_OVER_QUEUED)
			break;
		at += distance(q, at, row) + row->size;
	}
	return false;
}

/* ---- the table in use ---------------------------------------------------------- */

static void begin(struct mpt_queue *q, uint64_t head)
{
	struct mpt_wire_side *give = &q->handle.object->give;

	q->longs->head = head;
	q->longs->oldest = give->seen;
	store32_release(&give->hint, load32(&give->hint) | MPT_HINT_LONGS);
}

/* Only the holder of give makes a row another thing than FREE.  With all of them FREE
 * every long message has been taken: from take.index on there are short ones only, in the
 * order of their offsets.  From a `seen` of before that need not be so. */
bool queue_long_over(struct mpt_queue *q)
{
	struct mpt_wire_object *o = q->handle.object;
	uint64_t n = q->longs->clear, most = n + LOOKS;

	while (n < row_count(q) && n < most && !load64_acquire(&q->rows[n].state))
		n++;
	q->longs->clear = n;
	if (n < row_count(q))
		return false;
	o->give.seen = load64_acquire(&o->take.index);
	store32_release(&o->give.hint, load32(&o->give.hint) & ~MPT_HINT_LONGS);
	return true;
}

/* ---- the life of a row ----------------------------------------------------------- */

struct mpt_wire_long *queue_long_reserve(struct mpt_queue *q, const struct member *me,
					 uint64_t offset, uint64_t size)
{
	struct mpt_wire_long *row = row_at(q, offset / MPT_LONG);

	if (!(load32(&q->handle.object->give.hint) & MPT_HINT_LONGS))
		begin(q, offset + size);
	if (q->longs->clear > (uint64_t)(row - q->rows))
		q->longs->clear = (uint64_t)(row - q->rows);
	row->offset = offset;
	row->size = size;
	row->number = NO_NUMBER;
	store64_release(&row->state, MPT_LONG_WORD(MPT_LONG_IN, me->word));
	return row;
}

void queue_long_queued(struct mpt_wire_long *row, const struct member *me)
{
	cas64(&row->state, MPT_LONG_WORD(MPT_LONG_IN, me->word),
	      MPT_LONG_WORD(MPT_LONG_QUEUED, 0));
}

struct mpt_wire_long *queue_long_take(struct mpt_queue *q, const struct member *me, uint64_t offset)
{
	struct mpt_wire_long *row = row_at(q, offset / MPT_LONG);

	store64_release(&row->state, MPT_LONG_WORD(MPT_LONG_OUT, me->word));
	return row;
}

void queue_long_free(struct mpt_queue *q, struct mpt_wire_long *row)
{
	store64_release(&row->state, MPT_LONG_WORD(MPT_LONG_FREE, 0));
	tell_freed(q);
}
