/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_long_test.c - messages of 64 KiB and more: nobody waits for somebody else's
 * copy, whatever became of him.
 *
 * Does not own: deaths instruction by instruction (step_long_test.c), and under load
 * (storm_queue_test.c).
 */
#include "tests/api/long_messages.h"

/* ---- as messages of any other size ------------------------------------------------- */

static void a_long_message_comes_out_whole_and_in_its_turn(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 10, 4 * LONG);

	(void)state;
	assert_int_equal(put_message(q, 1, 10, 0), 0);
	assert_int_equal(put_message(q, 2, LONG, 0), 0);
	assert_int_equal(put_message(q, 3, LONG - 1, 0), 0);
	assert_int_equal(put_message(q, 4, LONG + 1, 0), 0);
	assert_int_equal(put_message(q, 5, 20, 0), 0);
	assert_int_equal(mpt_queue_size(q), 5);
	assert_int_equal(get_message(q, 10, 0), 1);
	assert_int_equal(mpt_queue_next_size(q), LONG);
	assert_int_equal(mpt_queue_get(q, NULL, 0, 0), -EMSGSIZE);
	assert_int_equal(get_message(q, LONG, 0), 2);
	assert_int_equal(get_message(q, LONG - 1, 0), 3);
	assert_int_equal(get_message(q, LONG + 1, 0), 4);
	assert_int_equal(get_message(q, 20, 0), 5);
	assert_int_equal(get_message(q, 20, 0), -EAGAIN);
	mpt_queue_destroy(q);
}

static void the_bytes_of_the_queue_are_the_bound_as_before(void **state)
{
	struct mpt_queue *q = queue_of(NULL, 10, 4 * LONG);

	(void)state;
	assert_int_equal(put_message(q, 1, 4 * LONG, 0), 0);
	assert_int_equal(put_message(q, 2, 8, 0), -EAGAIN);
	assert_int_equal(mpt_queue_put(q, NULL, 0, 0), 0);
	assert_int_equal(put_message(q, 3, LONG, MPT_MS(20)), -ETIMEDOUT);
	assert_int_equal(mpt_queue_size(q), 2);
	assert_int_equal(get_message(q, 4 * LONG, 0), 1);
	assert_int_equal(mpt_queue_get(q, NULL, 0, 0), 0);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(put_message(q, i, LONG, 0), 0);
	assert_int_equal(put_message(q, 4, 8, 0), -EAGAIN);
	assert_int_equal(get_message(q, LONG, 0), 0);
	assert_int_equal(put_message(q, 4, LONG - 8, 0), 0);
	assert_int_equal(put_message(q, 5, LONG, 0), -EAGAIN);
	assert_int_equal(put_message(q, 5, 8, 0), 0);
	for (int64_t i = 1; i < 4; i++)
		assert_int_equal(get_message(q, LONG, 0), i);
	assert_int_equal(get_message(q, LONG - 8, 0), 4);
	assert_int_equal(get_message(q, 8, 0), 5);
	mpt_queue_destroy(q);
}

static size_t any_size(uint64_t n)
{
	static const size_t sizes[] = { 8, 100, LONG, 3000, LONG + 5000, 2 * LONG - 1, 40000 };

	return sizes[n * 2654435761u / 65536 % 7] + n % 7;
}

/* So that payloads of both sorts lie across the end of the ring, and beside each other in
 * every way. */
static void short_and_long_ones_take_turns_in_the_ring(void **state)
{
	static const int64_t capacities[] = { 1, 3, 100 };

	(void)state;
	for (int c = 0; c < 3; c++) {
		struct mpt_queue *q = queue_of(NULL, capacities[c], 4 * LONG);
		uint64_t put = 0, got = 0;

		while (got < 1500) {
			while (put < 1500 && put_message(q, put, any_size(put), 0) == 0)
				put++;
			for (uint64_t n = 1 + got % 3; n > 0 && got < put; n--, got++)
				assert_int_equal(get_message(q, any_size(got), 0), got);
		}
		assert_int_equal(mpt_queue_size(q), 0);
		assert_all_bytes_are_free(q);
		mpt_queue_destroy(q);
	}
}

/* ---- somebody is stopped in the middle ------------------------------------------------ */

/* Many times around the ring.  Whoever had to wait would fail, as these only try. */
static void others_put_and_get(struct mpt_queue *q, size_t size, int64_t depth)
{
	for (int64_t i = 0; i < 50; i++) {
		assert_int_equal(put_message(q, i, 1000, 0), 0);
		assert_int_equal(put_message(q, i, size, 0), 0);
		assert_int_equal(mpt_queue_size(q), depth + 2);
		assert_int_equal(get_message(q, 1000, 0), i);
		assert_int_equal(get_message(q, size, 0), i);
		assert_int_equal(mpt_queue_size(q), depth);
	}
}

static void beside_a_producer_stopped_in_his_copy_others_put_and_get_at_once(void **state)
{
	struct mpt_queue *q = queue_of("half in", 4, 4 * LONG);
	struct copy *c = copy_of(q, "half in", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	pid = stopped_half_in(c);
	assert_int_equal(mpt_queue_size(q), 0);
	assert_int_equal(get_message(q, LONG, 0), -EAGAIN);
	others_put_and_get(q, LONG, 0);
	others_put_and_get(q, 2 * LONG - 1000, 0);
	assert_int_equal(put_message(q, 1, 4 * LONG, 0), -EAGAIN);
	assert_int_equal(rows_in(c->object, MPT_LONG_IN), 1);
	let_go(pid, 0);
	assert_ends_well(pid);
	assert_int_equal(c->result, 0);
	assert_int_equal(get_message(q, LONG, 0), 77);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

static void beside_a_consumer_stopped_in_his_copy_others_put_and_get_at_once(void **state)
{
	struct mpt_queue *q = queue_of("half out", 4, 4 * LONG);
	struct copy *c = copy_of(q, "half out", LONG);
	pid_t pid;

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(put_message(q, 1, i ? 8 : LONG, 0), 0);
		assert_int_equal(get_message(q, i ? 8 : LONG, 0), 1);
	}
	assert_int_equal(put_message(q, 77, LONG, 0), 0);
	pid = stopped_half_out(c);
	assert_int_equal(mpt_queue_size(q), 0);
	others_put_and_get(q, LONG, 0);
	others_put_and_get(q, 2 * LONG - 1000, 0);
	assert_int_equal(put_message(q, 1, 4 * LONG, 0), -EAGAIN);
	let_go(pid, 0);
	assert_ends_well(pid);
	assert_int_equal(copy_got(c), 77);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

/* The order of the bytes in the ring is not the order of the messages then. */
static void one_who_comes_late_with_his_message_does_not_upset_the_others(void **state)
{
	struct mpt_queue *q = queue_of("late", 8, 4 * LONG);
	struct copy *c = copy_of(q, "late", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	pid = stopped_half_in(c);
	assert_int_equal(put_message(q, 1, 8, 0), 0);
	assert_int_equal(put_message(q, 2, 8, 0), 0);
	assert_int_equal(get_message(q, 8, 0), 1);
	assert_int_equal(put_message(q, 3, 4 * LONG, 0), -EAGAIN);
	let_go(pid, 0);
	assert_ends_well(pid);
	assert_int_equal(get_message(q, 8, 0), 2);
	assert_int_equal(get_message(q, LONG, 0), 77);
	/* Now the rest of the ring, and not a byte more. */
	assert_int_equal(put_message(q, 3, 8, 0), 0);
	assert_int_equal(put_message(q, 4, 4 * LONG - 16, 0), 0);
	assert_int_equal(put_message(q, 5, 8, 0), 0);
	assert_int_equal(put_message(q, 6, 8, 0), -EAGAIN);
	assert_int_equal(get_message(q, 8, 0), 3);
	assert_int_equal(get_message(q, 4 * LONG - 16, 0), 4);
	assert_int_equal(get_message(q, 8, 0), 5);
	mpt_queue_destroy(q);
}

/* Not only by a debugger, and not only one of each. */
static void beside_several_stopped_by_a_signal_too(void **state)
{
	struct mpt_queue *q = queue_of("many", 8, 16 * LONG);
	struct copy *in[2], *out[2];
	pid_t pids[4];

	(void)state;
	for (int i = 0; i < 2; i++) {
		out[i] = copy_of(q, "many", LONG + 100);
		assert_int_equal(put_message(q, (uint64_t)i, LONG + 100, 0), 0);
	}
	for (int i = 0; i < 2; i++) {
		pids[i] = stopped_half_out(out[i]);
		in[i] = copy_of(q, "many", 2 * LONG);
		copy_is(in[i], 10 + (uint64_t)i);
		pids[2 + i] = stopped_half_in(in[i]);
	}
	for (int i = 0; i < 4; i++)
		let_go(pids[i], SIGSTOP);
	others_put_and_get(q, LONG, 0);
	others_put_and_get(q, 4 * LONG, 0);
	for (int i = 0; i < 4; i++) {
		kill(pids[i], SIGCONT);
		assert_ends_well(pids[i]);
	}
	assert_int_equal(copy_got(out[0]), 0);
	assert_int_equal(copy_got(out[1]), 1);
	assert_int_equal(get_message(q, 2 * LONG, 0), 10);
	assert_int_equal(get_message(q, 2 * LONG, 0), 11);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

/* ---- somebody is killed in the middle -------------------------------------------------- */

static void a_producer_killed_in_his_copy_has_put_nothing_and_holds_nothing(void **state)
{
	struct mpt_queue *q = queue_of("killed in", 4, 4 * LONG);
	struct copy *c = copy_of(q, "killed in", LONG);
	pid_t pid;

	(void)state;
	assert_int_equal(put_message(q, 1, 2 * LONG, 0), 0);
	copy_is(c, 77);
	pid = stopped_half_in(c);
	assert_int_equal(put_message(q, 2, LONG, 0), 0);
	assert_int_equal(put_message(q, 3, 8, 0), -EAGAIN);
	kill_child(pid);
	assert_int_equal(get_message(q, 2 * LONG, 0), 1);
	assert_int_equal(put_message(q, 3, 2 * LONG, 0), 0);
	assert_int_equal(put_message(q, 4, LONG, 0), 0);
	assert_int_equal(get_message(q, LONG, 0), 2);
	assert_int_equal(get_message(q, 2 * LONG, 0), 3);
	assert_int_equal(get_message(q, LONG, 0), 4);
	assert_int_equal(get_message(q, LONG, 0), -EAGAIN);
	assert_int_equal(c->object->recovered, 0);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

static void a_consumer_killed_in_his_copy_has_lost_his_message_only(void **state)
{
	struct mpt_queue *q = queue_of("killed out", 4, 4 * LONG);
	struct copy *c = copy_of(q, "killed out", LONG);
	struct ledger sum;
	pid_t pid;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		assert_int_equal(put_message(q, i, LONG, 0), 0);
	pid = stopped_half_out(c);
	kill_child(pid);
	sum = segment_ledger(c->object);
	assert_int_equal(sum.committed, 1);
	assert_int_equal(sum.takes, 1);
	assert_int_equal(get_message(q, LONG, 0), 2);
	assert_int_equal(get_message(q, LONG, 0), 3);
	assert_int_equal(get_message(q, LONG, 0), -EAGAIN);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

static void puts_all_bytes(void *q)
{
	child_claims(put_message(q, 5, 2 * LONG, MPT_FOREVER) == 0);
}

/* He waits for the bytes of one who dies, and nobody is there to wake him. */
static void who_waits_for_the_bytes_of_the_dead_gets_them(void **state)
{
	struct mpt_queue *q = queue_of("inherited", 4, 2 * LONG);
	struct copy *c = copy_of(q, "inherited", LONG);
	pid_t dead, waiter;

	(void)state;
	copy_is(c, 77);
	for (int taking = 0; taking < 2; taking++) {
		memset(c->bytes, taking ? 0 : 1, c->size);
		if (taking)
			assert_int_equal(put_message(q, 1, LONG, 0), 0);
		dead = taking ? stopped_half_out(c) : stopped_half_in(c);
		waiter = child(puts_all_bytes, q);
		assert_eventually(is_blocked_in(waiter, MPT_OP_QUEUE_PUT));
		kill_child(dead);
		assert_ends_well(waiter);
		assert_int_equal(get_message(q, 2 * LONG, 0), 5);
	}
	mpt_queue_destroy(q);
}

/* ---- giving up --------------------------------------------------------------------------- */

/* The only slot is taken while the message is copied. */
static void a_long_put_that_gives_up_leaves_nothing_behind(void **state)
{
	static const struct {
		uint64_t timeout;
		int64_t result;
	} ways[] = { { 0, -EAGAIN }, { MPT_MS(30), -ETIMEDOUT } };
	struct mpt_queue *q = queue_of("gives up", 1, 16 * LONG);
	struct copy *c = copy_of(q, "gives up", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	for (int i = 0; i < 2; i++) {
		c->timeout = ways[i].timeout;
		pid = stopped_half_in(c);
		assert_int_equal(put_message(q, 1, LONG, 0), 0);
		let_go(pid, 0);
		assert_ends_well(pid);
		assert_int_equal(c->result, ways[i].result);
		assert_int_equal(mpt_queue_size(q), 1);
		assert_int_equal(rows_in(c->object, MPT_LONG_IN), 0);
		assert_int_equal(get_message(q, LONG, 0), 1);
	}
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

static void does_nothing(int signal)
{
	(void)signal;
}

static void puts_copy_interruptibly(void *arg)
{
	struct sigaction action = { .sa_handler = does_nothing };
	struct copy *c = arg;
	struct mpt_queue *mine;

	sigaction(SIGUSR1, &action, NULL);
	child_claims(mpt_queue_open(&mine, "interrupted", MPT_INTERRUPTIBLE) == 0);
	c->result = mpt_queue_put(mine, c->bytes, c->size, MPT_FOREVER);
}

static void one_interrupted_while_it_waits_for_a_slot_leaves_nothing_either(void **state)
{
	struct mpt_queue *q = queue_of("interrupted", 1, 4 * LONG);
	struct copy *c = copy_of(q, "interrupted", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	pid = stopped_half_in_by(puts_copy_interruptibly, c);
	assert_int_equal(put_message(q, 1, 8, 0), 0);
	let_go(pid, 0);
	assert_eventually(is_blocked_in(pid, MPT_OP_QUEUE_PUT));
	assert_int_equal(kill(pid, SIGUSR1), 0);
	assert_ends_well(pid);
	assert_int_equal(c->result, -EINTR);
	assert_int_equal(get_message(q, 8, 0), 1);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

/* A viewer would take him for one who waits for a getter. */
static void who_copies_is_not_shown_as_waiting(void **state)
{
	struct mpt_queue *q = queue_of("shown", 4, 4 * LONG);
	struct copy *c = copy_of(q, "shown", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	assert_int_equal(put_message(q, 1, 3 * LONG + 8, 0), 0);
	pid = victim(puts_copy, c, true);
	while (!is_blocked_in(pid, MPT_OP_QUEUE_PUT))
		assert_true(step(pid, 1));
	assert_int_equal(get_message(q, 3 * LONG + 8, 0), 1);
	step_half_in(pid, c);
	assert_false(is_blocked_in(pid, MPT_OP_QUEUE_PUT));
	assert_int_equal(mpt_queue_size(q), 0);
	let_go(pid, 0);
	assert_ends_well(pid);
	assert_int_equal(get_message(q, LONG, 0), 77);
	assert_int_equal(c->object->give.waits, 1);
	mpt_queue_destroy(q);
}

static void gets_one_small(void *q)
{
	child_claims(get_message(q, 8, MPT_FOREVER) == 1);
}

static void one_that_waits_for_a_slot_is_put_when_there_is_one(void **state)
{
	struct mpt_queue *q = queue_of("waits", 1, 4 * LONG);
	struct copy *c = copy_of(q, "waits", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	pid = stopped_half_in(c);
	assert_int_equal(put_message(q, 1, 8, 0), 0);
	assert_false(is_blocked_in(pid, MPT_OP_QUEUE_PUT));
	let_go(pid, 0);
	assert_eventually(is_blocked_in(pid, MPT_OP_QUEUE_PUT));
	assert_ends_well(child(gets_one_small, q));
	assert_ends_well(pid);
	assert_int_equal(c->result, 0);
	assert_int_equal(get_message(q, LONG, 0), 77);
	mpt_queue_destroy(q);
}

/* ---- signal handlers ------------------------------------------------------------------------ */

static struct mpt_queue *of_handler;

static void puts_and_gets(int signal)
{
	uint64_t n = (uint64_t)signal;

	child_claims(mpt_queue_put(of_handler, &n, sizeof(n), 0) == 0);
	child_claims(mpt_queue_get(of_handler, &n, sizeof(n), 0) == sizeof(n));
	child_claims(n == (uint64_t)signal);
}

static void puts_copy_with_handler(void *arg)
{
	struct sigaction action = { .sa_handler = puts_and_gets };
	struct copy *c = arg;

	of_handler = c->queue;
	sigaction(SIGUSR1, &action, NULL);
	puts_copy(c);
}

static void a_signal_handler_may_use_the_queue_in_the_middle_of_a_copy(void **state)
{
	struct mpt_queue *q = queue_of("handler", 4, 4 * LONG);
	struct copy *c = copy_of(q, "handler", LONG);
	pid_t pid;

	(void)state;
	copy_is(c, 77);
	pid = stopped_half_in_by(puts_copy_with_handler, c);
	let_go(pid, SIGUSR1);
	assert_ends_well(pid);
	assert_int_equal(c->result, 0);
	assert_int_equal(get_message(q, LONG, 0), 77);
	assert_int_equal(c->object->give.index, 2);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(a_long_message_comes_out_whole_and_in_its_turn),
		api_test(the_bytes_of_the_queue_are_the_bound_as_before),
		api_test(short_and_long_ones_take_turns_in_the_ring),
		api_test(beside_a_producer_stopped_in_his_copy_others_put_and_get_at_once),
		api_test(beside_a_consumer_stopped_in_his_copy_others_put_and_get_at_once),
		api_test(one_who_comes_late_with_his_message_does_not_upset_the_others),
		api_test(beside_several_stopped_by_a_signal_too),
		api_test(a_producer_killed_in_his_copy_has_put_nothing_and_holds_nothing),
		api_test(a_consumer_killed_in_his_copy_has_lost_his_message_only),
		api_test(who_waits_for_the_bytes_of_the_dead_gets_them),
		api_test(a_long_put_that_gives_up_leaves_nothing_behind),
		api_test(one_interrupted_while_it_waits_for_a_slot_leaves_nothing_either),
		api_test(one_that_waits_for_a_slot_is_put_when_there_is_one),
		api_test(who_copies_is_not_shown_as_waiting),
		api_test(a_signal_handler_may_use_the_queue_in_the_middle_of_a_copy),
	};

	(void)argc;
	copy_in_many_steps(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
