/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * holder_killed.c - who had the mutex is dead; others wait for it.
 */
#include "tests/programs/hangs/hang.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

static const struct hang_kind kinds[] = {
	{ "normal", "holder-dead", "holder-dead" },
	{ "zombie", "holder-dead", "holder-dead" },
	{ "thread", "holder-dead", "holder-dead" },
	/* It was waited for already when its holder died. */
	{ "waited", "holder-dead", "holder-dead" },
	/* The next one is told, and goes on. */
	{ "robust", "fine", NULL },
	{ "robust-waited", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t *lock;

static bool waited_for(void)
{
	return hang_is("waited") || hang_is("robust-waited");
}

/* A process, or a thread of the one that waits. */
static void holder(int self)
{
	pthread_mutex_lock(lock);
	if (waited_for()) {
		hang_meet(2);
		hang_await(0);
	}
	hang_beside(self, HANG_DEAD);
	if (!hang_is("thread"))
		kill(getpid(), SIGKILL);
}

static void waiter(int self)
{
	if (hang_is("thread"))
		pthread_join(hang_thread(holder, 1), NULL);
	if (waited_for())
		hang_meet(2);
	else
		hang_await(1);
	hang_waits(self, HANG_FUTEX, "mutex", 1);
	hang_must(pthread_mutex_lock(lock) == EOWNERDEAD, "a lock came that was held");
	pthread_mutex_consistent(lock);
	hang_sleep(self);
}

int main(int argc, char **argv)
{
	bool robust, zombie;
	pid_t dead = 0;

	hang_begin(argc, argv, kinds);
	robust = hang_is("robust") || hang_is("robust-waited");
	zombie = hang_is("zombie");
	lock = hang_memory(sizeof(*lock));
	hang_mutex_init(lock, robust ? "robust" : "normal", true);
	if (!hang_is("thread"))
		dead = hang_fork(holder, 1);
	if (dead && !waited_for() && !zombie)
		hang_reap(dead);
	hang_fork(waiter, 0);
	if (waited_for())
		hang_reap(dead);
	return hang_stay(2);
}
