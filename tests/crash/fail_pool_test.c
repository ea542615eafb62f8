/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail_pool_test.c - pools when one allocation or one system call fails, in the caller, in a
 * worker or in the pool's thread (fail.h).
 *
 * A pool that could not be made has left no process; one that was made works, whatever
 * its workers and its thread have met.
 */
#include "tests/crash/fail.h"

static struct mpt_pool *pool;

static ssize_t twice(const void *arg, size_t size, void *result, size_t room)
{
	int n;

	if (size != sizeof(n) || room < sizeof(n))
		return -EINVAL;
	memcpy(&n, arg, sizeof(n));
	n *= 2;
	memcpy(result, &n, sizeof(n));
	return sizeof(n);
}

static int make_pool(void)
{
	static const struct mpt_pool_task tasks[] = { { "twice", twice } };
	const struct mpt_pool_options options = {
		.name = FAIL_NAME, .workers = 2, .tasks = tasks, .task_count = 1, .slots = 8
	};

	return mpt_pool_create(&pool, &options);
}

static void have_pool(void)
{
	child_claims(make_pool() == 0);
}

static int apply(void)
{
	const int n = 21;
	const struct mpt_pool_call call = { .function = twice, .arg = &n, .size = sizeof(n) };
	int result = 0, rc;

	rc = (int)mpt_pool_apply(pool, &call, &result, sizeof(result), MPT_FOREVER);
	child_claims(rc < 0 || result == 42);
	return rc;
}

/* A pool whose making had a failure works. */
static void end_pool(void)
{
	child_claims(apply() == sizeof(int));
	child_claims(mpt_pool_destroy(pool) == 1);
}

static int map(void)
{
	int in[20], out[20] = { 0 }, rc;
	const struct mpt_pool_mapping all = { .function = twice, .in = in, .out = out,
					      .in_size = sizeof(int), .out_size = sizeof(int),
					      .count = 20, .chunk = 3 };

	for (int i = 0; i < 20; i++)
		in[i] = i;
	rc = mpt_pool_map(pool, &all, MPT_FOREVER);
	for (int i = 0; rc == 0 && i < 20; i++)
		child_claims(out[i] == 2 * i);
	return rc;
}

static int one_two_three(void *last, void *item)
{
	int n = ++*(int *)last;

	memcpy(item, &n, sizeof(n));
	return n > 3 ? -ENODATA : 0;
}

static int imap(void)
{
	int last = 0, out, rc;
	const struct mpt_pool_each each = { .function = twice, .next = one_two_three,
					    .next_arg = &last, .in_size = sizeof(int),
					    .out_size = sizeof(int) };
	struct mpt_imap *results;

	rc = mpt_pool_imap(pool, &each, &results);
	if (rc < 0)
		return rc;
	for (int i = 1; i <= 3 && rc == 0; i++) {
		rc = mpt_imap_next(results, &out, NULL, MPT_FOREVER);
		child_claims(rc < 0 || out == 2 * i);
	}
	mpt_imap_destroy(results);
	return rc;
}

static int leave(void)
{
	int rc = mpt_pool_close(pool);

	return rc < 0 ? rc : mpt_pool_join(pool, MPT_FOREVER);
}

static int terminate(void)
{
	int rc = mpt_pool_terminate(pool);

	return rc < 0 ? rc : mpt_pool_join(pool, MPT_FOREVER);
}

static void end_joined(void)
{
	child_claims(mpt_pool_destroy(pool) == 0);
}

/* ---- the tests ----------------------------------------------------------------------- */

int main(void)
{
	static const struct failing rows[] = {
		{ "pool_create", NULL, make_pool, end_pool, { EAGAIN } },
		{ "pool_apply", have_pool, apply, end_pool, { 0 } },
		{ "pool_map", have_pool, map, end_pool, { 0 } },
		{ "pool_imap", have_pool, imap, end_pool, { 0 } },
		{ "pool_close and join", have_pool, leave, end_joined, { 0 } },
		{ "pool_terminate and join", have_pool, terminate, end_joined, { 0 } },
	};

	return fail_rows("fail_pool", rows, sizeof(rows) / sizeof(rows[0]), fail_row);
}
