/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc_details.h - what is read of a single process, now and then.
 *
 * Owns: which files are read when, and what is remembered of each process between
 * refreshes.  Does not own: who is there (proc_rows.h), what is told
 * (source_proc.c).
 *
 * Command line, user and cgroup are read when a process is new or has become
 * another program; then every DETAILS_NS (setproctitle, setuid, moved), at most
 * PROC_DETAILS_READS of those per refresh, in turn.  What the kernel's rows tell
 * is not read, and of a process that has not run since there is nothing new.
 */
#ifndef MPSTAT_COLLECTOR_PROC_DETAILS_H
#define MPSTAT_COLLECTOR_PROC_DETAILS_H

#include "mpstat/collector/cgroup.h"
#include "mpstat/collector/proc_rows.h"
#include "mpstat/model/fact.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROC_DETAILS_READS 512

struct proc_details {
	struct process_id id;
	char command[FACT_TEXT_MAX];
	struct cgroup cgroup;
	char comm[PROC_COMM_MAX];
	uint64_t arg_start, cgroup_id;
	uint64_t read_ns; /* 0: never */
	uint64_t cpu_ns;  /* when it was read */
	uint64_t pid_namespace;
	uint32_t uid, inner_pid;
	uint64_t ignores_read_ns;
	bool ignores_children;
	/* Where it sleeps (proc_inside.c), valid while these stay what they were. */
	char inside[24];
	uint64_t inside_cpu_ns, inside_since;
	char inside_state; /* 0: not read */
};

struct proc_details_list {
	struct proc_details **items; /* of rows->items[i], after proc_details_follow */
	size_t count, room;
	size_t next; /* whose turn it is to be read again */
};

/* Makes the list that of `rows`: the new ones are added, those that have gone are
 * freed.  0 or -ENOMEM (the list is then as it was). */
int proc_details_follow(struct proc_details_list *list, const struct proc_rows *rows);

/* Reads what has to be read. */
void proc_details_read(struct proc_details_list *list, const struct proc_rows *rows,
		       uint64_t now_ns);

void proc_details_free(struct proc_details_list *list);

#endif
