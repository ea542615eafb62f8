/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - a pool at work, idle, or in a deadlock: for tests of what the viewer says.
 *
 *   pool busy    two of three workers run `resize`, one waits for a task; main waits for
 *                the result of one, and more are in line for a pool of one worker
 *   pool idle    nobody has anything to do; main waits for a signal
 *   pool stuck   every worker waits for a lock that main has, main waits for a result
 *   pool lost    a worker was killed in its task
 *
 * Prints "ready" and stays until killed.
 */
#include <mptrace/mptrace.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct mpt_lock *lock;
static struct mpt_event *never;

static ssize_t resize(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	pause();
	return 0;
}

static ssize_t store(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	return mpt_lock_acquire(lock, MPT_FOREVER);
}

static ssize_t crash(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	raise(SIGKILL);
	return 0;
}

static const struct mpt_pool_task tasks[] = { { "resize", resize },
					      { "store", store },
					      { "crash", crash } };

static struct mpt_pool *make(const char *name, int workers)
{
	struct mpt_pool_options options = { .name = name, .workers = workers, .tasks = tasks,
					    .task_count = 3 };
	struct mpt_pool *pool;

	return mpt_pool_create(&pool, &options) < 0 ? NULL : pool;
}

static struct mpt_result *submit(struct mpt_pool *pool, mpt_pool_function *function)
{
	struct mpt_pool_call call = { .function = function };
	struct mpt_result *result = NULL;

	mpt_pool_apply_async(pool, &call, &result);
	return result;
}

static struct mpt_result *begin(const char *what)
{
	struct mpt_pool *pool = make("images", 3), *narrow;
	struct mpt_result *result = NULL;

	if (!pool)
		return NULL;
	if (strcmp(what, "busy") == 0) {
		submit(pool, resize);
		result = submit(pool, resize);
		narrow = make("narrow", 1);
		for (int i = 0; narrow && i < 8; i++)
			submit(narrow, resize);
	} else if (strcmp(what, "stuck") == 0) {
		mpt_lock_acquire(lock, MPT_FOREVER);
		for (int i = 0; i < 3; i++)
			result = submit(pool, store);
	} else if (strcmp(what, "lost") == 0) {
		mpt_result_wait(submit(pool, crash), MPT_FOREVER);
	}
	return result;
}

int main(int argc, char **argv)
{
	struct mpt_result *result;

	if (argc != 2 || mpt_lock_create(&lock, "disk", 0) || mpt_event_create(&never, "never", 0))
		return 2;
	result = begin(argv[1]);
	puts("ready");
	fflush(stdout);
	if (result)
		return mpt_result_wait(result, MPT_FOREVER);
	if (strcmp(argv[1], "idle") == 0)
		for (;;)
			pause();
	return mpt_event_wait(never, MPT_FOREVER);
}
