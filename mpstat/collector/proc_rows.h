/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc_rows.h - all processes at one moment: two providers, one form.
 *
 * Owns: the row, the sorted list, and both ways to fill it: one look at all tasks
 * by eBPF, or /proc/PID/stat of everybody.  Does not own: what has to be read per
 * process besides (proc_details.h), what is told (source_proc.c).
 *
 * Nothing here blocks.
 */
#ifndef MPSTAT_COLLECTOR_PROC_ROWS_H
#define MPSTAT_COLLECTOR_PROC_ROWS_H

#include "mpstat/collector/proc.h"
#include "mpstat/collector/ticks.h"
#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kernel;

struct proc_row {
	uint32_t pid, parent, group, session;
	uint64_t start, parent_start; /* ticks; parent_start 0: unknown */
	uint64_t boot_ns;	      /* when it started, on our CLOCK_BOOTTIME */
	uint64_t cpu_ns, threads, rss_pages;
	uint64_t arg_start; /* changes at exec; 0: not ours to see */
	int exit_status;    /* as wait(2) gives it; state Z */
	char state;
	char comm[PROC_COMM_MAX]; /* raw bytes */
	bool kernel_thread;
	/* Of the kernel's rows only: */
	bool whole; /* what follows is known, and exit_status 0 means 0 */
	bool subreaper, ignores_children;
	uint32_t uid, inner_pid;
	int32_t syscall;   /* -1: none */
	uint64_t since_ns; /* CLOCK_MONOTONIC: asleep, or dead, since; 0: unknown */
	uint64_t since_raw; /* the same on a clock of its own: only to be compared */
	uint64_t pid_namespace;
	uint64_t cgroup; /* id */
};

struct proc_rows {
	struct proc_row *items; /* sorted by pid, each once */
	size_t count, room;
	size_t denied; /* processes whose stat is not ours to read */
	int proc;      /* procfs; the owner of the list opens and closes it */
	bool kernel_threads; /* take these too */
	const struct ticks *ticks;
	int failed; /* while rows are added: -ENOMEM */
};

/* Fill the list anew.  0, or a negative errno and a sentence: then it is not to be
 * used. */
int proc_rows_stat(struct proc_rows *rows, const char *root, struct err *err);
int proc_rows_kernel(struct proc_rows *rows, struct kernel *kernel, struct err *err);

/* NULL: there is none of that number. */
const struct proc_row *proc_rows_find(const struct proc_rows *rows, uint32_t pid);

void proc_rows_free(struct proc_rows *rows);

/* Steps of the providers. */
struct proc_row *proc_rows_add(struct proc_rows *rows); /* zeroed; NULL: rows->failed */
void proc_rows_add_stat(struct proc_rows *rows, uint32_t pid); /* if it is still there */
void proc_rows_sort(struct proc_rows *rows);
/* A first thread that has ended while others go on looks like a zombie. */
void proc_rows_correct_zombie(const struct proc_rows *rows, struct proc_row *row);

#endif
