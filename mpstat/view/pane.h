/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pane.h - a scrolled text of paragraphs, for details, findings and help.
 *
 * Owns: the paragraphs, wrapping, scrolling.  Does not own: what they say.
 *
 * Filling never fails visibly: without memory a paragraph is left out and the
 * pane says so at its end.
 */
#ifndef MPSTAT_VIEW_PANE_H
#define MPSTAT_VIEW_PANE_H

#include "mpstat/view/canvas.h"

#include <stddef.h>

struct pane;

struct pane *pane_new(void); /* NULL: no memory */
void pane_free(struct pane *pane);
void pane_clear(struct pane *pane); /* keeps the scroll position */

/* A paragraph, wrapped to the width with all lines indented. */
void pane_text(struct pane *pane, enum style style, int indent, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* A label in a column of its own (PANE_LABEL wide) and a text beside it. */
#define PANE_LABEL 18
void pane_pair(struct pane *pane, const char *label, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* The same with a label column as wide as told. */
void pane_wide_pair(struct pane *pane, const char *label, int width, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Label, bar (part 0..1), text. */
#define PANE_BAR 24
void pane_bar(struct pane *pane, const char *label, double part, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void pane_gap(struct pane *pane);			/* an empty line, never two */
void pane_section(struct pane *pane, const char *title); /* gap and title */

/* The lines of a canvas, cut instead of wrapped, moved right by `indent`. */
void pane_lines(struct pane *pane, const struct canvas *canvas, int lines, int indent);

/* Lines it takes at that width. */
size_t pane_height(struct pane *pane, int width);

void pane_draw(struct pane *pane, struct canvas *canvas);
/* Draws from line `first` on; returns how many lines there were to draw. */
size_t pane_draw_page(struct pane *pane, struct canvas *canvas, size_t first);

/* Scrolls by lines; INT_MIN and INT_MAX: to the start and the end. */
void pane_scroll(struct pane *pane, int by);
int pane_page(const struct pane *pane); /* lines shown by the last pane_draw */

#endif
