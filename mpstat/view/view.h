/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view.h - the viewer: screens of the model for a person.
 *
 * Owns: what is shown and what keys do.  Does not own: where the facts come
 * from (the caller's refresh), the model's content, how a signal is sent.
 */
#ifndef MPSTAT_VIEW_VIEW_H
#define MPSTAT_VIEW_VIEW_H

#include "mpstat/model/model.h"
#include "mpstat/util/err.h"
#include "mpstat/view/canvas.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define VIEW_DRAIN_MS 100

/* Everything is borrowed and must outlive the call. */
struct view_config {
	struct model *model;
	void (*refresh)(void *arg); /* reads the sources and ticks the model; NULL: nothing new comes */
	/* Takes in what would be lost until the next refresh, also while paused; called
	 * every VIEW_DRAIN_MS.  Rows of the model stay where they are.  NULL: nothing to. */
	void (*drain)(void *arg);
	void *arg;		    /* of refresh, drain and signal_process */
	double delay_s;		    /* between two refreshes; the user may change it */
	uint64_t count;		    /* refreshes after which to quit; 0: endless */
	bool colour, unicode;	    /* wanted; the terminal may not be able to */
	bool readonly;		    /* no signals */
	const char *screen; /* which to show first, by name; NULL: the first.
			     * view_print: several, separated by commas; NULL: findings if there
			     * are any, processes, and each further screen that has rows */
	const char *sort;    /* key of a column of that screen; NULL: as the screen likes */
	const char *program; /* for texts: "mpstat" */
	const char *scope;   /* what is looked at, in words, for the header */
	/* Sends a signal to exactly that process; 0 or negative errno.  NULL: the same as
	 * readonly. */
	int (*signal_process)(void *arg, struct process_id id, int signal);
	time_t (*clock)(void); /* time of day for the header; NULL: time(NULL) */
};

/* Full screen until the user quits, the count is reached or a SIGTERM, SIGINT
 * or SIGHUP comes.  Blocks.  0, -EINVAL (no such screen or column), -ENOTTY,
 * -ENOTSUP (this terminal cannot), -EIO (the terminal is gone), -ENOMEM. The
 * terminal is as before in each case. */
int view_run(const struct view_config *config, struct err *err);

/* One frame as plain text for the model as it is now: header and screens with
 * all their rows, `width` columns, no control characters but newlines.  Does
 * not call refresh.  0, -EINVAL (no such screen or column), -ENOMEM.  The
 * caller checks the stream. */
int view_print(const struct view_config *config, FILE *out, int width);

/* Whether config.screen (a list with commas) and config.sort name something
 * that exists; for the command line.  0 or -EINVAL with a sentence. */
int view_check(const struct view_config *config, struct err *err);

/* Name and one-line help of each screen one may ask for; NULL at the end. */
const char *view_screen_name(size_t index);
const char *view_screen_help(size_t index);

/* ---- the parts of view_run, for tests ---------------------------------- */

struct view;

struct view *view_new(const struct view_config *config, struct err *err);
void view_free(struct view *view);
void view_refresh(struct view *view);			     /* calls config.refresh, unless paused */
void view_draw(struct view *view, struct canvas *canvas);   /* any size */
void view_key(struct view *view, int code);		     /* enum key_code or a character */
bool view_quits(const struct view *view);		     /* the user wants to leave */

#endif
