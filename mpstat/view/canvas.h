/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canvas.h - a grid of styled cells that everything is drawn into.
 *
 * Owns: cells, clipping, what ASCII stands in for our glyphs.  Does not own:
 * the terminal (term.c), what is drawn.
 *
 * Nothing but printable characters gets in: a control character, a format
 * character that could reorder text, or a byte that is no UTF-8 becomes '?'.
 * So what comes out is safe for any terminal, whoever chose the names.
 *
 * Coordinates are relative to the clip, which starts as the whole canvas.
 */
#ifndef MPSTAT_VIEW_CANVAS_H
#define MPSTAT_VIEW_CANVAS_H

#include "mpstat/view/theme.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cell {
	uint32_t ch;   /* code point; 0: the right half of a wide character */
	uint32_t mark; /* one combining mark over it; 0: none */
	uint8_t style; /* enum style */
};

struct rect {
	int x, y, width, height;
};

struct canvas {
	int width, height;
	bool unicode; /* false: only ASCII comes out */
	struct rect clip;
	struct cell *cells; /* width * height */
};

/* Blank canvas, at least 1x1; NULL: no memory. */
struct canvas *canvas_new(int width, int height, bool unicode);
void canvas_free(struct canvas *canvas);

/* Makes the canvas that size and blank.  false: no memory, it stays as it was. */
bool canvas_resize(struct canvas *canvas, int width, int height);

/* Narrows the clip to `inner` (relative to the present clip) and returns the
 * present one, to be given to canvas_unclip. */
struct rect canvas_clip(struct canvas *canvas, struct rect inner);
void canvas_unclip(struct canvas *canvas, struct rect outer);

/* Size of the clip. */
int canvas_columns(const struct canvas *canvas);
int canvas_lines(const struct canvas *canvas);

void canvas_clear(struct canvas *canvas); /* of the clip */

/* Writes text from (x, y) to the right; what leaves the clip is cut.  Returns
 * the columns the whole text takes. */
int canvas_text(struct canvas *canvas, int x, int y, enum style style, const char *text);
int canvas_printf(struct canvas *canvas, int x, int y, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

enum canvas_align { CANVAS_LEFT, CANVAS_RIGHT };

/* Writes text into exactly at.width columns of line at.y: padded with blanks,
 * or cut with an ellipsis. */
void canvas_cell(struct canvas *canvas, struct rect at, enum style style, const char *text,
		 enum canvas_align align);

/* Gives all cells of a rectangle another style. */
void canvas_restyle(struct canvas *canvas, struct rect at, enum style style);

/* Columns that text takes on this canvas. */
int canvas_measure(const struct canvas *canvas, const char *text);

/* Draws a bar of at.width columns filled to `part` (0..1, else clamped; NAN:
 * empty).  What is not empty shows at least a trace. */
void canvas_bar(struct canvas *canvas, struct rect at, enum style style, double part);

/* UTF-8 of one cell, "" for the right half of a wide character. */
#define CANVAS_CELL_MAX 9
void canvas_cell_text(const struct cell *cell, char text[CANVAS_CELL_MAX]);

/* The first `lines` lines as plain text, without blanks at the end of lines. */
void canvas_print(const struct canvas *canvas, int lines, FILE *out);

#endif
