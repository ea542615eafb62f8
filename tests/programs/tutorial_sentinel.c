/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_sentinel.c - telling consumers that nothing more will come.
 *
 *	def consumer(tasks, results):
 *	    while (task := tasks.get()) is not None:
 *	        results.put(task * task)
 *
 *	for i in range(1, 13): tasks.put(i)
 *	for c in consumers:    tasks.put(None)     # one sentinel for each
 *	for c in consumers:    c.join()
 *
 * Here: the sentinel is the empty message, which is a message like any other.
 * It is behind all tasks whoever put those, because the order holds over all producers.
 *
 * It prints:
 *
 *	consumer-1 ended with 0
 *	consumer-2 ended with 0
 *	consumer-3 ended with 0
 *	12 results, their sum is 650
 *	0 tasks are left
 */
#include "tutorial.h"

#define CONSUMERS 3
#define TASKS	  12

static struct mpt_queue *tasks, *results;

static int consume(void *arg)
{
	int task;

	(void)arg;
	while (mpt_queue_get(tasks, &task, sizeof(task), MPT_FOREVER) > 0) {
		task *= task;
		must(mpt_queue_put(results, &task, sizeof(task), MPT_FOREVER));
	}
	return 0;
}

static void print_results(void)
{
	int result, count = 0, sum = 0;

	for (; mpt_queue_get(results, &result, sizeof(result), 0) >= 0; count++)
		sum += result;
	say("%d results, their sum is %d", count, sum);
	say("%zd tasks are left", mpt_queue_size(tasks));
}

int main(void)
{
	static const char *const names[CONSUMERS] = { "consumer-1", "consumer-2", "consumer-3" };
	struct mpt_process *consumers[CONSUMERS];

	must(mpt_queue_create(&tasks, NULL));
	must(mpt_queue_create(&results, NULL));
	for (int i = 0; i < CONSUMERS; i++)
		consumers[i] = begin(names[i], consume, NULL);
	for (int i = 1; i <= TASKS; i++)
		must(mpt_queue_put(tasks, &i, sizeof(i), MPT_FOREVER));
	for (int i = 0; i < CONSUMERS; i++)
		must(mpt_queue_put(tasks, NULL, 0, MPT_FOREVER));
	for (int i = 0; i < CONSUMERS; i++)
		say("%s ended with %d", names[i], end(consumers[i]));
	print_results();
	mpt_queue_destroy(tasks);
	mpt_queue_destroy(results);
	return 0;
}
