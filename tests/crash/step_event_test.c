/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_event_test.c - set, clear and wait of an event, killed after single instructions.
 *
 * The event is set or it is not, never half, and who waits is let go by whoever sets it,
 * also when that one dies before the wake.
 */
#include "tests/api/step.h"

#define COARSE (SANITIZED ? 499 : 31)

struct world {
	struct mpt_event *event;
	pid_t sleeper;
	struct moment commit;
};

static struct world *event_world(const char *name)
{
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_event_create(&w->event, name, 0), 0);
	w->commit = (struct moment)NOT_YET;
	return w;
}

/* Whatever happened to it, it works. */
static void assert_works(struct world *w)
{
	assert_int_equal(mpt_event_clear(w->event), 0);
	assert_int_equal(mpt_event_wait(w->event, 0), -EAGAIN);
	assert_int_equal(mpt_event_set(w->event), 0);
	assert_int_equal(mpt_event_wait(w->event, 0), 0);
}

static void waits(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_event_wait(w->event, GUARD_NS) == 0);
}

static void sets(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_event_set(w->event) == 0);
}

static void clears(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_event_clear(w->event) == 0);
}

static void prepares_a_sleeper(void *arg)
{
	struct world *w = arg;

	assert_int_equal(mpt_event_clear(w->event), 0);
	w->sleeper = child(waits, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_EVENT_WAIT));
}

/* Killed between the store and the wake, the sleeper's own slice ends it. */
static void judges_set(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool set = mpt_event_is_set(w->event) == 1;

	seen(&w->commit, k, set);
	assert_true(set || !finished);
	if (!set)
		assert_int_equal(mpt_event_set(w->event), 0);
	assert_ends_well(w->sleeper);
	assert_works(w);
}

static void a_set_killed_anywhere_has_set_it_or_not(void **state)
{
	struct stepped set = { "set, a waiter asleep", prepares_a_sleeper, sets, judges_set };
	struct world *w = event_world("set");

	(void)state;
	assert_true(step_through(&set, w, &w->commit) > 5);
	mpt_event_destroy(w->event);
}

static void prepares_it_set(void *arg)
{
	struct world *w = arg;

	assert_int_equal(mpt_event_set(w->event), 0);
}

static void judges_clear(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool clear = mpt_event_is_set(w->event) == 0;

	seen(&w->commit, k, clear);
	assert_true(clear || !finished);
	assert_works(w);
}

static void a_clear_killed_anywhere_has_cleared_it_or_not(void **state)
{
	struct stepped clear = { "clear", prepares_it_set, clears, judges_clear };
	struct world *w = event_world("clear");

	(void)state;
	assert_true(step_range(&clear, w, 0, TO_THE_END, COARSE / 2) > 10);
	assert_one_moment(&w->commit);
	mpt_event_destroy(w->event);
}

static void judges_wait(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	(void)k;
	(void)finished;
	assert_int_equal(mpt_event_is_set(w->event), 1);
	assert_works(w);
}

static void a_wait_killed_anywhere_changes_nothing(void **state)
{
	struct stepped wait = { "wait", prepares_it_set, waits, judges_wait };
	struct world *w = event_world("wait");

	(void)state;
	assert_true(step_range(&wait, w, 0, TO_THE_END, COARSE / 2) > 10);
	mpt_event_destroy(w->event);
}

static void gives_up_at_once(void *arg)
{
	struct world *w = arg;
	int rc = mpt_event_wait(w->event, MPT_MS(1));

	child_claims(rc == -ETIMEDOUT);
}

static void prepares_it_clear(void *arg)
{
	struct world *w = arg;

	assert_int_equal(mpt_event_clear(w->event), 0);
}

/* The dead one is among the waiters that a set is to wake. */
static void judges_giving_up(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	(void)k;
	(void)finished;
	assert_int_equal(mpt_event_is_set(w->event), 0);
	assert_works(w);
}

static void a_wait_killed_anywhere_while_it_sleeps_holds_nobody_up(void **state)
{
	struct stepped wait = { "wait, in vain", prepares_it_clear, gives_up_at_once,
				judges_giving_up };
	struct world *w = event_world("in vain");

	(void)state;
	assert_true(step_range(&wait, w, 0, TO_THE_END, COARSE) > 5);
	mpt_event_destroy(w->event);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_set_killed_anywhere_has_set_it_or_not),
		api_test(a_clear_killed_anywhere_has_cleared_it_or_not),
		api_test(a_wait_killed_anywhere_changes_nothing),
		api_test(a_wait_killed_anywhere_while_it_sleeps_holds_nobody_up),
	};

	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
