/* SPDX-License-Identifier: BSD-2-Clause */
/* arena.c - see arena.h. */
#include "libtrace/arena.h"

#include "libtrace/member.h"
#include "libtrace/slot.h"
#include "libtrace/units.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#define EXTENT(first, blocks) ((uint64_t)(blocks) << 32 | (uint32_t)(first))
#define EXTENT_FIRST(word) ((uint32_t)(word))
#define EXTENT_BLOCKS(word) ((uint32_t)((word) >> 32))

/* Block 0 is never given away, so that an extent word is never 0. */
struct map {
	uint32_t blocks;
	uint8_t *taken; /* one byte per block */
};

void *arena_at(uint64_t word)
{
	return domain.arena + (uint64_t)EXTENT_FIRST(word) * MPT_BLOCK;
}

uint64_t arena_bytes(uint64_t word)
{
	return (uint64_t)EXTENT_BLOCKS(word) * MPT_BLOCK;
}

bool arena_has(uint64_t word, uint64_t bytes)
{
	uint64_t first = EXTENT_FIRST(word), blocks = EXTENT_BLOCKS(word);
	uint64_t all = domain.header->section[MPT_SEC_ARENA].count;

	return first > 0 && first < all && blocks <= all - first && bytes <= blocks * MPT_BLOCK;
}

static void mark(struct map *map, uint64_t word)
{
	uint32_t first = EXTENT_FIRST(word), blocks = EXTENT_BLOCKS(word);

	if (word && first < map->blocks && blocks <= map->blocks - first)
		memset(map->taken + first, 1, blocks);
}

/* What the slots say: the only truth about the arena. */
static void survey(struct map *map)
{
	const struct mpt_wire_section *s = domain.header->section;

	memset(map->taken, 0, map->blocks);
	map->taken[0] = 1;
	for (uint32_t i = 0; i < s[MPT_SEC_THREADS].used; i++)
		mark(map, load64_acquire(&domain.threads[i].extent));
	for (uint32_t i = 0; i < s[MPT_SEC_OBJECTS].used; i++)
		mark(map, load64_acquire(&domain.objects[i].extent));
}

static uint32_t find_run(const struct map *map, uint64_t blocks)
{
	uint32_t run = 0;

	for (uint32_t i = 1; i < map->blocks; i++) {
		run = map->taken[i] ? 0 : run + 1;
		if (run == blocks)
			return i + 1 - run;
	}
	return 0;
}

static void give_up(struct mpt_wire_thread *t)
{
	units_bequeath(t);
	store64_release(&t->extent, 0);
	domain.header->reclaimed++;
}

/* Gives up the ring of the thread that ended longest ago, unless its ledger is still
 * needed. */
static bool reclaim(void)
{
	struct mpt_wire_thread *oldest = NULL, *t;
	uint32_t used = domain.header->section[MPT_SEC_THREADS].used;

	for (uint32_t i = 0; i < used; i++) {
		t = &domain.threads[i];
		if (load64(&t->extent) && load32_acquire(&t->state) > MPT_SLOT_LIVE &&
		    (!oldest || t->ended_ns < oldest->ended_ns) && !slot_unsettled(t))
			oldest = t;
	}
	if (oldest)
		give_up(oldest);
	return oldest;
}

/* The first block of a free run, 0: none even after taking all the rings that may be
 * taken.  The killed have not said so: they are looked for when nobody else has one. */
static uint32_t make_run(struct map *map, uint64_t blocks)
{
	bool buried = false;
	uint32_t first;

	for (;;) {
		survey(map);
		first = find_run(map, blocks);
		if (first)
			return first;
		if (reclaim())
			continue;
		if (buried)
			return 0;
		member_bury();
		buried = true;
	}
}

static uint64_t blocks_of(uint64_t bytes)
{
	return bytes / MPT_BLOCK + (bytes % MPT_BLOCK != 0);
}

/* `arena_high` first: killed in between, the blocks are free, as no slot has them, and found
 * again by a survey. */
static int take_at(uint64_t *word, uint32_t first, uint64_t blocks)
{
	uint64_t extent = EXTENT(first, blocks);
	int rc = domain_populate(arena_at(extent), blocks * MPT_BLOCK);

	if (rc < 0)
		return rc;
	memset(arena_at(extent), 0, blocks * MPT_BLOCK);
	if (domain.header->arena_high < first + blocks)
		store64_release(&domain.header->arena_high, first + blocks);
	store64_release(word, extent);
	return 0;
}

int arena_take(uint64_t *word, uint64_t bytes)
{
	struct map map = { .blocks = domain.header->section[MPT_SEC_ARENA].count };
	uint64_t blocks = blocks_of(bytes);
	uint32_t first;

	if (blocks == 0 || blocks >= map.blocks)
		return -ENOSPC;
	map.taken = malloc(map.blocks);
	if (!map.taken)
		return -ENOMEM;
	first = make_run(&map, blocks);
	free(map.taken);
	return first ? take_at(word, first, blocks) : -ENOSPC;
}

/* The next thread in the round of slots that has ended and left `blocks`; NULL: none has. */
static struct mpt_wire_thread *next_gone(uint64_t blocks)
{
	uint32_t used = domain.header->section[MPT_SEC_THREADS].used;
	uint32_t *next = &domain.header->section[MPT_SEC_ARENA].next;

	for (uint32_t n = 0; n < used; n++) {
		uint32_t slot = (*next + n) % used;
		struct mpt_wire_thread *t = &domain.threads[slot];

		if (EXTENT_BLOCKS(load64(&t->extent)) != blocks || !member_thread_gone(t) ||
		    slot_unsettled(t))
			continue;
		*next = slot + 1;
		return t;
	}
	return NULL;
}

/* Killed between the two stores, the blocks are free. */
static bool take_over(uint64_t *word, uint64_t blocks)
{
	struct mpt_wire_thread *t = next_gone(blocks);
	uint64_t extent;

	if (!t)
		return false;
	extent = t->extent;
	give_up(t);
	return take_at(word, EXTENT_FIRST(extent), blocks) == 0;
}

int arena_take_ring(uint64_t *word, uint64_t bytes)
{
	uint64_t all = domain.header->section[MPT_SEC_ARENA].count, blocks = blocks_of(bytes);
	uint64_t high = domain.header->arena_high;

	if (high == 0)
		high = 1;
	if (high <= all && blocks <= all - high)
		return take_at(word, (uint32_t)high, blocks);
	return take_over(word, blocks) ? 0 : arena_take(word, bytes);
}

bool arena_inherit(uint64_t *word, uint64_t extent, uint64_t bytes)
{
	uint64_t blocks = blocks_of(bytes);

	if (EXTENT_BLOCKS(extent) != blocks || !arena_has(extent, bytes) ||
	    take_at(word, EXTENT_FIRST(extent), blocks) < 0)
		return false;
	domain.header->reclaimed++;
	return true;
}
