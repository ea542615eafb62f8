/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_death_test.c - workers, and the creator, that die, stop or fork: both rows of Pool
 * in the table of one-kill experiments, and what follows from them.
 */
#include "tests/api/pool_support.h"

#include <sys/prctl.h>

/* ---- one kill ----------------------------------------------------------------------- */

static void both_workers_killed_inside_a_task_fail_their_tasks_with_the_cause(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *results[2];
	struct mpt_failure why;
	bool seen[2] = { false };

	(void)state;
	for (int i = 0; i < 2; i++)
		results[i] = pool_submit(pool, pool_gate, i);
	assert_eventually(pool_began() == 2 && pool_world->pids[0] && pool_world->pids[1]);
	for (int i = 0; i < 2; i++)
		kill(pool_world->pids[i], SIGKILL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(mpt_result_get(results[i], NULL, 0, GUARD_NS), -ECHILD);
		assert_int_equal(mpt_result_failure(results[i], &why), 0);
		assert_int_equal(why.exit_code, -SIGKILL);
		assert_true(why.pid == pool_world->pids[0] || why.pid == pool_world->pids[1]);
		seen[why.pid == pool_world->pids[1]] = true;
		assert_string_equal(why.task, "gate");
		assert_true(strstr(why.text, "was killed by signal 9") != NULL);
		mpt_result_destroy(results[i]);
	}
	assert_true(seen[0] && seen[1]);
	/* They are replaced. */
	pool_open_gate();
	assert_int_equal(pool_apply(pool, pool_gate, 5), 10);
	assert_eventually(mpt_pool_workers(pool) == 2);
	assert_int_equal(pool_wire()->lost, 2);
	assert_int_equal(pool_wire()->lost_workers, 2);
	pool_end(pool);
}

static void both_idle_workers_killed_the_next_task_runs_on_a_replacement(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	pid_t pids[2];
	int pid;

	(void)state;
	assert_int_equal(pool_apply(pool, pool_twice, 1), 2);
	assert_eventually(pool_pids(pids) == 2);
	assert_eventually(is_blocked_in(pids[0], MPT_OP_POOL_TAKE) &&
			  is_blocked_in(pids[1], MPT_OP_POOL_TAKE));
	for (int i = 0; i < 2; i++)
		kill(pids[i], SIGKILL);
	pid = pool_apply(pool, pool_pid, 0);
	assert_true(pid > 0 && pid != pids[0] && pid != pids[1]);
	assert_int_equal(pool_wire()->lost, 0);
	pool_end(pool);
}

static void a_worker_that_leaves_in_a_task_fails_it_with_its_exit_code(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_failure why;

	(void)state;
	/* Not one that cmocka handles. */
	for (int signal = 0; signal <= SIGUSR2; signal += SIGUSR2) {
		struct mpt_result *result = pool_submit(pool, pool_die, signal);

		assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -ECHILD);
		assert_int_equal(mpt_result_failure(result, &why), 0);
		assert_int_equal(why.exit_code, signal ? -signal : 3);
		mpt_result_destroy(result);
		assert_int_equal(pool_apply(pool, pool_twice, 4), 8);
	}
	pool_end(pool);
}

static ssize_t becomes_another(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	execl("/bin/sh", "sh", "-c", "exit 4", (char *)NULL);
	return -errno;
}

static ssize_t forks_and_returns_twice(const void *arg, size_t size, void *result, size_t room)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid)
		waitpid(pid, NULL, 0);
	return pool_count(arg, size, result, room);
}

static void what_a_task_does_to_its_process_costs_at_most_the_task(void **state)
{
	static const struct mpt_pool_task tasks[] = { { "exec", becomes_another },
						      { "fork", forks_and_returns_twice },
						      { "twice", pool_twice } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 3 };
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_result *result = pool_submit(pool, becomes_another, 0);
	struct mpt_failure why;

	(void)state;
	assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -ECHILD);
	assert_int_equal(mpt_result_failure(result, &why), 0);
	assert_int_equal(why.exit_code, 4);
	mpt_result_destroy(result);
	/* The child that returned into the worker's loop is no worker. */
	assert_int_equal(pool_apply(pool, forks_and_returns_twice, 6), 12);
	assert_int_equal(pool_world->calls[6], 2);
	assert_int_equal(pool_apply(pool, pool_twice, 6), 12);
	assert_int_equal(mpt_pool_workers(pool), 1);
	pool_end(pool);
}

struct told {
	uint32_t errors;
	struct mpt_failure failure;
};

static void tells_error(void *arg, const struct mpt_failure *failure)
{
	struct told *t = arg;

	t->failure = *failure;
	reach(&t->errors);
}

static void the_error_callback_tells_of_a_lost_worker(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct told told = { .errors = 0 };
	int signal = SIGKILL;
	struct mpt_pool_call call = { .function = pool_die, .arg = &signal,
				      .size = sizeof(signal), .error_callback = tells_error,
				      .callback_arg = &told };

	(void)state;
	assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), 0);
	assert_eventually(reached(&told.errors));
	assert_int_equal(told.failure.error, -ECHILD);
	assert_int_equal(told.failure.exit_code, -SIGKILL);
	pool_end(pool);
}

/* ---- the creator ------------------------------------------------------------------------------- */

static void stays(void *arg, const void *result, size_t size)
{
	(void)result;
	(void)size;
	reach(arg);
	for (;;)
		pause();
}

static ssize_t notes_its_pid_and_stays(const void *arg, size_t size, void *result, size_t room)
{
	uint32_t n = __atomic_fetch_add(&pool_world->began, 1, __ATOMIC_SEQ_CST);

	pool_world->pids[n] = getpid();
	alarm(60); /* later than any guard */
	while (n)
		pause();
	return pool_die(arg, size, result, room);
}

static void *loses_its_worker(void *pool)
{
	child_claims(pool_apply(pool, notes_its_pid_and_stays, SIGKILL) == -ECHILD);
	return NULL;
}

/* The worker of the second task was forked by a thread that waits, as the pool's own is in
 * a callback; that thread has ended. */
static void replaces_a_worker_in_a_callback(void *arg)
{
	static const struct mpt_pool_task tasks[] = { { "nothing", pool_nothing },
						      { "stays", notes_its_pid_and_stays } };
	struct mpt_pool_options options = { .tasks = tasks, .task_count = 2 };
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_pool_call call = { .function = pool_nothing, .callback = stays,
				      .callback_arg = &pool_world->calls[0] };
	struct mpt_pool_call long_one = { .function = notes_its_pid_and_stays };
	pthread_t other;

	(void)arg;
	child_claims(mpt_pool_apply_async(pool, &call, NULL) == 0);
	child_claims_eventually(reached(&pool_world->calls[0]));
	other = thread(loses_its_worker, pool);
	join_thread(other);
	child_claims(mpt_pool_apply_async(pool, &long_one, NULL) == 0);
	child_claims_eventually(pool_began() == 2);
	reach(&pool_world->calls[1]);
	pause();
}

static void a_worker_forked_during_a_callback_dies_with_the_creator_in_its_task(void **state)
{
	pid_t creator = child(replaces_a_worker_in_a_callback, NULL);

	(void)state;
	assert_eventually(reached(&pool_world->calls[1]) && pool_world->pids[1]);
	/* The end of the thread that forked it was not its end. */
	assert_false(process_gone(pool_world->pids[1]));
	kill_child(creator);
	assert_eventually(process_gone(pool_world->pids[1]));
}

/* ---- stopped ----------------------------------------------------------------------------------- */

static void a_stopped_worker_holds_up_its_own_task_only(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *result = pool_submit(pool, pool_gate, 3);
	uint64_t start;
	pid_t pid;

	(void)state;
	assert_eventually(pool_began() == 1 && pool_world->pids[0]);
	pid = pool_world->pids[0];
	kill(pid, SIGSTOP);
	pool_open_gate();
	start = now_ns();
	assert_int_equal(mpt_result_get(result, NULL, 0, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	for (int i = 0; i < 20; i++)
		assert_int_equal(pool_apply(pool, pool_twice, i), 2 * i);
	kill(pid, SIGCONT);
	assert_int_equal(pool_result(result), 6);
	pool_end(pool);
}

static void stopped_idle_workers_do_not_keep_the_others_from_working(void **state)
{
	struct mpt_pool *pool = pool_make(3, NULL);
	pid_t pids[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(pool_apply(pool, pool_twice, 1), 2);
	assert_eventually(pool_pids(pids) == 3);
	for (int i = 0; i < 2; i++)
		kill(pids[i], SIGSTOP);
	/* One of them may have claimed nothing, but looks for work or was woken for it. */
	for (int i = 0; i < 20; i++)
		assert_int_equal(pool_apply(pool, pool_pid, 0), pids[2]);
	for (int i = 0; i < 2; i++)
		kill(pids[i], SIGCONT);
	pool_end(pool);
}

static void terminate_ends_stopped_workers_too(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	pid_t pids[2];

	(void)state;
	assert_eventually(pool_pids(pids) == 2);
	for (int i = 0; i < 2; i++)
		kill(pids[i], SIGSTOP);
	assert_int_equal(mpt_pool_terminate(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		pool_test(both_workers_killed_inside_a_task_fail_their_tasks_with_the_cause),
		pool_test(both_idle_workers_killed_the_next_task_runs_on_a_replacement),
		pool_test(a_worker_that_leaves_in_a_task_fails_it_with_its_exit_code),
		pool_test(what_a_task_does_to_its_process_costs_at_most_the_task),
		pool_test(the_error_callback_tells_of_a_lost_worker),
		pool_test(a_worker_forked_during_a_callback_dies_with_the_creator_in_its_task),
		pool_test(a_stopped_worker_holds_up_its_own_task_only),
		pool_test(stopped_idle_workers_do_not_keep_the_others_from_working),
		pool_test(terminate_ends_stopped_workers_too),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
