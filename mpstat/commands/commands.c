/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * commands.c - the list of subcommands, one row each.
 *
 * Owns: the list and looking it up.  Does not own: what they do.
 */
#include "mpstat/commands/command.h"

#include "mpstat/commands/nearest.h"

#include <stddef.h>
#include <string.h>

extern const struct command command_top;
extern const struct command command_list;
extern const struct command command_snapshot;
extern const struct command command_check;
extern const struct command command_graph;
extern const struct command command_records;
extern const struct command command_doctor;
extern const struct command command_help;
extern const struct command command_version;

const struct command *const commands[] = {
	&command_top,	  &command_list,   &command_snapshot, &command_check,	&command_graph,
	&command_records, &command_doctor, &command_help,     &command_version, NULL,
};

const struct command *command_find(const char *name)
{
	size_t i;

	for (i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

const char *command_nearest(const char *word)
{
	struct nearest nearest;
	size_t i;

	nearest_begin(&nearest, word);
	for (i = 0; commands[i]; i++)
		nearest_offer(&nearest, commands[i]->name);
	return nearest.best;
}
