/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * philosophers.c - five processes around a table, each with the fork its neighbour wants.
 */
#include "tests/programs/hangs/hang.h"

enum { SEATS = 5 };

static const struct hang_kind kinds[] = {
	{ "normal", "deadlock", NULL },
	{ "robust", "deadlock", NULL },
	/* One thinks, with a fork in its hand. */
	{ "thinker", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t *forks;

static void philosopher(int self)
{
	int next = (self + 1) % SEATS;

	pthread_mutex_lock(&forks[self]);
	hang_meet(SEATS);
	if (self == 0 && hang_is("thinker"))
		hang_sleep(self);
	hang_waits(self, HANG_FUTEX, "mutex", next);
	pthread_mutex_lock(&forks[next]);
	hang_broken("a fork came that was held");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	forks = hang_memory(SEATS * sizeof(*forks));
	for (int i = 0; i < SEATS; i++)
		hang_mutex_init(&forks[i], hang_kind_name(), true);
	for (int i = 0; i < SEATS; i++)
		hang_fork(philosopher, i);
	return hang_stay(SEATS);
}
