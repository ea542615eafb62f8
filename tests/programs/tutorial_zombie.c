/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_zombie.c - a child that has ended, and nobody asked.
 *
 *	p = Process(target=lambda: None, name="short")
 *	p.start()
 *	time.sleep(1000)           # meanwhile: ps says "short <defunct>"
 *	p.join()                   # now it is gone
 *
 * The kernel keeps the exit code of an ended child until its parent asks for it: join,
 * is_alive, exitcode and active_children ask.
 * Here: the same, and `mpstat check -p PID` says who has not asked whom since when.
 *
 * It stays after "ready" until its input ends, so that one can look.
 *
 * It prints:
 *
 *	the child has ended, and was not joined
 *	ready to be looked at
 *	joined: exit code 3
 */
#include "tutorial.h"
#include <poll.h>

static int be_short(void *arg)
{
	(void)arg;
	return 3;
}

int main(void)
{
	struct mpt_process *child = begin("short", be_short, NULL);
	struct pollfd ended = { .fd = must(mpt_process_sentinel(child)), .events = POLLIN };

	/* The sentinel tells the end without asking for the exit code. */
	if (poll(&ended, 1, -1) == 1)
		say("the child has ended, and was not joined");
	say("ready to be looked at");
	while (getchar() != EOF)
		;
	say("joined: exit code %d", end(child));
	return 0;
}
