/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mutex_pipe.c - one holds a mutex and reads a pipe; who could write to it wants the mutex.
 */
#include "tests/programs/hangs/hang.h"

#include <unistd.h>

static const struct hang_kind kinds[] = {
	{ "normal", "deadlock", NULL },
	{ "robust", "deadlock", NULL },
	/* Another one could write as well, and sleeps. */
	{ "second-writer", "fine", NULL },
	{ "writer-sleeps", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t *lock;
static int ends[2];

static void reader(int self)
{
	char byte;

	hang_keep(ends[0], -1);
	pthread_mutex_lock(lock);
	hang_meet(2);
	hang_waits(self, HANG_READ, "pipe", 1);
	hang_must(read(ends[0], &byte, 1) != 1, "a byte nobody wrote");
	hang_broken("the pipe has ended");
}

static void writer(int self)
{
	hang_keep(ends[1], -1);
	hang_meet(2);
	if (hang_is("writer-sleeps"))
		hang_sleep(self);
	hang_waits(self, HANG_FUTEX, "mutex", 0);
	pthread_mutex_lock(lock);
	hang_broken("a lock came that was held");
}

static void second_writer(int self)
{
	hang_keep(ends[1], -1);
	hang_sleep(self);
}

int main(int argc, char **argv)
{
	bool third;

	hang_begin(argc, argv, kinds);
	third = hang_is("second-writer");
	lock = hang_memory(sizeof(*lock));
	hang_mutex_init(lock, hang_kind_name(), true);
	hang_ends(pipe, ends);
	hang_fork(reader, 0);
	hang_fork(writer, 1);
	if (third)
		hang_fork(second_writer, 2);
	return hang_stay(third ? 3 : 2);
}
