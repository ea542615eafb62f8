/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_lock_test.c - acquire and release of a lock, killed after single instructions.
 */
#include "tests/api/step.h"

/* Strides: a step costs 10 to 40 us, so not every test can stop at every one. */
#define FINE (SANITIZED ? 211 : 13)
#define COARSE (SANITIZED ? 293 : 37)
#define COARSEST (SANITIZED ? 1999 : 293)
#define STEP_WORTH (SANITIZED ? 10u : 1u) /* instructions of ours for one of the plain program */

struct world {
	struct mpt_lock *lock;
	const struct mpt_wire_object *object;
	pid_t sleeper;
	uint64_t recovered_before;
	struct moment commit;
	uint32_t held_word; /* while it is ours */
};

static void end_world(struct world *w)
{
	mpt_lock_destroy(w->lock);
}

static struct world *lock_world(const char *name)
{
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_lock_create(&w->lock, name, 0), 0);
	w->object = segment_object(name);
	w->commit = (struct moment)NOT_YET;
	assert_int_equal(mpt_lock_acquire(w->lock, 0), 0);
	assert_int_equal(mpt_lock_release(w->lock), 0);
	return w;
}

static void acts_acquire(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_lock_acquire(w->lock, MPT_FOREVER) >= 0);
}

/* RECOVERED exactly when the dead one held it. */
static void judges_acquire(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	int held = mpt_lock_locked(w->lock);

	seen(&w->commit, k, held);
	assert_true(held || !finished);
	assert_int_equal(mpt_lock_acquire(w->lock, GUARD_NS), held);
	assert_int_equal(mpt_lock_release(w->lock), 0);
	assert_int_equal(mpt_lock_acquire(w->lock, 0), 0);
	assert_int_equal(mpt_lock_release(w->lock), 0);
}

static void an_acquire_killed_anywhere_holds_the_lock_or_does_not(void **state)
{
	struct stepped acquire = { "acquire", NULL, acts_acquire, judges_acquire };
	struct world *w = lock_world("acquire");
	uint64_t kills = step_through(&acquire, w, &w->commit);

	(void)state;
	assert_true(kills > 10);
	assert_true(w->object->recovered > 2 && w->object->recovered < kills + 1);
	end_world(w);
}

static void acts_acquire_or_is_told(void *arg)
{
	struct world *w = arg;
	int rc = mpt_lock_acquire(w->lock, 0);

	child_claims(rc == 0 || rc == -ESHUTDOWN);
}

static void acts_acquire_and_release(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_lock_acquire(w->lock, MPT_FOREVER) >= 0);
	child_claims(mpt_lock_release(w->lock) == 0);
}

static void judges_pair(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	int held = mpt_lock_locked(w->lock);

	(void)k;
	assert_false(held && finished);
	assert_int_equal(mpt_lock_acquire(w->lock, GUARD_NS), held);
	assert_int_equal(mpt_lock_release(w->lock), 0);
}

static void a_pair_killed_anywhere_leaves_the_lock_usable(void **state)
{
	struct stepped pair = { "acquire and release", NULL, acts_acquire_and_release, judges_pair };
	struct world *w = lock_world("pair");

	(void)state;
	assert_true(step_range(&pair, w, 0, TO_THE_END, FINE) > 20);
	end_world(w);
}

static void prepares_dead_holder(void *arg)
{
	struct world *w = arg;

	assert_ends_well(child(acts_acquire, w));
	assert_int_equal(mpt_lock_locked(w->lock), 1);
	w->recovered_before = w->object->recovered;
}

/* Whoever of the two held it last: the survivor is told. */
static void judges_second_holder(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	int held = mpt_lock_locked(w->lock);

	(void)k;
	assert_true(held == 1 || finished);
	assert_int_equal(mpt_lock_acquire(w->lock, GUARD_NS), MPT_RECOVERED);
	assert_true(w->object->recovered - w->recovered_before <= 2);
	assert_int_equal(mpt_lock_release(w->lock), 0);
}

static void a_second_death_while_taking_over_a_lock_is_told_too(void **state)
{
	struct stepped again = { "acquire from a dead holder", prepares_dead_holder, acts_acquire,
				 judges_second_holder };
	struct world *w = lock_world("second holder");

	(void)state;
	assert_true(step_range(&again, w, 0, TO_THE_END, COARSEST / 4) > 10);
	end_world(w);
}

static void sleeps_in_acquire(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_lock_acquire(w->lock, MPT_FOREVER) >= 0);
	child_claims(mpt_lock_release(w->lock) == 0);
}

static void prepares_sleeping_acquirer(void *arg)
{
	struct world *w = arg;

	assert_int_equal(mpt_lock_acquire(w->lock, 0), 0);
	w->held_word = w->object->take.lock;
	w->sleeper = child(sleeps_in_acquire, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_LOCK_ACQUIRE));
}

static void acts_release(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_lock_release(w->lock) == 0);
}

/* Killed between freeing the word and the wake, the sleeper's own slice ends it. */
static void judges_release(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool ours = (w->object->take.lock & ~MPT_LOCK_WAITERS) == w->held_word;

	seen(&w->commit, k, !ours);
	assert_false(ours && finished);
	if (ours)
		assert_int_equal(mpt_lock_release(w->lock), 0);
	assert_ends_well(w->sleeper);
	assert_int_equal(mpt_lock_acquire(w->lock, 0), 0);
	assert_int_equal(mpt_lock_release(w->lock), 0);
}

static void a_release_killed_anywhere_does_not_leave_a_waiter_asleep(void **state)
{
	struct stepped release = { "release, a waiter asleep", prepares_sleeping_acquirer,
				   acts_release, judges_release };
	struct world *w = lock_world("release");

	(void)state;
	assert_true(step_range(&release, w, 0, TO_THE_END, COARSE) > 5);
	assert_one_moment(&w->commit);
	end_world(w);
}

/* ---- the end of the lock ------------------------------------------------------------------ */

/* Inside acquire when the lock is destroyed, killed later on: may hold the word of a lock
 * that is no more.  Its slot must be used again. */
static void die_in_a_destroyed_lock(struct world *w, uint64_t before, uint64_t after)
{
	pid_t pid;

	assert_int_equal(mpt_lock_create(&w->lock, NULL, 0), 0);
	pid = victim(acts_acquire_or_is_told, w, true);
	assert_true(step(pid, before));
	mpt_lock_destroy(w->lock);
	if (step(pid, after))
		kill_child(pid);
}

static void a_death_inside_acquire_of_a_destroyed_lock_costs_no_slot(void **state)
{
	const uint32_t *used = &segment()->section[MPT_SEC_OBJECTS].used, before = *used;
	struct stepped acquire = { "acquire", NULL, acts_acquire, judges_acquire };
	struct world *w = lock_world("found first");
	uint64_t word_is_taken;

	(void)state;
	step_through(&acquire, w, &w->commit);
	word_is_taken = w->commit.first;
	end_world(w);
	for (uint64_t early = 1; early <= 12 * STEP_WORTH; early += STEP_WORTH)
		for (uint64_t late = 1; late <= 12 * STEP_WORTH; late += STEP_WORTH)
			die_in_a_destroyed_lock(w, word_is_taken - early, early + late);
	assert_true(*used <= before + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(an_acquire_killed_anywhere_holds_the_lock_or_does_not),
		api_test(a_pair_killed_anywhere_leaves_the_lock_usable),
		api_test(a_release_killed_anywhere_does_not_leave_a_waiter_asleep),
		api_test(a_second_death_while_taking_over_a_lock_is_told_too),
		api_test(a_death_inside_acquire_of_a_destroyed_lock_costs_no_slot),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
