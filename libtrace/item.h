/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * item.h - items as they lie in a heap, and as programs see them.
 *
 * Owns: the head word of an item, comparing, hashing, copying in and out.  Does not
 * own: where items are (row.h, table.h), what a program may do with them.
 *
 * A head says what the item is; its words are elsewhere: in the same row, in a block of
 * its own, or in the entry of a table.
 */
#ifndef MPT_ITEM_H
#define MPT_ITEM_H

#include "libtrace/heap.h"

#include <mptrace/manager.h>

/* Head: size in bytes, 31 bits; type, 3; which of two rooms of an entry, 1; how often it was
 * changed, 29 and wrapping, so that a reader notices (table.h). */
#define ITEM_HEAD(type, size) ((uint64_t)(type) << 31 | (uint32_t)(size))
#define ITEM_SIZE(head) ((uint32_t)(head)&0x7fffffffu)
#define ITEM_TYPE(head) ((uint32_t)((head) >> 31) & 7u)
#define ITEM_SECOND (1ull << 34)
#define ITEM_CHANGE (1ull << 35)
#define ITEM_CHANGES(head) ((head) & ~(ITEM_CHANGE - 1))
#define ITEM_SIZE_MOST 0x7fffffffu

#define ITEM_WORDS(size) (((uint64_t)(size) + 7) / 8)

/* An item on its way in: checked, in the caller's memory. */
struct item {
	uint64_t head;
	uint64_t word;	  /* what it is, unless it is bytes */
	const void *data; /* bytes */
};

/* An item in the heap. */
struct stored {
	uint64_t head;
	const uint64_t *words; /* ITEM_WORDS(size) of them, inside the heap */
};

/* Where a copy goes. */
struct room {
	void *buffer;
	size_t size, used;
};

/* `heap_object`: slot and generation of the manager, which references must be of.
 * 0, -EINVAL, -EMSGSIZE. */
int item_check(const struct mpt_item *item, uint32_t slot, uint32_t generation, struct item *out);

/* Its bytes into words nobody reads yet; the last word is filled up with zeros. */
void item_fill(const struct item *item, uint64_t *words);
/* The same into words that are being read: word by word. */
void item_write(const struct item *item, uint64_t *words);

/* Copies out; bytes go behind what is in the room already.  -EMSGSIZE, with the size
 * told.  Of references `kind` is left to the caller. */
int item_out(const struct stored *from, struct mpt_item *to, struct room *room);

/* Python's ==: numbers and truth values by value, whatever their type. */
bool item_equal(const struct stored *a, const struct item *b);
/* < 0, 0, > 0; of items that item_order says can be compared. */
int item_compare(const struct stored *a, const struct stored *b);
/* 1: a number, 2: bytes, 0: has no order. */
int item_order(uint64_t head);

/* ---- keys --------------------------------------------------------------- */

struct key {
	struct item item;
	uint32_t hash;
};

/* 0 or -EINVAL: only whole numbers and bytes are keys. */
int key_make(const struct mpt_item *from, uint64_t seed, struct key *key);
bool key_equal(const struct key *key, uint64_t head, const uint64_t *words);

#endif
