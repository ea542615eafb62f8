/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_look.h - what the files blocked*.c share: a look that is being taken.
 *
 * Owns: struct taking.  Private to them; everybody else sees blocked.h.
 */
#ifndef MPSTAT_COLLECTOR_BLOCKED_LOOK_H
#define MPSTAT_COLLECTOR_BLOCKED_LOOK_H

#include "mpstat/collector/blocked.h"
#include "mpstat/collector/ticks.h"

struct taking {
	struct blocked_look *look;
	struct kernel *kernel; /* NULL: none */
	int proc;
	const uint32_t *pids; /* sorted; count 0: all */
	size_t pid_count;
	struct ticks ticks;
	int failed; /* -ENOMEM: a row had no room */
	/* By /proc: when it is enough, and what was left out then. */
	uint64_t deadline_ns, left_out;
	uint64_t mqueue_device; /* 0: unknown */
};

/* A zeroed row; NULL: taking->failed. */
struct blocked *taking_add(struct taking *taking);
struct file_end *taking_add_end(struct taking *taking);
bool taking_wants(const struct taking *taking, uint32_t pid);

/* blocked_kernel.c: threads, and ends, of all that the kernel's programs see.  0 or a
 * negative errno and a sentence.  *first_seen: process 1 was among them. */
int blocked_kernel_threads(struct taking *taking, struct err *err);
int blocked_kernel_ends(struct taking *taking, bool *first_seen, struct err *err);

/* blocked_proc.c: the same for what /proc lets us see, which takes half a second of processor
 * time at most.
 * And of one process alone. */
int blocked_proc_threads(struct taking *taking, struct err *err);
int blocked_proc_ends(struct taking *taking, struct err *err);
void blocked_proc_add_threads(struct taking *taking, uint32_t pid);
void blocked_proc_add_ends_of(struct taking *taking, uint32_t pid);

#endif
