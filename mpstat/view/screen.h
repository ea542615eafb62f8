/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen.h - what a screen is.
 *
 * One screen = one file screen_x.c with a `const struct screen` at its end and
 * one row in screens.c.  Tabs, key bar, Help, --screen and the man page come
 * from the rows.
 *
 * A screen says which rows and sentences there are; drawing, scrolling,
 * sorting, filtering and printing are the same for all (page.c).
 */
#ifndef MPSTAT_VIEW_SCREEN_H
#define MPSTAT_VIEW_SCREEN_H

#include "mpstat/view/keys.h"
#include "mpstat/view/pane.h"
#include "mpstat/view/table.h"

struct view;
struct screen;

/* A screen that is open. */
struct page {
	const struct screen *screen;
	struct table *table;	 /* NULL: the screen has none */
	struct pane *pane;	 /* below the table, or instead of it when it has no rows */
	struct identity subject; /* detail screens: what it is about */
	char title[FACT_NAME_MAX * 2]; /* detail screens: the subject's name */
	bool print;  /* for view_print: everything at once, nothing selected */
	bool empty;  /* set by update: there is nothing but an explanation why */
	int columns; /* width the pane is filled for */
};

struct screen {
	const char *name;  /* "processes": --screen */
	const char *title; /* of the tab: "Processes" */
	char key;	   /* digit that opens it; 0: no tab, opened by another screen */
	bool on_request;   /* view_print leaves it out unless it is named */
	const char *help;  /* one sentence for Help and man page */
	const struct table_spec *table; /* NULL: no table, only a pane */
	const struct key *keys; /* its own, before the common ones; NULL: none */
	/* Fills the page's table and pane from the model.  Called after each refresh,
	 * each key that may change what is shown, and each change of size. */
	void (*update)(struct page *page, const struct view *view);
	/* Who gets a signal for a row (NULL: for the page); {0, 0}: nobody alive.  NULL: rows are
	 * no processes. */
	struct process_id (*process)(const struct page *page, const struct view *view,
				     const void *row);
	/* A search has selected a row that stands for several.  NULL: there are no such rows. */
	void (*found)(struct view *view, struct page *page, const char *text);
};

extern const struct screen *const screens[]; /* NULL-terminated; the first is shown first */

const struct screen *screen_find(const char *name); /* NULL: none; name may be NULL */

/* page.c */
struct page *page_open(const struct screen *screen, struct identity subject); /* NULL: no memory */
void page_close(struct page *page);
void page_update(struct page *page, const struct view *view);
void page_draw(struct page *page, const struct view *view, struct canvas *canvas);
void page_move(struct page *page, int by); /* rows or lines */
int page_rows(const struct page *page);	   /* of a screenful */
/* All of it as text, a bounded number of lines at a time; false: no memory. */
bool page_print(struct page *page, const struct view *view, FILE *out, int width);

/* Identities of the model's things. */
static inline struct identity identity_process(struct process_id id)
{
	return (struct identity){id.pid, id.start};
}

static inline struct identity identity_object(struct object_id id)
{
	return (struct identity){id.domain, (uint64_t)id.slot << 32 | id.generation};
}

#endif
