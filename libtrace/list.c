/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - List: items by index and by value; see mptrace/list.h.
 *
 * Does not own: how rows change (list_splice.c), the list as a whole (list_whole.c).
 */
#include "libtrace/list.h"

bool rows_of(const struct heap *h, const struct heap_box *at, struct rows *rows)
{
	uint64_t span = load64(&at->span), shape = 0;

	rows->store = heap_store_at(h, load64(&at->store), &shape);
	rows->positions = HEAP_POSITIONS(shape);
	rows->first = HEAP_FIRST(span);
	rows->len = HEAP_END(span) - rows->first;
	if (!rows->store)
		return rows->len == 0;
	return HEAP_SHAPE(shape) == HEAP_ROW && rows->first <= HEAP_END(span) &&
	       HEAP_END(span) <= rows->positions;
}

bool list_index(ssize_t index, uint32_t len, uint32_t *n)
{
	if (index < 0)
		index += len;
	*n = (uint32_t)index;
	return index >= 0 && index < (ssize_t)len;
}

uint32_t list_bound(ssize_t index, uint32_t len)
{
	if (index < 0)
		index += len;
	if (index < 0)
		return 0;
	return index < (ssize_t)len ? (uint32_t)index : len;
}

/* ---- one item ----------------------------------------------------------- */

struct list_call {
	ssize_t index;
	struct mpt_item item, *out;
	struct room room;
	struct item wanted;
	uint64_t found; /* index, or how many */
};

static int tell(struct turn *t, const struct rows *rows, uint32_t n, struct list_call *c)
{
	struct stored value;
	int rc;

	if (!row_stored(t->heap, rows_at(rows, n), &value))
		return -EBUSY;
	c->room.used = 0;
	rc = item_out(&value, c->out, &c->room);
	box_tell(t, c->out);
	return rc;
}

static int act_get(struct turn *t, void *arg)
{
	struct list_call *c = arg;
	struct rows rows;
	uint32_t n;

	if (!rows_of(t->heap, t->at, &rows))
		return -EBUSY;
	return list_index(c->index, rows.len, &n) ? tell(t, &rows, n, c) : -ERANGE;
}

static int get(struct mpt_list *l, uint16_t op, struct list_call *c)
{
	if (!c->out || (!c->room.buffer && c->room.size))
		return -EINVAL;
	return turn_read(&l->box.manager, &l->box, op, act_get, c);
}

int mpt_list_get(struct mpt_list *l, ssize_t index, struct mpt_item *item, void *buffer,
		 size_t size)
{
	struct list_call c = { .index = index, .out = item, .room = { buffer, size, 0 } };

	return get(l, MPT_OP_MANAGER_GET, &c);
}

int mpt_list_next(struct mpt_list_iter *iter, struct mpt_item *item, void *buffer, size_t size)
{
	struct list_call c = { .out = item, .room = { buffer, size, 0 } };
	int rc;

	if (!iter || !iter->list)
		return -EINVAL;
	if (iter->ended)
		return -ENODATA;
	c.index = iter->index;
	rc = get(iter->list, MPT_OP_MANAGER_NEXT, &c);
	iter->index += rc == 0;
	iter->ended = rc == -ERANGE;
	return rc == -ERANGE ? -ENODATA : rc;
}

static int act_len(struct turn *t, void *arg)
{
	struct list_call *c = arg;
	struct rows rows;

	if (!rows_of(t->heap, t->at, &rows))
		return -EBUSY;
	c->found = rows.len;
	return 0;
}

ssize_t mpt_list_len(struct mpt_list *l)
{
	struct list_call c = { .found = 0 };
	int rc = turn_read(&l->box.manager, &l->box, MPT_OP_MANAGER_GET, act_len, &c);

	return rc < 0 ? rc : (ssize_t)c.found;
}

/* ---- by value ----------------------------------------------------------- */

/* The first equal one from n on; rows->len: none.  -EBUSY. */
static int search(struct turn *t, const struct rows *rows, const struct item *wanted, uint32_t *n)
{
	struct stored value;

	for (; *n < rows->len; (*n)++) {
		if (!row_stored(t->heap, rows_at(rows, *n), &value))
			return -EBUSY;
		if (item_equal(&value, wanted))
			break;
	}
	return 0;
}

static int act_index(struct turn *t, void *arg)
{
	struct list_call *c = arg;
	struct rows rows;
	uint32_t n = 0;

	if (!rows_of(t->heap, t->at, &rows) || search(t, &rows, &c->wanted, &n))
		return -EBUSY;
	c->found = n;
	return n < rows.len ? 0 : -ENOENT;
}

static int act_count(struct turn *t, void *arg)
{
	struct list_call *c = arg;
	struct rows rows;

	c->found = 0;
	if (!rows_of(t->heap, t->at, &rows))
		return -EBUSY;
	for (uint32_t n = 0; n < rows.len; n++) {
		if (search(t, &rows, &c->wanted, &n))
			return -EBUSY;
		c->found += n < rows.len;
	}
	return 0;
}

static int want(const struct mpt_list *l, const struct mpt_item *item, struct list_call *c)
{
	const struct handle *h = &l->box.manager.handle;

	return item_check(item, h->slot, h->generation, &c->wanted);
}

static ssize_t look_for(struct mpt_list *l, const struct mpt_item *item, turn_act *act)
{
	struct list_call c = { .found = 0 };
	int rc = want(l, item, &c);

	if (rc == 0)
		rc = turn_read(&l->box.manager, &l->box, MPT_OP_MANAGER_GET, act, &c);
	return rc < 0 ? rc : (ssize_t)c.found;
}

ssize_t mpt_list_index(struct mpt_list *l, struct mpt_item item)
{
	return look_for(l, &item, act_index);
}

ssize_t mpt_list_count(struct mpt_list *l, struct mpt_item item)
{
	return look_for(l, &item, act_count);
}

static int act_remove(struct turn *t, void *arg)
{
	struct list_call *c = arg;
	int rc = act_index(t, c);
	struct splice s = { .start = (uint32_t)c->found, .end = (uint32_t)c->found + 1 };

	return rc < 0 ? rc : list_splice(t, &s);
}

int mpt_list_remove(struct mpt_list *l, struct mpt_item item)
{
	struct list_call c = { .found = 0 };
	int rc = want(l, &item, &c);

	return rc < 0 ? rc
		      : turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_DELETE, act_remove,
				    &c);
}

/* ---- changing one ------------------------------------------------------- */

static int act_insert(struct turn *t, void *arg)
{
	const struct list_call *c = arg;
	struct splice s = { .items = &c->item, .count = 1 };

	s.start = s.end = list_bound(c->index, (uint32_t)t->at->len);
	return list_splice(t, &s);
}

int mpt_list_insert(struct mpt_list *l, ssize_t index, struct mpt_item item)
{
	struct list_call c = { .index = index, .item = item };

	return turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_INSERT, act_insert, &c);
}

int mpt_list_append(struct mpt_list *l, struct mpt_item item)
{
	return mpt_list_insert(l, SSIZE_MAX, item);
}

static int act_set(struct turn *t, void *arg)
{
	const struct list_call *c = arg;
	struct splice s = { .items = &c->item, .count = 1 };

	if (!list_index(c->index, (uint32_t)t->at->len, &s.start))
		return -ERANGE;
	s.end = s.start + 1;
	return list_splice(t, &s);
}

int mpt_list_set(struct mpt_list *l, ssize_t index, struct mpt_item item)
{
	struct list_call c = { .index = index, .item = item };

	return turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_SET, act_set, &c);
}

/* `out` is where it goes to, NULL: nowhere. */
static int act_take(struct turn *t, void *arg)
{
	struct list_call *c = arg;
	struct splice s = { .count = 0 };
	int rc = 0;

	if (!list_index(c->index, (uint32_t)t->at->len, &s.start))
		return -ERANGE;
	s.end = s.start + 1;
	if (c->out)
		rc = act_get(t, c);
	return rc < 0 ? rc : list_splice(t, &s);
}

int mpt_list_pop(struct mpt_list *l, ssize_t index, struct mpt_item *item, void *buffer,
		 size_t size)
{
	struct list_call c = { .index = index, .out = item, .room = { buffer, size, 0 } };

	if (!item || (!buffer && size))
		return -EINVAL;
	return turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_DELETE, act_take, &c);
}

int mpt_list_delete(struct mpt_list *l, ssize_t index)
{
	struct list_call c = { .index = index, .out = NULL };

	return turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_DELETE, act_take, &c);
}

/* ---- handles ------------------------------------------------------------ */

int mpt_list_create(struct mpt_list **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_create(&box, sizeof(**out), manager, MPT_LIST, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_list_open(struct mpt_list **out, struct mpt_manager *manager, const char *name)
{
	void *box = NULL;
	int rc = out ? box_open(&box, sizeof(**out), manager, MPT_LIST, name) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

int mpt_list_open_item(struct mpt_list **out, struct mpt_manager *manager,
		       const struct mpt_item *item)
{
	void *box = NULL;
	int rc = out ? box_open_item(&box, sizeof(**out), manager, MPT_LIST, item) : -EINVAL;

	if (out)
		*out = box;
	return rc;
}

struct mpt_item mpt_list_item(const struct mpt_list *l)
{
	return box_item(&l->box);
}

void mpt_list_destroy(struct mpt_list *l)
{
	box_destroy(l ? &l->box : NULL);
}
