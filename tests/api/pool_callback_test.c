/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_callback_test.c - Pool: callbacks (128) and tasks that fail (129, 130, 133).
 */
#include "tests/api/pool_support.h"

/* ---- callbacks --------------------------------------------------------------------------- */

struct told {
	uint32_t results, errors;
	int result;
	size_t size;
	struct mpt_failure failure;
	pthread_t thread;
};

static void tells_result(void *arg, const void *result, size_t size)
{
	struct told *t = arg;

	if (result && size >= sizeof(t->result))
		memcpy(&t->result, result, sizeof(t->result));
	t->size = size;
	t->thread = pthread_self();
	reach(&t->results);
}

static void tells_error(void *arg, const struct mpt_failure *failure)
{
	struct told *t = arg;

	t->failure = *failure;
	reach(&t->errors);
}

static void b128_the_callback_is_called_once_with_the_result(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct told told = { .results = 0 };
	int n = 11;
	struct mpt_pool_call call = { .function = pool_twice, .arg = &n, .size = sizeof(n),
				      .callback = tells_result, .error_callback = tells_error,
				      .callback_arg = &told };
	struct mpt_result *result;

	(void)state;
	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), 0);
	/* It has returned before the result is ready. */
	assert_int_equal(mpt_result_wait(result, GUARD_NS), 0);
	assert_int_equal(told.results, 1);
	assert_int_equal(told.result, 22);
	assert_int_equal(told.size, sizeof(int));
	assert_false(pthread_equal(told.thread, pthread_self()));
	mpt_result_destroy(result);
	/* Without a handle it is called as well. */
	assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), 0);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(told.results, 2);
	assert_int_equal(told.errors, 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void b128_the_error_callback_is_called_once_with_the_error(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct told told = { .results = 0 };
	int n = 14;
	struct mpt_pool_call call = { .function = pool_picky, .arg = &n, .size = sizeof(n),
				      .callback = tells_result, .error_callback = tells_error,
				      .callback_arg = &told };
	struct mpt_result *result;

	(void)state;
	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), 0);
	assert_int_equal(mpt_result_get(result, &n, sizeof(n), GUARD_NS), -EDOM);
	assert_int_equal(told.errors, 1);
	assert_int_equal(told.results, 0);
	assert_int_equal(told.failure.error, -EDOM);
	assert_string_equal(told.failure.task, "picky");
	assert_string_equal(told.failure.text, "14 is divisible by 7");
	mpt_result_destroy(result);
	pool_end(pool);
}

static void b128_of_a_map_the_callback_is_called_once_for_all(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct told told = { .results = 0 };
	int in[MANY], out[MANY];
	struct mpt_pool_mapping map = map_of(in, out, MANY, 10);
	struct mpt_result *result;

	(void)state;
	map.callback = tells_result;
	map.error_callback = tells_error;
	map.callback_arg = &told;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), MANY);
	assert_int_equal(told.results, 1);
	assert_int_equal(told.size, sizeof(out));
	assert_int_equal(told.result, 2);
	mpt_result_destroy(result);
	map.function = pool_picky;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -EDOM);
	assert_int_equal(told.errors, 1);
	assert_int_equal(told.results, 1);
	assert_int_equal(told.failure.count, MANY / 7);
	mpt_result_destroy(result);
	pool_end(pool);
}

struct chain {
	struct mpt_pool *pool;
	uint32_t done;
	int n, refused;
};

static void submits_the_next(void *arg, const void *result, size_t size)
{
	struct chain *c = arg;
	struct mpt_pool_call call = { .function = pool_twice, .arg = result, .size = size,
				      .callback = submits_the_next, .callback_arg = c };

	memcpy(&c->n, result, sizeof(c->n));
	if (c->n >= 1 << 20 || mpt_pool_apply_async(c->pool, &call, NULL) < 0)
		reach(&c->done);
}

static void callbacks_may_submit(void **state)
{
	struct chain chain = { .pool = pool_make(2, NULL) };
	int one = 1;
	struct mpt_pool_call call = { .function = pool_twice, .arg = &one, .size = sizeof(one),
				      .callback = submits_the_next, .callback_arg = &chain };

	(void)state;
	assert_int_equal(mpt_pool_apply_async(chain.pool, &call, NULL), 0);
	assert_eventually(reached(&chain.done));
	assert_int_equal(chain.n, 1 << 20);
	pool_end(chain.pool);
}

static void waits_in_a_callback(void *arg, const void *result, size_t size)
{
	struct chain *c = arg;
	struct mpt_pool_call call = { .function = pool_twice, .arg = result, .size = size };
	struct mpt_result *r;

	if (mpt_pool_apply_async(c->pool, &call, &r) == 0)
		mpt_result_get(r, &c->n, sizeof(c->n), GUARD_NS);
	mpt_result_destroy(r);
	c->refused = mpt_pool_join(c->pool, 0) == -EDEADLK &&
		     mpt_pool_destroy(c->pool) == -EDEADLK;
	reach(&c->done);
}

static void callbacks_may_wait_for_another_result_but_not_for_the_pool(void **state)
{
	struct chain chain = { .pool = pool_make(1, NULL) };
	int one = 1;
	struct mpt_pool_call call = { .function = pool_twice, .arg = &one, .size = sizeof(one),
				      .callback = waits_in_a_callback, .callback_arg = &chain };

	(void)state;
	assert_int_equal(mpt_pool_apply_async(chain.pool, &call, NULL), 0);
	assert_eventually(reached(&chain.done));
	assert_int_equal(chain.n, 4);
	assert_true(chain.refused);
	pool_end(chain.pool);
}

/* Callbacks that wait for each other's end, one behind the other. */
struct held {
	uint32_t inside, go, ended;
};

static void holds_the_thread(void *arg, const void *result, size_t size)
{
	struct held *h = arg;

	(void)result;
	(void)size;
	reach(&h->inside);
	child_claims_eventually(reached(&h->go));
	reach(&h->ended);
}

static void a_map_that_is_destroyed_while_its_callback_is_in_line_is_not_called(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct held held = { .inside = 0 };
	struct told told = { .results = 0 };
	int in[8], out[8];
	struct mpt_pool_mapping map = map_of(in, out, 8, 1);
	struct mpt_pool_call call = { .function = pool_nothing, .callback = holds_the_thread,
				      .callback_arg = &held };
	struct mpt_result *result;

	(void)state;
	assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), 0);
	assert_eventually(reached(&held.inside));
	map.callback = tells_result;
	map.callback_arg = &told;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_eventually(mpt_pool_unfinished(pool) == 0);
	assert_int_equal(mpt_result_ready(result), 0);
	mpt_result_destroy(result);
	reach(&held.go);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(told.results, 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void *opens_when_somebody_waits(void *arg)
{
	struct held *h = arg;

	child_claims_eventually(is_blocked_in(getpid(), MPT_OP_POOL_WAIT));
	reach(&h->go);
	return NULL;
}

static void destroying_a_map_waits_for_its_callback_that_runs(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct held held = { .inside = 0 };
	int in[8], out[8];
	struct mpt_pool_mapping map = map_of(in, out, 8, 1);
	struct mpt_result *result;
	pthread_t opener;

	(void)state;
	map.callback = holds_the_thread;
	map.callback_arg = &held;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	assert_eventually(reached(&held.inside));
	opener = thread(opens_when_somebody_waits, &held);
	mpt_result_destroy(result);
	assert_true(reached(&held.ended));
	join_thread(opener);
	pool_end(pool);
}

struct self_destroyer {
	struct mpt_result *result;
	uint32_t known, done;
};

static void destroys_its_result(void *arg, const void *result, size_t size)
{
	struct self_destroyer *s = arg;

	(void)result;
	(void)size;
	child_claims_eventually(reached(&s->known));
	mpt_result_destroy(s->result);
	reach(&s->done);
}

static void the_callback_of_a_map_may_destroy_its_result(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct self_destroyer self = { .result = NULL };
	int in[8], out[8];
	struct mpt_pool_mapping map = map_of(in, out, 8, 1);

	(void)state;
	map.callback = destroys_its_result;
	map.callback_arg = &self;
	assert_int_equal(mpt_pool_map_async(pool, &map, &self.result), 0);
	reach(&self.known);
	assert_eventually(reached(&self.done));
	pool_end(pool);
}

/* ---- tasks that fail ---------------------------------------------------------------------- */

static void b129_code_and_text_of_an_error_reach_the_caller(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *result = pool_submit(pool, pool_picky, 35);
	struct mpt_failure why;
	pid_t pids[2];

	(void)state;
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -EDOM);
	assert_int_equal(mpt_result_successful(result), 0);
	assert_int_equal(mpt_result_failure(result, &why), 0);
	assert_int_equal(why.error, -EDOM);
	assert_string_equal(why.text, "35 is divisible by 7");
	assert_string_equal(why.task, "picky");
	assert_int_equal(why.exit_code, MPT_EXIT_NONE);
	assert_eventually(pool_pids(pids) == 2);
	assert_true(why.pid == pids[0] || why.pid == pids[1]);
	mpt_result_destroy(result);
	result = pool_submit(pool, pool_picky, 1);
	assert_int_equal(mpt_result_wait(result, GUARD_NS), 0);
	assert_int_equal(mpt_result_failure(result, &why), -ENOENT);
	mpt_result_destroy(result);
	pool_end(pool);
}

static ssize_t fails_silently(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	mpt_pool_fail(-EIO, "of another error");
	return -EPERM;
}

static void b129_an_error_without_a_text_of_its_own_is_put_into_words(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "silent", fails_silently } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_result *result = pool_submit(pool, fails_silently, 0);
	struct mpt_failure why;

	(void)state;
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -EPERM);
	assert_int_equal(mpt_result_failure(result, &why), 0);
	assert_string_equal(why.text, mpt_result_text(-EPERM));
	mpt_result_destroy(result);
	pool_end(pool);
}

static ssize_t returns_its_number(const void *arg, size_t size, void *result, size_t room)
{
	int64_t n;

	(void)size;
	(void)result;
	(void)room;
	memcpy(&n, arg, sizeof(n));
	return (ssize_t)n;
}

static void assert_fails(struct mpt_pool *pool, int64_t n, int error, const char *text)
{
	struct mpt_pool_call call = { .function = returns_its_number, .arg = &n,
				      .size = sizeof(n) };
	int status = 0;
	struct mpt_pool_mapping map = { .function = returns_its_number, .in = &n,
				    .in_size = sizeof(n), .count = 1, .status = &status };
	struct mpt_result *result;
	struct mpt_failure why;

	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), 0);
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), error);
	assert_int_equal(mpt_result_failure(result, &why), 0);
	assert_int_equal(why.error, error);
	assert_string_equal(why.text, text);
	mpt_result_destroy(result);
	assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), error);
	assert_int_equal(status, error);
}

static void numbers_that_are_no_error_and_no_size_fail_the_task(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "number", returns_its_number } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool = pool_make(1, &options);

	(void)state;
	assert_fails(pool, INT64_MIN, -INT32_MAX, mpt_result_text(-INT32_MAX));
	assert_fails(pool, -(INT64_C(1) << 32), -INT32_MAX, mpt_result_text(-INT32_MAX));
	pool_end(pool);
}

static void b133_the_text_of_a_result_that_does_not_fit_tells_its_size(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "number", returns_its_number } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool = pool_make(1, &options);
	int64_t n = INT64_C(1) << 40;
	struct mpt_pool_call call = { .function = returns_its_number, .arg = &n,
				      .size = sizeof(n) };
	struct mpt_result *result;
	struct mpt_failure why;

	(void)state;
	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), 0);
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -EMSGSIZE);
	assert_int_equal(mpt_result_failure(result, &why), 0);
	assert_string_equal(why.text, "its result of 1099511627776 bytes is larger than 512");
	mpt_result_destroy(result);
	pool_end(pool);
}

static void b130_a_map_with_failures_waits_for_all_others_and_tells_which(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	int in[100], out[100], status[100];

	(void)state;
	for (size_t chunk = 1; chunk <= 100; chunk += 33) {
		struct mpt_pool_mapping map = map_of(in, out, 100, chunk);
		struct mpt_result *result;
		struct mpt_failure why;

		map.function = pool_picky;
		map.status = status;
		assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
		assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -EDOM);
		for (int i = 0; i < 100; i++) {
			assert_int_equal(status[i], (i + 1) % 7 ? 0 : -EDOM);
			if ((i + 1) % 7)
				assert_int_equal(out[i], 2 * (i + 1));
		}
		assert_int_equal(mpt_result_failure(result, &why), 0);
		assert_int_equal((why.index + 1) % 7, 0);
		assert_int_equal(why.count, 14);
		assert_true(strstr(why.text, "is divisible by 7") != NULL);
		mpt_result_destroy(result);
		assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), -EDOM);
	}
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void an_imap_tells_which_items_failed_and_goes_on(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);

	(void)state;
	for (size_t chunk = 1; chunk <= 21; chunk += 10) {
		struct counter counter = { .end = 100 };
		struct mpt_pool_each each = { .function = pool_picky, .next = counts,
					      .next_arg = &counter, .in_size = sizeof(int),
					      .out_size = sizeof(int), .chunk = chunk };
		struct mpt_failure why;
		struct mpt_imap *imap;
		size_t index;
		int out;

		assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
		for (size_t i = 0; i < 100; i++) {
			int want = (i + 1) % 7 ? 0 : -EDOM;

			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), want);
			assert_int_equal(index, i);
			assert_int_equal(mpt_imap_failure(imap, &why), want ? 0 : -ENOENT);
			if (want)
				assert_true(why.index == i && why.error == -EDOM);
		}
		assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), -ENODATA);
		mpt_imap_destroy(imap);
	}
	pool_end(pool);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		pool_test(b128_the_callback_is_called_once_with_the_result),
		pool_test(b128_the_error_callback_is_called_once_with_the_error),
		pool_test(b128_of_a_map_the_callback_is_called_once_for_all),
		pool_test(callbacks_may_submit),
		pool_test(callbacks_may_wait_for_another_result_but_not_for_the_pool),
		pool_test(a_map_that_is_destroyed_while_its_callback_is_in_line_is_not_called),
		pool_test(destroying_a_map_waits_for_its_callback_that_runs),
		pool_test(the_callback_of_a_map_may_destroy_its_result),
		pool_test(b129_code_and_text_of_an_error_reach_the_caller),
		pool_test(b129_an_error_without_a_text_of_its_own_is_put_into_words),
		pool_test(numbers_that_are_no_error_and_no_size_fail_the_task),
		pool_test(b133_the_text_of_a_result_that_does_not_fit_tells_its_size),
		pool_test(b130_a_map_with_failures_waits_for_all_others_and_tells_which),
		pool_test(an_imap_tells_which_items_failed_and_goes_on),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
