/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * two_readers.c - request and reply over two pipes, and both wait for the other to speak.
 */
#include "tests/programs/hangs/hang.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct hang_kind kinds[] = {
	{ "pipes", "deadlock", NULL },
	/* A third could write to one of them, and sleeps. */
	{ "third", "fine", NULL },
	/* The other waits for someone outside. */
	{ "terminal", "fine", NULL },
	{ "network", "fine", NULL },
	{ "poll", "fine", NULL },
	{ 0 },
};

static int to[2][2]; /* to[i] is read by member i */

static void reader(int self)
{
	char byte;

	hang_keep(to[self][0], to[!self][1]);
	hang_meet(2);
	hang_waits(self, HANG_READ, "pipe", !self);
	hang_must(read(to[self][0], &byte, 1) == 1, "the pipe has ended");
	hang_broken("a byte nobody wrote");
}

static void wait_for_terminal(int self)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), terminal;
	char byte;

	hang_must(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0, "no terminal");
	terminal = open(ptsname(master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	hang_beside(self, HANG_READ);
	hang_must(read(terminal, &byte, 1) == 1, "no line");
}

static void wait_for_client(int self)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	hang_must(bind(server, (struct sockaddr *)&any, sizeof(any)) == 0 &&
			  listen(server, 1) == 0, "no server");
	hang_beside(self, HANG_ACCEPT);
	accept(server, NULL, NULL);
}

static void living(int self)
{
	struct pollfd request = { .fd = to[self][0], .events = POLLIN };

	hang_keep(to[self][0], to[!self][1]);
	hang_meet(2);
	if (hang_is("terminal"))
		wait_for_terminal(self);
	if (hang_is("network"))
		wait_for_client(self);
	hang_beside(self, HANG_POLL);
	poll(&request, 1, 3600 * 1000); /* a time is enough to go on */
}

static void third(int self)
{
	hang_keep(to[0][1], -1);
	hang_sleep(self);
}

int main(int argc, char **argv)
{
	bool both, three;

	hang_begin(argc, argv, kinds);
	three = hang_is("third");
	both = three || hang_is("pipes");
	hang_ends(pipe, to[0]);
	hang_ends(pipe, to[1]);
	hang_fork(reader, 0);
	hang_fork(both ? reader : living, 1);
	if (three)
		hang_fork(third, 2);
	return hang_stay(three ? 3 : 2);
}
