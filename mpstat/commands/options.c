/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * options.c - from argv to struct options.
 *
 * Owns: the walk over argv (getopt_long), the sentences about wrong usage,
 * sysstat's positional form.  Does not own: the options themselves
 * (option_rows.c), what commands do.
 */
#include "mpstat/commands/options.h"

#include "mpstat/commands/nearest.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#define LONG_ONLY 256 /* getopt value of a row without a letter: this + index */
#define ROWS_MAX  32

struct getopt_tables {
	char letters[2 + 2 * ROWS_MAX];
	struct option names[ROWS_MAX + 1];
};

static void tables_fill(struct getopt_tables *tables)
{
	char *letter = tables->letters;
	size_t i;

	memset(tables, 0, sizeof(*tables));
	*letter++ = ':'; /* tell a missing value from an unknown option */
	for (i = 0; i < option_row_count && i < ROWS_MAX; i++) {
		const struct option_row *row = &option_rows[i];
		struct option *name = &tables->names[i];

		name->name = row->name;
		name->has_arg = row->argument ? required_argument : no_argument;
		name->val = row->letter ? row->letter : LONG_ONLY + (int)i;
		if (!row->letter)
			continue;
		*letter++ = row->letter;
		if (row->argument)
			*letter++ = ':';
	}
}

static const struct option_row *row_of(int value)
{
	size_t i;

	for (i = 0; i < option_row_count; i++)
		if (value == (option_rows[i].letter ? option_rows[i].letter : LONG_ONLY + (int)i))
			return &option_rows[i];
	return NULL;
}

static bool is_number(const char *text)
{
	double seconds;

	return options_seconds(text, &seconds) != -EINVAL;
}

static int unknown_option(const char *word, struct err *err)
{
	struct nearest nearest;
	size_t i;

	nearest_begin(&nearest, word + 2);
	for (i = 0; strncmp(word, "--", 2) == 0 && i < option_row_count; i++)
		nearest_offer(&nearest, option_rows[i].name);
	if (strncmp(word, "--", 2) == 0 && nearest.best)
		return err_set(err, -EINVAL, "unknown option '%s', did you mean '--%s'?", word,
			       nearest.best);
	return err_set(err, -EINVAL, "unknown option '%s'", word);
}

/* What getopt refused: the value is '?' or ':', details lie in its globals. */
static int refused(int value, char **argv, struct err *err)
{
	const struct option_row *row = row_of(optopt);
	char letter[3] = {'-', (char)optopt, '\0'};

	if (value == ':')
		return err_set(err, -EINVAL, "option '--%s' needs a value: %s", row->name,
			       row->argument);
	if (row)
		return err_set(err, -EINVAL, "option '--%s' takes no value", row->name);
	if (optopt == 0)
		return unknown_option(argv[optind - 1], err);
	if (strchr("PIAu", optopt))
		return err_set(err, -EINVAL,
			       "this is the multi-process mpstat; for per-CPU figures use "
			       "sysstat's mpstat");
	return unknown_option(letter, err);
}

static int take_options(struct options *options, int argc, char **argv, struct err *err)
{
	struct getopt_tables tables;
	int value;

	tables_fill(&tables);
	opterr = 0;
	optind = 0; /* glibc: begin anew, argv may be another one */
	while ((value = getopt_long(argc, argv, tables.letters, tables.names, NULL)) != -1) {
		const struct option_row *row;

		if (value == '?' || value == ':') {
			/* Goes on: the command, wherever it is, belongs in the sentence. */
			refused(value, argv, err);
			continue;
		}
		row = row_of(value);
		options->given |= row->bit;
		if (row->set)
			row->set(options, optarg, err);
	}
	return err->code;
}

static int unknown_command(const char *word, struct err *err)
{
	const char *near = command_nearest(word);

	if (near)
		return err_set(err, -EINVAL, "unknown command '%s', did you mean '%s'?", word,
			       near);
	return err_set(err, -EINVAL, "unknown command '%s'", word);
}

/* Words after the options: [COMMAND] WORDS...; a number instead of a command
 * is sysstat's interval. */
static int take_words(struct options *options, int argc, char **argv, struct err *err)
{
	int first = optind;

	options->command = command_find("top");
	if (first < argc && !is_number(argv[first])) {
		options->command = command_find(argv[first]);
		options->command_given = true;
		if (!options->command)
			return unknown_command(argv[first], err);
		first++;
	}
	options->words = calloc((size_t)(argc - first) + 1, sizeof(*options->words));
	if (!options->words)
		return err_set(err, -ENOMEM, "no memory for the command line");
	while (first < argc)
		options->words[options->word_count++] = argv[first++];
	if (options->word_count > 0 && !options->command->words)
		return err_set(err, -EINVAL, "'%s' is one word too many", options->words[0]);
	return 0;
}

static int check_accepted(const struct options *options, struct err *err)
{
	uint32_t refuse = options->given & ~(options->command->accepts | OPTIONS_ALWAYS);
	size_t i;

	for (i = 0; i < option_row_count; i++)
		if (refuse & option_rows[i].bit)
			return err_set(err, -EINVAL, "option '--%s' is not one of '%s'",
				       option_rows[i].name, options->command->name);
	if (options->all && (options->given & (OPTION_PID | OPTION_GROUP)))
		return err_set(err, -EINVAL, "--all and --%s contradict each other",
			       options->given & OPTION_PID ? "pid" : "group");
	return 0;
}

static const char *base_name(const char *path)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return slash && slash[1] ? slash + 1 : path && *path ? path : "mpstat";
}

/* Every sentence about usage ends with where to read more. */
static int point_to_help(const struct options *options, struct err *err)
{
	size_t used = strlen(err->text);

	if (err->code == -EINVAL && !strstr(err->text, "sysstat"))
		snprintf(err->text + used, sizeof(err->text) - used, "%s see %s help%s%s",
			 used && err->text[used - 1] == '?' ? "" : ";", options->program,
			 options->command ? " " : "",
			 options->command ? options->command->name : "");
	return err->code;
}

int options_parse(struct options *options, int argc, char **argv, struct err *err)
{
	memset(options, 0, sizeof(*options));
	options->program = base_name(argc > 0 ? argv[0] : NULL);
	options->delay_s = OPTIONS_DELAY_DEFAULT;
	take_options(options, argc, argv, err);
	take_words(options, argc, argv, err);
	if (err->code == 0)
		check_accepted(options, err);
	return point_to_help(options, err);
}

void options_free(struct options *options)
{
	free(options->pids);
	free(options->inputs);
	free(options->words);
	options->pids = NULL;
	options->inputs = NULL;
	options->words = NULL;
}

void options_help(FILE *out, uint32_t accepts)
{
	char left[64];
	size_t i;

	for (i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];

		if (!(row->bit & accepts))
			continue;
		snprintf(left, sizeof(left), "%c%c%c --%s%s%s", row->letter ? '-' : ' ',
			 row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name,
			 row->argument ? " " : "", row->argument ? row->argument : "");
		fprintf(out, "  %-24s %s\n", left, row->help);
	}
}
