/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * keys.h - keys: their codes, their names, and tables of what they do.
 *
 * Owns: struct key, the row from which key bar, Help and dispatch all come.
 * Does not own: the common rows (actions.c) and the screens' own rows.
 */
#ifndef MPSTAT_VIEW_KEYS_H
#define MPSTAT_VIEW_KEYS_H

#include <stddef.h>

struct view;
struct page;

/* A key is a Unicode character or one of these, which are no characters. */
enum key_code {
	KEY_CODE_NONE = 0,
	KEY_CODE_TAB = 9,
	KEY_CODE_ENTER = 10,
	KEY_CODE_CTRL_L = 12,
	KEY_CODE_ESC = 27,
	KEY_CODE_UP = 0x110000,
	KEY_CODE_DOWN,
	KEY_CODE_LEFT,
	KEY_CODE_RIGHT,
	KEY_CODE_PAGE_UP,
	KEY_CODE_PAGE_DOWN,
	KEY_CODE_HOME,
	KEY_CODE_END,
	KEY_CODE_BACKSPACE,
	KEY_CODE_DELETE,
	KEY_CODE_BACK_TAB,
	KEY_CODE_F0, /* F1 is KEY_CODE_F0 + 1 */
	KEY_CODE_F12 = KEY_CODE_F0 + 12,
	KEY_CODE_OTHER, /* a key we have no name for */
	KEY_CODE_RESIZED, /* the terminal has another size */
	KEY_CODE_QUIT,	  /* SIGTERM, SIGINT, SIGQUIT */
	KEY_CODE_LOST,	  /* the terminal is gone */
};
#define KEY_CODE_F(n) (KEY_CODE_F0 + (n))

#define KEY_ALTERNATIVES 4

struct key {
	int codes[KEY_ALTERNATIVES]; /* the first is shown in the key bar; 0 ends */
	const char *label;	     /* word in the key bar; NULL: not there */
	const char *help;	     /* one line in Help */
	/* Called when one of the keys is pressed; `page` is the one shown. */
	void (*press)(struct view *view, struct page *page);
};

/* The row for `code`, or NULL.  A table ends with a row without `press`. */
const struct key *keys_find(const struct key *table, int code);

#define KEY_NAME_MAX 12
/* "F1", "Space", "Ctrl-L", "q".  Returns name. */
const char *keys_name(int code, char name[KEY_NAME_MAX]);

/* All names of a row: "F1 h ?".  Returns names. */
const char *keys_list(const struct key *key, char *names, size_t size);

#endif
