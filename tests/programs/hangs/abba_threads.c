/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * abba_threads.c - two threads of one process, each with the mutex the other wants.
 */
#include "tests/programs/hangs/hang.h"

static const struct hang_kind kinds[] = {
	{ "normal", "deadlock", NULL },
	{ "recursive", "deadlock", NULL },
	{ "errorcheck", "deadlock", NULL },
	{ "robust", "deadlock", NULL },
	/* The kernel refuses the second wait, and the C library sleeps instead of it. */
	{ "pi", "deadlock", NULL },
	{ "timed", "fine", NULL },
	{ "same-order", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t locks[2];

static void member(int self)
{
	int other = !self;

	pthread_mutex_lock(&locks[self]);
	hang_meet(2);
	hang_waits(self, HANG_FUTEX, "mutex", other);
	if (self == 1 && hang_is("timed"))
		hang_lock_timed(&locks[other]);
	else
		pthread_mutex_lock(&locks[other]);
	hang_broken("a lock came that was held");
}

/* The twin: the second has nothing the first could want. */
static void second(int self)
{
	hang_meet(2);
	hang_waits(self, HANG_FUTEX, "mutex", 0);
	pthread_mutex_lock(&locks[0]);
}

static void first(int self)
{
	pthread_mutex_lock(&locks[0]);
	hang_meet(2);
	hang_sleep(self);
}

static void process(int slot)
{
	bool ordered = hang_is("same-order");
	pthread_t thread;

	for (int i = 0; i < 2; i++)
		hang_mutex_init(&locks[i], hang_kind_name(), false);
	thread = hang_thread(ordered ? first : member, 0);
	hang_thread(ordered ? second : member, 1);
	hang_beside(slot, HANG_FUTEX);
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_fork(process, 2);
	return hang_stay(3);
}
