/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap_doom.c - stores: making them, and freeing what may be too much for one change; see
 * heap.h.
 *
 * A store is doomed by the change that takes it out of its container, or from its
 * birth when something is built in it that becomes real at the end.  Freeing goes piece
 * by piece, each a change of its own; whoever is killed in it leaves the rest in the list
 * for the next holder of the lock.
 */
#include "libtrace/heap.h"

#include "libtrace/row.h"

#include <string.h>

#define PIECE 16u /* items freed by one change: 18 words each at most */

static uint64_t store_bytes(enum heap_shape shape, uint64_t positions, uint64_t index)
{
	if (shape == HEAP_ROW)
		return sizeof(struct heap_store) + positions * 2 * sizeof(uint64_t);
	return sizeof(struct heap_store) + positions * sizeof(uint64_t) + index * sizeof(uint32_t);
}

struct heap_store *heap_store_at(const struct heap *h, uint64_t ref, uint64_t *shape)
{
	struct heap_store *s = heap_at(h, ref, sizeof(*s));

	if (unlikely(!s))
		return NULL;
	*shape = load64(&s->shape);
	return heap_at(h, ref,
		       store_bytes(HEAP_SHAPE(*shape), HEAP_POSITIONS(*shape), HEAP_INDEX(*shape)));
}

/* So that two thirds of it are as many as the positions, or a little more. */
static uint64_t index_log2(uint64_t positions)
{
	return positions < 2 ? 1 : 64 - (uint64_t)__builtin_clzll(positions * 3 / 2 - 1);
}

uint64_t heap_store_new(const struct heap *h, enum heap_shape shape, uint64_t positions)
{
	uint64_t log = shape == HEAP_TABLE ? index_log2(positions) : 0, ref;
	struct heap_store *s;

	if (positions > UINT32_MAX / 4)
		return 0;
	ref = heap_alloc(h, store_bytes(shape, positions, 1ull << log));
	s = heap_at(h, ref, sizeof(*s));
	if (!s)
		return 0;
	s->shape = positions | (uint64_t)shape << 32 | log << 40;
	s->next = s->span = 0;
	if (shape == HEAP_TABLE)
		memset(heap_words(s) + positions, 0, sizeof(uint32_t) << log);
	return ref;
}

/* ---- the doomed --------------------------------------------------------- */

void heap_doom(const struct heap *h, uint64_t ref, uint64_t span)
{
	struct heap_store *s = heap_at(h, ref, sizeof(*s));

	heap_store(h, &s->next, h->head->doomed);
	heap_store(h, &s->span, span);
	heap_store(h, &h->head->doomed, ref);
}

struct heap_store *heap_stage(const struct heap *h, enum heap_shape shape, uint64_t positions)
{
	uint64_t ref;

	heap_begin(h);
	ref = heap_store_new(h, shape, positions);
	if (!ref)
		return NULL;
	heap_doom(h, ref, 0);
	heap_commit(h);
	return heap_at(h, ref, sizeof(struct heap_store));
}

void heap_adopt(const struct heap *h, struct heap_box *box, const struct heap_store *stage)
{
	uint64_t len = HEAP_END(stage->span);

	heap_store(h, &box->store, h->head->doomed);
	heap_store(h, &box->span, stage->span);
	heap_store(h, &box->len, len);
	heap_add(h, &h->head->shown.items, len);
	heap_store(h, &h->head->doomed, stage->next);
}

static void free_at(const struct heap *h, struct heap_store *s, uint32_t position)
{
	if (HEAP_SHAPE(s->shape) == HEAP_ROW)
		row_drop(h, heap_words(s) + 2ull * position);
	else
		heap_free(h, heap_words(s)[position]);
}

/* Newest first.  False: none was left. */
static bool free_piece(const struct heap *h, struct heap_store *s)
{
	uint32_t first = HEAP_FIRST(s->span), end = HEAP_END(s->span), n = 0;

	if (first >= end)
		return false;
	heap_begin(h);
	for (; n < PIECE && first < end; n++)
		free_at(h, s, --end);
	heap_store(h, &s->span, HEAP_SPAN(first, end));
	heap_commit(h);
	return true;
}

void heap_reap(const struct heap *h, bool (*quiet)(void *arg), void *arg)
{
	uint64_t *doomed = &h->head->doomed;
	bool asked = false;

	while (*doomed) {
		struct heap_store *s = heap_at(h, *doomed, sizeof(*s));
		uint64_t ref = *doomed;

		if (!asked && HEAP_SHAPE(s->shape) == HEAP_TABLE && s->span) {
			if (!quiet(arg))
				return;
			asked = true;
		}
		while (free_piece(h, s))
			;
		heap_begin(h);
		heap_store(h, doomed, s->next);
		heap_free(h, ref);
		heap_commit(h);
	}
}
