/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * help.c - "mpstat help [COMMAND]": made from the tables.
 *
 * Owns: the command and the layout of the text.  Does not own: the rows it is
 * made of (commands, options, screens, detectors, formats).
 */
#include "mpstat/commands/options.h"
#include "mpstat/commands/output.h"
#include "mpstat/export/exporter.h"
#include "mpstat/model/finding.h"
#include "mpstat/view/view.h"

#include <errno.h>
#include <string.h>

static void print_row(FILE *out, int width, const char *name, const char *help)
{
	fprintf(out, "  %-*s  %s\n", width, name, help);
}

static void print_general(FILE *out, const char *program)
{
	size_t i;

	fprintf(out, "Usage: %s [COMMAND] [OPTION...]\n", program);
	fprintf(out, "       %s [OPTION...] INTERVAL [COUNT]\n\n", program);
	fprintf(out, "Shows what multi-process programs do, and why they are stuck.\n\n");
	fprintf(out, "Commands ('%s help COMMAND' tells their options):\n", program);
	for (i = 0; commands[i]; i++)
		print_row(out, 8, commands[i]->name, commands[i]->help);
	fprintf(out,
		"\nWithout a command: the full screen viewer, or one frame of text when there\n"
		"is no terminal.  '%s 1 5' prints five frames, one per second.\n\n",
		program);
	fprintf(out, "Exit status:\n"
		     "  0  fine\n"
		     "  1  check, doctor: a problem was found\n"
		     "  2  wrong usage\n"
		     "  3  could not observe: no such target, no right, not all was readable\n"
		     "  4  the output could not be written\n");
}

static void print_screens(FILE *out)
{
	size_t i;

	fprintf(out, "\nScreens:\n");
	for (i = 0; view_screen_name(i); i++)
		print_row(out, 9, view_screen_name(i), view_screen_help(i));
}

static void print_detectors(FILE *out)
{
	size_t i;

	fprintf(out, "\nWhat is looked for:\n");
	for (i = 0; detectors[i]; i++)
		print_row(out, 23, detectors[i]->name, detectors[i]->help);
}

static void print_formats(FILE *out)
{
	size_t i;

	fprintf(out, "\nFormats:\n");
	for (i = 0; exporters[i]; i++)
		print_row(out, 4, exporters[i]->name, exporters[i]->help);
}

static void print_command(FILE *out, const char *program, const struct command *command)
{
	fprintf(out, "Usage: %s %s [OPTION...]%s%s\n\n", program, command->name,
		command->words ? " " : "", command->words ? command->words : "");
	fprintf(out, "%s: %s.\n\nOptions:\n", command->name, command->help);
	options_help(out, command->accepts | OPTION_HELP);
	if (command->accepts & OPTION_SCREEN)
		print_screens(out);
	if (command->accepts & OPTION_STRICT)
		print_detectors(out);
	if (command->accepts & OPTION_FORMAT)
		print_formats(out);
}

static const struct command *asked_for(const struct options *options, struct err *err)
{
	const char *name = options->command->name, *near;
	const struct command *command;

	if (strcmp(name, "help") != 0 || options->word_count == 0)
		return options->command;
	name = options->words[0];
	command = command_find(name);
	near = command ? NULL : command_nearest(name);
	if (!command && near)
		err_set(err, -EINVAL, "no command '%s', did you mean '%s'?", name, near);
	else if (!command)
		err_set(err, -EINVAL, "no command '%s'; see %s help", name, options->program);
	else if (options->word_count > 1)
		err_set(err, -EINVAL, "'%s' is one word too many; see %s help", options->words[1],
			options->program);
	return command;
}

/* Also runs for --help with any command: then it is that command's. */
static int help_run(const struct options *options, struct err *err)
{
	const struct command *command = asked_for(options, err);
	bool general = !options->command_given ||
		       (strcmp(options->command->name, "help") == 0 && options->word_count == 0);
	struct output output;

	if (err->code)
		return EXIT_USAGE;
	if (output_open(&output, NULL, err) < 0)
		return EXIT_OUTPUT;
	if (general)
		print_general(output.file, options->program);
	else
		print_command(output.file, options->program, command);
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
}

const struct command command_help = {
	.name = "help",
	.words = "[COMMAND]",
	.help = "explain a command and its options",
	.accepts = 0,
	.run = help_run,
};
