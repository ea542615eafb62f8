/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_family_test.c - processes with several children, grandchildren, threads
 * of their own: who waits for whom, who ends with whom.
 *
 * What a child inherits: process_inherit_test.c.
 */
#include "tests/api/process_support.h"

#include <poll.h>

/* ---- who ends with whom ------------------------------------------------------------ */

static struct family {
	uint32_t may_end;
	uint32_t daemon_runs;
	uint32_t worker_done;
	pid_t daemon, worker;
	bool leave_by_exit;
} *family; /* shared */

static int serve_for_ever(void *unused)
{
	reach(&family->daemon_runs);
	return process_pause(unused);
}

static int work_until_told(void *unused)
{
	(void)unused;
	child_claims_eventually(reached(&family->may_end));
	reach(&family->worker_done);
	return 0;
}

/* Has one child of each sort, and leaves without a word to them. */
static int have_children_and_leave(void *unused)
{
	struct mpt_process *daemon = process_run(serve_for_ever, NULL, &process_daemon);
	struct mpt_process *worker = process_run(work_until_told, NULL, NULL);

	(void)unused;
	family->daemon = mpt_process_pid(daemon);
	family->worker = mpt_process_pid(worker);
	child_claims_eventually(reached(&family->daemon_runs));
	mpt_process_destroy(daemon);
	if (family->leave_by_exit)
		exit(5);
	return 5;
}

static void family_ends_in_order(bool leave_by_exit)
{
	struct mpt_process *creator;

	family = shared(sizeof(*family));
	family->leave_by_exit = leave_by_exit;
	creator = process_run(have_children_and_leave, NULL, NULL);
	assert_eventually(reached(&family->daemon_runs));
	/* The daemon goes first; the creator stays, for its worker. */
	assert_eventually(process_gone(family->daemon));
	assert_int_equal(mpt_process_join(creator, MPT_MS(100)), -ETIMEDOUT);
	assert_false(process_gone(family->worker));
	reach(&family->may_end);
	assert_int_equal(process_end(creator), 5);
	assert_true(reached(&family->worker_done));
	assert_true(process_gone(family->worker));
}

static void b05_daemons_end_with_their_creator_others_are_joined(void **state)
{
	(void)state;
	family_ends_in_order(false);
}

static void b05_exit_instead_of_return_makes_no_difference(void **state)
{
	(void)state;
	family_ends_in_order(true);
}

/* The rules hold for a program as for a child.  Handlers the program registered run
 * first: they may be what tells the children to end. */
static void tell_to_end(void)
{
	reach(&family->may_end);
}

static void whole_program(void *unused)
{
	(void)unused;
	atexit(tell_to_end);
	exit(have_children_and_leave(NULL));
}

static void b05_a_program_that_exits_treats_its_children_the_same(void **state)
{
	pid_t program;

	(void)state;
	family = shared(sizeof(*family));
	fflush(NULL);
	program = child(whole_program, NULL);
	assert_int_equal(end_of(program), 5);
	assert_true(process_gone(family->daemon));
	assert_true(process_gone(family->worker));
	assert_true(reached(&family->worker_done));
}

/* ---- descent ------------------------------------------------------------------------- */

static struct descent {
	uint32_t count;
	char seen[16][48];
} *descent; /* shared */

static int descend(void *depth)
{
	intptr_t left = (intptr_t)depth;
	struct mpt_process_info me;

	child_claims(mpt_process_current(&me) == 0);
	memcpy(descent->seen[descent->count++], me.name, sizeof(me.name));
	for (int i = 0; i < 2 && left > 0; i++)
		child_claims(process_end(process_run(descend, (void *)(left - 1), NULL)) == 0);
	return 0;
}

static void b15_children_start_children_in_order(void **state)
{
	static const char *const expected[] = { "",	 ":1",	   ":1:1", ":1:2",
						":2", ":2:1", ":2:2" };
	char name[48];
	struct mpt_process *p;

	(void)state;
	descent = shared(sizeof(*descent));
	assert_int_equal(mpt_process_create(&p, descend, (void *)2, NULL), 0);
	assert_int_equal(mpt_process_start(p), 0);
	snprintf(name, sizeof(name), "%s", mpt_process_name(p));
	assert_memory_equal(name, "Process-", 8);
	assert_int_equal(process_end(p), 0);
	assert_int_equal(descent->count, 7);
	for (int i = 0; i < 7; i++) {
		assert_memory_equal(descent->seen[i], name, strlen(name));
		assert_string_equal(descent->seen[i] + strlen(name), expected[i]);
	}
}

#define DEEP 40

static int descend_deep(void *depth)
{
	intptr_t left = (intptr_t)depth;

	if (left == 0)
		return 0;
	return process_end(process_run(descend_deep, (void *)(left - 1), NULL));
}

static void b15_very_deep_families_still_have_names(void **state)
{
	(void)state;
	assert_int_equal(process_end(process_run(descend_deep, (void *)DEEP, NULL)), 0);
}

/* ---- many ---------------------------------------------------------------------------- */

#define MANY 100

static void b18_a_hundred_processes_all_end_well(void **state)
{
	struct mpt_process *p[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		p[i] = process_run(process_return, NULL, NULL);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(process_end(p[i]), 0);
}

static void b18_a_hundred_processes_terminated_at_once(void **state)
{
	struct mpt_process *p[MANY];
	pid_t pids[MANY];

	(void)state;
	for (int i = 0; i < MANY; i++)
		p[i] = process_run(process_pause, NULL, NULL);
	assert_int_equal(mpt_process_active_children(pids, MANY), MANY);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(pids[i], mpt_process_pid(p[i]));
		assert_int_equal(mpt_process_terminate(p[i]), 0);
	}
	for (int i = 0; i < MANY; i++)
		assert_int_equal(process_end(p[i]), -SIGTERM);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
}

/* ---- the parent ------------------------------------------------------------------------ */

static struct lineage {
	uint32_t watching, saw_it;
	struct mpt_process_info parent;
} *lineage; /* shared */

static int watch_my_parent(void *unused)
{
	struct pollfd end = { .events = POLLIN };

	(void)unused;
	end.fd = mpt_process_parent_sentinel();
	child_claims(end.fd >= 0 && mpt_process_parent_sentinel() == end.fd);
	child_claims(mpt_process_parent(&lineage->parent) == 0);
	child_claims(lineage->parent.pid == getppid());
	child_claims(!process_readable(end.fd));
	reach(&lineage->watching);
	child_claims(poll(&end, 1, 10000) == 1);
	reach(&lineage->saw_it);
	return 0;
}

static int have_a_watching_child(void *unused)
{
	process_run(watch_my_parent, NULL, NULL);
	return process_pause(unused);
}

static void b19_a_grandchild_sees_its_parent_die(void **state)
{
	struct mpt_process_options named = { .name = "the parent" };
	struct mpt_process_info nobody;
	struct mpt_process *p;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_process_parent(&nobody), -ESRCH);
	assert_int_equal(mpt_process_parent_sentinel(), -ESRCH);
	lineage = shared(sizeof(*lineage));
	p = process_run(have_a_watching_child, NULL, &named);
	pid = mpt_process_pid(p);
	assert_eventually(reached(&lineage->watching));
	assert_int_equal(lineage->parent.pid, pid);
	assert_string_equal(lineage->parent.name, "the parent");
	assert_false(lineage->parent.daemon);
	process_kill_and_free(p);
	assert_eventually(reached(&lineage->saw_it));
}

/* Asks only when the parent is gone. */
static int watch_too_late(void *unused)
{
	pid_t parent = getppid();

	(void)unused;
	reach(&lineage->watching);
	child_claims_eventually(getppid() != parent);
	child_claims(process_readable(mpt_process_parent_sentinel()));
	child_claims(mpt_process_parent(&lineage->parent) == 0 && lineage->parent.pid == parent);
	reach(&lineage->saw_it);
	return 0;
}

static int have_a_late_child(void *unused)
{
	process_run(watch_too_late, NULL, NULL);
	return process_pause(unused);
}

static void b19_an_orphan_that_asks_late_learns_it_too(void **state)
{
	struct mpt_process *p;

	(void)state;
	lineage = shared(sizeof(*lineage));
	p = process_run(have_a_late_child, NULL, NULL);
	assert_eventually(reached(&lineage->watching));
	process_kill_and_free(p);
	assert_eventually(reached(&lineage->saw_it));
}

/* ---- threads ------------------------------------------------------------------------------- */

static struct threads {
	uint32_t may_end, runs, done, declared;
} *threads; /* shared */

static void *work_in_a_thread(void *unused)
{
	(void)unused;
	reach(&threads->runs);
	child_claims_eventually(reached(&threads->may_end));
	reach(&threads->done);
	return NULL;
}

static int leave_a_thread_running(void *unused)
{
	(void)unused;
	thread(work_in_a_thread, NULL);
	return 3;
}

static void b21_a_child_waits_for_the_threads_it_left_running(void **state)
{
	struct mpt_process *p;

	(void)state;
	threads = shared(sizeof(*threads));
	p = process_run(leave_a_thread_running, NULL, NULL);
	assert_eventually(reached(&threads->runs));
	assert_int_equal(mpt_process_join(p, MPT_MS(100)), -ETIMEDOUT);
	reach(&threads->may_end);
	assert_int_equal(process_end(p), 3);
	assert_true(reached(&threads->done));
}

static void *serve_in_a_daemon_thread(void *unused)
{
	child_claims(mpt_process_thread_daemon() == 0);
	child_claims(mpt_process_thread_daemon() == 0);
	reach(&threads->declared);
	for (;;)
		pause();
	return unused;
}

/* A daemon thread that ends in time must not count for another. */
static void *end_as_a_daemon_thread(void *unused)
{
	child_claims(mpt_process_thread_daemon() == 0);
	return unused;
}

static int leave_both_kinds_of_threads(void *unused)
{
	(void)unused;
	child_claims(mpt_process_thread_daemon() == 0); /* of the main thread: no effect */
	thread(serve_in_a_daemon_thread, NULL);
	child_claims_eventually(reached(&threads->declared));
	join_thread(thread(end_as_a_daemon_thread, NULL));
	thread(work_in_a_thread, NULL);
	return 3;
}

static void b21_but_not_for_daemon_threads(void **state)
{
	struct mpt_process *p;

	(void)state;
	threads = shared(sizeof(*threads));
	p = process_run(leave_both_kinds_of_threads, NULL, NULL);
	assert_eventually(reached(&threads->runs));
	assert_int_equal(mpt_process_join(p, MPT_MS(100)), -ETIMEDOUT);
	reach(&threads->may_end);
	assert_int_equal(process_end(p), 3);
	assert_true(reached(&threads->done));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(b05_daemons_end_with_their_creator_others_are_joined),
		process_test(b05_exit_instead_of_return_makes_no_difference),
		process_test(b05_a_program_that_exits_treats_its_children_the_same),
		process_test(b15_children_start_children_in_order),
		process_test(b15_very_deep_families_still_have_names),
		process_test(b18_a_hundred_processes_all_end_well),
		process_test(b18_a_hundred_processes_terminated_at_once),
		process_test(b19_a_grandchild_sees_its_parent_die),
		process_test(b19_an_orphan_that_asks_late_learns_it_too),
		process_test(b21_a_child_waits_for_the_threads_it_left_running),
		process_test(b21_but_not_for_daemon_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
