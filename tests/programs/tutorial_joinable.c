/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_joinable.c - waiting for the work, not for the workers.
 *
 *	def worker(q):
 *	    while True:
 *	        item = q.get()
 *	        results.put(item * 10)
 *	        q.task_done()
 *
 *	q = JoinableQueue()
 *	for i in range(2):
 *	    Process(target=worker, args=(q,), daemon=True).start()
 *	for i in range(8):
 *	    q.put(i)
 *	q.join()               # until task_done was called for each of the 8
 *
 * The workers never end by themselves: they are daemons and go with the program.
 * Here: a joinable queue is a queue with that option.
 *
 * It prints:
 *
 *	before the workers start 8 are unfinished
 *	join: 0
 *	after join 0 are unfinished, 8 results
 *	once more than was put: out of range
 */
#include "tutorial.h"

static struct mpt_queue *queue, *results;

static int work(void *arg)
{
	int item;

	(void)arg;
	while (mpt_queue_get(queue, &item, sizeof(item), MPT_FOREVER) >= 0) {
		item *= 10;
		must(mpt_queue_put(results, &item, sizeof(item), MPT_FOREVER));
		must(mpt_queue_task_done(queue));
	}
	return 1; /* never: the queue is open as long as main is there */
}

static void start_daemon(void)
{
	struct mpt_process_options options = { .daemon = MPT_DAEMON_YES };
	struct mpt_process *p;

	must(mpt_process_create(&p, work, NULL, &options));
	must(mpt_process_start(p));
	mpt_process_destroy(p);
}

int main(void)
{
	struct mpt_queue_options options = { .joinable = true };

	must(mpt_queue_create(&queue, &options));
	must(mpt_queue_create(&results, NULL));
	for (int i = 0; i < 8; i++)
		must(mpt_queue_put(queue, &i, sizeof(i), MPT_FOREVER));
	say("before the workers start %zd are unfinished", mpt_queue_unfinished(queue));
	start_daemon();
	start_daemon();
	say("join: %d", mpt_queue_join(queue, MPT_FOREVER));
	say("after join %zd are unfinished, %zd results", mpt_queue_unfinished(queue),
	    mpt_queue_size(results));
	if (mpt_queue_task_done(queue) == -ERANGE) /* ValueError */
		say("once more than was put: out of range");
	return 0;
}
