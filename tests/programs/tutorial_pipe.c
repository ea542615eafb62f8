/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_pipe.c - questions one way, answers the other, and how the talk ends.
 *
 *	def child(conn):
 *	    try:
 *	        while True:
 *	            conn.send(conn.recv() ** 2)
 *	    except EOFError:
 *	        print("child: nobody asks any more")
 *
 *	here, there = Pipe()
 *	p = Process(target=child, args=(there,)); p.start()
 *	there.close()
 *	for n in 2, 3, 4:
 *	    here.send(n)
 *	    print("main:", here.recv())
 *	here.close()
 *	p.join()
 *
 * An end reads EOF when every process has closed the other one: so each closes what it does
 * not use, first of all the child its copy of `here`.
 * Here: the same; EOFError is -EPIPE.
 *
 * It prints:
 *
 *	main: 2 squared is 4
 *	main: 3 squared is 9
 *	main: 4 squared is 16
 *	child: nobody asks any more
 *	main: the child has closed its end, too
 */
#include "tutorial.h"

static struct mpt_pipe *here, *there;

static int answer(void *arg)
{
	ssize_t got;
	int n;

	(void)arg;
	mpt_pipe_destroy(here);
	while ((got = mpt_pipe_recv(there, &n, sizeof(n), MPT_FOREVER)) >= 0) {
		n *= n;
		must(mpt_pipe_send(there, &n, sizeof(n), MPT_FOREVER));
	}
	if (got == -EPIPE)
		say("child: nobody asks any more");
	mpt_pipe_destroy(there);
	return 0;
}

static void ask(int n)
{
	int square;

	must(mpt_pipe_send(here, &n, sizeof(n), MPT_FOREVER));
	must((int)mpt_pipe_recv(here, &square, sizeof(square), MPT_FOREVER));
	say("main: %d squared is %d", n, square);
}

/* A child that ends has closed all it had, as one that is killed has. */
static int say_nothing(void *arg)
{
	(void)arg;
	mpt_pipe_destroy(here);
	return 0;
}

int main(void)
{
	struct mpt_process *p;
	char nothing;

	must(mpt_pipe_create(&here, &there, NULL));
	p = begin("child", answer, NULL);
	mpt_pipe_destroy(there);
	for (int n = 2; n <= 4; n++)
		ask(n);
	mpt_pipe_destroy(here);
	must(end(p));

	must(mpt_pipe_create(&here, &there, NULL));
	p = begin("silent", say_nothing, NULL);
	mpt_pipe_destroy(there);
	if (mpt_pipe_recv(here, &nothing, sizeof(nothing), MPT_FOREVER) == -EPIPE)
		say("main: the child has closed its end, too");
	must(end(p));
	mpt_pipe_destroy(here);
	return 0;
}
