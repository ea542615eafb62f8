/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dict.c - Dict: one key at a time; see mptrace/dict.h.
 *
 * Does not own: what concerns the whole dict (dict_whole.c), where entries are (table.h).
 *
 *   set, add   the key is there and the value fits: with its stripe, one store (table.h);
 *              else with the lock
 *   get ...    without a lock
 *   delete, pop, and set with a longer value: the lock and the stripe, as an entry is freed
 */
#include "libtrace/dict.h"

#include "libtrace/table.h"

struct dict_call {
	struct key key;
	struct item value;
	int64_t number, sum;  /* add */
	struct mpt_item *out; /* what is there; NULL: not wanted */
	struct room *room;
	struct place place;
};

static int prepare(const struct box *box, const struct mpt_item *key, struct dict_call *c)
{
	return key_make(key, box->manager.heap.head->seed, &c->key);
}

static bool find(struct turn *t, struct dict_call *c)
{
	return table_find(t->heap, t->at, &c->key, &c->place);
}

/* ---- looking ------------------------------------------------------------ */

static int tell(struct turn *t, struct dict_call *c)
{
	int rc;

	c->room->used = 0;
	rc = entry_out(&c->place.entry, c->out, c->room);
	if (c->out->type >= MPT_ITEM_CONTAINER)
		box_tell(t, c->out);
	return rc;
}

static int act_get(struct turn *t, void *arg)
{
	struct dict_call *c = arg;

	return find(t, c) ? tell(t, c) : -ENOENT;
}

int dict_get(struct box *box, const struct mpt_item *key, struct mpt_item *value, struct room *room)
{
	struct dict_call c;
	int rc = prepare(box, key, &c);

	if (unlikely(rc < 0))
		return rc;
	c.out = value;
	c.room = room;
	return turn_read(&box->manager, box, MPT_OP_MANAGER_GET, act_get, &c);
}

int mpt_dict_get(struct mpt_dict *d, struct mpt_item key, struct mpt_item *value, void *buffer,
		 size_t size)
{
	struct room room = { .buffer = buffer, .size = size };

	if (unlikely(!value || (!buffer && size)))
		return -EINVAL;
	return dict_get(&d->box, &key, value, &room);
}

static int act_contains(struct turn *t, void *arg)
{
	return find(t, arg);
}

int dict_contains(struct box *box, const struct mpt_item *key)
{
	struct dict_call c;
	int rc = prepare(box, key, &c);

	return rc < 0 ? rc : turn_read(&box->manager, box, MPT_OP_MANAGER_GET, act_contains, &c);
}

int mpt_dict_contains(struct mpt_dict *d, struct mpt_item key)
{
	return dict_contains(&d->box, &key);
}

/* ---- overwriting in place ----------------------------------------------- */

/* -EBUSY: not in place. */
typedef int overwrite(const struct entry_at *e, struct dict_call *c);

static int act_find(struct turn *t, void *arg)
{
	return find(t, arg) ? 0 : -EBUSY;
}

/* Whoever frees the entry needs the stripe: found now, it stays until we are done. */
static int find_and(struct turn *t, struct dict_call *c, overwrite *how)
{
	int rc;

	if (unlikely(!turn_look(t, act_find, c, &rc)))
		return -EBUSY;
	return likely(rc == 0) ? how(&c->place.entry, c) : rc;
}

static int with_stripe(struct turn *t, struct dict_call *c, overwrite *how)
{
	uint32_t stripe = turn_stripe_of(c->key.hash);
	int rc = turn_stripe_enter(t, stripe);

	if (unlikely(rc < 0))
		return rc;
	rc = find_and(t, c, how);
	if (likely(rc == 0)) {
		uint64_t *changes = &t->heap->head->shown.stripe[stripe].changes;

		store64(changes, load64(changes) + 1);
	}
	turn_stripe_leave(t, stripe);
	return rc;
}

/* The visit keeps the storage, as we have not the lock: -EBUSY when it takes that. */
static int in_place(struct box *box, struct dict_call *c, overwrite *how)
{
	struct mpt_wire_oprec *visit;
	struct turn t;
	int rc = turn_begin(&t, &box->manager, box, MPT_OP_MANAGER_SET);

	if (unlikely(rc < 0))
		return rc;
	visit = object_visit(t.me, &box->manager.handle, t.op);
	if (unlikely(!visit))
		return -ESHUTDOWN;
	rc = with_stripe(&t, c, how);
	object_leave(t.me, visit);
	return rc == -EBUSY ? rc : turn_end(&t, rc, true);
}

/* ---- setting ------------------------------------------------------------ */

static int overwrite_value(const struct entry_at *e, struct dict_call *c)
{
	if (!entry_takes(e, &c->value))
		return -EBUSY;
	entry_set(e, &c->value);
	return 0;
}

static int insert(struct turn *t, struct dict_call *c)
{
	uint64_t ref;
	int rc;

	if (!table_has_room(t->heap, t->at)) {
		rc = table_grow(t->heap, t->at, 1);
		if (rc < 0)
			return rc;
		find(t, c);
	}
	heap_begin(t->heap);
	ref = entry_new(t->heap, &c->key, &c->value);
	if (!ref)
		return -ENOSPC;
	table_insert(t->heap, t->at, &c->place, table_word(c->key.hash, ref));
	heap_commit(t->heap);
	return 0;
}

/* With the stripe. */
static int replace(struct turn *t, struct dict_call *c)
{
	uint64_t ref;

	if (overwrite_value(&c->place.entry, c) == 0)
		return 0;
	heap_begin(t->heap);
	ref = entry_new(t->heap, &c->key, &c->value);
	if (!ref)
		return -ENOSPC;
	table_replace(t->heap, &c->place, ref);
	heap_commit(t->heap);
	return 0;
}

/* With the lock: does something to the entry found, holding its stripe. */
static int with_both(struct turn *t, struct dict_call *c,
		     int (*act)(struct turn *t, struct dict_call *c))
{
	uint32_t stripe = turn_stripe_of(c->key.hash);
	int rc = turn_stripe_enter(t, stripe);

	if (rc < 0)
		return rc;
	rc = act(t, c);
	turn_stripe_leave(t, stripe);
	return rc;
}

static int act_set(struct turn *t, void *arg)
{
	struct dict_call *c = arg;
	int rc = box_check(t, &c->value);

	if (rc < 0)
		return rc;
	return find(t, c) ? with_both(t, c, replace) : insert(t, c);
}

/* References are stored with the lock, so that none appears while the collector looks. */
int dict_set(struct box *box, const struct mpt_item *key, const struct mpt_item *value)
{
	const struct handle *h = &box->manager.handle;
	struct dict_call c;
	int rc = prepare(box, key, &c);

	if (likely(rc == 0))
		rc = item_check(value, h->slot, h->generation, &c.value);
	if (unlikely(rc < 0))
		return rc;
	rc = value->type == MPT_ITEM_CONTAINER || ITEM_SIZE(c.value.head) > ENTRY_SMALL
		     ? -EBUSY
		     : in_place(box, &c, overwrite_value);
	if (likely(rc != -EBUSY))
		return rc;
	return turn_change(&box->manager, box, MPT_OP_MANAGER_SET, act_set, &c);
}

int mpt_dict_set(struct mpt_dict *d, struct mpt_item key, struct mpt_item value)
{
	return dict_set(&d->box, &key, &value);
}

/* ---- setdefault, add ---------------------------------------------------- */

static int act_default(struct turn *t, void *arg)
{
	struct dict_call *c = arg;
	int rc = box_check(t, &c->value);

	if (rc < 0)
		return rc;
	if (find(t, c))
		return tell(t, c);
	rc = insert(t, c);
	return rc < 0 ? rc : 1;
}

int mpt_dict_setdefault(struct mpt_dict *d, struct mpt_item key, struct mpt_item *value,
			void *buffer, size_t size)
{
	struct room room = { .buffer = buffer, .size = size };
	struct box *box = &d->box;
	struct dict_call c = { .out = value, .room = &room };
	int rc;

	if (!value || (!buffer && size))
		return -EINVAL;
	rc = prepare(box, &key, &c);
	if (rc == 0)
		rc = item_check(value, box->manager.handle.slot, box->manager.handle.generation,
				&c.value);
	if (rc == 0)
		rc = turn_read(&box->manager, box, MPT_OP_MANAGER_GET, act_get, &c);
	if (rc != -ENOENT)
		return rc;
	return turn_change(&box->manager, box, MPT_OP_MANAGER_SET, act_default, &c);
}

/* With the stripe nobody else changes it. */
static int overwrite_sum(const struct entry_at *e, struct dict_call *c)
{
	struct stored value;

	entry_value(e, &value);
	if (ITEM_TYPE(value.head) != MPT_ITEM_I64)
		return -EINVAL;
	if (__builtin_add_overflow((int64_t)*value.words, c->number, &c->sum))
		return -EOVERFLOW;
	c->value.word = (uint64_t)c->sum;
	entry_set(e, &c->value);
	return 0;
}

static int add_to(struct turn *t, struct dict_call *c)
{
	(void)t;
	return overwrite_sum(&c->place.entry, c);
}

static int act_add(struct turn *t, void *arg)
{
	struct dict_call *c = arg;

	if (find(t, c))
		return with_both(t, c, add_to);
	c->sum = c->number;
	c->value.word = (uint64_t)c->sum;
	return insert(t, c);
}

int dict_add(struct box *box, const struct mpt_item *key, int64_t number, int64_t *sum)
{
	struct dict_call c = { .number = number };
	int rc = prepare(box, key, &c);

	if (rc < 0)
		return rc;
	c.value.head = ITEM_HEAD(MPT_ITEM_I64, sizeof(uint64_t));
	rc = in_place(box, &c, overwrite_sum);
	if (rc == -EBUSY)
		rc = turn_change(&box->manager, box, MPT_OP_MANAGER_SET, act_add, &c);
	if (rc == 0 && sum)
		*sum = c.sum;
	return rc;
}

int mpt_dict_add(struct mpt_dict *d, struct mpt_item key, int64_t number, int64_t *sum)
{
	return dict_add(&d->box, &key, number, sum);
}

/* ---- taking out --------------------------------------------------------- */

static int take_out(struct turn *t, struct dict_call *c)
{
	int rc = c->out ? tell(t, c) : 0;

	if (rc < 0)
		return rc;
	heap_begin(t->heap);
	table_delete(t->heap, t->at, &c->place);
	heap_commit(t->heap);
	table_shrink(t->heap, t->at);
	return 0;
}

static int act_delete(struct turn *t, void *arg)
{
	struct dict_call *c = arg;

	return find(t, c) ? with_both(t, c, take_out) : -ENOENT;
}

int dict_delete(struct box *box, const struct mpt_item *key)
{
	struct dict_call c = { .out = NULL };
	int rc = prepare(box, key, &c);

	if (rc < 0)
		return rc;
	return turn_change(&box->manager, box, MPT_OP_MANAGER_DELETE, act_delete, &c);
}

int mpt_dict_delete(struct mpt_dict *d, struct mpt_item key)
{
	return dict_delete(&d->box, &key);
}

int mpt_dict_pop(struct mpt_dict *d, struct mpt_item key, struct mpt_item *value, void *buffer,
		 size_t size)
{
	struct room room = { .buffer = buffer, .size = size };
	struct dict_call c = { .out = value, .room = &room };
	struct box *box = &d->box;
	int rc;

	if (!value || (!buffer && size))
		return -EINVAL;
	rc = prepare(box, &key, &c);
	if (rc < 0)
		return rc;
	return turn_change(&box->manager, box, MPT_OP_MANAGER_DELETE, act_delete, &c);
}

/* ---- handles ------------------------------------------------------------ */

int mpt_dict_create(struct mpt_dict **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_create(&box, sizeof(**out), manager, MPT_DICT, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_dict_open(struct mpt_dict **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_open(&box, sizeof(**out), manager, MPT_DICT, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_dict_open_item(struct mpt_dict **out, struct mpt_manager *manager,
		       const struct mpt_item *item)
{
	void *box = NULL;
	int rc = out ? box_open_item(&box, sizeof(**out), manager, MPT_DICT, item) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

struct mpt_item mpt_dict_item(const struct mpt_dict *d)
{
	return box_item(&d->box);
}

void mpt_dict_destroy(struct mpt_dict *d)
{
	box_destroy(d ? &d->box : NULL);
}
