/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode.h - from the private copy of a segment to facts.
 *
 * Owns: the meaning of the wire's slots, one decode_x.c per kind of slot.  Does
 * not own: reading them (snapshot.h), whether a process lives (claim.h), the
 * rings (records.h).
 *
 * Numbers go through as they are (the model clamps them); indices, sizes and
 * references are checked here, names are cleaned here.
 */
#ifndef MPSTAT_COLLECTOR_DECODE_H
#define MPSTAT_COLLECTOR_DECODE_H

#include "mpstat/collector/claim.h"
#include "mpstat/collector/source.h"

struct decode {
	const struct segment *segment;
	const struct snapshot *snapshot;
	const struct claims *claims;
	const struct fact_sink *sink;
	uint64_t domain;
	uint64_t now_ns;
	bool post_mortem; /* a kept file, and nobody in it is alive */
	bool published;	  /* others can join it by name */
};

void decode_domain(const struct decode *d);
void decode_processes(const struct decode *d);
void decode_threads(const struct decode *d);
/* 0 or -ENOMEM. */
int decode_objects(const struct decode *d);

/* The ledger: one FACT_USE per process and object.  0 or -ENOMEM. */
int decode_uses(const struct decode *d);

/* ---- for the decode_x.c and records.c ------------------------------------- */

/* A fact with its head filled in and the rest zero. */
void decode_begin(const struct decode *d, struct fact *fact, enum fact_type type);
void decode_emit(const struct decode *d, const struct fact *fact);

/* Is there something to tell about the process in this slot? */
bool decode_has_process(const struct decode *d, uint32_t slot);
struct process_id decode_process_id(const struct decode *d, uint32_t slot);
/* Our number for a member that the segment calls `claimed`: another one when it lives in
 * another pid namespace. */
uint32_t decode_pid(const struct decode *d, uint32_t claimed);
/* Does the process in this slot live, as a member? */
bool decode_is_member(const struct decode *d, uint32_t slot);

/* Is the thread in this slot one to tell about: used, and of a process that is? */
bool decode_has_thread(const struct decode *d, const struct mpt_wire_thread *thread);
bool decode_thread_ended(const struct decode *d, const struct mpt_wire_thread *thread);

/* What lies in the storage of an object with WORKERS. */
void decode_pool(const struct decode *d, const struct mpt_wire_object *o,
		 struct fact_object *out);
/* What the thread does for one, or waits for. */
void decode_work(const struct decode *d, const struct mpt_wire_thread *t,
		 struct fact_thread *out);

/* Is the object in this slot one to tell about? */
bool decode_has_object(const struct decode *d, uint32_t slot);

/* Units that dead members had taken but not received, and that the segment does not
 * count yet: by object slot, for the caller to free.  NULL: no memory. */
uint64_t *decode_pending_losses(const struct decode *d);

#endif
