/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seat.c - see seat.h.
 *
 *   killed with a seat, not notified   the next notify finds the dead one's seat: frees it
 *   killed when notified               as if the wait had just returned
 *   killed as notifier, in the middle  some are notified; by notify_all: all or none
 *   killed before the wake             the waiters' slices
 */
#include "libtrace/seat.h"

#include "libtrace/arena.h"

#define BATCH 8 /* waits that are looked for at once */

void seats_find(struct seats *s, struct handle *handle)
{
	s->handle = handle;
	s->at = arena_at(load64(&handle->object->extent));
	s->count = (uint32_t)handle->object->slots;
}

/* Of an object that has ended the storage may be another's. */
static bool is_there(const struct seats *s)
{
	return object_is(s->handle->slot, s->handle->generation);
}

/* The waits below this number have all been notified.  To be loaded before is_there: a
 * successor's would not fit. */
static uint64_t all_below(const struct seats *s)
{
	return load64_acquire(&s->handle->object->latch) - MPT_LATCH_FRESH(s->handle->generation);
}

static uint32_t *futex_of(struct mpt_wire_seat *seat)
{
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "wire: little-endian");
	return (uint32_t *)(void *)&seat->state;
}

/* ---- which are worth looking at ------------------------------------------------------ */

static uint32_t used(const struct seats *s)
{
	uint64_t seen = load64(&s->handle->object->take.seen);

	return seen < s->count ? (uint32_t)seen : s->count;
}

static void come_into_sight(const struct seats *s, const struct mpt_wire_seat *seat)
{
	uint64_t *seen = &s->handle->object->take.seen;
	uint64_t least = (uint64_t)(seat - s->at) + 1;

	if (load64(seen) < least)
		store64(seen, least);
}

/* ---- the dead ------------------------------------------------------------------------ */

/* Of one who has died, holding the lock: its seat is freed, and the death told. */
static bool bury(const struct seats *s, struct member *me, struct mpt_wire_seat *seat)
{
	uint32_t who = load32(&seat->who), pid;

	if (who == 0 || member_thread_alive(who))
		return false;
	pid = member_pid_of(who);
	if (cas32(&seat->who, who, 0))
		object_recovered(me, s->handle, pid, MPT_OP_CONDITION_WAIT);
	return true;
}

/* Holding the lock, so that none is taken meanwhile. */
static void forget_empty(const struct seats *s, struct member *me)
{
	uint32_t before = used(s), last = before;

	while (last > 0 && (load32(&s->at[last - 1].who) == 0 || bury(s, me, &s->at[last - 1])))
		last--;
	if (last != before)
		store64(&s->handle->object->take.seen, last);
}

/* ---- who waits ----------------------------------------------------------------------- */

static struct mpt_wire_seat *take_free(const struct seats *s, const struct member *me)
{
	for (uint32_t i = 0; i < s->count; i++) {
		struct mpt_wire_seat *seat = &s->at[i];

		if (load32(&seat->who) == 0 && cas32(&seat->who, 0, me->word))
			return seat;
	}
	return NULL;
}

int seat_take(const struct seats *s, struct member *me, struct seat *seat)
{
	seat->at = take_free(s, me);
	if (!seat->at) {
		for (uint32_t i = 0; i < s->count; i++)
			bury(s, me, &s->at[i]);
		seat->at = take_free(s, me);
	}
	if (!seat->at)
		return -ENOSPC;
	seat->number = add64(&s->handle->object->take.index, 1);
	store64_release(&seat->at->state, MPT_SEAT(seat->number, MPT_SEAT_WAITING));
	come_into_sight(s, seat->at);
	return 0;
}

bool seat_notified(const struct seats *s, const struct seat *seat)
{
	uint64_t all = all_below(s), state = load64_acquire(&seat->at->state);

	return is_there(s) &&
	       (MPT_SEAT_PHASE(state) == MPT_SEAT_NOTIFIED || seat->number < all);
}

int seat_sleep(const struct seats *s, const struct seat *seat, struct slice *slice,
	       uint64_t deadline)
{
	/* A Lock may be released by others: then a notify may have been forgetting empty
	 * seats just when this one was taken. */
	come_into_sight(s, seat->at);
	return futex_wait(futex_of(seat->at), (uint32_t)MPT_SEAT(seat->number, MPT_SEAT_WAITING),
			  slice, deadline);
}

bool seat_give_up(const struct seats *s, const struct seat *seat)
{
	return !is_there(s) || cas64(&seat->at->state, MPT_SEAT(seat->number, MPT_SEAT_WAITING),
				     MPT_SEAT(seat->number, MPT_SEAT_GONE));
}

void seat_leave(const struct seats *s, const struct seat *seat)
{
	if (!is_there(s))
		return;
	store64(&seat->at->state, MPT_SEAT_EMPTY);
	store32_release(&seat->at->who, 0);
}

/* ---- notifying ----------------------------------------------------------------------- */

/* Is it waited in, by anybody, dead or alive, and not notified? */
static bool is_waiting(const struct mpt_wire_seat *seat, uint64_t state, uint64_t all)
{
	return MPT_SEAT_PHASE(state) == MPT_SEAT_WAITING && MPT_SEAT_NUMBER(state) >= all &&
	       load32(&seat->who) != 0;
}

/* Finds the waits with the lowest numbers from `least` on, in order; returns how many. */
static unsigned int find_first(const struct seats *s, struct seat *found, uint64_t least)
{
	uint32_t end = used(s);
	unsigned int count = 0, at;

	for (uint32_t i = 0; i < end; i++) {
		uint64_t state = load64_acquire(&s->at[i].state);
		uint64_t number = MPT_SEAT_NUMBER(state);

		if (!is_waiting(&s->at[i], state, least) ||
		    (count == BATCH && number > found[BATCH - 1].number))
			continue;
		at = count < BATCH ? count++ : BATCH - 1;
		for (; at > 0 && found[at - 1].number > number; at--)
			found[at] = found[at - 1];
		found[at] = (struct seat){ &s->at[i], number };
	}
	return count;
}

static bool notify_one(const struct seat *seat)
{
	if (!cas64(&seat->at->state, MPT_SEAT(seat->number, MPT_SEAT_WAITING),
		   MPT_SEAT(seat->number, MPT_SEAT_NOTIFIED)))
		return false; /* gave up just before */
	futex_wake(futex_of(seat->at), 1);
	return true;
}

uint32_t seats_notify(const struct seats *s, struct member *me, uint32_t n)
{
	uint64_t least = all_below(s);
	struct seat found[BATCH];
	uint32_t count = 0;
	unsigned int here;

	while (count < n && (here = find_first(s, found, least)) > 0) {
		for (unsigned int i = 0; i < here && count < n; i++)
			count += !bury(s, me, found[i].at) && notify_one(&found[i]);
		least = found[here - 1].number + 1;
	}
	forget_empty(s, me);
	return count;
}

/* How many of the living wait.  The dead are buried by `me`; NULL: left alone. */
static uint32_t count_waiting(const struct seats *s, struct member *me)
{
	uint64_t all = all_below(s);
	uint32_t end = used(s), count = 0;

	for (uint32_t i = 0; i < end; i++) {
		struct mpt_wire_seat *seat = &s->at[i];

		if (!is_waiting(seat, load64_acquire(&seat->state), all))
			continue;
		count += me ? !bury(s, me, seat) : member_thread_alive(load32(&seat->who));
	}
	return count;
}

/* The store that notifies all who wait now.  False: the object has ended. */
static bool notify_below(const struct seats *s, uint64_t number)
{
	uint64_t *latch = &s->handle->object->latch, old;
	uint64_t all = MPT_LATCH_FRESH(s->handle->generation) + number;

	do {
		old = load64(latch); /* before the check, as in all_below */
		if (!is_there(s))
			return false;
	} while (old < all && !cas64(latch, old, all));
	return true;
}

/* What is done to the seats after that store only wakes. */
uint32_t seats_notify_all(const struct seats *s, struct member *me)
{
	uint64_t next = load64(&s->handle->object->take.index);
	uint32_t count = count_waiting(s, me), end = used(s);

	if (count > 0 && !notify_below(s, next))
		return 0;
	for (uint32_t i = 0; count > 0 && i < end; i++) {
		uint64_t state = load64_acquire(&s->at[i].state);
		struct seat seat = { &s->at[i], MPT_SEAT_NUMBER(state) };

		if (is_waiting(seat.at, state, 0) && seat.number < next)
			notify_one(&seat);
	}
	forget_empty(s, me);
	return count;
}

uint32_t seats_waiting(const struct seats *s)
{
	return count_waiting(s, NULL);
}

void seats_wake(const struct seats *s)
{
	for (uint32_t i = 0; i < s->count; i++)
		futex_wake(futex_of(&s->at[i]), 1);
}
