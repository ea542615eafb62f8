/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_names.c - screens and columns by the names a command line has for them.
 */
#include "mpstat/util/text.h"
#include "mpstat/view/view_state.h"

#include <errno.h>
#include <string.h>

static int unknown_screen(const struct view *view, const char *name, struct err *err)
{
	char names[160] = "";

	for (size_t i = 0; i < view->tab_count; i++) {
		strcat(names, i ? ", " : "");
		strcat(names, view->tab_screens[i]->name);
	}
	return err_set(err, -EINVAL, "there is no screen \"%s\"; there are: %s", name, names);
}

int view_tab_named(const struct view *view, const char *name, struct err *err)
{
	for (size_t i = 0; i < view->tab_count; i++)
		if (!strcmp(view->tab_screens[i]->name, name))
			return (int)i;
	return unknown_screen(view, name, err);
}

static bool has_column(const struct screen *screen, const char *key)
{
	for (const struct table_column *c = screen->table ? screen->table->columns : NULL;
	     c && c->key; c++)
		if (!strcmp(c->key, key))
			return true;
	return false;
}

int view_tab_sortable(const struct view *view, const char *names, const char *key,
			struct err *err)
{
	char copy[160], *rest = copy, *name;

	for (size_t i = 0; !names && i < view->tab_count; i++)
		if (has_column(view->tab_screens[i], key))
			return (int)i;
	text_copy(copy, sizeof(copy), names ? names : "");
	while (names && (name = strsep(&rest, ","))) {
		int tab = view_tab_named(view, name, err);

		if (tab < 0 || has_column(view->tab_screens[tab], key))
			return tab;
	}
	return err_set(err, -EINVAL, "no column \"%s\" to sort by %s%s", key,
		       names ? "in screen " : "in any screen", names ? names : "");
}

int view_check_names(const struct view *view, struct err *err)
{
	char names[160], *rest = names, *name;
	int tab = 0;

	text_copy(names, sizeof(names), view->config.screen ? view->config.screen : "");
	while (view->config.screen && tab >= 0 && (name = strsep(&rest, ",")))
		tab = view_tab_named(view, name, err);
	if (tab >= 0 && view->config.sort)
		tab = view_tab_sortable(view, view->config.screen, view->config.sort, err);
	return tab < 0 ? tab : 0;
}

int view_check(const struct view_config *config, struct err *err)
{
	struct view *view = view_make(config, err);
	int ret;

	if (!view)
		return -ENOMEM;
	ret = view_check_names(view, err);
	view_free(view);
	return ret;
}

static const struct screen *tab_screen(size_t index)
{
	for (size_t i = 0; screens[i]; i++)
		if (screens[i]->key && index-- == 0)
			return screens[i];
	return NULL;
}

const char *view_screen_name(size_t index)
{
	const struct screen *screen = tab_screen(index);

	return screen ? screen->name : NULL;
}

const char *view_screen_help(size_t index)
{
	const struct screen *screen = tab_screen(index);

	return screen ? screen->help : NULL;
}
