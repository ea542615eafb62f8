/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fork_lock.c - a child born while another thread of its parent had a mutex.
 */
#include "tests/programs/hangs/hang.h"

static const struct hang_kind kinds[] = {
	/* Its copy of the mutex is held by nobody who lives there.  The parent goes on. */
	{ "inherited", "holder-dead", "holder-dead knot self-deadlock deadlock" },
	/* The child waits as well as before, but for a lock of the parent, which is shared. */
	{ "shared", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t own = PTHREAD_MUTEX_INITIALIZER, *lock = &own;

static void holder(int self)
{
	pthread_mutex_lock(lock);
	hang_sleep(self);
}

static void child(int self)
{
	hang_waits(self, HANG_FUTEX, "mutex", hang_is("shared") ? 1 : HANG_NOBODY);
	pthread_mutex_lock(lock);
	hang_broken("a lock came that was held");
}

static void parent(int self)
{
	hang_thread(holder, 1);
	hang_await(1);
	hang_fork(child, 0);
	hang_sleep(self);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	if (hang_is("shared"))
		lock = hang_memory(sizeof(*lock));
	hang_mutex_init(lock, "normal", hang_is("shared"));
	hang_fork(parent, 2);
	return hang_stay(3);
}
