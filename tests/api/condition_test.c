/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * condition_test.c - Condition, behaviours 83 to 91; read from the top, it is a tutorial.
 *
 * Does not own: deaths and ends (condition_death_test.c), single instructions
 * (step_condition_test.c).  Behaviour 91 ends each test: end_scene.
 */
#include "tests/api/sleepers.h"

/* ---- the lock that goes with it ------------------------------------------------------ */

static void *refused_in_thread(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_wait(s->ready, 0) == -EPERM);
	child_claims(mpt_condition_notify(s->ready, 1) == -EPERM);
	child_claims(mpt_condition_notify_all(s->ready) == -EPERM);
	return NULL;
}

static bool is_open(void *arg)
{
	struct scene *s = arg;

	__atomic_fetch_add(&s->asked, 1, __ATOMIC_SEQ_CST);
	return s->open;
}

static void refused(void *arg)
{
	struct scene *s = arg;

	refused_in_thread(arg);
	child_claims(mpt_condition_wait_for(s->ready, is_open, s, GUARD_NS) == -EPERM);
	child_claims(mpt_condition_release(s->ready) == -EPERM);
}

static void b83_waiting_and_notifying_need_the_lock(void **state)
{
	struct scene *s = new_scene(NULL);

	(void)state;
	refused(s);
	/* Held by another thread, or by the parent: that is not held. */
	acquire(s);
	join_thread(thread(refused_in_thread, s));
	assert_ends_well(child(refused, s));
	assert_int_equal(s->asked, 0);
	release(s);
	end_scene(s);
}

static void b83_a_lock_or_rlock_may_be_given_and_its_handle_freed(void **state)
{
	struct mpt_condition_options options = { 0 };
	struct mpt_lock *plain, *other;
	struct scene *s;

	(void)state;
	assert_int_equal(mpt_lock_create(&plain, "plain", 0), 0);
	assert_int_equal(mpt_lock_open(&other, "plain", 0), 0);
	options.lock = other;
	s = new_scene(&options);
	mpt_lock_destroy(other);
	/* It is the same lock, by whichever handle. */
	s->lock = plain;
	assert_int_equal(mpt_lock_acquire(plain, 0), 0);
	assert_int_equal(mpt_condition_notify(s->ready, 1), 0);
	assert_int_equal(mpt_condition_acquire(s->ready, 0), -EAGAIN);
	assert_int_equal(mpt_condition_release(s->ready), 0);
	assert_int_equal(mpt_lock_locked(plain), 0);
	end_scene(s);

	options.lock = NULL;
	assert_int_equal(mpt_rlock_create(&options.rlock, "again", 0), 0);
	s = new_scene(&options);
	acquire(s);
	acquire(s);
	assert_int_equal(mpt_rlock_depth(options.rlock), 2);
	release(s);
	assert_int_equal(mpt_rlock_release(options.rlock), 0);
	end_scene(s);
}

/* ---- one, some, all -------------------------------------------------------------------- */

static void b84_notify_wakes_exactly_one_of_threads_and_processes_the_first(void **state)
{
	struct scene *s = new_scene(NULL);
	pthread_t threads[3];
	pid_t pids[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		pids[i] = sleeper(s);
		threads[i] = sleeper_thread(s);
	}
	for (uint32_t i = 0; i < 6; i++) {
		assert_int_equal(notify(s, 1), 1);
		assert_eventually(counted(&s->woke) == i + 1);
		assert_int_equal(waiting(s), 5 - (int)i);
		assert_int_equal(seats_waited_in(s->object), 5 - i);
	}
	for (int i = 0; i < 3; i++) {
		assert_ends_well(pids[i]);
		join_thread(threads[i]);
	}
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(s->order[i], i);
	end_scene(s);
}

static void b84_all_who_are_notified_while_the_lock_is_held_wait_for_it(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pids[2] = { sleeper(s), sleeper(s) };

	(void)state;
	acquire(s);
	assert_int_equal(mpt_condition_notify(s->ready, 1), 1);
	assert_eventually(is_blocked_in(pids[0], MPT_OP_RLOCK_ACQUIRE));
	assert_true(is_blocked_in(pids[1], MPT_OP_CONDITION_WAIT));
	assert_int_equal(s->woke, 0);
	/* The one on its way counts no more. */
	assert_int_equal(mpt_condition_notify_all(s->ready), 1);
	assert_eventually(is_blocked_in(pids[1], MPT_OP_RLOCK_ACQUIRE));
	release(s);
	assert_ends_well(pids[0]);
	assert_ends_well(pids[1]);
	assert_int_equal(s->woke, 2);
	end_scene(s);
}

static void b85_notify_all_wakes_all_but_those_who_gave_up_before(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pids[6], impatient[3];
	pthread_t threads[2];

	(void)state;
	s->timeout_ns = MPT_MS(30);
	for (int i = 0; i < 3; i++)
		impatient[i] = child(sleeps, s);
	assert_eventually(counted(&s->timeouts) == 3);
	s->timeout_ns = GUARD_NS;
	for (int i = 0; i < 6; i++)
		pids[i] = sleeper(s);
	for (int i = 0; i < 2; i++)
		threads[i] = sleeper_thread(s);
	assert_int_equal(notify_all(s), 8);
	for (int i = 0; i < 6; i++)
		assert_ends_well(pids[i]);
	for (int i = 0; i < 2; i++)
		join_thread(threads[i]);
	for (int i = 0; i < 3; i++)
		assert_ends_well(impatient[i]);
	assert_int_equal(s->woke, 8);
	assert_int_equal(s->timeouts, 3);
	end_scene(s);
}

static void b85_one_that_gave_up_leaves_its_notify_to_the_next(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t impatient, patient;

	(void)state;
	s->timeout_ns = MPT_MS(50);
	impatient = child(sleeps, s);
	assert_eventually(counted(&s->came) == 1);
	acquire(s); /* it waits, or has waited */
	s->timeout_ns = GUARD_NS;
	release(s);
	patient = child(sleeps, s);
	assert_eventually(counted(&s->timeouts) == 1 && waiting(s) == 1);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(patient);
	assert_ends_well(impatient);
	assert_int_equal(s->woke, 1);
	end_scene(s);
}

static void b86_notify_n_wakes_n_and_what_is_too_much_is_forgotten(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pids[20], late;

	(void)state;
	assert_int_equal(notify(s, 7), 0);
	for (int i = 0; i < 20; i++)
		pids[i] = sleeper(s);
	assert_int_equal(notify(s, 0), 0);
	assert_int_equal(notify(s, 13), 13);
	assert_eventually(counted(&s->woke) == 13);
	assert_int_equal(waiting(s), 7);
	assert_int_equal(notify(s, UINT32_MAX), 7);
	assert_int_equal(notify(s, 5), 0);
	for (int i = 0; i < 20; i++)
		assert_ends_well(pids[i]);
	/* The first 13 came before the last 7, in whichever order they got the lock. */
	for (int i = 0; i < 20; i++)
		assert_true(s->order[i] < 13 ? i < 13 : i >= 13);
	late = sleeper(s);
	assert_int_equal(waiting(s), 1);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(late);
	assert_int_equal(s->object->give.index, 21);
	end_scene(s);
}

/* ---- time ------------------------------------------------------------------------------- */

static void waits_in_vain(struct scene *s)
{
	uint64_t start = now_ns();

	assert_int_equal(mpt_condition_wait(s->ready, 0), -EAGAIN);
	assert_took_about(start, 0);
	start = now_ns();
	assert_int_equal(mpt_condition_wait(s->ready, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
}

static void tries_lock(void *arg)
{
	child_claims(mpt_condition_acquire(((struct scene *)arg)->ready, 0) == -EAGAIN);
}

static void b87_a_wait_in_vain_ends_after_about_t_with_the_lock_held_again(void **state)
{
	struct mpt_condition_options options = { 0 };
	struct scene *s;

	(void)state;
	for (int kind = 0; kind < 3; kind++) {
		options = (struct mpt_condition_options){ 0 };
		if (kind == 1)
			assert_int_equal(mpt_lock_create(&options.lock, NULL, 0), 0);
		if (kind == 2)
			assert_int_equal(mpt_rlock_create(&options.rlock, NULL, 0), 0);
		s = new_scene(&options);
		acquire(s);
		waits_in_vain(s);
		assert_ends_well(child(tries_lock, s));
		release(s);
		end_scene(s);
	}
}

/* The lock is waited for although the time is over. */
static void b87_the_timeout_is_for_the_notify_not_for_the_lock(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid;

	(void)state;
	s->timeout_ns = MPT_MS(200);
	pid = child(sleeps, s);
	assert_eventually(counted(&s->came) == 1);
	acquire(s);
	assert_eventually(is_blocked_in(pid, MPT_OP_RLOCK_ACQUIRE) || s->timeouts);
	release(s);
	assert_ends_well(pid);
	assert_int_equal(s->timeouts, 1);
	end_scene(s);
}

/* ---- signals ------------------------------------------------------------------------------ */

static void handles(int number)
{
	(void)number;
}

static void sleeps_through_signals(void *arg)
{
	struct sigaction action = { .sa_handler = handles };

	sigaction(SIGUSR1, &action, NULL);
	sleeps(arg);
}

static void b88_a_handled_signal_does_not_end_a_wait(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(sleeps_through_signals, s);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_CONDITION_WAIT));
	for (int i = 0; i < 20; i++) {
		kill(pid, SIGUSR1);
		nap();
	}
	assert_int_equal(waiting(s), 1);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(pid);
	assert_int_equal(s->woke, 1);
	end_scene(s);
}

static void is_interrupted(void *arg)
{
	struct sigaction action = { .sa_handler = handles };
	struct scene *s = arg;

	sigaction(SIGUSR1, &action, NULL);
	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_wait(s->ready, GUARD_NS) == -EINTR);
	/* Held as before. */
	child_claims(mpt_condition_notify(s->ready, 1) == 0);
	child_claims(mpt_condition_release(s->ready) == 0);
	child_claims(mpt_condition_release(s->ready) == 0);
	child_claims(mpt_condition_release(s->ready) == -EPERM);
	reach(&s->done);
}

static void b88_unless_the_handle_is_interruptible_and_then_the_lock_is_held(void **state)
{
	struct mpt_condition_options options = { .flags = MPT_INTERRUPTIBLE };
	struct scene *s = new_scene(&options);
	pid_t pid = child(is_interrupted, s);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_CONDITION_WAIT));
	assert_eventually((kill(pid, SIGUSR1), reached(&s->done)));
	assert_ends_well(pid);
	end_scene(s);
}

/* ---- predicates --------------------------------------------------------------------------- */

static void waits_until_open(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_wait_for(s->ready, is_open, s, GUARD_NS) == 0);
	child_claims(s->open);
	child_claims(mpt_condition_release(s->ready) == 0);
}

static void b89_wait_for_returns_when_the_predicate_holds_not_before(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(waits_until_open, s);
	uint32_t asked;

	(void)state;
	for (uint32_t i = 1; i <= 3; i++) {
		assert_eventually(counted(&s->asked) == i && waiting(s) == 1);
		assert_int_equal(notify_all(s), 1);
	}
	assert_eventually(counted(&s->asked) == 4 && waiting(s) == 1);
	acquire(s);
	s->open = true;
	assert_int_equal(mpt_condition_notify(s->ready, 1), 1);
	release(s);
	assert_ends_well(pid);
	asked = s->asked;
	assert_int_equal(asked, 5);
	/* It holds already: nobody waits. */
	acquire(s);
	assert_int_equal(mpt_condition_wait_for(s->ready, is_open, s, 0), 0);
	release(s);
	end_scene(s);
}

static void notifies_often(void *arg)
{
	struct scene *s = arg;

	while (!reached(&s->done)) {
		child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
		child_claims(mpt_condition_notify(s->ready, 1) >= 0);
		child_claims(mpt_condition_release(s->ready) == 0);
		nap();
	}
}

static void b89_wait_for_fails_after_at_least_t_however_often_notified(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(notifies_often, s);
	uint64_t start = now_ns();

	(void)state;
	acquire(s);
	assert_int_equal(mpt_condition_wait_for(s->ready, is_open, s, MPT_MS(80)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(80));
	assert_true(s->asked >= 2);
	assert_int_equal(mpt_condition_wait_for(s->ready, is_open, s, 0), -EAGAIN);
	release(s);
	reach(&s->done);
	assert_ends_well(pid);
	end_scene(s);
}

/* ---- depth -------------------------------------------------------------------------------- */

static void comes_in_between(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_notify(s->ready, 1) == 1);
	reach(&s->point);
	child_claims(mpt_condition_release(s->ready) == 0);
}

static void b90_wait_frees_an_rlock_wholly_and_restores_its_depth(void **state)
{
	struct mpt_condition_options options = { 0 };
	struct scene *s;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_rlock_create(&options.rlock, "deep", 0), 0);
	s = new_scene(&options);
	for (int depth = 1; depth <= 4; depth++) {
		acquire(s);
		s->point = 0;
		pid = child(comes_in_between, s);
		assert_int_equal(mpt_condition_wait(s->ready, GUARD_NS), 0);
		assert_true(reached(&s->point));
		assert_int_equal(mpt_rlock_depth(s->rlock), depth);
		assert_int_equal(mpt_condition_wait(s->ready, 0), -EAGAIN);
		assert_int_equal(mpt_condition_wait(s->ready, MPT_MS(1)), -ETIMEDOUT);
		assert_int_equal(mpt_rlock_depth(s->rlock), depth);
		assert_ends_well(pid);
	}
	for (int depth = 3; depth >= 0; depth--) {
		release(s);
		assert_int_equal(mpt_rlock_depth(s->rlock), depth);
	}
	end_scene(s);
}

/* ---- scopes ------------------------------------------------------------------------------- */

static int leaves_early(struct mpt_condition *ready)
{
	MPT_WITH_CONDITION (ready) {
		MPT_WITH_CONDITION (ready) {
			return mpt_condition_notify(ready, 1);
		}
	}
	return -1;
}

static void b83_a_scope_holds_the_lock_and_frees_it_on_every_way_out(void **state)
{
	struct scene *s = new_scene(NULL);

	(void)state;
	assert_int_equal(leaves_early(s->ready), 0);
	assert_int_equal(mpt_condition_notify(s->ready, 1), -EPERM);
	MPT_WITH_CONDITION (s->ready)
		assert_int_equal(mpt_condition_notify_all(s->ready), 0);
	assert_int_equal(mpt_condition_release(s->ready), -EPERM);
	end_scene(s);
}

/* ---- names and nonsense ----------------------------------------------------------------- */

static void wrong_uses_are_refused(void **state)
{
	struct mpt_condition_options options = { .name = "a/b" };
	struct mpt_condition *c, *other;
	struct mpt_event *event;

	(void)state;
	assert_int_equal(mpt_condition_create(NULL, NULL), -EINVAL);
	assert_int_equal(mpt_condition_create(&c, &options), -EINVAL);
	assert_null(c);
	options.name = "named";
	options.waiters = MPT_CONDITION_WAITERS_MAX + 1;
	assert_int_equal(mpt_condition_create(&c, &options), -EINVAL);
	options.waiters = 0;
	assert_int_equal(mpt_lock_create(&options.lock, NULL, 0), 0);
	assert_int_equal(mpt_rlock_create(&options.rlock, NULL, 0), 0);
	assert_int_equal(mpt_condition_create(&c, &options), -EINVAL);
	assert_int_equal(mpt_lock_close(options.lock), 0);
	mpt_rlock_destroy(options.rlock);
	options.rlock = NULL;
	assert_int_equal(mpt_condition_create(&c, &options), -ESHUTDOWN);
	mpt_lock_destroy(options.lock);
	options.lock = NULL;

	/* The name of its lock is in use: it gets another one. */
	assert_int_equal(mpt_event_create(&event, "named.lock", 0), 0);
	assert_int_equal(mpt_condition_create(&c, &options), 0);
	assert_int_equal(mpt_condition_create(&other, &options), -EEXIST);
	assert_int_equal(mpt_condition_open(&other, "named.lock", 0), -EINVAL);
	assert_int_equal(mpt_condition_open(&other, "no such", 0), -ENOENT);
	assert_int_equal(mpt_condition_open(&other, "named", 0), 0);
	assert_int_equal(mpt_condition_acquire(c, 0), 0);
	assert_int_equal(mpt_condition_notify(other, 1), 0);
	assert_int_equal(mpt_condition_wait_for(other, NULL, NULL, 0), -EINVAL);
	assert_int_equal(mpt_condition_release(other), 0);
	mpt_condition_destroy(other);
	mpt_condition_destroy(c);
	mpt_event_destroy(event);
	mpt_condition_destroy(NULL);
}

/* Two take turns: a lost wake would cost a slice of 50 ms each time. */
#define TURNS 2000

static void takes_turns(struct scene *s, bool mine)
{
	for (int i = 0; i < TURNS; i++) {
		child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
		while (s->open != mine)
			child_claims(mpt_condition_wait(s->ready, GUARD_NS) == 0);
		s->open = !mine;
		child_claims(mpt_condition_notify(s->ready, 1) >= 0);
		child_claims(mpt_condition_release(s->ready) == 0);
	}
}

static void takes_the_other_turns(void *arg)
{
	takes_turns(arg, true);
}

static void two_thousand_turns_lose_no_wake(void **state)
{
	struct scene *s = new_scene(NULL);
	uint64_t start = now_ns();
	pid_t pid = child(takes_the_other_turns, s);

	(void)state;
	takes_turns(s, false);
	assert_ends_well(pid);
	assert_true(now_ns() - start < GUARD_NS);
	end_scene(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b83_waiting_and_notifying_need_the_lock),
		api_test(b83_a_lock_or_rlock_may_be_given_and_its_handle_freed),
		api_test(b83_a_scope_holds_the_lock_and_frees_it_on_every_way_out),
		api_test(b84_notify_wakes_exactly_one_of_threads_and_processes_the_first),
		api_test(b84_all_who_are_notified_while_the_lock_is_held_wait_for_it),
		api_test(b85_notify_all_wakes_all_but_those_who_gave_up_before),
		api_test(b85_one_that_gave_up_leaves_its_notify_to_the_next),
		api_test(b86_notify_n_wakes_n_and_what_is_too_much_is_forgotten),
		api_test(b87_a_wait_in_vain_ends_after_about_t_with_the_lock_held_again),
		api_test(b87_the_timeout_is_for_the_notify_not_for_the_lock),
		api_test(b88_a_handled_signal_does_not_end_a_wait),
		api_test(b88_unless_the_handle_is_interruptible_and_then_the_lock_is_held),
		api_test(b89_wait_for_returns_when_the_predicate_holds_not_before),
		api_test(b89_wait_for_fails_after_at_least_t_however_often_notified),
		api_test(b90_wait_frees_an_rlock_wholly_and_restores_its_depth),
		api_test(wrong_uses_are_refused),
		api_test(two_thousand_turns_lose_no_wake),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
