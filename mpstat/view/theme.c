/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * theme.c - the one table of colours.  Owns nothing else.
 *
 * Without colour a style must still be told apart where that matters:
 * problems and the selection are reversed, waiting is bold.
 */
#include "mpstat/view/theme.h"

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, NONE = THEME_DEFAULT };

static const struct theme_look looks[STYLE_COUNT] = {
	[STYLE_PLAIN] = {"plain", NONE, NONE, 0, 0},
	[STYLE_STRONG] = {"strong", NONE, NONE, THEME_BOLD, THEME_BOLD},
	[STYLE_FAINT] = {"faint", NONE, NONE, THEME_DIM, 0},
	[STYLE_GOOD] = {"good", GREEN, NONE, 0, 0},
	[STYLE_WAITING] = {"waiting", YELLOW, NONE, 0, THEME_BOLD},
	[STYLE_BAD] = {"bad", RED, NONE, THEME_BOLD, THEME_BOLD | THEME_UNDERLINE},
	[STYLE_TITLES] = {"titles", BLACK, GREEN, 0, THEME_REVERSE},
	[STYLE_SORTED] = {"sorted", BLACK, CYAN, 0, THEME_REVERSE | THEME_BOLD},
	[STYLE_SELECTED] = {"selected", BLACK, CYAN, 0, THEME_REVERSE},
	[STYLE_TAGGED] = {"tagged", YELLOW, NONE, THEME_BOLD, THEME_BOLD},
	[STYLE_TAB] = {"tab", NONE, NONE, 0, 0},
	[STYLE_TAB_HERE] = {"tab-here", BLACK, GREEN, 0, THEME_REVERSE},
	[STYLE_KEY] = {"key", NONE, NONE, THEME_BOLD, THEME_BOLD},
	[STYLE_LABEL] = {"label", BLACK, CYAN, 0, THEME_REVERSE},
	[STYLE_BAR] = {"bar", CYAN, NONE, 0, 0},
};

const struct theme_look *theme_look(unsigned style)
{
	return &looks[style < STYLE_COUNT ? style : STYLE_PLAIN];
}
