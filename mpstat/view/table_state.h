/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_state.h - the inside of a table, for table.c, table_order.c and
 * table_draw.c only.
 */
#ifndef MPSTAT_VIEW_TABLE_STATE_H
#define MPSTAT_VIEW_TABLE_STATE_H

#include "mpstat/view/table.h"

#define TABLE_COLUMNS_MAX 24
#define TABLE_NO_ROW (-1)

struct table_row {
	struct identity id, parent;
	const void *row;
	struct value sort;		/* of the sort field; text is sort_text */
	char sort_text[TABLE_TEXT_MAX]; /* a field's text lives only until the next one is asked */
	size_t added;			/* position in which it was added: breaks ties */
	bool hidden;			/* the filter keeps it out */
	bool folded;			/* stands for several */
	/* tree, as indices of rows; TABLE_NO_ROW: none */
	ptrdiff_t above;      /* as told, hidden or not */
	ptrdiff_t up;	      /* nearest one above that is shown */
	ptrdiff_t first_down; /* links in display order */
	ptrdiff_t last_down;
	ptrdiff_t next;
	int depth;
};

struct table {
	const struct table_spec *spec;
	struct table_column columns[TABLE_COLUMNS_MAX]; /* those whose field exists */
	const struct field *fields[TABLE_COLUMNS_MAX];
	int seen[TABLE_COLUMNS_MAX]; /* widest value each has shown */
	size_t column_count;

	struct table_row *rows; /* as added */
	size_t row_count, row_room;
	size_t *order; /* indices of rows as shown; has row_room entries */
	size_t order_count;
	size_t left_out;

	const struct field *sort; /* NULL: as added */
	bool descending;
	bool tree;

	char filter[TABLE_TEXT_MAX];

	struct identity selected_id;
	size_t selected; /* position in order */
	bool touched;	 /* the user moved the selection; before, it stays at the first row */
	bool at_end;	 /* it was on the last row: a following table stays there */
	size_t top;	 /* position of the first line shown */
	int page;	 /* rows shown last time */

	struct identity *tags;
	size_t tag_count, tag_room;
};

static inline bool identity_equal(struct identity a, struct identity b)
{
	return a.a == b.a && a.b == b.b;
}

/* table_order.c: fills order[] and the tree links from rows[]. */
void table_order(struct table *table, const struct model *model);

#endif
