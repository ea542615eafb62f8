/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock_test.c - Lock, behaviours 73, 74, 76 and 77; read from the top, it is a
 * tutorial.
 *
 * Does not own: what happens when a holder dies (lock_death_test.c).
 */
#include "tests/api/support.h"

static struct mpt_lock *new_lock(void)
{
	struct mpt_lock *lock;

	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	assert_non_null(lock);
	return lock;
}

/* ---- acquire and release -------------------------------------------------------- */

static void b73_acquire_excludes_and_a_release_too_many_fails(void **state)
{
	struct mpt_lock *lock = new_lock();

	(void)state;
	assert_int_equal(mpt_lock_locked(lock), 0);
	assert_int_equal(mpt_lock_acquire(lock, MPT_FOREVER), 0);
	assert_int_equal(mpt_lock_locked(lock), 1);
	assert_int_equal(mpt_lock_acquire(lock, 0), -EAGAIN);
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_int_equal(mpt_lock_locked(lock), 0);
	assert_int_equal(mpt_lock_release(lock), -ERANGE);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(mpt_lock_release(lock), 0);
	mpt_lock_destroy(lock);
}

static void b76_a_try_fails_at_once_and_a_timed_acquire_after_about_t(void **state)
{
	struct mpt_lock *lock = new_lock();
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), -EAGAIN);
	assert_int_equal(mpt_lock_acquire(lock, mpt_timeout(-3)), -EAGAIN);
	assert_took_about(start, 0);
	for (uint64_t ms = 1; ms <= 256; ms *= 4) {
		start = now_ns();
		assert_int_equal(mpt_lock_acquire(lock, MPT_MS(ms)), -ETIMEDOUT);
		assert_took_about(start, MPT_MS(ms));
	}
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_int_equal(mpt_lock_acquire(lock, MPT_MS(1)), 0);
	assert_int_equal(mpt_lock_release(lock), 0);
	mpt_lock_destroy(lock);
}

static void acquires_later(void *lock)
{
	uint64_t start = now_ns();

	child_claims(mpt_lock_acquire(lock, MPT_SECONDS(5)) == 0);
	child_claims(now_ns() - start < MPT_SECONDS(5));
	child_claims(mpt_lock_release(lock) == 0);
}

static void b76_a_timed_acquire_succeeds_when_the_lock_is_released_in_time(void **state)
{
	struct mpt_lock *lock = new_lock();
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	pid = child(acquires_later, lock);
	assert_eventually(is_blocked_in(pid, MPT_OP_LOCK_ACQUIRE));
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_ends_well(pid);
	mpt_lock_destroy(lock);
}

/* ---- whose it is ------------------------------------------------------------------ */

static void *releases_in_thread(void *lock)
{
	return (void *)(intptr_t)mpt_lock_release(lock);
}

static void releases(void *lock)
{
	child_claims(mpt_lock_release(lock) == 0);
}

static void b74_another_thread_or_process_may_release(void **state)
{
	struct mpt_lock *lock = new_lock();
	void *result;

	(void)state;
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(pthread_join(thread(releases_in_thread, lock), &result), 0);
	assert_int_equal((intptr_t)result, 0);
	assert_int_equal(mpt_lock_locked(lock), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_ends_well(child(releases, lock));
	assert_int_equal(mpt_lock_locked(lock), 0);
	mpt_lock_destroy(lock);
}

static void *acquires_in_thread(void *lock)
{
	return (void *)(intptr_t)mpt_lock_acquire(lock, 0);
}

static void b74_a_lock_outlives_the_thread_that_took_it(void **state)
{
	struct mpt_lock *lock = new_lock();
	void *result;

	(void)state;
	assert_int_equal(pthread_join(thread(acquires_in_thread, lock), &result), 0);
	assert_int_equal((intptr_t)result, 0);
	assert_int_equal(mpt_lock_locked(lock), 1);
	assert_int_equal(mpt_lock_acquire(lock, MPT_MS(200)), -ETIMEDOUT);
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(mpt_lock_release(lock), 0);
	mpt_lock_destroy(lock);
}

static void finds_it_taken_until_released(void *lock)
{
	child_claims(mpt_lock_acquire(lock, 0) == -EAGAIN);
	child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == 0);
}

static void a_lock_held_at_fork_is_the_parents(void **state)
{
	struct mpt_lock *lock = new_lock();
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	pid = child(finds_it_taken_until_released, lock);
	assert_eventually(is_blocked_in(pid, MPT_OP_LOCK_ACQUIRE));
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_ends_well(pid);
	mpt_lock_destroy(lock);
}

#define WORKERS 4
#define ROUNDS 5000u

struct counted {
	struct mpt_lock *lock;
	volatile uint64_t count; /* not atomic: only the lock makes the sum right */
};

static void *counts(void *arg)
{
	struct counted *c = arg;

	for (uint64_t i = 0; i < ROUNDS; i++) {
		if (mpt_lock_acquire(c->lock, MPT_FOREVER) != 0)
			return arg;
		c->count = c->count + 1;
		if (mpt_lock_release(c->lock) != 0)
			return arg;
	}
	return NULL;
}

static void counts_in_two_threads(void *arg)
{
	pthread_t other = thread(counts, arg);

	child_claims(counts(arg) == NULL);
	join_thread(other);
}

static void holders_exclude_each_other_threads_and_processes_mixed(void **state)
{
	struct counted *c = shared(sizeof(*c));
	pid_t pids[WORKERS];

	(void)state;
	c->lock = new_lock();
	for (int i = 0; i < WORKERS; i++)
		pids[i] = child(counts_in_two_threads, c);
	for (int i = 0; i < WORKERS; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(c->count, WORKERS * 2 * ROUNDS);
	mpt_lock_destroy(c->lock);
}

/* ---- scoped ----------------------------------------------------------------------- */

static int leaves_by(struct mpt_lock *lock, int way)
{
	for (int i = 0; i < 3; i++)
		MPT_WITH_LOCK (lock) {
			if (mpt_lock_locked(lock) != 1)
				return -1;
			if (way == 0)
				return 10;
			if (way == 1)
				goto out;
			if (way == 2)
				break;
			if (way == 3)
				continue;
		}
	return 12;
out:
	return 11;
}

static void b77_the_scoped_helper_releases_on_every_way_out(void **state)
{
	struct mpt_lock *lock = new_lock();
	static const int expected[] = { 10, 11, 12, 12, 12 };

	(void)state;
	for (int way = 0; way < 5; way++) {
		assert_int_equal(leaves_by(lock, way), expected[way]);
		assert_int_equal(mpt_lock_locked(lock), 0);
	}
	mpt_lock_destroy(lock);
}

static void b77_scopes_nest(void **state)
{
	struct mpt_lock *outer = new_lock(), *inner = new_lock();
	int inside = 0;

	(void)state;
	MPT_WITH_LOCK (outer) {
		MPT_WITH_LOCK (inner)
			inside += mpt_lock_locked(outer) == 1 && mpt_lock_locked(inner) == 1;
		assert_int_equal(mpt_lock_locked(inner), 0);
		assert_int_equal(mpt_lock_locked(outer), 1);
	}
	assert_int_equal(inside, 1);
	assert_int_equal(mpt_lock_locked(outer), 0);
	mpt_lock_destroy(outer);
	mpt_lock_destroy(inner);
}

static void b77_the_body_is_skipped_when_the_lock_cannot_be_taken(void **state)
{
	struct mpt_lock *lock = new_lock();
	int ran = 0;

	(void)state;
	mpt_lock_close(lock);
	MPT_WITH_LOCK (lock)
		ran++;
	assert_int_equal(ran, 0);
	mpt_lock_destroy(lock);
}

/* ---- signals ----------------------------------------------------------------------- */

static uint32_t *signals;

static void count_signal(int number)
{
	(void)number;
	reach(signals);
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	sigaction(SIGUSR1, &action, NULL);
}

static void is_not_interrupted(void *lock)
{
	catch_signals();
	child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == 0);
	child_claims(reached(signals));
}

static void is_interrupted(void *lock)
{
	catch_signals();
	child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == -EINTR);
	child_claims(mpt_lock_locked(lock) == 1);
}

static void a_handled_signal_does_not_end_an_acquire(void **state)
{
	struct mpt_lock *lock = new_lock();
	pid_t pid;

	(void)state;
	signals = shared(sizeof(*signals));
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	pid = child(is_not_interrupted, lock);
	assert_eventually(is_blocked_in(pid, MPT_OP_LOCK_ACQUIRE));
	kill(pid, SIGUSR1);
	assert_eventually(reached(signals));
	assert_true(is_blocked_in(pid, MPT_OP_LOCK_ACQUIRE));
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_ends_well(pid);
	mpt_lock_destroy(lock);
}

static void a_handled_signal_ends_an_acquire_of_an_interruptible_handle(void **state)
{
	struct mpt_lock *lock;
	pid_t pid;

	(void)state;
	signals = shared(sizeof(*signals));
	assert_int_equal(mpt_lock_create(&lock, NULL, MPT_INTERRUPTIBLE), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	pid = child(is_interrupted, lock);
	assert_eventually(is_blocked_in(pid, MPT_OP_LOCK_ACQUIRE));
	/* Blocked is declared before the sleep: a signal between the two is only seen. */
	while (segment_thread(pid)->wait.since_ns) {
		kill(pid, SIGUSR1);
		nap();
	}
	assert_ends_well(pid);
	assert_int_equal(mpt_lock_release(lock), 0);
	mpt_lock_destroy(lock);
}

/* ---- the end ------------------------------------------------------------------------ */

static void after_close_calls_fail_and_a_held_lock_stays_held(void **state)
{
	struct mpt_lock *lock, *same;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, "closed", 0), 0);
	assert_int_equal(mpt_lock_open(&same, "closed", 0), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_int_equal(mpt_lock_close(lock), 0);
	assert_int_equal(mpt_lock_close(lock), 0);
	assert_int_equal(mpt_lock_acquire(lock, MPT_FOREVER), -ESHUTDOWN);
	assert_int_equal(mpt_lock_release(lock), -ESHUTDOWN);
	assert_int_equal(mpt_lock_locked(lock), -ESHUTDOWN);
	assert_int_equal(mpt_lock_locked(same), 1);
	assert_int_equal(mpt_lock_release(same), 0);
	mpt_lock_destroy(same);
	mpt_lock_destroy(lock);
}

static void is_told_of_the_end(void *lock)
{
	child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == -ESHUTDOWN);
	child_claims(mpt_lock_release(lock) == -ESHUTDOWN);
}

static void the_creators_destroy_ends_the_lock_for_all_who_wait(void **state)
{
	struct mpt_lock *lock = new_lock();
	pid_t pids[3];

	(void)state;
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	for (int i = 0; i < 3; i++)
		pids[i] = child(is_told_of_the_end, lock);
	for (int i = 0; i < 3; i++)
		assert_eventually(is_blocked_in(pids[i], MPT_OP_LOCK_ACQUIRE));
	mpt_lock_destroy(lock);
	for (int i = 0; i < 3; i++)
		assert_ends_well(pids[i]);
	mpt_lock_destroy(NULL);
}

static void nonsense_is_refused(void **state)
{
	struct mpt_lock *lock = (void *)state;

	assert_int_equal(mpt_lock_create(NULL, NULL, 0), -EINVAL);
	assert_int_equal(mpt_lock_create(&lock, NULL, 2), -EINVAL);
	assert_null(lock);
	assert_int_equal(mpt_lock_create(&lock, "a/b", 0), -EINVAL);
	assert_int_equal(mpt_lock_open(&lock, NULL, 0), -EINVAL);
	assert_int_equal(mpt_lock_open(NULL, "a", 0), -EINVAL);
	assert_int_equal(mpt_lock_open(&lock, "no such lock", 0), -ENOENT);
	assert_null(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(b73_acquire_excludes_and_a_release_too_many_fails),
		api_test(b74_another_thread_or_process_may_release),
		api_test(b74_a_lock_outlives_the_thread_that_took_it),
		api_test(b76_a_try_fails_at_once_and_a_timed_acquire_after_about_t),
		api_test(b76_a_timed_acquire_succeeds_when_the_lock_is_released_in_time),
		api_test(b77_the_scoped_helper_releases_on_every_way_out),
		api_test(b77_scopes_nest),
		api_test(b77_the_body_is_skipped_when_the_lock_cannot_be_taken),
		api_test(a_lock_held_at_fork_is_the_parents),
		api_test(holders_exclude_each_other_threads_and_processes_mixed),
		api_test(a_handled_signal_does_not_end_an_acquire),
		api_test(a_handled_signal_ends_an_acquire_of_an_interruptible_handle),
		api_test(after_close_calls_fail_and_a_held_lock_stays_held),
		api_test(the_creators_destroy_ends_the_lock_for_all_who_wait),
		api_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
