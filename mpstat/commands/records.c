/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - "mpstat records": what the rings hold, then what comes.
 *
 * Owns: the command, the order of records over all threads, when it ends.
 * Does not own: reading rings (collector/), formats (export/).
 *
 * Rings are read one after the other, so a refresh brings records out of
 * order.  They are sorted, and those younger than the begin of the refresh wait
 * for the next one: by then every ring has shown what it had at that time.
 */
#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"
#include "mpstat/commands/stop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Records waiting to be written, at most: 16 MB.  When more come at once, the
 * older half is written early, and order is kept within such batches only. */
#define WAITING_MAX 65536

#define DELAY_S 0.1 /* without --delay: rings overwrite what is not read in time */

struct follow {
	struct session session;
	const struct exporter *exporter;
	struct output output;
	struct err *err;
	struct record *waiting;
	size_t count;
	uint64_t limit; /* records to write, 0: no end */
	uint64_t since; /* when the command began, of the clock of records */
	uint64_t old;	/* records of the last refresh that are older than that */
	struct export_totals totals;
};

static uint64_t clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int by_time(const void *a, const void *b)
{
	const struct record *left = a, *right = b;

	if (left->time_ns != right->time_ns)
		return left->time_ns < right->time_ns ? -1 : 1;
	return left->number < right->number ? -1 : left->number > right->number;
}

static bool complete(const struct follow *follow)
{
	return follow->limit && follow->totals.records >= follow->limit;
}

/* Was the record's process asked for?  One that the model knows nothing of any
 * more only counts when nothing particular was asked for. */
static bool wanted(const struct follow *follow, const struct record *record)
{
	const struct options *options = follow->session.options;
	const struct process *process;

	if (!options->pid_count && !options->group)
		return true;
	process = model_find_pid(follow->session.model, record->fact.process.pid);
	return process && process->id.start == record->fact.process.start && process->matched;
}

/* Writes, in order, what is not younger than `until`. */
static void write_until(struct follow *follow, uint64_t until, size_t most)
{
	struct export_about about = report_about(&follow->session);
	size_t i;

	qsort(follow->waiting, follow->count, sizeof(*follow->waiting), by_time);
	for (i = 0; i < follow->count && i < most; i++) {
		const struct record *record = &follow->waiting[i];

		if (record->time_ns > until || complete(follow) || follow->err->code)
			break;
		if (!wanted(follow, record)) {
			follow->totals.left_out++;
			continue;
		}
		if (follow->exporter->record(follow->output.file, &about, record, follow->err) == 0)
			follow->totals.records++;
	}
	follow->count -= i;
	memmove(follow->waiting, follow->waiting + i, follow->count * sizeof(*follow->waiting));
}

static void on_record(void *arg, const struct record *record)
{
	struct follow *follow = arg;

	if (complete(follow) || follow->err->code)
		return;
	if (follow->count == WAITING_MAX)
		write_until(follow, UINT64_MAX, WAITING_MAX / 2);
	follow->waiting[follow->count++] = *record;
	follow->old += record->time_ns <= follow->since;
}

/* One refresh and what is ripe of it. */
static int step(struct follow *follow)
{
	uint64_t begin = clock_ns();

	follow->old = 0;
	session_refresh(&follow->session);
	write_until(follow, begin, SIZE_MAX);
	if (follow->err->code == 0)
		output_flush(&follow->output, follow->err);
	return follow->err->code;
}

/* The first refresh tells who is there and writes nothing, so that the sentence
 * about a missing group comes before any output. */
static int first_look(struct follow *follow)
{
	struct export_about about;

	follow->since = follow->session.options->input_count ? UINT64_MAX : clock_ns();
	session_refresh(&follow->session);
	if (session_found(&follow->session, follow->err) < 0)
		return follow->err->code;
	about = report_about(&follow->session);
	return follow->exporter->begin(follow->output.file, &about, follow->err);
}

/* Reads until the rings have shown all that was in them when the command began;
 * one refresh may not be enough. */
static int drain(struct follow *follow)
{
	do {
		if (step(follow) < 0)
			return follow->err->code;
	} while (follow->old > 0 && !complete(follow) && !stop_signal());
	return 0;
}

static int run_steps(struct follow *follow)
{
	const struct options *options = follow->session.options;
	bool once = options->no_follow || options->input_count > 0;
	double delay = options->given & OPTION_DELAY ? options->delay_s : DELAY_S;

	if (first_look(follow) < 0 || drain(follow) < 0)
		return follow->err->code;
	while (!once && !complete(follow) && stop_sleep(delay))
		if (step(follow) < 0)
			return follow->err->code;
	/* What is still held back: nothing older will come any more. */
	write_until(follow, once ? follow->since : UINT64_MAX, SIZE_MAX);
	follow->totals.ending = complete(follow) ? "count"
				: stop_signal()	 ? "interrupted"
						 : "no-follow";
	return follow->err->code;
}

static int finish(struct follow *follow)
{
	struct export_about about;

	if (run_steps(follow) == 0) {
		about = report_about(&follow->session);
		follow->exporter->end(follow->output.file, &about, &follow->totals, follow->err);
	}
	if (follow->err->code == 0)
		return output_finish(&follow->output, follow->err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
	output_discard(&follow->output);
	return follow->output.error ? EXIT_OUTPUT : report_failed(follow->err);
}

static int follow_run(struct follow *follow, const struct options *options)
{
	int code;

	follow->waiting = malloc(WAITING_MAX * sizeof(*follow->waiting));
	if (!follow->waiting) {
		err_set(follow->err, -ENOMEM, "no memory for records");
		return EXIT_BLIND;
	}
	follow->limit = options->count;
	follow->session.on_record = on_record;
	follow->session.on_record_arg = follow;
	code = output_open(&follow->output, options->output, follow->err) < 0 ? EXIT_OUTPUT
									      : finish(follow);
	free(follow->waiting);
	return code;
}

static int records_run(const struct options *options, struct err *err)
{
	struct follow follow;
	int code;

	if (options->schema)
		return report_schema(options, "records", err);
	memset(&follow, 0, sizeof(follow));
	follow.err = err;
	if (report_format(options, "text", &follow.exporter, err) < 0)
		return EXIT_USAGE;
	if (!follow.exporter->record) {
		err_set(err, -EINVAL, "the format '%s' has no stream of records",
			follow.exporter->name);
		return EXIT_USAGE;
	}
	stop_install();
	if (session_open(&follow.session, options, SESSION_RECORDS, err) < 0)
		return report_failed(err);
	code = follow_run(&follow, options);
	session_close(&follow.session);
	return code;
}

const struct command command_records = {
	.name = "records",
	.help = "print what the rings hold, then follow until Ctrl-C",
	.accepts = OPTIONS_TARGET | OPTION_DELAY | OPTION_COUNT | OPTION_NO_FOLLOW | OPTION_JSON |
		   OPTION_FORMAT | OPTION_SCHEMA | OPTION_OUTPUT,
	.run = records_run,
};
