/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_move.c - put and get; see queue_move.h and docs/crash-safety.md.
 *
 *   put: lock give            get: lock take
 *        room? else block          message? else block
 *        intent                    intent
 *        copy in, descriptor       copy out
 *        give.index + 1  COMMIT    take.index + 1  COMMIT
 *        ledger, intent done       ledger
 *        unlock, wake a getter     unlock, wake a putter
 *                                  intent done
 */
#include "libtrace/queue_move.h"

#include <string.h>

/* ---- put -------------------------------------------------------------------------- */

/* Where the payload of message number n would start in the byte stream. */
static uint64_t stream_end(const struct mpt_queue *q, uint64_t n)
{
	const struct mpt_wire_message *last = &q->messages[(n - 1) & q->slot_mask];

	return n ? last->offset + last->size : 0;
}

static bool room(const struct mpt_queue *q, uint64_t given, uint64_t taken, size_t size)
{
	if (given == taken)
		return true;
	return given - taken < q->capacity &&
	       stream_end(q, given) + size - q->messages[taken & q->slot_mask].offset <= q->bytes;
}

/* A giver waits for bytes (not undone by one who waits for a slot).  When that begins,
 * the wake that brought it may have been meant for one whose message is smaller: wake
 * them all, once. */
static void lack_bytes(struct mpt_wire_object *o)
{
	if (load32(&o->give.hint))
		return;
	store32(&o->give.hint, 1);
	eventcount_wake_slow(&o->take.seq, &o->take.want, INT_MAX);
}

/* Makes room for size bytes, holding give. */
static int need_room(struct mpt_queue *q, struct member *me, size_t size, struct side_wait *w,
		     struct blocking *how)
{
	struct mpt_wire_object *o = q->handle.object;
	int rc;

	while (!room(q, o->give.index, o->give.seen, size)) {
		o->give.seen = load64_acquire(&o->take.index);
		if (room(q, o->give.index, o->give.seen, size))
			return 0;
		if (o->give.index - o->give.seen < q->capacity)
			lack_bytes(o);
		rc = side_wait_other(&q->handle, me, w, o->give.seen, how);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void copy_in(struct mpt_queue *q, uint64_t offset, const struct message *m)
{
	uint64_t at = offset & (q->bytes - 1), first = q->bytes - at;

	if (!m->size)
		return; /* data may be NULL then */
	if (first > m->size)
		first = m->size;
	memcpy(q->ring + at, m->data, first);
	memcpy(q->ring, (const uint8_t *)m->data + first, m->size - first);
}

/* The ledger row and its number, for the operation record. */
static struct mpt_wire_use *ledger(struct mpt_queue *q, struct member *me, uint16_t *number)
{
	struct mpt_wire_use *use = member_use(me, q->handle.slot, q->handle.generation);

	*number = use ? (uint16_t)(use - me->uses) : UINT16_MAX;
	return use;
}

static uint64_t commit_put(struct mpt_queue *q, struct member *me, const struct message *m,
			   const struct blocking *how)
{
	struct mpt_wire_side *side = &q->handle.object->give;
	uint64_t number = side->index, now = clock_now(&me->clock);
	struct mpt_wire_message *d = &q->messages[number & q->slot_mask];
	uint64_t offset = stream_end(q, number);
	struct mpt_wire_oprec *r = oprec_open(me, how, number);
	struct mpt_wire_use *use = ledger(q, me, &r->use);

	r->count = use ? use->gives + 1 : 0;
	r->size = side->bytes + m->size;
	oprec_phase(r, MPT_OPREC_INTENT);
	copy_in(q, offset, m);
	d->offset = offset;
	d->time_ns = now;
	d->size = (uint32_t)m->size;
	d->giver = me->slot;
	store64_release(&side->index, number + 1); /* COMMIT */
	side->bytes = r->size;
	if (use) {
		store64(&use->gives, r->count);
		use->last_ns = now;
	}
	oprec_close(me, r);
	return now;
}

int queue_put(struct mpt_queue *q, struct member *me, const struct message *m,
	      uint64_t timeout_ns)
{
	struct mpt_wire_object *o = q->handle.object;
	struct blocking how = handle_blocking(&q->handle, queue_op(q, MPT_OP_QUEUE_PUT), timeout_ns);
	struct side_wait w = { .mine = &o->give, .event = &o->take, .watch = &o->take.index };
	uint64_t now, number, waited = 0;
	int recovered = side_enter(&q->handle, me, &o->give, &how), rc = recovered;

	if (likely(rc >= 0))
		rc = need_room(q, me, m->size, &w, &how);
	if (unlikely(rc < 0))
		return side_fail(me, &how, rc);
	number = o->give.index;
	now = commit_put(q, me, m, &how);
	if (unlikely(how.since))
		waited = side_waited(me, &w, &how, now);
	if (unlikely(w.slept))
		store32(&o->give.hint, 0); /* all were woken: who still lacks bytes says so */
	lockword_release(&o->give.lock);
	side_record(me, &how, now, number, waited);
	eventcount_wake(&o->give.seq, &o->give.want, 1);
	/* We were woken; if there is room for more, so is the next one. */
	if (unlikely(w.slept))
		eventcount_wake(&o->take.seq, &o->take.want, 1);
	return recovered | w.recovered;
}

/* ---- get ---------------------------------------------------------------------------- */

static bool has_message(const struct mpt_wire_object *o)
{
	return o->take.index != o->take.seen;
}

static int need_message(struct mpt_queue *q, struct member *me, struct side_wait *w,
			struct blocking *how)
{
	struct mpt_wire_object *o = q->handle.object;
	int rc;

	while (!has_message(o)) {
		o->take.seen = load64_acquire(&o->give.index);
		if (has_message(o))
			return 0;
		rc = side_wait_other(&q->handle, me, w, o->take.seen, how);
		if (rc < 0)
			return rc;
	}
	return 0;
}

static void copy_out(const struct mpt_queue *q, const struct mpt_wire_message *d, void *to)
{
	uint64_t at = d->offset & (q->bytes - 1), first = q->bytes - at;

	if (!d->size)
		return; /* `to` may be NULL then */
	if (first > d->size)
		first = d->size;
	memcpy(to, q->ring + at, first);
	memcpy((uint8_t *)to + first, q->ring, d->size - first);
}

/* Leaves the operation record COMMITTED: the message is out, but not yet ours to
 * tell of.  queue_get closes it just before it returns. */
static struct mpt_wire_oprec *commit_get(struct mpt_queue *q, struct member *me,
					 struct message *m, const struct blocking *how,
					 uint64_t now)
{
	struct mpt_wire_object *o = q->handle.object;
	uint64_t number = o->take.index;
	const struct mpt_wire_message *d = &q->messages[number & q->slot_mask];
	struct mpt_wire_oprec *r = oprec_open(me, how, number);
	struct mpt_wire_use *use = ledger(q, me, &r->use);

	m->size = d->size;
	r->count = use ? use->takes + 1 : 0;
	r->size = o->take.bytes + d->size;
	oprec_phase(r, MPT_OPREC_INTENT);
	copy_out(q, d, m->data);
	hist_add(&o->hold, now > d->time_ns ? now - d->time_ns : 0);
	store64_release(&o->take.index, number + 1); /* COMMIT */
	o->take.bytes = r->size;
	if (use) {
		store64(&use->takes, r->count);
		use->last_ns = now;
	}
	oprec_phase(r, MPT_OPREC_COMMITTED);
	return r;
}

/* Givers that need bytes may sleep behind one that needs more: wake them all. */
static void wake_givers(struct mpt_wire_object *o)
{
	if (unlikely(load32(&o->take.want) == load32(&o->take.seq)))
		eventcount_wake_slow(&o->take.seq, &o->take.want,
				     load32(&o->give.hint) ? INT_MAX : 1);
}

/* The rest of a successful get, after its commit; releases take. */
static void finish_get(struct mpt_wire_object *o, struct member *me, struct side_wait *w,
		       struct blocking *how, uint64_t now)
{
	uint64_t number = o->take.index - 1, waited = 0;
	bool more = w->slept && o->take.index != load64(&o->give.index);

	if (unlikely(how->since))
		waited = side_waited(me, w, how, now);
	lockword_release(&o->take.lock);
	side_record(me, how, now, number, waited);
	wake_givers(o);
	/* We were woken and left something: so is the next one. */
	if (unlikely(more))
		eventcount_wake(&o->give.seq, &o->give.want, 1);
}

int queue_get(struct mpt_queue *q, struct member *me, struct message *m, uint64_t timeout_ns)
{
	struct mpt_wire_object *o = q->handle.object;
	struct blocking how = handle_blocking(&q->handle, queue_op(q, MPT_OP_QUEUE_GET), timeout_ns);
	struct side_wait w = { .mine = &o->take, .event = &o->give, .watch = &o->give.index };
	struct mpt_wire_oprec *r;
	uint64_t now;
	int rc = side_enter(&q->handle, me, &o->take, &how);

	if (likely(rc >= 0))
		rc = need_message(q, me, &w, &how);
	if (unlikely(rc < 0))
		return side_fail(me, &how, rc);
	if (unlikely(q->messages[o->take.index & q->slot_mask].size > m->size)) {
		lockword_release(&o->take.lock);
		/* The wake that brought us is somebody else's now. */
		eventcount_wake(&o->give.seq, &o->give.want, 1);
		return side_fail(me, &how, -EMSGSIZE);
	}
	now = clock_now(&me->clock);
	r = commit_get(q, me, m, &how, now);
	finish_get(o, me, &w, &how, now);
	oprec_close(me, r);
	return 0;
}

ssize_t queue_peek(struct mpt_queue *q, struct member *me)
{
	struct mpt_wire_object *o = q->handle.object;
	struct blocking how = handle_blocking(&q->handle, queue_op(q, MPT_OP_QUEUE_GET), 0);
	ssize_t n = side_enter(&q->handle, me, &o->take, &how);

	if (n < 0)
		return side_fail(me, &how, (int)n);
	emit_unblock(me, &how, 0);
	o->take.seen = load64_acquire(&o->give.index);
	n = -EAGAIN;
	if (has_message(o))
		n = q->messages[o->take.index & q->slot_mask].size;
	lockword_release(&o->take.lock);
	return n;
}
