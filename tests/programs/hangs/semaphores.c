/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * semaphores.c - two with the semaphore the other wants: nothing says who has one.
 */
#include "tests/programs/hangs/hang.h"

#include <semaphore.h>

static const struct hang_kind kinds[] = {
	/* A name would be a guess. */
	{ "processes", "unknown", "unknown knot" },
	/* All who could post wait; for each it is one other. */
	{ "threads", "knot", "knot deadlock" },
	/* Not a lock, but news: who has to tell them sleeps. */
	{ "signal", "fine", NULL },
	{ "signal-thread", "fine", NULL },
	{ 0 },
};

static sem_t own[2], *sems = own;

static void member(int self)
{
	sem_wait(&sems[self]);
	hang_meet(2);
	hang_waits(self, HANG_FUTEX, "semaphore", HANG_NOBODY);
	sem_wait(&sems[!self]);
	hang_broken("a semaphore came that was taken");
}

static void consumer(int self)
{
	sem_wait(&sems[0]); /* the first is there */
	hang_waits(self, HANG_FUTEX, "semaphore", HANG_NOBODY);
	sem_wait(&sems[0]);
	hang_broken("a semaphore came that was not posted");
}

static void process(int self)
{
	bool threads = hang_is("threads") || hang_is("signal-thread");
	bool news = hang_is("signal") || hang_is("signal-thread");

	if (!threads)
		sems = hang_memory(2 * sizeof(*sems));
	for (int i = 0; i < 2; i++)
		sem_init(&sems[i], !threads, 1);
	if (threads)
		hang_thread(news ? hang_sleep : member, 1);
	else
		hang_fork(news ? hang_sleep : member, 1);
	if (news)
		consumer(self);
	member(self);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_fork(process, 0);
	return hang_stay(2);
}
