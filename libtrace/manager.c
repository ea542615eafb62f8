/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager.c - Manager: handles, size, references to objects; see mptrace/manager.h.
 *
 * Does not own: the memory (heap.h), calls on it (turn.h), containers (box.h).
 */
#include "libtrace/arena.h"
#include "libtrace/box.h"
#include "libtrace/collect.h"

#include <mptrace/dict.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#define BYTES_DEFAULT (4ull << 20)
#define BYTES_MOST (1ull << 30)

static void find_heap(struct mpt_manager *m)
{
	uint64_t extent = load64(&m->handle.object->extent);

	m->heap.base = arena_at(extent);
	m->heap.head = (struct heap_head *)(void *)m->heap.base;
	m->heap.bytes = arena_bytes(extent);
}

/* By the first who comes with the lock: its creator, or who finds that one dead. */
static int make(struct mpt_manager *m)
{
	uint64_t seed;
	struct turn t;
	int rc = turn_begin(&t, m, NULL, MPT_OP_MANAGER_MAKE);

	if (rc == 0)
		rc = turn_lock(&t);
	if (rc < 0)
		return rc;
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = t.me->process->nonce;
	if (load32(&m->heap.head->shown.layout) == 0)
		heap_make(&m->heap, seed);
	turn_unlock(&t);
	return 0;
}

/* Its heap is there, and of our layout.  Else the handle is given back. */
static int finish(struct mpt_manager **out, struct mpt_manager *m)
{
	int saved = errno, rc = 0;

	find_heap(m);
	m->timeout_ns = MPT_FOREVER;
	if (!heap_is_made(&m->heap))
		rc = make(m);
	if (rc == 0 && !heap_is_made(&m->heap))
		rc = -EPROTO;
	if (rc == 0)
		*out = m;
	else
		handle_destroy(&m->handle);
	errno = saved;
	return rc;
}

int mpt_manager_create(struct mpt_manager **out, const struct mpt_manager_options *o)
{
	struct object_wish wish = { .kind = MPT_KIND_MANAGER, .site = __builtin_return_address(0) };
	static const struct mpt_manager_options defaults;
	struct mpt_manager *m;
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	o = o ? o : &defaults;
	wish.name = o->name;
	wish.flags = o->flags;
	wish.storage = o->bytes ? o->bytes : BYTES_DEFAULT;
	if (wish.storage < heap_least() || wish.storage > BYTES_MOST)
		return rc;
	wish.capacity_bytes = wish.storage;
	m = handle_create(sizeof(*m), &wish, &rc);
	if (m)
		rc = finish(out, m);
	if (*out && o->timeout_ns)
		(*out)->timeout_ns = o->timeout_ns;
	return rc;
}

int mpt_manager_open(struct mpt_manager **out, const char *name, unsigned int flags)
{
	struct mpt_manager *m;
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	m = handle_open(sizeof(*m), MPT_KIND_MANAGER, name, flags, &rc);
	return m ? finish(out, m) : rc;
}

void mpt_manager_set_timeout(struct mpt_manager *m, uint64_t timeout_ns)
{
	m->timeout_ns = timeout_ns;
}

static int act_pin_names(struct turn *t, void *arg)
{
	struct box *box = arg;
	int rc;

	box->slot = BOX_NAMES;
	box->generation = 1;
	box->epoch = t->me->epoch;
	heap_begin(t->heap);
	rc = box_pin(t, heap_box(t->heap, BOX_NAMES));
	if (rc == 0)
		heap_commit(t->heap);
	return rc;
}

int mpt_manager_names(struct mpt_manager *m, struct mpt_dict **out)
{
	struct box *box;
	void *made = NULL;
	int rc = -EINVAL;

	if (!m || !out)
		return rc;
	box = box_handle(sizeof(*box), m, MPT_DICT, &rc);
	if (box)
		rc = turn_change(m, NULL, MPT_OP_MANAGER_OPEN, act_pin_names, box);
	rc = box_finish(box, rc, &made);
	*out = made;
	return rc;
}

int mpt_manager_status(const struct mpt_manager *m, struct mpt_manager_info *info)
{
	const struct mpt_wire_heap *shown = &m->heap.head->shown;

	if (!info)
		return -EINVAL;
	*info = (struct mpt_manager_info){ .bytes = load64(&shown->bytes),
					   .used = load64(&shown->used),
					   .containers = load64(&shown->containers),
					   .items = load64(&shown->items),
					   .changes = load64(&shown->changes),
					   .collected = load64(&shown->collected),
					   .recovered = load64(&m->handle.object->recovered) };
	for (uint32_t n = 0; n < MPT_HEAP_STRIPES; n++)
		info->changes += load64(&shown->stripe[n].changes);
	for (uint32_t n = 0; n < MPT_HEAP_TALLIES; n++)
		info->reads += load64(&shown->tally[n].reads);
	return handle_usable(&m->handle) ? 0 : -ESHUTDOWN;
}

static int act_collect(struct turn *t, void *arg)
{
	uint64_t before = t->heap->head->shown.collected;

	(void)arg;
	collect(t);
	return (int)(t->heap->head->shown.collected - before);
}

int mpt_manager_collect(struct mpt_manager *m)
{
	return turn_change(m, NULL, MPT_OP_MANAGER_COLLECT, act_collect, NULL);
}

int mpt_manager_close(struct mpt_manager *m)
{
	return handle_close(&m->handle, MPT_OP_MANAGER_CLOSE);
}

void mpt_manager_destroy(struct mpt_manager *m)
{
	handle_destroy(m ? &m->handle : NULL);
}

/* ---- references to objects ---------------------------------------------- */

/* Is it a handle of an object that can be opened by name?  Whatever else it is, its first
 * words are not those of one. */
static bool is_handle(const struct handle *h)
{
	uint32_t slot = (uint32_t)(h->object - domain.objects);

	return domain_exists() && h->object >= domain.objects &&
	       h->object < domain.objects + domain.header->section[MPT_SEC_OBJECTS].count &&
	       h->object == &domain.objects[slot] && h->slot == slot;
}

int mpt_item_object(struct mpt_item *out, const void *object)
{
	const struct handle *h = object;

	if (!out || !h || !is_handle(h) || h->object->kind == MPT_KIND_PIPE)
		return -EINVAL;
	if (!handle_usable(h))
		return -ESHUTDOWN;
	*out = mpt_none();
	out->type = MPT_ITEM_OBJECT;
	out->kind = h->object->kind;
	out->ref.slot = h->slot;
	out->ref.generation = h->generation;
	return 0;
}

int mpt_item_path(const struct mpt_item *item, char *path)
{
	if (!item || !path || item->type != MPT_ITEM_OBJECT)
		return -EINVAL;
	snprintf(path, MPT_ITEM_PATH, "/%u.%u", item->ref.slot, item->ref.generation);
	return 0;
}
