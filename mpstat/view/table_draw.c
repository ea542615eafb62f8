/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_draw.c - a table's cells: which columns fit and how wide, titles, rows.
 */
#include "mpstat/view/table_state.h"

#include <string.h>

#define GUTTER 1     /* left of the first column: the mark of tagged rows */
#define TREE_LEVELS 32 /* deeper rows are drawn at this depth */

struct layout {
	size_t column[TABLE_COLUMNS_MAX]; /* indices of the columns that fit */
	int width[TABLE_COLUMNS_MAX];
	size_t count;
};

static const char *title_of(const struct table *table, size_t column)
{
	const char *title = table->columns[column].title;

	return title ? title : table->fields[column]->title;
}

static int least_width(const struct table *table, size_t column)
{
	int width = table->columns[column].width ? table->columns[column].width
						 : table->fields[column]->width;
	int title = (int)strlen(title_of(table, column));

	return width > title ? width : title;
}

static int total_width(const struct layout *layout)
{
	int total = GUTTER;

	for (size_t i = 0; i < layout->count; i++)
		total += layout->width[i] + (i > 0);
	return total;
}

/* Removes the column that may leave first; of equals the rightmost. */
static bool drop_one(const struct table *table, struct layout *layout)
{
	size_t victim = 0;
	int highest = 0;

	for (size_t i = 0; i < layout->count; i++) {
		if (table->columns[layout->column[i]].drop >= highest) {
			highest = table->columns[layout->column[i]].drop;
			victim = i;
		}
	}
	if (highest == 0)
		return false;
	for (size_t i = victim + 1; i < layout->count; i++) {
		layout->column[i - 1] = layout->column[i];
		layout->width[i - 1] = layout->width[i];
	}
	layout->count--;
	return true;
}

/* What is left goes to columns that grow (together at most half of it when
 * there is a wide column) and then to the wide one. */
static void grow(const struct table *table, struct layout *layout, int room)
{
	int wide = -1, share;

	for (size_t i = 0; i < layout->count; i++)
		if (table->fields[layout->column[i]]->flags & FIELD_WIDE)
			wide = (int)i;
	share = wide >= 0 ? room / 2 : room;
	for (size_t i = 0; i < layout->count && (int)i != wide; i++) {
		int more = table->columns[layout->column[i]].grow;

		more = more < share ? more : share;
		layout->width[i] += more;
		share -= more;
		room -= more;
	}
	if (wide >= 0)
		layout->width[wide] += room;
}

static void lay_out(const struct table *table, int width, struct layout *layout)
{
	layout->count = 0;
	for (size_t i = 0; i < table->column_count; i++) {
		layout->column[layout->count] = i;
		layout->width[layout->count++] = least_width(table, i);
	}
	while (total_width(layout) > width)
		if (!drop_one(table, layout))
			break;
	if (total_width(layout) < width)
		grow(table, layout, width - total_width(layout));
}

static enum canvas_align align_of(const struct field *field)
{
	return field->flags & (FIELD_LEFT | FIELD_WIDE) ? CANVAS_LEFT : CANVAS_RIGHT;
}

static void draw_titles(const struct table *table, const struct layout *layout,
			struct canvas *canvas)
{
	int x = GUTTER;

	canvas_cell(canvas, (struct rect){0, 0, canvas_columns(canvas), 1}, STYLE_TITLES, "",
		    CANVAS_LEFT);
	for (size_t i = 0; i < layout->count; i++) {
		const struct field *field = table->fields[layout->column[i]];
		bool sorted = field == table->sort;

		canvas_cell(canvas, (struct rect){x, 0, layout->width[i], 1},
			    sorted ? STYLE_SORTED : STYLE_TITLES, title_of(table, layout->column[i]),
			    align_of(field));
		x += layout->width[i];
		if (sorted)
			canvas_text(canvas, x, 0, STYLE_SORTED,
				    table->descending ? "\u25bc" : "\u25b2");
		x++;
	}
}

/* Tree lines in front of the cell; returns the columns they take. */
static int draw_branches(const struct table *table, const struct table_row *row,
			 struct canvas *canvas)
{
	int depth = row->depth < TREE_LEVELS ? row->depth : TREE_LEVELS;

	for (int level = depth; level > 0 && row; level--) {
		bool more = row->next != TABLE_NO_ROW;
		const char *line = more ? "\u2502  " : "   ";

		if (level == depth)
			line = more ? "\u251c\u2500 " : "\u2514\u2500 ";
		canvas_text(canvas, (level - 1) * 3, 0, STYLE_FAINT, line);
		row = row->up == TABLE_NO_ROW ? NULL : &table->rows[row->up];
	}
	return depth * 3;
}

static void draw_value(const struct table_cell *cell, struct canvas *canvas)
{
	char text[FACT_TEXT_MAX * 2];
	struct value value = cell->field->get(cell->model, cell->row);

	canvas_cell(canvas, cell->at, cell->style,
		    field_text(cell->field, &value, text, sizeof(text)), align_of(cell->field));
}

static void draw_cell(const struct table *table, const struct table_row *row, size_t column,
		      struct table_cell *cell, struct canvas *canvas)
{
	const char *key = table->columns[column].key;
	struct rect outer = canvas_clip(canvas, cell->at);
	int taken = 0;

	if (table->tree && table->spec->tree && !strcmp(table->spec->tree, key))
		taken = draw_branches(table, row, canvas);
	if (table->columns[column].style && cell->style == STYLE_PLAIN)
		cell->style = table->columns[column].style(cell->row);
	cell->field = table->fields[column];
	cell->at = (struct rect){taken, 0, cell->at.width - taken, 1};
	if (table->columns[column].draw)
		table->columns[column].draw(cell, canvas);
	else
		draw_value(cell, canvas);
	canvas_unclip(canvas, outer);
}

static void draw_row(const struct table *table, const struct model *model, size_t position,
		     const struct layout *layout, struct canvas *line)
{
	const struct table_row *row = &table->rows[table->order[position]];
	bool tagged = table_tagged(table, position);
	enum style style = table->spec->style ? table->spec->style(row->row) : STYLE_PLAIN;
	int x = GUTTER;

	if (tagged) {
		style = STYLE_TAGGED;
		canvas_text(line, 0, 0, style, "*");
	}
	for (size_t i = 0; i < layout->count; i++) {
		struct table_cell cell = {.model = model, .row = row->row, .style = style};

		cell.at = (struct rect){x, 0, layout->width[i], 1};
		draw_cell(table, row, layout->column[i], &cell, line);
		x += layout->width[i] + 1;
	}
}

/* Rows from position `first` on, from line `y` down; returns how many. */
static size_t draw_rows(const struct table *table, const struct model *model,
			struct canvas *canvas, size_t first, int y)
{
	struct layout layout;
	int top = y;

	lay_out(table, canvas_columns(canvas), &layout);
	for (; y < canvas_lines(canvas) && first < table->order_count; y++, first++) {
		struct rect outer = canvas_clip(canvas, (struct rect){0, y, canvas_columns(canvas), 1});

		draw_row(table, model, first, &layout, canvas);
		canvas_unclip(canvas, outer);
	}
	return (size_t)(y - top);
}

static void scroll_to_selection(struct table *table)
{
	size_t page = (size_t)table_page(table);

	if (table->selected < table->top)
		table->top = table->selected;
	if (table->selected >= table->top + page)
		table->top = table->selected + 1 - page;
	/* no empty lines at the end while there are rows above */
	if (table->top + page > table->order_count)
		table->top = table->order_count > page ? table->order_count - page : 0;
}

void table_draw(struct table *table, const struct model *model, struct canvas *canvas)
{
	struct layout layout;
	int width = canvas_columns(canvas);

	canvas_clear(canvas);
	table->page = canvas_lines(canvas) - 1;
	scroll_to_selection(table);
	lay_out(table, width, &layout);
	draw_titles(table, &layout, canvas);
	draw_rows(table, model, canvas, table->top, 1);
	if (table->order_count > 0 && table->page > 0)
		canvas_restyle(canvas,
			       (struct rect){0, (int)(table->selected - table->top) + 1, width, 1},
			       STYLE_SELECTED);
}

size_t table_draw_page(struct table *table, const struct model *model, struct canvas *canvas,
		       size_t first)
{
	struct layout layout;

	canvas_clear(canvas);
	lay_out(table, canvas_columns(canvas), &layout);
	if (first == 0)
		draw_titles(table, &layout, canvas);
	return draw_rows(table, model, canvas, first, first == 0);
}
