/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_barrier_test.c - waiting at a barrier, breaking and resetting it, killed after single
 * instructions.
 *
 * All of a generation pass or none; nobody passes together with a dead one that had not yet
 * passed, and nobody waits for one.
 */
#include "tests/api/step.h"

#define COARSE (SANITIZED ? 1499 : 71)

struct world {
	struct mpt_barrier *barrier;
	pid_t sleeper;
	int told;	 /* what the sleeper's wait returned */
	uint32_t returned;
};

static struct world *barrier_world(const char *name)
{
	struct mpt_barrier_options options = { .name = name, .parties = 2 };
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_barrier_create(&w->barrier, &options), 0);
	return w;
}

static void waits(void *arg)
{
	struct world *w = arg;

	w->told = mpt_barrier_wait(w->barrier, GUARD_NS);
	reach(&w->returned);
}

static void waits_as_victim(void *arg)
{
	struct world *w = arg;
	int rc = mpt_barrier_wait(w->barrier, GUARD_NS);

	child_claims(rc == 0 || rc == 1);
}

static void comes_in_vain(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_barrier_wait(w->barrier, 0) == -EAGAIN);
}

static void aborts(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_barrier_abort(w->barrier) == 0);
}

static void resets(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_barrier_reset(w->barrier) == 0);
}

static void begin_sleeper(struct world *w)
{
	w->returned = 0;
	w->sleeper = child(waits, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_BARRIER_WAIT) || reached(&w->returned));
}

static void prepares_a_sleeper(void *arg)
{
	struct world *w = arg;

	assert_int_equal(mpt_barrier_reset(w->barrier), 0);
	begin_sleeper(w);
	assert_int_equal(mpt_barrier_waiting(w->barrier), 1);
}

/* Made whole, it lets two pass, each with its number. */
static void assert_works(struct world *w)
{
	int mine;

	assert_int_equal(mpt_barrier_reset(w->barrier), 0);
	assert_int_equal(mpt_barrier_broken(w->barrier), 0);
	begin_sleeper(w);
	mine = mpt_barrier_wait(w->barrier, GUARD_NS);
	assert_ends_well(w->sleeper);
	assert_true(mine == 0 || mine == 1);
	assert_int_equal(mine + w->told, 1);
}

/* The last to come is killed: the other one passed, or the barrier is broken; dead before it
 * came, it was never there. */
static void judges_last(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	(void)k;
	if (!finished && mpt_barrier_waiting(w->barrier) == 1 && !mpt_barrier_broken(w->barrier) &&
	    !reached(&w->returned))
		assert_int_equal(mpt_barrier_abort(w->barrier), 0);
	assert_ends_well(w->sleeper);
	assert_true(w->told == 0 || w->told == 1 || w->told == -ECANCELED);
	assert_true(w->told >= 0 || !finished);
	assert_works(w);
}

static void the_last_to_come_killed_anywhere_lets_the_other_pass_or_breaks_it(void **state)
{
	struct stepped last = { "wait, as the last", prepares_a_sleeper, waits_as_victim,
				judges_last };
	struct world *w = barrier_world("last");

	(void)state;
	assert_true(step_range(&last, w, 0, TO_THE_END, COARSE) > 8);
	mpt_barrier_destroy(w->barrier);
}

static void prepares_it_empty(void *arg)
{
	struct world *w = arg;

	assert_int_equal(mpt_barrier_reset(w->barrier), 0);
}

/* The first to come is killed: whoever comes then is told at once, or waits alone. */
static void judges_first(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool broken = mpt_barrier_broken(w->barrier) == 1;
	bool came = mpt_barrier_waiting(w->barrier) == 1;

	(void)k;
	assert_true(broken || !finished);
	assert_int_equal(mpt_barrier_wait(w->barrier, 0), broken || came ? -ECANCELED : -EAGAIN);
	assert_works(w);
}

static void the_first_to_come_killed_anywhere_is_not_waited_for(void **state)
{
	struct stepped first = { "wait, as the first", prepares_it_empty, comes_in_vain,
				 judges_first };
	struct world *w = barrier_world("first");

	(void)state;
	assert_true(step_range(&first, w, 0, TO_THE_END, COARSE) > 8);
	mpt_barrier_destroy(w->barrier);
}

/* Who waits is sent away, by the dead one or by us. */
static void judges_sending_away(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool waits_still = mpt_barrier_waiting(w->barrier) == 1 && !mpt_barrier_broken(w->barrier);

	(void)k;
	assert_false(waits_still && finished && !reached(&w->returned));
	if (waits_still)
		assert_int_equal(mpt_barrier_abort(w->barrier), 0);
	assert_ends_well(w->sleeper);
	assert_int_equal(w->told, -ECANCELED);
	assert_works(w);
}

static void an_abort_killed_anywhere_has_broken_it_or_not(void **state)
{
	struct stepped abort = { "abort, one waits", prepares_a_sleeper, aborts,
				 judges_sending_away };
	struct world *w = barrier_world("abort");

	(void)state;
	assert_true(step_range(&abort, w, 0, TO_THE_END, COARSE) > 4);
	mpt_barrier_destroy(w->barrier);
}

static void a_reset_killed_anywhere_has_emptied_it_or_not(void **state)
{
	struct stepped reset = { "reset, one waits", prepares_a_sleeper, resets,
				 judges_sending_away };
	struct world *w = barrier_world("reset");

	(void)state;
	assert_true(step_range(&reset, w, 0, TO_THE_END, COARSE) > 4);
	mpt_barrier_destroy(w->barrier);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(the_last_to_come_killed_anywhere_lets_the_other_pass_or_breaks_it),
		api_test(the_first_to_come_killed_anywhere_is_not_waited_for),
		api_test(an_abort_killed_anywhere_has_broken_it_or_not),
		api_test(a_reset_killed_anywhere_has_emptied_it_or_not),
	};

	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
