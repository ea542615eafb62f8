/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actions.c - the keys every screen has.  As in htop wherever htop has them.
 *
 * Owns: the table and what its rows do.  Does not own: keys of one screen, the
 * signal dialog (signals.c).
 */
#include "mpstat/util/text.h"
#include "mpstat/view/view_state.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DELAY_MIN 0.1
#define DELAY_MAX 3600.0

/* A table one can act on, or NULL after saying so. */
static struct table *want_table(struct view *view, struct page *page)
{
	if (!page->table)
		view_say(view, STYLE_WAITING, "Only lists can be searched, filtered and sorted.");
	return page->table;
}

static void open_prompt(struct view *view, const char *label, const char *text)
{
	view->prompt = (struct prompt){.active = true};
	text_copy(view->prompt.label, sizeof(view->prompt.label), label);
	text_copy(view->prompt.text, sizeof(view->prompt.text), text);
}

/* ---- help, search, filter ---------------------------------------------- */

static void help(struct view *view, struct page *page)
{
	const struct screen *screen = screen_find("help");

	if (page->screen == screen)
		view_back(view);
	else
		view_open_detail(view, screen, (struct identity){0, 0});
}

static void search_changed(struct view *view, const char *text)
{
	struct page *page = view_page(view);

	table_search(page->table, view->config.model, text, 1, true);
}

/* true: a row has the text, and it is selected. */
static bool search_rows(struct view *view, const char *text, int step, bool here)
{
	struct page *page = view_page(view);

	if (!table_search(page->table, view->config.model, text, step, here))
		return false;
	if (*text && table_selected_folded(page->table) && page->screen->found)
		page->screen->found(view, page, text);
	return true;
}

static void search_step(struct view *view, struct page *page, int step)
{
	if (!want_table(view, page))
		return;
	if (!view->search[0])
		view_say(view, STYLE_WAITING, "Nothing to search for yet: F3 asks.");
	else if (!search_rows(view, view->search, step, false))
		view_say(view, STYLE_WAITING, "No row contains \"%s\".", view->search);
}

static void search_accepted(struct view *view, const char *text)
{
	text_copy(view->search, sizeof(view->search), text);
	if (!search_rows(view, text, 1, true))
		view_say(view, STYLE_WAITING, "No row contains \"%s\".", text);
}

static void search(struct view *view, struct page *page)
{
	if (!want_table(view, page))
		return;
	open_prompt(view, "Search: ", "");
	view->prompt.changed = search_changed;
	view->prompt.accepted = search_accepted;
}

static void search_next(struct view *view, struct page *page)
{
	search_step(view, page, 1);
}

static void search_previous(struct view *view, struct page *page)
{
	search_step(view, page, -1);
}

static void filter_changed(struct view *view, const char *text)
{
	table_filter(view_page(view)->table, text);
}

static void filter_cancelled(struct view *view)
{
	filter_changed(view, view->filter_before);
}

static void filter(struct view *view, struct page *page)
{
	if (!want_table(view, page))
		return;
	text_copy(view->filter_before, sizeof(view->filter_before),
		  table_filter_text(page->table));
	open_prompt(view, "Filter (empty: all): ", view->filter_before);
	view->prompt.changed = filter_changed;
	view->prompt.accepted = filter_changed;
	view->prompt.cancelled = filter_cancelled;
}

/* ---- order ------------------------------------------------------------- */

static void tree(struct view *view, struct page *page)
{
	if (!page->table || !table_has_tree(page->table)) {
		view_say(view, STYLE_WAITING, "This list cannot be shown as a tree.");
		return;
	}
	table_set_tree(page->table, !table_is_tree(page->table));
}

static void sort_chosen(struct view *view, size_t index)
{
	struct table *table = view_page(view)->table;
	const struct field *field = index ? table_field(table, index - 1) : NULL;

	table_sort(table, field ? field->key : NULL);
}

static void sort_menu(struct view *view, struct page *page)
{
	const struct table *table = want_table(view, page);
	const struct field *field;

	if (!table)
		return;
	menu_open(&view->menu, "Sort by", sort_chosen);
	menu_add(&view->menu, "nothing");
	for (size_t i = 0; (field = table_field(table, i)); i++) {
		menu_add(&view->menu, field->title);
		if (table_sort_key(table) && !strcmp(table_sort_key(table), field->key))
			view->menu.selected = i + 1;
	}
}

static void invert(struct view *view, struct page *page)
{
	if (!want_table(view, page))
		return;
	table_invert(page->table);
}

/* ---- tags -------------------------------------------------------------- */

static void tag(struct view *view, struct page *page)
{
	if (!want_table(view, page))
		return;
	table_tag(page->table);
	table_move(page->table, 1);
}

static void untag(struct view *view, struct page *page)
{
	if (want_table(view, page))
		table_untag(page->table);
}

/* ---- time -------------------------------------------------------------- */

static void pause_toggle(struct view *view, struct page *page)
{
	(void)page;
	view->paused = !view->paused;
	view->refresh_now = !view->paused;
}

static void delay_accepted(struct view *view, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);

	if (end == text || *end || !(seconds >= DELAY_MIN && seconds <= DELAY_MAX)) {
		view_say(view, STYLE_BAD, "\"%s\" is no delay: seconds from %g to %g.", text,
			 DELAY_MIN, DELAY_MAX);
		return;
	}
	view->delay_s = seconds;
}

static void delay(struct view *view, struct page *page)
{
	char text[32];

	(void)page;
	snprintf(text, sizeof(text), "%g", view->delay_s);
	open_prompt(view, "Seconds between refreshes: ", text);
	view->prompt.accepted = delay_accepted;
}

static void redraw(struct view *view, struct page *page)
{
	(void)page;
	view->repaint = true;
}

/* ---- moving ------------------------------------------------------------ */

static void up(struct view *view, struct page *page)
{
	(void)view;
	page_move(page, -1);
}

static void down(struct view *view, struct page *page)
{
	(void)view;
	page_move(page, 1);
}

static void page_up(struct view *view, struct page *page)
{
	(void)view;
	page_move(page, -page_rows(page));
}

static void page_down(struct view *view, struct page *page)
{
	(void)view;
	page_move(page, page_rows(page));
}

static void home(struct view *view, struct page *page)
{
	(void)view;
	page_move(page, INT_MIN);
}

static void end(struct view *view, struct page *page)
{
	(void)view;
	page_move(page, INT_MAX);
}

static void next_tab(struct view *view, struct page *page)
{
	(void)page;
	view_open_tab(view, (view->tab + 1) % view->tab_count);
}

static void previous_tab(struct view *view, struct page *page)
{
	(void)page;
	view_open_tab(view, (view->tab + view->tab_count - 1) % view->tab_count);
}

static void back(struct view *view, struct page *page)
{
	(void)page;
	view_back(view);
}

static void quit(struct view *view, struct page *page)
{
	(void)page;
	view->quit = true;
}

const struct key actions[] = {
	{{KEY_CODE_F(1), 'h', '?'}, "Help", "this help", help},
	{{KEY_CODE_F(3), '/'}, "Search", "search the rows; the selection goes to the first match",
	 search},
	{{KEY_CODE_F(4), '\\'}, "Filter", "show only rows that contain a text", filter},
	{{KEY_CODE_F(5), 't'}, "Tree", "as a tree or as a list: processes, the graph", tree},
	{{KEY_CODE_F(6), '<', '>'}, "SortBy", "choose the column to sort by", sort_menu},
	{{KEY_CODE_F(9), 'k'}, "Kill", "send a signal to the selected or tagged processes",
	 signals_ask},
	{{'Z'}, "Pause", "stop and continue refreshing", pause_toggle},
	{{KEY_CODE_TAB}, "Next", "next screen", next_tab},
	{{KEY_CODE_F(10), 'q'}, "Quit", "leave", quit},
	{{KEY_CODE_BACK_TAB}, NULL, "previous screen", previous_tab},
	{{KEY_CODE_ESC, KEY_CODE_BACKSPACE}, NULL, "back from details and help", back},
	{{'n'}, NULL, "next match of the search", search_next},
	{{'N'}, NULL, "previous match of the search", search_previous},
	{{'I'}, NULL, "invert the order", invert},
	{{' '}, NULL, "tag the row and go to the next one", tag},
	{{'U'}, NULL, "remove all tags", untag},
	{{'d'}, NULL, "change the delay between refreshes", delay},
	{{KEY_CODE_UP}, NULL, "one row up", up},
	{{KEY_CODE_DOWN}, NULL, "one row down", down},
	{{KEY_CODE_PAGE_UP}, NULL, "one screenful up", page_up},
	{{KEY_CODE_PAGE_DOWN}, NULL, "one screenful down", page_down},
	{{KEY_CODE_HOME}, NULL, "first row", home},
	{{KEY_CODE_END}, NULL, "last row (Records: follow the newest)", end},
	{{KEY_CODE_CTRL_L}, NULL, "draw the screen anew", redraw},
	{{0}, NULL, NULL, NULL},
};
