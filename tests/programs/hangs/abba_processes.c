/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * abba_processes.c - two processes, each with the mutex in shared memory the other wants.
 */
#include "tests/programs/hangs/hang.h"

static const struct hang_kind kinds[] = {
	{ "normal", "deadlock", NULL },
	{ "recursive", "deadlock", NULL },
	{ "errorcheck", "deadlock", NULL },
	{ "robust", "deadlock", NULL },
	{ "pi", "deadlock", NULL },
	{ "timed", "fine", NULL },
	{ "same-order", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t *locks;

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

static void first(int self)
{
	pthread_mutex_lock(&locks[0]);
	hang_meet(2);
	hang_sleep(self);
}

static void second(int self)
{
	hang_meet(2);
	hang_waits(self, HANG_FUTEX, "mutex", 0);
	pthread_mutex_lock(&locks[0]);
}

int main(int argc, char **argv)
{
	bool ordered;

	hang_begin(argc, argv, kinds);
	ordered = hang_is("same-order");
	locks = hang_memory(2 * sizeof(*locks));
	for (int i = 0; i < 2; i++)
		hang_mutex_init(&locks[i], hang_kind_name(), true);
	hang_fork(ordered ? first : member, 0);
	hang_fork(ordered ? second : member, 1);
	return hang_stay(2);
}
