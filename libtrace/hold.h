/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hold.h - taking and freeing an object that has an owner.
 *
 * Owns: what every kind with OWNER does alike: the word, statistics, records,
 * taking over from the dead; the two ways to be a lock, plain and nested.  Does not
 * own: which kind is which (lock.c, rlock.c, guarded.c).
 *
 * The lock is the word take.lock of its object: holding it makes this thread the
 * only writer of the object's statistics.  An uncontended pair costs two reads of
 * the clock and one record (HOLD); a contended acquire adds BEGIN and END.
 */
#ifndef MPT_HOLD_H
#define MPT_HOLD_H

#include "libtrace/object.h"

/* Their ops have the same numbers in every kind with OWNER (ops.def). */
enum hold_op { HOLD_RECOVER = 3, HOLD_ACQUIRE = 16, HOLD_RELEASE = 17, HOLD_HOLD = 18 };

#define HOLD_OPS_OF(KIND)                                                                   \
	_Static_assert(MPT_OP_ID(MPT_KIND_##KIND, HOLD_RECOVER) == MPT_OP_##KIND##_RECOVER && \
			       MPT_OP_ID(MPT_KIND_##KIND, HOLD_ACQUIRE) ==                  \
				       MPT_OP_##KIND##_ACQUIRE &&                           \
			       MPT_OP_ID(MPT_KIND_##KIND, HOLD_RELEASE) ==                  \
				       MPT_OP_##KIND##_RELEASE &&                           \
			       MPT_OP_ID(MPT_KIND_##KIND, HOLD_HOLD) == MPT_OP_##KIND##_HOLD, \
		       "hold.h: op numbers of a kind with OWNER")

/* What the public handles are; here for those whose objects go with a lock (guard.h). */
struct mpt_lock {
	struct handle handle;
};

struct mpt_rlock {
	struct handle handle;
};

/* Out of line part of hold_enter: the lock was not free. */
int hold_enter_slowly(struct handle *h, struct member *me, enum mpt_kind kind,
		      uint64_t timeout_ns);

/* Bookkeeping of a fresh holder; killed anywhere in it, the next holder only finds
 * a statistic one short. */
static inline void hold_began(struct mpt_wire_object *o, struct member *me)
{
	o->owner_since_ns = clock_now(&me->clock);
	store64(&o->take.index, o->take.index + 1);
}

/* Takes it, for a kind that keeps its ledger itself.  0, MPT_RECOVERED, -EAGAIN,
 * -ETIMEDOUT, -EINTR, -ESHUTDOWN. */
static inline int hold_enter(struct handle *h, struct member *me, enum mpt_kind kind,
			     uint64_t timeout_ns)
{
	if (unlikely(!lockword_try(&h->object->take.lock, me)))
		return hold_enter_slowly(h, me, kind, timeout_ns);
	if (unlikely(!handle_usable(h))) {
		lockword_release(&h->object->take.lock);
		return -ESHUTDOWN;
	}
	hold_began(h->object, me);
	return 0;
}

/* The same, counted in the ledger as one taken. */
static inline int hold_acquire(struct handle *h, struct member *me, enum mpt_kind kind,
			       uint64_t timeout_ns)
{
	int rc = hold_enter(h, me, kind, timeout_ns);
	struct mpt_wire_use *use;

	if (unlikely(rc < 0))
		return rc;
	use = member_use(me, h->slot, h->generation);
	if (use) {
		use->takes++;
		use->last_ns = h->object->owner_since_ns;
	}
	return rc;
}

/* Still holding: statistics of the hold that ends now.  Returns how long it was. */
static inline uint64_t hold_ended(struct mpt_wire_object *o, uint64_t now)
{
	uint64_t held = now > o->owner_since_ns ? now - o->owner_since_ns : 0;

	o->hold_ns += held;
	if (held > o->hold_max_ns)
		o->hold_max_ns = held;
	hist_add(&o->hold, held);
	store64(&o->give.index, o->take.index);
	return held;
}

/* The same, and its record. */
static inline void hold_ending(struct mpt_wire_object *o, struct member *me,
			       const struct handle *h, enum mpt_kind kind)
{
	uint64_t now = clock_now(&me->clock), held = hold_ended(o, now);

	emit(me, &(struct mpt_record){ .time = now,
				       .op = (uint16_t)MPT_OP_ID(kind, HOLD_HOLD),
				       .object = h->slot,
				       .value = o->take.index,
				       .span = held });
}

/* ---- a plain lock: not again by its holder, and freed by anybody -------------------- */

/* 0, MPT_RECOVERED, -EAGAIN, -ETIMEDOUT, -EINTR, -ESHUTDOWN. */
int hold_plain_acquire(struct handle *h, enum mpt_kind kind, uint64_t timeout_ns);
/* 0, -ERANGE it was free, -ESHUTDOWN. */
int hold_plain_release(struct handle *h, enum mpt_kind kind);

/* ---- a nested lock (RECURSES): by its holder again, and freed by that thread only ---- */

/* The owner counts its further acquisitions in owner_again, so that a signal handler
 * between any two instructions finds a lock that is either not this thread's or
 * fully so.  Nested acquisitions are state, not records: the outermost pair writes HOLD.
 * As plain, and -EOVERFLOW. */
int hold_nested_acquire(struct handle *h, enum mpt_kind kind, uint64_t timeout_ns);
/* 0, -EPERM this thread does not hold it, -ESHUTDOWN. */
int hold_nested_release(struct handle *h, enum mpt_kind kind);
/* The same by who has just acquired it, also when it was closed or has ended meanwhile. */
void hold_nested_drop(struct handle *h, struct member *me, enum mpt_kind kind);
/* How often does this thread hold it?  Or -ESHUTDOWN. */
int64_t hold_nested_depth(const struct handle *h);

/* Does anybody hold it?  1, 0, -ESHUTDOWN. */
int hold_locked(const struct handle *h);

#endif
