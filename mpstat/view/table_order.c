/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_order.c - which rows are shown, in which order.
 *
 * Owns: filter, sort, tree.  Does not own: rows, selection (table.c), cells
 * (table_draw.c).
 */
#include "mpstat/view/table_state.h"

#include <stdlib.h>
#include <string.h>

/* Deeper than any process tree; also the end of a made-up circle of parents. */
#define DEPTH_MAX 128

bool table_row_has(const struct table *table, const struct model *model, const void *row,
		   const char *text)
{
	char buf[256];

	for (size_t i = 0; i < table->column_count; i++) {
		const struct field *field = table->fields[i];
		struct value value = field->get(model, row);

		if (value.type == VALUE_NONE)
			continue;
		if (strcasestr(field_text(field, &value, buf, sizeof(buf)), text))
			return true;
	}
	return false;
}

static void prepare_row(const struct table *table, const struct model *model,
			struct table_row *row)
{
	row->hidden = table->filter[0] && !table_row_has(table, model, row->row, table->filter);
	row->above = row->up = row->first_down = row->last_down = row->next = TABLE_NO_ROW;
	row->depth = 0;
	row->sort.type = VALUE_NONE;
	if (!table->sort || row->hidden)
		return;
	row->sort = table->sort->get(model, row->row);
	if (row->sort.type != VALUE_TEXT)
		return;
	strncpy(row->sort_text, row->sort.u.text, sizeof(row->sort_text) - 1);
	row->sort_text[sizeof(row->sort_text) - 1] = '\0';
}

static int compare_sorted(const struct table *table, const struct table_row *a,
			  const struct table_row *b)
{
	struct value left = a->sort, right = b->sort;

	if (left.type == VALUE_TEXT)
		left.u.text = a->sort_text;
	if (right.type == VALUE_TEXT)
		right.u.text = b->sort_text;
	return value_order(&left, &right, table->descending);
}

static int compare(const void *left, const void *right, void *arg)
{
	const struct table *table = arg;
	const struct table_row *a = &table->rows[*(const size_t *)left];
	const struct table_row *b = &table->rows[*(const size_t *)right];
	int order = compare_sorted(table, a, b);

	if (order)
		return order;
	order = (a->added > b->added) - (a->added < b->added);
	return table->descending && !table->sort ? -order : order;
}

static int compare_ids(const void *left, const void *right, void *arg)
{
	const struct table *table = arg;
	const struct identity *a = &table->rows[*(const size_t *)left].id;
	const struct identity *b = &table->rows[*(const size_t *)right].id;

	if (a->a != b->a)
		return a->a < b->a ? -1 : 1;
	return (a->b > b->b) - (a->b < b->b);
}

static ptrdiff_t find_row(const struct table *table, const size_t *by_id, struct identity id)
{
	size_t low = 0, high = table->row_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct identity *at = &table->rows[by_id[middle]].id;

		if (identity_equal(*at, id))
			return (ptrdiff_t)by_id[middle];
		if (at->a < id.a || (at->a == id.a && at->b < id.b))
			low = middle + 1;
		else
			high = middle;
	}
	return TABLE_NO_ROW;
}

/* order[] is used as room for an index by identity; it is filled anew after. */
static void find_parents(struct table *table)
{
	size_t *by_id = table->order;

	for (size_t i = 0; i < table->row_count; i++)
		by_id[i] = i;
	qsort_r(by_id, table->row_count, sizeof(*by_id), compare_ids, table);
	for (size_t i = 0; i < table->row_count; i++)
		table->rows[i].above = find_row(table, by_id, table->rows[i].parent);
	for (size_t i = 0; i < table->row_count; i++) {
		ptrdiff_t up = table->rows[i].above;

		for (int n = 0; up != TABLE_NO_ROW && table->rows[up].hidden && n < DEPTH_MAX; n++)
			up = table->rows[up].above;
		if (up != TABLE_NO_ROW && !table->rows[up].hidden)
			table->rows[i].up = up;
	}
}

/* Appends row `index` to the children of its `up`, or to the roots. */
static void link_row(struct table *table, ptrdiff_t index, ptrdiff_t *first, ptrdiff_t *last)
{
	struct table_row *row = &table->rows[index];

	if (row->up != TABLE_NO_ROW) {
		first = &table->rows[row->up].first_down;
		last = &table->rows[row->up].last_down;
	}
	if (*last == TABLE_NO_ROW)
		*first = index;
	else
		table->rows[*last].next = index;
	*last = index;
}

/* The row after `index` in a walk that goes down first. */
static ptrdiff_t walk(struct table *table, ptrdiff_t index)
{
	const struct table_row *row = &table->rows[index];

	if (row->first_down != TABLE_NO_ROW) {
		table->rows[row->first_down].depth = row->depth + 1;
		return row->first_down;
	}
	while (index != TABLE_NO_ROW && table->rows[index].next == TABLE_NO_ROW)
		index = table->rows[index].up;
	if (index == TABLE_NO_ROW)
		return TABLE_NO_ROW;
	table->rows[table->rows[index].next].depth = table->rows[index].depth;
	return table->rows[index].next;
}

/* Rows that claim to be their own ancestors hang below no root: they are shown
 * at the end, as roots. */
static void order_circles(struct table *table, const bool *walked)
{
	for (size_t i = 0; i < table->row_count; i++) {
		if (walked[i] || table->rows[i].hidden)
			continue;
		table->rows[i].up = table->rows[i].next = TABLE_NO_ROW;
		table->rows[i].depth = 0;
		table->order[table->order_count++] = i;
	}
}

/* order[] is sorted; makes it a walk of the tree. */
static void order_as_tree(struct table *table)
{
	bool *walked = calloc(table->row_count, sizeof(*walked));
	ptrdiff_t first = TABLE_NO_ROW, last = TABLE_NO_ROW;

	if (!walked)
		return; /* no memory: stays a list */
	for (size_t i = 0; i < table->order_count; i++)
		link_row(table, (ptrdiff_t)table->order[i], &first, &last);
	table->order_count = 0;
	for (ptrdiff_t i = first; i != TABLE_NO_ROW; i = walk(table, i)) {
		walked[i] = true;
		table->order[table->order_count++] = (size_t)i;
	}
	order_circles(table, walked);
	free(walked);
}

void table_order(struct table *table, const struct model *model)
{
	bool tree = table->tree && table->row_count > 0;

	for (size_t i = 0; i < table->row_count; i++)
		prepare_row(table, model, &table->rows[i]);
	if (tree)
		find_parents(table);
	table->order_count = 0;
	for (size_t i = 0; i < table->row_count; i++)
		if (!table->rows[i].hidden)
			table->order[table->order_count++] = i;
	if (table->order_count > 1)
		qsort_r(table->order, table->order_count, sizeof(*table->order), compare, table);
	if (tree)
		order_as_tree(table);
}
