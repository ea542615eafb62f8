/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_worker_test.c - Pool: the life of its workers: replaced, prepared, not to be had.
 */
#include "tests/api/pool_support.h"

#include <sys/resource.h>

/* ---- workers that leave ----------------------------------------------------------------------- */

static void b137_workers_are_replaced_after_max_tasks_and_all_results_are_right(void **state)
{
	struct mpt_pool_options options = { .max_tasks = 10 };
	struct mpt_pool *pool = pool_make(3, &options);
	struct mpt_result *results[300];
	pid_t pids[300];
	int different = 0;

	(void)state;
	for (int i = 0; i < 300; i++)
		results[i] = pool_submit(pool, pool_pid, 0);
	for (int i = 0; i < 300; i++) {
		int calls = 1, pid = pool_result(results[i]);

		assert_true(pid > 0);
		for (int k = 0; k < i; k++)
			calls += pids[k] == pid;
		different += calls == 1;
		assert_true(calls <= 10);
		pids[i] = pid;
	}
	assert_true(different >= 30);
	assert_int_equal(pool_wire()->lost_workers, 0);
	assert_int_equal(pool_apply(pool, pool_twice, 4), 8);
	pool_end(pool);
}

static void b137_close_before_all_is_done_does_not_hang(void **state)
{
	struct mpt_pool_options options = { .max_tasks = 1 };
	struct mpt_pool *pool = pool_make(3, &options);
	struct mpt_result *results[20];

	(void)state;
	for (int i = 0; i < 20; i++)
		results[i] = pool_submit(pool, pool_twice, i);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	for (int i = 0; i < 20; i++)
		assert_int_equal(pool_result(results[i]), 2 * i);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void b138_a_negative_max_tasks_is_refused(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "pid", pool_pid } };
	struct mpt_pool_options options = { .workers = 1, .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool;

	(void)state;
	for (options.max_tasks = -2; options.max_tasks < 0; options.max_tasks++)
		assert_int_equal(mpt_pool_create(&pool, &options), -EINVAL);
	/* Python's None is 0 here. */
	assert_int_equal(mpt_pool_create(&pool, &options), 0);
	pool_end(pool);
}

/* ---- the initializer ------------------------------------------------------------------------------ */

static int initializes(void *arg)
{
	struct pool_world *w = arg;

	reach(&w->inits);
	return 0;
}

static void b139_the_initializer_runs_once_in_each_worker(void **state)
{
	struct mpt_pool_options options = { .max_tasks = 5,
					    .initializer = initializes,
					    .initializer_arg = pool_world };
	struct mpt_pool *pool = pool_make(3, &options);
	pid_t pids[3];

	(void)state;
	assert_eventually(pool_pids(pids) == 3);
	assert_int_equal(pool_world->inits, 3);
	for (int i = 0; i < 50; i++)
		assert_int_equal(pool_apply(pool, pool_twice, i), 2 * i);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	/* At least one more for each five tasks, and before a worker's first one. */
	assert_true(pool_world->inits >= 10 && pool_world->inits <= 14);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static int cannot(void *arg)
{
	struct pool_world *w = arg;

	reach(&w->inits);
	return -EACCES;
}

static void b139_an_initializer_that_always_fails_breaks_the_pool(void **state)
{
	struct mpt_pool_options options = { .initializer = cannot,
					    .initializer_arg = pool_world };
	mpt_process_failure_hook *before = mpt_process_on_failure(NULL);
	struct mpt_pool *pool = pool_make(2, &options);
	struct mpt_result *result = pool_submit(pool, pool_twice, 1);
	struct mpt_pool_call call = { .function = pool_twice };
	struct mpt_failure why;

	(void)state;
	assert_int_equal(mpt_result_wait(result, 2 * GUARD_NS), 0);
	assert_int_equal(mpt_result_failure(result, &why), 0);
	assert_int_equal(why.error, -ECANCELED);
	assert_string_equal(why.text, "the initializer of its workers fails (exit code 1)");
	mpt_result_destroy(result);
	assert_true(pool_world->inits < 20);
	assert_int_equal(mpt_pool_apply(pool, &call, NULL, 0, GUARD_NS), -ECANCELED);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
	mpt_process_on_failure(before);
}

static int works_the_third_time(void *arg)
{
	struct pool_world *w = arg;

	return __atomic_add_fetch(&w->inits, 1, __ATOMIC_SEQ_CST) < 3 ? -EAGAIN : 0;
}

static void an_initializer_that_fails_at_first_is_tried_again(void **state)
{
	struct mpt_pool_options options = { .initializer = works_the_third_time,
					    .initializer_arg = pool_world };
	mpt_process_failure_hook *before = mpt_process_on_failure(NULL);
	struct mpt_pool *pool = pool_make(1, &options);

	(void)state;
	assert_int_equal(pool_apply(pool, pool_twice, 3), 6);
	assert_int_equal(pool_world->inits, 3);
	pool_end(pool);
	mpt_process_on_failure(before);
}

/* ---- failure to start ------------------------------------------------------------------------------- */

/* In a domain with room for few processes. */
static void finds_no_room(const char *unused)
{
	static const struct mpt_pool_task tasks[] = { { "pid", pool_pid } };
	struct mpt_pool_options options = { .workers = 1000, .tasks = tasks, .task_count = 1,
					    .slots = 1 };
	struct mpt_pool *pool;
	unsigned int descriptors;

	(void)unused;
	child_claims(mpt_process_active_children(NULL, 0) == 0);
	options.workers = 1;
	child_claims(mpt_pool_create(&pool, &options) == 0 && mpt_pool_destroy(pool) == 1);
	options.workers = 1000;
	descriptors = process_descriptors();
	child_claims(mpt_pool_create(&pool, &options) == -ENOSPC);
	child_claims(pool == NULL);
	child_claims(mpt_process_active_children(NULL, 0) == 0);
	child_claims(process_descriptors() == descriptors);
	/* With fewer it works. */
	options.workers = 2;
	child_claims(mpt_pool_create(&pool, &options) == 0);
	child_claims(pool_apply(pool, pool_pid, 0) > 0);
	child_claims(mpt_pool_destroy(pool) == 1);
}

static void b140_a_failure_while_starting_workers_leaves_no_processes(void **state)
{
	static const char *const env[] = { "MPTRACE_SIZE=4M", "MPTRACE_RING=4K", NULL };

	(void)state;
	assert_ends_well(program("finds_no_room", NULL, env));
}

static int makes_a_pool(void *unused)
{
	static const struct mpt_pool_task tasks[] = { { "pid", pool_pid } };
	struct mpt_pool_options options = { .workers = 1, .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool;

	(void)unused;
	return mpt_pool_create(&pool, &options) == -EPERM ? 0 : 1;
}

static void b140_a_daemon_may_not_have_workers(void **state)
{
	(void)state;
	assert_int_equal(process_end(process_run(makes_a_pool, NULL, &process_daemon)), 0);
}

/* ---- what is kept ----------------------------------------------------------------------------------- */

static long resident_pages(void)
{
	long total, resident = -1;
	FILE *f = fopen("/proc/self/statm", "re");

	if (f && fscanf(f, "%ld %ld", &total, &resident) != 2)
		resident = -1;
	if (f)
		fclose(f);
	return resident;
}

static void b141_memory_of_arguments_and_results_is_used_again(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "echo", echoes } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1,
					    .task_bytes = 4096, .slots = 16 };
	struct mpt_pool *pool = pool_make(2, &options);
	static uint8_t data[4096];
	struct mpt_pool_call call = { .function = echoes, .arg = data, .size = sizeof(data) };
	struct mpt_result *results[200];
	long before = 0;

	(void)state;
	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 200; i++)
			assert_int_equal(mpt_pool_apply_async(pool, &call, &results[i]), 0);
		for (int i = 0; i < 200; i++) {
			assert_int_equal(mpt_result_wait(results[i], GUARD_NS), 0);
			mpt_result_destroy(results[i]);
		}
		if (round == 10)
			before = resident_pages();
	}
	/* 90 rounds more were 72 MB.  A sanitizer keeps what is freed for a while. */
	assert_true(before > 0 && (SANITIZED || resident_pages() < before + 1000));
	pool_end(pool);
}

static void b141_what_nobody_wants_is_not_kept(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "echo", echoes } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1,
					    .task_bytes = 4096 };
	struct mpt_pool *pool = pool_make(2, &options);
	static uint8_t data[4096];
	struct mpt_pool_call call = { .function = echoes, .arg = data, .size = sizeof(data) };
	long before = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), 0);
		if (i % 100 == 0)
			assert_eventually(mpt_pool_unfinished(pool) < 50);
		if (i == 2000)
			before = resident_pages();
	}
	assert_true(before > 0 && (SANITIZED || resident_pages() < before + 1000));
	pool_end(pool);
}

static void b142_destroying_a_pool_tells_whether_it_was_running(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *result = pool_submit(pool, pool_gate, 1);

	(void)state;
	assert_eventually(pool_began() == 1);
	assert_int_equal(mpt_pool_destroy(pool), 1);
	assert_int_equal(pool_result(result), -ESHUTDOWN);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	pool = pool_make(2, NULL);
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
	assert_int_equal(mpt_pool_destroy(NULL), 0);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = { { "finds_no_room", finds_no_room } };
	const struct CMUnitTest tests[] = {
		pool_test(b137_workers_are_replaced_after_max_tasks_and_all_results_are_right),
		pool_test(b137_close_before_all_is_done_does_not_hang),
		pool_test(b138_a_negative_max_tasks_is_refused),
		pool_test(b139_the_initializer_runs_once_in_each_worker),
		pool_test(b139_an_initializer_that_always_fails_breaks_the_pool),
		pool_test(an_initializer_that_fails_at_first_is_tried_again),
		pool_test(b140_a_failure_while_starting_workers_leaves_no_processes),
		pool_test(b140_a_daemon_may_not_have_workers),
		pool_test(b141_memory_of_arguments_and_results_is_used_again),
		pool_test(b141_what_nobody_wants_is_not_kept),
		pool_test(b142_destroying_a_pool_tells_whether_it_was_running),
	};

	support_main(argc, argv, roles, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
