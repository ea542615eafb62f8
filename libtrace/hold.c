/* SPDX-License-Identifier: BSD-2-Clause */
/* hold.c - see hold.h. */
#include "libtrace/hold.h"

#include "libtrace/journal.h"

static void gave_up(struct member *me, const struct blocking *how, int result)
{
	uint64_t now = clock_now(&me->clock);

	emit(me, &(struct mpt_record){ .time = now,
				       .op = how->op,
				       .flags = MPT_REC_FAILED,
				       .object = how->object,
				       .value = (uint64_t)-result,
				       .span = emit_unblock(me, how, now) });
}

static void waited_for_it(struct member *me, const struct handle *h, uint16_t op, uint64_t waited,
			  int result)
{
	struct mpt_wire_object *o = h->object;

	emit_waited(&o->take, waited);
	emit(me, &(struct mpt_record){ .time = o->owner_since_ns,
				       .op = op,
				       .flags = result == MPT_RECOVERED ? MPT_REC_RECOVERED : 0,
				       .object = h->slot,
				       .value = o->take.index,
				       .span = waited });
}

int hold_enter_slowly(struct handle *h, struct member *me, enum mpt_kind kind,
		      uint64_t timeout_ns)
{
	uint16_t op = (uint16_t)MPT_OP_ID(kind, HOLD_ACQUIRE);
	struct blocking how = handle_blocking(h, op, timeout_ns);
	uint32_t dead = 0;
	uint64_t waited;
	int rc;

	how.until_end = true;
	rc = lockword_wait(&h->object->take.lock, me, &how, &dead);
	if (rc < 0) {
		gave_up(me, &how, rc);
		return rc;
	}
	waited = emit_unblock(me, &how, clock_now(&me->clock));
	if (!handle_usable(h)) {
		lockword_release(&h->object->take.lock);
		return -ESHUTDOWN;
	}
	if (rc == MPT_RECOVERED) {
		journal_settle(me, h);
		object_recovered(me, h, member_pid_of(dead), 0);
	}
	hold_began(h->object, me);
	if (how.since)
		waited_for_it(me, h, op, waited, rc);
	return rc;
}

/* ---- plain ------------------------------------------------------------------- */

int hold_plain_acquire(struct handle *h, enum mpt_kind kind, uint64_t timeout_ns)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	return hold_acquire(h, me, kind, timeout_ns);
}

int hold_plain_release(struct handle *h, enum mpt_kind kind)
{
	uint32_t *word = &h->object->take.lock, seen;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	/* Before the handle is checked: should the slot go to a new lock meanwhile, the
	 * word is another's and stays. */
	seen = load32_acquire(word);
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (unlikely(!seen))
		return -ERANGE;
	hold_ending(h->object, me, h, kind);
	return likely(lockword_release_seen(word, seen)) ? 0 : -ERANGE;
}

/* ---- nested ------------------------------------------------------------------ */

static int acquire_again(struct mpt_wire_object *o)
{
	uint32_t again = load32(&o->owner_again);

	if (again == UINT32_MAX)
		return -EOVERFLOW;
	store32(&o->owner_again, again + 1);
	return 0;
}

int hold_nested_acquire(struct handle *h, enum mpt_kind kind, uint64_t timeout_ns)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (lockword_owned(&h->object->take.lock, me))
		return acquire_again(h->object);
	rc = hold_acquire(h, me, kind, timeout_ns);
	if (unlikely(rc == MPT_RECOVERED))
		store32(&h->object->owner_again, 0); /* the dead one's */
	return rc;
}

void hold_nested_drop(struct handle *h, struct member *me, enum mpt_kind kind)
{
	struct mpt_wire_object *o = h->object;
	uint32_t again = load32(&o->owner_again);

	if (again) {
		store32(&o->owner_again, again - 1);
		return;
	}
	hold_ending(o, me, h, kind);
	lockword_release(&o->take.lock);
}

/* The handle is of no use any more.  Who destroyed the object leaves its storage alone
 * while we hold it: here it ends. */
static int release_ended(const struct handle *h, const struct member *me)
{
	uint32_t *word = &h->object->take.lock;

	if (!object_is(h->slot, h->generation) && lockword_owned(word, me))
		lockword_release(word);
	return -ESHUTDOWN;
}

int hold_nested_release(struct handle *h, enum mpt_kind kind)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return release_ended(h, me);
	if (unlikely(!lockword_owned(&h->object->take.lock, me)))
		return -EPERM;
	hold_nested_drop(h, me, kind);
	return 0;
}

int64_t hold_nested_depth(const struct handle *h)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	if (!handle_usable(h))
		return -ESHUTDOWN;
	if (!lockword_owned(&h->object->take.lock, me))
		return 0;
	return (int64_t)load32(&h->object->owner_again) + 1;
}

int hold_locked(const struct handle *h)
{
	return handle_usable(h) ? load32(&h->object->take.lock) != 0 : -ESHUTDOWN;
}
