/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * term.h - the terminal: canvas out, keys in.
 *
 * Owns: ncurses (no other file includes it), the terminal's modes, the signals
 * that concern it, and putting everything back.  Does not own: what is shown.
 *
 * While a terminal is open SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGWINCH, SIGTSTP
 * and SIGCONT are blocked and arrive as keys from term_key(), so nothing runs
 * in a signal handler and the screen is always restored by ordinary code.
 */
#ifndef MPSTAT_VIEW_TERM_H
#define MPSTAT_VIEW_TERM_H

#include "mpstat/util/err.h"
#include "mpstat/view/canvas.h"

#include <stdbool.h>

struct term;

/* Takes over the terminal of standard input and output.  An unknown $TERM is
 * tried as xterm-256color, then vt100; one that cannot position the cursor is
 * refused.  0, -ENOTTY, -ENOTSUP or another negative errno with a sentence. */
int term_open(struct term **term, bool colour, struct err *err);

/* Puts the screen, the modes and the signals back; frees.  NULL is fine.  After
 * KEY_CODE_LOST SIGHUP stays ignored: it has been answered. */
void term_close(struct term *term);

/* Whether the terminal's character set has our glyphs (UTF-8). */
bool term_unicode(const struct term *term);

/* Size now, in characters; at least 1x1. */
void term_size(const struct term *term, int *columns, int *lines);

/* Shows the canvas.  `all`: repaint everything (Ctrl-L). */
void term_show(struct term *term, const struct canvas *canvas, bool all);

/* Waits up to timeout_ms (0: does not) for a key.  KEY_CODE_NONE: none came.
 * Ctrl-Z is handled within: stops the program, and after it continues returns
 * KEY_CODE_RESIZED. */
int term_key(struct term *term, int timeout_ms);

#endif
