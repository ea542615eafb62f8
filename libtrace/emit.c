/* SPDX-License-Identifier: BSD-2-Clause */
/* emit.c - see emit.h. */
#include "libtrace/emit.h"

#include "libtrace/contract/vocab.h"

#include <string.h>

struct mpt_record *emit_turn(struct member *me, uint64_t now)
{
	struct mpt_wire_packet like = { .pid = me->process->pid, .tid = me->thread->tid };

	memcpy(like.uuid, domain.header->domain_id, sizeof(like.uuid));
	mpt_ring_turn(&me->ring, &like, now, me->thread->lost_reentered);
	return mpt_ring_slot(&me->ring);
}

void emit_note(struct member *me, uint16_t op, uint32_t object, uint64_t value)
{
	emit(me, &(struct mpt_record){ .time = clock_now(&me->clock),
				       .op = op,
				       .phase = MPT_PHASE_END,
				       .object = object,
				       .value = value });
}

static void show(struct member *me, const struct blocking *how)
{
	struct mpt_wire_wait *w = &me->thread->wait;

	store32(&w->seq, w->seq + 1);
	order_stores();
	w->op = how->op;
	w->flags = how->deadline == MPT_FOREVER ? 0 : MPT_WAIT_TIMED;
	w->object = how->object;
	w->object_generation = how->object_generation;
	w->since_ns = how->since;
	w->deadline_ns = how->deadline == MPT_FOREVER ? 0 : how->deadline;
	if (how->any)
		me->thread->any = *how->any;
	store32_release(&w->seq, w->seq + 1);
}

void emit_block_again(struct member *me, const struct blocking *how)
{
	const struct mpt_wire_wait *w = &me->thread->wait;

	if (how->since && (w->since_ns != how->since || w->op != how->op))
		show(me, how);
}

void emit_block(struct member *me, struct blocking *how)
{
	if (how->since)
		return;
	how->since = clock_now(&me->clock);
	show(me, how);
	emit(me, &(struct mpt_record){ .time = how->since,
				       .op = how->op,
				       .phase = MPT_PHASE_BEGIN,
				       .object = how->object });
}

uint64_t emit_unblock(struct member *me, const struct blocking *how, uint64_t now)
{
	struct mpt_wire_wait *w = &me->thread->wait;

	if (!how->since)
		return 0;
	store32(&w->seq, w->seq + 1);
	order_stores();
	w->op = 0;
	w->since_ns = 0;
	store32_release(&w->seq, w->seq + 1);
	return now > how->since ? now - how->since : 0;
}

void emit_waited(struct mpt_wire_side *side, uint64_t ns)
{
	side->waits++;
	side->wait_ns += ns;
	if (ns > side->wait_max_ns)
		side->wait_max_ns = ns;
	hist_add(&side->wait, ns);
}
