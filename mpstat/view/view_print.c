/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_print.c - a frame as text: all rows, no selection, no keys.
 */
#include "mpstat/util/text.h"
#include "mpstat/view/view_state.h"

#include <errno.h>
#include <string.h>

static int print_header(const struct view *view, FILE *out, int width)
{
	struct canvas *canvas = canvas_new(width, VIEW_LINES_MIN * 2, view->config.unicode);
	int lines;

	if (!canvas)
		return -ENOMEM;
	lines = frame_header(view, canvas) - 1; /* without the tabs */
	canvas_print(canvas, lines, out);
	canvas_free(canvas);
	return 0;
}

/* One screen with its title; `always`: even when it has no rows. */
static int print_tab(struct view *view, size_t tab, FILE *out, int width, bool always)
{
	struct page *page = page_open(view->tab_screens[tab], (struct identity){0, 0});
	int ret = -ENOMEM;

	if (!page)
		return ret;
	page->print = true;
	page->columns = width;
	ret = 0;
	if (view->config.sort && page->table)
		table_sort(page->table, view->config.sort);
	page_update(page, view);
	if (always || !page->empty) {
		fprintf(out, "\n%s\n", page->screen->title);
		if (!page_print(page, view, out, width))
			ret = -ENOMEM;
	}
	page_close(page);
	return ret;
}

static int print_default(struct view *view, FILE *out, int width)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < view->tab_count; i++)
		if (!view->tab_screens[i]->on_request)
			ret = print_tab(view, i, out, width, i == 0);
	return ret;
}

static int print_named(struct view *view, FILE *out, int width)
{
	char names[160], *rest = names, *name;
	struct err err = {0};
	int ret = 0;

	text_copy(names, sizeof(names), view->config.screen);
	while (ret == 0 && (name = strsep(&rest, ",")))
		ret = print_tab(view, (size_t)view_tab_named(view, name, &err), out, width, true);
	return ret;
}

int view_print(const struct view_config *config, FILE *out, int width)
{
	struct err err = {0};
	struct view *view = view_make(config, &err);
	int ret;

	if (!view)
		return -ENOMEM;
	ret = view_check_names(view, &err);
	if (ret == 0)
		ret = print_header(view, out, width);
	if (ret == 0)
		ret = config->screen ? print_named(view, out, width)
				     : print_default(view, out, width);
	view_free(view);
	return ret;
}

