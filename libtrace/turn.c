/* SPDX-License-Identifier: BSD-2-Clause */
/* turn.c - see turn.h. */
#include "libtrace/turn.h"

#include "libtrace/box.h"
#include "libtrace/collect.h"
#include "libtrace/hold.h"

#define LOOKS 16u	  /* without a lock, before one with it */
#define LOOK_SPIN 64u	  /* until seq is even */
#define QUIET_NS 2000000u /* how long reaping waits for a stripe; what stays is freed later */
#define STRIPE_SLICE_NS 1000000000u

_Static_assert(MPT_OP_ID(MPT_KIND_MANAGER, HOLD_RECOVER) == MPT_OP_MANAGER_RECOVER &&
		       MPT_OP_ID(MPT_KIND_MANAGER, HOLD_ACQUIRE) == MPT_OP_MANAGER_ACQUIRE,
	       "hold.h: op numbers of a kind with OWNER");

/* ---- beginning and ending ----------------------------------------------- */

int turn_begin(struct turn *t, struct mpt_manager *m, struct box *box, uint16_t op)
{
	int rc = 0;

	t->manager = m;
	t->box = box;
	t->heap = &m->heap;
	t->at = NULL;
	t->op = op;
	t->me = member_get(&rc);
	if (unlikely(!t->me))
		return rc;
	if (unlikely(!handle_usable(&m->handle)))
		return -ESHUTDOWN;
	if (box && unlikely(load32(&box->epoch) != t->me->epoch))
		return box_adopt(box, t->me);
	return 0;
}

/* Reads are counted where threads seldom meet. */
static void count(struct turn *t, struct mpt_wire_use *use, bool changed)
{
	struct mpt_wire_tally *tally = t->heap->head->shown.tally;

	if (!changed)
		add64(&tally[t->me->slot % MPT_HEAP_TALLIES].reads, 1);
	if (!use)
		return;
	if (changed)
		store64(&use->gives, use->gives + 1);
	else
		store64(&use->takes, use->takes + 1);
}

int turn_end(struct turn *t, int rc, bool changed)
{
	const struct handle *h = &t->manager->handle;
	uint64_t now = clock_now(&t->me->clock);
	struct mpt_wire_use *use;

	if (likely(rc >= 0)) {
		use = member_use(t->me, h->slot, h->generation);
		count(t, use, changed);
		if (use)
			use->last_ns = now;
	}
	emit(t->me, &(struct mpt_record){ .time = now,
					  .op = t->op,
					  .flags = rc < 0 ? MPT_REC_FAILED : 0,
					  .object = h->slot,
					  .value = rc < 0   ? (uint64_t)-rc
						   : t->box ? t->box->slot
							    : 0 });
	return rc;
}

struct heap_box *turn_find(const struct turn *t, const struct box *box)
{
	struct heap_box *at = heap_box(t->heap, box->slot);
	uint64_t name = (uint64_t)box->generation << 32 | (uint32_t)box->kind;

	return likely(at && load64(&at->name) == name) ? at : NULL;
}

static int act_on(struct turn *t, turn_act *act, void *arg)
{
	if (!t->box)
		return act(t, arg);
	t->at = turn_find(t, t->box);
	return likely(t->at) ? act(t, arg) : -ESTALE;
}

/* ---- reading ------------------------------------------------------------ */

bool turn_look(struct turn *t, turn_act *act, void *arg, int *rc)
{
	const uint64_t *seq = &t->heap->head->shown.seq;
	uint64_t before = load64_acquire(seq);

	for (uint32_t n = 0; before & 1 && n < LOOK_SPIN; n++) {
		cpu_relax();
		before = load64_acquire(seq);
	}
	if (unlikely(before & 1))
		return false;
	*rc = act_on(t, act, arg);
	atomic_thread_fence(memory_order_acquire);
	return likely(load64(seq) == before) && *rc != -EBUSY;
}

/* ---- the lock ----------------------------------------------------------- */

bool turn_quiet(void *arg)
{
	struct turn *t = arg;
	struct mpt_wire_stripe *stripe = t->heap->head->shown.stripe;
	struct blocking how = { .deadline = deadline_after(QUIET_NS),
				.op = MPT_OP_MANAGER_ACQUIRE,
				.object = t->manager->handle.slot,
				.object_generation = t->manager->handle.generation };
	bool all = true;
	uint32_t dead;

	for (uint32_t n = 0; all && n < MPT_HEAP_STRIPES; n++) {
		all = !lockword_owned(&stripe[n].lock, t->me) &&
		      lockword_acquire(&stripe[n].lock, t->me, &how, &dead) >= 0;
		if (all)
			lockword_release(&stripe[n].lock);
	}
	emit_unblock(t->me, &how, 0);
	return all;
}

int turn_lock(struct turn *t)
{
	struct handle *h = &t->manager->handle;
	int rc;

	if (unlikely(lockword_owned(&h->object->take.lock, t->me)))
		return -EDEADLK; /* a signal handler came while we were inside */
	rc = hold_enter(h, t->me, MPT_KIND_MANAGER, t->manager->timeout_ns);
	if (likely(rc != MPT_RECOVERED))
		return rc;
	if (heap_is_made(t->heap)) {
		heap_undo(t->heap);
		heap_reap(t->heap, turn_quiet, t);
	}
	return 0;
}

void turn_unlock(struct turn *t)
{
	struct mpt_wire_object *o = t->manager->handle.object;

	hold_ended(o, clock_now(&t->me->clock));
	lockword_release(&o->take.lock);
}

static int look_locked(struct turn *t, turn_act *act, void *arg)
{
	int rc = turn_lock(t);

	if (rc < 0)
		return rc;
	do
		rc = act_on(t, act, arg);
	while (rc == -EBUSY);
	turn_unlock(t);
	return rc;
}

int turn_read(struct mpt_manager *m, struct box *box, uint16_t op, turn_act *act, void *arg)
{
	struct turn t;
	int rc = turn_begin(&t, m, box, op);

	if (unlikely(rc < 0))
		return rc;
	for (uint32_t n = 0; n < LOOKS; n++) {
		if (unlikely(!turn_look(&t, act, arg, &rc)))
			continue;
		if (unlikely(!handle_usable(&m->handle)))
			rc = -ESHUTDOWN;
		return turn_end(&t, rc, false);
	}
	rc = look_locked(&t, act, arg);
	return turn_end(&t, rc, false);
}

/* ---- changing ----------------------------------------------------------- */

static int attempt(struct turn *t, turn_act *act, void *arg)
{
	int rc;

	do {
		rc = act_on(t, act, arg);
		heap_undo(t->heap); /* what it did not commit */
		heap_reap(t->heap, turn_quiet, t);
	} while (rc == -EBUSY);
	return rc;
}

int turn_change(struct mpt_manager *m, struct box *box, uint16_t op, turn_act *act, void *arg)
{
	struct turn t;
	int rc = turn_begin(&t, m, box, op);

	if (unlikely(rc < 0))
		return rc;
	rc = turn_lock(&t);
	if (unlikely(rc < 0))
		return turn_end(&t, rc, true);
	rc = attempt(&t, act, arg);
	if (unlikely(rc == -ENOSPC) && collect(&t) > 0)
		rc = attempt(&t, act, arg);
	if (rc >= 0)
		t.heap->head->shown.changes++;
	turn_unlock(&t);
	return turn_end(&t, rc, true);
}

/* ---- stripes ------------------------------------------------------------ */

/* Its holder had changed the value or had not: there is nothing to settle. */
static void took_over(struct turn *t, uint32_t dead)
{
	struct mpt_wire_object *o = t->manager->handle.object;

	add64(&o->recovered, 1);
	o->recovered_pid = member_pid_of(dead);
	o->recovered_op = MPT_OP_MANAGER_SET;
	o->recovered_ns = futex_now();
	emit(t->me, &(struct mpt_record){ .time = clock_now(&t->me->clock),
					  .op = MPT_OP_MANAGER_RECOVER,
					  .flags = MPT_REC_RECOVERED,
					  .object = t->manager->handle.slot,
					  .value = o->recovered_pid });
}

/* The owner that viewers see is that of the lock, and this waits for another: so it waits
 * in slices, each with an end, of which nobody draws conclusions. */
static int wait_in_slices(struct turn *t, uint32_t *word, uint32_t *dead)
{
	struct blocking how = handle_blocking(&t->manager->handle, MPT_OP_MANAGER_ACQUIRE,
					      t->manager->timeout_ns);
	uint64_t end = how.deadline, slice;
	int rc;

	do {
		slice = futex_now() + STRIPE_SLICE_NS;
		how.deadline = end < slice ? end : slice;
		rc = lockword_wait(word, t->me, &how, dead);
	} while (rc == -ETIMEDOUT && end > slice);
	emit_unblock(t->me, &how, 0);
	return rc;
}

int turn_stripe_enter(struct turn *t, uint32_t stripe)
{
	uint32_t *word = &t->heap->head->shown.stripe[stripe].lock, dead = 0;
	int rc;

	if (likely(lockword_try(word, t->me)))
		return 0;
	if (lockword_owned(word, t->me))
		return -EDEADLK;
	rc = wait_in_slices(t, word, &dead);
	if (rc == MPT_RECOVERED)
		took_over(t, dead);
	return rc < 0 ? rc : 0;
}

void turn_stripe_leave(struct turn *t, uint32_t stripe)
{
	lockword_release(&t->heap->head->shown.stripe[stripe].lock);
}
