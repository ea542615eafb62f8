/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_pool_callback.c - results that are waited for, and results that call back.
 *
 *	def work(x):
 *	    if x == 3: raise ValueError("three is not for us")
 *	    return x * x
 *
 *	def collect(y): results.append(y)
 *	def failed(e):  print("failed:", e)
 *
 *	for x in 0, 1, 2:                                  # sync: one after the other
 *	    results.append(pool.apply(work, (x,)))
 *	for x in range(5):                                 # async: all at once
 *	    pool.apply_async(work, (x,), callback=collect, error_callback=failed)
 *	pool.close()
 *	pool.join()                                        # all callbacks have returned
 *	print(results)
 *
 * Here: the same.  Callbacks run one at a time, in a thread of the pool in this process.
 *
 * It prints:
 *
 *	sync: 3 results, their sum is 5
 *	failed: three is not for us (the task work)
 *	async: 4 results, their sum is 21
 *	after close no more is taken in: closed
 */
#include "tutorial.h"

static struct mpt_pool *pool;
static int results, sum; /* after join, and in callbacks, which run one at a time */

static ssize_t work(const void *arg, size_t size, void *result, size_t room)
{
	int x = *(const int *)arg;

	(void)size, (void)room;
	if (x == 3)
		return mpt_pool_fail(-EINVAL, "three is not for us");
	*(int *)result = x * x;
	return sizeof(int);
}

static void collect(void *arg, const void *result, size_t size)
{
	(void)arg, (void)size;
	results++;
	sum += *(const int *)result;
}

static void failed(void *arg, const struct mpt_failure *failure)
{
	(void)arg;
	say("failed: %s (the task %s)", failure->text, failure->task);
}

static void one_after_the_other(void)
{
	for (int x = 0, y; x < 3; x++) {
		struct mpt_pool_call call = { .function = work, .arg = &x, .size = sizeof(x) };

		must((int)mpt_pool_apply(pool, &call, &y, sizeof(y), MPT_FOREVER));
		collect(NULL, &y, sizeof(y));
	}
	say("sync: %d results, their sum is %d", results, sum);
}

static void all_at_once(void)
{
	results = sum = 0;
	for (int x = 0; x < 5; x++) {
		struct mpt_pool_call call = {
			.function = work, .arg = &x, .size = sizeof(x),
			.callback = collect, .error_callback = failed,
		};

		must(mpt_pool_apply_async(pool, &call, NULL)); /* the argument was copied */
	}
	must(mpt_pool_close(pool));
	must(mpt_pool_join(pool, MPT_FOREVER));
	say("async: %d results, their sum is %d", results, sum);
}

int main(void)
{
	const struct mpt_pool_task tasks[] = { { "work", work } };
	struct mpt_pool_options options = { .workers = 2, .tasks = tasks, .task_count = 1 };
	struct mpt_pool_call late = { .function = work };

	must(mpt_pool_create(&pool, &options));
	one_after_the_other();
	all_at_once();
	if (mpt_pool_apply_async(pool, &late, NULL) == -ESHUTDOWN) /* ValueError */
		say("after close no more is taken in: closed");
	must(mpt_pool_destroy(pool));
	return 0;
}
