/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sysv_cycle.c - two processes, each with the System V semaphore the other wants.
 */
#include "tests/programs/hangs/hang.h"

#include <sys/ipc.h>
#include <sys/sem.h>

static const struct hang_kind kinds[] = {
	{ "undo", "deadlock", NULL },
	/* Nobody knows who took one without SEM_UNDO. */
	{ "plain", "unknown", "unknown knot" },
	{ "holder-sleeps", "fine", NULL },
	{ 0 },
};

static int set = -1;

static void take(int number)
{
	struct sembuf one = { .sem_num = (unsigned short)number, .sem_op = -1,
			      .sem_flg = hang_is("plain") ? 0 : SEM_UNDO };

	hang_must(semop(set, &one, 1) == 0, "no semaphore");
}

static void member(int self)
{
	take(self);
	hang_meet(2);
	if (self == 0 && hang_is("holder-sleeps"))
		hang_sleep(self);
	hang_waits(self, HANG_SEMOP, "System V semaphore", !self);
	take(!self);
	hang_broken("a semaphore came that was held");
}

static void remove_set(void)
{
	semctl(set, 0, IPC_RMID);
}

int main(int argc, char **argv)
{
	unsigned short ones[2] = { 1, 1 };

	hang_begin(argc, argv, kinds);
	set = semget(IPC_PRIVATE, 2, 0600);
	hang_must(set >= 0 && semctl(set, 0, SETALL, ones) == 0, "no semaphores");
	hang_at_end(remove_set);
	hang_fork(member, 0);
	hang_fork(member, 1);
	return hang_stay(2);
}
