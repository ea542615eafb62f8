/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rwlocks.c - two threads, each with the rwlock to write that the other wants.
 */
#include "tests/programs/hangs/hang.h"

static const struct hang_kind kinds[] = {
	{ "write-write", "deadlock", NULL },
	{ "write-read", "deadlock", NULL },
	/* Readers leave no name: who waits for them waits for unknown ones, but for those of
	 * this process, which all wait. */
	{ "read-write", "knot", NULL },
	{ "reader-sleeps", "fine", NULL },
	{ 0 },
};

static pthread_rwlock_t locks[2] = { PTHREAD_RWLOCK_INITIALIZER, PTHREAD_RWLOCK_INITIALIZER };

static void member(int self)
{
	bool reads = hang_is("read-write") || hang_is("reader-sleeps");

	if (reads)
		pthread_rwlock_rdlock(&locks[self]);
	else
		pthread_rwlock_wrlock(&locks[self]);
	hang_meet(2);
	if (self == 0 && hang_is("reader-sleeps"))
		hang_sleep(self);
	hang_waits(self, HANG_FUTEX, "rwlock", !self);
	if (hang_is("write-read"))
		pthread_rwlock_rdlock(&locks[!self]);
	else
		pthread_rwlock_wrlock(&locks[!self]);
	hang_broken("a lock came that was held");
}

static void process(int self)
{
	hang_thread(member, 1);
	member(self);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_fork(process, 0);
	return hang_stay(2);
}
