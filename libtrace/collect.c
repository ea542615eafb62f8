/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * collect.c - see collect.h.
 *
 * Each container is freed by changes of its own, so that killed anywhere the next one
 * goes on; marks need no undoing, as the next round has another number.  Meanwhile small
 * values may be overwritten (turn.h), but not by references: what was found unreachable
 * stays so.
 */
#include "libtrace/collect.h"

#include "libtrace/box.h"
#include "libtrace/row.h"
#include "libtrace/table.h"

struct round {
	const struct heap *heap;
	uint64_t number;
	uint64_t grey; /* found, and not yet looked into: slot + 1 of the first; box.next */
};

static uint32_t slots_of(const struct heap *h)
{
	return (uint32_t)h->head->slots_used;
}

/* ---- pins of the dead --------------------------------------------------- */

static int drop_dead_pins(const struct heap *h, struct heap_box *at)
{
	uint64_t *link = &at->pins, ref;
	struct pin *pin;
	int dropped = 0;

	while ((pin = heap_at(h, ref = *link, sizeof(*pin)))) {
		if (member_process_alive((uint32_t)pin->process, (uint32_t)(pin->process >> 32))) {
			link = &pin->next;
			continue;
		}
		heap_begin(h);
		heap_store(h, link, pin->next);
		heap_free(h, ref);
		heap_commit(h);
		dropped++;
	}
	return dropped;
}

static int drop_all_dead_pins(const struct heap *h)
{
	int dropped = 0;

	for (uint32_t slot = 0; slot < slots_of(h); slot++)
		if (box_kind(heap_box(h, slot)))
			dropped += drop_dead_pins(h, heap_box(h, slot));
	return dropped;
}

/* ---- marking ------------------------------------------------------------ */

static void mark(struct round *r, uint32_t slot)
{
	struct heap_box *at = heap_box(r->heap, slot);

	if (at->mark == r->number)
		return;
	at->mark = r->number;
	at->next = r->grey;
	r->grey = slot + 1ull;
}

static void mark_value(struct round *r, const struct stored *value)
{
	uint64_t word;

	if (ITEM_TYPE(value->head) != MPT_ITEM_CONTAINER)
		return;
	word = load64(value->words);
	if (box_of(r->heap, word))
		mark(r, (uint32_t)word);
}

static void mark_position(struct round *r, struct heap_store *s, uint32_t position)
{
	struct entry_at entry;
	struct stored value;

	if (HEAP_SHAPE(s->shape) == HEAP_ROW) {
		if (row_stored(r->heap, heap_words(s) + 2ull * position, &value))
			mark_value(r, &value);
		return;
	}
	if (table_entry(r->heap, heap_words(s)[position], &entry)) {
		entry_value(&entry, &value);
		mark_value(r, &value);
	}
}

static void look_into(struct round *r, const struct heap_box *at)
{
	uint64_t shape;
	struct heap_store *s = heap_store_at(r->heap, at->store, &shape);

	for (uint32_t n = HEAP_FIRST(at->span); s && n < HEAP_END(at->span); n++)
		mark_position(r, s, n);
}

static void mark_all(struct round *r)
{
	mark(r, BOX_NAMES);
	for (uint32_t slot = 0; slot < slots_of(r->heap); slot++)
		if (box_kind(heap_box(r->heap, slot)) && heap_box(r->heap, slot)->pins)
			mark(r, slot);
	while (r->grey) {
		struct heap_box *at = heap_box(r->heap, (uint32_t)r->grey - 1);

		r->grey = at->next;
		look_into(r, at);
	}
}

/* ---- sweeping ----------------------------------------------------------- */

static int sweep(struct round *r)
{
	int freed = 0;

	for (uint32_t slot = 0; slot < slots_of(r->heap); slot++) {
		const struct heap_box *at = heap_box(r->heap, slot);

		if (!box_kind(at) || at->mark == r->number)
			continue;
		box_free(r->heap, slot);
		freed++;
	}
	return freed;
}

int collect(struct turn *t)
{
	struct mpt_wire_heap *shown = &t->heap->head->shown;
	struct round r = { .heap = t->heap };
	int dropped = drop_all_dead_pins(t->heap), freed;

	r.number = ++t->heap->head->round;
	mark_all(&r);
	freed = sweep(&r);
	shown->collections++;
	shown->collected += (uint64_t)freed;
	heap_reap(t->heap, turn_quiet, t);
	return freed + dropped;
}
