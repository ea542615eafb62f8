/* SPDX-License-Identifier: BSD-2-Clause */
/* journal.c - see journal.h. */
#include "libtrace/journal.h"

#include "libtrace/arena.h"

#include <string.h>

#define ALIGNED 64u
#define SIZE_MOST (1ull << 40) /* no arena is as large */

static bool is_word(uint64_t size)
{
	return size <= sizeof(uint64_t) && !(size & (size - 1));
}

/* Where the journal lies, from the value on. */
static uint64_t beside(uint64_t size)
{
	return (size + ALIGNED - 1) / ALIGNED * ALIGNED;
}

uint64_t journal_room(uint64_t size)
{
	return is_word(size) || size > SIZE_MOST ? size : beside(size) + size;
}

void journal_store(const struct member *me, struct mpt_wire_object *o, uint8_t *at,
		   const void *data, uint64_t size)
{
	store64(&o->latch, MPT_JOURNAL(me->word, MPT_JOURNAL_FILLING));
	order_stores();
	memcpy(at + beside(size), data, size);
	store64_release(&o->latch, MPT_JOURNAL(me->word, MPT_JOURNAL_COMPLETE));
	order_stores();
	memcpy(at, at + beside(size), size);
	store64_release(&o->latch, 0);
}

/* Its storage stays: we visit. */
static void settle(struct mpt_wire_object *o)
{
	uint64_t size = o->capacity_bytes, extent = load64(&o->extent);
	uint8_t *at = arena_at(extent);

	if (MPT_JOURNAL_PHASE(load64_acquire(&o->latch)) == MPT_JOURNAL_COMPLETE &&
	    !is_word(size) && arena_has(extent, journal_room(size)))
		memcpy(at, at + beside(size), size);
	store64_release(&o->latch, 0);
}

static bool is_guarded_by(const struct mpt_wire_object *o, const struct handle *lock)
{
	return o->kind == MPT_KIND_VALUE && o->pair == lock->slot &&
	       o->pair_generation == lock->generation && journal_busy(o);
}

/* False: it is the caller's own. */
static bool settle_one(struct member *me, uint32_t slot, const struct handle *lock)
{
	struct mpt_wire_object *o = &domain.objects[slot];
	struct handle h = { .object = o, .slot = slot, .generation = load32(&o->generation) };
	struct mpt_wire_oprec *visit;

	if (MPT_JOURNAL_WORD(load64(&o->latch)) == me->word)
		return false;
	visit = object_visit(me, &h, MPT_OP_VALUE_RECOVER);
	if (!visit)
		return true;
	if (is_guarded_by(o, lock))
		settle(o);
	object_leave(me, visit);
	return true;
}

bool journal_settle(struct member *me, const struct handle *lock)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used);
	bool all = true;

	for (uint32_t slot = 0; slot < used; slot++)
		if (is_guarded_by(&domain.objects[slot], lock) && !settle_one(me, slot, lock))
			all = false;
	return all;
}
