/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.h - inside a list: rows in the positions from first up to before end of its store.
 *
 * There may be room at both ends, so that items come and go at either.
 */
#ifndef MPT_LIST_INTERNAL_H
#define MPT_LIST_INTERNAL_H

#include "libtrace/box.h"
#include "libtrace/row.h"

#include <mptrace/list.h>

struct mpt_list {
	struct box box;
};

/* A look at it. */
struct rows {
	struct heap_store *store; /* NULL: there never was an item */
	uint32_t positions, first, len;
};

/* False: it is being changed. */
bool rows_of(const struct heap *h, const struct heap_box *at, struct rows *rows);

static inline uint64_t *rows_at(const struct rows *rows, uint32_t n)
{
	return heap_words(rows->store) + 2ull * (rows->first + n);
}

/* Which items become which others. */
struct splice {
	uint32_t start, end; /* indices */
	const struct mpt_item *items;
	size_t count;
};

/* In an act: changes of its own.  0, -EINVAL, -ESTALE, -ENOSPC. */
int list_splice(struct turn *t, const struct splice *s);

/* A change of its own: one row more in a stage.  0 or -ENOSPC. */
int list_stage_add(const struct heap *h, struct heap_store *stage, const struct item *item);

/* From an index as programs count to one from 0.  False: there is none. */
bool list_index(ssize_t index, uint32_t len, uint32_t *n);
/* The same, cut to what there is. */
uint32_t list_bound(ssize_t index, uint32_t len);

#endif
