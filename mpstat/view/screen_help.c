/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_help.c - all keys and screens, from their tables.
 */
#include "mpstat/util/text.h"
#include "mpstat/view/view_state.h"

#include <stdio.h>

static void add_keys(struct pane *pane, const struct key *table)
{
	char names[40];

	for (; table && table->press; table++)
		pane_pair(pane, keys_list(table, names, sizeof(names)), STYLE_PLAIN, "%s",
			  table->help);
}

static void add_screens(struct pane *pane, const struct view *view)
{
	pane_section(pane, "Screens");
	for (size_t i = 0; i < view->tab_count; i++) {
		char label[40];

		snprintf(label, sizeof(label), "%c %s", view->tab_screens[i]->key,
			 view->tab_screens[i]->title);
		pane_pair(pane, label, STYLE_PLAIN, "%s", view->tab_screens[i]->help);
	}
}

static void add_columns(struct pane *pane, const struct screen *screen)
{
	const struct table_column *column = screen->table ? screen->table->columns : NULL;
	char title[64];

	if (!column || !screen->key)
		return;
	snprintf(title, sizeof(title), "Columns of %s (those that fit)", screen->title);
	pane_section(pane, title);
	for (; column->key; column++) {
		const struct field *field = field_find(screen->table->entity, column->key);

		if (field)
			pane_pair(pane, column->title ? column->title : field->title, STYLE_PLAIN,
				  "%s", field->help);
	}
}

static void add_screen_keys(struct pane *pane)
{
	for (size_t i = 0; screens[i]; i++) {
		if (!screens[i]->keys)
			continue;
		pane_section(pane, screens[i]->title);
		add_keys(pane, screens[i]->keys);
	}
}

static void add_colours(struct pane *pane)
{
	pane_section(pane, "Reading a row");
	pane_text(pane, STYLE_PLAIN, 2, "plain: runs or sleeps on its own account");
	pane_text(pane, STYLE_WAITING, 2, "waiting: blocked, but somebody could wake it");
	pane_text(pane, STYLE_BAD, 2, "stuck: nobody who could wake it can ever run");
	pane_text(pane, STYLE_FAINT, 2, "ended: gone, kept for its story");
	pane_text(pane, STYLE_PLAIN, 2, "* before a row: tagged; o: an orphan; !: it ended badly");
	pane_text(pane, STYLE_PLAIN, 2,
		  "worker x8: workers of one parent in one row, numbers added up; * in S: their "
		  "states differ");
	pane_text(pane, STYLE_PLAIN, 2, "-: unknown, or does not apply");
}

static void update(struct page *page, const struct view *view)
{
	text_copy(page->title, sizeof(page->title), "Help");
	pane_text(page->pane, STYLE_STRONG, 0, "Keys (as in htop wherever htop has them)");
	add_keys(page->pane, actions);
	add_screen_keys(page->pane);
	add_screens(page->pane, view);
	add_colours(page->pane);
	for (size_t i = 0; screens[i]; i++)
		add_columns(page->pane, screens[i]);
}

const struct screen screen_help = {
	.name = "help",
	.title = "Help",
	.help = "All keys and what the screens show.",
	.update = update,
};
