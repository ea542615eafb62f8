/* SPDX-License-Identifier: BSD-2-Clause */
/* simplequeue_test.c - SimpleQueue, behaviours 47 to 49. */
#include "tests/api/support.h"

static struct mpt_simplequeue *new_queue(void)
{
	struct mpt_simplequeue *q;

	assert_int_equal(mpt_simplequeue_create(&q, NULL), 0);
	assert_non_null(q);
	return q;
}

static int64_t get(struct mpt_simplequeue *q)
{
	uint64_t n = 0;
	ssize_t size = mpt_simplequeue_get(q, &n, sizeof(n));

	return size == sizeof(n) ? (int64_t)n : size;
}

static void puts_three(void *arg)
{
	for (uint64_t n = 1; n <= 3; n++)
		child_claims(mpt_simplequeue_put(arg, &n, sizeof(n)) == 0);
}

static void b47_it_is_empty_then_not_and_gives_values_in_order(void **state)
{
	struct mpt_simplequeue *q = new_queue();

	(void)state;
	assert_int_equal(mpt_simplequeue_empty(q), 1);
	assert_int_equal(mpt_simplequeue_next_size(q), -EAGAIN);
	assert_ends_well(child(puts_three, q));
	assert_int_equal(mpt_simplequeue_empty(q), 0);
	assert_int_equal(mpt_simplequeue_next_size(q), sizeof(uint64_t));
	for (int i = 1; i <= 3; i++)
		assert_int_equal(get(q), i);
	assert_int_equal(mpt_simplequeue_empty(q), 1);
	mpt_simplequeue_destroy(q);
}

static void b48_closed_both_ends_are_and_twice_is_harmless(void **state)
{
	struct mpt_simplequeue *q = new_queue();
	uint64_t n = 1;

	(void)state;
	assert_int_equal(mpt_simplequeue_close(q), 0);
	assert_int_equal(mpt_simplequeue_close(q), 0);
	assert_int_equal(mpt_simplequeue_put(q, &n, sizeof(n)), -ESHUTDOWN);
	assert_int_equal(get(q), -ESHUTDOWN);
	assert_int_equal(mpt_simplequeue_empty(q), -ESHUTDOWN);
	mpt_simplequeue_destroy(q);
	mpt_simplequeue_destroy(NULL);
}

static void gets_one(void *q)
{
	child_claims(get(q) == 7);
}

static void b49_get_waits_for_a_message(void **state)
{
	struct mpt_simplequeue *q = new_queue();
	uint64_t n = 7;
	pid_t pid = child(gets_one, q);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_QUEUE_GET));
	assert_int_equal(mpt_simplequeue_put(q, &n, sizeof(n)), 0);
	assert_ends_well(pid);
	mpt_simplequeue_destroy(q);
}

static void puts_one_more(void *arg)
{
	static const char block[128 << 10];

	child_claims(mpt_simplequeue_put(arg, block, sizeof(block)) == 0);
}

static void b49_put_waits_for_room_and_there_is_no_maxsize(void **state)
{
	static char block[128 << 10];
	struct mpt_simplequeue *q = new_queue();
	size_t bytes = MPT_QUEUE_MAX * 64ul;
	pid_t pid;

	(void)state;
	for (size_t n = 0; n < bytes / sizeof(block); n++)
		assert_int_equal(mpt_simplequeue_put(q, block, sizeof(block)), 0);
	pid = child(puts_one_more, q);
	assert_eventually(is_blocked_in(pid, MPT_OP_QUEUE_PUT));
	assert_int_equal(mpt_simplequeue_get(q, block, sizeof(block)), sizeof(block));
	assert_ends_well(pid);
	mpt_simplequeue_destroy(q);
}

static void it_is_found_by_name(void **state)
{
	struct mpt_simplequeue *q, *same, *none;
	uint64_t n = 5;

	(void)state;
	assert_int_equal(mpt_simplequeue_create(&q, "simple"), 0);
	assert_int_equal(mpt_simplequeue_open(&same, "simple"), 0);
	assert_int_equal(mpt_simplequeue_put(same, &n, sizeof(n)), 0);
	assert_int_equal(get(q), 5);
	assert_int_equal(mpt_simplequeue_open(&none, "none"), -ENOENT);
	assert_null(none);
	assert_int_equal(mpt_simplequeue_create(NULL, NULL), -EINVAL);
	mpt_simplequeue_destroy(same);
	mpt_simplequeue_destroy(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(b47_it_is_empty_then_not_and_gives_values_in_order),
		api_test(b48_closed_both_ends_are_and_twice_is_harmless),
		api_test(b49_get_waits_for_a_message),
		api_test(b49_put_waits_for_room_and_there_is_no_maxsize),
		api_test(it_is_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
