/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * child.h - a forked child that cannot outlive the test.
 *
 * Header only: several test programs use it.
 */
#ifndef TESTS_UNIT_CHILD_H
#define TESTS_UNIT_CHILD_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* fork() for tests: 0 in the child, which must leave by _exit and dies with its
 * parent.  Never -1: that would be "everybody" to kill(). */
static inline pid_t child_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	else
		assert_true(pid > 0);
	return pid;
}

/* A child that sleeps. */
static inline pid_t child_sleeping(void)
{
	pid_t pid = child_fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static inline void child_kill(pid_t pid)
{
	assert_true(pid > 0);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

#endif
