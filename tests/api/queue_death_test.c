/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_death_test.c - Queue when a user of it dies or stops; the rows "Queue: one idle
 * consumer killed" of the table of one-kill experiments.
 *
 * Does not own: deaths inside an operation, instruction by instruction
 * (step_queue_test.c).
 */
#include "tests/api/step.h"

static struct mpt_queue *queue_of(const char *name, int64_t maxsize)
{
	struct mpt_queue_options options = { .name = name, .maxsize = maxsize };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	return q;
}

static int put(struct mpt_queue *q, uint64_t n, uint64_t timeout)
{
	return mpt_queue_put(q, &n, sizeof(n), timeout);
}

static int64_t get(struct mpt_queue *q, uint64_t timeout)
{
	uint64_t n = 0;
	ssize_t size = mpt_queue_get(q, &n, sizeof(n), timeout);

	return size == sizeof(n) ? (int64_t)n : size;
}

/* ---- killed while idle ------------------------------------------------------------ */

static void gets_for_ever(void *q)
{
	while (get(q, MPT_FOREVER) >= 0)
		;
}

static void kill_idle_consumer(struct mpt_queue *q)
{
	pid_t pid = child(gets_for_ever, q);

	assert_eventually(is_blocked_in(pid, MPT_OP_QUEUE_GET));
	kill_child(pid);
}

static void after_an_idle_consumer_was_killed_an_item_is_delivered(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 0);

	(void)state;
	kill_idle_consumer(q);
	assert_int_equal(put(q, 1, MPT_FOREVER), 0);
	assert_int_equal(get(q, MPT_FOREVER), 1);
	mpt_queue_destroy(q);
}

static void after_an_idle_consumer_was_killed_a_timed_get_gets_the_item(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 0);

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	assert_int_equal(get(q, 0), 1);
	kill_idle_consumer(q);
	assert_int_equal(put(q, 2, MPT_SECONDS(1)), 0);
	assert_int_equal(get(q, MPT_SECONDS(1)), 2);
	kill_idle_consumer(q);
	assert_int_equal(put(q, 3, 0), 0);
	assert_int_equal(get(q, 0), 3);
	mpt_queue_destroy(q);
}

static void puts_seven(void *q)
{
	child_claims(put(q, 7, MPT_FOREVER) == 0);
}

static void a_killed_blocked_putter_has_put_nothing(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 1);
	pid_t pid;

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	pid = child(puts_seven, q);
	assert_eventually(is_blocked_in(pid, MPT_OP_QUEUE_PUT));
	kill_child(pid);
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(get(q, 0), -EAGAIN);
	assert_int_equal(put(q, 2, 0), 0);
	assert_int_equal(get(q, 0), 2);
	mpt_queue_destroy(q);
}

/* The one who is woken may be dead: his wake is not lost for the others. */
static void a_kill_among_blocked_getters_does_not_keep_an_item_from_the_rest(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 0);
	pid_t pids[3];

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < 3; i++)
			pids[i] = child(gets_for_ever, q);
		for (int i = 0; i < 3; i++)
			assert_eventually(is_blocked_in(pids[i], MPT_OP_QUEUE_GET));
		stop_child(pids[0]);
		assert_int_equal(put(q, 1, 0), 0);
		kill_child(pids[0]);
		assert_eventually(mpt_queue_size(q) == 0);
		kill_child(pids[1]);
		kill_child(pids[2]);
	}
	mpt_queue_destroy(q);
}

static void all_but_one_killed_the_last_one_works(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 2);
	pid_t getters[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		getters[i] = child(gets_for_ever, q);
	for (uint64_t i = 0; i < 50; i++)
		assert_int_equal(put(q, i, GUARD_NS), 0);
	for (int i = 0; i < 4; i++)
		kill_child(getters[i]);
	while (get(q, 0) >= 0)
		;
	assert_true(put(q, 51, 0) >= 0);
	assert_int_equal(get(q, 0), 51);
	mpt_queue_destroy(q);
}

/* ---- the creator ------------------------------------------------------------------- */

static void creates_and_is_killed(void *unused)
{
	(void)unused;
	child_claims(put(queue_of("orphan", 3), 5, 0) == 0);
	kill(getpid(), SIGKILL);
}

static void a_queue_outlives_its_killed_creator(void **state)
{
	struct mpt_queue *q, *other = queue_of("other", 1);
	pid_t pid = child(creates_and_is_killed, NULL);

	(void)state;
	assert_int_equal(end_of(pid), -SIGKILL);
	assert_int_equal(mpt_queue_open(&q, "orphan", 0), 0);
	assert_int_equal(get(q, 0), 5);
	assert_int_equal(put(q, 6, 0), 0);
	assert_int_equal(get(q, 0), 6);
	mpt_queue_destroy(q);
	assert_int_equal(mpt_queue_open(&q, "orphan", 0), 0);
	mpt_queue_destroy(q);
	mpt_queue_destroy(other);
}

/* ---- inside an operation -------------------------------------------------------------- */

/* A victim stopped with the side's lock held. */
static pid_t stopped_inside(void (*act)(void *), void *arg, const uint32_t *lock)
{
	pid_t pid = victim(act, arg, true);

	while (!*(const volatile uint32_t *)lock)
		assert_true(step(pid, 1));
	return pid;
}

static void gets_once(void *q)
{
	child_claims(get(q, MPT_FOREVER) >= 0);
}

static void one_stopped_inside_holds_up_his_side_only_and_only_in_time(void **state)
{
	struct mpt_queue *q = queue_of("stopped", 3);
	const struct mpt_wire_object *o = segment_object("stopped");
	uint64_t start;
	pid_t pid;

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	pid = stopped_inside(gets_once, q, &o->take.lock);
	assert_int_equal(put(q, 2, 0), 0);
	assert_int_equal(get(q, 0), -EAGAIN);
	start = now_ns();
	assert_int_equal(get(q, MPT_MS(150)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(150));
	kill_child(pid);
	assert_int_equal(get(q, GUARD_NS), 1);
	assert_int_equal(get(q, GUARD_NS), 2);
	assert_int_equal(o->recovered, 1);
	mpt_queue_destroy(q);
}

static void put_says_that_a_producer_had_died_inside(void **state)
{
	struct mpt_queue *q = queue_of("died inside", 3);
	const struct mpt_wire_object *o = segment_object("died inside");

	(void)state;
	kill_child(stopped_inside(puts_seven, q, &o->give.lock));
	assert_int_equal(put(q, 8, 0), MPT_RECOVERED);
	assert_int_equal(put(q, 9, 0), 0);
	assert_int_equal(o->recovered, 1);
	assert_int_equal(get(q, 0), 8);
	assert_int_equal(get(q, 0), 9);
	mpt_queue_destroy(q);
}

static void is_told_while_blocked(void *q)
{
	child_claims(put(q, 8, MPT_FOREVER) == MPT_RECOVERED);
}

static void a_blocked_put_says_so_too(void **state)
{
	struct mpt_queue *q = queue_of("died meanwhile", 1);
	const struct mpt_wire_object *o = segment_object("died meanwhile");
	pid_t waiter, dead;

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	waiter = child(is_told_while_blocked, q);
	assert_eventually(is_blocked_in(waiter, MPT_OP_QUEUE_PUT));
	dead = stopped_inside(puts_seven, q, &o->give.lock);
	kill_child(dead);
	assert_eventually(o->recovered == 1);
	assert_int_equal(get(q, 0), 1);
	assert_ends_well(waiter);
	assert_int_equal(get(q, 0), 8);
	mpt_queue_destroy(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(after_an_idle_consumer_was_killed_an_item_is_delivered),
		api_test(after_an_idle_consumer_was_killed_a_timed_get_gets_the_item),
		api_test(a_killed_blocked_putter_has_put_nothing),
		api_test(a_kill_among_blocked_getters_does_not_keep_an_item_from_the_rest),
		api_test(all_but_one_killed_the_last_one_works),
		api_test(a_queue_outlives_its_killed_creator),
		api_test(one_stopped_inside_holds_up_his_side_only_and_only_in_time),
		api_test(put_says_that_a_producer_had_died_inside),
		api_test(a_blocked_put_says_so_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
