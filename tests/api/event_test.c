/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event_test.c - Event, behaviours 92 to 95 and the row "Event: waiter killed" of the
 * table of one-kill experiments; read from the top, it is a tutorial.
 */
#include "tests/api/support.h"

static struct mpt_event *new_event(const char *name)
{
	struct mpt_event *event;

	assert_int_equal(mpt_event_create(&event, name, 0), 0);
	assert_non_null(event);
	return event;
}

static void b92_it_is_clear_at_first_and_waits_fail_in_time(void **state)
{
	struct mpt_event *event = new_event(NULL);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_event_is_set(event), 0);
	assert_int_equal(mpt_event_wait(event, 0), -EAGAIN);
	assert_took_about(start, 0);
	start = now_ns();
	assert_int_equal(mpt_event_wait(event, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	mpt_event_destroy(event);
}

static void b93_set_lasts_until_it_is_cleared(void **state)
{
	struct mpt_event *event = new_event(NULL);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mpt_event_set(event), 0);
		assert_int_equal(mpt_event_set(event), 0);
		assert_int_equal(mpt_event_is_set(event), 1);
		assert_int_equal(mpt_event_wait(event, 0), 0);
		assert_int_equal(mpt_event_wait(event, MPT_FOREVER), 0);
		assert_int_equal(mpt_event_clear(event), 0);
		assert_int_equal(mpt_event_clear(event), 0);
		assert_int_equal(mpt_event_is_set(event), 0);
		assert_int_equal(mpt_event_wait(event, 0), -EAGAIN);
	}
	mpt_event_destroy(event);
}

static void waits(void *event)
{
	child_claims(mpt_event_wait(event, GUARD_NS) == 0);
}

static void *waits_in_thread(void *event)
{
	return (void *)(intptr_t)mpt_event_wait(event, GUARD_NS);
}

static void b94_set_wakes_all_who_wait_processes_and_threads(void **state)
{
	struct mpt_event *event = new_event(NULL);
	pthread_t threads[3];
	pid_t pids[5];
	void *result;

	(void)state;
	for (int i = 0; i < 5; i++) {
		pids[i] = child(waits, event);
		assert_eventually(is_blocked_in(pids[i], MPT_OP_EVENT_WAIT));
	}
	for (int i = 0; i < 3; i++)
		threads[i] = thread(waits_in_thread, event);
	assert_int_equal(mpt_event_set(event), 0);
	for (int i = 0; i < 5; i++)
		assert_ends_well(pids[i]);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_int_equal((intptr_t)result, 0);
	}
	mpt_event_destroy(event);
}

static void sets(void *event)
{
	child_claims(mpt_event_set(event) == 0);
}

static void b94_another_process_sets_it(void **state)
{
	struct mpt_event *event = new_event(NULL);

	(void)state;
	assert_ends_well(child(sets, event));
	assert_int_equal(mpt_event_wait(event, MPT_FOREVER), 0);
	mpt_event_destroy(event);
}

static void b95_a_clear_right_after_the_set_holds_nobody_back(void **state)
{
	struct mpt_event *event = new_event(NULL);
	pid_t pids[4];

	(void)state;
	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 4; i++) {
			pids[i] = child(waits, event);
			assert_eventually(is_blocked_in(pids[i], MPT_OP_EVENT_WAIT));
		}
		assert_int_equal(mpt_event_set(event), 0);
		assert_int_equal(mpt_event_clear(event), 0);
		for (int i = 0; i < 4; i++)
			assert_ends_well(pids[i]);
		assert_int_equal(mpt_event_wait(event, 0), -EAGAIN);
	}
	mpt_event_destroy(event);
}

/* ---- deaths, ends, nonsense ---------------------------------------------------------- */

static void b94_killed_waiters_hold_nobody_up(void **state)
{
	struct mpt_event *event = new_event("watched");
	pid_t dead[3], alive;

	(void)state;
	for (int i = 0; i < 3; i++) {
		dead[i] = child(waits, event);
		assert_eventually(is_blocked_in(dead[i], MPT_OP_EVENT_WAIT));
	}
	alive = child(waits, event);
	assert_eventually(is_blocked_in(alive, MPT_OP_EVENT_WAIT));
	for (int i = 0; i < 3; i++)
		kill_child(dead[i]);
	assert_int_equal(mpt_event_set(event), 0);
	assert_ends_well(alive);
	assert_int_equal(MPT_LATCH_COUNT(segment_object("watched")->latch), 1);
	mpt_event_destroy(event);
}

static void waits_for_its_end(void *event)
{
	child_claims(mpt_event_wait(event, GUARD_NS) == -ESHUTDOWN);
}

static void its_creators_destroy_ends_the_wait_of_all(void **state)
{
	struct mpt_event *event = new_event(NULL);
	pid_t pid = child(waits_for_its_end, event);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_EVENT_WAIT));
	mpt_event_destroy(event);
	assert_ends_well(pid);
}

static void wrong_uses_are_refused(void **state)
{
	struct mpt_event *event, *other;

	(void)state;
	assert_int_equal(mpt_event_create(NULL, NULL, 0), -EINVAL);
	assert_int_equal(mpt_event_create(&event, "", 0), -EINVAL);
	event = new_event("named");
	assert_int_equal(mpt_event_open(&other, "no such", 0), -ENOENT);
	assert_int_equal(mpt_event_open(&other, "named", 0), 0);
	assert_int_equal(mpt_event_set(other), 0);
	assert_int_equal(mpt_event_is_set(event), 1);
	assert_int_equal(mpt_event_close(other), 0);
	assert_int_equal(mpt_event_close(other), 0);
	assert_int_equal(mpt_event_set(other), -ESHUTDOWN);
	assert_int_equal(mpt_event_clear(other), -ESHUTDOWN);
	assert_int_equal(mpt_event_is_set(other), -ESHUTDOWN);
	assert_int_equal(mpt_event_wait(other, 0), -ESHUTDOWN);
	mpt_event_destroy(other);
	assert_int_equal(mpt_event_is_set(event), 1);
	mpt_event_destroy(event);
	mpt_event_destroy(NULL);
}

/* Two flags passed to and fro: a lost wake would cost a slice of 50 ms each time. */
struct pair {
	struct mpt_event *ping, *pong;
};

static void answers(void *arg)
{
	struct pair *pair = arg;

	for (int i = 0; i < 2000; i++) {
		child_claims(mpt_event_wait(pair->ping, GUARD_NS) == 0);
		child_claims(mpt_event_clear(pair->ping) == 0);
		child_claims(mpt_event_set(pair->pong) == 0);
	}
}

static void two_thousand_turns_lose_no_wake(void **state)
{
	struct pair pair = { new_event(NULL), new_event(NULL) };
	uint64_t start = now_ns();
	pid_t pid = child(answers, &pair);

	(void)state;
	for (int i = 0; i < 2000; i++) {
		assert_int_equal(mpt_event_set(pair.ping), 0);
		assert_int_equal(mpt_event_wait(pair.pong, GUARD_NS), 0);
		assert_int_equal(mpt_event_clear(pair.pong), 0);
	}
	assert_ends_well(pid);
	assert_true(now_ns() - start < GUARD_NS);
	mpt_event_destroy(pair.ping);
	mpt_event_destroy(pair.pong);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b92_it_is_clear_at_first_and_waits_fail_in_time),
		api_test(b93_set_lasts_until_it_is_cleared),
		api_test(b94_set_wakes_all_who_wait_processes_and_threads),
		api_test(b94_another_process_sets_it),
		api_test(b95_a_clear_right_after_the_set_holds_nobody_back),
		api_test(b94_killed_waiters_hold_nobody_up),
		api_test(its_creators_destroy_ends_the_wait_of_all),
		api_test(wrong_uses_are_refused),
		api_test(two_thousand_turns_lose_no_wake),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
