/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_life_test.c - a pool from its creation to its end: behaviours 132 to 142, sizes,
 * limits, wrong uses.
 */
#include "tests/api/pool_support.h"

#include <sys/resource.h>
#include <sys/time.h>

/* ---- what does not fit ------------------------------------------------------------- */

static void b132_arguments_that_do_not_fit_fail_the_call(void **state)
{
	struct mpt_pool_options options = { .task_bytes = 100 };
	struct mpt_pool *pool = pool_make(2, &options);
	char big[101] = "";
	struct mpt_pool_call call = { .function = pool_nothing, .arg = big, .size = sizeof(big) };
	struct mpt_pool_mapping map = { .function = pool_nothing, .in = big, .in_size = sizeof(big),
				    .count = 1 };
	struct mpt_result *result;

	(void)state;
	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), -EMSGSIZE);
	assert_null(result);
	assert_int_equal(mpt_pool_apply(pool, &call, NULL, 0, GUARD_NS), -EMSGSIZE);
	assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), -EMSGSIZE);
	map.in_size = 1;
	map.out = big;
	map.out_size = sizeof(big);
	assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), -EMSGSIZE);
	/* What just fits does. */
	map.in_size = map.out_size = call.size = 100;
	assert_int_equal(mpt_pool_apply(pool, &call, NULL, 0, GUARD_NS), 0);
	assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), 0);
	pool_end(pool);
}

static ssize_t returns_too_much(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	return (ssize_t)room + 1;
}

static void b133_a_result_that_does_not_fit_fails_its_task_only(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "too much", returns_too_much },
						      { "twice", pool_twice } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 2 };
	struct mpt_pool *pool = pool_make(2, &options);
	pid_t before[2], after[2];

	(void)state;
	assert_eventually(pool_pids(before) == 2);
	for (int i = 0; i < 20; i++) {
		assert_int_equal(pool_apply(pool, returns_too_much, i), -EMSGSIZE);
		assert_int_equal(pool_apply(pool, pool_twice, i), 2 * i);
	}
	assert_int_equal(pool_pids(after), 2);
	assert_memory_equal(before, after, sizeof(before));
	pool_end(pool);
}

static void large_arguments_and_results_go_through_whole(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "echo", echoes } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1,
					    .task_bytes = 100000, .slots = 4 };
	struct mpt_pool *pool = pool_make(2, &options);
	static uint8_t in[100000], out[100000];
	struct mpt_pool_call call = { .function = echoes, .arg = in, .size = sizeof(in) };
	struct mpt_result *results[20];

	(void)state;
	/* More of them than slots. */
	for (int i = 0; i < 20; i++) {
		memset(in, i + 1, sizeof(in));
		assert_int_equal(mpt_pool_apply_async(pool, &call, &results[i]), 0);
	}
	for (int i = 0; i < 20; i++) {
		memset(in, i + 1, sizeof(in));
		assert_int_equal(mpt_result_get(results[i], out, sizeof(out), GUARD_NS),
				 sizeof(out));
		assert_memory_equal(in, out, sizeof(in));
		mpt_result_destroy(results[i]);
	}
	pool_end(pool);
}

/* ---- sizes ---------------------------------------------------------------------------- */

static void b134_a_pool_of_n_has_n_workers_and_less_than_one_is_refused(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "pid", pool_pid } };
	static const int refused[] = { 0, -1, INT32_MIN, MPT_POOL_WORKERS_MAX + 1 };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool;
	pid_t pids[16];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		options.workers = refused[i];
		assert_int_equal(mpt_pool_create(&pool, &options), -EINVAL);
		assert_null(pool);
	}
	for (int n = 1; n <= 16; n *= 4) {
		pool = pool_make(n, &options);
		assert_int_equal(mpt_pool_workers(pool), n);
		assert_int_equal(mpt_process_active_children(NULL, 0), n);
		assert_eventually(pool_pids(pids) == n);
		pool_end(pool);
		assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	}
	assert_true(mpt_cpu_count() >= 1);
}

static void all_workers_work(void **state)
{
	struct mpt_pool *pool = pool_make(5, NULL);
	struct mpt_result *results[5];

	(void)state;
	/* They wait for each other. */
	for (int i = 0; i < 5; i++)
		results[i] = pool_submit(pool, pool_gate, i);
	assert_eventually(pool_began() == 5);
	pool_open_gate();
	for (int i = 0; i < 5; i++)
		assert_int_equal(pool_result(results[i]), 2 * i);
	for (int i = 1; i < 5; i++)
		assert_true(pool_world->pids[i] != pool_world->pids[i - 1]);
	pool_end(pool);
}

/* ---- more tasks than slots ---------------------------------------------------------------- */

static void submitting_more_than_there_are_slots_never_blocks(void **state)
{
	struct mpt_pool_options options = { .slots = 4 };
	struct mpt_pool *pool = pool_make(2, &options);
	static struct mpt_result *results[1000];

	(void)state;
	for (int i = 0; i < 1000; i++)
		results[i] = pool_submit(pool, i < 2 ? pool_gate : pool_count, i);
	assert_eventually(pool_began() == 2);
	assert_int_equal(mpt_pool_unfinished(pool), 1000);
	pool_open_gate();
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pool_result(results[i]), 2 * i);
	for (int i = 2; i < 1000; i++)
		assert_int_equal(pool_world->calls[i], 1);
	pool_end(pool);
}

static void the_backlog_is_worked_off_when_nobody_waits_for_it(void **state)
{
	struct mpt_pool_options options = { .slots = 4 };
	struct mpt_pool *pool = pool_make(2, &options);
	struct mpt_pool_call call = { .function = pool_count };

	(void)state;
	for (int i = 0; i < 500; i++)
		assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), 0);
	assert_eventually(__atomic_load_n(&pool_world->calls[0], __ATOMIC_SEQ_CST) == 500);
	pool_end(pool);
}

static void tasks_nobody_waits_for_are_in_line_at_once(void **state)
{
	struct mpt_pool_options options = { .slots = 2 };
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_pool_call call = { .function = pool_count };

	(void)state;
	/* Each time the slots are full of what is done, and nobody has taken it. */
	for (uint32_t i = 1; i <= 40; i++) {
		assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), 0);
		assert_int_equal(pool_wire()->tail, i);
		assert_eventually(__atomic_load_n(&pool_wire_seat(0)->finished,
						  __ATOMIC_ACQUIRE) == i);
	}
	assert_int_equal(pool_world->calls[0], 40);
	pool_end(pool);
}

struct submitter {
	struct mpt_pool *pool;
	int first;
	uint32_t wrong;
};

static void *submits_and_takes(void *arg)
{
	struct submitter *s = arg;
	struct mpt_result *results[50];
	int n = s->first;

	for (int round = 0; round < 5; round++) {
		for (int i = 0; i < 50; i++) {
			struct mpt_pool_call call = { .function = pool_count, .arg = &n,
						      .size = sizeof(n) };

			child_claims(mpt_pool_apply_async(s->pool, &call, &results[i]) == 0);
			n++;
		}
		for (int i = 0; i < 50; i++) {
			int out, want = 2 * (n - 50 + i);

			child_claims(mpt_result_get(results[i], &out, sizeof(out), GUARD_NS) ==
				     sizeof(out));
			s->wrong += out != want;
			mpt_result_destroy(results[i]);
		}
	}
	return NULL;
}

static void many_threads_submit_and_each_gets_its_results(void **state)
{
	struct mpt_pool_options options = { .slots = 16 };
	struct mpt_pool *pool = pool_make(3, &options);
	struct submitter submitters[8];
	pthread_t threads[8];

	(void)state;
	for (int i = 0; i < 8; i++) {
		submitters[i] = (struct submitter){ .pool = pool, .first = 250 * i };
		threads[i] = thread(submits_and_takes, &submitters[i]);
	}
	for (int i = 0; i < 8; i++) {
		join_thread(threads[i]);
		assert_int_equal(submitters[i].wrong, 0);
	}
	for (int i = 0; i < 2000; i++)
		assert_int_equal(pool_world->calls[i], 1);
	pool_end(pool);
}

/* The first item is begun while many are in line, and is the last to end. */
static ssize_t the_first_is_long(const void *arg, size_t size, void *result, size_t room)
{
	int n;

	memcpy(&n, arg, sizeof(n));
	if (n == 1) {
		reach(&pool_world->began);
		child_claims_eventually(reached(&pool_world->inits));
	}
	return pool_twice(arg, size, result, room);
}

static void *waits_for_all(void *arg)
{
	return (void *)(intptr_t)mpt_result_wait(arg, GUARD_NS);
}

static uint64_t tasks_finished(void)
{
	return __atomic_load_n(&pool_wire_seat(0)->finished, __ATOMIC_ACQUIRE) +
	       __atomic_load_n(&pool_wire_seat(1)->finished, __ATOMIC_ACQUIRE);
}

static bool one_is_idle(void)
{
	pid_t pids[2];

	return pool_pids(pids) == 2 && (is_blocked_in(pids[0], MPT_OP_POOL_TAKE) ||
					is_blocked_in(pids[1], MPT_OP_POOL_TAKE));
}

static void the_worker_that_ends_last_tells_who_waits(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "gate", pool_gate },
						      { "long", the_first_is_long } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 2 };
	struct mpt_pool *pool = pool_make(2, &options);
	static int in[500], out[500];
	struct mpt_pool_mapping map = map_of(in, out, 500, 1);
	struct mpt_result *gates[2], *result;
	pthread_t waiter;
	uint32_t told;

	(void)state;
	for (int i = 0; i < 2; i++)
		gates[i] = pool_submit(pool, pool_gate, i);
	assert_eventually(pool_began() == 2);
	map.function = the_first_is_long;
	assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
	pool_open_gate();
	for (int i = 0; i < 2; i++)
		assert_int_equal(pool_result(gates[i]), 2 * i);
	waiter = thread(waits_for_all, result);
	assert_eventually(tasks_finished() == 501 && one_is_idle() &&
			  is_blocked_in(getpid(), MPT_OP_POOL_WAIT));
	told = __atomic_load_n(&segment_object(pool_name)->take.seq, __ATOMIC_SEQ_CST);
	reach(&pool_world->inits);
	join_thread(waiter);
	assert_int_equal(mpt_result_ready(result), 1);
	/* It did not find out by itself. */
	assert_true(__atomic_load_n(&segment_object(pool_name)->take.seq, __ATOMIC_SEQ_CST) !=
		    told);
	mpt_result_destroy(result);
	pool_end(pool);
}

/* ---- close, terminate, join ------------------------------------------------------------------ */

static void assert_takes_no_more(struct mpt_pool *pool)
{
	struct mpt_pool_call call = { .function = pool_nothing };
	struct mpt_pool_mapping map = { .function = pool_nothing };
	struct mpt_pool_each each = { .function = pool_nothing, .next = NULL };
	struct mpt_result *result;
	struct mpt_imap *imap;

	assert_int_equal(mpt_pool_apply(pool, &call, NULL, 0, GUARD_NS), -ESHUTDOWN);
	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), -ESHUTDOWN);
	assert_int_equal(mpt_pool_map(pool, &map, GUARD_NS), -ESHUTDOWN);
	assert_int_equal(mpt_pool_imap(pool, &each, &imap), -EINVAL);
}

static void b135_close_and_join_finish_what_was_submitted(void **state)
{
	struct mpt_pool_options options = { .slots = 8 };
	struct mpt_pool *pool = pool_make(2, &options);
	struct mpt_result *results[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		results[i] = pool_submit(pool, i < 2 ? pool_gate : pool_twice, i);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), -EBUSY);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_takes_no_more(pool);
	assert_int_equal(mpt_pool_join(pool, 0), -EAGAIN);
	assert_int_equal(mpt_pool_join(pool, MPT_MS(20)), -ETIMEDOUT);
	pool_open_gate();
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_join(pool, 0), 0);
	assert_int_equal(mpt_pool_workers(pool), 0);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	/* Results outlive the workers, and the pool. */
	for (int i = 0; i < 50; i++)
		assert_int_equal(pool_result(results[i]), 2 * i);
	assert_int_equal(mpt_pool_destroy(pool), 0);
	for (int i = 50; i < 100; i++)
		assert_int_equal(pool_result(results[i]), 2 * i);
}

static void b135_after_terminate_nothing_is_taken_and_what_waits_fails(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *results[10];
	struct mpt_failure why;

	(void)state;
	for (int i = 0; i < 10; i++)
		results[i] = pool_submit(pool, pool_gate, i);
	assert_eventually(pool_began() == 2);
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_takes_no_more(pool);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(mpt_result_wait(results[i], 0), 0);
		assert_int_equal(mpt_result_failure(results[i], &why), 0);
		assert_int_equal(why.error, -ESHUTDOWN);
		assert_string_equal(why.text, "the pool was terminated");
		mpt_result_destroy(results[i]);
	}
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void b136_terminate_is_prompt_with_ten_thousand_slow_tasks(void **state)
{
	struct mpt_pool *pool = pool_make(4, NULL);
	struct mpt_pool_call call = { .function = pool_gate };
	static struct mpt_result *results[10000];

	(void)state;
	for (int i = 0; i < 10000; i++)
		assert_int_equal(mpt_pool_apply_async(pool, &call, &results[i]), 0);
	assert_eventually(pool_began() == 4);
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(pool_began(), 4);
	for (int i = 0; i < 10000; i++)
		assert_int_equal(pool_result(results[i]), -ESHUTDOWN);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void *waits_for_result(void *arg)
{
	return (void *)(intptr_t)mpt_result_get(arg, NULL, 0, GUARD_NS);
}

static void terminate_ends_the_waits_of_other_threads(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct mpt_result *result = pool_submit(pool, pool_gate, 1);
	pthread_t waiter = thread(waits_for_result, result);
	void *rc;

	(void)state;
	assert_eventually(is_blocked_in(getpid(), MPT_OP_POOL_WAIT));
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_int_equal(pthread_join(waiter, &rc), 0);
	assert_int_equal((intptr_t)rc, -ESHUTDOWN);
	mpt_result_destroy(result);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static ssize_t ignores_the_end(const void *arg, size_t size, void *result, size_t room)
{
	signal(SIGTERM, SIG_IGN);
	return pool_gate(arg, size, result, room);
}

static void terminate_ends_also_workers_that_ignore_its_signal(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "deaf", ignores_the_end } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_result *result = pool_submit(pool, ignores_the_end, 1);

	(void)state;
	assert_eventually(pool_began() == 1);
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(pool_result(result), -ESHUTDOWN);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void is_interrupted(int signal)
{
	(void)signal;
}

/* Its thread and its workers are gone then, or what is freed would be used. */
static void destroy_is_not_interrupted(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "deaf", ignores_the_end } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 1,
					    .flags = MPT_INTERRUPTIBLE };
	struct itimerval often = { { 0, 20000 }, { 0, 20000 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction handled = { .sa_handler = is_interrupted }, before;
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_result *result = pool_submit(pool, ignores_the_end, 1);

	(void)state;
	assert_eventually(pool_began() == 1);
	sigaction(SIGALRM, &handled, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	pool_end(pool);
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	assert_true(process_gone(pool_world->pids[0]));
	assert_int_equal(pool_result(result), -ESHUTDOWN);
}

/* From 0 on. */
static int counts_from_0(void *arg, void *item)
{
	struct counter *c = arg;

	if (c->n == c->end)
		return -ENODATA;
	memcpy(item, &c->n, sizeof(c->n));
	c->n++;
	return 0;
}

static struct mpt_imap *imap_of(struct mpt_pool *pool, struct counter *counter)
{
	struct mpt_pool_each each = { .function = pool_twice, .next = counts_from_0, .next_arg = counter,
				      .in_size = sizeof(int), .out_size = sizeof(int) };
	struct mpt_imap *imap;

	assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
	return imap;
}

static void b135_what_a_generator_has_left_is_done_after_close(void **state)
{
	struct counter before = { .end = 3000 }, after = { .end = 3000 };
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_imap *first = imap_of(pool, &before), *second = imap_of(pool, &after);
	int out;

	(void)state;
	assert_int_equal(mpt_pool_close(pool), 0);
	/* Taken before join, and after it. */
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mpt_imap_next(first, &out, NULL, GUARD_NS), 0);
		assert_int_equal(out, 2 * i);
	}
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	for (int i = 0; i < 3000; i++) {
		assert_int_equal(mpt_imap_next(second, &out, NULL, GUARD_NS), 0);
		assert_int_equal(out, 2 * i);
	}
	assert_int_equal(mpt_imap_next(second, &out, NULL, GUARD_NS), -ENODATA);
	mpt_imap_destroy(first);
	mpt_imap_destroy(second);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_test(b132_arguments_that_do_not_fit_fail_the_call),
		pool_test(b133_a_result_that_does_not_fit_fails_its_task_only),
		pool_test(large_arguments_and_results_go_through_whole),
		pool_test(b134_a_pool_of_n_has_n_workers_and_less_than_one_is_refused),
		pool_test(all_workers_work),
		pool_test(submitting_more_than_there_are_slots_never_blocks),
		pool_test(the_backlog_is_worked_off_when_nobody_waits_for_it),
		pool_test(tasks_nobody_waits_for_are_in_line_at_once),
		pool_test(many_threads_submit_and_each_gets_its_results),
		pool_test(the_worker_that_ends_last_tells_who_waits),
		pool_test(b135_close_and_join_finish_what_was_submitted),
		pool_test(b135_after_terminate_nothing_is_taken_and_what_waits_fails),
		pool_test(b136_terminate_is_prompt_with_ten_thousand_slow_tasks),
		pool_test(terminate_ends_the_waits_of_other_threads),
		pool_test(terminate_ends_also_workers_that_ignore_its_signal),
		pool_test(destroy_is_not_interrupted),
		pool_test(b135_what_a_generator_has_left_is_done_after_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
