/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * forgotten_end.c - a reader waits for the end of a pipe whose last writing end it has itself.
 */
#include "tests/programs/hangs/hang.h"

#include <unistd.h>

static const struct hang_kind kinds[] = {
	{ "own-end", "self-deadlock", "forgotten-end self-deadlock deadlock knot" },
	/* The writer has gone; its brother has not closed what it never used, and waits for the
	 * reader to end. */
	{ "writer-waits", "deadlock", NULL },
	{ "writer-lives", "fine", NULL },
	{ 0 },
};

static int ends[2], done[2];

static void reader(int self)
{
	char byte;

	if (hang_is("own-end"))
		hang_keep(ends[0], ends[1]);
	else
		hang_keep(ends[0], done[1]);
	hang_waits(self, HANG_READ, "pipe", hang_is("own-end") ? self : 1);
	hang_must(read(ends[0], &byte, 1) == 1, "the pipe has ended");
	hang_broken("a byte nobody wrote");
}

static void brother(int self)
{
	char byte;

	hang_keep(ends[1], done[0]);
	if (hang_is("writer-lives"))
		hang_sleep(self);
	hang_waits(self, HANG_READ, "pipe", 0);
	hang_must(read(done[0], &byte, 1) == 1, "the reader has ended");
}

int main(int argc, char **argv)
{
	bool alone;

	hang_begin(argc, argv, kinds);
	alone = hang_is("own-end");
	hang_ends(pipe, ends);
	hang_ends(pipe, done);
	hang_fork(reader, 0);
	if (!alone)
		hang_fork(brother, 1);
	return hang_stay(alone ? 1 : 2);
}
