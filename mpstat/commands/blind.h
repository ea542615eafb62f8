/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blind.h - what a check could not look at, so that it is never called fine.
 *
 * Owns: which waits are not understood, the sentences about them.  Does not
 * own: the waits that are understood (model/).
 */
#ifndef MPSTAT_COMMANDS_BLIND_H
#define MPSTAT_COMMANDS_BLIND_H

#include "mpstat/commands/session.h"

#define BLIND_MAX  32
#define BLIND_TEXT 440

struct blind {
	char text[BLIND_MAX][BLIND_TEXT]; /* "process 42 (python3): needs ..." */
	size_t count;			  /* may be more than BLIND_MAX */
};

/*
 * Fills in: sources that do not see all, and processes that sleep in something
 * of which nothing tells who could end it.  The session has been refreshed.
 *
 * State of threads and state of processes are read one after the other; who
 * blocks in between looks as if it slept outside the library.  So when members of
 * domains are among the suspects this refreshes once more, 100 ms later, and
 * drops those that did anything.
 */
void blind_find(struct blind *blind, struct session *session);

#endif
