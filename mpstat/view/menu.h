/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * menu.h - a list to choose from, over the left side of the screen.
 *
 * Owns: moving and choosing.  Does not own: the choices' meaning.
 */
#ifndef MPSTAT_VIEW_MENU_H
#define MPSTAT_VIEW_MENU_H

#include "mpstat/view/canvas.h"

#include <stddef.h>

struct view;

#define MENU_ITEMS_MAX 40
#define MENU_LABEL_MAX 32

struct menu {
	bool active;
	const char *title;
	char items[MENU_ITEMS_MAX][MENU_LABEL_MAX];
	size_t count, selected, top;
	/* Called at Enter; the menu is closed already. */
	void (*chosen)(struct view *view, size_t index);
};

/* Empties the menu and opens it. */
void menu_open(struct menu *menu, const char *title,
	       void (*chosen)(struct view *view, size_t index));
void menu_add(struct menu *menu, const char *label);

/* Takes every key while active. */
void menu_key(struct menu *menu, struct view *view, int code);
void menu_draw(struct menu *menu, struct canvas *canvas);

#endif
