/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * menu.c - see menu.h.
 */
#include "mpstat/view/menu.h"

#include "mpstat/util/text.h"
#include "mpstat/view/keys.h"

#include <string.h>

#define PAGE 8

void menu_open(struct menu *menu, const char *title,
	       void (*chosen)(struct view *view, size_t index))
{
	*menu = (struct menu){.active = true, .title = title, .chosen = chosen};
}

void menu_add(struct menu *menu, const char *label)
{
	if (menu->count < MENU_ITEMS_MAX)
		text_copy(menu->items[menu->count++], MENU_LABEL_MAX, label);
}

static void move(struct menu *menu, long by)
{
	long to = (long)menu->selected + by, last = (long)menu->count - 1;

	to = to > last ? last : to;
	menu->selected = to < 0 ? 0 : (size_t)to;
}

static long step_of(int code)
{
	static const struct {
		int code;
		long by;
	} steps[] = {
		{KEY_CODE_UP, -1},	    {KEY_CODE_DOWN, 1},
		{KEY_CODE_PAGE_UP, -PAGE},  {KEY_CODE_PAGE_DOWN, PAGE},
		{KEY_CODE_HOME, -MENU_ITEMS_MAX}, {KEY_CODE_END, MENU_ITEMS_MAX},
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (steps[i].code == code)
			return steps[i].by;
	return 0;
}

void menu_key(struct menu *menu, struct view *view, int code)
{
	if (code == KEY_CODE_ENTER && menu->count) {
		menu->active = false;
		menu->chosen(view, menu->selected);
	} else if (code == KEY_CODE_ESC || code == 'q' || code == KEY_CODE_F(10)) {
		menu->active = false;
	} else {
		move(menu, step_of(code));
	}
}

static int width_of(const struct menu *menu, const struct canvas *canvas)
{
	int width = canvas_measure(canvas, menu->title);

	for (size_t i = 0; i < menu->count; i++) {
		int item = canvas_measure(canvas, menu->items[i]);

		width = item > width ? item : width;
	}
	return width + 2;
}

void menu_draw(struct menu *menu, struct canvas *canvas)
{
	int width = width_of(menu, canvas), lines = canvas_lines(canvas) - 1;
	char label[MENU_LABEL_MAX + 2];

	if (lines < 1)
		return;
	if (menu->selected < menu->top)
		menu->top = menu->selected;
	if (menu->selected >= menu->top + (size_t)lines)
		menu->top = menu->selected + 1 - (size_t)lines;
	canvas_cell(canvas, (struct rect){0, 0, width, 1}, STYLE_LABEL, menu->title, CANVAS_LEFT);
	for (int y = 0; y < lines; y++) {
		size_t i = menu->top + (size_t)y;
		bool here = i == menu->selected;

		strcpy(label, " ");
		if (i < menu->count)
			strcat(label, menu->items[i]);
		canvas_cell(canvas, (struct rect){0, y + 1, width, 1},
			    here ? STYLE_SELECTED : STYLE_PLAIN, label, CANVAS_LEFT);
		canvas_text(canvas, width, y + 1, STYLE_FAINT, "\u2502");
	}
	canvas_text(canvas, width, 0, STYLE_LABEL, "\u2502");
}
