/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * theme.h - the styles a cell may have, and what they look like.
 *
 * Owns: the names screens use ("a waiting row", "a key") and their colours
 * and attributes.  Does not own: how a terminal is told (term.c).
 */
#ifndef MPSTAT_VIEW_THEME_H
#define MPSTAT_VIEW_THEME_H

#include <stdint.h>

enum style {
	STYLE_PLAIN,
	STYLE_STRONG,	/* what to read first: names, section titles */
	STYLE_FAINT,	/* what may be skipped: units, tree lines, ended processes */
	STYLE_GOOD,	/* nothing to do */
	STYLE_WAITING,	/* blocked, but somebody could wake it; a queue that fills */
	STYLE_BAD,	/* stuck, lost, a problem */
	STYLE_TITLES,	/* the line of column titles */
	STYLE_SORTED,	/* the title sorted by */
	STYLE_SELECTED, /* the row the keys act on */
	STYLE_TAGGED,	/* rows marked by Space */
	STYLE_TAB,	/* a screen's name */
	STYLE_TAB_HERE, /* the name of the screen shown */
	STYLE_KEY,	/* "F1" in the key bar */
	STYLE_LABEL,	/* "Help" in the key bar; prompts */
	STYLE_BAR,	/* the filled part of a bar */
	STYLE_COUNT,
};

enum theme_attribute {
	THEME_BOLD = 1 << 0,
	THEME_REVERSE = 1 << 1,
	THEME_UNDERLINE = 1 << 2,
	THEME_DIM = 1 << 3,
};

#define THEME_DEFAULT (-1) /* the terminal's own colour */

/* Colours are the eight of ANSI: 0 black, 1 red, 2 green, 3 yellow, 4 blue,
 * 5 magenta, 6 cyan, 7 white. */
struct theme_look {
	const char *name;
	int8_t foreground, background; /* with colour */
	uint8_t attributes;	       /* with colour */
	uint8_t mono;		       /* attributes without colour */
};

/* The look of a style; an unknown style looks plain. */
const struct theme_look *theme_look(unsigned style);

#endif
