/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot.h - private copies of a segment's tables.
 *
 * Owns: copying the used slots in as few reads as can be, whatever their
 * stride, and reading each wait state until it holds still.  Does not own:
 * what the slots mean (decode.h).
 *
 * The copies hold what a hostile program put there: every index in them is a
 * claim.  One snapshot is used for one segment after the other; its buffers
 * stay.
 *
 * Processes come first, so that who is alive can be judged before the rest is
 * copied: what is copied of a process that was dead before is final.
 */
#ifndef MPSTAT_COLLECTOR_SNAPSHOT_H
#define MPSTAT_COLLECTOR_SNAPSHOT_H

#include "mpstat/collector/segment.h"

/* Slots looked at per table.  A lock word cannot name more threads. */
#define SNAPSHOT_SLOTS 65535u

/* Times a wait state that changes under our eyes is read again. */
#define SNAPSHOT_RETRIES 8

struct snapshot {
	struct mpt_wire_process *processes;
	struct mpt_wire_thread *threads;
	struct mpt_wire_object *objects;
	uint32_t process_count, thread_count, object_count;
	uint32_t unstable; /* threads whose wait state never held still: shown as not waiting */
	uint32_t left_out; /* used slots beyond SNAPSHOT_SLOTS */
	size_t process_room, thread_room, object_room;
};

/* Copies the processes, forgets the rest.  0; -EIO: cut short meanwhile; -ENOMEM.  err
 * gets a sentence without the segment's name. */
int snapshot_load_processes(struct snapshot *snapshot, const struct segment *segment,
			    struct err *err);

/* Copies threads and objects.  Same results. */
int snapshot_load_rest(struct snapshot *snapshot, const struct segment *segment,
		       struct err *err);

void snapshot_free(struct snapshot *snapshot);

/* The process a thread belongs to, NULL when its slot was given to another. */
const struct mpt_wire_process *snapshot_process_of(const struct snapshot *snapshot,
						   const struct mpt_wire_thread *thread);

#endif
