/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail_process_test.c - processes when one allocation or one system call fails, in the caller
 * or in the child (fail.h).
 *
 * After an error nothing was started, and the handle may be started later.
 */
#include "tests/crash/fail.h"

/* ---- processes ---------------------------------------------------------------------- */

static struct mpt_process *process;

static int returns_7(void *unused)
{
	(void)unused;
	return 7;
}

static int sleeps(void *unused)
{
	(void)unused;
	for (;;)
		pause();
	return 0;
}

static int make_process(void)
{
	const struct mpt_process_options options = { .name = FAIL_NAME };

	return mpt_process_create(&process, returns_7, NULL, &options);
}

static void have_process(void)
{
	child_claims(make_process() == 0);
}

static void end_process(void)
{
	mpt_process_destroy(process);
}

static int start(void)
{
	return mpt_process_start(process);
}

/* It was told 7, or why it could not begin. */
static void end_started(void)
{
	child_claims(mpt_process_join(process, GUARD_NS) == 0);
	child_claims(mpt_process_exit_code(process) == 7);
	end_process();
}

/* Its own failures, when its loader is short of memory, are its own. */
static void end_program(void)
{
	child_claims(mpt_process_join(process, GUARD_NS) == 0);
	end_process();
}

static int make_program(void)
{
	static const char *const argv[] = { "/bin/sh", "-c", "exit 7", NULL };

	return mpt_process_create_program(&process, argv, NULL);
}

static void have_program(void)
{
	child_claims(make_program() == 0);
}

static void have_started(void)
{
	have_process();
	child_claims(start() == 0);
}

static int join_it(void)
{
	return mpt_process_join(process, MPT_FOREVER);
}

static int exit_code(void)
{
	int code;

	while ((code = mpt_process_exit_code(process)) == MPT_EXIT_NONE)
		sched_yield();
	return code;
}

static void have_sleeper(void)
{
	child_claims(mpt_process_create(&process, sleeps, NULL, NULL) == 0);
	child_claims(start() == 0);
}

static int kill_it(void)
{
	return mpt_process_kill(process);
}

static int count_children(void)
{
	return mpt_process_active_children(NULL, 0);
}

static void end_sleeper(void)
{
	child_claims(mpt_process_kill(process) == 0);
	child_claims(mpt_process_join(process, GUARD_NS) == 0);
	end_process();
}

static int sentinel(void)
{
	return mpt_process_sentinel(process) >= 0 ? 0 : -EBADF;
}

/* ---- the tests -------------------------------------------------------------------------- */

int main(void)
{
	static const struct failing rows[] = {
		{ "process_create", NULL, make_process, end_process, { 0 } },
		{ "process_create_program", NULL, make_program, end_process, { 0 } },
		{ "process_start", have_process, start, end_started, { 0 } },
		{ "process_start of a program", have_program, start, end_program, { 0 } },
		{ "process_join", have_started, join_it, end_started, { 0 } },
		{ "process_exit_code", have_started, exit_code, end_started, { 0 } },
		{ "process_kill", have_sleeper, kill_it, end_sleeper, { 0 } },
		{ "process_sentinel", have_sleeper, sentinel, end_sleeper, { 0 } },
		{ "process_active_children", have_sleeper, count_children, end_sleeper, { 0 } },
	};

	return fail_rows("fail_process", rows, sizeof(rows) / sizeof(rows[0]), fail_row);
}
