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
 *
 * A long message (MPT_LONG) is copied while neither is held: put takes give twice, first
 * for the bytes and then for a place in the order; get copies after its unlock.
 */
#include "libtrace/queue_long.h"

#include "libtrace/bell.h"

#include <string.h>

/* ---- who waits for a message -------------------------------------------------------- */

static __attribute__((noinline)) void wake_taker_slowly(struct mpt_wire_side *give)
{
	eventcount_wake_slow(&give->seq, &give->want, 1);
	bell_answer(give);
}

/* One who sleeps for it, and all who poll. */
static void wake_taker(struct mpt_wire_object *o)
{
	if (unlikely(load32(&o->give.want) == load32(&o->give.seq)))
		wake_taker_slowly(&o->give);
}

/* ---- put -------------------------------------------------------------------------- */

/* Where the payload of message number n would start in the byte stream. */
static uint64_t stream_end(const struct mpt_queue *q, uint64_t n)
{
	const struct mpt_wire_message *last = &q->messages[(n - 1) & q->slot_mask];

	return n ? last->offset + last->size : 0;
}

/* Is there a slot, and are there bytes, and where?  While long messages are about, the ends
 * of messages do not tell. */
static inline bool room(struct mpt_queue *q, size_t size, uint64_t *offset)
{
	const struct mpt_wire_side *give = &q->handle.object->give;

	if (unlikely(load32(&give->hint) & MPT_HINT_LONGS) &&
	    (size >= MPT_LONG || !queue_long_over(q)))
		return give->index - give->seen < q->capacity && queue_long_place(q, size, offset);
	*offset = stream_end(q, give->index);
	if (give->index == give->seen)
		return true;
	return give->index - give->seen < q->capacity &&
	       *offset + size - q->messages[give->seen & q->slot_mask].offset <= q->bytes;
}

/* A giver waits for bytes (not undone by one who waits for a slot).  When that begins,
 * the wake that brought it may have been meant for one whose message is smaller: wake
 * them all, once. */
static void lack_bytes(struct mpt_wire_object *o)
{
	if (load32(&o->give.hint) & MPT_HINT_BYTES)
		return;
	store32(&o->give.hint, load32(&o->give.hint) | MPT_HINT_BYTES);
	eventcount_wake_slow(&o->take.seq, &o->take.want, INT_MAX);
}

/* A put on its way. */
struct putting {
	struct side_wait wait;
	uint64_t offset; /* where in the byte stream the room is */
	uint64_t waited; /* before a long message was copied, ns */
};

/* Looks at what takers have done since, and waits. */
static int wait_for_room(struct mpt_queue *q, struct member *me, size_t size, struct putting *p,
			 struct blocking *how)
{
	struct mpt_wire_object *o = q->handle.object;
	int rc = 0;

	p->wait.also = q->bytes >= MPT_LONG ? &q->longs->freed : NULL;
	while (rc >= 0) {
		p->wait.also_seen = p->wait.also ? load64_acquire(p->wait.also) : 0;
		o->give.seen = load64_acquire(&o->take.index);
		if (room(q, size, &p->offset))
			return 0;
		if (o->give.index - o->give.seen < q->capacity)
			lack_bytes(o);
		rc = side_wait_other(&q->handle, me, &p->wait, o->give.seen, how);
	}
	return rc;
}

/* Makes room for size bytes, holding give. */
static inline int need_room(struct mpt_queue *q, struct member *me, size_t size,
			    struct putting *p, struct blocking *how)
{
	return likely(room(q, size, &p->offset)) ? 0 : wait_for_room(q, me, size, p, how);
}

/* How many of `size` bytes at `offset` lie before the end of the ring. */
static inline size_t until_end(const struct mpt_queue *q, uint64_t offset, size_t size)
{
	uint64_t left = q->bytes - (offset & (q->bytes - 1));

	return size < left ? size : left;
}

static inline void copy_in(struct mpt_queue *q, uint64_t offset, const struct message *m)
{
	size_t first = until_end(q, offset, m->size);

	if (!m->size)
		return; /* data may be NULL then */
	memcpy(q->ring + (offset & (q->bytes - 1)), m->data, first);
	if (unlikely(first < m->size))
		memcpy(q->ring, (const uint8_t *)m->data + first, m->size - first);
}

/* The ledger row and its number, for the operation record. */
static struct mpt_wire_use *ledger(struct mpt_queue *q, struct member *me, uint16_t *number)
{
	struct mpt_wire_use *use = member_use(me, q->handle.slot, q->handle.generation);

	*number = use ? (uint16_t)(use - me->uses) : UINT16_MAX;
	return use;
}

/* What the commit will make true, so that a survivor can; returns the ledger row. */
static inline struct mpt_wire_use *intend_put(struct mpt_queue *q, struct member *me, size_t size,
					      struct mpt_wire_oprec *r)
{
	const struct mpt_wire_side *side = &q->handle.object->give;
	struct mpt_wire_use *use = ledger(q, me, &r->use);

	r->arg = side->index;
	r->count = use ? use->gives + 1 : 0;
	r->size = side->bytes + size;
	oprec_phase(r, MPT_OPREC_INTENT);
	return use;
}

static inline void commit_put(struct mpt_queue *q, const struct member *me, size_t size,
			      uint64_t offset, uint64_t now)
{
	struct mpt_wire_side *side = &q->handle.object->give;
	struct mpt_wire_message *d = &q->messages[side->index & q->slot_mask];

	d->offset = offset;
	d->time_ns = now;
	d->size = (uint32_t)size;
	d->giver = me->slot;
	store64_release(&side->index, side->index + 1); /* COMMIT */
}

static inline void count_put(struct mpt_queue *q, struct member *me, struct mpt_wire_oprec *r,
			     struct mpt_wire_use *use, uint64_t now)
{
	q->handle.object->give.bytes = r->size;
	if (use) {
		store64(&use->gives, r->count);
		use->last_ns = now;
	}
	oprec_close(me, r);
}

/* After a sleep.  All who need bytes were woken: who still does says so again. */
static inline void unhint(struct mpt_wire_object *o, const struct side_wait *w)
{
	if (unlikely(w->slept))
		store32(&o->give.hint, load32(&o->give.hint) & ~MPT_HINT_BYTES);
}

/* We were woken; if there is room for more, so is the next one. */
static inline void pass_on(struct mpt_wire_object *o, const struct side_wait *w)
{
	if (unlikely(w->slept))
		eventcount_wake(&o->take.seq, &o->take.want, 1);
}

/* The rest of a put after its commit; releases give. */
static inline int finish_put(struct mpt_queue *q, struct member *me, const struct putting *p,
			     const struct blocking *how, uint64_t now)
{
	struct mpt_wire_object *o = q->handle.object;
	uint64_t number = o->give.index - 1, waited = p->waited;

	if (unlikely(how->since))
		waited += emit_unblock(me, how, now);
	if (unlikely(waited))
		emit_waited(&o->give, waited);
	unhint(o, &p->wait);
	lockword_release(&o->give.lock);
	side_record(me, how, now, number, waited);
	wake_taker(o);
	pass_on(o, &p->wait);
	return p->wait.recovered;
}

/* The room that was found becomes a row's, and give is free until the message is copied.
 * Meanwhile nothing is waited for, and the operation record keeps the storage. */
static struct mpt_wire_oprec *copy_aside(struct mpt_queue *q, struct member *me, struct message *m,
					 struct putting *p, struct blocking *how)
{
	struct mpt_wire_object *o = q->handle.object;
	struct mpt_wire_oprec *r = oprec_open(me, how, 0);

	oprec_phase(r, MPT_OPREC_VISIT);
	m->row = queue_long_reserve(q, me, p->offset, m->size);
	unhint(o, &p->wait);
	lockword_release(&o->give.lock);
	pass_on(o, &p->wait);
	p->wait.slept = false;
	if (how->since)
		p->waited = emit_unblock(me, how, clock_now(&me->clock));
	how->since = 0;
	copy_in(q, m->row->offset, m);
	return r;
}

/* Others may have put meanwhile: waits for a slot.  After an error give is free. */
static int come_back(struct mpt_queue *q, struct member *me, struct putting *p,
		     struct blocking *how)
{
	int rc = side_enter(&q->handle, me, &q->handle.object->give, how);

	if (rc == MPT_RECOVERED)
		p->wait.recovered = rc;
	return rc < 0 ? rc : need_room(q, me, 0, p, how);
}

/* With the room found. */
static int put_long(struct mpt_queue *q, struct member *me, struct message *m, struct putting *p,
		    struct blocking *how)
{
	struct mpt_wire_oprec *r = copy_aside(q, me, m, p, how);
	int rc = come_back(q, me, p, how);
	struct mpt_wire_use *use;
	uint64_t now;

	if (rc < 0) {
		queue_long_free(q, m->row);
		oprec_close(me, r);
		return side_fail(me, how, rc);
	}
	now = clock_now(&me->clock);
	use = intend_put(q, me, m->size, r);
	m->row->number = r->arg;
	commit_put(q, me, m->size, m->row->offset, now);
	queue_long_queued(m->row, me);
	count_put(q, me, r, use, now);
	return finish_put(q, me, p, how, now);
}

int queue_put(struct mpt_queue *q, struct member *me, struct message *m, uint64_t timeout_ns)
{
	struct mpt_wire_object *o = q->handle.object;
	struct blocking how = handle_blocking(&q->handle, queue_op(q, MPT_OP_QUEUE_PUT), timeout_ns);
	struct putting p = {
		.wait = { .mine = &o->give, .event = &o->take, .watch = &o->take.index }
	};
	struct mpt_wire_oprec *r;
	struct mpt_wire_use *use;
	uint64_t now;
	int rc = p.wait.recovered = side_enter(&q->handle, me, &o->give, &how);

	if (likely(rc >= 0))
		rc = need_room(q, me, m->size, &p, &how);
	if (unlikely(rc < 0))
		return side_fail(me, &how, rc);
	if (unlikely(m->size >= MPT_LONG))
		return put_long(q, me, m, &p, &how);
	now = clock_now(&me->clock);
	r = oprec_open(me, &how, 0);
	use = intend_put(q, me, m->size, r);
	copy_in(q, p.offset, m);
	commit_put(q, me, m->size, p.offset, now);
	count_put(q, me, r, use, now);
	return finish_put(q, me, &p, &how, now);
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

static inline void copy_out(const struct mpt_queue *q, uint64_t offset, const struct message *m)
{
	size_t first = until_end(q, offset, m->size);

	if (!m->size)
		return; /* data may be NULL then */
	memcpy(m->data, q->ring + (offset & (q->bytes - 1)), first);
	if (unlikely(first < m->size))
		memcpy((uint8_t *)m->data + first, q->ring, m->size - first);
}

/* Leaves the operation record COMMITTED: the message is out, but not yet ours to
 * tell of, and a long one not copied.  queue_get closes it just before it returns. */
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
	if (likely(m->size < MPT_LONG))
		copy_out(q, d->offset, m);
	else
		m->row = queue_long_take(q, me, d->offset);
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
	queue_wake_givers(o);
	/* We were woken and left something: so is the next one. */
	if (unlikely(more))
		wake_taker(o);
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
		wake_taker(o);
		return side_fail(me, &how, -EMSGSIZE);
	}
	now = clock_now(&me->clock);
	r = commit_get(q, me, m, &how, now);
	finish_get(o, me, &w, &how, now);
	if (unlikely(m->row)) {
		copy_out(q, m->row->offset, m);
		queue_long_free(q, m->row);
	}
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
