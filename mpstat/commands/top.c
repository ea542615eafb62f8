/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * top.c - "mpstat top": the viewer, or frames one after the other.
 *
 * Owns: when it is the full screen and when text, the pace of frames, sysstat's
 * "INTERVAL [COUNT]".  Does not own: what a frame shows (view/), JSON (export/).
 */
#include "mpstat/commands/kill.h"
#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"
#include "mpstat/commands/stop.h"
#include "mpstat/view/view.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define FIRST_RATE_S  0.2 /* before the first frame, so that it has rates */
#define WIDTH_DEFAULT 132
#define WIDTH_MIN     40

struct pace {
	bool full_screen;
	double delay_s;
	uint64_t frames; /* 0: endless */
};

/* "1 5" as sysstat's tools take it. */
static int pace_from_words(const struct options *options, struct pace *pace, struct err *err)
{
	char *end;

	if (options->word_count > 2)
		return err_set(err, -EINVAL, "'%s' is one word too many; see %s help top",
			       options->words[2], options->program);
	if (options_seconds(options->words[0], &pace->delay_s) < 0)
		return err_set(err, -EINVAL,
			       "the interval '%s' is not a time of 0.1 to 3600 seconds; "
			       "see %s help top",
			       options->words[0], options->program);
	if (options->word_count < 2)
		return 0;
	errno = 0;
	pace->frames = strtoull(options->words[1], &end, 10);
	if (errno || *end || !strchr("123456789", options->words[1][0]))
		return err_set(err, -EINVAL, "'%s' is not a count of 1 or more; see %s help top",
			       options->words[1], options->program);
	return 0;
}

static int find_pace(const struct options *options, struct pace *pace, struct err *err)
{
	const uint32_t text = OPTION_BATCH | OPTION_JSON | OPTION_FORMAT | OPTION_OUTPUT;

	pace->delay_s = options->delay_s;
	pace->frames = options->count;
	pace->full_screen = false;
	if (options->word_count > 0)
		return pace_from_words(options, pace, err);
	if (options->given & text)
		return 0;
	if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
		pace->full_screen = true;
	else if (pace->frames == 0)
		pace->frames = 1; /* nobody there to press q, nobody asked for more */
	return 0;
}

static bool want_colour(const struct options *options)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return !(no_color && *no_color) && term && strcmp(term, "dumb") != 0;
}

static struct view_config view_of(struct session *session, const struct pace *pace)
{
	const struct options *options = session->options;
	struct view_config config = {
		.model = session->model,
		.refresh = session_refresh_arg,
		.drain = session->drains ? session_drain_arg : NULL,
		.arg = session,
		.delay_s = pace->delay_s,
		.count = pace->frames,
		.colour = want_colour(options),
		.unicode = !options->no_unicode && strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
		/* Who is in a kept segment has ended; the number may be another's now. */
		.readonly = options->readonly || options->input_count > 0,
		.screen = options->screen,
		.sort = options->sort,
		.program = options->program,
		.scope = session->scope,
		.signal_process = kill_process,
	};

	return config;
}

/* Columns of the terminal, of $COLUMNS, or what fits most logs. */
static int output_width(const struct output *output)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");
	int width = columns ? atoi(columns) : 0;

	if (ioctl(output->fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	return width >= WIDTH_MIN ? width : WIDTH_DEFAULT;
}

static bool is_screen(const char *name)
{
	size_t i;

	for (i = 0; view_screen_name(i); i++)
		if (strcmp(view_screen_name(i), name) == 0)
			return true;
	return false;
}

/* view_print refused: which name was it? */
static int unknown_name(const struct view_config *config, struct err *err)
{
	char names[256], *rest = names, *name;

	snprintf(names, sizeof(names), "%s", config->screen ? config->screen : "");
	while ((name = strsep(&rest, ",")))
		if (config->screen && !is_screen(name))
			return err_set(err, -EINVAL, "there is no screen '%s'; see %s help top",
				       name, config->program);
	return err_set(err, -EINVAL,
		       "no screen shown has a column '%s'; columns are called as in "
		       "%s snapshot --json",
		       config->sort ? config->sort : "", config->program);
}

static int frame(struct session *session, const struct exporter *exporter, const struct pace *pace,
		 struct output *output, struct err *err)
{
	struct export_about about = report_about(session);
	struct view_config config = view_of(session, pace);
	int result;

	if (exporter)
		return exporter->snapshot(output->file, &about, false, err);
	result = view_print(&config, output->file, output_width(output));
	if (result == -EINVAL)
		return unknown_name(&config, err);
	if (result < 0)
		return err_set(err, result, "cannot draw a frame: %s", strerror(-result));
	return 0;
}

/* All frames.  0, or negative errno with err set. */
static int frames(struct session *session, const struct exporter *exporter, const struct pace *pace,
		  struct output *output, struct err *err)
{
	uint64_t done = 0;

	session_refresh(session);
	if (session_found(session, err) < 0)
		return err->code;
	if (!session_wait(session, pace->delay_s < FIRST_RATE_S ? pace->delay_s : FIRST_RATE_S))
		return 0;
	do {
		session_refresh(session);
		if (done > 0 && !exporter)
			fputc('\n', output->file);
		if (frame(session, exporter, pace, output, err) < 0 ||
		    output_flush(output, err) < 0)
			return err->code;
		done++;
	} while (done != pace->frames && session_wait(session, pace->delay_s));
	return 0;
}

static int batch(struct session *session, const struct pace *pace, struct err *err)
{
	const struct options *options = session->options;
	const struct exporter *exporter = NULL;
	struct output output;
	int code = EXIT_FINE;

	if ((options->json || options->format) &&
	    report_format(options, "json", &exporter, err) < 0)
		return EXIT_USAGE;
	if (output_open(&output, options->output, err) < 0)
		return EXIT_OUTPUT;
	stop_install();
	if (frames(session, exporter, pace, &output, err) < 0) {
		code = output.error ? EXIT_OUTPUT : report_failed(err);
		output_discard(&output);
	} else if (output_finish(&output, err) < 0) {
		code = EXIT_OUTPUT;
	}
	return code;
}

static int full_screen(struct session *session, struct pace *pace, struct err *err)
{
	struct view_config config = view_of(session, pace);

	switch (view_run(&config, err)) {
	case 0:
		return EXIT_FINE;
	case -EINVAL:
		return EXIT_USAGE;
	case -ENOTSUP:
		/* A terminal that can only go on: text is what it can show. */
		memset(err, 0, sizeof(*err));
		pace->frames = pace->frames ? pace->frames : 1;
		return batch(session, pace, err);
	default:
		return EXIT_OUTPUT;
	}
}

static int top_run(const struct options *options, struct err *err)
{
	struct session session;
	struct pace pace;
	int code;

	if (find_pace(options, &pace, err) < 0 ||
	    session_open(&session, options, SESSION_RECORDS | SESSION_WIDEN, err) < 0)
		return report_failed(err);
	code = pace.full_screen ? full_screen(&session, &pace, err) : batch(&session, &pace, err);
	session_close(&session);
	return code;
}

const struct command command_top = {
	.name = "top",
	.words = "[INTERVAL [COUNT]]",
	.help = "watch processes, queues, locks and findings live",
	.accepts = OPTIONS_TARGET | OPTION_DELAY | OPTION_COUNT | OPTION_BATCH | OPTION_JSON |
		   OPTION_FORMAT | OPTION_OUTPUT | OPTION_SORT | OPTION_SCREEN | OPTION_COLOR |
		   OPTION_NO_UNICODE | OPTION_READONLY,
	.run = top_run,
};
