/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * children.h - the children of this process that were not yet seen to end.
 *
 * Owns: the list, its lock, reaping, what a forked child does with the copy it
 * got.  Does not own: handles (process.c).
 */
#ifndef MPT_CHILDREN_H
#define MPT_CHILDREN_H

#include "libtrace/process.h"

#include <sys/wait.h>

/* Covers the list and the changing part of every handle.  Never held while
 * waiting; taken around every fork of the program, so that a child gets a list that is
 * whole. */
void children_lock(void);
void children_unlock(void);

/* All below: under the lock. */

/* From PROCESS_NEW to STARTING, and back, or on to RUNNING. */
void children_begin(struct mpt_process *p);
void children_give_up(struct mpt_process *p);
void children_add(struct mpt_process *p);

/* Has it ended?  Reaps it. */
bool children_ended(struct mpt_process *p);

/* waitid() for it, without waiting; `flags` may be WNOWAIT.  By pidfd, or by pid when the
 * program closed the descriptor behind our back. */
int children_wait(const struct mpt_process *p, siginfo_t *info, int flags);

/* Reaps all that ended; returns how many live.  Fills in the first `room` pids. */
size_t children_reap(pid_t *pids, size_t room);

/* The first living one; NULL: none. */
struct mpt_process *children_first(void);
struct mpt_process *children_next(struct mpt_process *p);

/* Closes the descriptor of one that has ended. */
void children_close(struct mpt_process *p);

/* Frees a handle that nobody can reach any more. */
void children_put(struct mpt_process *p);

#endif
