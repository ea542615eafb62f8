/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_daemon.c - who is waited for at the end of the program, and who is not.
 *
 *	def daemon():
 *	    print("daemon: starting")
 *	    time.sleep(1000)
 *	    print("daemon: exiting")       # never printed
 *
 *	def worker():
 *	    print("worker: starting")
 *	    go.wait()
 *	    print("worker: exiting")       # always printed
 *
 *	d = Process(target=daemon, daemon=True)
 *	w = Process(target=worker, daemon=False)
 *	d.start(); w.start()
 *
 * At the end of main a daemon is terminated; any other child is joined.
 * Here: the same.
 *
 * It prints:
 *
 *	daemon: starting, daemon is 1
 *	daemon: a daemon may not have children: 1
 *	worker: starting, daemon is 0
 *	main: exiting
 *	worker: exiting
 */
#include "tutorial.h"
#include <unistd.h>

static struct mpt_event *ready, *go;

static bool am_daemon(void)
{
	struct mpt_process_info me;

	must(mpt_process_current(&me));
	return me.daemon;
}

static int nothing(void *arg)
{
	(void)arg;
	return 0;
}

static int daemon_main(void *arg)
{
	struct mpt_process *child;

	(void)arg;
	say("daemon: starting, daemon is %d", am_daemon());
	must(mpt_process_create(&child, nothing, NULL, NULL));
	say("daemon: a daemon may not have children: %d", mpt_process_start(child) == -EPERM);
	must(mpt_event_set(ready));
	sleep(1000);
	say("daemon: exiting");
	return 0;
}

static int worker_main(void *arg)
{
	(void)arg;
	say("worker: starting, daemon is %d", am_daemon());
	must(mpt_event_set(ready));
	must(mpt_event_wait(go, MPT_FOREVER));
	say("worker: exiting");
	return 0;
}

static void start(mpt_process_main *run, enum mpt_daemon daemon)
{
	struct mpt_process_options options = { .daemon = daemon };
	struct mpt_process *p;

	must(mpt_process_create(&p, run, NULL, &options));
	must(mpt_process_start(p));
	must(mpt_event_wait(ready, MPT_FOREVER));
	must(mpt_event_clear(ready));
	mpt_process_destroy(p); /* only the handle; the process goes on */
}

/* Runs as an exit handler, as atexit: before the worker is joined. */
static void let_go(void)
{
	say("main: exiting");
	(void)mpt_event_set(go);
}

int main(void)
{
	must(mpt_event_create(&ready, "ready", 0));
	must(mpt_event_create(&go, "go", 0));
	start(daemon_main, MPT_DAEMON_YES);
	start(worker_main, MPT_DAEMON_NO);
	atexit(let_go); /* after the starts: the children would inherit it */
	return 0;
}
