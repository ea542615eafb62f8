/* SPDX-License-Identifier: BSD-2-Clause */
/* decode_process.c - process and thread slots to facts; see decode.h. */
#include "mpstat/collector/decode.h"

#include "mpstat/model/kind.h"
#include "mpstat/util/text.h"

_Static_assert(MPT_EXIT_UNKNOWN == FACT_EXIT_UNKNOWN, "wire and facts agree");

/* The parent's slot may be another process's by now: its pid decides.  A parent that is
 * no member has no number here when its child has another one here. */
static struct process_id parent_of(const struct decode *d, uint32_t slot)
{
	const struct mpt_wire_process *p = &d->snapshot->processes[slot];
	const struct claim *claim = &d->claims->items[slot];

	if (p->parent < d->snapshot->process_count &&
	    d->snapshot->processes[p->parent].inner_pid == p->parent_pid &&
	    decode_has_process(d, p->parent))
		return decode_process_id(d, p->parent);
	return (struct process_id){ claim->pid == claim->claimed_pid ? p->parent_pid : 0, 0 };
}

static void fill_process(const struct decode *d, uint32_t slot, struct fact_process *out)
{
	const struct mpt_wire_process *p = &d->snapshot->processes[slot];
	const struct claim *claim = &d->claims->items[slot];

	out->id = decode_process_id(d, slot);
	out->parent = parent_of(d, slot);
	text_clean(out->name, sizeof(out->name), p->name, sizeof(p->name));
	out->uid = claim->uid;
	out->cpu_ns = out->rss_bytes = out->threads = out->started_ns = FACT_UNKNOWN;
	out->domain = d->domain;
	out->slot = slot;
	out->generation = p->generation;
	out->daemon = p->flags & MPT_PROC_DAEMON;
	out->ended = claim->verdict == CLAIM_GONE;
	out->exit_code = out->ended ? p->exit_code : FACT_EXIT_UNKNOWN;
	out->ended_ns = out->ended ? p->ended_ns : 0;
}

void decode_processes(const struct decode *d)
{
	struct fact fact;

	for (uint32_t i = 0; i < d->snapshot->process_count; i++) {
		if (!decode_has_process(d, i))
			continue;
		decode_begin(d, &fact, FACT_PROCESS);
		fill_process(d, i, &fact.u.process);
		decode_emit(d, &fact);
	}
}

/* Its operation record says which seat it has, the innermost when a signal handler waits
 * as well.  NULL: none on this object. */
static const struct mpt_wire_oprec *visit_of(const struct mpt_wire_thread *t)
{
	for (int i = MPT_OPRECS - 1; i >= 0; i--) {
		const struct mpt_wire_oprec *r = &t->oprec[i];

		if (r->phase == MPT_OPREC_VISIT && r->object == t->wait.object &&
		    r->object_generation == t->wait.object_generation)
			return r;
	}
	return NULL;
}

/* Who was notified still shows its wait until it runs.  The seat is read after the wait, so
 * it is not older; what cannot be found is taken for notified, never for stuck. */
static bool is_notified(const struct decode *d, uint32_t slot, const struct mpt_wire_object *o)
{
	const struct mpt_wire_thread *t = &d->snapshot->threads[slot];
	const struct mpt_wire_oprec *visit = visit_of(t);
	struct mpt_wire_seat seat;
	uint64_t at;

	if (!visit || visit->arg >= o->slots || o->slots > UINT32_MAX ||
	    !segment_extent(d->segment, o->extent, o->slots * sizeof(seat), &at) ||
	    !segment_read(d->segment, at + visit->arg * sizeof(seat), &seat, sizeof(seat)))
		return true;
	return seat.who != MPT_LOCK_WORD(slot, t->generation) ||
	       MPT_SEAT_PHASE(seat.state) != MPT_SEAT_WAITING ||
	       MPT_SEAT_NUMBER(seat.state) < o->latch - MPT_LATCH_FRESH(o->generation);
}

static bool is_over(const struct decode *d, uint32_t slot)
{
	const struct mpt_wire_wait *w = &d->snapshot->threads[slot].wait;
	const struct mpt_wire_object *o;

	if (w->object >= d->snapshot->object_count)
		return false;
	o = &d->snapshot->objects[w->object];
	return kind_has(o->kind, MPT_T_SLEEPERS) && o->generation == w->object_generation &&
	       is_notified(d, slot, o);
}

_Static_assert(MPT_ANY == FACT_ANY && MPT_REF_PROCESS == FACT_REF_PROCESS &&
		       MPT_REF_NONE == FACT_REF_NONE,
	       "wire and facts agree");

static void fill_any(const struct mpt_wire_any *any, struct fact_any *out)
{
	out->count = any->count;
	for (uint32_t i = 0; i < any->count && i < MPT_ANY; i++) {
		out->of[i].slot = any->ref[i].object;
		out->of[i].generation = any->ref[i].generation;
	}
}

static void fill_wait(const struct decode *d, uint32_t slot, struct fact_thread *out)
{
	const struct mpt_wire_wait *w = &d->snapshot->threads[slot].wait;

	if (w->since_ns == 0 || w->op == 0)
		return;
	out->wait_op = w->op;
	out->wait_object.domain = d->domain;
	out->wait_object.slot = w->object;
	out->wait_object.generation = w->object_generation;
	out->wait_since_ns = w->since_ns;
	out->wait_deadline_ns = w->flags & MPT_WAIT_TIMED ? w->deadline_ns : 0;
	out->wait_over = is_over(d, slot);
	if (w->op == MPT_OP_WAIT_ANY) {
		out->wait_object = (struct object_id){ 0, 0, 0 };
		fill_any(&d->snapshot->threads[slot].any, &out->wait_any);
	}
}

static void fill_thread(const struct decode *d, uint32_t slot, struct fact_thread *out)
{
	const struct mpt_wire_thread *t = &d->snapshot->threads[slot];

	out->process = decode_process_id(d, t->process);
	out->tid = t->tid;
	out->domain = d->domain;
	out->slot = slot;
	out->generation = t->generation;
	text_clean(out->name, sizeof(out->name), t->name, sizeof(t->name));
	out->ended = decode_thread_ended(d, t);
	if (!out->ended) {
		fill_wait(d, slot, out);
		decode_work(d, t, out);
	}
	out->records = t->head;
	out->lost_reentered = t->lost_reentered;
	out->uses_overflow = t->uses_overflow;
}

void decode_threads(const struct decode *d)
{
	struct fact fact;

	for (uint32_t i = 0; i < d->snapshot->thread_count; i++) {
		if (!decode_has_thread(d, &d->snapshot->threads[i]))
			continue;
		decode_begin(d, &fact, FACT_THREAD);
		fill_thread(d, i, &fact.u.thread);
		decode_emit(d, &fact);
	}
}
