/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * page.c - an open screen: a table, a pane or both; see screen.h.
 *
 * Owns: how table and pane share the room, and printing.  Does not own: what
 * is in them (screens), keys (actions.c).
 */
#include "mpstat/view/view_state.h"

#include <stdio.h>
#include <stdlib.h>

#define PRINT_LINES 64 /* at a time */

struct page *page_open(const struct screen *screen, struct identity subject)
{
	struct page *page = calloc(1, sizeof(*page));

	if (!page)
		return NULL;
	page->screen = screen;
	page->subject = subject;
	snprintf(page->title, sizeof(page->title), "%s", screen->title);
	page->pane = pane_new();
	if (screen->table)
		page->table = table_new(screen->table);
	if (!page->pane || (screen->table && !page->table)) {
		page_close(page);
		return NULL;
	}
	return page;
}

void page_close(struct page *page)
{
	if (!page)
		return;
	table_free(page->table);
	pane_free(page->pane);
	free(page);
}

/* Screens explain an empty table, but not one that a filter emptied. */
static void explain_filter(struct page *page)
{
	const char *filter = page->table ? table_filter_text(page->table) : "";

	if (!filter[0] || table_count(page->table))
		return;
	pane_clear(page->pane);
	pane_text(page->pane, STYLE_WAITING, 2, "No row contains \"%s\".", filter);
	pane_text(page->pane, STYLE_PLAIN, 2, "F4 changes the filter; an empty one shows all rows.");
}

void page_update(struct page *page, const struct view *view)
{
	pane_clear(page->pane);
	page->empty = false;
	page->screen->update(page, view);
	explain_filter(page);
	if (page->table && table_left_out(page->table))
		pane_text(page->pane, STYLE_BAD, 2, "%zu rows left out: no memory.",
			  table_left_out(page->table));
}

static bool has_rows(const struct page *page)
{
	return page->table && table_count(page->table) > 0;
}

/* Table above, pane below a rule; the table gets what it needs up to half. */
static void draw_both(struct page *page, const struct view *view, struct canvas *canvas)
{
	int width = canvas_columns(canvas), lines = canvas_lines(canvas), above = lines / 2;
	struct rect outer;

	if (table_count(page->table) + 1 < (size_t)above)
		above = (int)table_count(page->table) + 1;
	outer = canvas_clip(canvas, (struct rect){0, 0, width, above});
	table_draw(page->table, view->config.model, canvas);
	canvas_unclip(canvas, outer);
	for (int x = 0; x < width; x++)
		canvas_text(canvas, x, above, STYLE_FAINT, "\u2500");
	outer = canvas_clip(canvas, (struct rect){0, above + 1, width, lines - above - 1});
	pane_draw(page->pane, canvas);
	canvas_unclip(canvas, outer);
}

void page_draw(struct page *page, const struct view *view, struct canvas *canvas)
{
	if (!has_rows(page))
		pane_draw(page->pane, canvas);
	else if (pane_height(page->pane, canvas_columns(canvas)) == 0)
		table_draw(page->table, view->config.model, canvas);
	else
		draw_both(page, view, canvas);
}

void page_move(struct page *page, int by)
{
	if (has_rows(page))
		table_move(page->table, by);
	else
		pane_scroll(page->pane, by);
}

int page_rows(const struct page *page)
{
	return has_rows(page) ? table_page(page->table) : pane_page(page->pane);
}

static void print_table(struct page *page, const struct view *view, struct canvas *canvas,
			FILE *out)
{
	size_t first = 0, drawn;

	while (first < table_count(page->table)) {
		drawn = table_draw_page(page->table, view->config.model, canvas, first);
		canvas_print(canvas, (int)drawn + (first == 0), out);
		first += drawn;
	}
}

static void print_pane(struct page *page, struct canvas *canvas, FILE *out)
{
	size_t first = 0, left;

	while ((left = pane_draw_page(page->pane, canvas, first)) > 0) {
		canvas_print(canvas, left < PRINT_LINES ? (int)left : PRINT_LINES, out);
		first += PRINT_LINES;
	}
}

bool page_print(struct page *page, const struct view *view, FILE *out, int width)
{
	struct canvas *canvas = canvas_new(width, PRINT_LINES, view->config.unicode);

	if (!canvas)
		return false;
	if (page->table)
		print_table(page, view, canvas, out);
	print_pane(page, canvas, out);
	canvas_free(canvas);
	return true;
}
