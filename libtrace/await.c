/* SPDX-License-Identifier: BSD-2-Clause */
/* await.c - see await.h. */
#include "libtrace/await.h"

static bool moved(const uint64_t *watch, uint64_t old)
{
	return load64_acquire(watch) != old;
}

int await_once(struct handle *h, struct member *me, struct blocking *how,
	       struct mpt_wire_side *side, struct slice *slice, const uint64_t *watch,
	       uint64_t old)
{
	uint32_t s;
	int rc;

	if (!handle_usable(h))
		return -ESHUTDOWN;
	if (moved(watch, old))
		return 0;
	if (how->deadline == 0)
		return -EAGAIN;
	if (how->deadline != MPT_FOREVER && futex_now() >= how->deadline)
		return -ETIMEDOUT;
	s = eventcount_prepare(&side->seq, &side->want);
	if (moved(watch, old))
		return 0;
	emit_block(me, how);
	rc = futex_wait(&side->seq, s, slice, how->deadline);
	return rc == -EINTR && how->interruptible ? -EINTR : -EBUSY;
}

int await_change(struct handle *h, struct member *me, struct blocking *how,
		 struct mpt_wire_side *side, const uint64_t *watch, uint64_t old)
{
	struct slice slice = { 0 };
	int rc;

	do
		rc = await_once(h, me, how, side, &slice, watch, old);
	while (rc == -EBUSY);
	return rc;
}

/* Waiters share the side without a lock. */
static void count(struct mpt_wire_side *side, uint64_t ns, int result)
{
	unsigned int i = ns < 2 ? 0 : 63u - (unsigned int)__builtin_clzll(ns);
	uint64_t max = load64(&side->wait_max_ns);

	add64(&side->waits, 1);
	add64(&side->wait_ns, ns);
	add64(&side->wait.bucket[i < MPT_HIST_BUCKETS ? i : MPT_HIST_BUCKETS - 1], 1);
	while (max < ns && !cas64(&side->wait_max_ns, max, ns))
		max = load64(&side->wait_max_ns);
	if (result < 0)
		add64(&side->timeouts, 1);
}

void await_done(struct member *me, const struct blocking *how, struct mpt_wire_side *side,
		int result, uint64_t value)
{
	uint64_t now = clock_now(&me->clock), waited = emit_unblock(me, how, now);

	if (how->since)
		count(side, waited, result);
	emit(me, &(struct mpt_record){ .time = now,
				       .op = how->op,
				       .flags = result < 0 ? MPT_REC_FAILED : 0,
				       .object = how->object,
				       .value = result < 0 ? (uint64_t)-result : value,
				       .span = waited });
}

void await_use(struct member *me, const struct handle *h, uint64_t gives, uint64_t takes)
{
	struct mpt_wire_use *use = member_use(me, h->slot, h->generation);

	if (!use)
		return;
	store64(&use->gives, use->gives + gives);
	store64(&use->takes, use->takes + takes);
	use->last_ns = clock_now(&me->clock);
}
