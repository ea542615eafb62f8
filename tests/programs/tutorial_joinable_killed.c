/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_joinable_killed.c - a worker is killed before its task_done.
 *
 *	def worker(q):
 *	    q.get()
 *	    os.kill(os.getpid(), signal.SIGKILL)
 *
 *	q = JoinableQueue()
 *	q.put("a task")
 *	Process(target=worker, args=(q,)).start()
 *	q.join()               # Python: waits for ever
 *
 * Here: whose task it was is known, and that they are dead.  join gives the task up, says
 * so once, and counts it.
 *
 * It prints:
 *
 *	the worker ended with -9
 *	join: 1, done after something was given up
 *	1 abandoned, 0 unfinished
 *	join again: 0
 */
#include "tutorial.h"
#include <signal.h>
#include <unistd.h>

static struct mpt_queue *queue;

static int work(void *arg)
{
	char task[16];

	(void)arg;
	must((int)mpt_queue_get(queue, task, sizeof(task), MPT_FOREVER));
	kill(getpid(), SIGKILL);
	return 0;
}

int main(void)
{
	struct mpt_queue_options options = { .joinable = true };
	int rc;

	must(mpt_queue_create(&queue, &options));
	must(mpt_queue_put(queue, "a task", 7, MPT_FOREVER));
	say("the worker ended with %d", end(begin("worker", work, NULL)));
	rc = mpt_queue_join(queue, MPT_FOREVER);
	say("join: %d, done after something was given up", rc); /* MPT_RECOVERED */
	say("%zd abandoned, %zd unfinished", mpt_queue_abandoned(queue),
	    mpt_queue_unfinished(queue));
	say("join again: %d", mpt_queue_join(queue, MPT_FOREVER));
	mpt_queue_destroy(queue);
	return 0;
}
