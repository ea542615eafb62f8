/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * condition.c - who could notify is dead, or lives and has other things to do.
 */
#include "tests/programs/hangs/hang.h"

#include <poll.h>
#include <unistd.h>

static const struct hang_kind kinds[] = {
	/* Nobody else has this memory. */
	{ "notifier-killed", "knot", "knot holder-dead unknown" },
	/* It was killed while it waited itself, and would have answered. */
	{ "waiter-killed", "knot", "knot holder-dead unknown" },
	/* All threads of a process wait for each other to notify. */
	{ "private", "knot", "knot" },
	{ "notifier-in-poll", "fine", NULL },
	{ "notifier-in-pause", "fine", NULL },
	{ 0 },
};

static struct shared {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
} own, *shared = &own;

static void init_shared(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	if (!hang_is("private")) {
		shared = hang_memory(sizeof(*shared));
		pthread_condattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	}
	hang_mutex_init(&shared->mutex, "normal", !hang_is("private"));
	pthread_cond_init(&shared->cond, &attr);
}

static void wait_for_notify(int self)
{
	pthread_mutex_lock(&shared->mutex);
	hang_waits(self, HANG_FUTEX, "condition", HANG_NOBODY);
	for (;;)
		pthread_cond_wait(&shared->cond, &shared->mutex);
}

static void wait_and_be_killed(int self)
{
	pthread_mutex_lock(&shared->mutex);
	hang_beside(self, HANG_FUTEX);
	for (;;)
		pthread_cond_wait(&shared->cond, &shared->mutex);
}

static void notifier(int self)
{
	hang_beside(self, hang_is("notifier-in-poll") ? HANG_POLL : HANG_PAUSE);
	if (hang_is("notifier-in-poll"))
		poll(NULL, 0, -1);
	pause();
}

static void process(int self)
{
	init_shared();
	if (hang_is("private")) {
		hang_thread(wait_for_notify, 1);
		wait_for_notify(self);
	}
	hang_fork(hang_is("waiter-killed") ? wait_and_be_killed : notifier, 1);
	hang_await(1);
	if (hang_is("notifier-killed") || hang_is("waiter-killed"))
		hang_kill(1);
	wait_for_notify(self);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_fork(process, 0);
	return hang_stay(2);
}
