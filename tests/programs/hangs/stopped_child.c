/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stopped_child.c - a parent waits for a child that a signal has stopped.
 */
#include "tests/programs/hangs/hang.h"

#include <signal.h>
#include <sys/wait.h>

static const struct hang_kind kinds[] = {
	/* No deadlock: whoever sends SIGCONT ends it. */
	{ "parent", "stopped", "stopped" },
	/* What it has others wait for. */
	{ "holder", "stopped", "stopped" },
	{ "continued", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t *lock;

static void child(int self)
{
	pthread_mutex_lock(lock);
	hang_waits(self, HANG_STOPPED, "signal", HANG_NOBODY);
	raise(SIGSTOP);
	hang_sleep(self);
}

static void waiter(int self)
{
	hang_await(1);
	hang_waits(self, HANG_FUTEX, "mutex", 1);
	pthread_mutex_lock(lock);
	hang_broken("a lock came that was held");
}

static void parent(int self)
{
	pid_t pid = hang_fork(child, 1);

	hang_await(1);
	if (hang_is("continued"))
		kill(pid, SIGCONT);
	hang_waits(self, HANG_WAIT, "child", 1);
	waitpid(pid, NULL, 0);
	hang_broken("the child has ended");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	lock = hang_memory(sizeof(*lock));
	hang_mutex_init(lock, "normal", true);
	if (hang_is("holder"))
		hang_fork(child, 1);
	hang_fork(hang_is("holder") ? waiter : parent, 0);
	return hang_stay(2);
}
