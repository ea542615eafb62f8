/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_barrier.c - nobody goes on before all have come.
 *
 *	def runner(b):
 *	    log.put("ready")
 *	    b.wait()
 *	    log.put("go")
 *
 *	b = Barrier(3, action=lambda: print("all are here"))
 *	for i in range(3):
 *	    Process(target=runner, args=(b,)).start()
 *
 * Here: wait returns the caller's number, as in Python, and -ECANCELED for
 * BrokenBarrierError.  A runner that is killed breaks it, and holds nobody up.
 *
 * It prints:
 *
 *	all are here
 *	ready ready ready go go go
 *	the numbers add up to 3
 *	broken after abort: 1
 *	who comes then is told so: 1
 */
#include "tutorial.h"

#define RUNNERS 3

static struct mpt_barrier *barrier;
static struct mpt_queue *history;

static int run(void *arg)
{
	int number;

	(void)arg;
	must(mpt_queue_put(history, "ready", 6, MPT_FOREVER));
	number = must(mpt_barrier_wait(barrier, MPT_FOREVER));
	must(mpt_queue_put(history, "go", 3, MPT_FOREVER));
	return number; /* the exit code */
}

/* Run once, by the last to come. */
static int all_are_here(void *arg)
{
	(void)arg;
	say("all are here");
	return 0;
}

static void print_history(void)
{
	const char *space = "";
	char text[8];

	for (; mpt_queue_get(history, text, sizeof(text), 0) >= 0; space = " ")
		printf("%s%s", space, text);
	say("%s", "");
}

int main(void)
{
	struct mpt_barrier_options options = { .parties = RUNNERS, .action = all_are_here };
	struct mpt_process *runners[RUNNERS];
	int sum = 0;

	must(mpt_barrier_create(&barrier, &options));
	must(mpt_queue_create(&history, NULL));
	for (int i = 0; i < RUNNERS; i++)
		runners[i] = begin(NULL, run, NULL);
	for (int i = 0; i < RUNNERS; i++)
		sum += end(runners[i]);
	print_history();
	say("the numbers add up to %d", sum);

	must(mpt_barrier_abort(barrier));
	say("broken after abort: %d", mpt_barrier_broken(barrier));
	say("who comes then is told so: %d",
	    mpt_barrier_wait(barrier, MPT_FOREVER) == -ECANCELED);
	mpt_barrier_destroy(barrier);
	mpt_queue_destroy(history);
	return 0;
}
