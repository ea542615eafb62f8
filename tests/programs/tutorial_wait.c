/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_wait.c - waiting for several things at once.
 *
 *	readers = [connection, process.sentinel]
 *	while readers:
 *	    for r in multiprocessing.connection.wait(readers):
 *	        if r is connection: print("message", r.recv())
 *	        else:               print("process ended")
 *
 * Here: each thing is an item, and `ready` is set in those that are.  A queue may be
 * among them, which Python cannot wait for.
 *
 * It prints:
 *
 *	nothing is ready: timed out
 *	ready: queue 1, pipe 0, process 0
 *	ready: queue 0, pipe 1, process 0
 *	ready: queue 0, pipe 0, process 1
 */
#include "tutorial.h"

static struct mpt_queue *queue;
static struct mpt_pipe *here, *there;

/* Does one thing each time it is told to. */
static int act(void *arg)
{
	char order;

	(void)arg;
	must((int)mpt_pipe_recv(there, &order, 1, MPT_FOREVER));
	must(mpt_queue_put(queue, "a job", 6, MPT_FOREVER));
	must((int)mpt_pipe_recv(there, &order, 1, MPT_FOREVER));
	must(mpt_pipe_send(there, "word", 5, MPT_FOREVER));
	must((int)mpt_pipe_recv(there, &order, 1, MPT_FOREVER));
	return 0;
}

static void wait_for_any(struct mpt_process *p, uint64_t timeout_ns)
{
	struct mpt_wait_item items[] = {
		mpt_wait_queue(queue),
		mpt_wait_pipe(here),
		mpt_wait_process(p),
	};

	if (mpt_wait(items, 3, timeout_ns) == -ETIMEDOUT)
		say("nothing is ready: timed out");
	else
		say("ready: queue %d, pipe %d, process %d", items[0].ready, items[1].ready,
		    items[2].ready);
}

static void go_on(void)
{
	must(mpt_pipe_send(here, "!", 1, MPT_FOREVER));
}

int main(void)
{
	struct mpt_process *p;
	char text[8];

	must(mpt_queue_create(&queue, NULL));
	must(mpt_pipe_create(&here, &there, NULL));
	p = begin("actor", act, NULL); /* main keeps `there`, so that the pipe has no EOF */

	wait_for_any(p, mpt_timeout(0.05));
	go_on();
	wait_for_any(p, MPT_FOREVER);
	must((int)mpt_queue_get(queue, text, sizeof(text), 0));
	go_on();
	wait_for_any(p, MPT_FOREVER);
	must((int)mpt_pipe_recv(here, text, sizeof(text), 0));
	go_on();
	wait_for_any(p, MPT_FOREVER);

	must(end(p));
	mpt_pipe_destroy(here);
	mpt_pipe_destroy(there);
	mpt_queue_destroy(queue);
	return 0;
}
