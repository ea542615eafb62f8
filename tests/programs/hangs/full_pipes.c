/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * full_pipes.c - three processes in a ring, each writes into the full pipe of the next.
 */
#include "tests/programs/hangs/hang.h"

#include <fcntl.h>
#include <unistd.h>

enum { RING = 3 };

static const struct hang_kind kinds[] = {
	{ "ring", "deadlock", NULL },
	{ "slow-reader", "fine", NULL },
	{ 0 },
};

static int into[RING][2]; /* into[i] is read by member i */

static void fill(int fd)
{
	static const char text[4096];
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, flags | O_NONBLOCK);
	while (write(fd, text, sizeof(text)) > 0)
		;
	fcntl(fd, F_SETFL, flags);
}

static void member(int self)
{
	int next = (self + 1) % RING, to = into[next][1];

	hang_keep(into[self][0], to);
	fill(to);
	hang_meet(RING);
	if (self == 0 && hang_is("slow-reader"))
		hang_sleep(self);
	hang_waits(self, HANG_WRITE, "pipe", next);
	hang_must(write(to, "", 1) == 1, "the pipe is broken");
	hang_broken("a full pipe took a byte");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	for (int i = 0; i < RING; i++)
		hang_ends(pipe, into[i]);
	for (int i = 0; i < RING; i++)
		hang_fork(member, i);
	return hang_stay(RING);
}
