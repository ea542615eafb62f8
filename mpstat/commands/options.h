/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.h - what the command line said.
 *
 * Owns: the one table of options, parsing, the help texts made from the table.
 * Does not own: what a command does with an option, which it accepts
 * (command.h).
 */
#ifndef MPSTAT_COMMANDS_OPTIONS_H
#define MPSTAT_COMMANDS_OPTIONS_H

#include "mpstat/commands/command.h"
#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_bit {
	OPTION_PID = 1 << 0,
	OPTION_GROUP = 1 << 1,
	OPTION_ALL = 1 << 2,
	OPTION_DELAY = 1 << 3,
	OPTION_COUNT = 1 << 4,
	OPTION_BATCH = 1 << 5,
	OPTION_JSON = 1 << 6,
	OPTION_FORMAT = 1 << 7,
	OPTION_OUTPUT = 1 << 8,
	OPTION_COLOR = 1 << 9,
	OPTION_NO_UNICODE = 1 << 10,
	OPTION_SORT = 1 << 11,
	OPTION_SCREEN = 1 << 12,
	OPTION_INPUT = 1 << 13,
	OPTION_STRICT = 1 << 14,
	OPTION_READONLY = 1 << 15,
	OPTION_NO_FOLLOW = 1 << 16,
	OPTION_SCHEMA = 1 << 17,
	OPTION_HELP = 1 << 18,	  /* accepted by every command */
	OPTION_VERSION = 1 << 19, /* the same */
	OPTION_NO_BPF = 1 << 20
};

/* What every command that looks at processes accepts. */
#define OPTIONS_TARGET (OPTION_PID | OPTION_GROUP | OPTION_ALL | OPTION_INPUT | OPTION_NO_BPF)
#define OPTIONS_ALWAYS (OPTION_HELP | OPTION_VERSION)

enum option_color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct options {
	const char *program; /* base name of argv[0], for messages */
	const struct command *command;
	bool command_given;
	uint32_t given; /* bits of the options that were used */

	uint32_t *pids; /* owned; NULL when none */
	size_t pid_count;
	const char *group;
	bool all;
	const char **inputs; /* owned array of the caller's strings */
	size_t input_count;

	double delay_s;
	uint64_t count; /* 0: no end */
	bool batch, json, strict, readonly, no_unicode, no_follow, schema, no_bpf;
	const char *format;
	const char *output; /* NULL: standard output */
	enum option_color color;
	const char *sort;
	const char *screen;

	const char **words; /* what is neither option nor command; owned array */
	size_t word_count;
};

#define OPTIONS_DELAY_MIN     0.1
#define OPTIONS_DELAY_MAX     3600.0
#define OPTIONS_DELAY_DEFAULT 1.0

/* One option: everything that help, man page test and parser need. */
struct option_row {
	uint32_t bit;
	char letter; /* 0: only the long name */
	const char *name;
	const char *argument; /* NULL: takes no value */
	const char *help;     /* one line */
	/* NULL: `given` says it all. */
	int (*set)(struct options *options, const char *value, struct err *err);
};

extern const struct option_row option_rows[];
extern const size_t option_row_count;

/*
 * Reads the command line into *options.  argv is permuted, its strings must
 * outlive the options.  Returns 0 or -EINVAL (usage; err is one sentence) or
 * -ENOMEM.  options_free() in either case.  Not thread-safe (getopt).
 */
int options_parse(struct options *options, int argc, char **argv, struct err *err);
void options_free(struct options *options);

/* Seconds of "500ms", "0.5", "2s", "1m".  -EINVAL: not such a text, -ERANGE. */
int options_seconds(const char *text, double *seconds);

/* The table rows whose bits are in `accepts`, as text. */
void options_help(FILE *out, uint32_t accepts);

#endif
