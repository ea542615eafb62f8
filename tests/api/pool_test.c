/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_test.c - Pool, behaviours 123 to 142; read from the top, it is a tutorial.  Deaths
 * are in pool_death_test.c.
 */
#include "tests/api/pool_support.h"

/* ---- one call -------------------------------------------------------------------- */

static void b123_apply_returns_the_result(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	int in = 21, out = 0;
	struct mpt_pool_call call = { .function = pool_twice, .arg = &in, .size = sizeof(in) };

	(void)state;
	assert_int_equal(mpt_pool_apply(pool, &call, &out, sizeof(out), GUARD_NS), sizeof(out));
	assert_int_equal(out, 42);
	pool_end(pool);
}

static void b123_apply_async_has_it_when_the_task_is_done(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *result = pool_submit(pool, pool_gate, 4);
	int out = 0;

	(void)state;
	assert_eventually(pool_began() == 1);
	assert_int_equal(mpt_result_ready(result), 0);
	assert_int_equal(mpt_result_successful(result), -EBUSY);
	pool_open_gate();
	assert_int_equal(mpt_result_wait(result, GUARD_NS), 0);
	assert_int_equal(mpt_result_ready(result), 1);
	assert_int_equal(mpt_result_successful(result), 1);
	/* It stays there until the handle is destroyed. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_result_get(result, &out, sizeof(out), 0), sizeof(out));
	assert_int_equal(out, 8);
	assert_int_equal(mpt_result_get(result, &out, 1, 0), -EMSGSIZE);
	mpt_result_destroy(result);
	pool_end(pool);
}

static void b124_get_gives_up_after_its_timeout(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *result = pool_submit(pool, pool_gate, 4);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_result_get(result, NULL, 0, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	assert_int_equal(mpt_result_get(result, NULL, 0, 0), -EAGAIN);
	assert_int_equal(mpt_result_wait(result, 0), -EAGAIN);
	pool_open_gate();
	assert_int_equal(pool_result(result), 8);
	pool_end(pool);
}

static void b124_apply_gives_up_and_the_task_goes_on(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct mpt_pool_call call = { .function = pool_gate };

	(void)state;
	assert_int_equal(mpt_pool_apply(pool, &call, NULL, 0, MPT_MS(30)), -ETIMEDOUT);
	pool_open_gate();
	/* The worker is free again. */
	assert_int_equal(pool_apply(pool, pool_twice, 3), 6);
	assert_int_equal(pool_began(), 1);
	assert_int_equal(mpt_pool_unfinished(pool), 0);
	pool_end(pool);
}

/* ---- many calls --------------------------------------------------------------------- */

static void assert_doubled(const int *out, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_int_equal(out[i], 2 * (i + 1));
}

static void b125_map_keeps_the_order_with_any_chunk_size(void **state)
{
	static const size_t chunks[] = { 0, 1, 2, 7, 63, 100, MANY - 1, MANY, 10 * MANY, SIZE_MAX };
	struct mpt_pool *pool = pool_make(3, NULL);
	int in[MANY], out[MANY];

	(void)state;
	for (size_t i = 0; i < sizeof(chunks) / sizeof(chunks[0]); i++) {
		struct mpt_pool_mapping map = map_of(in, out, MANY, chunks[i]);

		assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), 0);
		assert_doubled(out, MANY);
	}
	assert_int_equal(mpt_pool_unfinished(pool), 0);
	pool_end(pool);
}

static int has_none(void *unused, void *item)
{
	(void)unused;
	(void)item;
	return -ENODATA;
}

static void b125_no_items_are_done_at_once_in_all_variants(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct mpt_pool_mapping map = { .function = pool_twice };
	struct mpt_pool_each each = { .function = pool_twice, .next = has_none };
	struct mpt_result *result;
	struct mpt_imap *imap;
	size_t index;

	(void)state;
	assert_int_equal(mpt_pool_map(pool, &map, 0), 0);
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_int_equal(mpt_result_ready(result), 1);
	assert_int_equal(mpt_result_get(result, NULL, 0, 0), 0);
	mpt_result_destroy(result);
	for (int i = 0; i < 2; i++) {
		each.unordered = i;
		assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
		assert_int_equal(mpt_imap_next(imap, NULL, &index, 0), -ENODATA);
		assert_int_equal(index, 0);
		mpt_imap_destroy(imap);
	}
	pool_end(pool);
}

struct sum {
	int a, b;
};

static ssize_t adds(const void *arg, size_t size, void *result, size_t room)
{
	const struct sum *s = arg;
	int n = s->a + s->b;

	if (size != sizeof(*s) || room < sizeof(n))
		return -EINVAL;
	memcpy(result, &n, sizeof(n));
	return sizeof(n);
}

static void b126_starmap_is_a_map_over_structs(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "adds", adds } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool = pool_make(2, &options);
	struct sum in[50];
	int out[50];
	struct mpt_pool_mapping map = { .function = adds, .in = in, .in_size = sizeof(in[0]),
				    .count = 50, .out = out, .out_size = sizeof(out[0]) };

	(void)state;
	for (int i = 0; i < 50; i++)
		in[i] = (struct sum){ i, 100 * i };
	assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), 0);
	for (int i = 0; i < 50; i++)
		assert_int_equal(out[i], 101 * i);
	pool_end(pool);
}

/* ---- generators ------------------------------------------------------------------------ */

static struct mpt_imap *imap_of(struct mpt_pool *pool, struct counter *counter, bool unordered,
				size_t chunk)
{
	struct mpt_pool_each each = { .function = pool_twice, .next = counts, .next_arg = counter,
				      .in_size = sizeof(int), .out_size = sizeof(int),
				      .chunk = chunk, .unordered = unordered };
	struct mpt_imap *imap;

	assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
	return imap;
}

static void b127_imap_yields_in_order_then_the_end(void **state)
{
	static const size_t chunks[] = { 0, 1, 3, 100, 5000 };
	struct mpt_pool *pool = pool_make(3, NULL);

	(void)state;
	for (size_t c = 0; c < 5; c++) {
		struct counter counter = { .end = MANY };
		struct mpt_imap *imap = imap_of(pool, &counter, false, chunks[c]);
		size_t index;
		int out;

		for (size_t i = 0; i < MANY; i++) {
			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), 0);
			assert_int_equal(out, 2 * (i + 1));
			assert_int_equal(index, i);
		}
		for (int i = 0; i < 2; i++) {
			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), -ENODATA);
			assert_int_equal(index, MANY);
		}
		mpt_imap_destroy(imap);
	}
	pool_end(pool);
}

static void b127_imap_unordered_yields_each_once(void **state)
{
	struct mpt_pool *pool = pool_make(3, NULL);

	(void)state;
	for (size_t chunk = 1; chunk < 8; chunk += 3) {
		struct counter counter = { .end = MANY };
		struct mpt_imap *imap = imap_of(pool, &counter, true, chunk);
		bool seen[MANY] = { false };
		size_t index;
		int out;

		for (int i = 0; i < MANY; i++) {
			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), 0);
			assert_int_equal(out, 2 * (index + 1));
			assert_false(seen[index]);
			seen[index] = true;
		}
		assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), -ENODATA);
		mpt_imap_destroy(imap);
	}
	pool_end(pool);
}

static ssize_t first_is_slow(const void *arg, size_t size, void *result, size_t room)
{
	int n;

	memcpy(&n, arg, sizeof(n));
	return n == 1 ? pool_gate(arg, size, result, room) : pool_twice(arg, size, result, room);
}

static void b127_what_is_done_first_is_yielded_first_only_if_unordered(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "first is slow", first_is_slow } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool = pool_make(2, &options);
	struct counter one = { .end = 3 }, other = { .end = 3 };
	struct mpt_pool_each each = { .function = first_is_slow, .next = counts, .next_arg = &one,
				      .in_size = sizeof(int), .out_size = sizeof(int) };
	struct mpt_imap *ordered, *unordered;
	size_t index;
	int out;

	(void)state;
	each.unordered = true;
	assert_int_equal(mpt_pool_imap(pool, &each, &unordered), 0);
	assert_int_equal(mpt_imap_next(unordered, &out, &index, GUARD_NS), 0);
	assert_int_equal(index, 1);
	assert_int_equal(mpt_imap_next(unordered, &out, &index, GUARD_NS), 0);
	assert_int_equal(index, 2);
	assert_int_equal(mpt_imap_next(unordered, &out, &index, MPT_MS(20)), -ETIMEDOUT);
	assert_true(index == SIZE_MAX);
	each.unordered = false;
	each.next_arg = &other;
	assert_int_equal(mpt_pool_imap(pool, &each, &ordered), 0);
	assert_int_equal(mpt_imap_next(ordered, &out, &index, MPT_MS(20)), -ETIMEDOUT);
	pool_open_gate();
	assert_int_equal(mpt_imap_next(unordered, &out, &index, GUARD_NS), 0);
	assert_int_equal(index, 0);
	assert_int_equal(mpt_imap_next(ordered, &out, &index, GUARD_NS), 0);
	assert_int_equal(index, 0);
	mpt_imap_destroy(unordered);
	mpt_imap_destroy(ordered);
	pool_end(pool);
}

static void b131_a_generator_that_fails_ends_with_that_after_the_items_before(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);

	(void)state;
	for (int unordered = 0; unordered < 2; unordered++)
		for (size_t chunk = 1; chunk <= 4; chunk++) {
			struct counter counter = { .end = 50, .failure = -EIO };
			struct mpt_imap *imap = imap_of(pool, &counter, unordered, chunk);
			size_t index;
			int out;

			for (int i = 0; i < 50; i++)
				assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), 0);
			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), -EIO);
			assert_int_equal(index, 50);
			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), -ENODATA);
			mpt_imap_destroy(imap);
			assert_int_equal(pool_apply(pool, pool_twice, 5), 10);
		}
	pool_end(pool);
}

static void b131_a_generator_that_fails_at_once_delivers_nothing(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct counter counter = { .end = 0, .failure = -EIO };
	struct mpt_imap *imap = imap_of(pool, &counter, false, 1);
	int out;

	(void)state;
	assert_int_equal(mpt_imap_next(imap, &out, NULL, GUARD_NS), -EIO);
	assert_int_equal(mpt_imap_next(imap, &out, NULL, GUARD_NS), -ENODATA);
	mpt_imap_destroy(imap);
	pool_end(pool);
}

static void an_imap_that_is_given_up_leaves_the_pool_usable(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct counter endless = { .end = -1 };
	struct mpt_imap *imap = imap_of(pool, &endless, false, 1);
	int out;

	(void)state;
	for (int i = 0; i < 10; i++)
		assert_int_equal(mpt_imap_next(imap, &out, NULL, GUARD_NS), 0);
	mpt_imap_destroy(imap);
	/* It was asked some items ahead, not for all it has. */
	assert_true(endless.n < 1000);
	assert_int_equal(pool_apply(pool, pool_twice, 5), 10);
	assert_eventually(mpt_pool_unfinished(pool) == 0);
	pool_end(pool);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		pool_test(b123_apply_returns_the_result),
		pool_test(b123_apply_async_has_it_when_the_task_is_done),
		pool_test(b124_get_gives_up_after_its_timeout),
		pool_test(b124_apply_gives_up_and_the_task_goes_on),
		pool_test(b125_map_keeps_the_order_with_any_chunk_size),
		pool_test(b125_no_items_are_done_at_once_in_all_variants),
		pool_test(b126_starmap_is_a_map_over_structs),
		pool_test(b127_imap_yields_in_order_then_the_end),
		pool_test(b127_imap_unordered_yields_each_once),
		pool_test(b127_what_is_done_first_is_yielded_first_only_if_unordered),
		pool_test(b131_a_generator_that_fails_ends_with_that_after_the_items_before),
		pool_test(b131_a_generator_that_fails_at_once_delivers_nothing),
		pool_test(an_imap_that_is_given_up_leaves_the_pool_usable),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
