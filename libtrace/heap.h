/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.h - the memory of a manager: blocks, containers' slots, and changes that are
 * made whole or not at all.
 *
 * Owns: the layout of the storage behind struct mpt_wire_heap, the undo list, blocks
 * (heap_block.c), what is to be freed piece by piece (heap_doom.c).  Does not own: who
 * may change it when (turn.h), what is in a container (table.h, row.h).
 *
 * One holder of take.lock changes; anybody reads, without a lock:
 *
 *   heap_begin     seq odd: what is read from now on may be half changed
 *   heap_store     the old word into the undo list, its count up, then the new word
 *   heap_commit    the count to 0 COMMIT, seq even
 *
 * Killed in between, whoever takes the lock over puts the old words back, last one first
 * (heap_repair); doing it twice does no harm.  What nobody can reach yet (a block fresh
 * from heap_alloc, positions beyond the end of a store) is written without all that.  So
 * within one change everything is freed last: a block given away anew before the
 * commit would be overwritten, and undoing would bring back its old owner.
 *
 * Readers copy while seq is even, and throw the copy away when it has moved meanwhile
 * (turn.c).  Until then they may read anything: every reference and size is checked here
 * before it is followed.
 */
#ifndef MPT_HEAP_H
#define MPT_HEAP_H

#include "libtrace/atomic.h"
#include "libtrace/contract/wire_heap.h"

#include <stddef.h>

#define HEAP_LAYOUT 1u
#define HEAP_GRAIN 16u	     /* blocks are so many of these; a reference counts them */
#define HEAP_UNDO_MOST 1024u /* words one change may replace; the largest take a third */
#define HEAP_CLASSES 256u    /* of free blocks, by size */
#define HEAP_CHUNKS 20u	     /* of slots: the first has HEAP_CHUNK, each next one twice as many */
#define HEAP_CHUNK 64u

struct heap_undo {
	uint64_t at; /* of the word in the storage, bytes */
	uint64_t old;
};

/* The slot of a container. */
struct heap_box {
	uint64_t name;	  /* generation << 32 | enum mpt_container, 0: free */
	uint64_t store;	  /* what its items are in; 0: there never were any */
	uint64_t span;	  /* positions of the store in use: first << 32 | end */
	uint64_t len;	  /* items; a dict's span may have holes */
	uint64_t changes; /* times items came or went */
	uint64_t pins;	  /* which processes have handles on it (box.c) */
	uint64_t next;	  /* free: the next free one + 1; else the collector's */
	uint64_t mark;	  /* the collector's: not undone, worth nothing outside it */
};

/* What the items of a container are in: the head of a block, its positions after it. */
struct heap_store {
	uint64_t shape; /* positions, enum heap_shape << 32, log2 of the index's size << 40 */
	uint64_t next;	/* doomed: the next one */
	uint64_t span;	/* doomed: what is still to be freed, as in the box */
};

enum heap_shape {
	HEAP_ROW,   /* two words each: head and value (item.h) */
	HEAP_TABLE, /* one word each: hash << 32 | entry, 0: a hole; then the index (table.h) */
};

struct heap_head {
	struct mpt_wire_heap shown;
	uint64_t undo_count; /* 0: nothing is half changed */
	uint64_t undo_most;  /* largest ever, for tests */
	uint64_t seed;	     /* of the hashes of keys */
	uint64_t doomed;     /* first store whose rest is to be freed */
	uint64_t slots_used; /* of containers: those at or beyond it were never used */
	uint64_t slots_free; /* first free one + 1 */
	uint64_t round;	     /* of the collector */
	uint64_t reserved;
	struct heap_undo undo[HEAP_UNDO_MOST];
	uint64_t chunk[HEAP_CHUNKS];
	uint64_t class_bits[HEAP_CLASSES / 64];
	uint64_t class_first[HEAP_CLASSES];
};

/* Where it lies in this process. */
struct heap {
	struct heap_head *head;
	uint8_t *base;
	uint64_t bytes;
};

#define HEAP_SPAN(first, end) ((uint64_t)(first) << 32 | (uint32_t)(end))
#define HEAP_FIRST(span) ((uint32_t)((span) >> 32))
#define HEAP_END(span) ((uint32_t)(span))

/* ---- changing ----------------------------------------------------------- */

static inline void heap_begin(const struct heap *h)
{
	uint64_t *seq = &h->head->shown.seq;

	store64(seq, load64(seq) | 1);
	order_stores();
}

/* The word will be overwritten. */
static inline void heap_log(const struct heap *h, const uint64_t *word)
{
	struct heap_head *head = h->head;
	uint64_t n = head->undo_count;

	head->undo[n].at = (uint64_t)((const uint8_t *)word - h->base);
	head->undo[n].old = load64(word);
	order_stores();
	store64(&head->undo_count, n + 1);
	order_stores();
}

static inline void heap_store(const struct heap *h, uint64_t *word, uint64_t value)
{
	heap_log(h, word);
	store64(word, value);
}

static inline void heap_add(const struct heap *h, uint64_t *word, uint64_t n)
{
	heap_store(h, word, *word + n);
}

void heap_commit(const struct heap *h);
/* Puts everything back as it was at heap_begin.  Nothing when nothing was begun. */
void heap_undo(const struct heap *h);

/* ---- blocks ------------------------------------------------------------- */

/* `bytes` at `ref`, NULL when that is not inside. */
static inline void *heap_at(const struct heap *h, uint64_t ref, uint64_t bytes)
{
	uint64_t at = (ref & UINT32_MAX) * HEAP_GRAIN + sizeof(uint64_t);

	if (unlikely(!(uint32_t)ref || at > h->bytes || bytes > h->bytes - at))
		return NULL;
	return h->base + at;
}

/* Its bytes are whatever they were.  0: there is no such block. */
uint32_t heap_alloc(const struct heap *h, uint64_t bytes);
void heap_free(const struct heap *h, uint64_t ref);

/* ---- slots of containers ------------------------------------------------ */

/* NULL: there is none. */
struct heap_box *heap_box(const struct heap *h, uint32_t slot);

/* ---- stores ------------------------------------------------------------- */

#define HEAP_POSITIONS(shape) ((uint32_t)(shape))
#define HEAP_SHAPE(shape) ((enum heap_shape)((shape) >> 32 & 0xff))
#define HEAP_INDEX(shape) (1ull << ((shape) >> 40 & 31))

static inline uint64_t *heap_words(struct heap_store *s)
{
	return (uint64_t *)(void *)(s + 1);
}

/* A store with its positions and index inside the heap; NULL: it is none.  *shape is what
 * was checked: without the lock another look may find another one. */
struct heap_store *heap_store_at(const struct heap *h, uint64_t ref, uint64_t *shape);
/* A new one; its index, if it has one, is empty.  0: no room. */
uint64_t heap_store_new(const struct heap *h, enum heap_shape shape, uint64_t positions);

/* Within a change: from its commit on the items in `span` are to be freed, and the store
 * after them. */
void heap_doom(const struct heap *h, uint64_t store, uint64_t span);

/* A change of its own: a store to build in, doomed from its birth unless heap_adopt makes it
 * a container's.  NULL: no room. */
struct heap_store *heap_stage(const struct heap *h, enum heap_shape shape, uint64_t positions);
/* Within a change: the stage, which was the last one made, is what `box` has. */
void heap_adopt(const struct heap *h, struct heap_box *box, const struct heap_store *stage);

/* Frees what is doomed, in changes of its own.  `quiet` is called once before entries
 * of tables are freed: false when somebody may be using them still, then they stay. */
void heap_reap(const struct heap *h, bool (*quiet)(void *arg), void *arg);

/* ---- the whole ---------------------------------------------------------- */

uint64_t heap_least(void);

void heap_blocks_make(const struct heap *h); /* for heap_make: one free block */

/* Makes it, in memory that may have been half made; the caller holds the lock. */
void heap_make(const struct heap *h, uint64_t seed);
static inline bool heap_is_made(const struct heap *h)
{
	return load32_acquire(&h->head->shown.layout) == HEAP_LAYOUT;
}

#endif
