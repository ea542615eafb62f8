/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_memory.c - processes do not share variables.
 *
 *	result = []
 *
 *	def square(numbers):
 *	    for n in numbers:
 *	        result.append(n * n)
 *	    print("child:", result)        # child: [1, 4, 9]
 *
 *	p = Process(target=square, args=([1, 2, 3],))
 *	p.start(); p.join()
 *	print("main:", result)             # main: []
 *
 * Here: the same, and the way out: what the child found goes through a queue.
 *
 * It prints:
 *
 *	child has 3 results
 *	main has 0 results
 *	through a queue: 1
 *	through a queue: 4
 *	through a queue: 9
 */
#include "tutorial.h"

static int result[3], results; /* every process has its own from the fork on */
static struct mpt_queue *queue; /* what the handle stands for is shared */

static int square(void *arg)
{
	const int *numbers = arg;

	for (int i = 0; i < 3; i++) {
		result[results++] = numbers[i] * numbers[i];
		must(mpt_queue_put(queue, &result[i], sizeof(result[i]), MPT_FOREVER));
	}
	say("child has %d results", results);
	return 0;
}

int main(void)
{
	int numbers[] = { 1, 2, 3 }, n;

	must(mpt_queue_create(&queue, NULL));
	must(end(begin("child", square, numbers)));
	say("main has %d results", results);
	while (mpt_queue_get(queue, &n, sizeof(n), 0) >= 0)
		say("through a queue: %d", n);
	mpt_queue_destroy(queue);
	return 0;
}
