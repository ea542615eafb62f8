/* SPDX-License-Identifier: BSD-2-Clause */
/* manager_check.c - see manager_check.h. */
#include "tests/api/manager_check.h"

#include "libtrace/item.h"
#include "libtrace/table.h"

#define GIVEN 0x80000000u /* in a block's header: it is not free */

struct check {
	struct heap_head *head;
	uint8_t *base;
	uint64_t first, last; /* blocks, in grains */
	uint8_t *owners;      /* by grain */
	uint64_t items, containers;
	bool between; /* changes: the collector may be half through, references lead nowhere */
	const char *wrong;
};

static struct check check_of(struct heap_head *head, uint64_t bytes)
{
	struct check c = { .head = head, .base = (uint8_t *)head };

	c.first = (sizeof(*head) + HEAP_GRAIN - 1) / HEAP_GRAIN;
	c.last = bytes / HEAP_GRAIN - 1;
	return c;
}

static const struct mpt_wire_object *object_of(const char *manager)
{
	const struct mpt_wire_object *o = segment_object(manager);

	if (!o || !o->extent)
		fail_msg("no manager %s", manager);
	return o;
}

struct heap_head *heap_of(const char *manager)
{
	const struct mpt_wire_section *arena = &segment()->section[MPT_SEC_ARENA];
	uint64_t at = arena->offset + (uint32_t)object_of(manager)->extent * (uint64_t)MPT_BLOCK;

	return (struct heap_head *)(uintptr_t)((const uint8_t *)segment() + at);
}

/* Claims, and remembers the first that is not true. */
static bool is(struct check *c, bool truth, const char *otherwise)
{
	if (!truth && !c->wrong)
		c->wrong = otherwise;
	return truth;
}

static uint64_t *header(const struct check *c, uint64_t block)
{
	return (uint64_t *)(void *)(c->base + block * HEAP_GRAIN);
}

static uint32_t size_of(const struct check *c, uint64_t block)
{
	return (uint32_t)*header(c, block) & ~GIVEN;
}

static bool is_given(const struct check *c, uint64_t block)
{
	return (uint32_t)*header(c, block) & GIVEN;
}

/* ---- blocks ------------------------------------------------------------- */

static void walk(struct check *c)
{
	uint64_t used = 0, before = 0, at = c->first;
	bool was_free = false;

	for (; at < c->last && !c->wrong; at += size_of(c, at)) {
		uint32_t size = size_of(c, at);

		is(c, size > 0 && size <= c->last - at, "a block of no size");
		is(c, *header(c, at) >> 32 == before, "a block does not know the one before");
		is(c, is_given(c, at) || !was_free, "two free blocks side by side");
		was_free = !is_given(c, at);
		used += is_given(c, at) ? size * (uint64_t)HEAP_GRAIN : 0;
		before = size;
	}
	is(c, at == c->last && *header(c, at) >> 32 == before, "blocks do not end at the end");
	is(c, used == c->head->shown.used, "bytes used are miscounted");
}

/* Of every block that is free, or of none. */
static void walk_class(struct check *c, uint32_t class)
{
	uint64_t at = c->head->class_first[class], previous = 0;
	bool marked = c->head->class_bits[class / 64] >> class % 64 & 1;

	is(c, marked == (at != 0), "a class is marked wrongly");
	while (at && !c->wrong) {
		uint64_t links = *(header(c, at) + 1);

		if (!is(c, at >= c->first && at < c->last && !is_given(c, at),
			"a free list leads to what is not free"))
			return;
		is(c, links >> 32 == previous, "a free list does not lead back");
		is(c, c->owners[at]++ == 0, "a free block is in two lists");
		previous = at;
		at = (uint32_t)links;
	}
}

static void every_block_has_one_owner(struct check *c)
{
	for (uint64_t at = c->first; at < c->last && !c->wrong; at += size_of(c, at)) {
		is(c, c->owners[at] < 2, "a block has two owners");
		is(c, c->owners[at] != 0 || !is_given(c, at), "a block has no owner");
		is(c, c->owners[at] != 0, "a free block is in no list");
	}
}

static void *own(struct check *c, uint64_t ref, uint64_t bytes)
{
	uint64_t block = (uint32_t)ref;

	if (!is(c, block >= c->first && block < c->last, "a reference leads outside") ||
	    !is(c, is_given(c, block), "a reference leads to a free block") ||
	    !is(c, size_of(c, block) * (uint64_t)HEAP_GRAIN >= bytes + 8, "a block is too small"))
		return NULL;
	c->owners[block]++;
	return header(c, block) + 1;
}

/* ---- what is in containers ---------------------------------------------- */

static struct heap_box *box(const struct check *c, uint64_t slot)
{
	uint64_t size = HEAP_CHUNK, first = 0;

	for (uint32_t n = 0; n < HEAP_CHUNKS; n++, first += size, size *= 2)
		if (slot < first + size)
			return (struct heap_box *)(void *)(header(c, c->head->chunk[n]) + 1) +
			       (slot - first);
	return NULL;
}

static void value_is_good(struct check *c, uint64_t head, uint64_t word)
{
	const struct heap_box *to;

	if (ITEM_TYPE(head) != MPT_ITEM_CONTAINER || c->between)
		return;
	to = (uint32_t)word < c->head->slots_used ? box(c, (uint32_t)word) : NULL;
	is(c, to && to->name >> 32 == word >> 32 && (uint32_t)to->name,
	   "a reference leads to no container");
}

static void check_row(struct check *c, const uint64_t *row)
{
	if (ITEM_TYPE(row[0]) == MPT_ITEM_BYTES && ITEM_SIZE(row[0]) > 8)
		own(c, row[1], ITEM_SIZE(row[0]));
	else
		value_is_good(c, row[0], row[1]);
}

static void check_rows(struct check *c, struct heap_store *s, const struct heap_box *at)
{
	uint64_t *rows = (uint64_t *)(void *)(s + 1);

	is(c, HEAP_END(at->span) - HEAP_FIRST(at->span) == at->len, "a list miscounts its rows");
	for (uint64_t n = HEAP_FIRST(at->span); n < HEAP_END(at->span) && !c->wrong; n++)
		check_row(c, rows + 2 * n);
}

static uint64_t words(uint64_t head)
{
	return ITEM_WORDS(ITEM_SIZE(head));
}

static void check_entry(struct check *c, uint64_t word)
{
	struct entry *e = own(c, word, sizeof(*e));
	uint64_t rooms, key;

	if (!e)
		return;
	key = words(e->shape);
	rooms = e->shape & ENTRY_TWICE ? 2 : 1;
	is(c, size_of(c, (uint32_t)word) * 16ull >= 24 + 8 * (key + rooms * ENTRY_ROOM(e->shape)),
	   "an entry does not fit into its block");
	is(c, words(e->head) <= ENTRY_ROOM(e->shape), "a value does not fit into its room");
	is(c, rooms == 2 || !(e->head & ITEM_SECOND), "a value is in a room that is not there");
	value_is_good(c, e->head,
		      e->words[key + (e->head & ITEM_SECOND ? ENTRY_ROOM(e->shape) : 0)]);
}

/* Does looking for its hash come by the position? */
static bool is_found(const struct heap_store *s, const uint32_t *index, uint64_t position)
{
	const uint64_t *entries = (const uint64_t *)(const void *)(s + 1);
	uint64_t mask = HEAP_INDEX(s->shape) - 1;

	for (uint64_t i = entries[position] >> 32, n = 0; n <= mask && index[i & mask]; i++, n++)
		if (index[i & mask] == position + 1)
			return true;
	return false;
}

static bool same_key(const struct check *c, uint64_t a, uint64_t b)
{
	const struct entry *x = (const void *)(header(c, (uint32_t)a) + 1);
	const struct entry *y = (const void *)(header(c, (uint32_t)b) + 1);

	return a >> 32 == b >> 32 && ENTRY_KEY(x->shape) == ENTRY_KEY(y->shape) &&
	       memcmp(x->words, y->words, ITEM_SIZE(x->shape)) == 0;
}

static void check_table(struct check *c, struct heap_store *s, const struct heap_box *at)
{
	const uint64_t *entries = (const uint64_t *)(const void *)(s + 1);
	const uint32_t *index =
		(const uint32_t *)(const void *)(entries + HEAP_POSITIONS(s->shape));
	uint64_t live = 0, end = HEAP_END(at->span);

	is(c, HEAP_FIRST(at->span) == 0, "a table does not begin at its beginning");
	for (uint64_t n = 0; n < end && !c->wrong; n++) {
		if (!entries[n])
			continue;
		live++;
		check_entry(c, entries[n]);
		is(c, is_found(s, index, n), "a key is not found");
		for (uint64_t m = 0; m < n && end < 64; m++)
			is(c, !entries[m] || !same_key(c, entries[m], entries[n]),
			   "a key is there twice");
	}
	is(c, live == at->len, "a dict miscounts its keys");
}

/* What is left of it. */
static void check_doomed(struct check *c)
{
	struct heap_store *s;

	for (uint64_t ref = c->head->doomed; ref && !c->wrong; ref = s->next) {
		uint32_t first, end;

		s = own(c, ref, sizeof(*s));
		if (!s)
			return;
		first = HEAP_FIRST(s->span);
		end = HEAP_END(s->span);
		for (uint32_t n = first; n < end && !c->wrong; n++) {
			uint64_t *words = (uint64_t *)(void *)(s + 1);

			if (HEAP_SHAPE(s->shape) == HEAP_TABLE && words[n])
				check_entry(c, words[n]);
			else if (HEAP_SHAPE(s->shape) == HEAP_ROW)
				check_row(c, words + 2ull * n);
		}
	}
}

static void check_store(struct check *c, const struct heap_box *at)
{
	struct heap_store *s = own(c, at->store, sizeof(*s));

	if (!s)
		return;
	if (!is(c,
		HEAP_FIRST(at->span) <= HEAP_END(at->span) &&
			HEAP_END(at->span) <= HEAP_POSITIONS(s->shape),
		"a span is longer than its store"))
		return;
	if (HEAP_SHAPE(s->shape) == HEAP_ROW)
		check_rows(c, s, at);
	else
		check_table(c, s, at);
}

static void check_box(struct check *c, const struct heap_box *at)
{
	const uint64_t *pin;

	is(c, at->store != 0 || (at->len == 0 && at->span == 0), "items without a store");
	if (at->store)
		check_store(c, at);
	for (uint64_t ref = at->pins; ref && !c->wrong; ref = pin[0]) {
		pin = own(c, ref, 24);
		if (!pin || !is(c, pin[2] != 0, "a pin that counts nothing"))
			return;
	}
	c->items += at->len;
	c->containers++;
}

static void check_slots(struct check *c)
{
	uint64_t used = c->head->slots_used, free_ones = 0;

	for (uint64_t n = 0, size = HEAP_CHUNK; n < HEAP_CHUNKS; n++, size *= 2)
		if (c->head->chunk[n])
			own(c, c->head->chunk[n], size * sizeof(struct heap_box));
	for (uint64_t n = 0; n < used && !c->wrong; n++) {
		if ((uint32_t)box(c, n)->name)
			check_box(c, box(c, n));
		else
			free_ones++;
	}
	for (uint64_t n = c->head->slots_free; n && !c->wrong; n = box(c, n - 1)->next)
		is(c, n <= used && !(uint32_t)box(c, n - 1)->name && free_ones-- > 0,
		   "the list of free slots is wrong");
	is(c, free_ones == 0, "a free slot is in no list");
	is(c, c->items == c->head->shown.items, "items are miscounted");
	is(c, c->containers == c->head->shown.containers + 1, "containers are miscounted");
}

static const char *check_all(struct check *c)
{
	c->owners = calloc(c->last + 1, 1);
	is(c, c->head->undo_count == 0, "a change is half done");
	is(c, c->head->undo_most <= HEAP_UNDO_MOST / 3, "a change is larger than it may be");
	walk(c);
	for (uint32_t n = 0; n < HEAP_CLASSES && !c->wrong; n++)
		walk_class(c, n);
	if (!c->wrong)
		check_slots(c);
	if (!c->wrong)
		check_doomed(c);
	every_block_has_one_owner(c);
	free(c->owners);
	return c->wrong;
}

static uint64_t bytes_of(const char *manager)
{
	return (object_of(manager)->extent >> 32) * MPT_BLOCK;
}

const char *heap_wrong(const char *manager)
{
	struct check c = check_of(heap_of(manager), bytes_of(manager));

	is(&c, !(c.head->shown.seq & 1), "a change has no end");
	is(&c, c.head->doomed == 0, "what is doomed is still there");
	return check_all(&c);
}

/* ---- copies ---------------------------------------------------------------- */

uint64_t heap_image_bytes(const char *manager)
{
	return bytes_of(manager);
}

struct heap_head *heap_image(const char *manager, uint64_t *bytes)
{
	struct heap_head *image;

	*bytes = bytes_of(manager);
	image = malloc(*bytes);
	memcpy(image, heap_of(manager), *bytes);
	return image;
}

void heap_image_undo(struct heap_head *image)
{
	for (; image->undo_count > 0; image->undo_count--) {
		const struct heap_undo *u = &image->undo[image->undo_count - 1];

		*(uint64_t *)(void *)((uint8_t *)image + u->at) = u->old;
	}
}

const char *heap_image_wrong(struct heap_head *image, uint64_t bytes)
{
	struct check c = check_of(image, bytes);

	c.between = true;
	return check_all(&c);
}

static void write_value(uint64_t head, const uint64_t *at, char *text, size_t size)
{
	size_t used = strlen(text);

	if (ITEM_TYPE(head) == MPT_ITEM_BYTES)
		snprintf(text + used, size - used, "%u:%.*s ", ITEM_SIZE(head),
			 (int)ITEM_SIZE(head), (const char *)at);
	else
		snprintf(text + used, size - used, "%u.%llx ", ITEM_TYPE(head),
			 (unsigned long long)*at);
}

static void write_entry(const struct check *c, uint64_t word, char *text, size_t size)
{
	const struct entry *e = (const void *)(header(c, (uint32_t)word) + 1);
	uint64_t key = words(e->shape);

	write_value(ENTRY_KEY(e->shape), e->words, text, size);
	write_value(e->head, e->words + key + (e->head & ITEM_SECOND ? ENTRY_ROOM(e->shape) : 0),
		    text, size);
}

void heap_image_write(struct heap_head *image, uint32_t slot, char *text, size_t size)
{
	struct check c = check_of(image, 0);
	const struct heap_box *at = box(&c, slot);
	const struct heap_store *s = (const void *)(header(&c, at->store) + 1);
	const uint64_t *word = (const uint64_t *)(const void *)(s + 1);

	strncat(text, "{ ", size - strlen(text) - 1);
	for (uint64_t n = HEAP_FIRST(at->span); at->store && n < HEAP_END(at->span); n++) {
		const uint64_t *row = word + 2 * n;

		if (HEAP_SHAPE(s->shape) == HEAP_TABLE && word[n])
			write_entry(&c, word[n], text, size);
		else if (HEAP_SHAPE(s->shape) == HEAP_ROW)
			write_value(row[0],
				    ITEM_TYPE(row[0]) == MPT_ITEM_BYTES && ITEM_SIZE(row[0]) > 8
					    ? header(&c, (uint32_t)row[1]) + 1
					    : &row[1],
				    text, size);
	}
	strncat(text, "} ", size - strlen(text) - 1);
}
