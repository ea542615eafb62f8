/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * join_cycle.c - a thread waits for the end of one that wants its mutex.
 */
#include "tests/programs/hangs/hang.h"

static const struct hang_kind kinds[] = {
	{ "mutex", "deadlock", NULL },
	{ "join", "deadlock", NULL },
	{ "thread-sleeps", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_t first, second;

static void wait_for_mutex(int self)
{
	if (hang_is("thread-sleeps"))
		hang_sleep(self);
	hang_waits(self, HANG_FUTEX, "mutex", 0);
	pthread_mutex_lock(&lock);
	hang_broken("a lock came that was held");
}

/* One more between the two. */
static void join_second(int self)
{
	hang_waits(self, HANG_FUTEX, "thread", 2);
	pthread_join(second, NULL);
	hang_broken("a thread ended");
}

static void process(int self)
{
	bool three = hang_is("join");

	pthread_mutex_lock(&lock);
	if (three)
		second = hang_thread(wait_for_mutex, 2);
	first = hang_thread(three ? join_second : wait_for_mutex, 1);
	hang_waits(self, HANG_FUTEX, "thread", 1);
	pthread_join(first, NULL);
	hang_broken("a thread ended");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_fork(process, 0);
	return hang_stay(hang_is("join") ? 3 : 2);
}
