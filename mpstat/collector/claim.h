/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * claim.h - who the processes named in a segment really are.
 *
 * A segment claims "slot 3 is process 1234, started at tick 5678".  /proc
 * knows better.  Owns: checking each claim against /proc, remembering what
 * cannot change.  Does not own: telling it (decode_process.c).
 *
 * To read a file of /proc per process and refresh is most of the cost of a large
 * domain.  So a process found alive whose announcement is still there is
 * believed, and looked at again in turn, CLAIM_TURN per refresh: only a
 * forked child that never called libmptrace can keep a dead one's announcement,
 * and whoever also reads /proc as a whole (source_proc.c) is not fooled at all.
 */
#ifndef MPSTAT_COLLECTOR_CLAIM_H
#define MPSTAT_COLLECTOR_CLAIM_H

#include "mpstat/collector/announced.h"
#include "mpstat/collector/snapshot.h"

enum claim_verdict {
	CLAIM_NONE,   /* no process in this slot */
	CLAIM_ALIVE,
	CLAIM_GONE,   /* ended, or its pid is another process's by now */
	CLAIM_FORGED, /* such a process lives, but has nothing to do with the segment */
};

struct claim {
	enum claim_verdict verdict;
	uint32_t generation; /* of the slot, with claimed_* the key of what is remembered */
	uint32_t claimed_pid;
	uint64_t claimed_start;
	uint32_t pid;	/* in our pid namespace */
	uint64_t start; /* ticks */
	uint32_t uid;
	bool known; /* pid and owner have been checked */
};

#define CLAIM_TURN 256

struct claims {
	struct claim *items; /* by process slot */
	size_t room, count;
	uint32_t alive, forged;
	size_t turn;	    /* slots [turn, turn + CLAIM_TURN) are looked at in any case */
	uint64_t search_ns; /* when members of other pid namespaces may be looked for again */
};

struct claim_context {
	int proc;
	const struct segment *segment;
	const struct snapshot *snapshot;
	bool same_boot; /* else nobody can be alive */
	uint64_t pidns; /* inode of our pid namespace; 0: unknown */
	const struct announced *announced; /* of this domain, by pid; may be NULL */
	size_t announced_count;
	uint64_t now_ns;
};

/* Judges every process slot.  0 or -ENOMEM. */
int claims_check(struct claims *claims, const struct claim_context *context);

void claims_free(struct claims *claims);

#endif
