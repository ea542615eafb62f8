/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * outside.h - the objects of programs that do not link the library.
 *
 * Owns: their identity from look to look, their facts and who has them open as of this look.
 * Does not own: how they are found (wait_*.c).
 *
 * A key is what the kernel knows a thing by: its kind first, then address space and address,
 * or device, inode and offset.  Slot and generation go on counting: what has gone and comes
 * again is another object.
 */
#ifndef MPSTAT_COLLECTOR_OUTSIDE_H
#define MPSTAT_COLLECTOR_OUTSIDE_H

#include "libtrace/contract/vocab.h"
#include "mpstat/collector/source.h"
#include "mpstat/model/map.h"

struct outside_object {
	struct map_node node;
	uint64_t look;		 /* number of the look that found it last */
	uint64_t since_ns;	 /* when it was found first */
	bool fresh;		 /* found for the first time in this look */
	struct fact_object fact;
};

struct outside {
	struct map objects;
	struct {
		struct fact_use *items;
		size_t count, room;
	} uses; /* of this look */
	uint64_t look, made;
	uint64_t left_out; /* in this look, for want of memory */
};

void outside_begin(struct outside *outside);

/* The object with that key, made when need be; `fresh` for who finds it first in this look
 * and has to fill in its fact (zeroed but for id and kind).  NULL: no memory, counted. */
struct outside_object *outside_obtain(struct outside *outside, enum mpt_kind kind,
				      struct map_key key);

/* The process has an end of it open. */
void outside_use(struct outside *outside, const struct outside_object *object,
		 struct process_id process, bool can_give, bool can_take);

/* Tells all that this look has found, `fact` being ready but for type and content; forgets the
 * others. */
void outside_tell(struct outside *outside, struct fact *fact, const struct fact_sink *sink);

void outside_free(struct outside *outside);

#endif
