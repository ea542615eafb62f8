/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_orphan.c - a child whose parent was killed.
 *
 *	def parent():
 *	    Process(target=child, name="child").start()
 *	    os.kill(os.getpid(), signal.SIGKILL)    # nobody joins or terminates the child
 *
 *	Process(target=parent, name="parent").start()
 *
 * A parent that ends by exit joins its children or, when they are daemons, terminates
 * them.  One that is killed can do neither: the child goes on, and init becomes its parent.
 * Here: the same.  The objects the orphan shares with others work on, and
 * `mpstat snapshot -p PID` still has it beside the others, with its story: who was killed, and
 * that the child was adopted.
 *
 * It stays after "ready" until its input ends, so that one can look; then it tells the
 * orphan to end.
 *
 * It prints:
 *
 *	parent ended with -9
 *	the child has seen it, and goes on
 *	ready to be looked at
 *	child: told to end
 *	the orphan has ended
 */
#include "tutorial.h"
#include <poll.h>
#include <signal.h>
#include <unistd.h>

static struct mpt_event *orphaned, *leave;
static struct mpt_pipe *here, *there; /* `there` is open in the child only */

static int child(void *arg)
{
	struct pollfd parent = { .fd = must(mpt_process_parent_sentinel()), .events = POLLIN };

	(void)arg;
	mpt_pipe_destroy(here);
	if (poll(&parent, 1, -1) == 1) /* my parent has died */
		must(mpt_event_set(orphaned));
	must(mpt_event_wait(leave, MPT_FOREVER));
	say("child: told to end");
	return 0;
}

static int parent(void *arg)
{
	(void)arg;
	begin("child", child, NULL);
	kill(getpid(), SIGKILL);
	return 0;
}

int main(void)
{
	struct mpt_process *p;
	char nothing;

	must(mpt_event_create(&orphaned, "orphaned", 0));
	must(mpt_event_create(&leave, "leave", 0));
	must(mpt_pipe_create(&here, &there, NULL));
	p = begin("parent", parent, NULL);
	mpt_pipe_destroy(there);
	must(mpt_process_join(p, MPT_FOREVER));
	say("parent ended with %d", mpt_process_exit_code(p));
	must(mpt_event_wait(orphaned, MPT_FOREVER));
	say("the child has seen it, and goes on");
	say("ready to be looked at");
	while (getchar() != EOF)
		;
	must(mpt_event_set(leave));
	/* An orphan cannot be joined; but when it ends, its end of the pipe is closed. */
	if (mpt_pipe_recv(here, &nothing, sizeof(nothing), MPT_FOREVER) == -EPIPE)
		say("the orphan has ended");
	mpt_process_destroy(p);
	return 0;
}
