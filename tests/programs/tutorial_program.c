/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_program.c - the other way to start a process: a program of its own.
 *
 *	def greet(name, q):
 *	    q.put("hello " + name)
 *
 *	ctx = get_context("spawn")             # a fresh interpreter, nothing is copied
 *	q = ctx.Queue()
 *	p = ctx.Process(target=greet, args=("bob", q)); p.start()
 *	print(q.get())
 *	p.join()
 *
 *	subprocess.run(["sh", "-c", "exit 3"]).returncode
 *
 * tutorial_process.c is the first way, a function.
 * Here: the program gets words, not objects; but when it uses the library, it is in its
 * parent's domain, and opens the queue by its name.  This one starts itself with one word.
 * A program that never heard of the library is joined and watched all the same.
 *
 * It prints:
 *
 *	hello bob, from greeter whose parent is MainProcess
 *	greeter ended with 0
 *	sh ended with 3
 *	a program that is not there: not started
 */
#include "tutorial.h"
#include <string.h>

/* The child: a program that was started with a name. */
static int greet(const char *name)
{
	struct mpt_process_info me, parent;
	struct mpt_queue *queue;
	char text[200];

	must(mpt_queue_open(&queue, "greetings", 0));
	must(mpt_process_current(&me));
	must(mpt_process_parent(&parent));
	snprintf(text, sizeof(text), "hello %s, from %s whose parent is %s", name, me.name,
		 parent.name);
	must(mpt_queue_put(queue, text, strlen(text) + 1, MPT_FOREVER));
	mpt_queue_destroy(queue);
	return 0;
}

/* p = Process(...); p.start() */
static int begin_program(struct mpt_process **p, const char *name, const char *const *argv)
{
	struct mpt_process_options options = { .name = name };

	must(mpt_process_create_program(p, argv, &options));
	return mpt_process_start(*p);
}

int main(int argc, char **argv)
{
	const char *const greeter[] = { argv[0], "bob", NULL };
	const char *const shell[] = { "sh", "-c", "exit 3", NULL };
	const char *const nobody[] = { "/nowhere/nothing", NULL };
	struct mpt_queue_options options = { .name = "greetings" };
	struct mpt_queue *queue;
	struct mpt_process *p;
	char text[200];

	if (argc > 1)
		return greet(argv[1]);

	must(mpt_queue_create(&queue, &options));
	must(begin_program(&p, "greeter", greeter));
	must((int)mpt_queue_get(queue, text, sizeof(text), MPT_FOREVER));
	say("%s", text);
	say("greeter ended with %d", end(p));

	must(begin_program(&p, "sh", shell));
	say("sh ended with %d", end(p));

	if (begin_program(&p, "nobody", nobody) == -ENOENT)
		say("a program that is not there: not started");
	mpt_process_destroy(p);
	mpt_queue_destroy(queue);
	return 0;
}
