/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * unix_request.c - two processes with a socket between them, both wait for the other to speak.
 */
#include "tests/programs/hangs/hang.h"

#include <sys/socket.h>
#include <unistd.h>

static const struct hang_kind kinds[] = {
	{ "recv", "deadlock", NULL },
	{ "read", "deadlock", NULL },
	/* A third has one of the ends as well, and sleeps. */
	{ "third", "fine", NULL },
	{ "answer-takes-time", "fine", NULL },
	{ 0 },
};

static int ends[2];

static void member(int self)
{
	bool by_read = hang_is("read");
	char byte;

	hang_keep(ends[self], -1);
	hang_meet(2);
	if (self == 0 && hang_is("answer-takes-time"))
		hang_sleep(self);
	hang_waits(self, by_read ? HANG_READ : HANG_RECV, "socket", !self);
	if (by_read)
		hang_must(read(ends[self], &byte, 1) == 1, "the other has gone");
	else
		hang_must(recv(ends[self], &byte, 1, 0) == 1, "the other has gone");
	hang_broken("a byte nobody wrote");
}

static void third(int self)
{
	hang_keep(ends[0], -1);
	hang_sleep(self);
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	hang_ends(hang_pair, ends);
	hang_fork(member, 0);
	hang_fork(member, 1);
	if (hang_is("third"))
		hang_fork(third, 2);
	return hang_stay(hang_is("third") ? 3 : 2);
}
