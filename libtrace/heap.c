/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap.c - changes, slots and the making of it; see heap.h.
 */
#include "libtrace/heap.h"

#include <mptrace/manager.h>
#include <string.h>

/* ---- changes ------------------------------------------------------------ */

static void make_even(const struct heap *h)
{
	uint64_t *seq = &h->head->shown.seq;

	if (*seq & 1)
		store64_release(seq, *seq + 1);
}

void heap_commit(const struct heap *h)
{
	struct heap_head *head = h->head;

	if (head->undo_count > head->undo_most)
		head->undo_most = head->undo_count;
	store64_release(&head->undo_count, 0); /* COMMIT */
	make_even(h);
}

void heap_undo(const struct heap *h)
{
	struct heap_head *head = h->head;

	for (uint64_t n = head->undo_count; n > 0; n--) {
		const struct heap_undo *u = &head->undo[n - 1];

		store64((uint64_t *)(void *)(h->base + u->at), u->old);
	}
	store64_release(&head->undo_count, 0);
	make_even(h);
}

/* ---- slots of containers ------------------------------------------------ */

/* Chunk k has the slots from HEAP_CHUNK * (2^k - 1) on. */
struct heap_box *heap_box(const struct heap *h, uint32_t slot)
{
	uint32_t chunk = 31u - (uint32_t)__builtin_clz(slot / HEAP_CHUNK + 1);
	uint64_t size = (uint64_t)HEAP_CHUNK << chunk, first = size - HEAP_CHUNK;
	struct heap_box *boxes;

	if (chunk >= HEAP_CHUNKS)
		return NULL;
	boxes = heap_at(h, load64(&h->head->chunk[chunk]), size * sizeof(*boxes));
	return boxes ? &boxes[slot - first] : NULL;
}

/* ---- the making --------------------------------------------------------- */

uint64_t heap_least(void)
{
	return sizeof(struct heap_head) + HEAP_CHUNK * sizeof(struct heap_box) + MPT_BLOCK;
}

void heap_make(const struct heap *h, uint64_t seed)
{
	struct heap_head *head = h->head;
	struct mpt_wire_heap *shown = &head->shown;
	struct heap_box *boxes;

	memset(head, 0, sizeof(*head));
	head->seed = seed;
	heap_blocks_make(h);
	heap_begin(h);
	head->chunk[0] = heap_alloc(h, HEAP_CHUNK * sizeof(struct heap_box));
	boxes = heap_at(h, head->chunk[0], HEAP_CHUNK * sizeof(struct heap_box));
	memset(boxes, 0, HEAP_CHUNK * sizeof(struct heap_box));
	boxes[0].name = 1ull << 32 | MPT_DICT; /* of names (box.h) */
	head->slots_used = 1;
	heap_commit(h);
	store32_release(&shown->layout, HEAP_LAYOUT);
}
