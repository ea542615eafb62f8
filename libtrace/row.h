/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * row.h - an item in two words: its head, and what it is or where its bytes are.
 *
 * Up to eight bytes lie in the second word; more in a block, which is the row's own.
 */
#ifndef MPT_ROW_H
#define MPT_ROW_H

#include "libtrace/item.h"

static inline bool row_has_block(uint64_t head)
{
	return ITEM_TYPE(head) == MPT_ITEM_BYTES && ITEM_SIZE(head) > sizeof(uint64_t);
}

/* False: what is read there makes no sense (it is being changed). */
static inline bool row_stored(const struct heap *h, const uint64_t *row, struct stored *out)
{
	out->head = load64(&row[0]);
	out->words = &row[1];
	if (!row_has_block(out->head))
		return ITEM_SIZE(out->head) <= sizeof(uint64_t);
	out->words = heap_at(h, load64(&row[1]), ITEM_WORDS(ITEM_SIZE(out->head)) * 8);
	return out->words != NULL;
}

/* What the two words of `item` will be; its block, if it needs one, is new.  False: no
 * room. */
static inline bool row_make(const struct heap *h, const struct item *item, uint64_t made[2])
{
	uint64_t *words = &made[1];

	made[0] = item->head;
	made[1] = 0;
	if (row_has_block(item->head)) {
		made[1] = heap_alloc(h, ITEM_WORDS(ITEM_SIZE(item->head)) * 8);
		words = heap_at(h, made[1], 0);
	}
	if (words && ITEM_SIZE(item->head))
		item_fill(item, words);
	return words != NULL;
}

/* Frees its block. */
static inline void row_drop(const struct heap *h, const uint64_t *row)
{
	if (row_has_block(row[0]))
		heap_free(h, row[1]);
}

#endif
