/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * barrier.c - Barrier; see mptrace/barrier.h.
 *
 * The gate, one word moved by CAS, says how many have come, whether it is broken, and
 * how the last generations ended.  Before coming one takes a seat: a word of the
 * storage with the own lock word and the generation.  So whoever waits can see
 * whether all of its generation still live, and breaks the barrier when not:
 *
 *   killed with a seat, before coming     a seat of this generation is a dead one's: broken
 *   killed after coming, or as the last,
 *     before the gate opens               the same
 *   killed after the gate opened          its seat is of an old generation: taken by others
 *   killed before the wake                the waiters' slices
 */
#include "libtrace/await.h"

#include "libtrace/arena.h"

#include <mptrace/barrier.h>
#include <stdlib.h>

/* Who passed may come again before the others have left their seats. */
#define SEATS_PER_PARTY 2

struct mpt_barrier {
	struct handle handle;
	uint64_t *seats;
	uint32_t seat_count, parties;
	uint64_t timeout_ns;
	int (*action)(void *arg);
	void *arg;
};

/* One call of wait. */
struct visit {
	struct member *me;
	struct blocking how;
	struct slice slice;
	uint64_t *seat;
	uint64_t generation;
	uint32_t number;
};

static uint64_t *gate_of(const struct mpt_barrier *b)
{
	return &b->handle.object->latch;
}

static uint64_t look(const struct mpt_barrier *b)
{
	return load64_acquire(gate_of(b));
}

/* ---- the gate ------------------------------------------------------------------ */

/* The next generation, empty and whole; the last ended so. */
static uint64_t next_of(uint64_t gate, bool reset)
{
	uint64_t history = MPT_GATE_HISTORY(gate) << 1 | reset;
	uint64_t generation = (MPT_GATE_GENERATION(gate) + 1) & 0xffffu;

	return history << 33 | generation << 17;
}

/* 0: all passed; -ECANCELED: not; -EBUSY: it is not decided. */
static int outcome(uint64_t gate, uint64_t generation)
{
	uint64_t since = (MPT_GATE_GENERATION(gate) - generation) & 0xffffu;

	if (since == 0)
		return gate & MPT_GATE_BROKEN ? -ECANCELED : -EBUSY;
	/* Stopped for more generations than are remembered: it did pass at least one. */
	return since <= 31 && MPT_GATE_HISTORY(gate) >> (since - 1) & 1 ? -ECANCELED : 0;
}

static void wake(struct mpt_barrier *b)
{
	struct mpt_wire_side *side = &b->handle.object->give;

	fence();
	eventcount_wake(&side->seq, &side->want, INT_MAX);
}

/* Breaks the generation; false: it is decided already. */
static bool break_it(struct mpt_barrier *b, struct member *me, uint64_t generation)
{
	uint64_t gate;

	do {
		gate = look(b);
		if (outcome(gate, generation) != -EBUSY)
			return false;
	} while (!cas64(gate_of(b), gate, gate | MPT_GATE_BROKEN));
	wake(b);
	emit_note(me, MPT_OP_BARRIER_BREAK, b->handle.slot, generation);
	return true;
}

/* ---- seats ----------------------------------------------------------------------- */

static bool is_dead(uint64_t seat)
{
	return seat != 0 && !member_alive((uint32_t)seat);
}

/* Of a generation before this one.  A caller that was delayed looks with an old one: it
 * must not take away what tells the others of a later one that somebody has died. */
static bool is_past(uint64_t seat, uint64_t generation)
{
	return ((generation - (seat >> 32) - 1) & 0xffffu) < 0x7fffu;
}

static bool is_free(uint64_t seat, uint64_t generation)
{
	return seat == 0 || (is_past(seat, generation) && is_dead(seat));
}

/* NULL: all are taken by those who have not left yet. */
static uint64_t *take_seat(const struct mpt_barrier *b, const struct member *me,
			   uint64_t generation)
{
	for (uint32_t i = 0; i < b->seat_count; i++) {
		uint64_t *seat = &b->seats[(me->slot + i) % b->seat_count];
		uint64_t old = load64(seat);

		if (is_free(old, generation) && cas64(seat, old, generation << 32 | me->word))
			return seat;
	}
	return NULL;
}

/* Of this generation; NULL: all live.  A dead one's seat of a past one goes: it would be of
 * this generation again one turn of the count later. */
static const uint64_t *find_dead(const struct mpt_barrier *b, uint64_t generation)
{
	for (uint32_t i = 0; i < b->seat_count; i++) {
		uint64_t seat = load64(&b->seats[i]);

		if (seat >> 32 == generation && is_dead(seat))
			return &b->seats[i];
		if (seat != 0 && is_free(seat, generation))
			cas64(&b->seats[i], seat, 0);
	}
	return NULL;
}

/* True: one of us has died, and so the barrier is broken. */
static bool broken_by_death(struct mpt_barrier *b, const struct visit *v)
{
	const uint64_t *seat = find_dead(b, v->generation);
	struct mpt_wire_object *o = b->handle.object;

	if (!seat)
		return false;
	if (break_it(b, v->me, v->generation)) {
		add64(&o->recovered, 1);
		o->recovered_pid = member_pid_of((uint32_t)load64(seat));
		o->recovered_op = MPT_OP_BARRIER_WAIT;
		o->recovered_ns = futex_now();
	}
	return true;
}

/* ---- waiting --------------------------------------------------------------------- */

/* Full: the last one is running the action, and we are early for the next time. */
static bool is_full(const struct mpt_barrier *b, uint64_t gate)
{
	return MPT_GATE_COUNT(gate) >= b->parties;
}

static int sleep_on(struct mpt_barrier *b, struct visit *v, uint64_t gate)
{
	return await_once(&b->handle, v->me, &v->how, &b->handle.object->give, &v->slice,
			  gate_of(b), gate);
}

/* Takes a seat and comes.  0 with the visit filled in, or an error.  Who is early looks for
 * the dead as those inside do: they may all be dead. */
static int come(struct mpt_barrier *b, struct visit *v)
{
	uint64_t gate;
	int rc;

	for (;;) {
		gate = look(b);
		if (!handle_usable(&b->handle))
			return -ESHUTDOWN;
		if (gate & MPT_GATE_BROKEN)
			return -ECANCELED;
		v->generation = MPT_GATE_GENERATION(gate);
		v->number = (uint32_t)MPT_GATE_COUNT(gate);
		v->seat = is_full(b, gate) ? NULL : take_seat(b, v->me, v->generation);
		if (v->seat && cas64(gate_of(b), gate, gate + 1))
			return 0;
		if (v->seat) {
			store64_release(v->seat, 0);
			continue;
		}
		rc = sleep_on(b, v, gate);
		if (rc == -EBUSY)
			broken_by_death(b, v);
		else if (rc < 0)
			return rc;
	}
}

/* The last to come: opens the gate for all. */
static int pass(struct mpt_barrier *b, const struct visit *v)
{
	uint64_t gate;

	if (broken_by_death(b, v))
		return -ECANCELED;
	if (b->action && b->action(b->arg) != 0) {
		break_it(b, v->me, v->generation);
		return -ECANCELED;
	}
	do {
		gate = look(b);
		if (outcome(gate, v->generation) != -EBUSY)
			return -ECANCELED; /* aborted or reset meanwhile */
	} while (!cas64(gate_of(b), gate, next_of(gate, false)));
	wake(b);
	emit_note(v->me, MPT_OP_BARRIER_PASS, b->handle.slot, v->generation);
	return 0;
}

/* Gives up: who leaves takes the others' chance.  While the action runs all have come,
 * and it is too late for that. */
static int give_up(struct mpt_barrier *b, struct visit *v, uint64_t gate, int why)
{
	if (is_full(b, gate)) {
		v->how.deadline = MPT_FOREVER;
		return -EBUSY;
	}
	return break_it(b, v->me, v->generation) ? why : -EBUSY;
}

static int wait_for_others(struct mpt_barrier *b, struct visit *v)
{
	uint64_t gate;
	int rc, ended;

	for (;;) {
		gate = look(b);
		ended = outcome(gate, v->generation);
		if (ended != -EBUSY)
			return ended;
		rc = sleep_on(b, v, gate);
		if (rc == -ESHUTDOWN)
			return rc;
		if (rc == -EBUSY)
			broken_by_death(b, v);
		else if (rc < 0)
			rc = give_up(b, v, look(b), rc);
		if (rc < 0 && rc != -EBUSY)
			return rc;
	}
}

static int visit(struct mpt_barrier *b, struct visit *v)
{
	int rc = come(b, v);

	if (rc < 0)
		return rc;
	rc = v->number + 1 == b->parties ? pass(b, v) : wait_for_others(b, v);
	store64_release(v->seat, 0);
	return rc < 0 ? rc : (int)v->number;
}

int mpt_barrier_wait(struct mpt_barrier *b, uint64_t timeout_ns)
{
	struct handle *h = &b->handle;
	struct visit v = { 0 };
	struct mpt_wire_oprec *inside;
	int rc;

	v.me = member_get(&rc);
	if (!v.me)
		return rc;
	if (timeout_ns == MPT_BARRIER_DEFAULT)
		timeout_ns = b->timeout_ns;
	v.how = handle_blocking(h, MPT_OP_BARRIER_WAIT, timeout_ns);
	inside = object_visit(v.me, h, MPT_OP_BARRIER_WAIT);
	rc = -ESHUTDOWN;
	if (inside) {
		rc = visit(b, &v);
		object_leave(v.me, inside);
	}
	if (rc >= 0)
		await_use(v.me, h, 0, 1);
	await_done(v.me, &v.how, &h->object->give, rc, rc < 0 ? 0 : v.generation);
	return rc;
}

/* ---- the rest ---------------------------------------------------------------------- */

static struct mpt_barrier *finish(struct mpt_barrier *b)
{
	if (!b)
		return NULL;
	b->parties = (uint32_t)b->handle.object->capacity;
	b->seat_count = (uint32_t)b->handle.object->slots;
	b->seats = arena_at(load64(&b->handle.object->extent));
	return b;
}

int mpt_barrier_create(struct mpt_barrier **out, const struct mpt_barrier_options *o)
{
	struct object_wish wish = { .kind = MPT_KIND_BARRIER, .site = __builtin_return_address(0) };
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	if (!o || o->parties == 0 || o->parties > MPT_GATE_PARTIES_MAX)
		return rc;
	wish.name = o->name;
	wish.flags = o->flags;
	wish.capacity = o->parties;
	wish.slots = (uint64_t)o->parties * SEATS_PER_PARTY;
	wish.storage = wish.slots * sizeof(uint64_t);
	wish.zeroed = true;
	*out = finish(handle_create(sizeof(**out), &wish, &rc));
	if (!*out)
		return rc;
	(*out)->timeout_ns = o->timeout_ns ? o->timeout_ns : MPT_FOREVER;
	(*out)->action = o->action;
	(*out)->arg = o->arg;
	return rc;
}

int mpt_barrier_open(struct mpt_barrier **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = finish(handle_open(sizeof(**out), MPT_KIND_BARRIER, name, flags, &rc));
	if (*out)
		(*out)->timeout_ns = MPT_FOREVER;
	return rc;
}

int mpt_barrier_abort(struct mpt_barrier *b)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	/* Should all pass just now, the next generation is meant. */
	do
		if (!handle_usable(&b->handle))
			return -ESHUTDOWN;
	while (!break_it(b, me, MPT_GATE_GENERATION(look(b))) && !(look(b) & MPT_GATE_BROKEN));
	return 0;
}

int mpt_barrier_reset(struct mpt_barrier *b)
{
	struct member *me;
	uint64_t gate;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	do {
		gate = look(b);
		if (!handle_usable(&b->handle))
			return -ESHUTDOWN;
	} while (!cas64(gate_of(b), gate, next_of(gate, true)));
	wake(b);
	emit_note(me, MPT_OP_BARRIER_RESET, b->handle.slot, MPT_GATE_GENERATION(gate));
	return 0;
}

int mpt_barrier_parties(const struct mpt_barrier *b)
{
	return handle_usable(&b->handle) ? (int)b->parties : -ESHUTDOWN;
}

int mpt_barrier_waiting(const struct mpt_barrier *b)
{
	uint64_t gate = look(b);

	if (!handle_usable(&b->handle))
		return -ESHUTDOWN;
	return gate & MPT_GATE_BROKEN || is_full(b, gate) ? 0 : (int)MPT_GATE_COUNT(gate);
}

int mpt_barrier_broken(const struct mpt_barrier *b)
{
	uint64_t gate = look(b);

	return handle_usable(&b->handle) ? (gate & MPT_GATE_BROKEN) != 0 : -ESHUTDOWN;
}

int mpt_barrier_close(struct mpt_barrier *b)
{
	return handle_close(&b->handle, MPT_OP_BARRIER_CLOSE);
}

void mpt_barrier_destroy(struct mpt_barrier *b)
{
	handle_destroy(b ? &b->handle : NULL);
}
