/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canvas.c - see canvas.h.  Owns: decoding of text into cells, ASCII stand-ins,
 * bars.  Does not own: colours, terminals.
 */
#include "mpstat/view/canvas.h"

#include "mpstat/util/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define REFUSED '?'
#define ELLIPSIS 0x2026
#define UTF8_MAX 4 /* bytes of a character */

/* What stands for our own glyphs where only ASCII is possible. */
static const struct {
	uint32_t glyph;
	char ascii;
} stand_ins[] = {
	{ELLIPSIS, '~'}, {0x2500, '-'}, {0x2502, '|'}, {0x251c, '|'}, {0x2514, '`'},
	{0x2588, '#'},	 {0x2589, '#'}, {0x258a, '#'}, {0x258b, '#'}, {0x258c, ':'},
	{0x258d, ':'},	 {0x258e, '.'}, {0x258f, '.'}, {0x25b2, '^'}, {0x25bc, 'v'},
	{0x2192, '>'},	 {0x00b7, '|'}, {0x2713, '+'}, {0x00b5, 'u'},
	{0x201c, '"'},	 {0x201d, '"'}, {0x2018, '\''}, {0x2019, '\''},
};

static const struct cell blank = {.ch = ' ', .style = STYLE_PLAIN};

static struct rect rect_intersect(struct rect a, struct rect b)
{
	int right = a.x + a.width < b.x + b.width ? a.x + a.width : b.x + b.width;
	int bottom = a.y + a.height < b.y + b.height ? a.y + a.height : b.y + b.height;
	struct rect r = {.x = a.x > b.x ? a.x : b.x, .y = a.y > b.y ? a.y : b.y};

	r.width = right > r.x ? right - r.x : 0;
	r.height = bottom > r.y ? bottom - r.y : 0;
	return r;
}

/* Takes one character from *text; what is no UTF-8 is taken byte by byte. */
static uint32_t next_character(const char **text)
{
	uint32_t ch = REFUSED;
	size_t length = text_decode(&ch, *text, strnlen(*text, UTF8_MAX));

	*text += length ? length : 1;
	return length ? ch : REFUSED;
}

static uint32_t ascii_for(uint32_t ch)
{
	for (size_t i = 0; i < sizeof(stand_ins) / sizeof(stand_ins[0]); i++)
		if (stand_ins[i].glyph == ch)
			return (uint32_t)stand_ins[i].ascii;
	return REFUSED;
}

/* The character as it may be shown, and its columns (0: a combining mark). */
static uint32_t shown_character(const struct canvas *canvas, uint32_t ch, int *columns)
{
	*columns = 1;
	if (!text_harmless(ch))
		return REFUSED;
	if (ch < 0x80)
		return ch;
	if (!canvas->unicode)
		return ascii_for(ch);
	*columns = text_columns(ch);
	return ch;
}

static struct cell *cell_at(struct canvas *canvas, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas->clip.width || y >= canvas->clip.height)
		return NULL;
	x += canvas->clip.x;
	y += canvas->clip.y;
	return &canvas->cells[(size_t)y * (size_t)canvas->width + (size_t)x];
}

/* Half of a wide character must not stay behind when the other is replaced. */
static void set_cell(struct canvas *canvas, int x, int y, struct cell value)
{
	struct cell *cell = cell_at(canvas, x, y);
	struct cell *right = cell_at(canvas, x + 1, y);

	if (!cell)
		return;
	if (cell->ch == 0 && x > 0)
		cell[-1].ch = ' ', cell[-1].mark = 0;
	if (right && right->ch == 0 && value.ch != 0)
		right->ch = ' ';
	*cell = value;
}

/* Puts one character; returns its columns. */
static int put_character(struct canvas *canvas, int x, int y, struct cell value)
{
	int columns;
	struct cell *before;

	value.ch = shown_character(canvas, value.ch, &columns);
	if (columns == 0) {
		before = cell_at(canvas, x - 1, y);
		if (before && before->ch == 0)
			before = cell_at(canvas, x - 2, y);
		if (before && before->ch && !before->mark)
			before->mark = value.ch;
		return 0;
	}
	if (columns == 2 && x + 1 == canvas->clip.width)
		value.ch = ' '; /* no room for the second half */
	set_cell(canvas, x, y, value);
	if (columns == 2 && x + 1 < canvas->clip.width)
		set_cell(canvas, x + 1, y, (struct cell){.ch = 0, .style = value.style});
	return columns;
}

struct canvas *canvas_new(int width, int height, bool unicode)
{
	struct canvas *canvas = calloc(1, sizeof(*canvas));

	if (!canvas)
		return NULL;
	canvas->unicode = unicode;
	if (!canvas_resize(canvas, width, height)) {
		canvas_free(canvas);
		return NULL;
	}
	return canvas;
}

void canvas_free(struct canvas *canvas)
{
	if (!canvas)
		return;
	free(canvas->cells);
	free(canvas);
}

bool canvas_resize(struct canvas *canvas, int width, int height)
{
	struct cell *cells;

	width = width < 1 ? 1 : width;
	height = height < 1 ? 1 : height;
	cells = calloc((size_t)width * (size_t)height, sizeof(*cells));
	if (!cells)
		return false;
	free(canvas->cells);
	canvas->cells = cells;
	canvas->width = width;
	canvas->height = height;
	canvas->clip = (struct rect){0, 0, width, height};
	canvas_clear(canvas);
	return true;
}

struct rect canvas_clip(struct canvas *canvas, struct rect inner)
{
	struct rect outer = canvas->clip;

	inner.x += outer.x;
	inner.y += outer.y;
	canvas->clip = rect_intersect(outer, inner);
	return outer;
}

void canvas_unclip(struct canvas *canvas, struct rect outer)
{
	canvas->clip = outer;
}

int canvas_columns(const struct canvas *canvas)
{
	return canvas->clip.width;
}

int canvas_lines(const struct canvas *canvas)
{
	return canvas->clip.height;
}

void canvas_clear(struct canvas *canvas)
{
	for (int y = 0; y < canvas->clip.height; y++)
		for (int x = 0; x < canvas->clip.width; x++)
			set_cell(canvas, x, y, blank);
}

int canvas_text(struct canvas *canvas, int x, int y, enum style style, const char *text)
{
	int start = x;

	while (*text)
		x += put_character(canvas, x, y,
				   (struct cell){.ch = next_character(&text), .style = (uint8_t)style});
	return x - start;
}

int canvas_printf(struct canvas *canvas, int x, int y, enum style style, const char *fmt, ...)
{
	char text[1024];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	return canvas_text(canvas, x, y, style, text);
}

int canvas_measure(const struct canvas *canvas, const char *text)
{
	int all = 0, columns;

	while (*text) {
		shown_character(canvas, next_character(&text), &columns);
		all += columns;
	}
	return all;
}

void canvas_cell(struct canvas *canvas, struct rect at, enum style style, const char *text,
		 enum canvas_align align)
{
	int columns = canvas_measure(canvas, text);
	struct rect outer;

	at.height = 1;
	outer = canvas_clip(canvas, at);
	for (int x = 0; x < canvas->clip.width; x++)
		set_cell(canvas, x, 0, (struct cell){.ch = ' ', .style = (uint8_t)style});
	if (columns <= at.width && align == CANVAS_RIGHT)
		canvas_text(canvas, at.width - columns, 0, style, text);
	else
		canvas_text(canvas, 0, 0, style, text);
	if (columns > at.width && at.width > 0)
		put_character(canvas, at.width - 1, 0,
			      (struct cell){.ch = ELLIPSIS, .style = (uint8_t)style});
	canvas_unclip(canvas, outer);
}

void canvas_restyle(struct canvas *canvas, struct rect at, enum style style)
{
	struct rect outer = canvas_clip(canvas, at);

	for (int y = 0; y < canvas->clip.height; y++)
		for (int x = 0; x < canvas->clip.width; x++)
			cell_at(canvas, x, y)->style = (uint8_t)style;
	canvas_unclip(canvas, outer);
}

void canvas_bar(struct canvas *canvas, struct rect at, enum style style, double part)
{
	struct rect outer = canvas_clip(canvas, at);
	int eighths, left;

	if (!(part > 0))
		part = 0;
	if (part > 1)
		part = 1;
	eighths = (int)(part * 8 * at.width + 0.5);
	if (part > 0 && eighths == 0)
		eighths = 1;
	for (int x = 0; x < at.width; x++) {
		struct cell cell = {.ch = ' ', .style = (uint8_t)style};

		left = eighths - 8 * x;
		if (left > 0) /* U+2588 is full, each further one has an eighth less */
			cell.ch = 0x2588 + (uint32_t)(left < 8 ? 8 - left : 0);
		put_character(canvas, x, 0, cell);
	}
	canvas_unclip(canvas, outer);
}

static char *put_utf8(char *out, uint32_t ch)
{
	if (ch < 0x80) {
		*out++ = (char)ch;
		return out;
	}
	if (ch >= 0x10000) {
		*out++ = (char)(0xf0 | ch >> 18);
		*out++ = (char)(0x80 | (ch >> 12 & 0x3f));
		*out++ = (char)(0x80 | (ch >> 6 & 0x3f));
	} else if (ch >= 0x800) {
		*out++ = (char)(0xe0 | ch >> 12);
		*out++ = (char)(0x80 | (ch >> 6 & 0x3f));
	} else {
		*out++ = (char)(0xc0 | ch >> 6);
	}
	*out++ = (char)(0x80 | (ch & 0x3f));
	return out;
}

void canvas_cell_text(const struct cell *cell, char text[CANVAS_CELL_MAX])
{
	char *end = text;

	if (cell->ch)
		end = put_utf8(end, cell->ch);
	if (cell->ch && cell->mark)
		end = put_utf8(end, cell->mark);
	*end = '\0';
}

void canvas_print(const struct canvas *canvas, int lines, FILE *out)
{
	char text[CANVAS_CELL_MAX];

	for (int y = 0; y < lines && y < canvas->height; y++) {
		const struct cell *line = &canvas->cells[(size_t)y * (size_t)canvas->width];
		int end = canvas->width;

		while (end > 0 && line[end - 1].ch == ' ' && !line[end - 1].mark)
			end--;
		for (int x = 0; x < end; x++) {
			canvas_cell_text(&line[x], text);
			fputs(text, out);
		}
		fputc('\n', out);
	}
}
