/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * grid.c - measure every cell, then print every cell.
 *
 * Owns: the two passes.  Two, and not a stored table: memory stays bounded
 * however many rows there are.  Does not own: the values.
 */
#include "mpstat/export/grid.h"

#include "mpstat/util/text.h"

#include <stdlib.h>
#include <string.h>

#define CELL_MAX 60 /* columns of the widest text */

struct column {
	const struct field *field;
	int width;
	bool known; /* some row has a value */
};

struct pass {
	const struct grid *grid;
	FILE *out;
	struct column *columns; /* room for all fields */
	size_t column_count;
	size_t rows;
};

static void find_columns(struct pass *pass)
{
	size_t i;

	for (i = 0; i < field_count; i++) {
		if (fields[i].entity != pass->grid->entity || fields[i].flags & FIELD_JSON_ONLY)
			continue;
		pass->columns[pass->column_count].field = &fields[i];
		pass->columns[pass->column_count++].width = text_width(fields[i].title);
	}
}

/* The text of a cell; returns whether its value is known. */
static bool cell(const struct pass *pass, const struct field *field, const void *row, char *text)
{
	struct value value = {VALUE_NONE, {0}};
	char whole[FACT_TEXT_MAX + FACT_NAME_MAX], clean[sizeof(whole)];

	if (rows_have(field, row))
		value = field->get(pass->grid->model, row);
	field_text(field, &value, whole, sizeof(whole));
	/* Cleaned where it came from already; here nothing gets around it. */
	text_clean(clean, sizeof(clean), whole, strlen(whole));
	text_clip(text, CELL_MAX * 4, clean, CELL_MAX);
	return value.type != VALUE_NONE;
}

static bool chosen(const struct pass *pass, const void *row)
{
	return !pass->grid->choose || pass->grid->choose(pass->grid->choose_arg, row);
}

static void measure_row(void *arg, const void *row)
{
	struct pass *pass = arg;
	char text[CELL_MAX * 4];
	size_t i;

	if (!chosen(pass, row))
		return;
	pass->rows++;
	for (i = 0; i < pass->column_count; i++) {
		struct column *column = &pass->columns[i];
		int width;

		column->known |= cell(pass, column->field, row, text);
		width = text_width(text);
		if (width > column->width)
			column->width = width;
	}
}

static bool is_left(const struct field *field)
{
	return (field->flags & (FIELD_LEFT | FIELD_WIDE)) != 0;
}

/* One cell; `last` and left-aligned cells are not padded, lines end clean. */
static void put_cell(FILE *out, const struct column *column, const char *text, bool last)
{
	int pad = column->width - text_width(text);

	if (pad < 0)
		pad = 0;
	if (is_left(column->field))
		fprintf(out, "%s%*s", text, last ? 0 : pad, "");
	else
		fprintf(out, "%*s%s", pad, "", text);
	fputs(last ? "\n" : "  ", out);
}

static void drop_unknown(struct pass *pass)
{
	size_t i, kept = 0;

	for (i = 0; i < pass->column_count; i++)
		if (pass->columns[i].known)
			pass->columns[kept++] = pass->columns[i];
	pass->column_count = kept;
}

static void print_row(void *arg, const void *row)
{
	struct pass *pass = arg;
	char text[CELL_MAX * 4];
	size_t i;

	if (!chosen(pass, row))
		return;
	for (i = 0; i < pass->column_count; i++) {
		cell(pass, pass->columns[i].field, row, text);
		put_cell(pass->out, &pass->columns[i], text, i + 1 == pass->column_count);
	}
}

static void print(struct pass *pass)
{
	size_t i;

	find_columns(pass);
	rows_each(pass->grid->model, pass->grid->entity, measure_row, pass);
	if (pass->rows == 0)
		return;
	drop_unknown(pass);
	if (pass->grid->title)
		fprintf(pass->out, "%s\n", pass->grid->title);
	for (i = 0; i < pass->column_count; i++)
		put_cell(pass->out, &pass->columns[i], pass->columns[i].field->title,
			 i + 1 == pass->column_count);
	rows_each(pass->grid->model, pass->grid->entity, print_row, pass);
}

size_t grid_print(FILE *out, const struct grid *grid)
{
	struct pass pass = {.grid = grid, .out = out};

	pass.columns = calloc(field_count, sizeof(*pass.columns));
	if (!pass.columns) {
		fputs("out of memory\n", out);
		return 0;
	}
	print(&pass);
	free(pass.columns);
	return pass.rows;
}
