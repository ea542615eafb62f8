/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel.h - what our eBPF programs tell: snapshots of all tasks, of what they wait
 * for, of their open files, and what happened since.
 *
 * Owns: loading, attaching, reading.  Does not own: what it means (source_life.c,
 * source_proc.c, blocked_kernel.c).  kernel_bpf.c does it with libbpf; a build with BPF=0 has
 * kernel_none.c instead, in which kernel_open always fails with a sentence.
 *
 * Programs are loaded one by one: what this kernel refuses is said (kernel_part)
 * and the rest works.  The session opens it once and lends it to the sources.
 * Nothing here blocks.  Not thread-safe.
 */
#ifndef MPSTAT_COLLECTOR_KERNEL_H
#define MPSTAT_COLLECTOR_KERNEL_H

#include "bpf/life.h"
#include "bpf/wait.h"
#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel;

/* One program of ours and what became of it; for doctor and the sources. */
struct kernel_part {
	const char *name;  /* "exit" */
	const char *gives; /* "exit codes and the moment of death": what is missing without it */
	bool works;
	char why[160]; /* when it does not: what the kernel said, in words */
};

/* Loads and attaches all programs, then gives up CAP_BPF and CAP_PERFMON (the
 * process needs them no more).  0 when at least one program works; else a
 * negative errno and a sentence: -EPERM (which right is missing and how to get
 * it), -EOPNOTSUPP (kernel without BTF, build without eBPF).  *out is then NULL.
 * Takes some 40 ms.  The caller ends it with kernel_close. */
int kernel_open(struct kernel **out, struct err *err);
void kernel_close(struct kernel *kernel); /* NULL is fine */

/* All programs, also after kernel_open failed (kernel NULL: those it would have
 * loaded, none working).  index from 0; NULL beyond the last. */
const struct kernel_part *kernel_part(const struct kernel *kernel, size_t index);
bool kernel_has(const struct kernel *kernel, const char *name); /* part `name` works */

/* The moment of all tasks: calls `process` and `thread` for each row, threads in
 * any order.  Either may be NULL.  Rows are valid during the call, checked for
 * size and type, their texts not NUL-terminated.  0 or a negative errno: then what
 * was told so far is not the whole. */
struct kernel_task_calls {
	void (*process)(void *arg, const struct task_process *row);
	void (*thread)(void *arg, const struct task_thread *row);
	void *arg;
};
int kernel_tasks(struct kernel *kernel, const struct kernel_task_calls *calls, struct err *err);

/* One thread of a look at what they wait for; a piece it does not have is NULL. */
struct kernel_wait {
	const struct wait_row *row;
	const struct wait_memory *memory;
	const struct wait_stack *stack;
	const struct file_row *file;
};

/* Every thread of user space, in any order: calls `wait` for each.  `pids` sorted: only
 * these processes (more than WAIT_PIDS, or none: all).  Pieces are valid during the call,
 * their texts raw.  0 or a negative errno: then what was told so far is not the whole. */
int kernel_waits(struct kernel *kernel, const uint32_t *pids, size_t count,
		 void (*wait)(void *arg, const struct kernel_wait *wait), void *arg,
		 struct err *err);

/* Every descriptor of a pipe, FIFO, socket, eventfd or message queue of every process.
 * As above.  *first_seen: process 1 was among them; some machines' kernels leave it out. */
int kernel_files(struct kernel *kernel, void (*end)(void *arg, const struct file_end_row *row),
		 void *arg, bool *first_seen, struct err *err);

/* Adds to head.since_sched_ns to get CLOCK_MONOTONIC; refreshed by kernel_tasks. */
int64_t kernel_clock_offset_ns(const struct kernel *kernel);

/* What happened since the last call, in order of time per processor.  To be called
 * every 100 ms or so: the ring holds RING_BYTES.  Returns how many events. */
size_t kernel_events(struct kernel *kernel,
		     void (*event)(void *arg, const struct life_event *event), void *arg);

/* Events that found the ring full, ever. */
uint64_t kernel_events_lost(const struct kernel *kernel);

/* Ring of lifecycle events: about 40,000 of them. */
#define KERNEL_RING_BYTES (4u << 20)

#endif
