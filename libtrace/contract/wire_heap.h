/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire_heap.h - what the storage of an object with ITEMS begins with, byte by byte.
 *
 * Rules, marks and version policy are those of wire.h.
 */
#ifndef MPT_CONTRACT_WIRE_HEAP_H
#define MPT_CONTRACT_WIRE_HEAP_H

#include "libtrace/contract/wire.h"

/*
 * It begins with a struct mpt_wire_heap, for viewers; what follows is the
 * library's own, in the shape that `layout` names (libtrace/heap.h).  The words
 * that are not marked `A` are written by the holder of take.lock, who undoes what
 * a dead holder had half done.
 */
#define MPT_HEAP_STRIPES 64u
#define MPT_HEAP_TALLIES 32u

/* Who changes a value in place holds the stripe its key falls into. */
struct mpt_wire_stripe {
	uint32_t lock; /* A: lock word */
	uint32_t reserved;
	uint64_t changes; /* A: ever made so; writer: holder of `lock` */
	uint64_t reserved2[6];
};

struct mpt_wire_tally {
	uint64_t reads; /* A: counted here by the threads whose slot falls here: atomic sum */
	uint64_t reserved[7];
};

struct mpt_wire_heap {
	uint32_t layout; /* A: 0: nothing is here yet; stored last by who makes it */
	uint32_t reserved;
	uint64_t seq; /* A: odd while something that others read is being changed */
	uint64_t bytes; /* of it there are to be given away */
	uint64_t used;	/* bytes given away */
	uint64_t containers; /* also those nobody can reach any more, until they are collected */
	uint64_t items;	     /* in all of them */
	uint64_t changes;    /* ever made holding take.lock */
	uint64_t collections; /* times the unreachable were looked for */
	uint64_t collected;   /* containers so found */
	uint64_t reserved2[7];
	struct mpt_wire_stripe stripe[MPT_HEAP_STRIPES];
	struct mpt_wire_tally tally[MPT_HEAP_TALLIES];
};
_Static_assert(sizeof(struct mpt_wire_heap) == 128 + 64 * 96, "wire: heap size");

#endif
