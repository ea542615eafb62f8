/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * stop.h - SIGINT, SIGTERM and SIGHUP for commands that follow or repeat.
 *
 * Owns: the handlers and waiting that ends at once when they fire.  Does
 * not own: the full screen's signals (view/), SIGPIPE (main.c).
 */
#ifndef MPSTAT_COMMANDS_STOP_H
#define MPSTAT_COMMANDS_STOP_H

#include <stdbool.h>

/* From now on the first of these signals asks to stop in good order; a second
 * one kills as usual, so that a blocked output never holds the user.  Calling
 * it again does nothing.  Returns 0 or negative errno. */
int stop_install(void);

/* The signal that asked to stop, or 0. */
int stop_signal(void);

/* Blocks for `seconds`, at most until a stop is asked for.  Returns true when
 * the time has passed, false when it is time to stop. */
bool stop_sleep(double seconds);

#endif
