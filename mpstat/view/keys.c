/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.c - see keys.h.  Owns: names of keys.
 */
#include "mpstat/view/keys.h"

#include <stdio.h>
#include <string.h>

static const struct {
	int code;
	const char *name;
} named[] = {
	{KEY_CODE_TAB, "Tab"},
	{KEY_CODE_ENTER, "Enter"},
	{KEY_CODE_CTRL_L, "Ctrl-L"},
	{KEY_CODE_ESC, "Esc"},
	{' ', "Space"},
	{KEY_CODE_UP, "Up"},
	{KEY_CODE_DOWN, "Down"},
	{KEY_CODE_LEFT, "Left"},
	{KEY_CODE_RIGHT, "Right"},
	{KEY_CODE_PAGE_UP, "PgUp"},
	{KEY_CODE_PAGE_DOWN, "PgDn"},
	{KEY_CODE_HOME, "Home"},
	{KEY_CODE_END, "End"},
	{KEY_CODE_BACKSPACE, "Backspace"},
	{KEY_CODE_DELETE, "Del"},
	{KEY_CODE_BACK_TAB, "Shift-Tab"},
};

const struct key *keys_find(const struct key *table, int code)
{
	for (; table && table->press; table++)
		for (int i = 0; i < KEY_ALTERNATIVES && table->codes[i]; i++)
			if (table->codes[i] == code)
				return table;
	return NULL;
}

const char *keys_name(int code, char name[KEY_NAME_MAX])
{
	for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++)
		if (named[i].code == code)
			return strcpy(name, named[i].name);
	if (code > KEY_CODE_F0 && code <= KEY_CODE_F12)
		snprintf(name, KEY_NAME_MAX, "F%d", code - KEY_CODE_F0);
	else if (code > ' ' && code < 127)
		snprintf(name, KEY_NAME_MAX, "%c", code);
	else
		strcpy(name, "that key");
	return name;
}

const char *keys_list(const struct key *key, char *names, size_t size)
{
	char name[KEY_NAME_MAX];
	size_t used = 0;

	names[0] = '\0';
	for (int i = 0; i < KEY_ALTERNATIVES && key->codes[i] && used < size; i++)
		used += (size_t)snprintf(names + used, size - used, "%s%s", i ? " " : "",
					 keys_name(key->codes[i], name));
	return names;
}
