/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object_rows.c - see object_rows.h.
 */
#include "mpstat/view/object_rows.h"

#include "mpstat/model/kind.h"
#include "mpstat/view/view_state.h"

void object_rows_fill(struct page *page, const struct view *view, uint32_t traits,
		      const char *nothing)
{
	const struct object *object = NULL;
	size_t shown = 0;

	table_begin(page->table);
	while ((object = model_next_object(view->config.model, object))) {
		if (!object->matched || !(kind_traits(object->fact.kind) & traits))
			continue;
		table_add(page->table, identity_object(object->id), (struct identity){0, 0}, object);
		shown++;
	}
	table_end(page->table, view->config.model);
	if (shown)
		return;
	page->empty = true;
	pane_text(page->pane, STYLE_STRONG, 2, "%s", nothing);
	pane_text(page->pane, STYLE_PLAIN, 2,
		  "Those of libmptrace appear here as soon as a program creates one (make demo "
		  "starts such a program), those of other programs while a thread waits for one.");
}

enum style object_rows_style(const void *row)
{
	(void)row;
	return STYLE_PLAIN;
}

enum style object_rows_name_style(const void *row)
{
	const struct object *object = row;

	return object->verdict == VERDICT_STUCK ? STYLE_BAD : STYLE_STRONG;
}

/* Waiting is normal; waiting for what can never come is not. */
static enum style waiters_style(const struct object *object, uint32_t waiters)
{
	if (!waiters)
		return STYLE_FAINT;
	return object->verdict == VERDICT_STUCK ? STYLE_BAD : STYLE_WAITING;
}

enum style object_rows_give_style(const void *row)
{
	const struct object *object = row;

	return waiters_style(object, object->give_waiters);
}

enum style object_rows_take_style(const void *row)
{
	const struct object *object = row;

	return waiters_style(object, object->take_waiters);
}

enum style object_rows_lost_style(const void *row)
{
	const struct object *object = row;

	return object->fact.lost || object->fact.recovered ? STYLE_BAD : STYLE_FAINT;
}

static void open_detail(struct view *view, struct page *page)
{
	const struct object *object = table_selected(page->table);

	if (object)
		view_open_detail(view, screen_find("object"), identity_object(object->id));
}

const struct key object_rows_keys[] = {
	{{KEY_CODE_ENTER}, "Open", "details: all numbers, histograms, who waits, who put and took",
	 open_detail},
	{{0}, NULL, NULL, NULL},
};
