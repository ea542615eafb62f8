/* SPDX-License-Identifier: BSD-2-Clause */
/* units.c - see units.h. */
#include "libtrace/units.h"

#include "libtrace/arena.h"
#include "libtrace/side.h"

#define LOOK_PATIENCE_NS 20000000ull /* for a busy side, while looking for the dead */

/* ---- this process ------------------------------------------------------------------- */

/* A forked child's copy of the handle has the parent's number.  Should two threads meet here,
 * a unit counts as another's later on. */
static int64_t *out_of(struct handle *h, const struct member *me)
{
	if (load32(&h->out_epoch) != me->epoch) {
		store64((uint64_t *)&h->out, 0);
		store32_release(&h->out_epoch, me->epoch);
	}
	return &h->out;
}

void units_took(struct handle *h, const struct member *me)
{
	add64((uint64_t *)out_of(h, me), 1);
}

struct mpt_wire_use *units_row(struct handle *h, struct member *me, uint32_t finish)
{
	uint64_t *out = (uint64_t *)out_of(h, me), seen = load64(out);
	bool mine = false;

	while ((int64_t)seen > 0 && !(mine = cas64(out, seen, seen - 1)))
		seen = load64(out);
	return member_use(me, h->slot | finish | (mine ? 0 : MPT_REF_FOREIGN), h->generation);
}

/* ---- the books ---------------------------------------------------------------------- */

/* One look at who has how many units out.  Both sides are held: nobody is between moving an
 * index and counting it, but the dead, and their intents are settled. */
struct books {
	const struct handle *h;
	struct mpt_wire_side *back;
	uint32_t threads; /* slots used */
};

static struct books books_of(const struct handle *h, struct mpt_wire_side *back)
{
	return (struct books){ h, back,
			       load32_acquire(&domain.header->section[MPT_SEC_THREADS].used) };
}

static bool finishes(const struct books *b)
{
	return b->back == &b->h->object->finish;
}

/* ---- rows -------------------------------------------------------------------------- */

/* Costs system calls when it has ended: asked only of those that have something out. */
static bool is_dead(const struct mpt_wire_thread *t)
{
	return !member_process_alive(t->process, t->process_generation);
}

static bool same_process(const struct mpt_wire_thread *a, const struct mpt_wire_thread *b)
{
	return a->process == b->process && a->process_generation == b->process_generation;
}

static struct mpt_wire_use *row(const struct mpt_wire_thread *t, uint32_t object,
				uint32_t generation)
{
	uint64_t extent = load64_acquire(&t->extent);
	struct mpt_wire_use *u = extent ? arena_at(extent) : NULL, *end = u + MPT_USES;

	for (; u && u < end && load32(&u->object) != MPT_REF_NONE; u++)
		if (u->object == object && u->object_generation == generation)
			return u;
	return NULL;
}

static struct mpt_wire_use *back_row(const struct books *b, const struct mpt_wire_thread *t)
{
	uint32_t object = b->h->slot | (finishes(b) ? MPT_REF_FINISH : 0);

	return row(t, object, b->h->generation);
}

/* What a thread has taken beyond what it gave back; less than 0: it gives back what other
 * threads of its process took. */
static int64_t thread_out(const struct books *b, const struct mpt_wire_thread *t)
{
	const struct mpt_wire_use *took, *gave;

	if (load32_acquire(&t->state) == MPT_SLOT_FREE)
		return 0;
	took = row(t, b->h->slot, b->h->generation);
	gave = finishes(b) ? back_row(b, t) : took;
	return (int64_t)((took ? load64(&took->takes) : 0) - (gave ? load64(&gave->gives) : 0));
}

static int64_t process_out(const struct books *b, const struct mpt_wire_thread *of)
{
	int64_t sum = 0;

	for (uint32_t i = 0; i < b->threads; i++)
		if (same_process(&domain.threads[i], of))
			sum += thread_out(b, &domain.threads[i]);
	return sum;
}

/* ---- sums --------------------------------------------------------------------------- */

static int64_t dead_out(const struct books *b)
{
	const struct mpt_wire_object *o = b->h->object;
	int64_t sum = (int64_t)(load64(&o->owed) - load64(&o->owed_back)), one;

	for (uint32_t i = 0; i < b->threads; i++) {
		one = thread_out(b, &domain.threads[i]);
		if (one && is_dead(&domain.threads[i]))
			sum += one;
	}
	return sum;
}

/* Of its process's threads that have something out, is it the first in the order of slots? */
static bool stands_for_process(const struct books *b, uint32_t slot)
{
	for (uint32_t i = 0; i < slot; i++)
		if (same_process(&domain.threads[i], &domain.threads[slot]) &&
		    thread_out(b, &domain.threads[i]))
			return false;
	return true;
}

static int64_t living_out(const struct books *b)
{
	int64_t sum = 0, one;

	for (uint32_t i = 0; i < b->threads; i++) {
		const struct mpt_wire_thread *t = &domain.threads[i];

		if (!thread_out(b, t) || !stands_for_process(b, i) || is_dead(t))
			continue;
		one = process_out(b, t);
		sum += one > 0 ? one : 0;
	}
	return sum;
}

/* ---- giving back ---------------------------------------------------------------------- */

static uint16_t back_op(const struct books *b)
{
	return finishes(b) ? MPT_OP_JOINABLEQUEUE_TASK_DONE : MPT_OP_SEMAPHORE_RELEASE;
}

/* Gives n units back; the record says whose account becomes `count`.  Under domain_lock, as
 * all that writes `named`. */
static void give_back(struct member *me, const struct books *b, uint64_t n, uint64_t whose,
		      struct mpt_wire_use *use)
{
	struct mpt_wire_object *o = b->h->object;
	struct blocking how = handle_blocking(b->h, back_op(b), 0);
	struct mpt_wire_oprec *r = oprec_open(me, &how, b->back->index);
	uint64_t *account = use ? &use->gives : &o->owed_back;

	r->whose = whose;
	r->use = UINT16_MAX;
	if (use)
		store32(&domain.threads[whose - 1].named, 1); /* before the record is INTENT */
	if (use)
		r->use = (uint16_t)(use - (struct mpt_wire_use *)
						  arena_at(domain.threads[whose - 1].extent));
	r->count = load64(account) + n;
	r->size = b->back->bytes + n;
	oprec_phase(r, MPT_OPREC_INTENT);
	store64_release(&b->back->index, b->back->index + n); /* COMMIT */
	b->back->bytes = r->size;
	store64(account, r->count);
	oprec_close(me, r);
}

static uint64_t least(uint64_t a, int64_t b)
{
	return b <= 0 ? 0 : a < (uint64_t)b ? a : (uint64_t)b;
}

/* Who never finished anything has no row for it yet. */
static struct mpt_wire_use *need_back_row(const struct books *b, const struct mpt_wire_thread *t)
{
	struct mpt_wire_use *use = back_row(b, t);

	if (use || !load64(&t->extent))
		return use;
	return member_claim(arena_at(t->extent), b->h->slot | MPT_REF_FINISH, b->h->generation);
}

static uint64_t give_back_row(struct member *me, const struct books *b, uint32_t slot, uint64_t n)
{
	const struct mpt_wire_thread *t = &domain.threads[slot];
	struct mpt_wire_use *use;

	n = least(n, thread_out(b, t));
	use = n && is_dead(t) ? need_back_row(b, t) : NULL;
	if (!use)
		return 0;
	give_back(me, b, n, (uint64_t)slot + 1, use);
	object_recovered(me, b->h, domain.processes[t->process].pid, 0);
	return n;
}

static uint64_t give_back_owed(struct member *me, const struct books *b, uint64_t n)
{
	const struct mpt_wire_object *o = b->h->object;

	n = least(n, (int64_t)(load64(&o->owed) - load64(&o->owed_back)));
	if (!n)
		return 0;
	give_back(me, b, n, MPT_OWED, NULL);
	object_recovered(me, b->h, 0, 0);
	return n;
}

/* Under domain_lock: no row of a dead thread changes hands. */
static uint64_t reclaim(struct member *me, const struct books *b)
{
	const struct mpt_wire_object *o = b->h->object;
	uint64_t n = least(UINT64_MAX, dead_out(b)), left;

	if (n)
		n = least(n, (int64_t)(o->take.index - b->back->index) - living_out(b));
	left = n - give_back_owed(me, b, n);
	for (uint32_t i = 0; left && i < b->threads; i++)
		left -= give_back_row(me, b, i, left);
	return n - left;
}

bool units_of_dead(const struct handle *h, struct mpt_wire_side *back)
{
	struct books b = books_of(h, back);

	return dead_out(&b) > 0;
}

uint64_t units_reclaim(struct member *me, const struct handle *h, struct mpt_wire_side *back)
{
	struct books b = books_of(h, back);
	uint64_t n;

	if (domain_lock() < 0)
		return 0;
	n = reclaim(me, &b);
	domain_unlock();
	return n;
}

uint64_t units_look_for_dead(struct handle *h, struct member *me, struct mpt_wire_side *back,
			     const struct blocking *how)
{
	struct blocking brief = *how;
	uint64_t n = 0;

	if (!units_of_dead(h, back))
		return 0;
	brief.deadline = futex_now() + LOOK_PATIENCE_NS;
	brief.interruptible = false;
	if (side_enter(h, me, &h->object->take, &brief) < 0)
		return 0;
	if (side_enter(h, me, back, &brief) >= 0) {
		n = units_reclaim(me, h, back);
		lockword_release(&back->lock);
	}
	lockword_release(&h->object->take.lock);
	return n;
}

/* ---- the end of a row ------------------------------------------------------------------- */

static bool owes(const struct mpt_wire_use *u, struct handle *h)
{
	h->slot = MPT_REF_SLOT(u->object);
	h->generation = u->object_generation;
	if (h->slot != u->object || !object_is(h->slot, h->generation))
		return false;
	h->object = &domain.objects[h->slot];
	return object_traits(h->object->kind) & (MPT_T_UNITS | MPT_T_UNFINISHED);
}

/* `named` tells in which few cases all records have to be looked at. */
bool units_named(uint32_t slot)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_THREADS].used);
	uint32_t *named = &domain.threads[slot].named;

	if (!load32(named))
		return false;
	for (uint32_t i = 0; i < used; i++) {
		const struct mpt_wire_oprec *r = domain.threads[i].oprec;

		for (int k = 0; k < MPT_OPRECS; k++)
			if (r[k].whose == (uint64_t)slot + 1 &&
			    load32_acquire(&r[k].phase) == MPT_OPREC_INTENT &&
			    object_is(r[k].object, r[k].object_generation))
				return true;
	}
	store32(named, 0);
	return false;
}

/* The row is void before the sum has it: killed in between, a unit is never given back
 * rather than given back twice. */
void units_bequeath(struct mpt_wire_thread *t)
{
	struct mpt_wire_use *u = load64(&t->extent) ? arena_at(t->extent) : NULL;
	struct mpt_wire_use *end = u + MPT_USES;

	for (; u && u < end && load32(&u->object) != MPT_REF_NONE; u++) {
		struct handle h = { 0 };
		struct books b = { .h = &h };
		int64_t out;

		if (!owes(u, &h) || !is_dead(t))
			continue;
		b.back = object_traits(h.object->kind) & MPT_T_UNITS ? &h.object->give
								     : &h.object->finish;
		out = thread_out(&b, t);
		store32_release(&u->object_generation, 0);
		store64_release(&h.object->owed, h.object->owed + (uint64_t)out);
	}
}
