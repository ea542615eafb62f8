/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * full_queues.c - two processes, each writes into the full message queue of the other.
 */
#include "tests/programs/hangs/hang.h"

#include <fcntl.h>
#include <mqueue.h>
#include <stdio.h>
#include <unistd.h>

static const struct hang_kind kinds[] = {
	{ "both", "deadlock", "deadlock knot unknown" },
	{ "slow-reader", "fine", NULL },
	{ 0 },
};

static int into[2][2]; /* into[i][0] is read by member i */

/* As pipe does it, but full. */
static int make_full_queue(int ends[2])
{
	struct mq_attr attr = { .mq_maxmsg = 2, .mq_msgsize = 8 };
	char name[64];

	snprintf(name, sizeof(name), "/hang-%d", getpid());
	ends[1] = mq_open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600, &attr);
	ends[0] = mq_open(name, O_RDONLY | O_CLOEXEC);
	mq_unlink(name);
	return ends[0] < 0 || mq_send(ends[1], "", 1, 0) || mq_send(ends[1], "", 1, 0);
}

static void member(int self)
{
	int to = into[!self][1];

	hang_keep(into[self][0], to);
	hang_meet(2);
	if (self == 0 && hang_is("slow-reader"))
		hang_sleep(self);
	hang_waits(self, HANG_MQ_SEND, "message queue", !self);
	mq_send(to, "", 1, 0);
	hang_broken("a full queue took a message");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_ends(make_full_queue, into[0]);
	hang_ends(make_full_queue, into[1]);
	hang_fork(member, 0);
	hang_fork(member, 1);
	return hang_stay(2);
}
