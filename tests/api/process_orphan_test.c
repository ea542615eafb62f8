/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_orphan_test.c - what becomes of children whose parent dies without an orderly
 * exit.
 */
#include "tests/api/methods.h"

#include <fcntl.h>

static const struct policy {
	const char *name;
	enum mpt_daemon daemon;
	enum mpt_parent_death death;
	bool survives;
} policies[] = {
	{ "ignore", MPT_DAEMON_NO, MPT_PARENT_DEATH_IGNORE, true },
	{ "ignore, a daemon", MPT_DAEMON_YES, MPT_PARENT_DEATH_IGNORE, true },
	{ "terminate", MPT_DAEMON_NO, MPT_PARENT_DEATH_TERMINATE, false },
	{ "kill", MPT_DAEMON_YES, MPT_PARENT_DEATH_KILL, false },
};
#define POLICIES (sizeof(policies) / sizeof(policies[0]))

static struct mpt_process *run(const char *part, const struct policy *policy)
{
	struct mpt_process_options options = { .daemon = policy->daemon,
					       .parent_death = policy->death };

	return method_run(method_of_child(), part, "", &options);
}

/* Ends also when nobody is left to want it. */
static int is_left_behind(const char *unused)
{
	pid_t me = getpid();

	(void)unused;
	alarm(60);
	tell_the_parent("told", &me, sizeof(me));
	return process_pause(NULL);
}

static int becomes_another(const char *unused)
{
	pid_t me = getpid();

	(void)unused;
	tell_the_parent("told", &me, sizeof(me));
	execl("/bin/sleep", "sleep", "60", (char *)NULL);
	return 1;
}

static int has_a_child(const char *number)
{
	run("is_left_behind", &policies[atoi(number)]);
	return process_pause(NULL);
}

static int has_a_child_that_becomes_another(const char *number)
{
	run("becomes_another", &policies[atoi(number)]);
	return process_pause(NULL);
}

static int leaves_a_child(const char *number)
{
	run("is_left_behind", &policies[atoi(number)]);
	signal_awaited("leave");
	_exit(0);
}

/* The pid of the child's child, whose end is not ours to wait for. */
static pid_t grandchild(struct mpt_queue *told)
{
	pid_t pid;

	told_by_child(told, &pid, sizeof(pid));
	return pid;
}

static void killed_parent(const struct method *method, const char *part, size_t i)
{
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p;
	char number[12];
	pid_t pid;

	snprintf(number, sizeof(number), "%zu", i);
	p = method_run(method, part, number, NULL);
	pid = grandchild(told);
	process_kill_and_free(p);
	if (policies[i].survives) {
		nap();
		assert_false(process_gone(pid));
		kill(pid, SIGKILL);
	}
	assert_eventually(process_gone(pid));
	mpt_queue_destroy(told);
}

static void children_of_a_killed_parent_fare_as_they_were_told(void **state)
{
	for (size_t i = 0; i < POLICIES; i++)
		killed_parent(method_of(state), "has_a_child", i);
}

static void also_when_they_have_become_another_program(void **state)
{
	for (size_t i = 0; i < POLICIES; i++)
		killed_parent(method_of(state), "has_a_child_that_becomes_another", i);
}

static void leaving_without_a_word_is_a_death_too(void **state)
{
	struct mpt_queue *told = telling_made("told");
	struct mpt_event *leave = signal_made("leave");
	struct mpt_process *p = method_run(method_of(state), "leaves_a_child", "3", NULL);
	pid_t pid = grandchild(told);

	assert_false(process_gone(pid));
	mpt_event_set(leave);
	assert_int_equal(process_end(p), 0);
	assert_eventually(process_gone(pid));
	mpt_event_destroy(leave);
	mpt_queue_destroy(told);
}

/* Killed at any moment around the start, a parent leaves no child that would not know. */
static int starts_and_is_killed(const char *unused)
{
	(void)unused;
	for (int i = 0; i < 50; i++)
		mpt_process_destroy(run("is_left_behind", &policies[3]));
	return process_pause(NULL);
}

static void none_slips_through_while_its_parent_dies(void **state)
{
	char byte;
	int ends[2];

	for (int i = 0; i < 10; i++) {
		struct mpt_queue *told = telling_made("told");
		struct mpt_process *p;

		assert_int_equal(pipe(ends), 0);
		p = method_run(method_of(state), "starts_and_is_killed", "", NULL);
		close(ends[1]);
		grandchild(told);
		process_kill_and_free(p);
		/* Everybody has the other end; it reads EOF when all are gone. */
		alarm(60);
		assert_int_equal(read(ends[0], &byte, 1), 0);
		close(ends[0]);
		mpt_queue_destroy(told);
	}
}

#define PART(play) { #play, play }

int main(int argc, char **argv)
{
	static const struct part parts[] = {
		PART(is_left_behind),	PART(becomes_another),
		PART(has_a_child),	PART(has_a_child_that_becomes_another),
		PART(leaves_a_child),	PART(starts_and_is_killed),
	};
	const struct CMUnitTest tests[] = {
		by_both(children_of_a_killed_parent_fare_as_they_were_told),
		by_both(also_when_they_have_become_another_program),
		by_both(leaving_without_a_word_is_a_death_too),
		by_both(none_slips_through_while_its_parent_dies),
	};

	methods_main(argc, argv, parts, sizeof(parts) / sizeof(parts[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
