/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_join.c - task_done and join of joinable queues; see mptrace/queue.h.
 *
 * finish.index counts the messages done, moved by one store under finish.lock;
 * unfinished = give.index - finish.index.  Joiners sleep until it is 0 and, after
 * each slice, look for workers that died with a task (units.h).
 */
#include "libtrace/await.h"
#include "libtrace/queue_move.h"
#include "libtrace/units.h"

static bool joinable(const struct mpt_queue *q)
{
	return q->handle.object->kind == MPT_KIND_JOINABLEQUEUE;
}

/* Checks what every call here needs; *me is the caller. */
static int begin(const struct mpt_queue *q, struct member **me)
{
	int rc;

	*me = member_get(&rc);
	if (!*me)
		return rc;
	if (!handle_usable(&q->handle))
		return -ESHUTDOWN;
	return joinable(q) ? 0 : -EINVAL;
}

/* finish first: what is put between the two loads only makes the answer larger. */
static uint64_t unfinished(const struct mpt_wire_object *o)
{
	uint64_t finished = load64_acquire(&o->finish.index);

	return load64_acquire(&o->give.index) - finished;
}

/* ---- task_done ------------------------------------------------------------------ */

static void commit(struct mpt_queue *q, struct member *me, const struct blocking *how)
{
	struct mpt_wire_side *side = &q->handle.object->finish;
	struct mpt_wire_use *use = units_row(&q->handle, me, MPT_REF_FINISH);
	struct mpt_wire_oprec *r = oprec_open(me, how, side->index);

	r->use = use ? (uint16_t)(use - me->uses) : UINT16_MAX;
	r->count = use ? use->gives + 1 : 0;
	r->size = side->bytes;
	oprec_phase(r, MPT_OPREC_INTENT);
	store64_release(&side->index, side->index + 1); /* COMMIT */
	if (use)
		store64(&use->gives, r->count);
	oprec_close(me, r);
}

int mpt_queue_task_done(struct mpt_queue *q)
{
	struct mpt_wire_object *o = q->handle.object;
	struct blocking how =
		handle_blocking(&q->handle, MPT_OP_JOINABLEQUEUE_TASK_DONE, MPT_FOREVER);
	struct member *me;
	uint64_t number;
	bool last;
	int rc = begin(q, &me);

	if (rc < 0)
		return rc;
	how.interruptible = false;
	rc = side_enter(&q->handle, me, &o->finish, &how);
	if (rc < 0)
		return side_fail(me, &how, rc);
	emit_unblock(me, &how, 0);
	if (unfinished(o) == 0) {
		lockword_release(&o->finish.lock);
		return side_fail(me, &how, -ERANGE);
	}
	number = o->finish.index;
	commit(q, me, &how);
	last = unfinished(o) == 0;
	lockword_release(&o->finish.lock);
	side_record(me, &how, clock_now(&me->clock), number, 0);
	if (last)
		eventcount_wake(&o->finish.seq, &o->finish.want, INT_MAX);
	return 0;
}

/* ---- join ----------------------------------------------------------------------- */

static int wait_finished(struct mpt_queue *q, struct member *me, struct blocking *how)
{
	struct mpt_wire_object *o = q->handle.object;
	struct slice slice = { 0 };
	uint64_t done;
	int rc;

	for (;;) {
		done = load64_acquire(&o->finish.index);
		if (load64_acquire(&o->give.index) == done)
			return 0;
		rc = await_once(&q->handle, me, how, &o->finish, &slice, &o->finish.index, done);
		if (rc == 0)
			continue;
		/* Before giving up, too: who tries once must see what the dead left. */
		if (rc != -ESHUTDOWN && rc != -EINTR &&
		    units_look_for_dead(&q->handle, me, &o->finish, how))
			continue;
		if (rc != -EBUSY)
			return rc;
	}
}

int mpt_queue_join(struct mpt_queue *q, uint64_t timeout_ns)
{
	struct mpt_wire_object *o = q->handle.object;
	struct blocking how = handle_blocking(&q->handle, MPT_OP_JOINABLEQUEUE_JOIN, timeout_ns);
	struct member *me;
	uint64_t abandoned;
	int rc = begin(q, &me);

	if (rc < 0)
		return rc;
	abandoned = load64(&o->finish.bytes);
	rc = wait_finished(q, me, &how);
	await_done(me, &how, &o->finish, rc, load64(&o->finish.index));
	if (rc == 0 && load64_acquire(&o->finish.bytes) != abandoned)
		rc = MPT_RECOVERED;
	return rc;
}

ssize_t mpt_queue_unfinished(const struct mpt_queue *q)
{
	if (!handle_usable(&q->handle))
		return -ESHUTDOWN;
	return joinable(q) ? (ssize_t)unfinished(q->handle.object) : -EINVAL;
}

ssize_t mpt_queue_abandoned(const struct mpt_queue *q)
{
	if (!handle_usable(&q->handle))
		return -ESHUTDOWN;
	return joinable(q) ? (ssize_t)load64(&q->handle.object->finish.bytes) : -EINVAL;
}
