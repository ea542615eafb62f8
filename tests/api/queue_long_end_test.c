/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_long_end_test.c - long messages: the end of their queue, what is left, many threads.
 */
#include "tests/api/long_messages.h"

/* ---- the end of the queue ---------------------------------------------------------------------- */

/* Who is stopped in the middle keeps the storage, also when he goes on. */
static void the_storage_stays_with_one_stopped_in_his_copy(void **state)
{
	struct mpt_queue *q, *next;
	struct copy *c;
	pid_t pid;

	(void)state;
	for (int taking = 0; taking < 2; taking++) {
		q = queue_of("ends", 2, 2 * LONG);
		c = copy_of(q, "ends", 2 * LONG);
		if (taking)
			assert_int_equal(put_message(q, 77, 2 * LONG, 0), 0);
		else
			copy_is(c, 77);
		pid = taking ? stopped_half_out(c) : stopped_half_in(c);
		mpt_queue_destroy(q);
		next = queue_of("next", 2, 2 * LONG);
		assert_ptr_not_equal(segment_object("next"), c->object);
		assert_int_equal(put_message(next, 1, 2 * LONG, 0), 0);
		let_go(pid, 0);
		assert_ends_well(pid);
		assert_int_equal(taking ? copy_got(c) : c->result, taking ? 77 : -ESHUTDOWN);
		assert_int_equal(get_message(next, 2 * LONG, 0), 1);
		mpt_queue_destroy(next);
		next = queue_of("after", 2, 2 * LONG);
		assert_ptr_equal(segment_object("after"), c->object);
		mpt_queue_destroy(next);
	}
}

/* ---- afterwards ---------------------------------------------------------------------------------- */

static void when_all_long_ones_are_gone_short_ones_go_the_quick_way_again(void **state)
{
	struct mpt_queue *q = queue_of("quick", 4, 16 * LONG);
	const struct mpt_wire_object *o = segment_object("quick");

	(void)state;
	for (int64_t i = 0; i < 40; i++) {
		assert_int_equal(o->give.hint & MPT_HINT_LONGS, 0);
		assert_int_equal(put_message(q, 1, LONG + 100, 0), 0);
		assert_int_equal(put_message(q, 2, 8, 0), 0);
		assert_int_equal(put_message(q, 3, 3000, 0), 0);
		assert_int_not_equal(o->give.hint & MPT_HINT_LONGS, 0);
		assert_int_equal(get_message(q, LONG + 100, 0), 1);
		for (int64_t n = 0; n < 3; n++)
			assert_int_equal(put_message(q, n, 8, 0), n < 2 ? 0 : -EAGAIN);
		assert_int_equal(get_message(q, 8, 0), 2);
		assert_int_equal(get_message(q, 3000, 0), 3);
		assert_int_equal(get_message(q, 8, 0), 0);
		assert_int_equal(get_message(q, 8, 0), 1);
	}
	mpt_queue_destroy(q);
}

/* ---- many threads --------------------------------------------------------------------------------- */

#define EACH (SANITIZED ? 200u : 2000u)
#define PAIRS 3

struct pair {
	struct mpt_queue *queue;
	uint64_t producer;
	uint64_t sum;
};

static size_t size_of_nth(uint64_t n)
{
	return n % 3 == 0 ? LONG + n % 5000 : 8 + n % 200;
}

static void *puts_each(void *arg)
{
	struct pair *p = arg;

	for (uint64_t n = 0; n < EACH; n++)
		if (put_message(p->queue, n, size_of_nth(n), GUARD_NS) != 0)
			return "put";
	return NULL;
}

static void *gets_each(void *arg)
{
	static __thread uint8_t bytes[2 * MPT_LONG];
	struct pair *p = arg;
	uint64_t n;

	for (uint64_t i = 0; i < EACH; i++) {
		ssize_t got = mpt_queue_get(p->queue, bytes, sizeof(bytes), GUARD_NS);

		if (got < 8)
			return "get";
		memcpy(&n, bytes, sizeof(n));
		if (got != (ssize_t)size_of_nth(n) || !message_is_whole(bytes, n, (size_t)got))
			return "damage";
		p->sum += n;
	}
	return NULL;
}

static void threads_put_and_get_short_and_long_ones(void **state)
{
	struct mpt_queue *q = queue_of("threads", 5, 4 * LONG);
	struct pair pairs[PAIRS];
	pthread_t threads[2 * PAIRS];
	uint64_t sum = 0;
	void *wrong;

	(void)state;
	for (int i = 0; i < PAIRS; i++) {
		pairs[i] = (struct pair){ .queue = q };
		threads[2 * i] = thread(puts_each, &pairs[i]);
		threads[2 * i + 1] = thread(gets_each, &pairs[i]);
	}
	for (int i = 0; i < 2 * PAIRS; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		if (wrong)
			fail_msg("%s", (const char *)wrong);
	}
	for (int i = 0; i < PAIRS; i++)
		sum += pairs[i].sum;
	assert_int_equal(sum, PAIRS * (uint64_t)EACH * (EACH - 1) / 2);
	assert_all_bytes_are_free(q);
	mpt_queue_destroy(q);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(the_storage_stays_with_one_stopped_in_his_copy),
		api_test(when_all_long_ones_are_gone_short_ones_go_the_quick_way_again),
		api_test(threads_put_and_get_short_and_long_ones),
	};

	(void)argc;
	copy_in_many_steps(argv);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
