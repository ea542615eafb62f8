/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_lost_data.c - the queue that lost data.
 *
 *	def honest(q):             # tells of each message it got
 *	    for i in range(5): done.put(q.get())
 *	def silent(q):             # takes three, and tells nobody
 *	    for i in range(3): q.get()
 *	def unlucky(q):            # is killed with two in its hands
 *	    q.get(); q.get(); os.kill(os.getpid(), signal.SIGKILL)
 *
 *	for i in range(12): q.put(i)
 *	...
 *	print(done.qsize(), "of 12 are done.  Where is the rest?")
 *
 * In Python the question has no answer: the pipe does not know who read from it.
 * Here: every message is accounted for.  The queue holds what is in it, exactly, and
 * `mpstat snapshot --json -p PID` says who took the others, by process, the dead ones, too:
 *
 *	put 12 = got by honest 5 + by silent 3 + by unlucky 2 + in the queue 2
 *
 * So the queue did not lose them.  silent is the one to read, and unlucky to ask who killed.
 *
 * It stays after "ready" until its input ends, so that one can look.
 *
 * It prints:
 *
 *	honest ended with 0
 *	unlucky ended with -9
 *	12 were put, 5 are done, 2 are in the queue: 5 are missing
 *	ready to be looked at
 *	silent ended with 0
 */
#include "tutorial.h"
#include <signal.h>
#include <unistd.h>

#define PUT 12

static struct mpt_queue *orders, *done;
static struct mpt_event *taken, *leave;

static int take(void)
{
	int order;

	must((int)mpt_queue_get(orders, &order, sizeof(order), MPT_FOREVER));
	return order;
}

static int honest(void *arg)
{
	(void)arg;
	for (int i = 0; i < 5; i++) {
		int order = take();

		must(mpt_queue_put(done, &order, sizeof(order), MPT_FOREVER));
	}
	return 0;
}

static int silent(void *arg)
{
	(void)arg;
	for (int i = 0; i < 3; i++)
		(void)take();
	must(mpt_event_set(taken));
	return must(mpt_event_wait(leave, MPT_FOREVER));
}

static int unlucky(void *arg)
{
	(void)arg;
	(void)take();
	(void)take();
	kill(getpid(), SIGKILL);
	return 0;
}

static void create_all(void)
{
	struct mpt_queue_options orders_options = { .name = "orders" };
	struct mpt_queue_options done_options = { .name = "done" };

	must(mpt_queue_create(&orders, &orders_options));
	must(mpt_queue_create(&done, &done_options));
	must(mpt_event_create(&taken, "taken", 0));
	must(mpt_event_create(&leave, "leave", 0));
}

int main(void)
{
	struct mpt_process *quiet;

	create_all();
	for (int i = 0; i < PUT; i++)
		must(mpt_queue_put(orders, &i, sizeof(i), MPT_FOREVER));
	say("honest ended with %d", end(begin("honest", honest, NULL)));
	quiet = begin("silent", silent, NULL);
	must(mpt_event_wait(taken, MPT_FOREVER));
	say("unlucky ended with %d", end(begin("unlucky", unlucky, NULL)));
	say("%d were put, %zd are done, %zd are in the queue: %zd are missing", PUT,
	    mpt_queue_size(done), mpt_queue_size(orders),
	    PUT - mpt_queue_size(done) - mpt_queue_size(orders));

	say("ready to be looked at");
	while (getchar() != EOF)
		;
	must(mpt_event_set(leave));
	say("silent ended with %d", end(quiet));
	mpt_queue_destroy(orders);
	mpt_queue_destroy(done);
	return 0;
}
