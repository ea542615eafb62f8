/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_drop_test.c - Pool: what was submitted and is given up: maps and imaps.
 */
#include "tests/api/pool_support.h"

/* A pool whose only worker waits for the gate, so that what comes now is in line. */
static struct mpt_pool *busy_pool(struct mpt_result **busy)
{
	struct mpt_pool *pool = pool_make(1, NULL);

	*busy = pool_submit(pool, pool_gate, 1);
	assert_eventually(pool_began() == 1);
	return pool;
}

static struct mpt_pool_mapping counts_all(int *in, int *out, size_t chunk)
{
	struct mpt_pool_mapping map = map_of(in, out, MANY, chunk);

	map.function = pool_count;
	return map;
}

/* Everything else goes on, and nothing of it was begun. */
static void assert_nothing_was_begun(struct mpt_pool *pool, struct mpt_result *busy)
{
	assert_int_equal(mpt_pool_unfinished(pool), 1);
	pool_open_gate();
	assert_int_equal(pool_result(busy), 2);
	assert_int_equal(pool_apply(pool, pool_twice, 4), 8);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	for (int i = 0; i <= MANY; i++)
		assert_int_equal(pool_world->calls[i], 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

/* ---- maps ------------------------------------------------------------------------------ */

static void items_of_a_destroyed_map_that_have_not_begun_are_dropped(void **state)
{
	struct mpt_result *busy, *result;
	struct mpt_pool *pool = busy_pool(&busy);
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = counts_all(in, out, 1); /* more than slots */

	(void)state;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_int_equal(mpt_pool_unfinished(pool), MANY + 1);
	mpt_result_destroy(result);
	assert_nothing_was_begun(pool, busy);
}

static void items_of_a_map_that_gives_up_are_dropped_if_they_have_not_begun(void **state)
{
	struct mpt_result *busy;
	struct mpt_pool *pool = busy_pool(&busy);
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = counts_all(in, out, 10);

	(void)state;
	assert_int_equal(mpt_pool_map(pool, &map, MPT_MS(20)), -ETIMEDOUT);
	assert_int_equal(mpt_pool_map(pool, &map, 0), -EAGAIN);
	assert_nothing_was_begun(pool, busy);
}

static void of_a_chunk_that_was_begun_the_other_items_are_dropped(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = map_of(in, out, MANY, 10);
	struct mpt_result *result;

	(void)state;
	map.function = pool_gate;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_eventually(pool_began() == 1);
	mpt_result_destroy(result);
	memset(out, 0x55, sizeof(out));
	pool_open_gate();
	assert_int_equal(pool_apply(pool, pool_twice, 4), 8);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(pool_began(), 1);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(out[i], 0x55555555);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void a_worker_killed_in_what_was_given_up_holds_up_nothing(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = map_of(in, out, MANY, 10);
	struct mpt_result *result;

	(void)state;
	map.function = pool_gate;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_eventually(pool_began() == 1 && pool_world->pids[0]);
	mpt_result_destroy(result);
	kill(pool_world->pids[0], SIGKILL);
	assert_int_equal(pool_apply(pool, pool_twice, 4), 8);
	assert_int_equal(pool_began(), 1);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void what_was_given_up_often_leaves_room_in_the_line(void **state)
{
	struct mpt_result *busy, *result;
	struct mpt_pool *pool = busy_pool(&busy);
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = counts_all(in, out, 1);

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
		mpt_result_destroy(result);
	}
	assert_nothing_was_begun(pool, busy);
}

static void terminate_after_giving_up_ends_the_pool(void **state)
{
	struct mpt_result *busy, *result;
	struct mpt_pool *pool = busy_pool(&busy);
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = counts_all(in, out, 1);

	(void)state;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	mpt_result_destroy(result);
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(pool_wire()->head, pool_wire()->tail);
	assert_int_equal(pool_result(busy), -ESHUTDOWN);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

/* ---- imaps ------------------------------------------------------------------------------- */

static struct mpt_imap *imap_of(struct mpt_pool *pool, mpt_pool_function *run,
				struct counter *counter)
{
	struct mpt_pool_each each = { .function = run, .next = counts, .next_arg = counter,
				      .in_size = sizeof(int), .out_size = sizeof(int) };
	struct mpt_imap *imap;

	assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
	return imap;
}

static void items_of_a_destroyed_imap_that_have_not_begun_are_dropped(void **state)
{
	struct mpt_result *busy;
	struct mpt_pool *pool = busy_pool(&busy);
	struct counter endless = { .end = -1 };
	struct mpt_imap *imap = imap_of(pool, pool_count, &endless);

	(void)state;
	assert_true(mpt_pool_unfinished(pool) > 1);
	mpt_imap_destroy(imap);
	assert_nothing_was_begun(pool, busy);
}

/* A generator that stays inside its second call. */
struct slow {
	struct mpt_imap *imap;
	uint32_t asked, inside, go, end;
};

static int stays_inside(void *arg, void *item)
{
	struct slow *s = arg;

	memset(item, 0, sizeof(int));
	if (s->asked++ < s->end)
		return 0;
	reach(&s->inside);
	child_claims_eventually(reached(&s->go));
	return 0;
}

static void *joins(void *pool)
{
	return (void *)(intptr_t)mpt_pool_join(pool, GUARD_NS);
}

/* An imap of which a thread that joins the pool is inside the generator. */
static struct mpt_imap *imap_being_asked(struct mpt_pool *pool, struct slow *slow,
					 pthread_t *joiner)
{
	struct mpt_pool_each each = { .function = pool_nothing, .next = stays_inside,
				      .next_arg = slow, .in_size = sizeof(int) };
	struct mpt_imap *imap;

	/* So many are asked for when it is made. */
	slow->end = 16 + 64;
	assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
	assert_int_equal(slow->asked, slow->end);
	assert_int_equal(mpt_pool_close(pool), 0);
	*joiner = thread(joins, pool);
	assert_eventually(reached(&slow->inside));
	return imap;
}

static void an_imap_may_be_destroyed_while_another_thread_asks_its_generator(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct slow slow = { .asked = 0 };
	pthread_t joiner;
	struct mpt_imap *imap = imap_being_asked(pool, &slow, &joiner);
	void *rc;

	(void)state;
	mpt_imap_destroy(imap);
	reach(&slow.go);
	assert_int_equal(pthread_join(joiner, &rc), 0);
	assert_int_equal((intptr_t)rc, 0);
	assert_int_equal(slow.asked, slow.end + 1);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static int destroys_its_imap(void *arg, void *item)
{
	struct slow *s = arg;

	memset(item, 0, sizeof(int));
	if (s->asked++ == s->end)
		mpt_imap_destroy(s->imap);
	return 0;
}

static void a_generator_may_destroy_its_imap(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct slow slow = { .end = 16 + 64 };
	struct mpt_pool_each each = { .function = pool_nothing, .next = destroys_its_imap,
				      .next_arg = &slow, .in_size = sizeof(int) };
	int rc = 0;

	(void)state;
	assert_int_equal(mpt_pool_imap(pool, &each, &slow.imap), 0);
	while (rc == 0)
		rc = mpt_imap_next(slow.imap, NULL, NULL, GUARD_NS);
	assert_int_equal(rc, -ESHUTDOWN);
	assert_int_equal(slow.asked, slow.end + 1);
	pool_end(pool);
}

/* ---- join ------------------------------------------------------------------------------------ */

static void join_gives_up_in_time_although_a_generator_has_no_end(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct counter endless = { .end = -1 };
	struct mpt_imap *imap = imap_of(pool, pool_nothing, &endless);
	uint64_t start = now_ns();
	int asked;

	(void)state;
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, MPT_MS(50)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(50));
	/* It goes on where it was. */
	asked = endless.n;
	for (int i = 0; i < 100; i++)
		assert_int_equal(mpt_pool_join(pool, 0), -EAGAIN);
	endless.end = endless.n;
	assert_true(endless.n >= asked);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	mpt_imap_destroy(imap);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void join_asks_a_generator_only_some_tasks_ahead(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct counter endless = { .end = -1 };
	struct mpt_imap *imap = imap_of(pool, pool_gate, &endless);

	(void)state;
	assert_eventually(pool_began() == 1);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, MPT_MS(50)), -ETIMEDOUT);
	assert_in_range(endless.n, 1, 1000);
	mpt_imap_destroy(imap);
	pool_open_gate();
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void join_polled_with_timeout_0_comes_to_an_end(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct counter first = { .end = 300 }, second = { .end = 300 };
	struct mpt_imap *imaps[2] = { imap_of(pool, pool_nothing, &first),
				      imap_of(pool, pool_nothing, &second) };

	(void)state;
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_eventually(mpt_pool_join(pool, 0) == 0);
	assert_int_equal(first.n, 300);
	assert_int_equal(second.n, 300);
	for (int i = 0; i < 2; i++)
		mpt_imap_destroy(imaps[i]);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		pool_test(items_of_a_destroyed_map_that_have_not_begun_are_dropped),
		pool_test(items_of_a_map_that_gives_up_are_dropped_if_they_have_not_begun),
		pool_test(of_a_chunk_that_was_begun_the_other_items_are_dropped),
		pool_test(a_worker_killed_in_what_was_given_up_holds_up_nothing),
		pool_test(what_was_given_up_often_leaves_room_in_the_line),
		pool_test(terminate_after_giving_up_ends_the_pool),
		pool_test(items_of_a_destroyed_imap_that_have_not_begun_are_dropped),
		pool_test(an_imap_may_be_destroyed_while_another_thread_asks_its_generator),
		pool_test(a_generator_may_destroy_its_imap),
		pool_test(join_gives_up_in_time_although_a_generator_has_no_end),
		pool_test(join_asks_a_generator_only_some_tasks_ahead),
		pool_test(join_polled_with_timeout_0_comes_to_an_end),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
