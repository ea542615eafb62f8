/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_producer_consumer.c - a bounded queue between one who makes and one who uses.
 *
 *	def producer(q):
 *	    for i in range(10):
 *	        q.put(i)                   # waits while 3 are in it
 *	def consumer(q):
 *	    for i in range(10):
 *	        print("got", q.get())      # waits while it is empty
 *
 *	q = Queue(maxsize=3)
 *	p = Process(target=producer, args=(q,)); p.start()
 *	c = Process(target=consumer, args=(q,)); c.start()
 *	p.join(); c.join()
 *
 * Here: messages are bytes.  A put is in the queue when it returns, so the producer may end
 * at once, and qsize is exact; in Python a thread of the producer still carries it there.
 *
 * It prints:
 *
 *	the producer waits: 3 in the queue, full is 1
 *	got 0
 *	got 1
 *	got 2
 *	got 3
 *	got 4
 *	got 5
 *	got 6
 *	got 7
 *	got 8
 *	got 9
 *	empty is 1
 */
#include "tutorial.h"
#include <unistd.h>

static struct mpt_queue *queue;

static int produce(void *arg)
{
	(void)arg;
	for (int i = 0; i < 10; i++)
		must(mpt_queue_put(queue, &i, sizeof(i), MPT_FOREVER));
	return 0;
}

static int consume(void *arg)
{
	int got;

	(void)arg;
	for (int i = 0; i < 10; i++) {
		must((int)mpt_queue_get(queue, &got, sizeof(got), MPT_FOREVER));
		say("got %d", got);
	}
	return 0;
}

int main(void)
{
	struct mpt_queue_options options = { .name = "shelf", .maxsize = 3 };
	struct mpt_process *producer, *consumer;

	must(mpt_queue_create(&queue, &options));
	producer = begin("producer", produce, NULL);
	while (mpt_queue_full(queue) == 0)
		usleep(1000);
	say("the producer waits: %zd in the queue, full is %d", mpt_queue_size(queue),
	    mpt_queue_full(queue));

	consumer = begin("consumer", consume, NULL);
	must(end(producer));
	must(end(consumer));
	say("empty is %d", mpt_queue_empty(queue));
	mpt_queue_destroy(queue);
	return 0;
}
