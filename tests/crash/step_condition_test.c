/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_condition_test.c - wait, notify and notify_all, killed after single instructions,
 * among living waiters: who was notified wakes by itself, who was not wakes by the next
 * notify, nobody twice.
 *
 * The states it walks through are those of docs/crash-safety.md.
 */
#include "tests/api/sleepers.h"
#include "tests/api/step.h"

/* Strides: each kill costs some living processes, and a slice or two of their sleep. */
#define FINE (SANITIZED ? 13 : 1)
#define AROUND (SANITIZED ? 130u : 8u)
#define COARSE (SANITIZED ? 499 : 71)
#define COARSEST (SANITIZED ? 999 : 173)

#define MOST 3

struct world {
	struct scene *scene;
	pid_t alive[MOST];
	uint32_t count; /* of the living */
	uint32_t n;	/* how many are to be notified */
	struct moment commit;
};

static struct world *new_world(uint32_t count, uint32_t n)
{
	struct world *w = shared(sizeof(*w));

	w->scene = new_scene(NULL);
	w->count = count;
	w->n = n;
	w->commit = (struct moment)NOT_YET;
	/* So that the dynamic linker has done its work before anybody is stepped. */
	assert_no_sleepers_and_no_tokens(w->scene);
	return w;
}

static void prepares_sleepers(void *arg)
{
	struct world *w = arg;

	w->scene->woke = 0;
	for (uint32_t i = 0; i < w->count; i++)
		w->alive[i] = sleeper(w->scene);
}

static void acquire_from_anybody(struct scene *s)
{
	int rc = mpt_condition_acquire(s->ready, GUARD_NS);

	assert_true(rc == 0 || rc == MPT_RECOVERED);
}

/* All of it coarsely, then every instruction where it was first seen to have committed.  The
 * way there is not always equally long (the kernel's clock may be read again). */
static void step_around_commit(const struct stepped *operation, struct world *w)
{
	uint64_t at;

	assert_true(step_range(operation, w, 0, TO_THE_END, COARSE) > 10);
	at = w->commit.first;
	assert_true(at != NEVER);
	step_range(operation, w, at > COARSE ? at - COARSE : 0, at, COARSE / 8);
	at = w->commit.first;
	step_range(operation, w, at > 2 * AROUND ? at - 2 * AROUND : 0, at + AROUND, FINE);
}

/* ---- notify -------------------------------------------------------------------------- */

static void acts_notify(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_condition_acquire(w->scene->ready, GUARD_NS) >= 0);
	child_claims(mpt_condition_notify(w->scene->ready, w->n) == (int)w->n);
	child_claims(mpt_condition_release(w->scene->ready) == 0);
}

static void acts_notify_all(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_condition_acquire(w->scene->ready, GUARD_NS) >= 0);
	child_claims(mpt_condition_notify_all(w->scene->ready) == (int)w->count);
	child_claims(mpt_condition_release(w->scene->ready) == 0);
}

/* Those it has notified wake without help, in the order in which they came; the others
 * by a notify. */
static uint32_t assert_all_wake(struct world *w)
{
	uint32_t left = seats_waited_in(w->scene->object), told = w->count - left;

	assert_true(left <= w->count);
	for (uint32_t i = 0; i < told; i++)
		assert_ends_well(w->alive[i]);
	assert_int_equal(w->scene->woke, told);
	assert_int_equal(seats_waited_in(w->scene->object), left);
	acquire_from_anybody(w->scene);
	assert_int_equal(mpt_condition_notify_all(w->scene->ready), left);
	release(w->scene);
	for (uint32_t i = told; i < w->count; i++)
		assert_ends_well(w->alive[i]);
	assert_int_equal(w->scene->woke, w->count);
	assert_no_sleepers_and_no_tokens(w->scene);
	return told;
}

static void judges_notify(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint32_t told = assert_all_wake(w);

	assert_true(finished ? told == w->n : told <= w->n);
	seen(&w->commit, k, told == w->n);
}

static void a_notify_killed_anywhere_has_notified_one_or_nobody(void **state)
{
	struct stepped notify_one = { "notify one of two", prepares_sleepers, acts_notify,
				      judges_notify };
	struct world *w = new_world(2, 1);

	(void)state;
	step_around_commit(&notify_one, w);
	end_scene(w->scene);
}

static void a_notify_of_two_killed_anywhere_has_notified_the_first_of_them(void **state)
{
	struct stepped notify_two = { "notify two of three", prepares_sleepers, acts_notify,
				      judges_notify };
	struct world *w = new_world(3, 2);

	(void)state;
	step_around_commit(&notify_two, w);
	end_scene(w->scene);
}

/* Those it has notified are not notified again, although they may be asleep still. */
static void judges_notify_all(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool told;

	acquire_from_anybody(w->scene);
	told = waiting(w->scene) == 0;
	assert_true(told || (!finished && waiting(w->scene) == (int)w->count));
	assert_int_equal(mpt_condition_notify(w->scene->ready, MOST), told ? 0 : w->count);
	release(w->scene);
	for (uint32_t i = 0; i < w->count; i++)
		assert_ends_well(w->alive[i]);
	assert_int_equal(w->scene->woke, w->count);
	assert_no_sleepers_and_no_tokens(w->scene);
	seen(&w->commit, k, told);
}

static void a_notify_all_killed_anywhere_has_notified_all_or_nobody(void **state)
{
	struct stepped all = { "notify_all of three", prepares_sleepers, acts_notify_all,
			       judges_notify_all };
	struct world *w = new_world(3, 3);

	(void)state;
	step_around_commit(&all, w);
	end_scene(w->scene);
}

/* ---- a second death -------------------------------------------------------------------- */

static void prepares_dead_and_living(void *arg)
{
	struct world *w = arg;
	pid_t dead = sleeper(w->scene);

	prepares_sleepers(w);
	kill_child(dead);
}

/* Whether the dead one is buried or not. */
static void judges_second_death(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint32_t left = seats_waited_in(w->scene->object), told;

	(void)k;
	acquire_from_anybody(w->scene);
	told = w->count - (uint32_t)waiting(w->scene);
	assert_true(finished ? told == 1 && left == w->count - 1 : told <= 1);
	assert_int_equal(mpt_condition_notify(w->scene->ready, MOST), w->count - told);
	release(w->scene);
	for (uint32_t i = 0; i < w->count; i++)
		assert_ends_well(w->alive[i]);
	assert_int_equal(w->scene->woke, w->count);
	assert_no_sleepers_and_no_tokens(w->scene);
}

static void a_notify_killed_while_it_passes_a_dead_one_by_harms_nobody(void **state)
{
	struct stepped notify_one = { "notify, the first is dead", prepares_dead_and_living,
				      acts_notify, judges_second_death };
	struct world *w = new_world(2, 1);

	(void)state;
	assert_true(step_range(&notify_one, w, 0, TO_THE_END, COARSEST) > 10);
	end_scene(w->scene);
}

/* ---- wait -------------------------------------------------------------------------------- */

static void acts_wait_in_vain(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_condition_acquire(w->scene->ready, GUARD_NS) >= 0);
	child_claims(mpt_condition_wait(w->scene->ready, MPT_MS(40)) == -ETIMEDOUT);
	child_claims(mpt_condition_release(w->scene->ready) == 0);
}

/* One came before the victim and one comes after its death: both are notified, one by one,
 * and nothing is left of the dead. */
static void judges_wait(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct scene *s = w->scene;
	bool had_lock;
	int rc;

	(void)k;
	rc = mpt_condition_acquire(s->ready, GUARD_NS);
	had_lock = rc == MPT_RECOVERED;
	assert_true(rc == 0 || (had_lock && !finished));
	assert_int_equal(waiting(s), 1);
	release(s);
	w->alive[1] = sleeper(s);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(notify(s, 1), 1);
		assert_ends_well(w->alive[i]);
	}
	assert_int_equal(s->woke, 2);
	assert_no_sleepers_and_no_tokens(s);
	assert_int_equal(seats_of_the_dead(s->object), 0);
}

static void a_wait_killed_anywhere_leaves_notifies_to_the_living(void **state)
{
	struct stepped wait = { "wait until the timeout", prepares_sleepers, acts_wait_in_vain,
				judges_wait };
	struct world *w = new_world(1, 1);

	(void)state;
	assert_true(step_range(&wait, w, 0, TO_THE_END, COARSE) > 10);
	end_scene(w->scene);
}

static void acts_wait_notified(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_condition_acquire(w->scene->ready, GUARD_NS) >= 0);
	child_claims(mpt_condition_wait(w->scene->ready, GUARD_NS) >= 0);
	child_claims(mpt_condition_release(w->scene->ready) == 0);
}

static void notifies_who_waits(void *arg)
{
	struct scene *s = arg;

	while (!reached(&s->done)) {
		int rc = mpt_condition_acquire(s->ready, GUARD_NS);

		child_claims(rc == 0 || rc == MPT_RECOVERED);
		child_claims(mpt_condition_notify(s->ready, 1) >= 0);
		child_claims(mpt_condition_release(s->ready) == 0);
		nap();
	}
}

/* It wakes and takes the lock again, by the notifies of a living one. */
static void prepares_notifier(void *arg)
{
	struct world *w = arg;

	w->scene->done = 0;
	w->alive[0] = child(notifies_who_waits, w->scene);
}

static void judges_woken(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct scene *s = w->scene;
	pid_t pid;

	(void)k, (void)finished;
	reach(&s->done);
	assert_ends_well(w->alive[0]);
	acquire_from_anybody(s);
	release(s);
	s->woke = 0;
	pid = sleeper(s);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(pid);
	assert_int_equal(s->woke, 1);
	assert_no_sleepers_and_no_tokens(s);
}

static void a_wait_killed_anywhere_after_its_notify_holds_nobody_up(void **state)
{
	struct stepped wait = { "wait until notified", prepares_notifier, acts_wait_notified,
				judges_woken };
	struct world *w = new_world(0, 1);

	(void)state;
	assert_true(step_range(&wait, w, 0, TO_THE_END, COARSE) > 10);
	end_scene(w->scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_notify_killed_anywhere_has_notified_one_or_nobody),
		api_test(a_notify_of_two_killed_anywhere_has_notified_the_first_of_them),
		api_test(a_notify_all_killed_anywhere_has_notified_all_or_nobody),
		api_test(a_notify_killed_while_it_passes_a_dead_one_by_harms_nobody),
		api_test(a_wait_killed_anywhere_leaves_notifies_to_the_living),
		api_test(a_wait_killed_anywhere_after_its_notify_holds_nobody_up),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
