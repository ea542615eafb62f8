/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pane.c - see pane.h.
 */
#include "mpstat/view/pane.h"

#include "mpstat/util/text.h"
#include "mpstat/util/vec.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define NO_BAR (-1.0)
#define LEAST_TEXT 8 /* columns a text gets however far it is indented */

struct paragraph {
	char *label; /* owned; NULL: none */
	char *text;  /* owned */
	struct cell *cells; /* owned; one line as drawn, instead of text */
	int cell_count;
	double bar;
	int indent, label_width;
	enum style style;
};

struct pane {
	struct paragraph *items;
	size_t count, room;
	size_t left_out;
	size_t top; /* first line shown */
	size_t height;
	int page;
};

struct pane *pane_new(void)
{
	return calloc(1, sizeof(struct pane));
}

void pane_clear(struct pane *pane)
{
	for (size_t i = 0; i < pane->count; i++) {
		free(pane->items[i].label);
		free(pane->items[i].text);
		free(pane->items[i].cells);
	}
	pane->count = 0;
	pane->left_out = 0;
}

void pane_free(struct pane *pane)
{
	if (!pane)
		return;
	pane_clear(pane);
	free(pane->items);
	free(pane);
}

static struct paragraph *add(struct pane *pane, struct paragraph value)
{
	if (VEC_RESERVE(pane, pane->count + 1) < 0) {
		pane->left_out++;
		return NULL;
	}
	pane->items[pane->count] = value;
	return &pane->items[pane->count++];
}

static void add_text(struct pane *pane, struct paragraph value, const char *fmt, va_list args)
{
	if (vasprintf(&value.text, fmt, args) < 0) {
		pane->left_out++;
		return;
	}
	if (!add(pane, value))
		free(value.text);
}

void pane_text(struct pane *pane, enum style style, int indent, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_text(pane, (struct paragraph){.style = style, .indent = indent, .bar = NO_BAR}, fmt,
		 args);
	va_end(args);
}

/* value.label_width 0: the usual. */
static void add_labelled(struct pane *pane, const char *label, struct paragraph value,
			 const char *fmt, va_list args)
{
	size_t before = pane->count;

	if (!value.label_width)
		value.label_width = PANE_LABEL;
	add_text(pane, value, fmt, args);
	if (pane->count > before)
		pane->items[before].label = strdup(label);
}

void pane_pair(struct pane *pane, const char *label, enum style style, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_labelled(pane, label,
		     (struct paragraph){.style = style, .indent = 2, .bar = NO_BAR}, fmt, args);
	va_end(args);
}

void pane_wide_pair(struct pane *pane, const char *label, int width, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_labelled(pane, label,
		     (struct paragraph){.style = STYLE_FAINT,
					.indent = 2,
					.label_width = width,
					.bar = NO_BAR},
		     fmt, args);
	va_end(args);
}

void pane_bar(struct pane *pane, const char *label, double part, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	add_labelled(pane, label,
		     (struct paragraph){.style = STYLE_PLAIN, .indent = 2, .bar = part > 0 ? part : 0},
		     fmt, args);
	va_end(args);
}

void pane_gap(struct pane *pane)
{
	const struct paragraph *last = pane->count ? &pane->items[pane->count - 1] : NULL;

	if (last && (last->label || last->cells || last->text[0]))
		pane_text(pane, STYLE_PLAIN, 0, "%s", "");
}

void pane_section(struct pane *pane, const char *title)
{
	pane_gap(pane);
	pane_text(pane, STYLE_STRONG, 0, "%s", title);
}

void pane_lines(struct pane *pane, const struct canvas *canvas, int lines, int indent)
{
	size_t size = (size_t)canvas->width * sizeof(struct cell);

	for (int y = 0; y < lines && y < canvas->height; y++) {
		struct paragraph value = {.indent = indent, .bar = NO_BAR};

		value.cells = malloc(size);
		value.cell_count = canvas->width;
		if (!value.cells) {
			pane->left_out++;
			continue;
		}
		memcpy(value.cells, &canvas->cells[(size_t)y * (size_t)canvas->width], size);
		if (!add(pane, value))
			free(value.cells);
	}
}

/* Bytes of the first line of text in `width` columns; *next is where the next
 * line begins.  Breaks at blanks, in the middle of a word longer than a line. */
static size_t line_break(const char *text, int width, size_t *next)
{
	size_t fits = text_fit(text, width), cut = fits;

	if (!text[fits]) {
		*next = fits;
		return fits;
	}
	while (cut > 0 && text[cut] != ' ')
		cut--;
	if (cut == 0)
		cut = fits ? fits : 1;
	*next = cut;
	while (text[*next] == ' ')
		++*next;
	return cut;
}

static int text_start(const struct paragraph *paragraph)
{
	int x = paragraph->indent;

	x += paragraph->label_width;
	if (paragraph->bar != NO_BAR)
		x += PANE_BAR + 1;
	return x;
}

static int text_room(const struct paragraph *paragraph, int width)
{
	int room = width - text_start(paragraph);

	return room < LEAST_TEXT ? LEAST_TEXT : room;
}

static void draw_front(const struct paragraph *paragraph, struct canvas *canvas, int y)
{
	int x = paragraph->indent;

	if (paragraph->label) {
		canvas_cell(canvas, (struct rect){x, y, paragraph->label_width - 1, 1}, STYLE_PLAIN,
			    paragraph->label, CANVAS_LEFT);
		x += paragraph->label_width;
	}
	if (paragraph->bar != NO_BAR)
		canvas_bar(canvas, (struct rect){x, y, PANE_BAR, 1}, STYLE_BAR, paragraph->bar);
}

static void draw_cells(const struct paragraph *paragraph, struct canvas *canvas, int y)
{
	struct rect at = {paragraph->indent, y, canvas_columns(canvas) - paragraph->indent, 1};
	struct rect outer = canvas_clip(canvas, at);

	for (int x = 0; x < paragraph->cell_count; x++) {
		char text[CANVAS_CELL_MAX];

		canvas_cell_text(&paragraph->cells[x], text);
		canvas_text(canvas, x, 0, paragraph->cells[x].style, text);
	}
	canvas_unclip(canvas, outer);
}

/* Draws a paragraph's lines at `y` (may be above the canvas; NULL: draws
 * nothing); returns how many lines it takes. */
static int draw_paragraph(const struct paragraph *paragraph, struct canvas *canvas, int width,
			  int y)
{
	const char *text = paragraph->text;
	int lines = 0;

	if (paragraph->cells) {
		if (canvas)
			draw_cells(paragraph, canvas, y);
		return 1;
	}
	if (canvas)
		draw_front(paragraph, canvas, y);
	do {
		size_t next, length = line_break(text, text_room(paragraph, width), &next);
		char line[1024];

		if (canvas) {
			text_copy(line, length + 1 < sizeof(line) ? length + 1 : sizeof(line), text);
			canvas_text(canvas, text_start(paragraph), y + lines, paragraph->style, line);
		}
		text += next;
		lines++;
	} while (*text);
	return lines;
}

size_t pane_height(struct pane *pane, int width)
{
	size_t lines = pane->left_out ? 1 : 0;

	for (size_t i = 0; i < pane->count; i++)
		lines += (size_t)draw_paragraph(&pane->items[i], NULL, width, 0);
	return lines;
}

size_t pane_draw_page(struct pane *pane, struct canvas *canvas, size_t first)
{
	int width = canvas_columns(canvas), height = canvas_lines(canvas);
	size_t line = 0;

	canvas_clear(canvas);
	for (size_t i = 0; i < pane->count; i++) {
		size_t lines = (size_t)draw_paragraph(&pane->items[i], NULL, width, 0);

		if (line + lines > first && line < first + (size_t)height)
			draw_paragraph(&pane->items[i], canvas, width, (int)line - (int)first);
		line += lines;
	}
	if (pane->left_out) {
		if (line >= first)
			canvas_printf(canvas, 0, (int)(line - first), STYLE_BAD,
				      "(%zu paragraphs left out: no memory)", pane->left_out);
		line++;
	}
	return line > first ? line - first : 0;
}

void pane_draw(struct pane *pane, struct canvas *canvas)
{
	size_t page = (size_t)canvas_lines(canvas);

	pane->page = canvas_lines(canvas);
	pane->height = pane_height(pane, canvas_columns(canvas));
	if (pane->top + page > pane->height)
		pane->top = pane->height > page ? pane->height - page : 0;
	pane_draw_page(pane, canvas, pane->top);
}

void pane_scroll(struct pane *pane, int by)
{
	if (by == INT_MIN)
		pane->top = 0;
	else if (by == INT_MAX)
		pane->top = pane->height; /* drawing moves it back to the last page */
	else if (by < 0)
		pane->top = pane->top > (size_t)-by ? pane->top - (size_t)-by : 0;
	else
		pane->top += (size_t)by;
}

int pane_page(const struct pane *pane)
{
	return pane->page > 0 ? pane->page : 1;
}
