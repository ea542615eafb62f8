/* SPDX-License-Identifier: BSD-2-Clause */
/* process_exit.c - the end of a process that has children; see mptrace/process.h. */
#include "libtrace/children.h"
#include "libtrace/emit.h"
#include "libtrace/pool.h"

#include <signal.h>

/* Under the lock.  Also those another thread started meanwhile. */
static void terminate_daemons(void)
{
	struct mpt_process *p;

	for (p = children_first(); p; p = children_next(p)) {
		if (!p->daemon || p->told)
			continue;
		p->told = true;
		process_signal(p, SIGTERM, MPT_OP_PROCESS_TERMINATE);
	}
}

void process_exit(void)
{
	struct mpt_process *p;

	pool_exiting();
	children_lock();
	/* A child made without our fork handlers still has the list of its parent. */
	while ((p = children_first()) && p->creator == getpid()) {
		terminate_daemons();
		p->waiting++;
		children_unlock();
		process_wait(p, MPT_FOREVER);
		children_lock();
		p->waiting--;
		children_put(p);
	}
	children_unlock();
}

/* After the program's own exit handlers, which may still tell the children to
 * end.  The thread of the exit waits in view: the process leaves the domain later
 * (member.c). */
__attribute__((destructor)) static void at_exit(void)
{
	struct quiet quiet = quiet_begin();

	process_exit();
	quiet_end(quiet);
}
