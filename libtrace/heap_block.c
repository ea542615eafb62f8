/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * heap_block.c - giving blocks away and taking them back; see heap.h.
 *
 * A block is a header word and its bytes; a reference is its place in grains.  The header
 * says how long it and the block before it are, so both neighbours of one that comes back
 * are found, and free ones become one block: all space comes back.  Free blocks are
 * in lists by size, eight classes for each power of two.
 *
 *   header   grains of it, top bit: given away | grains of the one before << 32
 *   free     then one word: next | previous << 32 of its list
 *
 * The last block is a header alone that is never free.
 */
#include "libtrace/heap.h"

#include <string.h>

#define USED 0x80000000u
#define SIZE(header) ((uint32_t)(header) & ~USED)
#define BEFORE(header) ((uint32_t)((header) >> 32))
#define HEADER(size, before) ((uint64_t)(before) << 32 | (uint32_t)(size))
#define LINKS(next, previous) ((uint64_t)(previous) << 32 | (uint32_t)(next))
#define LOOKED_AT 64u /* blocks of a class that has smaller ones too, when no other has any */

static uint64_t *header_of(const struct heap *h, uint64_t block)
{
	return (uint64_t *)(void *)(h->base + block * HEAP_GRAIN);
}

static uint64_t *links_of(const struct heap *h, uint64_t block)
{
	return header_of(h, block) + 1;
}

static uint32_t log2_of(uint32_t n)
{
	return 31u - (uint32_t)__builtin_clz(n);
}

/* ---- classes ------------------------------------------------------------ */

static uint32_t class_of(uint32_t grains)
{
	uint32_t log = log2_of(grains | 1);

	return grains < 8 ? grains : (log - 2) * 8 + (grains >> (log - 3) & 7);
}

/* The first class all of whose blocks have so many. */
static uint32_t class_above(uint32_t grains)
{
	return grains < 8 ? grains : class_of(grains + (1u << (log2_of(grains) - 3)) - 1);
}

static void unlink_block(const struct heap *h, uint64_t block)
{
	uint32_t size = SIZE(*header_of(h, block)), class = class_of(size);
	uint64_t *links = links_of(h, block), *first = &h->head->class_first[class];
	uint32_t next = (uint32_t)*links, previous = (uint32_t)(*links >> 32);

	heap_log(h, links); /* its bytes may be its owner's soon */
	if (next)
		heap_store(h, links_of(h, next), LINKS(*links_of(h, next), previous));
	if (previous) {
		heap_store(h, links_of(h, previous), LINKS(next, *links_of(h, previous) >> 32));
		return;
	}
	heap_store(h, first, next);
	if (!next)
		heap_store(h, &h->head->class_bits[class / 64],
			   h->head->class_bits[class / 64] & ~(1ull << class % 64));
}

/* Its own words are the caller's to set: the header, and the links as returned. */
static uint64_t link_block(const struct heap *h, uint64_t block, uint32_t size)
{
	uint32_t class = class_of(size);
	uint64_t *first = &h->head->class_first[class], next = *first;

	if (next)
		heap_store(h, links_of(h, next), LINKS(*links_of(h, next), block));
	else
		heap_store(h, &h->head->class_bits[class / 64],
			   h->head->class_bits[class / 64] | 1ull << class % 64);
	heap_store(h, first, block);
	return LINKS(next, 0);
}

static void set_before(const struct heap *h, uint64_t block, uint32_t before)
{
	uint64_t *header = header_of(h, block);

	heap_store(h, header, HEADER(*header, before));
}

/* ---- finding one -------------------------------------------------------- */

static uint64_t first_from(const struct heap *h, uint32_t class)
{
	for (uint32_t i = class / 64; class < HEAP_CLASSES && i < HEAP_CLASSES / 64; i++) {
		uint64_t bits = h->head->class_bits[i];

		if (i == class / 64)
			bits &= ~0ull << class % 64;
		if (bits)
			return h->head->class_first[i * 64 + (uint32_t)__builtin_ctzll(bits)];
	}
	return 0;
}

static uint64_t find(const struct heap *h, uint32_t grains)
{
	uint64_t block = first_from(h, class_above(grains));

	if (block)
		return block;
	block = h->head->class_first[class_of(grains)];
	for (uint32_t n = 0; block && n < LOOKED_AT; n++) {
		if (SIZE(*header_of(h, block)) >= grains)
			return block;
		block = (uint32_t)*links_of(h, block);
	}
	return 0;
}

/* What is beyond `grains` becomes a free block; nobody can reach its words yet. */
static void split(const struct heap *h, uint64_t block, uint32_t grains)
{
	uint64_t *header = header_of(h, block), rest = block + grains;
	uint32_t size = SIZE(*header), left = size - grains;

	heap_store(h, header, HEADER(grains | USED, BEFORE(*header)));
	if (!left)
		return;
	*header_of(h, rest) = HEADER(left, grains);
	*links_of(h, rest) = link_block(h, rest, left);
	set_before(h, block + size, left);
}

uint32_t heap_alloc(const struct heap *h, uint64_t bytes)
{
	uint64_t grains = bytes / HEAP_GRAIN + 1 + (bytes % HEAP_GRAIN > sizeof(uint64_t)), block;

	if (grains >= h->bytes / HEAP_GRAIN)
		return 0;
	block = find(h, (uint32_t)grains);
	if (!block)
		return 0;
	unlink_block(h, block);
	split(h, block, (uint32_t)grains);
	heap_add(h, &h->head->shown.used, grains * HEAP_GRAIN);
	return (uint32_t)block;
}

void heap_free(const struct heap *h, uint64_t ref)
{
	uint64_t block = (uint32_t)ref, next, header;
	uint32_t size, before;

	if (!block)
		return;
	header = *header_of(h, block);
	size = SIZE(header);
	before = BEFORE(header);
	next = block + size;
	heap_add(h, &h->head->shown.used, -(uint64_t)size * HEAP_GRAIN);
	if (!(*header_of(h, next) & USED)) {
		unlink_block(h, next);
		size += SIZE(*header_of(h, next));
	}
	if (before && !(*header_of(h, block - before) & USED)) {
		block -= before;
		unlink_block(h, block);
		size += before;
		before = BEFORE(*header_of(h, block));
	}
	heap_store(h, header_of(h, block), HEADER(size, before));
	heap_store(h, links_of(h, block), link_block(h, block, size));
	set_before(h, block + size, size);
}

void heap_blocks_make(const struct heap *h)
{
	uint64_t first = (sizeof(struct heap_head) + HEAP_GRAIN - 1) / HEAP_GRAIN;
	uint64_t last = h->bytes / HEAP_GRAIN - 1;
	uint32_t size = (uint32_t)(last - first);

	*header_of(h, first) = HEADER(size, 0);
	*header_of(h, last) = HEADER(1 | USED, size);
	h->head->shown.bytes = (uint64_t)size * HEAP_GRAIN;
	heap_begin(h);
	*links_of(h, first) = link_block(h, first, size);
	heap_commit(h);
}
