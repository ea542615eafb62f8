/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_pool.c - a pool of workers: one call, many calls, results as they come.
 *
 *	def f(x): return x * x
 *
 *	with Pool(processes=4) as pool:
 *	    print(pool.apply(f, (10,)))
 *	    print(pool.map(f, range(10)))
 *	    for i in pool.imap(f, range(5)): print(i)
 *	    print(sorted(pool.imap_unordered(f, range(10))))
 *	    res = pool.apply_async(f, (20,))
 *	    print(res.get(timeout=10))
 *	    res = pool.apply_async(time.sleep, (10,))
 *	    try: res.get(timeout=0.1)
 *	    except TimeoutError: print("not in time")
 *
 * Here: a pool is told its functions when it is made, and arguments and results are bytes.
 * A call that fails gives its error; one whose worker is killed gives -ECHILD, and the
 * pool goes on with a new worker, where Python waits for ever.
 *
 * It prints:
 *
 *	apply: 100
 *	map: 0 1 4 9 16 25 36 49 64 81
 *	imap: 0 1 4 9 16
 *	imap_unordered: 10 results, their sum is 285
 *	apply_async: 400
 *	not in time
 *	the worker of this call was killed: exit code -9
 *	apply: 121
 */
#include "tutorial.h"
#include <signal.h>
#include <unistd.h>

static struct mpt_pool *pool;

static ssize_t f(const void *arg, size_t size, void *result, size_t room)
{
	int x = *(const int *)arg;

	(void)size, (void)room;
	*(int *)result = x * x;
	return sizeof(int);
}

static ssize_t sleep_long(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg, (void)size, (void)result, (void)room;
	sleep(1000);
	return 0;
}

static ssize_t die(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg, (void)size, (void)result, (void)room;
	kill(getpid(), SIGKILL);
	return 0;
}

static void apply(int x)
{
	struct mpt_pool_call call = { .function = f, .arg = &x, .size = sizeof(x) };
	int y;

	must((int)mpt_pool_apply(pool, &call, &y, sizeof(y), MPT_FOREVER));
	say("apply: %d", y);
}

static void map(void)
{
	int in[10] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 }, out[10];
	struct mpt_pool_mapping all = {
		.function = f, .in = in, .in_size = sizeof(in[0]), .count = 10,
		.out = out, .out_size = sizeof(out[0]),
	};

	must(mpt_pool_map(pool, &all, MPT_FOREVER));
	printf("map:");
	for (int i = 0; i < 10; i++)
		printf(" %d", out[i]);
	say("%s", "");
}

struct range {
	int next, end;
};

/* The generator: range(end) */
static int next(void *arg, void *item)
{
	struct range *range = arg;

	if (range->next == range->end)
		return -ENODATA; /* StopIteration */
	*(int *)item = range->next++;
	return 0;
}

static struct mpt_imap *imap(struct range *range, bool unordered)
{
	struct mpt_pool_each each = {
		.function = f, .next = next, .next_arg = range, .in_size = sizeof(int),
		.out_size = sizeof(int), .unordered = unordered,
	};
	struct mpt_imap *results;

	must(mpt_pool_imap(pool, &each, &results));
	return results;
}

static void in_order(void)
{
	struct range range = { 0, 5 };
	struct mpt_imap *results = imap(&range, false);
	int y;

	printf("imap:");
	while (mpt_imap_next(results, &y, NULL, MPT_FOREVER) == 0)
		printf(" %d", y);
	say("%s", "");
	mpt_imap_destroy(results);
}

static void as_they_come(void)
{
	struct range range = { 0, 10 };
	struct mpt_imap *results = imap(&range, true);
	int y, count = 0, sum = 0;

	for (; mpt_imap_next(results, &y, NULL, MPT_FOREVER) == 0; count++)
		sum += y;
	say("imap_unordered: %d results, their sum is %d", count, sum);
	mpt_imap_destroy(results);
}

static void later(void)
{
	int x = 20, y;
	struct mpt_pool_call square = { .function = f, .arg = &x, .size = sizeof(x) };
	struct mpt_pool_call sleep_call = { .function = sleep_long };
	struct mpt_result *result;

	must(mpt_pool_apply_async(pool, &square, &result));
	must((int)mpt_result_get(result, &y, sizeof(y), MPT_FOREVER));
	say("apply_async: %d", y);
	mpt_result_destroy(result);

	must(mpt_pool_apply_async(pool, &sleep_call, &result));
	if (mpt_result_get(result, &y, sizeof(y), mpt_timeout(0.1)) == -ETIMEDOUT)
		say("not in time");
	mpt_result_destroy(result);
}

static void lose_a_worker(void)
{
	struct mpt_pool_call call = { .function = die };
	struct mpt_failure why;
	struct mpt_result *result;

	must(mpt_pool_apply_async(pool, &call, &result));
	if (mpt_result_get(result, NULL, 0, MPT_FOREVER) == -ECHILD) {
		must(mpt_result_failure(result, &why));
		say("the worker of this call was killed: exit code %d", why.exit_code);
	}
	mpt_result_destroy(result);
}

int main(void)
{
	const struct mpt_pool_task tasks[] = {
		{ "f", f }, { "sleep", sleep_long }, { "die", die },
	};
	struct mpt_pool_options options = { .workers = 4, .tasks = tasks, .task_count = 3 };

	must(mpt_pool_create(&pool, &options));
	apply(10);
	map();
	in_order();
	as_they_come();
	later();
	lose_a_worker();
	apply(11);
	must(mpt_pool_destroy(pool)); /* as `with` does: terminate */
	return 0;
}
