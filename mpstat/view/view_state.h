/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_state.h - the inside of the viewer, for the files of view/ only.
 */
#ifndef MPSTAT_VIEW_VIEW_STATE_H
#define MPSTAT_VIEW_VIEW_STATE_H

#include "mpstat/model/graph_lines.h"
#include "mpstat/view/folds.h"
#include "mpstat/view/menu.h"
#include "mpstat/view/prompt.h"
#include "mpstat/view/screen.h"
#include "mpstat/view/view.h"

#define VIEW_DEPTH_MAX 16 /* details opened from details */
#define VIEW_TABS_MAX 9	  /* digits */

/* Least size that has room for anything useful. */
#define VIEW_COLUMNS_MIN 40
#define VIEW_LINES_MIN 8

/* Numbers of the header, counted once per refresh. */
struct summary {
	size_t processes, waiting, stuck; /* live ones that match */
	size_t zombies, orphans;	  /* of the processes */
	size_t objects, domains;
	size_t problems, notes;
	const struct finding *first; /* first problem, else first note; NULL: none */
	uint64_t lost; /* records */
};

struct view {
	struct view_config config;
	double delay_s;
	struct page *tabs[VIEW_TABS_MAX]; /* screens with a digit, in order; opened when first shown */
	const struct screen *tab_screens[VIEW_TABS_MAX];
	size_t tab_count, tab;
	struct page *details[VIEW_DEPTH_MAX]; /* opened on top of the tab */
	size_t detail_count;
	struct summary summary;
	struct prompt prompt;
	struct menu menu;
	char status[200]; /* a sentence instead of the key bar, until a key or STATUS_S; "": none */
	double status_s;  /* how long it has been shown */
	enum style status_style;
	char search[PROMPT_TEXT_MAX];
	char filter_before[PROMPT_TEXT_MAX];
	struct folds *folds; /* of the process tree, owned */
	struct graph_lines *graph; /* of the screen Graph as it was last updated, owned */
	struct process_id *targets; /* of the signal dialog, owned */
	size_t target_count;
	char target_name[FACT_NAME_MAX + 32];
	int signal;
	int columns;	/* of the last frame */
	bool stale;	/* the page must be updated before it is drawn */
	bool repaint;	/* the terminal may show something else: paint everything */
	bool refresh_now;
	bool all_ended; /* show processes that ended with exit code 0 too */
	bool paused, quit;
};

/* view.c */
struct view *view_make(const struct view_config *config, struct err *err); /* no page is open */
struct page *view_page(const struct view *view);
void view_say(struct view *view, enum style style, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void view_open_tab(struct view *view, size_t tab);
void view_open_detail(struct view *view, const struct screen *screen, struct identity subject);
void view_back(struct view *view);

/* view_names.c */
/* The tab of a screen's name; -EINVAL: none. */
int view_tab_named(const struct view *view, const char *name, struct err *err);
/* The first of the named screens (separated by commas; NULL: of all) that has
 * the column; -EINVAL: none. */
int view_tab_sortable(const struct view *view, const char *names, const char *key,
		      struct err *err);
/* config.screen as a list and config.sort: 0 or -EINVAL. */
int view_check_names(const struct view *view, struct err *err);

/* frame.c: what surrounds a page. */
int frame_header(const struct view *view, struct canvas *canvas); /* returns lines used */
void frame_footer(const struct view *view, struct canvas *canvas, int y);
void frame_summary(struct view *view); /* counts */

/* actions.c: the keys every screen has. */
extern const struct key actions[];

/* signals.c */
void signals_ask(struct view *view, struct page *page);

#endif
