/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * emit.h - where an operation becomes visible: records, wait state, operation
 * records, histograms.
 *
 * All of it is written by the calling thread only, without read-modify-write,
 * system call or allocation.
 */
#ifndef MPT_EMIT_H
#define MPT_EMIT_H

#include "libtrace/lockword.h"

/* Out of line part of emit: opens the next packet. */
struct mpt_record *emit_turn(struct member *me, uint64_t now);

static inline void emit(struct member *me, const struct mpt_record *record)
{
	struct mpt_record *slot;

	if (unlikely(!me->recording)) {
		me->thread->records_off++;
		return;
	}
	if (unlikely(me->busy)) {
		me->thread->lost_reentered++;
		return;
	}
	me->busy = 1;
	atomic_signal_fence(memory_order_seq_cst); /* a handler sees what the program says */
	slot = mpt_ring_slot(&me->ring);
	if (unlikely(!slot))
		slot = emit_turn(me, record->time);
	/* One by one: as a whole it would be built on the stack and read back by wider loads,
	 * which wait for the stores. */
	slot->time = record->time;
	slot->op = record->op;
	slot->phase = record->phase;
	slot->flags = record->flags;
	slot->object = record->object;
	slot->value = record->value;
	slot->span = record->span;
	mpt_ring_publish(&me->ring);
	atomic_signal_fence(memory_order_seq_cst);
	me->busy = 0;
}

/* A note about an object: created, closed, recovered, lost. */
void emit_note(struct member *me, uint16_t op, uint32_t object, uint64_t value);

/* "Blocked in how->op on how->object since now": state and BEGIN record.  Does
 * nothing when already blocked (how->since). */
void emit_block(struct member *me, struct blocking *how);
/* Shows it again, in case another call of this thread has waited meanwhile. */
void emit_block_again(struct member *me, const struct blocking *how);
/* Ends it; returns how long it was, ns, 0 when it never blocked. */
uint64_t emit_unblock(struct member *me, const struct blocking *how, uint64_t now);

/* ---- histograms ------------------------------------------------------- */

static inline void hist_add(struct mpt_wire_hist *hist, uint64_t ns)
{
	unsigned int i = ns < 2 ? 0 : 63u - (unsigned int)__builtin_clzll(ns);

	hist->bucket[i < MPT_HIST_BUCKETS ? i : MPT_HIST_BUCKETS - 1]++;
}

/* Counts a wait of ns in a side; the caller holds the side. */
void emit_waited(struct mpt_wire_side *side, uint64_t ns);

/* ---- operation records ------------------------------------------------ */

/* Opens an operation record: what this thread is about to commit.  Order matters:
 * phase IDLE, the fields, phase INTENT last. */
static inline struct mpt_wire_oprec *oprec_open(struct member *me, const struct blocking *how,
						uint64_t arg)
{
	struct mpt_wire_oprec *r =
		&me->thread->oprec[me->depth < MPT_OPRECS ? me->depth : MPT_OPRECS - 1];

	me->depth++;
	store32(&r->phase, MPT_OPREC_IDLE);
	order_stores();
	r->op = how->op;
	/* Who destroys an object looks at these while they change (object.c, visits). */
	store32(&r->object, how->object);
	store32(&r->object_generation, how->object_generation);
	r->arg = arg;
	r->whose = 0;
	return r;
}

static inline void oprec_phase(struct mpt_wire_oprec *r, enum mpt_oprec_phase phase)
{
	store32_release(&r->phase, phase);
}

static inline void oprec_close(struct member *me, struct mpt_wire_oprec *r)
{
	store32_release(&r->phase, MPT_OPREC_IDLE);
	me->depth--;
}

#endif
