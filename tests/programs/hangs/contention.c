/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * contention.c - many who want the same, and get it one after the other: never a hang.
 */
#include "tests/programs/hangs/hang.h"

#include <semaphore.h>

enum { WORKERS = 6 };

static const struct hang_kind kinds[] = {
	{ "mutex", "fine", NULL },
	{ "two-mutexes", "fine", NULL },
	{ "shared-mutexes", "fine", NULL },
	{ "pi", "fine", NULL },
	{ "robust", "fine", NULL },
	{ "rwlock", "fine", NULL },
	{ "condition", "fine", NULL },
	{ "semaphore", "fine", NULL },
	{ "barrier", "fine", NULL },
	{ 0 },
};

static struct things {
	pthread_mutex_t outer, inner;
	pthread_rwlock_t rwlock;
	pthread_cond_t turn;
	pthread_barrier_t barrier;
	sem_t sems[WORKERS];
	int whose;
} *the;

static unsigned long burn(unsigned long rounds)
{
	volatile unsigned long sum = 0;

	while (rounds--)
		sum += rounds;
	return sum;
}

static void lock_one(int self)
{
	(void)self;
	pthread_mutex_lock(&the->outer);
	burn(20000);
	pthread_mutex_unlock(&the->outer);
}

/* All in the same order. */
static void lock_two(int self)
{
	pthread_mutex_lock(&the->outer);
	pthread_mutex_lock(&the->inner);
	burn(20000);
	pthread_mutex_unlock(&the->outer);
	burn(1000 * (unsigned long)self);
	pthread_mutex_unlock(&the->inner);
}

static void read_or_write(int self)
{
	if (self == 0)
		pthread_rwlock_wrlock(&the->rwlock);
	else
		pthread_rwlock_rdlock(&the->rwlock);
	burn(20000);
	pthread_rwlock_unlock(&the->rwlock);
}

/* In turns: all but one wait always. */
static void take_turn(int self)
{
	pthread_mutex_lock(&the->outer);
	while (the->whose != self)
		pthread_cond_wait(&the->turn, &the->outer);
	burn(20000);
	the->whose = (self + 1) % WORKERS;
	pthread_cond_broadcast(&the->turn);
	pthread_mutex_unlock(&the->outer);
}

static void post_next(int self)
{
	sem_wait(&the->sems[self]);
	burn(20000);
	sem_post(&the->sems[(self + 1) % WORKERS]);
}

static void meet(int self)
{
	burn(20000 * (unsigned long)(1 + self));
	pthread_barrier_wait(&the->barrier);
}

static const struct {
	const char *kind;
	void (*round)(int self);
} rounds[] = {
	{ "two-mutexes", lock_two }, { "shared-mutexes", lock_two }, { "robust", lock_two },
	{ "rwlock", read_or_write }, { "condition", take_turn },     { "semaphore", post_next },
	{ "barrier", meet },	     { "mutex", lock_one },	     { "pi", lock_one },
};

static void work(int self)
{
	void (*round)(int) = lock_one;

	for (size_t i = 0; i < sizeof(rounds) / sizeof(rounds[0]); i++)
		if (hang_is(rounds[i].kind))
			round = rounds[i].round;
	hang_beside(self, HANG_BUSY);
	for (;;)
		round(self);
}

static void init(bool shared)
{
	pthread_condattr_t cond;
	pthread_rwlockattr_t rwlock;
	pthread_barrierattr_t barrier;
	int how = shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE;

	the = hang_memory(sizeof(*the));
	hang_mutex_init(&the->outer, hang_kind_name(), shared);
	hang_mutex_init(&the->inner, hang_kind_name(), shared);
	pthread_condattr_init(&cond);
	pthread_condattr_setpshared(&cond, how);
	pthread_cond_init(&the->turn, &cond);
	pthread_rwlockattr_init(&rwlock);
	pthread_rwlockattr_setpshared(&rwlock, how);
	pthread_rwlock_init(&the->rwlock, &rwlock);
	pthread_barrierattr_init(&barrier);
	pthread_barrierattr_setpshared(&barrier, how);
	pthread_barrier_init(&the->barrier, &barrier, WORKERS);
	for (int i = 0; i < WORKERS; i++)
		sem_init(&the->sems[i], shared, i == 0);
}

static void threads(int slot)
{
	init(false);
	for (int i = 1; i < WORKERS; i++)
		hang_thread(work, i);
	work(slot);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	if (hang_is("mutex") || hang_is("two-mutexes") || hang_is("condition")) {
		hang_fork(threads, 0);
		return hang_stay(WORKERS);
	}
	init(true);
	for (int i = 0; i < WORKERS; i++)
		hang_fork(work, i);
	return hang_stay(WORKERS);
}
