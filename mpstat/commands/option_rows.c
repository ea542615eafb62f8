/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * option_rows.c - every option, one row each, and how its value is read.
 *
 * Owns: names, letters, help, ranges.  Does not own: the walk over argv
 * (options.c), which command accepts what (the commands).
 */
#include "mpstat/commands/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PID_HIGHEST 4194304u /* the kernel's PID_MAX_LIMIT */

int options_seconds(const char *text, double *seconds)
{
	static const struct {
		const char *suffix;
		double scale;
	} units[] = {{"", 1}, {"s", 1}, {"ms", 1e-3}, {"m", 60}};
	char *end;
	double number;
	size_t i;

	/* No sign, no "inf", no hexadecimal: what strtod takes beyond that is a typo. */
	if (text[strspn(text, "0123456789.")] == 'x' || !strchr("0123456789.", *text))
		return -EINVAL;
	number = strtod(text, &end);
	if (end == text || *text == '\0')
		return -EINVAL;
	for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
		if (strcmp(end, units[i].suffix) != 0)
			continue;
		*seconds = number * units[i].scale;
		/* A little slack: 100ms is 0.1 only nearly. */
		return *seconds >= OPTIONS_DELAY_MIN - 1e-9 && *seconds <= OPTIONS_DELAY_MAX
			       ? 0
			       : -ERANGE;
	}
	return -EINVAL;
}

/* A whole number of 1..highest at *text, which moves behind it. */
static int take_number(const char **text, uint64_t highest, uint64_t *number)
{
	char *end;

	if (**text < '0' || **text > '9')
		return -EINVAL;
	errno = 0;
	*number = strtoull(*text, &end, 10);
	*text = end;
	return errno || *number < 1 || *number > highest ? -ERANGE : 0;
}

static int set_pid(struct options *options, const char *value, struct err *err)
{
	const char *at = value;
	uint64_t pid;

	for (;;) {
		uint32_t *grown;

		if (take_number(&at, PID_HIGHEST, &pid) < 0 || (*at && *at != ','))
			return err_set(err, -EINVAL, "'%s' is not a list of process ids", value);
		grown = reallocarray(options->pids, options->pid_count + 1, sizeof(*grown));
		if (!grown)
			return err_set(err, -ENOMEM, "no memory for the list of process ids");
		options->pids = grown;
		options->pids[options->pid_count++] = (uint32_t)pid;
		if (*at++ == '\0')
			return 0;
	}
}

static int set_group(struct options *options, const char *value, struct err *err)
{
	if (*value == '\0')
		return err_set(err, -EINVAL, "--group needs a name");
	options->group = value;
	return 0;
}

static int set_all(struct options *options, const char *value, struct err *err)
{
	(void)value;
	(void)err;
	options->all = true;
	return 0;
}

static int set_delay(struct options *options, const char *value, struct err *err)
{
	switch (options_seconds(value, &options->delay_s)) {
	case 0:
		return 0;
	case -ERANGE:
		return err_set(err, -EINVAL, "the delay '%s' is not within 0.1 and 3600 seconds",
			       value);
	default:
		return err_set(err, -EINVAL,
			       "'%s' is not a time; use seconds or a suffix: 0.5, 500ms, 2s, 1m",
			       value);
	}
}

static int set_count(struct options *options, const char *value, struct err *err)
{
	const char *at = value;

	if (take_number(&at, UINT64_MAX - 1, &options->count) < 0 || *at)
		return err_set(err, -EINVAL, "'%s' is not a count of 1 or more", value);
	return 0;
}

static int set_color(struct options *options, const char *value, struct err *err)
{
	static const char *const words[] = {"auto", "always", "never"};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcmp(value, words[i]) == 0) {
			options->color = (enum option_color)i;
			return 0;
		}
	return err_set(err, -EINVAL, "--color is auto, always or never, not '%s'", value);
}

static int set_input(struct options *options, const char *value, struct err *err)
{
	const char **grown =
		reallocarray(options->inputs, options->input_count + 1, sizeof(*grown));

	if (!grown)
		return err_set(err, -ENOMEM, "no memory for the list of inputs");
	options->inputs = grown;
	options->inputs[options->input_count++] = value;
	return 0;
}

/* Options that only keep their text, or only say that they were given. */
#define KEEP_TEXT(member)                                                                          \
	static int set_##member(struct options *options, const char *value, struct err *err)       \
	{                                                                                          \
		(void)err;                                                                         \
		options->member = value;                                                           \
		return 0;                                                                          \
	}
#define KEEP_FLAG(member)                                                                          \
	static int set_##member(struct options *options, const char *value, struct err *err)       \
	{                                                                                          \
		(void)value;                                                                       \
		(void)err;                                                                         \
		options->member = true;                                                            \
		return 0;                                                                          \
	}
KEEP_TEXT(format)
KEEP_TEXT(output)
KEEP_TEXT(sort)
KEEP_TEXT(screen)
KEEP_FLAG(batch)
KEEP_FLAG(json)
KEEP_FLAG(no_unicode)
KEEP_FLAG(strict)
KEEP_FLAG(readonly)
KEEP_FLAG(no_follow)
KEEP_FLAG(schema)
KEEP_FLAG(no_bpf)

const struct option_row option_rows[] = {
	{OPTION_PID, 'p', "pid", "PID[,PID]", "these processes and their descendants", set_pid},
	{OPTION_GROUP, 'g', "group", "NAME", "the domain, or the command, of that name", set_group},
	{OPTION_ALL, 'a', "all", NULL, "every process of the machine", set_all},
	{OPTION_INPUT, 'i', "input", "PATH", "a kept segment, or a directory of them (MPTRACE_OUT)",
	 set_input},
	{OPTION_NO_BPF, 0, "no-bpf", NULL, "do not load eBPF programs", set_no_bpf},
	{OPTION_DELAY, 'd', "delay", "SEC", "time between refreshes: 0.5, 500ms, 2s, 1m",
	 set_delay},
	{OPTION_COUNT, 'n', "count", "N", "stop after N refreshes, or N records", set_count},
	{OPTION_BATCH, 'b', "batch", NULL, "print frames one after the other, no full screen",
	 set_batch},
	{OPTION_NO_FOLLOW, 0, "no-follow", NULL, "stop after what the rings hold now",
	 set_no_follow},
	{OPTION_JSON, 0, "json", NULL, "write JSON", set_json},
	{OPTION_FORMAT, 0, "format", "NAME", "write in this format", set_format},
	{OPTION_SCHEMA, 0, "schema", NULL, "print the JSON Schema of what --json writes",
	 set_schema},
	{OPTION_OUTPUT, 'o', "output", "FILE", "write to FILE when all is done; - is stdout",
	 set_output},
	{OPTION_STRICT, 0, "strict", NULL, "count notes as problems", set_strict},
	{OPTION_SORT, 's', "sort", "COL", "sort by this column", set_sort},
	{OPTION_SCREEN, 0, "screen", "NAME", "begin with this screen", set_screen},
	{OPTION_COLOR, 0, "color", "WHEN", "auto, always or never", set_color},
	{OPTION_NO_UNICODE, 'U', "no-unicode", NULL, "draw with ASCII only", set_no_unicode},
	{OPTION_READONLY, 0, "readonly", NULL, "send no signals", set_readonly},
	{OPTION_HELP, 'h', "help", NULL, "say what a command does", NULL},
	{OPTION_VERSION, 'V', "version", NULL, "say version and features", NULL},
};
const size_t option_row_count = sizeof(option_rows) / sizeof(*option_rows);
