/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_whole.c - List: many items at once; see mptrace/list.h.
 */
#include "libtrace/list.h"

#include <string.h>

/* ---- extend, splice, clear ---------------------------------------------- */

struct span_call {
	ssize_t start, end;
	const struct mpt_item *items;
	size_t count;
};

static int act_splice(struct turn *t, void *arg)
{
	const struct span_call *c = arg;
	uint32_t len = (uint32_t)t->at->len;
	struct splice s = { .items = c->items, .count = c->count };

	s.start = list_bound(c->start, len);
	s.end = list_bound(c->end, len);
	if (s.end < s.start)
		s.end = s.start;
	return list_splice(t, &s);
}

static int splice(struct mpt_list *l, uint16_t op, struct span_call *c)
{
	if (!c->items && c->count)
		return -EINVAL;
	return turn_change(&l->box.manager, &l->box, op, act_splice, c);
}

int mpt_list_splice(struct mpt_list *l, ssize_t start, ssize_t end, const struct mpt_item *items,
		    size_t count)
{
	struct span_call c = { start, end, items, count };

	return splice(l, MPT_OP_MANAGER_UPDATE, &c);
}

int mpt_list_extend(struct mpt_list *l, const struct mpt_item *items, size_t count)
{
	struct span_call c = { SSIZE_MAX, SSIZE_MAX, items, count };

	return splice(l, MPT_OP_MANAGER_UPDATE, &c);
}

int mpt_list_clear(struct mpt_list *l)
{
	struct span_call c = { 0, SSIZE_MAX, NULL, 0 };

	return splice(l, MPT_OP_MANAGER_CLEAR, &c);
}

/* ---- order -------------------------------------------------------------- */

/* Within a change: the rows, which are the list's own still, are in `store` now, and the
 * old store goes. */
static void move_into(struct turn *t, uint64_t store, uint32_t len)
{
	uint64_t old = t->at->store;

	heap_store(t->heap, &t->at->store, store);
	heap_store(t->heap, &t->at->span, HEAP_SPAN(0, len));
	heap_add(t->heap, &t->at->changes, 1);
	heap_free(t->heap, old);
}

static int act_reverse(struct turn *t, void *arg)
{
	struct rows old, new = { .first = 0 };
	uint64_t ref;

	(void)arg;
	if (!rows_of(t->heap, t->at, &old) || old.len < 2)
		return 0;
	heap_begin(t->heap);
	ref = heap_store_new(t->heap, HEAP_ROW, old.len);
	new.store = heap_at(t->heap, ref, sizeof(*new.store));
	if (!new.store)
		return -ENOSPC;
	for (uint32_t n = 0; n < old.len; n++)
		memcpy(rows_at(&new, old.len - 1 - n), rows_at(&old, n), 16);
	move_into(t, ref, old.len);
	heap_commit(t->heap);
	return 0;
}

int mpt_list_reverse(struct mpt_list *l)
{
	return turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_SORT, act_reverse, NULL);
}

struct sorting {
	const struct heap *heap;
	struct rows from, to;
	bool descending;
};

static bool comes_after(const struct sorting *s, uint32_t a, uint32_t b)
{
	struct stored x, y;
	int order;

	row_stored(s->heap, rows_at(&s->from, a), &x);
	row_stored(s->heap, rows_at(&s->from, b), &y);
	order = item_compare(&x, &y);
	return s->descending ? order < 0 : order > 0;
}

/* Two runs beside each other into one; of equals the first comes first. */
static void merge(const struct sorting *s, uint32_t a, uint32_t middle, uint32_t end)
{
	uint32_t b = middle;

	for (uint32_t n = a; n < end; n++) {
		bool second = b < end && (a >= middle || comes_after(s, a, b));

		memcpy(rows_at(&s->to, n), rows_at(&s->from, second ? b : a), 16);
		b += second;
		a += !second;
	}
}

static uint32_t least(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* Runs of 1, 2, 4 ... rows, from one store into the other and back; the result is
 * in s->from. */
static void sort(struct sorting *s)
{
	uint64_t len = s->from.len;

	for (uint64_t run = 1; run < len; run *= 2) {
		struct rows swap = s->to;

		for (uint64_t n = 0; n < len; n += 2 * run)
			merge(s, (uint32_t)n, least(n + run, len), least(n + 2 * run, len));
		s->to = s->from;
		s->from = swap;
	}
}

static bool can_be_sorted(struct turn *t, const struct rows *rows)
{
	int order = item_order(*rows_at(rows, 0));

	for (uint32_t n = 1; order && n < rows->len; n++)
		if (item_order(*rows_at(rows, n)) != order)
			order = 0;
	(void)t;
	return order != 0;
}

static int act_sort(struct turn *t, void *arg)
{
	struct sorting s = { .heap = t->heap, .descending = *(bool *)arg };
	uint64_t one, two;
	struct rows old;

	if (!rows_of(t->heap, t->at, &old) || old.len < 2)
		return 0;
	if (!can_be_sorted(t, &old))
		return -EINVAL;
	heap_begin(t->heap);
	one = heap_store_new(t->heap, HEAP_ROW, old.len);
	two = heap_store_new(t->heap, HEAP_ROW, old.len);
	if (!one || !two)
		return -ENOSPC;
	s.from = (struct rows){ heap_at(t->heap, one, 0), old.len, 0, old.len };
	s.to = (struct rows){ heap_at(t->heap, two, 0), old.len, 0, old.len };
	memcpy(rows_at(&s.from, 0), rows_at(&old, 0), 16ull * old.len);
	sort(&s);
	if (s.from.store != heap_at(t->heap, one, 0)) {
		uint64_t swap = one;

		one = two;
		two = swap;
	}
	move_into(t, one, old.len);
	heap_free(t->heap, two);
	heap_commit(t->heap);
	return 0;
}

int mpt_list_sort(struct mpt_list *l, bool descending)
{
	return turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_SORT, act_sort, &descending);
}

/* ---- slice -------------------------------------------------------------- */

struct slicing {
	ssize_t start, end;
	struct box *copy;
};

/* Rows of one list, each with a block of its own, into a stage. */
static int copy_rows(const struct heap *h, const struct rows *rows, uint32_t start, uint32_t end,
		     struct heap_store *stage)
{
	struct stored value;
	struct item item;
	int rc = 0;

	for (uint32_t n = start; rc == 0 && n < end; n++) {
		row_stored(h, rows_at(rows, n), &value);
		item = (struct item){ .head = value.head, .word = *value.words };
		if (row_has_block(value.head))
			item.data = value.words;
		rc = list_stage_add(h, stage, &item);
	}
	return rc;
}

static int act_slice(struct turn *t, void *arg)
{
	struct slicing *s = arg;
	struct heap_store *stage = NULL;
	uint32_t start, end;
	struct rows rows;
	int rc = box_prepare(t);

	if (rc < 0 || !rows_of(t->heap, t->at, &rows))
		return rc;
	start = list_bound(s->start, rows.len);
	end = list_bound(s->end, rows.len);
	if (end > start) {
		stage = heap_stage(t->heap, HEAP_ROW, end - start);
		rc = stage ? copy_rows(t->heap, &rows, start, end, stage) : -ENOSPC;
	}
	if (rc < 0)
		return rc;
	heap_begin(t->heap);
	rc = box_take(t, s->copy);
	if (rc < 0)
		return rc;
	if (stage)
		heap_adopt(t->heap, heap_box(t->heap, s->copy->slot), stage);
	heap_commit(t->heap);
	return 0;
}

int mpt_list_slice(struct mpt_list **out, struct mpt_list *l, ssize_t start, ssize_t end)
{
	struct slicing s = { .start = start, .end = end };
	void *made = NULL;
	int rc = -EINVAL;

	if (!out)
		return rc;
	s.copy = box_handle(sizeof(**out), &l->box.manager, MPT_LIST, &rc);
	if (s.copy)
		rc = turn_change(&l->box.manager, &l->box, MPT_OP_MANAGER_MAKE, act_slice, &s);
	rc = box_finish(s.copy, rc, &made);
	*out = made;
	return rc;
}
