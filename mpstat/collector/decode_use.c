/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_use.c - the ledger: who put into and took from what; see decode.h.
 *
 * Each thread counts its own operations per object; a row of facts is the sum
 * over the threads of one process.  What a dead thread had committed but not
 * yet counted is settled here from its operation record, in the same way as
 * the next member to come will settle it in the segment.
 */
#include "mpstat/collector/decode.h"

#include "mpstat/model/kind.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct sum {
	uint64_t gives, takes, lost, finishes, foreign, last_ns;
	bool touched;
};

struct ledger {
	const struct decode *d;
	struct sum *sums;	 /* by object slot */
	uint32_t *touched;	 /* object slots with touched set */
	uint32_t touched_count;
	uint32_t *first, *next;	 /* threads by process: index + 1, 0 ends */
};

static void ledger_free(struct ledger *l)
{
	free(l->sums);
	free(l->touched);
	free(l->first);
	free(l->next);
}

static int ledger_make(struct ledger *l, const struct decode *d)
{
	const struct snapshot *s = d->snapshot;

	l->d = d;
	l->sums = calloc(s->object_count + 1, sizeof(*l->sums));
	l->touched = calloc(s->object_count + 1, sizeof(*l->touched));
	l->first = calloc(s->process_count + 1, sizeof(*l->first));
	l->next = calloc(s->thread_count + 1, sizeof(*l->next));
	if (!l->sums || !l->touched || !l->first || !l->next) {
		ledger_free(l);
		return -ENOMEM;
	}
	for (uint32_t i = s->thread_count; i-- > 0;) {
		uint32_t process = s->threads[i].process;

		if (!decode_has_thread(d, &s->threads[i]))
			continue;
		l->next[i] = l->first[process];
		l->first[process] = i + 1;
	}
	return 0;
}

/* The sum for an object, NULL when it is none we tell about (any more). */
static struct sum *sum_of(struct ledger *l, uint32_t object, uint32_t generation)
{
	struct sum *sum;

	if (!decode_has_object(l->d, object) ||
	    l->d->snapshot->objects[object].generation != generation)
		return NULL;
	sum = &l->sums[object];
	if (!sum->touched) {
		sum->touched = true;
		l->touched[l->touched_count++] = object;
	}
	return sum;
}

/* ---- operations a dead thread did not finish -------------------------------- */

/* Is this side held by a dead thread?  Then nobody can have moved its index since. */
static bool abandoned(const struct decode *d, const struct mpt_wire_side *side)
{
	uint32_t word = side->lock & ~MPT_LOCK_WAITERS, slot = MPT_LOCK_SLOT(word);
	const struct mpt_wire_thread *t;

	if (!word || slot >= d->snapshot->thread_count)
		return false;
	t = &d->snapshot->threads[slot];
	return (t->generation & 0x7fffu) == MPT_LOCK_GENERATION(word) &&
	       decode_has_thread(d, t) && decode_thread_ended(d, t);
}

/* The object that a dead thread's operation was on, when the operation moves a
 * unit and was done.  After the commit store and before the mark the index of the side
 * tells, as long as nobody has taken the side over: who does, marks it. */
static const struct mpt_wire_side *side_of(const struct mpt_wire_object *o, enum mpt_effect effect)
{
	switch (effect) {
	case MPT_E_TAKE:
		return &o->take;
	case MPT_E_GIVE:
		return &o->give;
	case MPT_E_FINISH:
		return &o->finish;
	default:
		return NULL;
	}
}

static const struct mpt_wire_object *committed_on(const struct decode *d,
						  const struct mpt_wire_oprec *r)
{
	const struct mpt_wire_object *o;
	const struct mpt_wire_side *side;

	if (!decode_has_object(d, r->object))
		return NULL;
	o = &d->snapshot->objects[r->object];
	side = side_of(o, op_effect(r->op));
	if (!side || o->generation != r->object_generation ||
	    !(kind_traits(o->kind) & (MPT_T_DEPTH | MPT_T_UNITS)))
		return NULL;
	if (r->phase == MPT_OPREC_COMMITTED ||
	    (r->phase == MPT_OPREC_INTENT && r->arg < side->index && abandoned(d, side)))
		return o;
	return NULL;
}

static bool is_lost(const struct decode *d, const struct mpt_wire_oprec *r)
{
	const struct mpt_wire_object *o = committed_on(d, r);

	return o && op_effect(r->op) == MPT_E_TAKE && kind_has(o->kind, MPT_T_DEPTH);
}

uint64_t *decode_pending_losses(const struct decode *d)
{
	const struct snapshot *s = d->snapshot;
	uint64_t *pending = calloc((size_t)s->object_count + 1, sizeof(*pending));

	for (uint32_t i = 0; pending && i < s->thread_count; i++) {
		const struct mpt_wire_thread *t = &s->threads[i];

		if (!decode_has_thread(d, t) || !decode_thread_ended(d, t))
			continue;
		for (int k = 0; k < MPT_OPRECS; k++)
			if (is_lost(d, &t->oprec[k]))
				pending[t->oprec[k].object]++;
	}
	return pending;
}

/* Brings the thread's own rows up to date before they are added.  (What it gave back for
 * another that was dead before it, who takes the side will settle: for a moment the object
 * has more than its rows.) */
static void settle(struct ledger *l, const struct mpt_wire_oprec *r, struct mpt_wire_use *rows)
{
	struct mpt_wire_use *row = r->use < MPT_USES ? &rows[r->use] : NULL;
	struct sum *sum;

	if (r->whose || !committed_on(l->d, r))
		return;
	sum = sum_of(l, r->object, r->object_generation);
	if (sum)
		sum->lost += is_lost(l->d, r);
	if (!row || MPT_REF_SLOT(row->object) != r->object ||
	    row->object_generation != r->object_generation)
		return;
	if (op_effect(r->op) == MPT_E_TAKE && row->takes < r->count)
		row->takes = r->count;
	if (op_effect(r->op) != MPT_E_TAKE && row->gives < r->count)
		row->gives = r->count;
}

/* ---- adding up -------------------------------------------------------------- */

static bool read_rows(const struct decode *d, const struct mpt_wire_thread *t,
		      struct mpt_wire_use rows[MPT_USES])
{
	const size_t size = MPT_USES * sizeof(*rows);
	uint64_t at;

	return t->extent && segment_extent(d->segment, t->extent, size, &at) &&
	       segment_read(d->segment, at, rows, size);
}

static void add_row(struct ledger *l, const struct mpt_wire_use *row)
{
	const uint32_t flags = MPT_REF_FINISH | MPT_REF_FOREIGN;
	struct sum *sum = sum_of(l, row->object & ~flags, row->object_generation);

	if (!sum)
		return;
	if (row->object & MPT_REF_FINISH)
		sum->finishes += row->gives;
	else
		sum->gives += row->gives;
	if (row->object & MPT_REF_FOREIGN)
		sum->foreign += row->gives;
	sum->takes += row->takes;
	if (row->last_ns > sum->last_ns)
		sum->last_ns = row->last_ns;
}

static void add_thread(struct ledger *l, const struct mpt_wire_thread *t)
{
	struct mpt_wire_use rows[MPT_USES];

	if (!read_rows(l->d, t, rows))
		memset(rows, 0xff, sizeof(rows));
	if (decode_thread_ended(l->d, t))
		for (int i = 0; i < MPT_OPRECS; i++)
			settle(l, &t->oprec[i], rows);
	for (size_t i = 0; i < MPT_USES && rows[i].object != MPT_REF_NONE; i++)
		add_row(l, &rows[i]);
}

static void emit_sums(struct ledger *l, uint32_t process)
{
	const struct decode *d = l->d;
	struct fact fact;

	for (uint32_t i = 0; i < l->touched_count; i++) {
		uint32_t slot = l->touched[i];
		struct sum *sum = &l->sums[slot];

		decode_begin(d, &fact, FACT_USE);
		fact.u.use = (struct fact_use){
			.process = decode_process_id(d, process),
			.object = { d->domain, slot, d->snapshot->objects[slot].generation },
			.gives = sum->gives,
			.takes = sum->takes,
			.lost = sum->lost,
			.finishes = sum->finishes,
			.foreign = sum->foreign,
			.last_ns = sum->last_ns,
		};
		decode_emit(d, &fact);
		memset(sum, 0, sizeof(*sum));
	}
	l->touched_count = 0;
}

int decode_uses(const struct decode *d)
{
	struct ledger ledger = { 0 };
	int rc = ledger_make(&ledger, d);

	if (rc < 0)
		return rc;
	for (uint32_t p = 0; p < d->snapshot->process_count; p++) {
		for (uint32_t t = ledger.first[p]; t; t = ledger.next[t - 1])
			add_thread(&ledger, &d->snapshot->threads[t - 1]);
		emit_sums(&ledger, p);
	}
	ledger_free(&ledger);
	return 0;
}
