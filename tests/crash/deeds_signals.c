/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_signals.c - Event and Barrier; see deeds.h. */
#include "tests/crash/deeds.h"

/* ---- Event -------------------------------------------------------------- */

static struct mpt_event *event;

static void make_event(void)
{
	assert_int_equal(mpt_event_create(&event, "storm event", 0), 0);
}

static void use_event(struct account *a, unsigned int *seed)
{
	int rc;

	a->begun++;
	switch (rand_r(seed) % 3) {
	case 0:
		child_claims(mpt_event_set(event) == 0);
		break;
	case 1:
		child_claims(mpt_event_clear(event) == 0);
		break;
	default:
		rc = mpt_event_wait(event, PATIENCE_NS);
		child_claims(rc == 0 || rc == -ETIMEDOUT);
	}
	a->done++;
}

static void judge_event(const struct account *sum)
{
	(void)sum;
	assert_int_equal(mpt_event_clear(event), 0);
	assert_int_equal(mpt_event_wait(event, 0), -EAGAIN);
	assert_int_equal(mpt_event_set(event), 0);
	assert_int_equal(mpt_event_wait(event, 0), 0);
	mpt_event_destroy(event);
}

const struct deed deed_event = { "Event", make_event, use_event, judge_event };

/* ---- Barrier ------------------------------------------------------------ */

static struct mpt_barrier *barrier;

static void make_barrier(void)
{
	struct mpt_barrier_options options = { .name = "storm barrier", .parties = 2 };

	assert_int_equal(mpt_barrier_create(&barrier, &options), 0);
}

/* Who gives up, or dies, breaks it; whoever finds it broken mends it. */
static void use_barrier(struct account *a, unsigned int *seed)
{
	int rc;

	(void)seed;
	a->begun++;
	rc = mpt_barrier_wait(barrier, PATIENCE_NS);
	child_claims(rc == 0 || rc == 1 || rc == -ETIMEDOUT || rc == -ECANCELED);
	if (rc < 0)
		child_claims(mpt_barrier_reset(barrier) == 0);
	a->done++;
}

static void comes(void *number)
{
	*(int *)number = mpt_barrier_wait(barrier, GUARD_NS);
}

static void judge_barrier(const struct account *sum)
{
	int *theirs = shared(sizeof(*theirs)), mine;
	pid_t pid;

	(void)sum;
	assert_int_equal(mpt_barrier_reset(barrier), 0);
	pid = child(comes, theirs);
	mine = mpt_barrier_wait(barrier, GUARD_NS);
	assert_ends_well(pid);
	assert_true((mine == 0 && *theirs == 1) || (mine == 1 && *theirs == 0));
	mpt_barrier_destroy(barrier);
}

const struct deed deed_barrier = { "Barrier", make_barrier, use_barrier, judge_barrier };
