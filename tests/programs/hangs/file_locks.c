/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file_locks.c - two processes, each with the lock of a file the other wants to lock.
 */
#include "tests/programs/hangs/hang.h"

#include <fcntl.h>
#include <sys/file.h>

static const struct hang_kind kinds[] = {
	{ "flock", "deadlock", NULL },
	/* The kernel finds cycles of fcntl locks, but not this one. */
	{ "mixed", "deadlock", NULL },
	/* Locks of open files, whose process is not in /proc/locks. */
	{ "ofd", "deadlock", "deadlock self-deadlock knot unknown" },
	{ "holder-sleeps", "fine", NULL },
	{ 0 },
};

static int files[2];

static void lock_whole(int fd, int command)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	hang_must(fcntl(fd, command, &whole) == 0, "no lock");
}

static void lock(int fd, bool by_fcntl)
{
	if (hang_is("ofd"))
		lock_whole(fd, F_OFD_SETLKW);
	else if (by_fcntl)
		lock_whole(fd, F_SETLKW);
	else
		hang_must(flock(fd, LOCK_EX) == 0, "no lock");
}

static void member(int self)
{
	bool fcntl_file = hang_is("mixed"); /* file 0, not file 1 */
	bool asks = self == 1 ? fcntl_file : false;
	int mine = hang_reopen(files[self]), other = hang_reopen(files[!self]);

	lock(mine, self == 0 && fcntl_file);
	hang_meet(2);
	if (self == 0 && hang_is("holder-sleeps"))
		hang_sleep(self);
	hang_waits(self, hang_is("ofd") || asks ? HANG_FCNTL : HANG_FLOCK, "file lock", !self);
	lock(other, asks);
	hang_broken("a lock came that was held");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	for (int i = 0; i < 2; i++)
		files[i] = hang_file();
	hang_fork(member, 0);
	hang_fork(member, 1);
	return hang_stay(2);
}
