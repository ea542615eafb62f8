/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * noise.c - writes many records, then waits.
 *
 *	noise PAIRS
 *
 * Puts a message and gets it, so many times, prints "ready PID" and ends when
 * standard input does.  What stays in the ring is up to MPTRACE_RING.
 */
#include <mptrace/mptrace.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const struct mpt_queue_options options = {.name = "noise", .maxsize = 2};
	long pairs = argc > 1 ? atol(argv[1]) : 1000;
	struct mpt_queue *queue;
	char text[16];

	if (mpt_queue_create(&queue, &options) < 0)
		return 1;
	for (long i = 0; i < pairs; i++)
		if (mpt_queue_put(queue, "x", 1, 0) < 0 ||
		    mpt_queue_get(queue, text, sizeof(text), 0) < 0)
			return 1;
	printf("ready %d\n", (int)getpid());
	fflush(stdout);
	while (fgets(text, sizeof(text), stdin))
		;
	return 0;
}
