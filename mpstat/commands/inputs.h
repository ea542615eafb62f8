/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * inputs.h - the kept segments that -i names, directories opened up.
 *
 * Owns: the list of paths.  Does not own: reading them (collector/).
 */
#ifndef MPSTAT_COMMANDS_INPUTS_H
#define MPSTAT_COMMANDS_INPUTS_H

#include "mpstat/util/err.h"

#include <stddef.h>

struct inputs {
	char **paths; /* owned, and so is each */
	size_t count, room;
};

/* Adds a file, or each *.mptrace of a directory in the order of names.  0, or a
 * negative errno with a sentence: it cannot be read, or the directory has none. */
int inputs_add(struct inputs *inputs, const char *path, struct err *err);

void inputs_free(struct inputs *inputs);

#endif
