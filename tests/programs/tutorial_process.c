/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_process.c - a process that runs a function.
 *
 *	def greet(name):
 *	    print(f"{current_process().name}: hello {name}")
 *	    print(f"my parent is {parent_process().name}")
 *
 *	p = Process(target=greet, args=("bob",), name="greeter")
 *	p.start()
 *	p.join()
 *	print("exit code", p.exitcode)
 *
 * Here: the argument is a pointer, and good in the child as it is, because fork copies the
 * memory.  What the function returns is the exit code; Python's None is 0, and an uncaught
 * exception, here a negative errno, is 1.
 *
 * It prints:
 *
 *	greeter: hello bob
 *	my parent is MainProcess
 *	exit code 0
 *	a process that returns 7 has exit code 7
 *	a process that fails has exit code 1
 */
#include "tutorial.h"

static int greet(void *arg)
{
	const char *name = arg;
	struct mpt_process_info me, parent;

	must(mpt_process_current(&me));
	must(mpt_process_parent(&parent));
	say("%s: hello %s", me.name, name);
	say("my parent is %s", parent.name);
	return 0;
}

static int return_seven(void *arg)
{
	(void)arg;
	return 7;
}

static int fail(void *arg)
{
	(void)arg;
	mpt_process_on_failure(NULL); /* no traceback: the parent tells it */
	return -EIO;
}

int main(void)
{
	struct mpt_process_options options = { .name = "greeter" };
	struct mpt_process *p;
	char bob[] = "bob";

	must(mpt_process_create(&p, greet, bob, &options)); /* Process(...) */
	must(mpt_process_start(p));			     /* p.start() */
	must(mpt_process_join(p, MPT_FOREVER));		     /* p.join() */
	say("exit code %d", mpt_process_exit_code(p));	     /* p.exitcode */
	mpt_process_destroy(p);

	say("a process that returns 7 has exit code %d", end(begin("seven", return_seven, NULL)));
	say("a process that fails has exit code %d", end(begin("failure", fail, NULL)));
	return 0;
}
