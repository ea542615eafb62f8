/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_splice.c - some items of a list become others; see list.h.
 *
 * Appending, inserting, setting, deleting are all this.  Three ways, whichever is first:
 *
 *   at the end, where there is room: nobody sees the new rows before the span says so
 *   few rows have to move: each old word into the undo list
 *   else all rows into a new store, which then is the list's
 *
 * Many new items are put into a stage first, which is doomed unless this change takes
 * its rows over.
 */
#include "libtrace/list.h"

#include <string.h>

#define DIRECT 4u /* new and old items that one change allocates and frees, each 20 words */
#define MOVED 64u /* rows it moves: two words each */
#define POSITIONS_LEAST 4u

struct splicing {
	const struct heap *heap;
	struct heap_box *at;
	struct rows old;
	uint32_t start, end, count; /* as in struct splice */
	uint32_t len;		    /* then */
	const uint64_t *rows;	    /* [2 * count] the new ones */
};

/* ---- the stage ---------------------------------------------------------- */

int list_stage_add(const struct heap *h, struct heap_store *stage, const struct item *item)
{
	uint32_t end = HEAP_END(stage->span);

	heap_begin(h);
	if (!row_make(h, item, heap_words(stage) + 2ull * end))
		return -ENOSPC;
	heap_store(h, &stage->span, HEAP_SPAN(0, end + 1));
	heap_commit(h);
	return 0;
}

static int check(struct turn *t, const struct mpt_item *from, struct item *item)
{
	const struct handle *h = &t->manager->handle;
	int rc = item_check(from, h->slot, h->generation, item);

	return rc < 0 ? rc : box_check(t, item);
}

static int stage_all(struct turn *t, const struct splice *s, struct heap_store **stage)
{
	struct item item;
	int rc = 0;

	*stage = heap_stage(t->heap, HEAP_ROW, s->count);
	if (!*stage)
		return -ENOSPC;
	for (size_t n = 0; rc == 0 && n < s->count; n++) {
		rc = check(t, &s->items[n], &item);
		if (rc == 0)
			rc = list_stage_add(t->heap, *stage, &item);
	}
	return rc;
}

/* ---- within the change -------------------------------------------------- */

static void account(const struct splicing *p, uint32_t first)
{
	const struct heap *h = p->heap;

	heap_store(h, &p->at->span, p->len ? HEAP_SPAN(first, first + p->len) : 0);
	heap_add(h, &h->head->shown.items, (uint64_t)p->len - p->at->len);
	heap_store(h, &p->at->len, p->len);
	heap_add(h, &p->at->changes, 1);
}

static uint32_t room_behind(const struct splicing *p)
{
	return p->old.store ? p->old.positions - p->old.first - p->old.len : 0;
}

/* At the end. */
static void append(const struct splicing *p)
{
	memcpy(rows_at(&p->old, p->old.len), p->rows, 16ull * p->count);
	account(p, p->old.first);
}

static void store_row(const struct heap *h, uint64_t *to, const uint64_t *row)
{
	heap_store(h, &to[0], row[0]);
	heap_store(h, &to[1], row[1]);
}

/* The rows from `from` up to before `to` go `by` further; a row is read before another
 * is put there. */
static void move(const struct splicing *p, uint32_t from, uint32_t to, int32_t by)
{
	uint32_t n = by > 0 ? to : from;

	while (by > 0 ? n > from : n < to) {
		uint64_t *row = rows_at(&p->old, by > 0 ? n - 1 : n);

		store_row(p->heap, row + 2ll * by, row);
		n = by > 0 ? n - 1 : n + 1;
	}
}

/* Which rows move, those behind or those before? */
static bool moves_behind(const struct splicing *p)
{
	uint32_t more = p->count - (p->end - p->start);
	bool behind = p->old.len - p->end <= p->start;

	if ((int32_t)more <= 0)
		return behind;
	return room_behind(p) >= more && (behind || p->old.first < more);
}

static bool can_shift(const struct splicing *p)
{
	uint32_t gone = p->end - p->start, more = p->count - gone;
	uint32_t moved = moves_behind(p) ? p->old.len - p->end : p->start;

	if (!p->old.store || p->count > DIRECT || gone > DIRECT || moved > MOVED)
		return false;
	return (int32_t)more <= 0 || moves_behind(p) || p->old.first >= more;
}

static void shift(const struct splicing *p)
{
	uint32_t gone = p->end - p->start, at = p->start, first = p->old.first;
	int32_t more = (int32_t)(p->count - gone);
	uint64_t old[2 * DIRECT];

	memcpy(old, rows_at(&p->old, p->start), 16ull * gone);
	if (moves_behind(p)) {
		move(p, p->end, p->old.len, more);
	} else {
		move(p, 0, p->start, -more);
		first -= (uint32_t)more;
		at -= (uint32_t)more;
	}
	for (uint32_t n = 0; n < p->count; n++)
		store_row(p->heap, rows_at(&p->old, at + n), p->rows + 2ull * n);
	account(p, first);
	for (uint32_t n = 0; n < gone; n++)
		row_drop(p->heap, old + 2ull * n);
}

/* The new store, filled; *first is where in it.  0: no room. */
static uint64_t fill(const struct splicing *p, uint32_t *first)
{
	uint64_t positions = p->len + p->len / 2 + POSITIONS_LEAST;
	uint64_t ref = heap_store_new(p->heap, HEAP_ROW, positions);
	struct rows new = { .store = heap_at(p->heap, ref, sizeof(struct heap_store)) };

	if (!new.store)
		return 0;
	/* What comes at the front will come there again. */
	*first = p->start < p->old.len / 2 ? (uint32_t)(positions - p->len) / 2 : 0;
	new.first = *first;
	if (p->start)
		memcpy(rows_at(&new, 0), rows_at(&p->old, 0), 16ull * p->start);
	if (p->count)
		memcpy(rows_at(&new, p->start), p->rows, 16ull * p->count);
	if (p->old.len > p->end)
		memcpy(rows_at(&new, p->start + p->count), rows_at(&p->old, p->end),
		       16ull * (p->old.len - p->end));
	return ref;
}

/* What is gone goes with the old store. */
static int rebuild(const struct splicing *p)
{
	uint64_t ref = 0, old = p->at->store;
	uint32_t first = 0;

	if (p->len) {
		ref = fill(p, &first);
		if (!ref)
			return -ENOSPC;
	}
	if (old)
		heap_doom(p->heap, old, HEAP_SPAN(p->old.first + p->start, p->old.first + p->end));
	heap_store(p->heap, &p->at->store, ref);
	account(p, first);
	return 0;
}

static int change(const struct splicing *p)
{
	if (p->len && p->start == p->end && p->end == p->old.len && room_behind(p) >= p->count) {
		append(p);
		return 0;
	}
	if (p->len && can_shift(p)) {
		shift(p);
		return 0;
	}
	return rebuild(p);
}

/* ---- all of it ---------------------------------------------------------- */

static int make_rows(struct turn *t, const struct splice *s, uint64_t *rows)
{
	struct item item;
	int rc = 0;

	for (size_t n = 0; rc == 0 && n < s->count; n++) {
		rc = check(t, &s->items[n], &item);
		if (rc == 0 && !row_make(t->heap, &item, rows + 2 * n))
			rc = -ENOSPC;
	}
	return rc;
}

/* A list that was long gives back what it does not need. */
static void shrink(struct splicing *p)
{
	if (!rows_of(p->heap, p->at, &p->old) || !p->old.store || p->old.positions < 64 ||
	    p->old.positions / 4 < p->old.len)
		return;
	p->start = p->end = p->len = p->old.len;
	p->count = 0;
	heap_begin(p->heap);
	if (rebuild(p) == 0)
		heap_commit(p->heap);
	else
		heap_undo(p->heap);
}

int list_splice(struct turn *t, const struct splice *s)
{
	struct splicing p = { .heap = t->heap, .at = t->at, .start = s->start, .end = s->end };
	struct heap_store *stage = NULL;
	uint64_t direct[2 * DIRECT];
	int rc = 0;

	if (!s->count && s->start == s->end)
		return 0;
	if (s->count > UINT32_MAX / 8)
		return -ENOSPC;
	if (!rows_of(t->heap, t->at, &p.old))
		return -EINVAL;
	p.count = (uint32_t)s->count;
	p.len = p.old.len - (s->end - s->start) + p.count;
	if (p.count > DIRECT)
		rc = stage_all(t, s, &stage);
	if (rc < 0)
		return rc;
	heap_begin(t->heap);
	p.rows = stage ? heap_words(stage) : direct;
	if (!stage)
		rc = make_rows(t, s, direct);
	if (rc == 0)
		rc = change(&p);
	if (rc < 0)
		return rc;
	if (stage)
		heap_store(t->heap, &stage->span, 0);
	heap_commit(t->heap);
	if (s->end > s->start)
		shrink(&p);
	return 0;
}
