/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process.h - what the files of Process share.
 *
 *   process.c         handles: create, join, signal, close
 *   process_start.c   start, the parent's side
 *   process_program.c a child that is another program, from its arguments to exec
 *   process_arrive.c  the beginning of such a program: who made it, which domain
 *   children.c        the children that live, across threads and forks; reaping
 *   process_child.c   what runs in a forked child, until _exit
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

#define PROCESS_IDENTITY_MAX (MPT_NAME_MAX - sizeof("Process-") + 1)

struct process_program;

struct mpt_process {
	mpt_process_main *run; /* NULL: a program */
	void *arg;
	struct process_program *program;
	char name[MPT_NAME_MAX];
	char identity[PROCESS_IDENTITY_MAX]; /* "2:1": first child of 2 */
	bool daemon;
	enum mpt_parent_death parent_death;
	pid_t creator; /* only it may start, wait and signal */

	/* From here on under children_lock. */
	TAILQ_ENTRY(mpt_process) others;
	enum process_stage stage;
	pid_t pid;    /* 0 before start */
	int pidfd;    /* -1 but from start to close; while STARTING the kernel may store it */
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

/* In the slot of a child to be forked, inner_pid, while it is STARTING: 0 wait, the child's
 * pid go on, or: */
#define PROCESS_REFUSED UINT32_MAX

/* ---- process.c -------------------------------------------------------------- */

/* Keeps the handle while a call waits for its process.  0, -ESHUTDOWN, -ECHILD. */
int process_hold(struct mpt_process *p);
void process_let_go(struct mpt_process *p);
/* Has the process of a held handle ended (1, reaps), or not (0)?  *fd is to be polled until then;
 * -1: there is none.  -ESHUTDOWN: closed meanwhile. */
int process_look(struct mpt_process *p, int *fd);

/* Waits for the end of a child of this process, seen by viewers.  The caller
 * holds the handle.  0, -EAGAIN, -ETIMEDOUT. */
int process_wait(struct mpt_process *p, uint64_t timeout_ns);

/* Sends sig and records it as op.  Under children_lock.  0, -EPERM. */
int process_signal(struct mpt_process *p, int sig, uint16_t op);

/* ---- process_child.c ---------------------------------------------------------- */

/* The life of a child.  `caller` is the frame of the mpt_process_start it was
 * forked in. */
_Noreturn void process_child(struct mpt_process *p, const struct process_birth *birth,
			     struct quiet caller);

/* In the child: does its parent, of that pid, live?  True also where the parent is outside of
 * our pid namespace and has no number here. */
bool process_child_of(pid_t parent);
/* In the child: it will be told of its parent's death as p wishes.  False: of one that was
 * before. */
bool process_child_bind(const struct mpt_process *p, pid_t parent);

/* At exit of a child: leaves its code for a parent that cannot ask the kernel. */
void process_child_keep_code(void);

/* ---- process_program.c ---------------------------------------------------------- */

/* Copies of both; env NULL: none.  NULL: no memory.  Ends with free(). */
struct process_program *process_program_new(const char *const *argv, const char *const *env);

/* Makes the child and waits until it is the program.  Returns its pid, with p->pidfd set; or
 * a negative errno: nothing has run, and nothing is left. */
pid_t process_program_launch(struct mpt_process *p, const struct process_birth *birth);

/* The variable that tells a program where it belongs (process_arrive.c). */
#define PROCESS_VARIABLE "MPTRACE_START"

/* Of this program and what it was started with: which one, and how many of its ancestors in
 * a row were the same. */
struct process_nest {
	uint64_t print; /* 0: not started by the library */
	uint32_t depth;
};

/* ---- process_exit.c ----------------------------------------------------------- */

/* Terminates the daemons among this process's children, joins all. */
void process_exit(void);

/* ---- process_self.c ----------------------------------------------------------- */

void process_self(struct mpt_process_info *out);
struct process_nest process_self_nest(void);
void process_self_nested(struct process_nest nest);
/* Names a child made here; `name` NULL: after its place in the family. */
void process_self_name(struct mpt_process *child, const char *name);
/* In a new child: p as its parent has it. */
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
/* In a child of a program with threads: before it writes anything. */
void process_forget_output(void);

#endif
