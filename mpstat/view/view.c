/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.c - the viewer: which page is shown, keys to it, frames, the loop.
 *
 * Owns: struct view.  Does not own: what pages show (screens), what common
 * keys do (actions.c), the terminal (term.c).
 */
#include "mpstat/util/text.h"
#include "mpstat/view/term.h"
#include "mpstat/view/view_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_S 5.0 /* seconds that a sentence hides the key bar */

struct page *view_page(const struct view *view)
{
	if (view->detail_count)
		return view->details[view->detail_count - 1];
	return view->tabs[view->tab];
}

void view_say(struct view *view, enum style style, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(view->status, sizeof(view->status), fmt, args);
	va_end(args);
	view->status_style = style;
	view->status_s = 0;
}

static void close_details(struct view *view)
{
	while (view->detail_count)
		page_close(view->details[--view->detail_count]);
}

void view_open_tab(struct view *view, size_t tab)
{
	if (!view->tabs[tab])
		view->tabs[tab] = page_open(view->tab_screens[tab], (struct identity){0, 0});
	if (!view->tabs[tab]) {
		view_say(view, STYLE_BAD, "No memory for that screen.");
		return;
	}
	close_details(view);
	view->tab = tab;
}

void view_open_detail(struct view *view, const struct screen *screen, struct identity subject)
{
	struct page *page;

	if (view->detail_count == VIEW_DEPTH_MAX) {
		view_say(view, STYLE_WAITING, "Too deep: Esc goes back.");
		return;
	}
	page = page_open(screen, subject);
	if (!page) {
		view_say(view, STYLE_BAD, "No memory for that screen.");
		return;
	}
	view->details[view->detail_count++] = page;
}

void view_back(struct view *view)
{
	if (view->detail_count)
		page_close(view->details[--view->detail_count]);
}

static void find_tabs(struct view *view)
{
	for (size_t i = 0; screens[i] && view->tab_count < VIEW_TABS_MAX; i++)
		if (screens[i]->key)
			view->tab_screens[view->tab_count++] = screens[i];
}

/* The tab to begin with; negative errno. */
static int first_tab(const struct view *view, struct err *err)
{
	const struct view_config *config = &view->config;

	if (config->sort)
		return view_tab_sortable(view, config->screen, config->sort, err);
	return config->screen ? view_tab_named(view, config->screen, err) : 0;
}

static int open_first(struct view *view, struct err *err)
{
	int tab = first_tab(view, err);

	if (tab < 0)
		return tab;
	view_open_tab(view, (size_t)tab);
	if (!view->tabs[tab])
		return err_set(err, -ENOMEM, "no memory for the screen");
	if (view->config.sort)
		table_sort(view->tabs[tab]->table, view->config.sort);
	return 0;
}

struct view *view_make(const struct view_config *config, struct err *err)
{
	struct view *view = calloc(1, sizeof(*view));

	if (view)
		view->folds = folds_new();
	if (view)
		view->graph = graph_lines_new();
	if (!view || !view->folds || !view->graph) {
		view_free(view);
		err_set(err, -ENOMEM, "no memory for the screen");
		return NULL;
	}
	view->config = *config;
	view->delay_s = config->delay_s > 0 ? config->delay_s : 1;
	view->columns = VIEW_COLUMNS_MIN;
	view->stale = true;
	find_tabs(view);
	frame_summary(view);
	return view;
}

struct view *view_new(const struct view_config *config, struct err *err)
{
	struct view *view = view_make(config, err);

	if (view && open_first(view, err) < 0) {
		view_free(view);
		return NULL;
	}
	return view;
}

void view_free(struct view *view)
{
	if (!view)
		return;
	close_details(view);
	for (size_t i = 0; i < view->tab_count; i++)
		page_close(view->tabs[i]);
	folds_free(view->folds);
	graph_lines_free(view->graph);
	free(view->targets);
	free(view);
}

void view_refresh(struct view *view)
{
	view->refresh_now = false;
	if (view->paused)
		return;
	if (view->config.refresh)
		view->config.refresh(view->config.arg);
	frame_summary(view);
	view->stale = true;
	view->status_s += view->delay_s;
	if (view->status_s > STATUS_S && !view->menu.active)
		view->status[0] = '\0';
}

/* ---- keys -------------------------------------------------------------- */

static void page_key(struct view *view, int code)
{
	struct page *page = view_page(view);
	const struct key *key = keys_find(page->screen->keys, code);
	char name[KEY_NAME_MAX];

	if (!key)
		key = keys_find(actions, code);
	if (key) {
		key->press(view, page);
		return;
	}
	for (size_t i = 0; i < view->tab_count; i++) {
		if (view->tab_screens[i]->key == code) {
			view_open_tab(view, i);
			return;
		}
	}
	view_say(view, STYLE_WAITING, "%s does nothing here: F1 shows all keys.",
		 keys_name(code, name));
}

/* Brings the page up to date: for drawing, and for a key that acts on its rows
 * before they were ever drawn. */
static void settle(struct view *view)
{
	struct page *page = view_page(view);

	if (!view->stale && page->columns == view->columns)
		return;
	page->columns = view->columns;
	page_update(page, view);
	view->stale = false;
}

void view_key(struct view *view, int code)
{
	settle(view);
	view->status[0] = '\0';
	if (view->menu.active)
		menu_key(&view->menu, view, code);
	else if (view->prompt.active)
		prompt_key(&view->prompt, view, code);
	else
		page_key(view, code);
	view->stale = true; /* order, filter, selection: most keys change what is shown */
}

bool view_quits(const struct view *view)
{
	return view->quit;
}

/* ---- frames ------------------------------------------------------------ */

static void draw_too_small(const struct view *view, struct canvas *canvas)
{
	(void)view;
	canvas_printf(canvas, 0, 0, STYLE_BAD, "Too small: %dx%d", canvas->width, canvas->height);
	canvas_printf(canvas, 0, 1, STYLE_PLAIN, "Needs %dx%d", VIEW_COLUMNS_MIN, VIEW_LINES_MIN);
	canvas_text(canvas, 0, 2, STYLE_PLAIN, "q quits");
}

void view_draw(struct view *view, struct canvas *canvas)
{
	struct rect outer;
	int top;

	canvas_clear(canvas);
	if (canvas->width < VIEW_COLUMNS_MIN || canvas->height < VIEW_LINES_MIN) {
		draw_too_small(view, canvas);
		return;
	}
	view->columns = canvas->width;
	settle(view);
	top = frame_header(view, canvas);
	outer = canvas_clip(canvas,
			    (struct rect){0, top, canvas->width, canvas->height - top - 1});
	page_draw(view_page(view), view, canvas);
	if (view->menu.active)
		menu_draw(&view->menu, canvas);
	canvas_unclip(canvas, outer);
	frame_footer(view, canvas, canvas->height - 1);
}
