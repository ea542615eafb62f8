/* SPDX-License-Identifier: BSD-2-Clause */
/* side.c - see side.h. */
#include "libtrace/side.h"

#define TRY_PATIENCE_NS 100000000ull /* a try waits this long for a busy side */
#define SPIN_LEAST 2u

int side_enter_slowly(struct handle *h, struct member *me, struct mpt_wire_side *side,
		      struct blocking *how)
{
	bool once = how->deadline == 0;
	uint32_t dead = 0;
	int rc;

	if (unlikely(lockword_owned(&side->lock, me)))
		return -EDEADLK; /* a signal handler came while we were inside */
	if (once)
		how->deadline = futex_now() + TRY_PATIENCE_NS;
	rc = lockword_wait(&side->lock, me, how, &dead);
	if (once)
		how->deadline = 0;
	if (rc == MPT_RECOVERED)
		object_recover(me, h, side, dead);
	if (rc >= 0 && !handle_usable(h)) {
		lockword_release(&side->lock);
		return -ESHUTDOWN;
	}
	return rc == -ETIMEDOUT && once ? -EAGAIN : rc;
}

static bool moved(const struct side_wait *w, uint64_t old)
{
	return load64_acquire(w->watch) != old ||
	       (w->also && load64_acquire(w->also) != w->also_seen);
}

/* Looks for a while whether it moves. */
static bool spin(struct member *me, const struct side_wait *w, uint64_t old)
{
	uint32_t most = spin_budget(&me->event_spin, SPIN_LEAST);

	for (uint32_t n = 0; n < most; n++) {
		if (moved(w, old)) {
			spin_paid(&me->event_spin, n);
			return true;
		}
		cpu_relax();
	}
	spin_failed(&me->event_spin);
	return false;
}

int side_wait_other(struct handle *h, struct member *me, struct side_wait *w, uint64_t old,
		    struct blocking *how)
{
	uint32_t s;
	int rc;

	if (how->deadline == 0 || (how->deadline != MPT_FOREVER && w->slept &&
				   futex_now() >= how->deadline)) {
		w->mine->timeouts++;
		lockword_release(&w->mine->lock);
		return how->deadline ? -ETIMEDOUT : -EAGAIN;
	}
	if (spin(me, w, old))
		return 0;
	s = eventcount_prepare(&w->event->seq, &w->event->want);
	if (moved(w, old))
		return 0;
	lockword_release(&w->mine->lock);
	emit_block(me, how);
	rc = futex_wait(&w->event->seq, s, &w->slice, how->deadline);
	w->slept = true;
	if (rc == -EINTR && how->interruptible)
		return -EINTR;
	rc = side_enter(h, me, w->mine, how);
	if (rc == MPT_RECOVERED)
		w->recovered = rc;
	return rc < 0 ? rc : 0;
}

int side_fail(struct member *me, struct blocking *how, int rc)
{
	uint64_t now = clock_now(&me->clock);

	emit(me, &(struct mpt_record){ .time = now,
				       .op = how->op,
				       .flags = MPT_REC_FAILED,
				       .object = how->object,
				       .value = (uint64_t)-rc,
				       .span = emit_unblock(me, how, now) });
	return rc;
}

uint64_t side_waited(struct member *me, struct side_wait *w, const struct blocking *how,
		     uint64_t now)
{
	uint64_t waited = emit_unblock(me, how, now);

	emit_waited(w->mine, waited);
	return waited;
}
