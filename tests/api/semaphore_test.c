/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * semaphore_test.c - Semaphore and BoundedSemaphore, behaviours 78 to 82 and the row
 * "Semaphore(1): holder killed" of the table of one-kill experiments; read from the
 * top, it is a tutorial.
 */
#include "tests/api/support.h"

static struct mpt_semaphore *new_semaphore(uint32_t value, bool bounded)
{
	struct mpt_semaphore_options options = { .value = value, .bounded = bounded };
	struct mpt_semaphore *s;

	assert_int_equal(mpt_semaphore_create(&s, &options), 0);
	assert_non_null(s);
	return s;
}

/* ---- counting ---------------------------------------------------------------------- */

static void b78_acquire_counts_down_to_0_and_release_up_again(void **state)
{
	struct mpt_semaphore *s = new_semaphore(2, false);

	(void)state;
	assert_int_equal(mpt_semaphore_value(s), 2);
	assert_int_equal(mpt_semaphore_acquire(s, MPT_FOREVER), 0);
	assert_int_equal(mpt_semaphore_value(s), 1);
	assert_int_equal(mpt_semaphore_acquire(s, 0), 0);
	assert_int_equal(mpt_semaphore_value(s), 0);
	assert_int_equal(mpt_semaphore_acquire(s, 0), -EAGAIN);
	assert_int_equal(mpt_semaphore_value(s), 0);
	assert_int_equal(mpt_semaphore_release(s), 0);
	assert_int_equal(mpt_semaphore_value(s), 1);
	assert_int_equal(mpt_semaphore_release(s), 0);
	assert_int_equal(mpt_semaphore_value(s), 2);
	mpt_semaphore_destroy(s);
}

static void b79_a_semaphore_may_have_more_than_at_first(void **state)
{
	struct mpt_semaphore *s = new_semaphore(2, false);

	(void)state;
	assert_int_equal(mpt_semaphore_release(s), 0);
	assert_int_equal(mpt_semaphore_value(s), 3);
	assert_int_equal(mpt_semaphore_release(s), 0);
	assert_int_equal(mpt_semaphore_value(s), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(mpt_semaphore_acquire(s, 0), 0);
	assert_int_equal(mpt_semaphore_acquire(s, 0), -EAGAIN);
	mpt_semaphore_destroy(s);
}

static void b80_a_bounded_semaphore_refuses_more_than_at_first(void **state)
{
	struct mpt_semaphore *s = new_semaphore(2, true);

	(void)state;
	assert_int_equal(mpt_semaphore_release(s), -ERANGE);
	assert_int_equal(mpt_semaphore_value(s), 2);
	assert_int_equal(mpt_semaphore_acquire(s, 0), 0);
	assert_int_equal(mpt_semaphore_release(s), 0);
	assert_int_equal(mpt_semaphore_release(s), -ERANGE);
	assert_int_equal(mpt_semaphore_value(s), 2);
	mpt_semaphore_destroy(s);
}

static void b82_over_the_largest_value_nothing_wraps(void **state)
{
	struct mpt_semaphore *s = new_semaphore(MPT_SEMAPHORE_MAX, false);
	struct mpt_semaphore_options too_many = { .value = MPT_SEMAPHORE_MAX + 1u };
	struct mpt_semaphore *none;

	(void)state;
	assert_int_equal(mpt_semaphore_release(s), -EOVERFLOW);
	assert_int_equal(mpt_semaphore_value(s), MPT_SEMAPHORE_MAX);
	assert_int_equal(mpt_semaphore_acquire(s, 0), 0);
	assert_int_equal(mpt_semaphore_value(s), MPT_SEMAPHORE_MAX - 1);
	assert_int_equal(mpt_semaphore_create(&none, &too_many), -EINVAL);
	assert_null(none);
	mpt_semaphore_destroy(s);
}

static void one_unit_is_what_one_gets_without_options(void **state)
{
	struct mpt_semaphore *s;

	(void)state;
	assert_int_equal(mpt_semaphore_create(&s, NULL), 0);
	assert_int_equal(mpt_semaphore_value(s), 1);
	assert_int_equal(mpt_semaphore_create(NULL, NULL), -EINVAL);
	mpt_semaphore_destroy(s);
	mpt_semaphore_destroy(NULL);
}

/* ---- waiting ------------------------------------------------------------------------- */

static void b81_a_timed_acquire_fails_after_about_t(void **state)
{
	struct mpt_semaphore *s = new_semaphore(0, false);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_semaphore_acquire(s, 0), -EAGAIN);
	assert_int_equal(mpt_semaphore_acquire(s, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	mpt_semaphore_destroy(s);
}

static void acquires(void *s)
{
	child_claims(mpt_semaphore_acquire(s, GUARD_NS) == 0);
}

static void each_release_lets_one_waiter_go(void **state)
{
	struct mpt_semaphore *s = new_semaphore(0, false);
	pid_t pid[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		pid[i] = child(acquires, s);
		assert_eventually(is_blocked_in(pid[i], MPT_OP_SEMAPHORE_ACQUIRE));
	}
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_semaphore_release(s), 0);
	for (int i = 0; i < 3; i++)
		assert_ends_well(pid[i]);
	assert_int_equal(mpt_semaphore_value(s), 0);
	mpt_semaphore_destroy(s);
}

struct crowd {
	struct mpt_semaphore *s;
	uint32_t inside, most;
};

static void goes_in_and_out(void *arg)
{
	struct crowd *c = arg;

	for (int i = 0; i < 200; i++) {
		MPT_WITH_SEMAPHORE (c->s) {
			uint32_t n = __atomic_add_fetch(&c->inside, 1, __ATOMIC_SEQ_CST);

			child_claims(n <= 2);
			if (n > __atomic_load_n(&c->most, __ATOMIC_SEQ_CST))
				__atomic_store_n(&c->most, n, __ATOMIC_SEQ_CST);
			sched_yield();
			__atomic_sub_fetch(&c->inside, 1, __ATOMIC_SEQ_CST);
		}
	}
}

static void of_six_processes_two_are_inside_at_most(void **state)
{
	struct crowd *c = shared(sizeof(*c));
	pid_t pid[6];

	(void)state;
	c->s = new_semaphore(2, true);
	for (int i = 0; i < 6; i++)
		pid[i] = child(goes_in_and_out, c);
	for (int i = 0; i < 6; i++)
		assert_ends_well(pid[i]);
	assert_int_equal(c->most, 2);
	assert_int_equal(mpt_semaphore_value(c->s), 2);
	mpt_semaphore_destroy(c->s);
}

/* ---- whose units ----------------------------------------------------------------------- */

static void *releases_in_thread(void *s)
{
	return (void *)(intptr_t)mpt_semaphore_release(s);
}

static void anyone_may_release(void **state)
{
	struct mpt_semaphore *s = new_semaphore(1, true);
	void *result;

	(void)state;
	assert_int_equal(mpt_semaphore_acquire(s, 0), 0);
	assert_int_equal(pthread_join(thread(releases_in_thread, s), &result), 0);
	assert_int_equal((intptr_t)result, 0);
	assert_int_equal(mpt_semaphore_value(s), 1);
	mpt_semaphore_destroy(s);
}

/* ---- deaths ------------------------------------------------------------------------------ */

struct scene {
	struct mpt_semaphore *s;
	uint32_t units; /* to take */
	uint32_t ready;
};

static struct scene *new_scene(uint32_t value)
{
	struct scene *scene = shared(sizeof(*scene));

	scene->s = new_semaphore(value, false);
	scene->units = value;
	return scene;
}

static void takes_and_lives(void *arg)
{
	struct scene *scene = arg;

	for (uint32_t i = 0; i < scene->units; i++)
		child_claims(mpt_semaphore_acquire(scene->s, 0) == 0);
	reach(&scene->ready);
	for (;;)
		pause();
}

static void k_semaphore_holder_killed_and_its_unit_comes_back(void **state)
{
	struct scene *scene = new_scene(1);
	const struct mpt_wire_object *o;
	pid_t pid = child(takes_and_lives, scene);

	(void)state;
	assert_eventually(reached(&scene->ready));
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), -EAGAIN);
	kill_child(pid);
	assert_int_equal(mpt_semaphore_acquire(scene->s, GUARD_NS), MPT_RECOVERED);
	o = segment_object("semaphore-1");
	assert_int_equal(o->recovered, 1);
	assert_int_equal(o->recovered_pid, pid);
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), -EAGAIN);
	assert_int_equal(mpt_semaphore_release(scene->s), 0);
	assert_int_equal(mpt_semaphore_value(scene->s), 1);
	mpt_semaphore_destroy(scene->s);
}

static void all_the_units_of_the_dead_come_back_at_once(void **state)
{
	struct scene *scene = new_scene(5);
	pid_t pid = child(takes_and_lives, scene);

	(void)state;
	assert_eventually(reached(&scene->ready));
	kill_child(pid);
	/* Who only tries gets one, too. */
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), MPT_RECOVERED);
	assert_int_equal(mpt_semaphore_value(scene->s), 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(mpt_semaphore_acquire(scene->s, 0), 0);
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), -EAGAIN);
	mpt_semaphore_destroy(scene->s);
}

static void takes_one_gives_one(void *arg)
{
	struct scene *scene = arg;

	child_claims(mpt_semaphore_acquire(scene->s, 0) == 0);
	child_claims(mpt_semaphore_release(scene->s) == 0);
	reach(&scene->ready);
	for (;;)
		pause();
}

static void who_gave_back_before_it_died_owes_nothing(void **state)
{
	struct scene *scene = new_scene(1);
	pid_t pid = child(takes_one_gives_one, scene);

	(void)state;
	assert_eventually(reached(&scene->ready));
	kill_child(pid);
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), 0);
	assert_int_equal(mpt_semaphore_acquire(scene->s, MPT_MS(80)), -ETIMEDOUT);
	mpt_semaphore_destroy(scene->s);
}

/* A signal: the parent only releases, the child only acquires. */
static void of_a_signal_nothing_is_given_back(void **state)
{
	struct scene *scene = new_scene(0);
	pid_t pid;

	(void)state;
	scene->units = 3;
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_semaphore_release(scene->s), 0);
	pid = child(takes_and_lives, scene);
	assert_eventually(reached(&scene->ready));
	kill_child(pid);
	assert_int_equal(mpt_semaphore_acquire(scene->s, MPT_MS(80)), -ETIMEDOUT);
	assert_int_equal(mpt_semaphore_value(scene->s), 0);
	mpt_semaphore_destroy(scene->s);
}

/* What a living process has out stays out. */
static void units_of_the_living_are_not_given_away(void **state)
{
	struct scene *scene = new_scene(2), *other = shared(sizeof(*other));
	pid_t lives, dies;

	(void)state;
	scene->units = 1;
	*other = *scene;
	lives = child(takes_and_lives, scene);
	dies = child(takes_and_lives, other);
	assert_eventually(reached(&scene->ready) && reached(&other->ready));
	kill_child(dies);
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), MPT_RECOVERED);
	assert_int_equal(mpt_semaphore_acquire(scene->s, MPT_MS(80)), -ETIMEDOUT);
	kill_child(lives);
	assert_int_equal(mpt_semaphore_acquire(scene->s, GUARD_NS), MPT_RECOVERED);
	mpt_semaphore_destroy(scene->s);
}

/* Somebody released for who is dead now: nothing is missing. */
static void a_unit_released_by_another_is_not_given_back_twice(void **state)
{
	struct scene *scene = new_scene(1);
	pid_t pid = child(takes_and_lives, scene);

	(void)state;
	assert_eventually(reached(&scene->ready));
	assert_int_equal(mpt_semaphore_release(scene->s), 0);
	kill_child(pid);
	assert_int_equal(mpt_semaphore_acquire(scene->s, 0), 0);
	assert_int_equal(mpt_semaphore_acquire(scene->s, MPT_MS(80)), -ETIMEDOUT);
	mpt_semaphore_destroy(scene->s);
}

static void takes_one_and_dies(void *arg)
{
	struct scene *scene = arg;

	child_claims(mpt_semaphore_acquire(scene->s, GUARD_NS) >= 0);
	raise(SIGKILL);
}

static void hundreds_of_deaths_lose_and_make_no_unit(void **state)
{
	struct scene *scene = new_scene(3);
	int rc, recovered = 0;

	(void)state;
	for (int i = 0; i < (SANITIZED ? 60 : 300); i++)
		assert_int_equal(end_of(child(takes_one_and_dies, scene)), -SIGKILL);
	for (int i = 0; i < 3; i++) {
		rc = mpt_semaphore_acquire(scene->s, GUARD_NS);
		assert_true(rc >= 0);
		recovered += rc;
	}
	assert_true(recovered > 0);
	assert_int_equal(mpt_semaphore_acquire(scene->s, MPT_MS(80)), -ETIMEDOUT);
	mpt_semaphore_destroy(scene->s);
}

static void waits_for_ever(void *arg)
{
	struct scene *scene = arg;

	mpt_semaphore_acquire(scene->s, MPT_FOREVER);
}

static void a_killed_waiter_takes_nothing_with_it(void **state)
{
	struct scene *scene = new_scene(0);
	pid_t pid = child(waits_for_ever, scene);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_SEMAPHORE_ACQUIRE));
	kill_child(pid);
	assert_int_equal(mpt_semaphore_release(scene->s), 0);
	assert_int_equal(mpt_semaphore_acquire(scene->s, GUARD_NS), 0);
	mpt_semaphore_destroy(scene->s);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void is_told_of_the_end(void *s)
{
	child_claims(mpt_semaphore_acquire(s, MPT_FOREVER) == -ESHUTDOWN);
}

static void waiters_are_told_when_it_is_destroyed(void **state)
{
	struct mpt_semaphore *s = new_semaphore(0, false);
	pid_t pid = child(is_told_of_the_end, s);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_SEMAPHORE_ACQUIRE));
	mpt_semaphore_destroy(s);
	assert_ends_well(pid);
}

static void after_close_every_call_says_so(void **state)
{
	struct mpt_semaphore *s = new_semaphore(1, false);

	(void)state;
	assert_int_equal(mpt_semaphore_close(s), 0);
	assert_int_equal(mpt_semaphore_close(s), 0);
	assert_int_equal(mpt_semaphore_acquire(s, 0), -ESHUTDOWN);
	assert_int_equal(mpt_semaphore_release(s), -ESHUTDOWN);
	assert_int_equal(mpt_semaphore_value(s), -ESHUTDOWN);
	mpt_semaphore_destroy(s);
}

static void it_is_found_by_name_and_only_as_what_it_is(void **state)
{
	struct mpt_semaphore_options options = { .name = "slots", .value = 2 };
	struct mpt_semaphore *s, *same, *none;
	struct mpt_lock *lock;

	(void)state;
	assert_int_equal(mpt_semaphore_create(&s, &options), 0);
	assert_int_equal(mpt_semaphore_create(&none, &options), -EEXIST);
	assert_int_equal(mpt_semaphore_open(&same, "slots", 0), 0);
	assert_int_equal(mpt_semaphore_acquire(same, 0), 0);
	assert_int_equal(mpt_semaphore_value(s), 1);
	assert_int_equal(mpt_lock_open(&lock, "slots", 0), -EINVAL);
	assert_int_equal(mpt_semaphore_open(&none, "none", 0), -ENOENT);
	mpt_semaphore_destroy(same);
	mpt_semaphore_destroy(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(k_semaphore_holder_killed_and_its_unit_comes_back),
		api_test(b78_acquire_counts_down_to_0_and_release_up_again),
		api_test(b79_a_semaphore_may_have_more_than_at_first),
		api_test(b80_a_bounded_semaphore_refuses_more_than_at_first),
		api_test(b82_over_the_largest_value_nothing_wraps),
		api_test(one_unit_is_what_one_gets_without_options),
		api_test(b81_a_timed_acquire_fails_after_about_t),
		api_test(each_release_lets_one_waiter_go),
		api_test(of_six_processes_two_are_inside_at_most),
		api_test(anyone_may_release),
		api_test(all_the_units_of_the_dead_come_back_at_once),
		api_test(who_gave_back_before_it_died_owes_nothing),
		api_test(of_a_signal_nothing_is_given_back),
		api_test(units_of_the_living_are_not_given_away),
		api_test(a_unit_released_by_another_is_not_given_back_twice),
		api_test(hundreds_of_deaths_lose_and_make_no_unit),
		api_test(a_killed_waiter_takes_nothing_with_it),
		api_test(waiters_are_told_when_it_is_destroyed),
		api_test(after_close_every_call_says_so),
		api_test(it_is_found_by_name_and_only_as_what_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
