/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.c - rows, selection and tags of a table; see table.h.
 *
 * Owns: which rows there are and which one is selected.  Does not own: their
 * order (table_order.c), how they look (table_draw.c).
 */
#include "mpstat/view/table_state.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* A column whose field does not exist would be a bug of ours: it is left out,
 * and a unit test of the screens notices. */
static void find_fields(struct table *table)
{
	const struct table_column *column;

	for (column = table->spec->columns; column->key; column++) {
		const struct field *field = field_find(table->spec->entity, column->key);

		if (!field || table->column_count == TABLE_COLUMNS_MAX)
			continue;
		table->columns[table->column_count] = *column;
		table->fields[table->column_count++] = field;
	}
}

struct table *table_new(const struct table_spec *spec)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->spec = spec;
	find_fields(table);
	table->tree = spec->tree != NULL;
	if (spec->sort)
		table->sort = field_find(spec->entity, spec->sort);
	table->descending = spec->descending;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	free(table->rows);
	free(table->order);
	free(table->tags);
	free(table);
}

void table_begin(struct table *table)
{
	table->row_count = 0;
	table->order_count = 0;
	table->left_out = 0;
}

static bool make_room(struct table *table)
{
	size_t room = table->row_room ? table->row_room * 2 : 64;
	struct table_row *rows;
	size_t *order;

	if (table->row_count < table->row_room)
		return true;
	rows = realloc(table->rows, room * sizeof(*rows));
	if (rows)
		table->rows = rows;
	order = realloc(table->order, room * sizeof(*order));
	if (order)
		table->order = order;
	if (!rows || !order)
		return false;
	table->row_room = room;
	return true;
}

void table_add(struct table *table, struct identity id, struct identity parent, const void *row)
{
	if (!make_room(table)) {
		table->left_out++;
		return;
	}
	table->rows[table->row_count] = (struct table_row){
		.id = id, .parent = parent, .row = row, .added = table->row_count};
	table->row_count++;
}

void table_fold(struct table *table)
{
	if (table->row_count > 0)
		table->rows[table->row_count - 1].folded = true;
}

static const struct table_row *row_at(const struct table *table, size_t index)
{
	return index < table->order_count ? &table->rows[table->order[index]] : NULL;
}

static void select_row(struct table *table, size_t index)
{
	table->selected = index;
	table->selected_id = table->rows[table->order[index]].id;
}

/* Finds the selected thing again; when it is gone, what took its line. */
static void restore_selection(struct table *table)
{
	if (table->order_count == 0) {
		table->selected = 0;
		return;
	}
	if (table->spec->follow && (table->at_end || !table->touched)) {
		select_row(table, table->order_count - 1);
		return;
	}
	for (size_t i = 0; table->touched && i < table->order_count; i++) {
		if (identity_equal(row_at(table, i)->id, table->selected_id)) {
			select_row(table, i);
			return;
		}
	}
	if (!table->touched)
		table->selected = 0;
	else if (table->selected >= table->order_count)
		table->selected = table->order_count - 1;
	select_row(table, table->selected);
}

/* Tags of rows that are gone must not act on a thing that comes later. */
static void drop_dead_tags(struct table *table)
{
	size_t kept = 0;

	for (size_t i = 0; i < table->tag_count; i++) {
		bool there = false;

		for (size_t j = 0; j < table->row_count && !there; j++)
			there = identity_equal(table->rows[j].id, table->tags[i]);
		if (there)
			table->tags[kept++] = table->tags[i];
	}
	table->tag_count = kept;
}

void table_end(struct table *table, const struct model *model)
{
	table_order(table, model);
	restore_selection(table);
	table->at_end = table->order_count == 0 || table->selected + 1 == table->order_count;
	drop_dead_tags(table);
}

size_t table_left_out(const struct table *table)
{
	return table->left_out;
}

size_t table_count(const struct table *table)
{
	return table->order_count;
}

const void *table_row(const struct table *table, size_t index)
{
	const struct table_row *row = row_at(table, index);

	return row ? row->row : NULL;
}

const void *table_selected(const struct table *table)
{
	return table_row(table, table->selected);
}

struct identity table_selected_id(const struct table *table)
{
	return table->order_count ? table->selected_id : (struct identity){0, 0};
}

bool table_touched(const struct table *table)
{
	return table->touched;
}

bool table_folded(const struct table *table, size_t index)
{
	const struct table_row *row = row_at(table, index);

	return row && row->folded;
}

bool table_selected_folded(const struct table *table)
{
	return table_folded(table, table->selected);
}

void table_select(struct table *table, struct identity id)
{
	table->touched = true;
	table->at_end = false;
	table->selected_id = id;
}

void table_move(struct table *table, int by)
{
	size_t last = table->order_count ? table->order_count - 1 : 0;
	size_t to = table->selected;

	if (table->order_count == 0)
		return;
	if (by < 0)
		to = by == INT_MIN || (size_t)-by > to ? 0 : to - (size_t)-by;
	else
		to = by == INT_MAX || (size_t)by > last - to ? last : to + (size_t)by;
	table->touched = true;
	table->at_end = to == last;
	select_row(table, to);
}

int table_page(const struct table *table)
{
	return table->page > 0 ? table->page : 1;
}

/* Numbers are interesting from the top, names and identities from the start. */
static bool descends_by_nature(const struct field *field)
{
	return !(field->flags & (FIELD_LEFT | FIELD_WIDE | FIELD_ID));
}

bool table_sort(struct table *table, const char *key)
{
	const struct field *field = key ? field_find(table->spec->entity, key) : NULL;

	if (key && !field)
		return false;
	table->sort = field;
	table->descending = field && descends_by_nature(field);
	return true;
}

const char *table_sort_key(const struct table *table)
{
	return table->sort ? table->sort->key : NULL;
}

void table_invert(struct table *table)
{
	table->descending = !table->descending;
}

bool table_has_tree(const struct table *table)
{
	return table->spec->tree != NULL;
}

bool table_is_tree(const struct table *table)
{
	return table->tree;
}

void table_set_tree(struct table *table, bool on)
{
	table->tree = on && table->spec->tree;
}

const struct field *table_field(const struct table *table, size_t index)
{
	return index < table->column_count ? table->fields[index] : NULL;
}

void table_filter(struct table *table, const char *text)
{
	strncpy(table->filter, text, sizeof(table->filter) - 1);
	table->filter[sizeof(table->filter) - 1] = '\0';
}

const char *table_filter_text(const struct table *table)
{
	return table->filter;
}

static bool found_in(const struct table *table, const struct model *model,
		     const struct table_row *row, const char *text)
{
	if (table_row_has(table, model, row->row, text))
		return true;
	return row->folded && table->spec->holds &&
	       table->spec->holds(table, model, row->row, text);
}

static bool is_named(const struct table *table, const struct model *model,
		     const struct table_row *row, const char *text)
{
	char buf[256];

	for (size_t i = 0; i < table->column_count; i++) {
		const struct field *field = table->fields[i];
		struct value value;

		if (strcmp(field->key, "name") != 0)
			continue;
		value = field->get(model, row->row);
		return value.type != VALUE_NONE &&
		       strcasestr(field_text(field, &value, buf, sizeof(buf)), text);
	}
	return false;
}

struct search {
	const struct model *model;
	const char *text;
	int step;
	bool here; /* the selected row may be it */
	bool (*matches)(const struct table *table, const struct model *model,
			const struct table_row *row, const char *text);
};

static bool search_by(struct table *table, const struct search *search)
{
	size_t count = table->order_count;

	for (size_t i = search->here ? 0 : 1; i <= count && count; i++) {
		size_t at = (table->selected + (search->step > 0 ? i : count - i % count)) % count;

		if (!search->matches(table, search->model, row_at(table, at), search->text))
			continue;
		table->touched = true;
		table->at_end = at + 1 == count;
		select_row(table, at);
		return true;
	}
	return false;
}

/* A new search prefers what has the name to what only speaks of it; the next match is any. */
bool table_search(struct table *table, const struct model *model, const char *text, int step,
		  bool here)
{
	struct search search = {model, text, step, here, is_named};

	if (!*text || (here && search_by(table, &search)))
		return true;
	search.matches = found_in;
	return search_by(table, &search);
}

static size_t find_tag(const struct table *table, struct identity id)
{
	size_t i = 0;

	while (i < table->tag_count && !identity_equal(table->tags[i], id))
		i++;
	return i;
}

void table_tag(struct table *table)
{
	const struct table_row *row = row_at(table, table->selected);
	size_t at = row ? find_tag(table, row->id) : 0;

	if (!row)
		return;
	if (at < table->tag_count) {
		table->tags[at] = table->tags[--table->tag_count];
		return;
	}
	if (table->tag_count == table->tag_room) {
		size_t room = table->tag_room ? table->tag_room * 2 : 16;
		struct identity *tags = realloc(table->tags, room * sizeof(*tags));

		if (!tags)
			return;
		table->tags = tags;
		table->tag_room = room;
	}
	table->tags[table->tag_count++] = row->id;
}

void table_untag(struct table *table)
{
	table->tag_count = 0;
}

bool table_tagged(const struct table *table, size_t index)
{
	const struct table_row *row = row_at(table, index);

	return row && find_tag(table, row->id) < table->tag_count;
}

size_t table_tags(const struct table *table)
{
	size_t count = 0;

	for (size_t i = 0; table->tag_count && i < table->order_count; i++)
		count += table_tagged(table, i);
	return count;
}
