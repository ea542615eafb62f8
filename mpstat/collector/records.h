/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.h - what the rings of a domain's threads hold that is new.
 *
 * Owns: a cursor per thread, copying new records by ring.h's reader protocol,
 * counting exactly what was overwritten before it could be copied, telling the
 * records of all threads in the order of their times.  Does not own: the
 * protocol (ring.h).
 *
 * For each incarnation of a thread slot: told + lost == written, whatever
 * the writer does meanwhile.
 */
#ifndef MPSTAT_COLLECTOR_RECORDS_H
#define MPSTAT_COLLECTOR_RECORDS_H

#include "mpstat/collector/decode.h"

/* Records copied per refresh; what is beyond stays in the rings for the next. */
#define RECORDS_PER_REFRESH (256u << 10)

/* How far one thread's ring has been read. */
struct cursor {
	uint32_t generation;
	uint64_t next; /* number of the first record not told yet */
	uint64_t reentered;
};

struct cursors {
	struct cursor *items; /* by thread slot */
	size_t count, room;
};

struct record_entry {
	struct mpt_record record;
	uint32_t generation; /* of the object's slot, 0: unknown */
};

/* The records of one thread, in order. */
struct record_run {
	uint64_t domain;
	struct process_id process;
	uint32_t tid;
	size_t next, end; /* in entries */
};

struct records {
	struct {
		struct record_entry *items;
		size_t count, room;
	} entries;
	struct {
		struct record_run *items;
		size_t count, room;
	} runs;
	uint8_t *packet; /* one packet, or a part of it */
	size_t *heap;	 /* run numbers, for merging */
	size_t packet_room, heap_room;
};

/* Copies what is new in the rings of d's domain; tells the losses at once.
 * 0 or -ENOMEM. */
int records_collect(struct records *records, struct cursors *cursors, const struct decode *d);

/* Tells all that was collected since the last call, of all domains, by time. */
void records_tell(struct records *records, uint64_t now_ns, const struct fact_sink *sink);

void records_free(struct records *records);
void cursors_free(struct cursors *cursors);

#endif
