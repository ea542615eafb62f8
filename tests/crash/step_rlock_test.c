/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_rlock_test.c - an RLock taken twice and released twice, killed after single
 * instructions: whoever comes next has it at depth 1, and is told when the dead one held it.
 */
#include "tests/api/step.h"

#define STRIDE (SANITIZED ? 499 : 17)
#define COARSE (SANITIZED ? 1999 : 149)

struct world {
	struct mpt_rlock *lock;
};

static struct world *rlock_world(const char *name)
{
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_rlock_create(&w->lock, name, 0), 0);
	return w;
}

static void nests(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_rlock_acquire(w->lock, MPT_FOREVER) >= 0);
	child_claims(mpt_rlock_acquire(w->lock, MPT_FOREVER) == 0);
	child_claims(mpt_rlock_depth(w->lock) == 2);
	child_claims(mpt_rlock_release(w->lock) == 0);
	child_claims(mpt_rlock_release(w->lock) == 0);
}

static void keeps_it_twice(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_rlock_acquire(w->lock, MPT_FOREVER) >= 0);
	child_claims(mpt_rlock_acquire(w->lock, MPT_FOREVER) == 0);
}

/* Never deeper than its own calls make it. */
static void assert_taken_over(struct world *w, int told)
{
	assert_int_equal(mpt_rlock_acquire(w->lock, GUARD_NS), told);
	assert_int_equal(mpt_rlock_depth(w->lock), 1);
	assert_int_equal(mpt_rlock_acquire(w->lock, 0), 0);
	assert_int_equal(mpt_rlock_depth(w->lock), 2);
	assert_int_equal(mpt_rlock_release(w->lock), 0);
	assert_int_equal(mpt_rlock_release(w->lock), 0);
	assert_int_equal(mpt_rlock_release(w->lock), -EPERM);
	assert_int_equal(mpt_rlock_locked(w->lock), 0);
}

static void judges_nesting(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	int held = mpt_rlock_locked(w->lock);

	(void)k;
	assert_false(held && finished);
	assert_taken_over(w, held ? MPT_RECOVERED : 0);
}

static void nested_calls_killed_anywhere_leave_a_lock_of_depth_0_to_all(void **state)
{
	struct stepped nested = { "acquire, acquire, release, release", NULL, nests,
				  judges_nesting };
	struct world *w = rlock_world("nested");

	(void)state;
	assert_true(step_range(&nested, w, 0, TO_THE_END, STRIDE) > 20);
	mpt_rlock_destroy(w->lock);
}

static void prepares_a_dead_holder(void *arg)
{
	struct world *w = arg;

	assert_ends_well(child(keeps_it_twice, w));
	assert_int_equal(mpt_rlock_locked(w->lock), 1);
}

static void judges_second_death(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	(void)k;
	(void)finished;
	assert_int_equal(mpt_rlock_locked(w->lock), 1);
	assert_taken_over(w, MPT_RECOVERED);
}

static void a_second_death_while_taking_it_over_is_told_too(void **state)
{
	struct stepped again = { "acquire from a dead holder", prepares_a_dead_holder,
				 keeps_it_twice, judges_second_death };
	struct world *w = rlock_world("again");

	(void)state;
	assert_true(step_range(&again, w, 0, TO_THE_END, COARSE) > 10);
	mpt_rlock_destroy(w->lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(nested_calls_killed_anywhere_leave_a_lock_of_depth_0_to_all),
		api_test(a_second_death_while_taking_it_over_is_told_too),
	};

	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
