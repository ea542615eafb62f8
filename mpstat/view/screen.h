/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen.h - what a screen is.
 *
 * One screen = one file screen_x.c with a `const struct screen` at its end and
 * one row in screens.c.  Key bar, help screen and --screen come from the rows.
 */
#ifndef MPSTAT_VIEW_SCREEN_H
#define MPSTAT_VIEW_SCREEN_H

#include "mpstat/model/model.h"
#include "mpstat/view/canvas.h"

struct view;

struct screen {
	const char *name;  /* "processes": --screen, JSON of the help */
	const char *title; /* tab title: "Processes" */
	char key;	   /* digit that opens it, 0: none */
	const char *help;  /* one sentence for Help and the man page */
	/* Called when the screen is first shown.  May return NULL when it needs no
	 * state of its own; *failed tells no memory. */
	void *(*open)(const struct view *view);
	/* Draws into the part of the canvas that is the screen's (clip is set).
	 * Called after each refresh and each key.  Reads the model only. */
	void (*draw)(void *state, struct view *view, struct canvas *canvas);
	/* Returns true when the key was the screen's; else view.c's common keys apply. */
	bool (*on_key)(void *state, struct view *view, int key);
	void (*close)(void *state);
};

extern const struct screen *const screens[]; /* NULL-terminated */

#endif
