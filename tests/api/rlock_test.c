/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rlock_test.c - RLock, behaviours 74 to 77 and the row "RLock: holder killed" of the
 * table of one-kill experiments; read from the top, it is a tutorial.
 *
 * Does not own: what it shares with Lock (lock_test.c, lock_death_test.c).
 */
#include "tests/api/support.h"

static struct mpt_rlock *new_rlock(const char *name)
{
	struct mpt_rlock *lock;

	assert_int_equal(mpt_rlock_create(&lock, name, 0), 0);
	assert_non_null(lock);
	return lock;
}

/* ---- again and again --------------------------------------------------------------- */

static void b75_as_many_releases_as_acquires_and_one_more_fails(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);

	(void)state;
	assert_int_equal(mpt_rlock_depth(lock), 0);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(mpt_rlock_acquire(lock, MPT_FOREVER), 0);
		assert_int_equal(mpt_rlock_depth(lock), i);
	}
	for (int i = 2; i >= 0; i--) {
		assert_int_equal(mpt_rlock_locked(lock), 1);
		assert_int_equal(mpt_rlock_release(lock), 0);
		assert_int_equal(mpt_rlock_depth(lock), i);
	}
	assert_int_equal(mpt_rlock_locked(lock), 0);
	assert_int_equal(mpt_rlock_release(lock), -EPERM);
	mpt_rlock_destroy(lock);
}

static void *tries_in_thread(void *lock)
{
	return (void *)(intptr_t)mpt_rlock_acquire(lock, 0);
}

static void tries(void *lock)
{
	child_claims(mpt_rlock_acquire(lock, 0) == -EAGAIN);
}

static void b75_held_twice_it_is_nobody_elses_after_one_release(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);
	void *result;

	(void)state;
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_int_equal(mpt_rlock_release(lock), 0);
	assert_int_equal(pthread_join(thread(tries_in_thread, lock), &result), 0);
	assert_int_equal((intptr_t)result, -EAGAIN);
	assert_ends_well(child(tries, lock));
	assert_int_equal(mpt_rlock_release(lock), 0);
	mpt_rlock_destroy(lock);
}

/* ---- whose it is -------------------------------------------------------------------- */

static void *releases_in_thread(void *lock)
{
	return (void *)(intptr_t)mpt_rlock_release(lock);
}

static void releases_in_vain(void *lock)
{
	child_claims(mpt_rlock_depth(lock) == 0);
	child_claims(mpt_rlock_release(lock) == -EPERM);
}

static void b74_nobody_but_its_holder_may_release(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);
	void *result;

	(void)state;
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_int_equal(pthread_join(thread(releases_in_thread, lock), &result), 0);
	assert_int_equal((intptr_t)result, -EPERM);
	assert_ends_well(child(releases_in_vain, lock));
	assert_int_equal(mpt_rlock_depth(lock), 1);
	assert_int_equal(mpt_rlock_release(lock), 0);
	mpt_rlock_destroy(lock);
}

/* ---- waiting ------------------------------------------------------------------------- */

static void waits_in_vain(void *lock)
{
	uint64_t start = now_ns();

	child_claims(mpt_rlock_acquire(lock, 0) == -EAGAIN);
	child_claims(mpt_rlock_acquire(lock, MPT_MS(50)) == -ETIMEDOUT);
	child_claims(now_ns() - start >= MPT_MS(50));
}

static void b76_a_timed_acquire_fails_after_about_t(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);

	(void)state;
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_ends_well(child(waits_in_vain, lock));
	assert_int_equal(mpt_rlock_release(lock), 0);
	mpt_rlock_destroy(lock);
}

static void takes_it_twice(void *lock)
{
	child_claims(mpt_rlock_acquire(lock, GUARD_NS) == 0);
	child_claims(mpt_rlock_acquire(lock, GUARD_NS) == 0);
	child_claims(mpt_rlock_depth(lock) == 2);
	child_claims(mpt_rlock_release(lock) == 0 && mpt_rlock_release(lock) == 0);
}

static void b75_a_waiter_gets_it_with_the_last_release(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	pid = child(takes_it_twice, lock);
	assert_eventually(is_blocked_in(pid, MPT_OP_RLOCK_ACQUIRE));
	assert_int_equal(mpt_rlock_release(lock), 0);
	assert_true(is_blocked_in(pid, MPT_OP_RLOCK_ACQUIRE));
	assert_int_equal(mpt_rlock_release(lock), 0);
	assert_ends_well(pid);
	mpt_rlock_destroy(lock);
}

/* ---- scopes --------------------------------------------------------------------------- */

static int leaves_early(struct mpt_rlock *lock)
{
	MPT_WITH_RLOCK (lock) {
		MPT_WITH_RLOCK (lock) {
			return (int)mpt_rlock_depth(lock);
		}
	}
	return -1;
}

static void b77_a_scope_releases_on_every_way_out(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);

	(void)state;
	assert_int_equal(leaves_early(lock), 2);
	assert_int_equal(mpt_rlock_depth(lock), 0);
	MPT_WITH_RLOCK (lock)
		assert_int_equal(mpt_rlock_depth(lock), 1);
	assert_int_equal(mpt_rlock_locked(lock), 0);
	mpt_rlock_destroy(lock);
}

/* ---- what is seen, and deaths --------------------------------------------------------- */

struct scene {
	struct mpt_rlock *lock;
	uint32_t held;
};

static void holds_three_deep(void *arg)
{
	struct scene *s = arg;

	for (int i = 0; i < 3; i++)
		child_claims(mpt_rlock_acquire(s->lock, GUARD_NS) == 0);
	reach(&s->held);
	for (;;)
		pause();
}

static void b75_a_killed_holders_depth_is_not_inherited(void **state)
{
	struct scene *s = shared(sizeof(*s));
	const struct mpt_wire_object *o;
	pid_t pid;

	(void)state;
	s->lock = new_rlock("deep");
	o = segment_object("deep");
	pid = child(holds_three_deep, s);
	assert_eventually(reached(&s->held));
	assert_int_equal(o->owner_again, 2);
	assert_int_equal(mpt_rlock_acquire(s->lock, 0), -EAGAIN);
	kill_child(pid);
	assert_int_equal(mpt_rlock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_int_equal(mpt_rlock_depth(s->lock), 1);
	assert_int_equal(o->recovered, 1);
	assert_int_equal(o->recovered_pid, segment_process(pid)->pid);
	assert_int_equal(mpt_rlock_release(s->lock), 0);
	assert_int_equal(mpt_rlock_locked(s->lock), 0);
	assert_int_equal(mpt_rlock_acquire(s->lock, 0), 0);
	assert_int_equal(mpt_rlock_release(s->lock), 0);
	mpt_rlock_destroy(s->lock);
}

static void forked_while_held(void *lock)
{
	child_claims(mpt_rlock_depth(lock) == 0);
	child_claims(mpt_rlock_acquire(lock, 0) == -EAGAIN);
}

static void b75_a_forked_child_does_not_hold_what_its_parent_holds(void **state)
{
	struct mpt_rlock *lock = new_rlock(NULL);

	(void)state;
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_ends_well(child(forked_while_held, lock));
	assert_int_equal(mpt_rlock_release(lock), 0);
	mpt_rlock_destroy(lock);
}

static void wrong_uses_are_refused(void **state)
{
	struct mpt_rlock *lock, *other;
	struct mpt_lock *plain;

	(void)state;
	assert_int_equal(mpt_rlock_create(NULL, NULL, 0), -EINVAL);
	assert_int_equal(mpt_rlock_create(&lock, "a/b", 0), -EINVAL);
	assert_null(lock);
	lock = new_rlock("named");
	assert_int_equal(mpt_rlock_create(&other, "named", 0), -EEXIST);
	assert_int_equal(mpt_lock_open(&plain, "named", 0), -EINVAL);
	assert_int_equal(mpt_rlock_open(&other, "named", 0), 0);
	assert_int_equal(mpt_rlock_acquire(lock, 0), 0);
	assert_int_equal(mpt_rlock_depth(other), 1);
	assert_int_equal(mpt_rlock_release(other), 0);
	assert_int_equal(mpt_rlock_close(other), 0);
	assert_int_equal(mpt_rlock_acquire(other, 0), -ESHUTDOWN);
	assert_int_equal(mpt_rlock_release(other), -ESHUTDOWN);
	assert_int_equal(mpt_rlock_depth(other), -ESHUTDOWN);
	mpt_rlock_destroy(other);
	mpt_rlock_destroy(lock);
	mpt_rlock_destroy(NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b75_as_many_releases_as_acquires_and_one_more_fails),
		api_test(b75_held_twice_it_is_nobody_elses_after_one_release),
		api_test(b74_nobody_but_its_holder_may_release),
		api_test(b76_a_timed_acquire_fails_after_about_t),
		api_test(b75_a_waiter_gets_it_with_the_last_release),
		api_test(b77_a_scope_releases_on_every_way_out),
		api_test(b75_a_killed_holders_depth_is_not_inherited),
		api_test(b75_a_forked_child_does_not_hold_what_its_parent_holds),
		api_test(wrong_uses_are_refused),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
