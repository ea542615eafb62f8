/* SPDX-License-Identifier: BSD-2-Clause */
/* kill_test.c - a signal hits the process that was seen, or nobody. */
#include "mpstat/commands/kill.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* A child that waits for a signal; killed with the test. */
static pid_t start_child(const char *name)
{
	int named[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(named), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(named[1]);
		assert_int_equal(read(named[0], &byte, 1), 0); /* closed: it has its name */
		close(named[0]);
		return pid;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (name)
		prctl(PR_SET_NAME, name);
	close(named[0]);
	close(named[1]);
	for (;;)
		pause();
}

/* The signal that ended it. */
static int ended_by(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void the_process_that_was_seen_gets_the_signal(void **state)
{
	struct process_id id = {0, 0};
	pid_t pid = start_child(NULL);

	(void)state;
	id.pid = (uint32_t)pid;
	assert_int_equal(kill_start_time(id.pid, &id.start), 0);
	assert_true(id.start > 0);
	assert_int_equal(kill_process(NULL, id, SIGUSR1), 0);
	assert_int_equal(ended_by(pid), SIGUSR1);
}

static void a_process_that_got_the_same_number_later_is_left_alone(void **state)
{
	struct process_id id = {0, 0};
	pid_t pid = start_child(NULL);

	(void)state;
	id.pid = (uint32_t)pid;
	assert_int_equal(kill_start_time(id.pid, &id.start), 0);
	id.start--;
	assert_int_equal(kill_process(NULL, id, SIGKILL), -ESRCH);
	/* it lives, or this would not be what ended it */
	kill(pid, SIGUSR2);
	assert_int_equal(ended_by(pid), SIGUSR2);
}

static void a_process_that_has_ended_is_no_process(void **state)
{
	struct process_id id = {0, 0};
	pid_t pid = start_child(NULL);

	(void)state;
	id.pid = (uint32_t)pid;
	assert_int_equal(kill_start_time(id.pid, &id.start), 0);
	kill(pid, SIGKILL);
	ended_by(pid);
	assert_int_equal(kill_process(NULL, id, SIGKILL), -ESRCH);
	assert_int_equal(kill_start_time(id.pid, &id.start), -ESRCH);
}

static void a_name_full_of_brackets_does_not_move_the_start_time(void **state)
{
	uint64_t plain, odd;
	pid_t pid = start_child(NULL), named;

	(void)state;
	assert_int_equal(kill_start_time((uint32_t)pid, &plain), 0);
	named = start_child(") R 1 1) 9 (");
	assert_int_equal(kill_start_time((uint32_t)named, &odd), 0);
	/* both were started within this test, a tick is 10 ms */
	assert_in_range(odd, plain, plain + 1000);
	kill(pid, SIGKILL);
	kill(named, SIGKILL);
	ended_by(pid);
	ended_by(named);
}

static void a_signal_that_does_not_exist_is_refused(void **state)
{
	struct process_id id = {(uint32_t)getpid(), 0};

	(void)state;
	assert_int_equal(kill_start_time(id.pid, &id.start), 0);
	assert_int_equal(kill_process(NULL, id, 10000), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_process_that_was_seen_gets_the_signal),
		cmocka_unit_test(a_process_that_got_the_same_number_later_is_left_alone),
		cmocka_unit_test(a_process_that_has_ended_is_no_process),
		cmocka_unit_test(a_name_full_of_brackets_does_not_move_the_start_time),
		cmocka_unit_test(a_signal_that_does_not_exist_is_refused),
	};

	return cmocka_run_group_tests_name("kill", tests, NULL, NULL);
}
