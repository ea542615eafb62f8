/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_test.c - Queue, behaviours 26 to 42; read from the top, it is a tutorial.  All of it
 * holds of a JoinableQueue, too (46): the second run of the same tests.
 *
 * Does not own: messages of odd sizes and rejected ones (queue_message_test.c),
 * who is killed when (storm_queue_test.c, step_queue_test.c).
 */
#include "tests/api/support.h"

static bool joinable;

static struct mpt_queue *queue_of(int64_t maxsize)
{
	struct mpt_queue_options options = { .maxsize = maxsize, .joinable = joinable };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	assert_non_null(q);
	return q;
}

static enum mpt_op op(enum mpt_op of_queue)
{
	return joinable ? MPT_OP_ID(MPT_KIND_JOINABLEQUEUE, of_queue & 0xff) : of_queue;
}

static int put(struct mpt_queue *q, uint64_t n, uint64_t timeout)
{
	return mpt_queue_put(q, &n, sizeof(n), timeout);
}

/* The number got, or a negative errno. */
static int64_t get(struct mpt_queue *q, uint64_t timeout)
{
	uint64_t n = 0;
	ssize_t size = mpt_queue_get(q, &n, sizeof(n), timeout);

	return size == sizeof(n) ? (int64_t)n : size;
}

/* ---- sizes ------------------------------------------------------------------- */

static void b26_a_new_queue_is_empty_and_maxsize_puts_fill_it(void **state)
{
	struct mpt_queue *q = queue_of(6);

	(void)state;
	assert_int_equal(mpt_queue_empty(q), 1);
	assert_int_equal(mpt_queue_full(q), 0);
	for (uint64_t i = 0; i < 6; i++) {
		assert_int_equal(mpt_queue_full(q), 0);
		assert_int_equal(put(q, i, 0), 0);
		assert_int_equal(mpt_queue_empty(q), 0);
	}
	assert_int_equal(mpt_queue_full(q), 1);
	mpt_queue_destroy(q);
}

static void b35_qsize_is_exact(void **state)
{
	struct mpt_queue *q = queue_of(0);

	(void)state;
	assert_int_equal(mpt_queue_size(q), 0);
	assert_int_equal(put(q, 1, 0), 0);
	assert_int_equal(mpt_queue_size(q), 1);
	assert_int_equal(put(q, 2, 0), 0);
	assert_int_equal(mpt_queue_size(q), 2);
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(mpt_queue_size(q), 1);
	assert_int_equal(get(q, 0), 2);
	assert_int_equal(mpt_queue_size(q), 0);
	mpt_queue_destroy(q);
}

static void b39_maxsize_zero_or_less_is_the_maximum_and_can_be_asked(void **state)
{
	struct mpt_queue *none = queue_of(0), *negative = queue_of(-1), *seven = queue_of(7);
	struct mpt_queue_options beyond = { .maxsize = MPT_QUEUE_MAX + 1 };
	struct mpt_queue *q = none;

	(void)state;
	assert_int_equal(mpt_queue_maxsize(none), MPT_QUEUE_MAX);
	assert_int_equal(mpt_queue_maxsize(negative), MPT_QUEUE_MAX);
	assert_int_equal(mpt_queue_maxsize(seven), 7);
	assert_true(mpt_queue_bytes(none) >= MPT_QUEUE_MAX * 64u);
	assert_int_equal(mpt_queue_create(&q, &beyond), -EINVAL);
	assert_null(q);
	mpt_queue_destroy(none);
	mpt_queue_destroy(negative);
	mpt_queue_destroy(seven);
}

static void b39_the_maximum_really_fits(void **state)
{
	struct mpt_queue *q = queue_of(0);

	(void)state;
	for (uint64_t i = 0; i < MPT_QUEUE_MAX; i++)
		assert_int_equal(put(q, i, 0), 0);
	assert_int_equal(put(q, 0, 0), -EAGAIN);
	assert_int_equal(mpt_queue_size(q), MPT_QUEUE_MAX);
	for (int64_t i = 0; i < MPT_QUEUE_MAX; i++)
		assert_int_equal(get(q, 0), i);
	mpt_queue_destroy(q);
}

/* ---- timeouts ---------------------------------------------------------------- */

static void b27_every_way_to_put_succeeds_while_there_is_space(void **state)
{
	static const uint64_t ways[] = { MPT_FOREVER, MPT_SECONDS(1), MPT_MS(1), 0 };
	struct mpt_queue *q = queue_of(4);

	(void)state;
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(put(q, i, ways[i]), 0);
	for (int64_t i = 0; i < 4; i++)
		assert_int_equal(get(q, ways[i]), i);
	mpt_queue_destroy(q);
}

static void b28_a_try_to_put_into_a_full_queue_fails_at_once(void **state)
{
	struct mpt_queue *q = queue_of(1);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	assert_int_equal(put(q, 2, 0), -EAGAIN);
	assert_int_equal(put(q, 2, mpt_timeout(-1)), -EAGAIN);
	assert_took_about(start, 0);
	assert_int_equal(mpt_queue_size(q), 1);
	mpt_queue_destroy(q);
}

static void b29_a_timed_put_into_a_full_queue_fails_after_about_t(void **state)
{
	struct mpt_queue *q = queue_of(1);
	uint64_t start;

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	for (uint64_t ms = 1; ms <= 256; ms *= 4) {
		start = now_ns();
		assert_int_equal(put(q, 2, MPT_MS(ms)), -ETIMEDOUT);
		assert_took_about(start, MPT_MS(ms));
	}
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(get(q, 0), -EAGAIN);
	mpt_queue_destroy(q);
}

static void b32_getting_from_an_empty_queue_fails_at_once_or_after_about_t(void **state)
{
	struct mpt_queue *q = queue_of(0);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(get(q, 0), -EAGAIN);
	assert_took_about(start, 0);
	for (uint64_t ms = 1; ms <= 256; ms *= 4) {
		start = now_ns();
		assert_int_equal(get(q, MPT_MS(ms)), -ETIMEDOUT);
		assert_took_about(start, MPT_MS(ms));
	}
	mpt_queue_destroy(q);
}

static void b33_a_get_of_200_ms_never_returns_before_them(void **state)
{
	struct mpt_queue *q = queue_of(0);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(get(q, MPT_MS(200)), -ETIMEDOUT);
	assert_true(now_ns() - start >= MPT_MS(200));
	mpt_queue_destroy(q);
}

static void b29_a_timeout_too_large_to_add_up_is_for_ever(void **state)
{
	struct mpt_queue *q = queue_of(0);

	(void)state;
	assert_int_equal(put(q, 7, MPT_FOREVER - 1), 0);
	assert_int_equal(get(q, MPT_FOREVER - 1), 7);
	mpt_queue_destroy(q);
}

/* ---- between processes --------------------------------------------------------- */

static void drain_six(void *q)
{
	for (int64_t i = 0; i < 6; i++)
		child_claims(get(q, MPT_FOREVER) == i);
}

static void b30_drained_by_another_process_it_is_empty_again(void **state)
{
	struct mpt_queue *q = queue_of(6);

	(void)state;
	for (uint64_t i = 0; i < 6; i++)
		assert_int_equal(put(q, i, 0), 0);
	assert_ends_well(child(drain_six, q));
	assert_int_equal(mpt_queue_empty(q), 1);
	assert_int_equal(mpt_queue_full(q), 0);
	mpt_queue_destroy(q);
}

static void put_four(void *q)
{
	for (uint64_t i = 2; i < 6; i++)
		child_claims(put(q, i, MPT_FOREVER) == 0);
}

static void b31_items_of_another_process_arrive_in_order_by_every_way_to_get(void **state)
{
	struct mpt_queue *q = queue_of(0);

	(void)state;
	assert_ends_well(child(put_four, q));
	assert_int_equal(mpt_queue_empty(q), 0);
	assert_int_equal(get(q, MPT_FOREVER), 2);
	assert_int_equal(get(q, MPT_SECONDS(1)), 3);
	assert_int_equal(get(q, MPT_MS(1)), 4);
	assert_int_equal(get(q, 0), 5);
	assert_int_equal(get(q, 0), -EAGAIN);
	mpt_queue_destroy(q);
}

#define EACH 500u

struct producer {
	struct mpt_queue *queue;
	uint64_t number;
};

static void put_many(void *arg)
{
	struct producer *p = arg;

	for (uint64_t i = 0; i < EACH; i++)
		child_claims(put(p->queue, p->number << 32 | i, MPT_FOREVER) == 0);
}

static void b34_children_put_into_a_used_queue_in_order_and_nothing_comes_twice(void **state)
{
	struct mpt_queue *q = queue_of(5);
	struct producer producers[3];
	uint64_t next[4] = { 0 };
	pid_t pids[3];
	int64_t n;

	(void)state;
	assert_int_equal(put(q, 3ull << 32, 0), 0);
	for (uint64_t i = 0; i < 3; i++) {
		producers[i] = (struct producer){ q, i };
		pids[i] = child(put_many, &producers[i]);
	}
	for (uint32_t i = 0; i < 3 * EACH + 1; i++) {
		n = get(q, GUARD_NS);
		assert_true(n >= 0 && n >> 32 < 4);
		assert_int_equal(n & UINT32_MAX, next[n >> 32]++);
	}
	for (int i = 0; i < 3; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(get(q, 0), -EAGAIN);
	mpt_queue_destroy(q);
}

static void put_and_be_gone(void *q)
{
	child_claims(put(q, 40, 0) == 0);
	_exit(0);
}

static void put_and_be_killed(void *q)
{
	child_claims(put(q, 41, 0) == 0);
	kill(getpid(), SIGKILL);
}

static void b40_a_put_is_committed_when_it_returns(void **state)
{
	struct mpt_queue *q = queue_of(0);

	(void)state;
	assert_ends_well(child(put_and_be_gone, q));
	assert_int_equal(end_of(child(put_and_be_killed, q)), -SIGKILL);
	assert_int_equal(get(q, 0), 40);
	assert_int_equal(get(q, 0), 41);
	mpt_queue_destroy(q);
}

static void put_and_return_from_main(const char *name)
{
	struct mpt_queue_options options = { .name = name, .joinable = joinable };
	struct mpt_queue *q;

	child_claims(mpt_queue_create(&q, &options) == 0);
	for (uint64_t i = 0; i < 1000; i++)
		child_claims(put(q, i, 0) == 0);
}

static void b41_unread_items_do_not_hold_up_the_end_of_their_producer(void **state)
{
	(void)state;
	assert_ends_well(program("put_and_return_from_main", "left", NULL));
}

/* ---- several who wait ------------------------------------------------------------ */

#define GETTERS 4

static void get_one(void *q)
{
	child_claims(get(q, MPT_FOREVER) >= 0);
}

static void start_blocked_getters(struct mpt_queue *q, pid_t *pids)
{
	for (int i = 0; i < GETTERS; i++)
		pids[i] = child(get_one, q);
	for (int i = 0; i < GETTERS; i++)
		assert_eventually(is_blocked_in(pids[i], op(MPT_OP_QUEUE_GET)));
}

static int still_blocked(const pid_t *pids)
{
	int n = 0;

	for (int i = 0; i < GETTERS; i++)
		n += is_blocked_in(pids[i], op(MPT_OP_QUEUE_GET));
	return n;
}

static void b42_each_put_lets_one_blocked_getter_go(void **state)
{
	struct mpt_queue *q = queue_of(0);
	pid_t pids[GETTERS];

	(void)state;
	start_blocked_getters(q, pids);
	for (int left = GETTERS - 1; left >= 0; left--) {
		assert_int_equal(put(q, 1, 0), 0);
		assert_eventually(still_blocked(pids) == left);
	}
	for (int i = 0; i < GETTERS; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(mpt_queue_size(q), 0);
	mpt_queue_destroy(q);
}

static void b42_a_burst_of_puts_lets_all_blocked_getters_go(void **state)
{
	struct mpt_queue *q = queue_of(0);
	pid_t pids[GETTERS];

	(void)state;
	start_blocked_getters(q, pids);
	for (int i = 0; i < GETTERS; i++)
		assert_int_equal(put(q, 1, 0), 0);
	for (int i = 0; i < GETTERS; i++)
		assert_ends_well(pids[i]);
	mpt_queue_destroy(q);
}

static void put_one(void *q)
{
	child_claims(put(q, 1, MPT_FOREVER) == 0);
}

static void b42_each_get_lets_one_blocked_putter_go(void **state)
{
	struct mpt_queue *q = queue_of(1);
	pid_t pids[GETTERS];

	(void)state;
	assert_int_equal(put(q, 1, 0), 0);
	for (int i = 0; i < GETTERS; i++)
		pids[i] = child(put_one, q);
	for (int i = 0; i < GETTERS; i++)
		assert_eventually(is_blocked_in(pids[i], op(MPT_OP_QUEUE_PUT)));
	for (int i = 0; i < GETTERS + 1; i++)
		assert_int_equal(get(q, GUARD_NS), 1);
	for (int i = 0; i < GETTERS; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(mpt_queue_size(q), 0);
	mpt_queue_destroy(q);
}

/* ---- the end ---------------------------------------------------------------------- */

static void claims_open(void *q)
{
	child_claims(put(q, 9, 0) == 0);
}

static void b38_after_close_calls_fail_here_and_go_on_elsewhere(void **state)
{
	struct mpt_queue *q = queue_of(3), *same;
	struct mpt_queue_options named = { .name = "b38", .joinable = joinable };
	char byte = 0;

	(void)state;
	mpt_queue_destroy(q);
	assert_int_equal(mpt_queue_create(&q, &named), 0);
	assert_int_equal(mpt_queue_open(&same, "b38", 0), 0);
	assert_int_equal(mpt_queue_close(q), 0);
	assert_int_equal(mpt_queue_close(q), 0);
	assert_int_equal(put(q, 1, MPT_FOREVER), -ESHUTDOWN);
	assert_int_equal(mpt_queue_put(q, &byte, 1, 0), -ESHUTDOWN);
	assert_int_equal(get(q, MPT_FOREVER), -ESHUTDOWN);
	assert_int_equal(mpt_queue_next_size(q), -ESHUTDOWN);
	assert_int_equal(mpt_queue_size(q), -ESHUTDOWN);
	assert_int_equal(mpt_queue_empty(q), -ESHUTDOWN);
	assert_int_equal(mpt_queue_full(q), -ESHUTDOWN);
	assert_ends_well(child(claims_open, same));
	assert_int_equal(get(same, 0), 9);
	mpt_queue_destroy(same);
	mpt_queue_destroy(q);
}

static void is_told_of_the_end(void *q)
{
	child_claims(get(q, MPT_FOREVER) == -ESHUTDOWN);
	child_claims(put(q, 1, 0) == -ESHUTDOWN);
}

static void the_creators_destroy_ends_the_queue_for_those_blocked_in_it(void **state)
{
	struct mpt_queue *q = queue_of(1);
	pid_t pid = child(is_told_of_the_end, q);

	(void)state;
	assert_eventually(is_blocked_in(pid, op(MPT_OP_QUEUE_GET)));
	mpt_queue_destroy(q);
	assert_ends_well(pid);
	mpt_queue_destroy(NULL);
}

static void destroys(void *q)
{
	mpt_queue_destroy(q);
}

static void a_childs_destroy_frees_its_handle_only(void **state)
{
	struct mpt_queue *q = queue_of(1);

	(void)state;
	assert_ends_well(child(destroys, q));
	assert_int_equal(put(q, 1, 0), 0);
	assert_int_equal(get(q, 0), 1);
	mpt_queue_destroy(q);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		{ "put_and_return_from_main", put_and_return_from_main },
	};
	const struct CMUnitTest tests[] = {
		api_test(b26_a_new_queue_is_empty_and_maxsize_puts_fill_it),
		api_test(b27_every_way_to_put_succeeds_while_there_is_space),
		api_test(b28_a_try_to_put_into_a_full_queue_fails_at_once),
		api_test(b29_a_timed_put_into_a_full_queue_fails_after_about_t),
		api_test(b29_a_timeout_too_large_to_add_up_is_for_ever),
		api_test(b30_drained_by_another_process_it_is_empty_again),
		api_test(b31_items_of_another_process_arrive_in_order_by_every_way_to_get),
		api_test(b32_getting_from_an_empty_queue_fails_at_once_or_after_about_t),
		api_test(b33_a_get_of_200_ms_never_returns_before_them),
		api_test(b34_children_put_into_a_used_queue_in_order_and_nothing_comes_twice),
		api_test(b35_qsize_is_exact),
		api_test(b38_after_close_calls_fail_here_and_go_on_elsewhere),
		api_test(b39_maxsize_zero_or_less_is_the_maximum_and_can_be_asked),
		api_test(b39_the_maximum_really_fits),
		api_test(b40_a_put_is_committed_when_it_returns),
		api_test(b41_unread_items_do_not_hold_up_the_end_of_their_producer),
		api_test(b42_each_put_lets_one_blocked_getter_go),
		api_test(b42_a_burst_of_puts_lets_all_blocked_getters_go),
		api_test(b42_each_get_lets_one_blocked_putter_go),
		api_test(the_creators_destroy_ends_the_queue_for_those_blocked_in_it),
		api_test(a_childs_destroy_frees_its_handle_only),
	};

	int failed;

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	joinable = true;
	return failed + cmocka_run_group_tests_name("b46_joinable", tests, NULL, NULL);
}
