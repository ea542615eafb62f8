/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * main.c - options, command, exit code.
 *
 * Owns: the only place that prints errors, what is true for every command
 * (locale, descriptors, SIGPIPE).  Does not own: anything a command does.
 */
#include "mpstat/commands/options.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A closed standard descriptor would be given to the next file opened, and
 * output would go there.  Opened the wrong way round, so that using it still
 * fails. */
static void keep_standard_descriptors(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/* One line on stderr.  Words of the command line and of other programs may be
 * in it: cleaned like everything from outside. */
static void complain(const char *program, const struct err *err)
{
	char name[64], text[sizeof(err->text)];

	text_clean(name, sizeof(name), program, strlen(program));
	text_clean(text, sizeof(text), err->text, strlen(err->text));
	fprintf(stderr, "%s: %s\n", name, text);
}

static int run(const struct options *options, struct err *err)
{
	const struct command *command = options->command;

	if (options->given & OPTION_HELP)
		command = command_find("help");
	else if (options->given & OPTION_VERSION)
		command = command_find("version");
	return command->run(options, err);
}

int main(int argc, char **argv)
{
	struct err err = {0, ""};
	struct options options;
	int code;

	keep_standard_descriptors();
	/* Characters only: numbers are read and written the same everywhere. */
	setlocale(LC_CTYPE, "");
	/* A reader that has gone is an error of write(), in good order. */
	signal(SIGPIPE, SIG_IGN);
	if (options_parse(&options, argc, argv, &err) < 0)
		code = err.code == -EINVAL ? EXIT_USAGE : EXIT_BLIND;
	else
		code = run(&options, &err);
	if (code == EXIT_OUTPUT && err.code == -EPIPE)
		code = EXIT_FINE; /* "| head" has seen enough */
	else if (err.code)
		complain(options.program, &err);
	options_free(&options);
	return code;
}
