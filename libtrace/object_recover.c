/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object_recover.c - what a dead holder of a side was doing, settled by its operation
 * record; see object.h and docs/crash-safety.md.
 */
#include "libtrace/object.h"

#include "libtrace/arena.h"
#include "libtrace/bell.h"

static struct mpt_wire_use *row_of(struct mpt_wire_thread *t, uint16_t use)
{
	if (use >= MPT_USES || !load64(&t->extent))
		return NULL;
	return (struct mpt_wire_use *)arena_at(t->extent) + use;
}

/* The ledger's part of an operation of thread t that was committed. */
static void settle_ledger(const struct mpt_wire_oprec *r, struct mpt_wire_thread *t,
			  struct mpt_wire_object *o, bool taking)
{
	struct mpt_wire_use *use;

	if (r->whose == MPT_OWED) {
		store64(&o->owed_back, r->count);
		return;
	}
	use = row_of(r->whose ? &domain.threads[r->whose - 1] : t, r->use);
	if (use && use->object_generation == r->object_generation)
		store64(taking ? &use->takes : &use->gives, r->count);
}

/* What the dead was doing on this side is decided by the commit word alone. */
static void settle(struct mpt_wire_oprec *r, struct mpt_wire_thread *t, const struct handle *h,
		   struct mpt_wire_side *side)
{
	bool taking = side == &h->object->take;

	if (r->arg >= load64(&side->index)) {
		store32_release(&r->phase, MPT_OPREC_ABORTED);
		return;
	}
	side->bytes = r->size;
	settle_ledger(r, t, h->object, taking);
	/* A message taken by the dead stays COMMITTED: that is how it is seen as lost. */
	taking = taking && object_traits(h->object->kind) & MPT_T_DEPTH;
	store32_release(&r->phase, taking ? MPT_OPREC_COMMITTED : MPT_OPREC_IDLE);
}

static int effect_of(uint16_t op)
{
	switch (op) {
#define OP(KIND, VERB, number, verb, waits, effect)      \
	case MPT_OP_ID(MPT_KIND_##KIND, number):         \
		return effect;
#include "libtrace/contract/ops.def"
#undef OP
	default:
		return MPT_E_NOTE;
	}
}

static bool concerns(const struct mpt_wire_oprec *r, const struct handle *h,
		     const struct mpt_wire_side *side)
{
	static const int effect[OBJECT_SIDES] = { MPT_E_TAKE, MPT_E_GIVE, MPT_E_FINISH };

	for (int i = 0; i < OBJECT_SIDES; i++)
		if (side == object_side(h->object, i))
			return load32_acquire(&r->phase) == MPT_OPREC_INTENT &&
			       r->object == h->slot &&
			       r->object_generation == h->generation &&
			       effect_of(r->op) == effect[i];
	return false;
}

/* An intent of a living thread is on another side, and while it is looked at the thread goes
 * on: what was read of its record may be of several operations, and look like one on this
 * side.  A dead one's record stays as it is until it is settled; so the verdict comes before
 * the look that counts, and both must be about the same thread. */
static bool left_behind(const struct mpt_wire_thread *t, const struct mpt_wire_oprec *r,
			const struct handle *h, const struct mpt_wire_side *side)
{
	uint32_t generation = load32_acquire(&t->generation);

	return concerns(r, h, side) && !member_process_alive(t->process, t->process_generation) &&
	       concerns(r, h, side) && load32_acquire(&t->generation) == generation;
}

/* The last holder may have died while it settled what the one before it left, so the
 * intents of all threads are looked at.  We hold the side: nobody alive has one on
 * it.  Returns the op that `last` died in, or another's, 0: between calls. */
static uint32_t settle_all(const struct handle *h, struct mpt_wire_side *side, uint32_t last)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_THREADS].used), op = 0;

	for (uint32_t slot = 0; slot < used; slot++) {
		struct mpt_wire_thread *t = &domain.threads[slot];

		for (int i = 0; i < MPT_OPRECS; i++) {
			if (!left_behind(t, &t->oprec[i], h, side))
				continue;
			if (op == 0 || slot == last)
				op = t->oprec[i].op;
			settle(&t->oprec[i], t, h, side);
		}
	}
	return op;
}

void object_recovered(struct member *me, const struct handle *h, uint32_t pid, uint32_t op)
{
	struct mpt_wire_object *o = h->object;

	o->recovered_pid = pid;
	o->recovered_op = op;
	o->recovered_ns = futex_now();
	o->recovered++;
	emit(me, &(struct mpt_record){ .time = clock_now(&me->clock),
				       .op = (uint16_t)MPT_OP_ID(o->kind, 3),
				       .flags = MPT_REC_RECOVERED,
				       .object = h->slot,
				       .value = pid });
}

void object_recover(struct member *me, const struct handle *h, struct mpt_wire_side *side,
		    uint32_t dead_word)
{
	struct mpt_wire_thread *t = &domain.threads[MPT_LOCK_SLOT(dead_word)];
	bool known = (t->generation & 0x7fffu) == MPT_LOCK_GENERATION(dead_word);
	uint32_t op = settle_all(h, side, MPT_LOCK_SLOT(dead_word));

	object_recovered(me, h, known ? member_pid_of(dead_word) : 0, op);
	for (int i = 0; i < OBJECT_SIDES; i++) {
		add32(&object_side(h->object, i)->seq, 1);
		futex_wake(&object_side(h->object, i)->seq, INT_MAX);
		bell_answer(object_side(h->object, i));
	}
}

void object_count_lost(const struct mpt_wire_oprec *r, uint32_t pid)
{
	struct mpt_wire_object *o = &domain.objects[r->object];

	if (r->object >= load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used) ||
	    o->generation != r->object_generation)
		return;
	o->lost++;
	o->recovered_pid = pid;
}
