/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * command.h - what a subcommand is.
 *
 * One subcommand = one file in commands/ with a `const struct command` at its
 * end and one row in commands.c.
 */
#ifndef MPSTAT_COMMANDS_COMMAND_H
#define MPSTAT_COMMANDS_COMMAND_H

#include "mpstat/util/err.h"

#include <stdint.h>

/* Exit codes: the same for every command, documented in the man page. */
enum exit_code {
	EXIT_FINE = 0,
	EXIT_PROBLEM = 1, /* check, doctor: a problem was found */
	EXIT_USAGE = 2,
	EXIT_BLIND = 3, /* could not observe: no such target, no right */
	EXIT_OUTPUT = 4 /* the output could not be written */
};

struct options; /* options.h: what the command line said */

struct command {
	const char *name;
	const char *words; /* arguments that are not options, "[COMMAND]"; NULL: none */
	const char *help;  /* one sentence */
	uint32_t accepts;  /* bits of enum option_bit (options.h) */
	/* Returns an exit code; when it is not EXIT_FINE or EXIT_PROBLEM, err says
	 * what, why, what to do, and main.c prints it. */
	int (*run)(const struct options *options, struct err *err);
};

extern const struct command *const commands[]; /* NULL-terminated */

/* The command of that name, or NULL. */
const struct command *command_find(const char *name);

/* The name of the command most like a misspelled word, or NULL when none is
 * near. */
const char *command_nearest(const char *word);

#endif
