/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table.h - rows of the model in columns of fields: sorted, filtered, as a
 * tree, scrolled, with a selection that follows the thing and not the line.
 *
 * Owns: order, filter, search, selection, tags, which columns fit.  Does not
 * own: which rows there are (screens), what a value is (model/fields.c).
 *
 * Use: table_begin(), table_add() for each row, table_end(); then draw.  Row
 * pointers are used until the next table_begin() and must stay valid so long.
 */
#ifndef MPSTAT_VIEW_TABLE_H
#define MPSTAT_VIEW_TABLE_H

#include "mpstat/model/field.h"
#include "mpstat/view/canvas.h"

/* What makes a row the same row after a refresh.  All zero: no row. */
struct identity {
	uint64_t a, b;
};

struct table_cell {
	const struct model *model;
	const void *row;
	const struct field *field;
	enum style style;
	struct rect at;	  /* one line, relative to the canvas' clip */
};

struct table_column {
	const char *key;  /* of the field; NULL ends a list of columns */
	const char *title; /* NULL: the field's */
	uint8_t drop;	  /* 0: always shown; else the highest leaves first when room is short */
	uint8_t width;	  /* 0: the field's */
	uint8_t grow;	  /* may take so many columns more when there is room */
	/* NULL: the row's */
	enum style (*style)(const void *row);
	/* NULL: the value as field_text() writes it */
	void (*draw)(const struct table_cell *cell, struct canvas *canvas);
};

struct table;

struct table_spec {
	enum entity entity;
	const struct table_column *columns;
	const char *sort; /* key; NULL: as added */
	bool descending;
	const char *tree; /* key of the column with tree lines; NULL: no tree */
	bool follow;	  /* newest rows are added last: stay at the end while there */
	enum style (*style)(const void *row); /* NULL: plain */
	char (*mark)(const void *row); /* left of the row unless it is tagged; NULL: blanks */
	/* A row that stands for several: whether one of them has the text; NULL: there are
	 * no such rows. */
	bool (*holds)(const struct table *table, const struct model *model, const void *row,
		      const char *text);
};

#define TABLE_TEXT_MAX 64

struct table *table_new(const struct table_spec *spec); /* NULL: no memory */
void table_free(struct table *table);

/* Collecting.  `parent` is the identity of the row above in the tree; {0, 0} or
 * one that is not there makes a root.  Without memory a row is left out and
 * counted (table_left_out). */
void table_begin(struct table *table);
void table_add(struct table *table, struct identity id, struct identity parent, const void *row);
/* The row added last stands for several that are not shown. */
void table_fold(struct table *table);
void table_end(struct table *table, const struct model *model);
size_t table_left_out(const struct table *table);

/* Rows that passed the filter, in order; NULL beyond the end. */
size_t table_count(const struct table *table);
const void *table_row(const struct table *table, size_t index);
const void *table_selected(const struct table *table); /* NULL: no rows */
struct identity table_selected_id(const struct table *table); /* {0, 0}: no rows */
bool table_touched(const struct table *table); /* the user has chosen a row */
bool table_folded(const struct table *table, size_t index);
bool table_selected_folded(const struct table *table);

/* Selects that row, at the next table_end() if it is not there yet; without it the
 * selection stays on its line. */
void table_select(struct table *table, struct identity id);

/* The title line and the rows that fit below; scrolls so that the selection is
 * seen. */
void table_draw(struct table *table, const struct model *model, struct canvas *canvas);

/* For print: rows from `first` on, titles only when first is 0, no selection.
 * Returns how many rows were drawn. */
size_t table_draw_page(struct table *table, const struct model *model, struct canvas *canvas,
		       size_t first);

/* Moving. `by` rows; INT_MIN and INT_MAX: to the first and last. */
void table_move(struct table *table, int by);
int table_page(const struct table *table); /* rows shown by the last table_draw */

/* Order. NULL key: as added. Takes effect with the next table_end(). */
bool table_sort(struct table *table, const char *key);
const char *table_sort_key(const struct table *table);
void table_invert(struct table *table);
bool table_has_tree(const struct table *table); /* could be shown as a tree */
bool table_is_tree(const struct table *table);
void table_set_tree(struct table *table, bool on);

/* The columns one may sort by, in order of the screen; NULL beyond the end. */
const struct field *table_field(const struct table *table, size_t index);

/* Filter: rows with this text in any column, case ignored; "" shows all. Takes
 * effect with the next table_end(). */
void table_filter(struct table *table, const char *text);
const char *table_filter_text(const struct table *table);

/* Selects the next row (from the selection, itself included if `here`) that
 * contains the text; `step` is 1 or -1.  With `here` one whose name contains it comes before
 * those that only speak of it.  false: none does. */
bool table_search(struct table *table, const struct model *model, const char *text, int step,
		  bool here);

/* Whether any column of the row contains the text, case ignored. */
bool table_row_has(const struct table *table, const struct model *model, const void *row,
		   const char *text);

/* Tags, by identity. */
void table_tag(struct table *table); /* toggles the selected row's */
void table_untag(struct table *table);
bool table_tagged(const struct table *table, size_t index);
size_t table_tags(const struct table *table); /* rows shown that are tagged */

#endif
