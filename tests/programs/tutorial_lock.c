/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_lock.c - one at a time, so that the output is not mixed.
 *
 *	def f(lock, i):
 *	    with lock:
 *	        for word in "hello", "from", "process", str(i):
 *	            sys.stdout.write(word + " "); sys.stdout.flush()
 *	        sys.stdout.write("\n")
 *
 *	lock = Lock()
 *	for num in range(10):
 *	    Process(target=f, args=(lock, num)).start()
 *
 * Without the lock the words of several processes stand in one line.
 * Here: MPT_WITH_LOCK is `with`: the lock is released on every way out of the body.
 *
 * It prints, in any order:
 *
 *	hello from process 0
 *	hello from process 1
 *	hello from process 2
 *	hello from process 3
 *	hello from process 4
 *	hello from process 5
 *	hello from process 6
 *	hello from process 7
 *	hello from process 8
 *	hello from process 9
 */
#include "tutorial.h"
#include <sched.h>

static struct mpt_lock *lock;

/* Writes it, and lets others have their turn. */
static void word(const char *text)
{
	fputs(text, stdout);
	fflush(stdout);
	sched_yield();
}

static int greet(void *arg)
{
	char number[] = { (char)('0' + *(int *)arg), '\n', '\0' };

	MPT_WITH_LOCK (lock) {
		word("hello ");
		word("from ");
		word("process ");
		word(number);
	}
	return 0;
}

int main(void)
{
	struct mpt_process *processes[10];

	must(mpt_lock_create(&lock, "screen", 0));
	for (int i = 0; i < 10; i++)
		processes[i] = begin(NULL, greet, &i); /* the child has its own copy of i */
	for (int i = 0; i < 10; i++)
		must(end(processes[i]));
	mpt_lock_destroy(lock);
	return 0;
}
