/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prompt.h - one line of input, or a yes-or-no question, in the last line.
 *
 * Owns: editing.  Does not own: what is done with the answer (actions.c).
 */
#ifndef MPSTAT_VIEW_PROMPT_H
#define MPSTAT_VIEW_PROMPT_H

#include "mpstat/view/canvas.h"

#include <stddef.h>

struct view;

#define PROMPT_TEXT_MAX 64

struct prompt {
	bool active;
	bool question; /* one key: y is yes, anything else no */
	char label[160];
	char text[PROMPT_TEXT_MAX];
	/* Called after each change of the text; may be NULL. */
	void (*changed)(struct view *view, const char *text);
	/* Called at Enter or y; the prompt is closed already. */
	void (*accepted)(struct view *view, const char *text);
	/* Called at Esc or no; may be NULL. */
	void (*cancelled)(struct view *view);
};

/* Takes every key while active. */
void prompt_key(struct prompt *prompt, struct view *view, int code);
void prompt_draw(const struct prompt *prompt, struct canvas *canvas, int y);

#endif
