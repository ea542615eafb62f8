/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vocab.h - the words that library, kernel side and viewer share.
 *
 * Owns: the enums generated from kinds.def and ops.def, traits, effects and
 * phases.  Does not own: bytes in memory (wire.h), names shown to people
 * beyond the tables' own words.
 */
#ifndef MPT_CONTRACT_VOCAB_H
#define MPT_CONTRACT_VOCAB_H

/* What an object has. */
enum mpt_trait {
	MPT_T_OWNER = 1 << 0,	   /* at most one holder; TAKE owns, GIVE frees */
	MPT_T_RECURSES = 1 << 1,   /* the owner may TAKE again */
	MPT_T_DEPTH = 1 << 2,	   /* GIVE adds a unit, TAKE removes one */
	MPT_T_CAPACITY = 1 << 3,   /* depth has an upper bound: GIVE can block */
	MPT_T_BYTES = 1 << 4,	   /* units have a size */
	MPT_T_UNFINISHED = 1 << 5, /* units taken stay open until FINISH */
	MPT_T_PARTIES = 1 << 6,	   /* waits until so many have come */
	MPT_T_RUNS = 1 << 7,	   /* it is a process or a thread; with OWNER: its owner itself */
	MPT_T_ENDS = 1 << 8,	   /* GIVE and TAKE need an open end each */
	MPT_T_FLAG = 1 << 9,	   /* it is set or clear; SIGNAL sets it, PASS waits for it */
	MPT_T_UNITS = 1 << 10,	   /* TAKE takes one of its units out, GIVE gives one back;
				    * who has how many out is in the ledger */
	MPT_T_SLEEPERS = 1 << 11,  /* SIGNAL ends the PASSes there are now, no later one; goes
				    * with a lock, an object of its own */
	MPT_T_ITEMS = 1 << 14,	   /* what it holds is looked up and changed in place */
	MPT_T_WORKERS = 1 << 15,   /* its units are tasks, TAKEn and FINISHed by workers; PASS
				    * waits for that */
	MPT_T_SIZE = 1 << 16,	   /* it is memory, of one size all its life */
	MPT_T_MAPPED = 1 << 17,	   /* it is a file that processes map; they are listed */
	MPT_T_HOLDERS = 1 << 18,   /* processes hold it; which, is told from outside (fact.h) */
	MPT_T_WAITED = 1 << 19,	   /* one waits for it; from outside nothing more is seen */
	/* Follows from others, see MPT_TRAITS: */
	MPT_T_HELD = 1 << 30, /* OWNER or UNITS: TAKE holds, GIVE frees */
};
/* With those that follow from others. */
#define MPT_TRAITS(traits) \
	((traits) | ((traits) & (MPT_T_OWNER | MPT_T_UNITS) ? MPT_T_HELD : 0))

/* What a call does to the object when it succeeds. */
enum mpt_effect {
	MPT_E_NOTE,   /* counted only */
	MPT_E_GIVE,   /* one unit in, or released */
	MPT_E_TAKE,   /* one unit out, or owned */
	MPT_E_FINISH, /* one unit of work done */
	MPT_E_PASS,   /* waited, took nothing */
	MPT_E_SIGNAL, /* lets waiters go */
};

/* When, within the call, a record was written. */
enum mpt_phase {
	MPT_PHASE_END,	 /* the call returned; always written */
	MPT_PHASE_BEGIN, /* the call is about to block; only then written */
};

enum mpt_kind {
	MPT_KIND_NONE = 0,
#define KIND(UPPER, number, lower, title, traits) MPT_KIND_##UPPER = (number),
#include "libtrace/contract/kinds.def"
#include "libtrace/contract/outside_kinds.def"
#undef KIND
};

/* An op number is its kind's number in the high byte: the kind of an op that
 * a newer library invented is still known. */
#define MPT_OP_ID(kind, number) (((kind) << 8) | (number))
#define MPT_OP_KIND(op) ((op) >> 8)

enum mpt_op {
	MPT_OP_NONE = 0,
#define OP(KIND, VERB, number, verb, waits, effect) \
	MPT_OP_##KIND##_##VERB = MPT_OP_ID(MPT_KIND_##KIND, number),
#include "libtrace/contract/ops.def"
#include "libtrace/contract/outside_ops.def"
#undef OP
};

#endif
