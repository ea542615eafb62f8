/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_semaphore.c - two of six at a time.
 *
 *	def worker(s):
 *	    with s:
 *	        log.put(+1)
 *	        leave.wait()
 *	        log.put(-1)
 *
 *	s = Semaphore(2)
 *	for i in range(6):
 *	    Process(target=worker, args=(s,)).start()
 *
 * Here: the same.  The log is a queue: its order is the order of the puts of all
 * processes, so that it can be added up.
 *
 * It prints:
 *
 *	2 are in, and there is no room for a third
 *	6 came in, 6 went, at most 2 were in at once
 *	2 units are free again
 */
#include "tutorial.h"

#define WORKERS 6
#define ROOM	2

static struct mpt_semaphore *semaphore;
static struct mpt_event *leave;
static struct mpt_queue *history;

static void note(int change)
{
	must(mpt_queue_put(history, &change, sizeof(change), MPT_FOREVER));
}

static int work(void *arg)
{
	(void)arg;
	MPT_WITH_SEMAPHORE (semaphore) {
		note(+1);
		must(mpt_event_wait(leave, MPT_FOREVER));
		note(-1);
	}
	return 0;
}

/* Until two are in; takes their notes. */
static void await_two(void)
{
	int change;

	for (int i = 0; i < ROOM; i++)
		must((int)mpt_queue_get(history, &change, sizeof(change), MPT_FOREVER));
	if (mpt_semaphore_acquire(semaphore, 0) == -EAGAIN)
		say("%d are in, and there is no room for a third", ROOM);
}

static void add_up(int inside)
{
	int came = inside, went = 0, most = inside, change;

	while (mpt_queue_get(history, &change, sizeof(change), 0) >= 0) {
		inside += change;
		came += change > 0;
		went += change < 0;
		most = inside > most ? inside : most;
	}
	say("%d came in, %d went, at most %d were in at once", came, went, most);
}

int main(void)
{
	struct mpt_semaphore_options options = { .value = ROOM };
	struct mpt_process *workers[WORKERS];

	must(mpt_semaphore_create(&semaphore, &options));
	must(mpt_event_create(&leave, "leave", 0));
	must(mpt_queue_create(&history, NULL));
	for (int i = 0; i < WORKERS; i++)
		workers[i] = begin(NULL, work, NULL);
	await_two();
	must(mpt_event_set(leave));
	for (int i = 0; i < WORKERS; i++)
		must(end(workers[i]));
	add_up(ROOM);
	say("%d units are free again", (int)mpt_semaphore_value(semaphore));
	mpt_semaphore_destroy(semaphore);
	mpt_event_destroy(leave);
	mpt_queue_destroy(history);
	return 0;
}
