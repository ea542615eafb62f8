/* SPDX-License-Identifier: BSD-2-Clause */
/* hold.c - see hold.h. */
#include "libtrace/hold.h"

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
	int rc = lockword_wait(&h->object->take.lock, me, &how, &dead);
	uint64_t waited;

	if (rc < 0) {
		gave_up(me, &how, rc);
		return rc;
	}
	waited = emit_unblock(me, &how, clock_now(&me->clock));
	if (!handle_usable(h)) {
		lockword_release(&h->object->take.lock);
		return -ESHUTDOWN;
	}
	if (rc == MPT_RECOVERED)
		object_recovered(me, h, member_pid_of(dead), 0);
	hold_began(h->object, me);
	if (how.since)
		waited_for_it(me, h, op, waited, rc);
	return rc;
}
