/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_and_lock.c - a parent waits for its child with a mutex the child wants.
 */
#include "tests/programs/hangs/hang.h"

#include <signal.h>
#include <sys/wait.h>

static const struct hang_kind kinds[] = {
	{ "waitpid", "deadlock", NULL },
	{ "any-child", "deadlock", NULL },
	{ "waitid", "deadlock", NULL },
	{ "child-sleeps", "fine", NULL },
	{ "child-works", "fine", NULL },
	/* Another child will end, and the parent goes on. */
	{ "second-child", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t *lock;

static void child(int self)
{
	if (hang_is("child-sleeps"))
		hang_sleep(self);
	if (hang_is("child-works")) {
		hang_beside(self, HANG_BUSY);
		for (volatile unsigned long i = 1; i; i++)
			;
	}
	hang_waits(self, HANG_FUTEX, "mutex", 0);
	pthread_mutex_lock(lock);
	hang_broken("a lock came that was held");
}

static void parent(int self)
{
	siginfo_t info;
	pid_t pid;

	pthread_mutex_lock(lock);
	pid = hang_fork(child, 1);
	if (hang_is("second-child"))
		hang_fork(hang_sleep, 2);
	hang_await(1);
	hang_waits(self, HANG_WAIT, "child", 1);
	if (hang_is("waitid"))
		waitid(P_PID, pid, &info, WEXITED);
	else
		waitpid(hang_is("waitpid") ? pid : -1, NULL, 0);
	hang_broken("the child has ended");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	lock = hang_memory(sizeof(*lock));
	hang_mutex_init(lock, "normal", true);
	hang_fork(parent, 0);
	return hang_stay(hang_is("second-child") ? 3 : 2);
}
