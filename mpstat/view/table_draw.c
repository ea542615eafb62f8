/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * table_draw.c - a table's cells: which columns fit and how wide, titles, rows.
 */
#include "mpstat/util/text.h"
#include "mpstat/view/table_state.h"

#include <limits.h>
#include <string.h>

#define GUTTER 1     /* left of the first column: the mark of a row */
#define LEAST_SENTENCE 8
#define LEAST_NAME 9 /* beside tree lines */
#define TREE_LEVELS 32 /* deeper rows are drawn at this depth */

struct layout {
	size_t column[TABLE_COLUMNS_MAX]; /* indices of the columns that fit */
	int width[TABLE_COLUMNS_MAX];
	size_t count;
};

struct span {
	size_t first; /* position in the order */
	int y;	      /* line it is drawn on */
};

static const char *title_of(const struct table *table, size_t column)
{
	const char *title = table->columns[column].title;

	return title ? title : table->fields[column]->title;
}

static int base_width(const struct table *table, size_t column)
{
	return table->columns[column].width ? table->columns[column].width
					    : table->fields[column]->width;
}

static bool is_wide(const struct table *table, size_t column)
{
	return table->fields[column]->flags & FIELD_WIDE;
}

/* What the column would like: as wide as the widest value it has had. */
static int wanted_width(const struct table *table, size_t column)
{
	int title = (int)strlen(title_of(table, column)), most, want = table->seen[column];

	most = base_width(table, column) + table->columns[column].grow;
	if (table->columns[column].draw && !is_wide(table, column))
		return most; /* a picture, not a text */
	if (want > most && !is_wide(table, column))
		want = most;
	return want > title ? want : title;
}

/* What it needs to be worth showing. */
static int least_width(const struct table *table, size_t column)
{
	int base = base_width(table, column), want = wanted_width(table, column);
	int title = (int)strlen(title_of(table, column));

	base = base > title ? base : title;
	return want < base && !is_wide(table, column) ? want : base;
}

static int total_width(const struct layout *layout)
{
	int total = GUTTER;

	for (size_t i = 0; i < layout->count; i++)
		total += layout->width[i] + (i > 0);
	return total;
}

/* What one sorts by one wants to see. */
static int drop_of(const struct table *table, size_t column)
{
	return table->fields[column] == table->sort ? 0 : table->columns[column].drop;
}

/* Removes the column that may leave first; of equals the rightmost. */
static bool drop_one(const struct table *table, struct layout *layout)
{
	size_t victim = 0;
	int highest = 0;

	for (size_t i = 0; i < layout->count; i++) {
		if (drop_of(table, layout->column[i]) >= highest) {
			highest = drop_of(table, layout->column[i]);
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

/* Gives columns of one sort up to what they want; returns what is left. */
static int satisfy(const struct table *table, struct layout *layout, bool wide, int room)
{
	for (size_t i = 0; i < layout->count; i++) {
		int more = wanted_width(table, layout->column[i]) - layout->width[i];

		if (is_wide(table, layout->column[i]) != wide || more <= 0)
			continue;
		more = more < room ? more : room;
		layout->width[i] += more;
		room -= more;
	}
	return room;
}

/* What is left after the least widths: names may take half of it, sentences the
 * rest, and what nobody wants goes to the last sentence. */
static void grow(const struct table *table, struct layout *layout, int room)
{
	size_t wide = layout->count;
	int kept;

	for (size_t i = 0; i < layout->count; i++)
		if (is_wide(table, layout->column[i]))
			wide = i;
	kept = wide < layout->count ? room / 2 : 0;
	room = kept + satisfy(table, layout, false, room - kept);
	room = satisfy(table, layout, true, room);
	if (wide < layout->count)
		layout->width[wide] += room;
}

/* Nothing more can be dropped and it still does not fit: sentences get short. */
static void shrink(const struct table *table, struct layout *layout, int excess)
{
	for (size_t i = 0; excess > 0 && i < layout->count; i++) {
		int less = layout->width[i] - LEAST_SENTENCE;

		if (!is_wide(table, layout->column[i]) || less <= 0)
			continue;
		less = less < excess ? less : excess;
		layout->width[i] -= less;
		excess -= less;
	}
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
	shrink(table, layout, total_width(layout) - width);
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

/* Columns that tree lines take in this cell. */
static int branches(const struct table *table, const struct table_row *row, size_t column)
{
	if (!table->tree || !table->spec->tree ||
	    strcmp(table->spec->tree, table->columns[column].key) != 0)
		return 0;
	return 3 * (row->depth < TREE_LEVELS ? row->depth : TREE_LEVELS);
}

/* Of these columns, those that have to go so that the text beside them can be read. */
static int too_deep(const struct table_cell *cell, int taken)
{
	char text[FACT_TEXT_MAX * 2];
	struct value value = cell->field->get(cell->model, cell->row);
	int least = text_width(field_text(cell->field, &value, text, sizeof(text)));
	int excess = taken + (least < LEAST_NAME ? least : LEAST_NAME) - cell->at.width;

	excess = excess < taken ? excess : taken;
	return excess > 0 ? (excess + 2) / 3 * 3 : 0;
}

/* Tree lines in front of the cell, without their first `cut` columns. */
static void draw_branches(const struct table *table, const struct table_row *row, int cut,
			  struct canvas *canvas)
{
	int depth = row->depth < TREE_LEVELS ? row->depth : TREE_LEVELS;

	for (int level = depth; level > 0 && row; level--) {
		bool more = row->next != TABLE_NO_ROW;
		const char *line = more ? "\u2502  " : "   ";

		if (level == depth && row->folded)
			line = more ? "\u251c+ " : "\u2514+ ";
		else if (level == depth)
			line = more ? "\u251c\u2500 " : "\u2514\u2500 ";
		if ((level - 1) * 3 >= cut)
			canvas_text(canvas, (level - 1) * 3 - cut, 0, STYLE_FAINT, line);
		row = row->up == TABLE_NO_ROW ? NULL : &table->rows[row->up];
	}
	if (cut)
		canvas_text(canvas, 0, 0, STYLE_FAINT, "\u2026");
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
	struct rect outer = canvas_clip(canvas, cell->at);
	int taken = branches(table, row, column), cut;

	cell->field = table->fields[column];
	if (taken) {
		cut = too_deep(cell, taken);
		draw_branches(table, row, cut, canvas);
		taken -= cut;
	}
	if (table->columns[column].style && cell->style == STYLE_PLAIN)
		cell->style = table->columns[column].style(cell->row);
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
	char mark[2] = {table->spec->mark ? table->spec->mark(row->row) : ' ', '\0'};
	int x = GUTTER;

	if (tagged) {
		style = STYLE_TAGGED;
		mark[0] = '*';
	}
	canvas_text(line, 0, 0, style, mark);
	for (size_t i = 0; i < layout->count; i++) {
		struct table_cell cell = {.model = model, .row = row->row, .style = style};

		cell.at = (struct rect){x, 0, layout->width[i], 1};
		draw_cell(table, row, layout->column[i], &cell, line);
		x += layout->width[i] + 1;
	}
}

/* Notes how wide the values of these rows are.  Widths never shrink: columns
 * that jump at each refresh cannot be read. */
static void measure(struct table *table, const struct model *model, size_t first, int lines)
{
	char text[FACT_TEXT_MAX * 2];

	for (; lines > 0 && first < table->order_count; lines--, first++) {
		const struct table_row *row = &table->rows[table->order[first]];

		for (size_t i = 0; i < table->column_count; i++) {
			const struct field *field = table->fields[i];
			struct value value = field->get(model, row->row);
			int width = text_width(field_text(field, &value, text, sizeof(text)));

			width += branches(table, row, i);
			table->seen[i] = width > table->seen[i] ? width : table->seen[i];
		}
	}
}

/* Rows from position `first` on, from line `y` down; returns how many. */
static size_t draw_rows(const struct table *table, const struct model *model,
			const struct layout *layout, struct canvas *canvas, struct span rows)
{
	int y = rows.y;

	for (; y < canvas_lines(canvas) && rows.first < table->order_count; y++, rows.first++) {
		struct rect line = {0, y, canvas_columns(canvas), 1};
		struct rect outer = canvas_clip(canvas, line);

		draw_row(table, model, rows.first, layout, canvas);
		canvas_unclip(canvas, outer);
	}
	return (size_t)(y - rows.y);
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
	measure(table, model, table->top, table->page);
	lay_out(table, width, &layout);
	draw_titles(table, &layout, canvas);
	draw_rows(table, model, &layout, canvas, (struct span){table->top, 1});
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
	if (first == 0) /* all rows get the same columns */
		measure(table, model, 0, INT_MAX);
	lay_out(table, canvas_columns(canvas), &layout);
	if (first == 0)
		draw_titles(table, &layout, canvas);
	return draw_rows(table, model, &layout, canvas, (struct span){first, first == 0});
}
