/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - a pool of four workers and tasks that do nothing: many at once, mapped, one at
 * a time; and what a replaced worker costs, beside fork, _exit and waitpid.
 *
 * The peer is Python's Pool (python_pool.py).
 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <mptrace/mptrace.h>

#define WORKERS 4
#define ASYNC 4000
#define ROUNDS 10
#define MAPPED 100000
#define SINGLE 3000
#define REPLACED 60
#define SETTLE_US 10000 /* the successor is there: its beginning is not in the next figure */

static ssize_t nothing(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	return 0;
}

static const struct mpt_pool_task tasks[] = { { "nothing", nothing } };

static struct mpt_pool *make(int workers, int max_tasks)
{
	struct mpt_pool_options options = { .workers = workers, .max_tasks = max_tasks,
					    .tasks = tasks, .task_count = 1 };
	struct mpt_pool *pool;

	if (mpt_pool_create(&pool, &options) < 0)
		exit(2);
	return pool;
}

static void one(struct mpt_pool *pool)
{
	struct mpt_pool_call call = { .function = nothing };

	if (mpt_pool_apply(pool, &call, NULL, 0, MPT_FOREVER) < 0)
		exit(2);
}

static void async(struct mpt_pool *pool)
{
	static struct mpt_result *results[ASYNC];
	struct mpt_pool_call call = { .function = nothing };

	for (int i = 0; i < ASYNC; i++)
		if (mpt_pool_apply_async(pool, &call, &results[i]) < 0)
			exit(2);
	for (int i = 0; i < ASYNC; i++) {
		if (mpt_result_get(results[i], NULL, 0, MPT_FOREVER) < 0)
			exit(2);
		mpt_result_destroy(results[i]);
	}
}

static size_t chunk;
static int items[MAPPED];

static void map(struct mpt_pool *pool)
{
	struct mpt_pool_mapping m = { .function = nothing, .in = items, .in_size = sizeof(items[0]),
				  .count = MAPPED, .chunk = chunk };

	if (mpt_pool_map(pool, &m, MPT_FOREVER) < 0)
		exit(2);
}

static int gives(void *left, void *item)
{
	(void)item;
	return --*(int *)left >= 0 ? 0 : -ENODATA;
}

static void imap(struct mpt_pool *pool)
{
	int left = MAPPED, rc;
	struct mpt_pool_each each = { .function = nothing, .next = gives, .next_arg = &left,
				      .in_size = sizeof(int), .unordered = true };
	struct mpt_imap *all;

	if (mpt_pool_imap(pool, &each, &all) < 0)
		exit(2);
	while ((rc = mpt_imap_next(all, NULL, NULL, MPT_FOREVER)) == 0)
		;
	mpt_imap_destroy(all);
	if (rc != -ENODATA)
		exit(2);
}

static void rate(const char *name, struct mpt_pool *pool, void (*run)(struct mpt_pool *), int n)
{
	uint64_t start;

	run(pool);
	start = bench_ns(CLOCK_MONOTONIC);
	for (int i = 0; i < ROUNDS; i++)
		run(pool);
	bench_out(name, "tasks/s",
		  (double)n * ROUNDS * 1e9 / (double)(bench_ns(CLOCK_MONOTONIC) - start));
}

static void one_at_a_time(struct mpt_pool *pool)
{
	static struct bench_hist hist;

	for (int i = 0; i < SINGLE; i++) {
		uint64_t start = bench_ns(CLOCK_MONOTONIC);

		one(pool);
		bench_hist_add(&hist, bench_ns(CLOCK_MONOTONIC) - start);
	}
	bench_out("mptrace Pool, one at a time", "p50 ns", bench_hist_at(&hist, 0.5));
}

/* The first of the two has the worker that is there, the second one waits for that one's end
 * and its successor's beginning. */
static void replaced(struct mpt_pool *pool)
{
	one(pool);
	one(pool);
}

static void forked(struct mpt_pool *pool)
{
	pid_t pid = fork();

	(void)pool;
	if (pid == 0)
		_exit(0);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		exit(2);
}

static void replace_and_fork(void)
{
	static const struct {
		const char *name;
		void (*run)(struct mpt_pool *);
	} cases[] = { { "mptrace Pool, a replaced worker", replaced },
		      { "fork, _exit, waitpid", forked } };
	struct mpt_pool *pool = make(1, 1);
	double ns[2][REPLACED];

	for (int i = 0; i < REPLACED; i++)
		for (int c = 0; c < 2; c++) {
			uint64_t start = bench_ns(CLOCK_MONOTONIC);

			cases[c].run(pool);
			ns[c][i] = (double)(bench_ns(CLOCK_MONOTONIC) - start);
			usleep(SETTLE_US);
		}
	for (int c = 0; c < 2; c++) {
		qsort(ns[c], REPLACED, sizeof(double), bench_compare);
		bench_out(cases[c].name, "ns", ns[c][REPLACED / 2]);
	}
	mpt_pool_destroy(pool);
}

int main(void)
{
	struct mpt_pool *pool = make(WORKERS, 0);

	rate("mptrace Pool, apply_async", pool, async, ASYNC);
	chunk = 1;
	rate("mptrace Pool, map chunk 1", pool, map, MAPPED);
	chunk = 100;
	rate("mptrace Pool, map chunk 100", pool, map, MAPPED);
	rate("mptrace Pool, imap_unordered", pool, imap, MAPPED);
	one_at_a_time(pool);
	mpt_pool_destroy(pool);
	replace_and_fork();
	return 0;
}
