/* SPDX-License-Identifier: BSD-2-Clause */
/* box.c - see box.h. */
#include "libtrace/box.h"

#include "libtrace/table.h"

#include <stdlib.h>
#include <string.h>

#define DROP_PATIENCE_NS 1000000000ull /* then the pin stays until the process ends */

struct heap_box *box_of(const struct heap *h, uint64_t word)
{
	struct heap_box *at = heap_box(h, (uint32_t)word);

	if (!at || box_generation(at) != (uint32_t)(word >> 32) || !box_kind(at))
		return NULL;
	return at;
}

/* ---- pins --------------------------------------------------------------- */

static uint64_t process_of(const struct member *me)
{
	return (uint64_t)me->process->generation << 32 | me->process_slot;
}

/* The word that leads to the process's pin; *it leads to none: there is none. */
static uint64_t *find_pin(const struct heap *h, struct heap_box *at, uint64_t process)
{
	uint64_t *link = &at->pins;
	struct pin *pin;

	while ((pin = heap_at(h, *link, sizeof(*pin))) && pin->process != process)
		link = &pin->next;
	return link;
}

int box_pin(struct turn *t, struct heap_box *at)
{
	uint64_t *link = find_pin(t->heap, at, process_of(t->me)), ref;
	struct pin *pin = heap_at(t->heap, *link, sizeof(*pin));

	if (pin) {
		heap_add(t->heap, &pin->count, 1);
		return 0;
	}
	ref = heap_alloc(t->heap, sizeof(*pin));
	pin = heap_at(t->heap, ref, sizeof(*pin));
	if (!pin)
		return -ENOSPC;
	*pin = (struct pin){ .next = at->pins, .process = process_of(t->me), .count = 1 };
	heap_store(t->heap, &at->pins, ref);
	return 0;
}

static int act_pin(struct turn *t, void *arg)
{
	int rc;

	(void)arg;
	heap_begin(t->heap);
	rc = box_pin(t, t->at);
	if (rc == 0)
		heap_commit(t->heap);
	return rc;
}

static int act_unpin(struct turn *t, void *arg)
{
	uint64_t *link = find_pin(t->heap, t->at, process_of(t->me)), ref = *link;
	struct pin *pin = heap_at(t->heap, ref, sizeof(*pin));

	(void)arg;
	if (!pin)
		return 0;
	heap_begin(t->heap);
	if (pin->count > 1) {
		heap_add(t->heap, &pin->count, -1ull);
	} else {
		heap_store(t->heap, link, pin->next);
		heap_free(t->heap, ref);
	}
	heap_commit(t->heap);
	return 0;
}

/* Of two threads that come here at once one pins, and the other need not wait for it: the
 * container is the process's either way, from the moment there is room. */
int box_adopt(struct box *box, const struct member *me)
{
	uint32_t old = load32(&box->epoch);
	int rc;

	if (old == me->epoch || !cas32(&box->epoch, old, me->epoch))
		return 0;
	rc = turn_change(&box->manager, box, MPT_OP_MANAGER_OPEN, act_pin, NULL);
	if (rc >= 0)
		return 0;
	store32(&box->epoch, old);
	return rc == -ENOSPC ? 0 : rc; /* it can be used; the next call tries again */
}

/* ---- slots -------------------------------------------------------------- */

int box_prepare(struct turn *t)
{
	struct heap_head *head = t->heap->head;
	uint32_t chunk = 31u - (uint32_t)__builtin_clz((uint32_t)head->slots_used / HEAP_CHUNK + 1);
	uint64_t bytes = ((uint64_t)HEAP_CHUNK << chunk) * sizeof(struct heap_box), ref;

	if (head->slots_free || heap_box(t->heap, (uint32_t)head->slots_used))
		return 0;
	if (chunk >= HEAP_CHUNKS)
		return -ENOSPC;
	heap_begin(t->heap);
	ref = heap_alloc(t->heap, bytes);
	if (!ref)
		return -ENOSPC;
	memset(heap_at(t->heap, ref, bytes), 0, bytes);
	heap_store(t->heap, &head->chunk[chunk], ref);
	heap_commit(t->heap);
	return 0;
}

/* From the free ones, or the next that was never used. */
static struct heap_box *take_slot(const struct heap *h, uint32_t *slot)
{
	struct heap_head *head = h->head;
	struct heap_box *at;

	if (!head->slots_free) {
		*slot = (uint32_t)head->slots_used;
		heap_add(h, &head->slots_used, 1);
		return heap_box(h, *slot);
	}
	*slot = (uint32_t)head->slots_free - 1;
	at = heap_box(h, *slot);
	heap_store(h, &head->slots_free, at->next);
	return at;
}

int box_take(struct turn *t, struct box *box)
{
	const struct heap *h = t->heap;
	struct heap_box *at = take_slot(h, &box->slot);

	box->generation = box_generation(at) + 1;
	heap_store(h, &at->name, (uint64_t)box->generation << 32 | (uint32_t)box->kind);
	heap_store(h, &at->store, 0);
	heap_store(h, &at->span, 0);
	heap_store(h, &at->len, 0);
	heap_store(h, &at->pins, 0);
	heap_add(h, &h->head->shown.containers, 1);
	box->epoch = t->me->epoch;
	return box_pin(t, at);
}

void box_free(const struct heap *h, uint32_t slot)
{
	struct heap_head *head = h->head;
	struct heap_box *at = heap_box(h, slot);

	heap_begin(h);
	if (at->store)
		heap_doom(h, at->store, at->span);
	heap_add(h, &head->shown.items, -at->len);
	heap_add(h, &head->shown.containers, -1ull);
	heap_store(h, &at->name, at->name & ~(uint64_t)UINT32_MAX);
	heap_store(h, &at->store, 0);
	heap_store(h, &at->next, head->slots_free);
	heap_store(h, &head->slots_free, slot + 1ull);
	heap_commit(h);
}

/* ---- references --------------------------------------------------------- */

int box_check(struct turn *t, const struct item *item)
{
	if (ITEM_TYPE(item->head) != MPT_ITEM_CONTAINER)
		return 0;
	return box_of(t->heap, item->word) ? 0 : -ESTALE;
}

void box_tell(const struct turn *t, struct mpt_item *item)
{
	const struct handle *h = &t->manager->handle;
	const struct heap_box *at;

	if (item->type == MPT_ITEM_CONTAINER) {
		at = heap_box(t->heap, item->ref.slot);
		item->kind = at ? box_kind(at) : 0;
		item->ref.manager = h->slot;
		item->ref.manager_generation = h->generation;
	} else if (item->type == MPT_ITEM_OBJECT) {
		item->kind = object_is(item->ref.slot, item->ref.generation)
				     ? domain.objects[item->ref.slot].kind
				     : 0;
	}
}

/* ---- handles ------------------------------------------------------------ */

struct box *box_handle(size_t size, const struct mpt_manager *m, enum mpt_container kind,
		       int *error)
{
	int saved = errno;
	struct box *box = calloc(1, size);

	errno = saved;
	*error = box ? 0 : -ENOMEM;
	if (!box)
		return NULL;
	box->manager = *m;
	box->manager.handle.creator_pid = 0; /* it does not end the manager */
	box->kind = kind;
	return box;
}

int box_finish(struct box *box, int rc, void **out)
{
	int saved = errno;

	if (rc < 0) {
		free(box);
		errno = saved;
		return rc;
	}
	*out = box;
	return 0;
}

struct making {
	struct box *box;
	const char *name; /* NULL: none */
	struct item item; /* opening by reference */
};

/* What a name leads to, for the name's own value. */
static struct item item_of(const struct box *box)
{
	return (struct item){ .head = ITEM_HEAD(MPT_ITEM_CONTAINER, sizeof(uint64_t)),
			      .word = (uint64_t)box->generation << 32 | box->slot };
}

static int look_up(struct turn *t, const char *name, struct key *key, struct place *place)
{
	struct mpt_item text = mpt_text(name);
	int rc = key_make(&text, t->heap->head->seed, key);

	if (rc < 0)
		return rc;
	return table_find(t->heap, heap_box(t->heap, BOX_NAMES), key, place);
}

static int add_name(struct turn *t, const struct box *box, const struct key *key)
{
	struct heap_box *names = heap_box(t->heap, BOX_NAMES);
	struct item item = item_of(box);
	uint64_t ref = entry_new(t->heap, key, &item);
	struct place place;

	if (!ref)
		return -ENOSPC;
	table_find(t->heap, names, key, &place);
	table_insert(t->heap, names, &place, table_word(key->hash, ref));
	return 0;
}

static int prepare_name(struct turn *t, const char *name, struct key *key)
{
	struct heap_box *names = heap_box(t->heap, BOX_NAMES);
	struct place place;
	int rc = look_up(t, name, key, &place);

	if (rc)
		return rc < 0 ? rc : -EEXIST;
	return table_has_room(t->heap, names) ? 0 : table_grow(t->heap, names, 1);
}

static int act_make(struct turn *t, void *arg)
{
	struct making *m = arg;
	struct key key;
	int rc = box_prepare(t);

	if (rc == 0 && m->name)
		rc = prepare_name(t, m->name, &key);
	if (rc < 0)
		return rc;
	heap_begin(t->heap);
	rc = box_take(t, m->box);
	if (rc == 0 && m->name)
		rc = add_name(t, m->box, &key);
	if (rc == 0)
		heap_commit(t->heap);
	return rc;
}

int box_create(void **out, size_t size, struct mpt_manager *m, enum mpt_container kind,
	       const char *name)
{
	struct making making = { .name = name };
	int rc = -EINVAL;

	*out = NULL;
	if (!m || (name && !*name))
		return rc;
	making.box = box_handle(size, m, kind, &rc);
	if (making.box)
		rc = turn_change(m, NULL, MPT_OP_MANAGER_MAKE, act_make, &making);
	return box_finish(making.box, rc, out);
}

static int act_open_item(struct turn *t, void *arg)
{
	struct making *m = arg;
	struct heap_box *at;

	if (ITEM_TYPE(m->item.head) != MPT_ITEM_CONTAINER)
		return -EINVAL;
	at = box_of(t->heap, m->item.word);
	if (!at)
		return -ESTALE;
	if (box_kind(at) != m->box->kind)
		return -EINVAL;
	m->box->slot = (uint32_t)m->item.word;
	m->box->generation = box_generation(at);
	m->box->epoch = t->me->epoch;
	t->at = at;
	return act_pin(t, NULL);
}

static int act_open(struct turn *t, void *arg)
{
	struct making *m = arg;
	struct stored value;
	struct place place;
	struct key key;
	int rc = look_up(t, m->name, &key, &place);

	if (rc <= 0)
		return rc < 0 ? rc : -ENOENT;
	entry_value(&place.entry, &value);
	m->item = (struct item){ .head = value.head, .word = *value.words };
	return act_open_item(t, m);
}

static int open_it(void **out, size_t size, struct mpt_manager *m, enum mpt_container kind,
		   struct making *making)
{
	int rc;

	making->box = box_handle(size, m, kind, &rc);
	if (making->box)
		rc = turn_change(m, NULL, MPT_OP_MANAGER_OPEN,
				 making->name ? act_open : act_open_item, making);
	return box_finish(making->box, rc, out);
}

int box_open(void **out, size_t size, struct mpt_manager *m, enum mpt_container kind,
	     const char *name)
{
	struct making making = { .name = name };

	*out = NULL;
	return m && name ? open_it(out, size, m, kind, &making) : -EINVAL;
}

int box_open_item(void **out, size_t size, struct mpt_manager *m, enum mpt_container kind,
		  const struct mpt_item *item)
{
	struct making making = { .name = NULL };
	int rc;

	*out = NULL;
	if (!m || !item)
		return -EINVAL;
	rc = item_check(item, m->handle.slot, m->handle.generation, &making.item);
	return rc < 0 ? rc : open_it(out, size, m, kind, &making);
}

struct mpt_item box_item(const struct box *box)
{
	struct mpt_item item = mpt_none();

	item.type = MPT_ITEM_CONTAINER;
	item.kind = box->kind;
	item.ref = (struct mpt_item_ref){ box->slot, box->generation, box->manager.handle.slot,
					  box->manager.handle.generation };
	return item;
}

void box_destroy(struct box *box)
{
	int saved = errno, rc;
	const struct member *me = box ? member_get(&rc) : NULL;

	if (me && load32(&box->epoch) == me->epoch) {
		if (box->manager.timeout_ns > DROP_PATIENCE_NS)
			box->manager.timeout_ns = DROP_PATIENCE_NS;
		turn_change(&box->manager, box, MPT_OP_MANAGER_DROP, act_unpin, NULL);
	}
	free(box);
	errno = saved;
}
