/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - what the files of Process share.
 *
 *   process.c         handles: create, join, signal, close
 *   process_start.c   start, the parent's side
 *   children.c        the children that live, across threads and forks; reaping
 *   process_child.c   what runs in a child, from fork to _exit
 *   process_exit.c    what happens to children when their creator ends
 *   process_self.c    this process: its name, its parent
 *   process_thread.c  threads that hold a process, and those that do not
 *   process_flush.c   buffered output at fork and at the end
 *
 * The public calls are in mptrace/process.h.
 */
#ifndef MPT_PROCESS_H
#define MPT_PROCESS_H

#include "libtrace/contract/vocab.h"
#include "libtrace/contract/wire.h"
#include "libtrace/quiet.h"

#include <mptrace/process.h>
#include <sys/queue.h>

enum process_stage {
	PROCESS_NEW,
	PROCESS_STARTING, /* a thread is inside mpt_process_start */
	PROCESS_RUNNING,  /* in the list of children */
	PROCESS_ENDED,	  /* reaped, by us or somebody else */
};

struct mpt_process {
	mpt_process_main *run;
	void *arg;
	char name[MPT_NAME_MAX];
	char identity[MPT_NAME_MAX - sizeof("Process-") + 1]; /* "2:1": first child of 2 */
	bool daemon;
	pid_t creator; /* only it may start, wait and signal */

	/* From here on under children_lock. */
	TAILQ_ENTRY(mpt_process) others;
	enum process_stage stage;
	pid_t pid;    /* 0 before start */
	int pidfd;    /* -1 but from start to close */
	int exit_code;
	uint32_t slot, generation; /* of the domain's process table */
	unsigned int waiting;	   /* calls that sleep on it without the lock */
	bool closed;
	bool destroyed; /* no handle any more: freed when it has ended */
	bool told;	/* to end, by the exit rules */
};

/* The parent as the child gets to know it; filled in before fork. */
struct process_birth {
	struct mpt_process_info parent;
	uint32_t parent_slot, parent_generation;
};

/* In a slot's inner_pid while it is STARTING: 0 wait, the child's pid go on, or: */
#define PROCESS_REFUSED UINT32_MAX

/* ---- process.c -------------------------------------------------------------- */

/* Waits for the end of a child of this process, seen by viewers.  The caller has
 * counted itself in p->waiting.  0, -EAGAIN, -ETIMEDOUT. */
int process_wait(struct mpt_process *p, uint64_t timeout_ns);

/* Sends sig and records it as op.  Under children_lock.  0, -EPERM. */
int process_signal(struct mpt_process *p, int sig, uint16_t op);

/* ---- process_child.c ---------------------------------------------------------- */

/* The life of a child.  `caller` is the frame of the mpt_process_start it was
 * forked in. */
_Noreturn void process_child(struct mpt_process *p, const struct process_birth *birth,
			     struct quiet caller);

/* ---- process_exit.c ----------------------------------------------------------- */

/* Terminates the daemons among this process's children, joins all. */
void process_exit(void);

/* ---- process_self.c ----------------------------------------------------------- */

void process_self(struct mpt_process_info *out);
/* Names a child made here; `name` NULL: after its place in the family. */
void process_self_name(struct mpt_process *child, const char *name);
/* In a new child. */
void process_self_become(const struct mpt_process *p, const struct mpt_process_info *parent);
/* In the child of any fork, before anything else runs there. */
void process_self_forked(void);

/* ---- process_thread.c --------------------------------------------------------- */

/* Threads of this process; 1 when it cannot be known (no /proc). */
unsigned int process_thread_count(void);
/* Returns when there are only `at_birth` threads beside daemon threads. */
void process_thread_await(const struct mpt_wire_process *self, unsigned int at_birth);
void process_thread_forked(void);

/* ---- process_flush.c ---------------------------------------------------------- */

void process_flush(void);

#endif
