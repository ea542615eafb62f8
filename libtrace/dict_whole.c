/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dict_whole.c - Dict: what concerns all of its keys; see mptrace/dict.h.
 *
 * What takes many blocks is first put into a stage, a store that is doomed unless it is
 * adopted; then one change makes it real.  Killed before that, the stage goes; after it,
 * all of it is there.
 */
#include "libtrace/dict.h"

#include "libtrace/table.h"

#include <stdlib.h>

/* ---- len, clear --------------------------------------------------------- */

static int act_len(struct turn *t, void *arg)
{
	*(uint64_t *)arg = load64(&t->at->len);
	return 0;
}

ssize_t mpt_dict_len(struct mpt_dict *d)
{
	uint64_t len;
	int rc = turn_read(&d->box.manager, &d->box, MPT_OP_MANAGER_GET, act_len, &len);

	return rc < 0 ? rc : (ssize_t)len;
}

static int act_clear(struct turn *t, void *arg)
{
	const struct heap *h = t->heap;
	struct heap_box *at = t->at;

	(void)arg;
	if (!at->store)
		return 0;
	heap_begin(h);
	heap_doom(h, at->store, at->span);
	heap_store(h, &at->store, 0);
	heap_store(h, &at->span, 0);
	heap_add(h, &h->head->shown.items, -at->len);
	heap_store(h, &at->len, 0);
	heap_add(h, &at->changes, 1);
	heap_commit(h);
	return 0;
}

int mpt_dict_clear(struct mpt_dict *d)
{
	return turn_change(&d->box.manager, &d->box, MPT_OP_MANAGER_CLEAR, act_clear, NULL);
}

/* ---- going through ------------------------------------------------------ */

struct going {
	struct mpt_dict_iter iter; /* as it will be */
	struct mpt_item *key, *value;
	struct room *room;
};

static int worse(int a, int b)
{
	return a < 0 ? a : b;
}

static int tell(struct turn *t, struct going *g, const struct entry_at *e)
{
	struct stored key;
	int rc = 0;

	g->room->used = 0;
	if (g->key) {
		entry_key(e, &key);
		rc = item_out(&key, g->key, g->room);
	}
	if (!g->value)
		return rc;
	rc = worse(rc, entry_out(e, g->value, g->room));
	box_tell(t, g->value);
	return rc;
}

static int act_next(struct turn *t, void *arg)
{
	struct going *g = arg;
	uint64_t shape = 0;
	struct heap_store *s = heap_store_at(t->heap, load64(&t->at->store), &shape);
	uint32_t end = s ? HEAP_END(load64(&t->at->span)) : 0, n = g->iter.position;
	uint64_t changes = load64(&t->at->changes), word = 0;
	struct entry_at entry;

	if (g->iter.begun && g->iter.changes != changes)
		return -ESTALE;
	if (end > HEAP_POSITIONS(shape))
		return -EBUSY;
	while (n < end && !(word = load64(&heap_words(s)[n])))
		n++;
	if (n >= end)
		return -ENODATA;
	if (!table_entry(t->heap, word, &entry))
		return -EBUSY;
	g->iter.begun = true;
	g->iter.changes = changes;
	g->iter.position = n + 1;
	return tell(t, g, &entry);
}

int dict_next(struct box *box, struct mpt_dict_iter *iter, struct mpt_item *key,
	      struct mpt_item *value, struct room *room)
{
	struct going g = { .key = key, .value = value, .room = room };
	int rc;

	if (iter->ended)
		return -ENODATA;
	g.iter = *iter;
	rc = turn_read(&box->manager, box, MPT_OP_MANAGER_NEXT, act_next, &g);
	if (rc == 0)
		*iter = g.iter;
	iter->ended = rc == -ENODATA;
	return rc;
}

int mpt_dict_next(struct mpt_dict_iter *iter, struct mpt_item *key, struct mpt_item *value,
		  void *buffer, size_t size)
{
	struct room room = { .buffer = buffer, .size = size };

	if (!iter || !iter->dict || (!buffer && size))
		return -EINVAL;
	return dict_next(&iter->dict->box, iter, key, value, &room);
}

/* ---- update, merge ------------------------------------------------------ */

struct update {
	const struct mpt_pair *pairs;
	size_t count;
	const struct box *other;
};

static int stage_pair(struct turn *t, struct heap_store *stage, const struct mpt_pair *p)
{
	const struct handle *h = &t->manager->handle;
	struct item value;
	struct key key;
	uint64_t ref;
	int rc = key_make(&p->key, t->heap->head->seed, &key);

	if (rc == 0)
		rc = item_check(&p->value, h->slot, h->generation, &value);
	if (rc == 0)
		rc = box_check(t, &value);
	if (rc < 0)
		return rc;
	heap_begin(t->heap);
	ref = entry_new(t->heap, &key, &value);
	if (!ref)
		return -ENOSPC;
	table_stage_add(t->heap, stage, table_word(key.hash, ref));
	heap_commit(t->heap);
	return 0;
}

static int merge(struct turn *t, struct heap_store *stage)
{
	int rc;

	heap_begin(t->heap);
	rc = table_merge(t->heap, t->at, stage);
	if (rc == 0)
		heap_commit(t->heap);
	return rc;
}

static int act_update(struct turn *t, void *arg)
{
	const struct update *u = arg;
	struct heap_store *stage = table_stage(t->heap, u->count);
	int rc = stage ? 0 : -ENOSPC;

	for (size_t n = 0; rc == 0 && n < u->count; n++)
		rc = stage_pair(t, stage, &u->pairs[n]);
	return rc < 0 ? rc : merge(t, stage);
}

int mpt_dict_update(struct mpt_dict *d, const struct mpt_pair *pairs, size_t count)
{
	struct update u = { .pairs = pairs, .count = count };

	if (!count)
		return 0;
	if (!pairs || count > UINT32_MAX / 8)
		return pairs ? -ENOSPC : -EINVAL;
	return turn_change(&d->box.manager, &d->box, MPT_OP_MANAGER_UPDATE, act_update, &u);
}

/* All entries of a dict into a new stage. */
static int stage_all(struct turn *t, const struct heap_box *from, struct heap_store **stage)
{
	struct heap_store *s = heap_at(t->heap, from->store, sizeof(*s));
	struct entry_at entry;
	uint64_t ref;
	int rc = 0;

	*stage = table_stage(t->heap, from->len);
	if (!*stage)
		return -ENOSPC;
	for (uint32_t n = 0; rc == 0 && s && n < HEAP_END(from->span); n++) {
		uint64_t word = heap_words(s)[n];

		if (!word || !table_entry(t->heap, word, &entry))
			continue;
		heap_begin(t->heap);
		rc = entry_copy(t->heap, &entry, &ref);
		if (rc < 0)
			break;
		table_stage_add(t->heap, *stage, table_word((uint32_t)(word >> 32), ref));
		heap_commit(t->heap);
	}
	return rc;
}

static int act_merge(struct turn *t, void *arg)
{
	const struct update *u = arg;
	const struct heap_box *other = turn_find(t, u->other);
	struct heap_store *stage;
	int rc = other ? stage_all(t, other, &stage) : -ESTALE;

	return rc < 0 ? rc : merge(t, stage);
}

int mpt_dict_merge(struct mpt_dict *d, struct mpt_dict *other)
{
	struct update u = { .other = other ? &other->box : NULL };
	const struct handle *h = &d->box.manager.handle;

	if (!other || other->box.manager.handle.slot != h->slot ||
	    other->box.manager.handle.generation != h->generation)
		return -EINVAL;
	return turn_change(&d->box.manager, &d->box, MPT_OP_MANAGER_UPDATE, act_merge, &u);
}

/* ---- copy --------------------------------------------------------------- */

static int act_copy(struct turn *t, void *arg)
{
	struct box *copy = arg;
	struct heap_store *stage;
	int rc = box_prepare(t);

	if (rc == 0)
		rc = stage_all(t, t->at, &stage);
	if (rc < 0)
		return rc;
	heap_begin(t->heap);
	rc = box_take(t, copy);
	if (rc < 0)
		return rc;
	heap_adopt(t->heap, heap_box(t->heap, copy->slot), stage);
	heap_commit(t->heap);
	return 0;
}

int mpt_dict_copy(struct mpt_dict **out, struct mpt_dict *d)
{
	struct box *copy;
	void *made = NULL;
	int rc = -EINVAL;

	if (!out)
		return rc;
	copy = box_handle(sizeof(**out), &d->box.manager, MPT_DICT, &rc);
	if (copy)
		rc = turn_change(&d->box.manager, &d->box, MPT_OP_MANAGER_MAKE, act_copy, copy);
	rc = box_finish(copy, rc, &made);
	*out = made;
	return rc;
}
