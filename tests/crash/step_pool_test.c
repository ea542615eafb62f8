/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_pool_test.c - a worker killed after single instructions of taking, running and
 * finishing a task; the creator killed in the middle of its calls.
 */
#include "tests/api/pool_support.h"
#include "tests/api/step.h"

#include <sys/prctl.h>
#include <sys/ptrace.h>

#define STRIDE (SANITIZED ? 211 : 13)
#define COARSE (SANITIZED ? 2003 : 149)
/* From the wake to the sleep after the task; it looks for the next one in between. */
#define TASK_MOST (SANITIZED ? 60000u : 6000u)
#define AFTER_DONE 30 /* instructions: at each of the first of them one is killed */

/* ---- a worker ------------------------------------------------------------------------- */

static pid_t idle_worker(void)
{
	pid_t pid = 0;

	assert_eventually(pool_pids(&pid) == 1 && is_blocked_in(pid, MPT_OP_POOL_TAKE));
	return pid;
}

struct outcome {
	bool lost, done_before_kill;
	uint32_t calls;
};

/* Kills the worker k instructions after it was given task number n. */
static struct outcome kill_at(struct mpt_pool *pool, int n, uint64_t k)
{
	struct outcome o = { .calls = 0 };
	struct mpt_result *result;
	struct mpt_failure why;
	pid_t pid = idle_worker();
	int out = 0;
	ssize_t size;

	interrupt(pid);
	result = pool_submit(pool, pool_count, n);
	assert_true(step(pid, k));
	o.done_before_kill = mpt_result_ready(result);
	kill(pid, SIGKILL);
	size = mpt_result_get(result, &out, sizeof(out), GUARD_NS);
	o.calls = pool_world->calls[n];
	o.lost = size == -ECHILD;
	if (o.lost) {
		assert_int_equal(mpt_result_failure(result, &why), 0);
		assert_int_equal(why.pid, pid);
		assert_int_equal(why.exit_code, -SIGKILL);
		assert_true(o.calls <= 1);
	} else {
		assert_int_equal(size, sizeof(out));
		assert_int_equal(out, 2 * n);
		assert_int_equal(o.calls, 1);
	}
	mpt_result_destroy(result);
	return o;
}

/* Waiting in line: another worker runs it.  With the worker: lost.  Done: it is there. */
static void a_worker_killed_anywhere_loses_its_task_or_does_not(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	uint64_t stride = finer_stride(STRIDE), k, lost = 0, before = 0, after = 0;
	cpu_set_t all;
	int n = 0;

	(void)state;
	share_one_processor(&all);
	for (k = later_start(stride); k < TASK_MOST && after < 40; k += stride, n++) {
		struct outcome o = kill_at(pool, n, k);

		assert_false(o.lost && o.done_before_kill);
		lost += o.lost;
		before += !o.lost && !o.done_before_kill;
		after += o.done_before_kill;
		assert_int_equal(pool_wire()->lost, lost);
	}
	sched_setaffinity(0, sizeof(all), &all);
	printf("# note: killed in line %llu, with the worker %llu, done %llu times\n",
	       (unsigned long long)before, (unsigned long long)lost, (unsigned long long)after);
	assert_true(before > 3 && lost > 3 && after > 3);
	assert_int_equal(mpt_pool_unfinished(pool), 0);
	assert_int_equal(pool_apply(pool, pool_twice, 4), 8);
	pool_end(pool);
}

/* The same with a map: whatever item it died in, no other is lost or done twice. */
static void a_worker_killed_anywhere_in_a_chunk_loses_one_item_at_most(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	uint64_t stride = finer_stride(COARSE), k;
	int in[8], out[8], status[8], lost = 0, whole = 0;
	cpu_set_t all;

	(void)state;
	share_one_processor(&all);
	for (int i = 0; i < 8; i++)
		in[i] = i;
	for (k = later_start(stride); k < TASK_MOST && whole < 10; k += stride) {
		struct mpt_pool_mapping map = { .function = pool_count, .in = in,
					    .in_size = sizeof(int), .count = 8, .out = out,
					    .out_size = sizeof(int), .status = status, .chunk = 8 };
		struct mpt_result *result;
		pid_t pid = idle_worker();
		int failed = 0;

		memset(pool_world->calls, 0, sizeof(pool_world->calls));
		interrupt(pid);
		assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
		assert_true(step(pid, k));
		whole += mpt_result_ready(result);
		kill(pid, SIGKILL);
		assert_int_equal(mpt_result_wait(result, GUARD_NS), 0);
		for (int i = 0; i < 8; i++) {
			failed += status[i] != 0;
			assert_true(status[i] == 0 || status[i] == -ECHILD);
			assert_true(status[i] || (out[i] == 2 * i && pool_world->calls[i] == 1));
			assert_true(pool_world->calls[i] <= 1);
		}
		assert_true(failed <= 1);
		lost += failed;
		assert_int_equal(mpt_result_get(result, NULL, 0, 0), failed ? -ECHILD : 8);
		mpt_result_destroy(result);
	}
	sched_setaffinity(0, sizeof(all), &all);
	printf("# note: %d of %llu kills lost an item\n", lost, (unsigned long long)(k / stride));
	assert_true(lost > 3);
	pool_end(pool);
}

static bool is_done(void *unused, pid_t pid)
{
	const struct mpt_wire_pool *w = pool_wire();

	(void)unused;
	(void)pid;
	for (uint32_t i = 0; i < w->slots; i++) {
		const struct mpt_wire_task *task =
			(const void *)((const uint8_t *)w + w->tasks_at +
				       (uint64_t)w->task_stride * i);

		if (MPT_TASK_PHASE(__atomic_load_n(&task->state, __ATOMIC_ACQUIRE)) == MPT_TASK_DONE)
			return true;
	}
	return false;
}

/* Before it could note that, or tell anybody: whoever buries it finds the result. */
static void a_worker_killed_just_after_its_result_is_there_has_not_lost_it(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	cpu_set_t all;

	(void)state;
	share_one_processor(&all);
	for (int n = 0; n < AFTER_DONE; n++) {
		pid_t pid = idle_worker();
		struct mpt_result *result;

		interrupt(pid);
		result = pool_submit(pool, pool_count, n);
		assert_true(step_until(pid, is_done, NULL, 10 * TASK_MOST));
		assert_true(step(pid, (uint64_t)n));
		kill(pid, SIGKILL);
		/* Who waits for a result looks at its slot by himself: so first bury. */
		assert_eventually(kill(pid, 0) < 0);
		assert_int_equal(pool_result(result), 2 * n);
		assert_int_equal(pool_world->calls[n], 1);
	}
	sched_setaffinity(0, sizeof(all), &all);
	assert_int_equal(pool_wire()->lost, 0);
	assert_int_equal(mpt_pool_unfinished(pool), 0);
	pool_end(pool);
}

/* ---- the creator ------------------------------------------------------------------------- */

static void lives_a_whole_life(void *unused)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	struct mpt_result *results[3];

	(void)unused;
	for (int i = 0; i < 3; i++)
		results[i] = pool_submit(pool, pool_count, i);
	for (int i = 0; i < 3; i++)
		child_claims(pool_result(results[i]) == 2 * i);
	child_claims(mpt_pool_close(pool) == 0 && mpt_pool_join(pool, GUARD_NS) == 0);
	child_claims(mpt_pool_destroy(pool) == 0);
}

/* All orphans come to us. */
static bool nobody_is_left(void)
{
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

static void a_creator_killed_at_any_system_call_leaves_no_worker(void **state)
{
	uint64_t kills = 0;
	bool killed = true;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	for (uint64_t k = 1; killed; k += finer_stride(3)) {
		pid_t pid = victim(lives_a_whole_life, NULL, true);

		killed = step_syscalls(pid, k);
		if (killed)
			kill_child(pid);
		kills += killed;
		assert_eventually(nobody_is_left());
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	printf("# note: %llu kills\n", (unsigned long long)kills);
	assert_true(kills > 20);
	lives_a_whole_life(NULL);
}

static void submits_and_takes(struct mpt_pool *pool)
{
	struct mpt_result *results[3];

	for (int i = 0; i < 3; i++)
		results[i] = pool_submit(pool, pool_count, i);
	for (int i = 0; i < 3; i++)
		child_claims(pool_result(results[i]) == 2 * i);
}

static void stops_with_a_pool(void *unused)
{
	struct mpt_pool *pool = pool_make(2, NULL);

	(void)unused;
	submits_and_takes(pool);
	child_claims(ptrace(PTRACE_TRACEME, 0, 0, 0) == 0);
	raise(SIGSTOP);
	submits_and_takes(pool);
	_exit(0);
}

static void a_creator_killed_anywhere_in_submit_and_get_leaves_no_worker(void **state)
{
	uint64_t stride = finer_stride(COARSE), kills = 0;
	bool killed = true;
	int status;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	for (uint64_t k = later_start(stride); killed && kills < 60; k += stride) {
		pid_t pid = child(stops_with_a_pool, NULL);

		assert_int_equal(waitpid(pid, &status, __WALL | WUNTRACED), pid);
		assert_true(WIFSTOPPED(status));
		killed = step(pid, k);
		if (killed)
			kill_child(pid);
		kills += killed;
		assert_eventually(nobody_is_left());
	}
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	printf("# note: %llu kills\n", (unsigned long long)kills);
	assert_true(kills > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		pool_test(a_worker_killed_anywhere_loses_its_task_or_does_not),
		pool_test(a_worker_killed_anywhere_in_a_chunk_loses_one_item_at_most),
		pool_test(a_worker_killed_just_after_its_result_is_there_has_not_lost_it),
		pool_test(a_creator_killed_at_any_system_call_leaves_no_worker),
		pool_test(a_creator_killed_anywhere_in_submit_and_get_leaves_no_worker),
	};

	/* Small rings, so that those of all the dead find room. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "512M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
