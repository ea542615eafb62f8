/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_bpf.h - what the files kernel_bpf*.c share: a kernel that is open.
 *
 * Owns: struct kernel.  Private to them; everybody else sees kernel.h.  They are the
 * only ones that know libbpf and the skeleton made of bpf/.
 */
#ifndef MPSTAT_COLLECTOR_KERNEL_BPF_H
#define MPSTAT_COLLECTOR_KERNEL_BPF_H

#include "mpstat/collector/kernel.h"

#include <sys/types.h>

struct bpf_link;
struct ring_buffer;

enum kernel_part_index {
	/* These are read, not attached to an event. */
	PART_TASKS,
	PART_WAITS,
	PART_FILES,
	PART_FORK,
	PART_EXEC,
	PART_EXIT,
	PART_SIGNAL,
	PART_OOM,
	PART_COUNT,
};

#define PART_FIRST_EVENT PART_FORK

/* Variables of the programs; they live in a page that both sides map. */
struct kernel_shared {
	void *page;
	size_t size;
	const volatile unsigned long long *lost;
	const volatile unsigned long long *own_arrival_ns;
	const volatile unsigned long long *own_switches;
	volatile int *want_threads;
	volatile unsigned int *wanted_pids; /* WAIT_PIDS of them */
	volatile unsigned int *wanted_count;
	volatile int *first_seen;
};

#define CLOCK_MEASURES 10

struct kernel {
	struct kernel_part parts[PART_COUNT];
	struct bpf_link *links[PART_COUNT];
	struct ring_buffer *ring;
	struct kernel_shared shared;

	/* kernel_events: who gets the event, how many it may still be. */
	void (*event)(void *arg, const struct life_event *event);
	void *event_arg;
	size_t events;

	/* kernel_tasks, kernel_waits, kernel_files: rows of the last one. */
	char *rows;
	size_t rows_used;
	size_t rows_room;

	/* MONOTONIC - scheduler's clock: the last measures, each too large by the time
	 * that passed between waking up and looking at the clock. */
	int64_t offsets[CLOCK_MEASURES];
	size_t offset_count;
	uint64_t offset_time_ns;
};

/* kernel_bpf.c: what the ring calls for each event. */
int kernel_bpf_event(void *arg, void *data, size_t size);

/* kernel_bpf_load.c: fills parts, links, ring, shared; what was made before an
 * error is the caller's to close. */
int kernel_bpf_load(struct kernel *kernel, struct err *err);
extern const struct kernel_part kernel_bpf_parts[PART_COUNT]; /* none works */

/* kernel_bpf_rights.c: 0, or -EPERM and which right is missing. */
int kernel_bpf_rights_check(struct err *err);
/* Gives the two rights up; `still_works` is asked before there is no way back: false
 * keeps them. */
void kernel_bpf_rights_drop(bool (*still_works)(void *arg), void *arg);

/* kernel_bpf_tasks.c: fills kernel->rows with what that part tells, anew. */
int kernel_bpf_read(struct kernel *kernel, enum kernel_part_index part);
/* Makes the first measures of the clock. */
void kernel_bpf_clock_start(struct kernel *kernel);

#endif
