/* SPDX-License-Identifier: BSD-2-Clause */
/* table.c - see table.h. */
#include "libtrace/table.h"

#include <errno.h>
#include <string.h>

#define LOOKS 1000u

static uint32_t *index_of(struct heap_store *s, uint64_t shape)
{
	return (uint32_t *)(void *)(heap_words(s) + HEAP_POSITIONS(shape));
}

/* ---- entries ------------------------------------------------------------ */

static uint64_t key_words(uint64_t shape)
{
	return ITEM_WORDS(ITEM_SIZE(shape));
}

static uint64_t entry_bytes(uint64_t shape)
{
	uint64_t rooms = shape & ENTRY_TWICE ? 2 : 1;

	return sizeof(struct entry) + (key_words(shape) + rooms * ENTRY_ROOM(shape)) * 8;
}

bool table_entry(const struct heap *h, uint64_t word, struct entry_at *at)
{
	struct entry *e = heap_at(h, word, sizeof(*e));

	if (unlikely(!e))
		return false;
	at->shape = load64(&e->shape);
	at->entry = heap_at(h, word, entry_bytes(at->shape));
	return at->entry != NULL;
}

static uint64_t *room_of(const struct entry_at *at, uint64_t head)
{
	return at->entry->words + key_words(at->shape) +
	       (head & ITEM_SECOND ? ENTRY_ROOM(at->shape) : 0);
}

/* A torn size must not lead outside. */
static bool value_of(const struct entry_at *at, struct stored *out)
{
	uint64_t head = load64_acquire(&at->entry->head);

	out->head = head;
	out->words = room_of(at, head);
	return ENTRY_ROOM(at->shape) && ITEM_WORDS(ITEM_SIZE(head)) <= ENTRY_ROOM(at->shape) &&
	       !(head & ITEM_SECOND && !(at->shape & ENTRY_TWICE));
}

void entry_value(const struct entry_at *at, struct stored *out)
{
	while (!value_of(at, out))
		;
}

/* Who sets it meanwhile changes the head. */
static bool unchanged(const struct entry_at *at, const struct stored *value)
{
	atomic_thread_fence(memory_order_acquire);
	return load64(&at->entry->head) == value->head;
}

int entry_out(const struct entry_at *at, struct mpt_item *to, struct room *room)
{
	size_t used = room->used;
	struct stored value;
	int rc;

	for (uint32_t n = 0; n < LOOKS; n++) {
		if (!value_of(at, &value))
			continue;
		room->used = used;
		rc = item_out(&value, to, room);
		if (likely(unchanged(at, &value)))
			return rc;
	}
	return -EBUSY;
}

bool entry_takes(const struct entry_at *at, const struct item *value)
{
	return (at->shape & ENTRY_TWICE) &&
	       ITEM_WORDS(ITEM_SIZE(value->head)) <= ENTRY_ROOM(at->shape);
}

void entry_set(const struct entry_at *at, const struct item *value)
{
	uint64_t old = load64(&at->entry->head);
	uint64_t head = value->head | (~old & ITEM_SECOND) | ITEM_CHANGES(old + ITEM_CHANGE);

	item_write(value, room_of(at, head));
	store64_release(&at->entry->head, head); /* COMMIT */
}

static uint64_t room_for(uint32_t size)
{
	uint64_t words = ITEM_WORDS(size);

	if (size > ENTRY_SMALL)
		return words << 35;
	return (words < 2 ? 1 : (words + 1) / 2 * 2) << 35 | ENTRY_TWICE;
}

uint64_t entry_new(const struct heap *h, const struct key *key, const struct item *value)
{
	uint64_t shape = key->item.head | room_for(ITEM_SIZE(value->head));
	uint64_t ref = heap_alloc(h, entry_bytes(shape));
	struct entry *e = heap_at(h, ref, sizeof(*e));

	if (!e)
		return 0;
	e->head = value->head;
	e->shape = shape;
	item_fill(&key->item, e->words);
	item_fill(value, e->words + key_words(shape));
	return ref;
}

int entry_copy(const struct heap *h, const struct entry_at *from, uint64_t *ref)
{
	uint64_t bytes = entry_bytes(from->shape);
	struct entry *e;
	struct stored value;

	*ref = heap_alloc(h, bytes);
	e = heap_at(h, *ref, bytes);
	if (!e)
		return -ENOSPC;
	e->shape = from->shape;
	for (uint64_t n = 0; n < key_words(from->shape); n++)
		e->words[n] = from->entry->words[n];
	for (uint32_t looks = 0; looks < LOOKS; looks++) {
		entry_value(from, &value);
		e->head = value.head & ~ITEM_SECOND;
		for (uint64_t n = 0; n < ITEM_WORDS(ITEM_SIZE(value.head)); n++)
			e->words[key_words(e->shape) + n] = load64(&value.words[n]);
		if (unchanged(from, &value))
			return 0;
	}
	return -EBUSY;
}

/* ---- finding ------------------------------------------------------------ */

static bool is_it(const struct heap *h, uint64_t word, const struct key *key, struct place *place)
{
	struct stored k;

	if (word >> 32 != key->hash)
		return false;
	if (!table_entry(h, word, &place->entry))
		return false;
	entry_key(&place->entry, &k);
	return key_equal(key, k.head, k.words);
}

bool table_find_in(const struct heap *h, struct heap_store *s, uint64_t shape,
		   const struct key *key, struct place *place)
{
	uint64_t mask = HEAP_INDEX(shape) - 1, positions = HEAP_POSITIONS(shape);
	uint32_t *index;

	place->store = s;
	place->word = NULL;
	place->index = NULL;
	if (!s)
		return false;
	index = index_of(s, shape);
	for (uint64_t i = 0; i <= mask; i++) {
		uint32_t *at = &index[(key->hash + i) & mask], position = load32(at);

		place->index = at;
		if (!position || position > positions)
			return false;
		place->word = heap_words(s) + position - 1;
		if (is_it(h, load64(place->word), key, place))
			return true;
		place->word = NULL;
	}
	return false;
}

bool table_find(const struct heap *h, const struct heap_box *box, const struct key *key,
		struct place *place)
{
	uint64_t shape = 0;
	struct heap_store *s = heap_store_at(h, load64(&box->store), &shape);

	if (unlikely(HEAP_SHAPE(shape) != HEAP_TABLE))
		s = NULL; /* none yet, or torn */
	return table_find_in(h, s, shape, key, place);
}

/* ---- changing ----------------------------------------------------------- */

bool table_has_room(const struct heap *h, const struct heap_box *box)
{
	const struct heap_store *s = heap_at(h, box->store, sizeof(*s));

	return s && HEAP_END(box->span) < HEAP_POSITIONS(s->shape);
}

static void count(const struct heap *h, struct heap_box *box, uint64_t n)
{
	heap_add(h, &box->len, n);
	heap_add(h, &box->changes, 1);
	heap_add(h, &h->head->shown.items, n);
}

/* Two of the index are one word of the undo list. */
static void log_index(const struct heap *h, uint32_t *at)
{
	heap_log(h, (uint64_t *)((uintptr_t)at & ~(uintptr_t)7));
}

void table_insert(const struct heap *h, struct heap_box *box, const struct place *place,
		  uint64_t word)
{
	uint32_t end = HEAP_END(box->span);

	store64(heap_words(place->store) + end, word); /* beyond the end: nobody looks */
	log_index(h, place->index);
	store32(place->index, end + 1);
	heap_store(h, &box->span, HEAP_SPAN(0, end + 1));
	count(h, box, 1);
}

void table_delete(const struct heap *h, struct heap_box *box, const struct place *place)
{
	uint64_t ref = *place->word, store = box->store;

	heap_store(h, place->word, 0);
	count(h, box, -1ull);
	heap_free(h, ref);
	if (box->len)
		return;
	heap_store(h, &box->store, 0);
	heap_store(h, &box->span, 0);
	heap_free(h, store);
}

void table_replace(const struct heap *h, const struct place *place, uint64_t ref)
{
	uint64_t old = *place->word;

	heap_store(h, place->word, table_word((uint32_t)(old >> 32), ref));
	heap_free(h, old);
}

/* ---- growing ------------------------------------------------------------ */

/* One at the end of a store that nobody sees yet. */
static void append(struct heap_store *s, uint32_t *end, uint64_t word)
{
	uint64_t mask = HEAP_INDEX(s->shape) - 1, i = word >> 32;
	uint32_t *index = index_of(s, s->shape);

	while (index[i & mask])
		i++;
	index[i & mask] = *end + 1;
	heap_words(s)[(*end)++] = word;
}

/* Half of the index is used then, so that as much comes for free as was copied. */
static uint64_t positions_for(uint64_t len)
{
	uint64_t index = 16;

	while (index < len * 2)
		index *= 2;
	return index * 2 / 3;
}

/* A store with what the box has, without holes, and room for `more`; *end is how much
 * that is.  0: no room. */
static uint64_t rebuild(const struct heap *h, const struct heap_box *box, uint64_t more,
			uint32_t *end)
{
	struct heap_store *old = heap_at(h, box->store, sizeof(*old)), *s;
	uint64_t ref = heap_store_new(h, HEAP_TABLE, positions_for(box->len + more));

	*end = 0;
	s = heap_at(h, ref, sizeof(*s));
	for (uint32_t n = 0; s && old && n < HEAP_END(box->span); n++)
		if (heap_words(old)[n])
			append(s, end, heap_words(old)[n]);
	return ref;
}

int table_grow(const struct heap *h, struct heap_box *box, uint64_t more)
{
	uint64_t old = box->store, ref;
	uint32_t end;

	heap_begin(h);
	ref = rebuild(h, box, more, &end);
	if (!ref)
		return -ENOSPC;
	heap_store(h, &box->store, ref);
	heap_store(h, &box->span, HEAP_SPAN(0, end));
	heap_add(h, &box->changes, 1); /* positions have moved */
	heap_free(h, old);
	heap_commit(h);
	return 0;
}

void table_shrink(const struct heap *h, struct heap_box *box)
{
	const struct heap_store *s = heap_at(h, box->store, sizeof(*s));

	if (s && HEAP_POSITIONS(s->shape) > 64 && HEAP_POSITIONS(s->shape) / 8 > box->len &&
	    table_grow(h, box, 0) < 0)
		heap_undo(h); /* no room for both: another time */
}

/* ---- building ----------------------------------------------------------- */

struct heap_store *table_stage(const struct heap *h, uint64_t len)
{
	return heap_stage(h, HEAP_TABLE, positions_for(len));
}

void table_stage_add(const struct heap *h, struct heap_store *stage, uint64_t word)
{
	uint32_t end = HEAP_END(stage->span);

	append(stage, &end, word);
	heap_store(h, &stage->span, HEAP_SPAN(0, end));
}

/* The key of an entry in the heap, to look for it elsewhere. */
static struct key key_of(const struct heap *h, uint64_t word)
{
	const struct entry *e = heap_at(h, word, sizeof(*e));

	return (struct key){ .item = { .head = ENTRY_KEY(e->shape), .data = e->words },
			     .hash = (uint32_t)(word >> 32) };
}

/* Puts the stage's entries into a store that nobody sees yet; what they replace goes
 * into `out`, whose end is returned. */
static uint32_t put_in(const struct heap *h, struct heap_store *into, uint32_t *end,
		       const struct heap_store *stage, struct heap_store *out)
{
	const uint64_t *words = (const uint64_t *)(const void *)(stage + 1);
	uint32_t replaced = 0;

	for (uint32_t n = 0; n < HEAP_END(stage->span); n++) {
		struct key key = key_of(h, words[n]);
		struct place place;

		if (!table_find_in(h, into, into->shape, &key, &place)) {
			append(into, end, words[n]);
			continue;
		}
		heap_words(out)[replaced++] = *place.word;
		*place.word = words[n];
	}
	return replaced;
}

int table_merge(const struct heap *h, struct heap_box *box, struct heap_store *stage)
{
	uint64_t old = box->store, more = HEAP_END(stage->span), ref, out;
	uint32_t end, replaced;

	ref = rebuild(h, box, more, &end);
	out = heap_store_new(h, HEAP_TABLE, more);
	if (!ref || !out)
		return -ENOSPC;
	replaced = put_in(h, heap_at(h, ref, 0), &end, stage, heap_at(h, out, 0));
	heap_doom(h, out, HEAP_SPAN(0, replaced));
	heap_store(h, &stage->span, 0);
	heap_store(h, &box->store, ref);
	heap_store(h, &box->span, HEAP_SPAN(0, end));
	heap_add(h, &h->head->shown.items, end - box->len);
	heap_store(h, &box->len, end);
	heap_add(h, &box->changes, 1);
	heap_free(h, old);
	return 0;
}
