/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.h - from a thread that sleeps in a system call to what it waits for.
 *
 * One way to wait = one file wait_x.c ending in a `const struct wait_kind`, and one row in
 * wait_kinds.c.  It finds the object (outside.h), says who owns it or has it open, and
 * what the thread wants of it.  What is not understood is not told: such a thread counts
 * as one that can go on.
 */
#ifndef MPSTAT_COLLECTOR_WAIT_H
#define MPSTAT_COLLECTOR_WAIT_H

#include "mpstat/collector/blocked.h"
#include "mpstat/collector/file_locks.h"
#include "mpstat/collector/functions.h"
#include "mpstat/collector/outside.h"

/* A thread by the number it has in its own pid namespace, as memory names it. */
struct inner_thread {
	uint64_t pid_namespace;
	uint32_t inner_tid;
	const struct blocked *thread;
};

/* One look while it is translated. */
struct wait_look {
	const struct blocked_look *look;
	const char *proc;
	struct outside outside;
	struct file_locks locks; /* read when the first asks */
	struct functions *functions; /* names of code in shared libraries; NULL: not to be had */
	struct {
		struct inner_thread *items;
		size_t count, room;
	} inner; /* sorted */
};

struct wait_kind {
	const char *name;      /* "pipe" */
	const int16_t *calls;  /* numbers of system calls, ended by -1 */
	/* Fills in op, object or process, deadline.  False: it does not wait for anybody, or it
	 * is not known for whom. */
	bool (*understand)(struct wait_look *w, const struct blocked *thread,
			   struct fact_thread *out);
};

extern const struct wait_kind *const wait_kinds[]; /* NULL-terminated */

/* Tries those of its system call. */
bool wait_understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out);

/* Sorts the threads of the look by inner number.  0 or -ENOMEM. */
int wait_look_index(struct wait_look *w);

/* The thread that one of `near`'s pid namespace calls `inner_tid`; NULL: there is none. */
const struct blocked *wait_find_thread(const struct wait_look *w, const struct blocked *near,
				       uint32_t inner_tid);

/* In which waiting function of the C library it sleeps. */
enum function wait_function(const struct wait_look *w, const struct blocked *thread);

/* The process of that number, as this look has it; start 0: it is not there. */
struct process_id wait_find_process(const struct wait_look *w, uint32_t pid);

static inline struct process_id wait_process_of(const struct blocked *thread)
{
	return (struct process_id){ thread->pid, thread->start };
}

/* The wait ends by itself, at a time that is not known. */
#define WAIT_TIMED FACT_UNKNOWN

#endif
