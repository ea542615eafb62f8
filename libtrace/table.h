/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - what the items of a dict are in.
 *
 * A store has the entries in the order they came, and an index that finds one by the
 * hash of its key: 32-bit numbers of positions + 1, probed one after the other, 0 ends.
 * A deleted entry leaves a hole, found and passed over; when no position is left,
 * all is put into a new store without the holes.
 *
 * An entry is a block of its own: head of the value, shape, key, room for the value.  A
 * value of up to ENTRY_SMALL bytes has its room twice.  Who sets one writes into the room
 * that is not in use and then stores the head, which says which is: one store, so nobody's
 * death can tear it, and no other word of the heap changes.  For that the stripe of
 * the key is enough (turn.h); who frees an entry holds the stripe too, or has it quiet.
 */
#ifndef MPT_TABLE_H
#define MPT_TABLE_H

#include "libtrace/item.h"

#define ENTRY_SMALL 64u

struct entry {
	uint64_t head;	/* A: of the value */
	uint64_t shape; /* head of the key, 34 bits; room is there twice, 1; words of room */
	uint64_t words[];
};

#define ENTRY_KEY(shape) ((shape) & 0x3ffffffffull)
#define ENTRY_TWICE (1ull << 34)
#define ENTRY_ROOM(shape) ((shape) >> 35)

/* An entry, and its shape as it was checked: without the lock another look may find
 * another one. */
struct entry_at {
	struct entry *entry;
	uint64_t shape;
};

/* Where a key is, or would be. */
struct place {
	struct heap_store *store;
	uint64_t *word; /* its position; NULL: not there */
	struct entry_at entry;
	uint32_t *index; /* where its position + 1 would go; NULL: no table yet */
};

/* Is the key there? */
bool table_find(const struct heap *h, const struct heap_box *box, const struct key *key,
		struct place *place);
bool table_find_in(const struct heap *h, struct heap_store *store, uint64_t shape,
		   const struct key *key, struct place *place);

/* The entry of a position.  False: a hole (or torn). */
bool table_entry(const struct heap *h, uint64_t word, struct entry_at *at);
static inline void entry_key(const struct entry_at *at, struct stored *out)
{
	out->head = ENTRY_KEY(at->shape);
	out->words = at->entry->words;
}
/* Its value as it is now. */
void entry_value(const struct entry_at *at, struct stored *out);
/* Copies it out; -EBUSY: it was changed meanwhile, again and again. */
int entry_out(const struct entry_at *at, struct mpt_item *to, struct room *room);

/* ---- changing: the stripe of the key is enough -------------------------- */

bool entry_takes(const struct entry_at *at, const struct item *value);
void entry_set(const struct entry_at *at, const struct item *value);

/* ---- changing: within a change ------------------------------------------ */

/* 0: no room. */
uint64_t entry_new(const struct heap *h, const struct key *key, const struct item *value);
/* The same value under the same key.  -EBUSY as above, -ENOSPC. */
int entry_copy(const struct heap *h, const struct entry_at *from, uint64_t *ref);

static inline uint64_t table_word(uint32_t hash, uint64_t ref)
{
	return (uint64_t)hash << 32 | (uint32_t)ref;
}

/* Positions left? */
bool table_has_room(const struct heap *h, const struct heap_box *box);
/* The key is not there, `place` says so, and there is room. */
void table_insert(const struct heap *h, struct heap_box *box, const struct place *place,
		  uint64_t word);
/* Takes out and frees; the stripe is the caller's. */
void table_delete(const struct heap *h, struct heap_box *box, const struct place *place);
/* Another entry with the same key; the same. */
void table_replace(const struct heap *h, const struct place *place, uint64_t ref);

/* ---- changing: changes of their own ------------------------------------- */

/* Makes room for `more` items.  0 or -ENOSPC. */
int table_grow(const struct heap *h, struct heap_box *box, uint64_t more);
/* A table that was large gives back what it does not need. */
void table_shrink(const struct heap *h, struct heap_box *box);

/* ---- building: in a store that nobody sees yet -------------------------- */

/* A stage (heap_stage) for `len` entries.  NULL: no room. */
struct heap_store *table_stage(const struct heap *h, uint64_t len);
/* Within a change: the entry `ref` is the stage's from its commit on. */
void table_stage_add(const struct heap *h, struct heap_store *stage, uint64_t word);
/* Within a change: the stage's entries are the box's, in the place of those with the same
 * keys.  0 or -ENOSPC. */
int table_merge(const struct heap *h, struct heap_box *box, struct heap_store *stage);

#endif
