/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * semaphore.c - Semaphore and BoundedSemaphore; see mptrace/semaphore.h.
 *
 * A queue without messages: take.index counts units ever taken, give.index units ever
 * given back, each moved by one store under its side's lock.  The value is the first
 * value + given back - taken.  Giving back for the dead: units.h.
 */
#include "libtrace/side.h"
#include "libtrace/units.h"

#include <mptrace/semaphore.h>

struct mpt_semaphore {
	struct handle handle;
};

int mpt_semaphore_create(struct mpt_semaphore **out, const struct mpt_semaphore_options *o)
{
	static const struct mpt_semaphore_options defaults = { .value = 1 };
	struct object_wish wish = { .kind = MPT_KIND_SEMAPHORE,
				    .site = __builtin_return_address(0) };
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	o = o ? o : &defaults;
	if (o->value > MPT_SEMAPHORE_MAX)
		return rc;
	wish.name = o->name;
	wish.flags = o->flags;
	wish.slots = o->value;
	wish.capacity = o->bounded ? o->value : MPT_SEMAPHORE_MAX;
	*out = handle_create(sizeof(**out), &wish, &rc);
	return rc;
}

int mpt_semaphore_open(struct mpt_semaphore **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (out)
		*out = handle_open(sizeof(**out), MPT_KIND_SEMAPHORE, name, flags, &rc);
	return rc;
}

/* ---- one unit ------------------------------------------------------------------ */

/* Moves the index of a side that is held. */
static uint64_t commit(struct handle *h, struct member *me, struct mpt_wire_side *side,
		       const struct blocking *how)
{
	bool taking = side == &h->object->take;
	uint64_t number = side->index, now = clock_now(&me->clock);
	struct mpt_wire_use *use =
		taking ? member_use(me, h->slot, h->generation) : units_row(h, me, 0);
	uint64_t *count = !use ? NULL : taking ? &use->takes : &use->gives;
	struct mpt_wire_oprec *r = oprec_open(me, how, number);

	r->use = use ? (uint16_t)(use - me->uses) : UINT16_MAX;
	r->count = count ? *count + 1 : 0;
	r->size = side->bytes;
	oprec_phase(r, MPT_OPREC_INTENT);
	store64_release(&side->index, number + 1); /* COMMIT */
	if (count) {
		store64(count, r->count);
		use->last_ns = now;
	}
	oprec_close(me, r);
	if (taking)
		units_took(h, me);
	return now;
}

/* ---- acquire ---------------------------------------------------------------------- */

static bool has_unit(const struct mpt_wire_object *o)
{
	return o->slots + o->take.seen != o->take.index;
}

/* Holding take: are there units of the dead? */
static uint64_t reclaim(struct handle *h, struct member *me, const struct blocking *how)
{
	struct mpt_wire_object *o = h->object;
	struct blocking brief = *how;
	uint64_t n;

	brief.deadline = 0;
	brief.interruptible = false;
	if (!units_of_dead(h, &o->give) || side_enter(h, me, &o->give, &brief) < 0)
		return 0;
	n = units_reclaim(me, h, &o->give);
	lockword_release(&o->give.lock);
	return n;
}

/* Waits, holding take, until there is a unit.  0, MPT_RECOVERED, or an error and take is
 * free. */
static int need_unit(struct handle *h, struct member *me, struct side_wait *w,
		     struct blocking *how)
{
	struct mpt_wire_object *o = h->object;
	int rc, recovered = 0;

	while (!has_unit(o)) {
		o->take.seen = load64_acquire(&o->give.index);
		if (has_unit(o))
			break;
		/* The first look is after a slice: deaths are rare, units come soon. */
		if ((how->deadline == 0 || w->slept) && reclaim(h, me, how)) {
			recovered = MPT_RECOVERED;
			continue;
		}
		rc = side_wait_other(h, me, w, o->take.seen, how);
		if (rc < 0)
			return rc;
	}
	return recovered;
}

int mpt_semaphore_acquire(struct mpt_semaphore *semaphore, uint64_t timeout_ns)
{
	struct handle *h = &semaphore->handle;
	struct mpt_wire_object *o = h->object;
	struct blocking how = handle_blocking(h, MPT_OP_SEMAPHORE_ACQUIRE, timeout_ns);
	struct side_wait w = { .mine = &o->take, .event = &o->give, .watch = &o->give.index };
	uint64_t now, number, waited = 0;
	bool more;
	struct member *me;
	int rc, entered;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	rc = entered = side_enter(h, me, &o->take, &how);
	if (likely(rc >= 0))
		rc = need_unit(h, me, &w, &how);
	if (unlikely(rc < 0))
		return side_fail(me, &how, rc);
	number = o->take.index;
	now = commit(h, me, &o->take, &how);
	if (unlikely(how.since))
		waited = side_waited(me, &w, &how, now);
	/* We were woken, or gave more than one back; what is left is the next one's. */
	more = (w.slept || rc) && o->slots + load64(&o->give.index) != o->take.index;
	lockword_release(&o->take.lock);
	side_record(me, &how, now, number, waited);
	if (unlikely(more))
		eventcount_wake(&o->give.seq, &o->give.want, 1);
	return rc | entered | w.recovered;
}

/* ---- release ---------------------------------------------------------------------- */

/* Holding give: takers only make it less. */
static uint64_t value_of(const struct mpt_wire_object *o)
{
	return o->slots + load64_acquire(&o->give.index) - load64_acquire(&o->take.index);
}

int mpt_semaphore_release(struct mpt_semaphore *semaphore)
{
	struct handle *h = &semaphore->handle;
	struct mpt_wire_object *o = h->object;
	struct blocking how = handle_blocking(h, MPT_OP_SEMAPHORE_RELEASE, MPT_FOREVER);
	uint64_t now, number;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	how.interruptible = false;
	rc = side_enter(h, me, &o->give, &how);
	if (unlikely(rc < 0))
		return side_fail(me, &how, rc);
	emit_unblock(me, &how, 0);
	if (unlikely(value_of(o) >= o->capacity)) {
		lockword_release(&o->give.lock);
		return side_fail(me, &how, o->capacity < MPT_SEMAPHORE_MAX ? -ERANGE : -EOVERFLOW);
	}
	number = o->give.index;
	now = commit(h, me, &o->give, &how);
	lockword_release(&o->give.lock);
	side_record(me, &how, now, number, 0);
	eventcount_wake(&o->give.seq, &o->give.want, 1);
	return 0;
}

/* ---- the rest --------------------------------------------------------------------- */

int64_t mpt_semaphore_value(const struct mpt_semaphore *semaphore)
{
	const struct handle *h = &semaphore->handle;
	uint64_t taken, value;

	do {
		taken = load64_acquire(&h->object->take.index);
		value = h->object->slots + load64_acquire(&h->object->give.index) - taken;
	} while (taken != load64_acquire(&h->object->take.index));
	return handle_usable(h) ? (int64_t)value : -ESHUTDOWN;
}

int mpt_semaphore_close(struct mpt_semaphore *semaphore)
{
	return handle_close(&semaphore->handle, MPT_OP_SEMAPHORE_CLOSE);
}

void mpt_semaphore_destroy(struct mpt_semaphore *semaphore)
{
	handle_destroy(semaphore ? &semaphore->handle : NULL);
}
