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
#include "mpstat/util/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* So many records waiting, about 14 MB, and the older half is written before the
 * refresh has ended; order is then kept within such batches only.  Records of
 * processes that the model does not know yet stay, so there may be more: at most
 * what one refresh brings. */
#define WAITING_MAX 65536

#define DELAY_S 0.1 /* without --delay: rings overwrite what is not read in time */

struct follow {
	struct session session;
	const struct exporter *exporter;
	struct output output;
	struct err *err;
	struct record *waiting;
	size_t count, room;
	bool begun; /* the output */
	size_t write_at; /* so many waiting: write */
	uint64_t limit;	 /* records to write, 0: no end */
	uint64_t since;	 /* when the command began, of the clock of records */
	uint64_t old;	 /* records of the last refresh that are older than that */
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

enum asked_for { ASKED_NOT, ASKED_FOR, ASKED_UNKNOWN };

/* Was the record's process asked for?  The model knows a process after the tick
 * that ends the refresh which brought it. */
static enum asked_for is_asked_for(const struct follow *follow, const struct record *record)
{
	const struct process *process;

	if (!session_narrow(&follow->session))
		return ASKED_FOR;
	process = model_find_pid(follow->session.model, record->fact.process.pid);
	if (!process || process->id.start != record->fact.process.start)
		return ASKED_UNKNOWN;
	return process->matched ? ASKED_FOR : ASKED_NOT;
}

/* What begins the output comes before the first record, also when the first look brings
 * more of them than are held back. */
static int begin_output(struct follow *follow, const struct export_about *about)
{
	if (follow->begun)
		return 0;
	follow->begun = true;
	return follow->exporter->begin(follow->output.file, about, follow->err);
}

static void write_one(struct follow *follow, const struct export_about *about,
		      const struct record *record)
{
	if (begin_output(follow, about) == 0 &&
	    follow->exporter->record(follow->output.file, about, record, follow->err) == 0)
		follow->totals.records++;
}

/* Writes, in order, what is not younger than `until`, from the oldest `most`.
 * `ticked`: who is still unknown will never be known. */
static void write_until(struct follow *follow, uint64_t until, size_t most, bool ticked)
{
	struct export_about about = report_about(&follow->session);
	size_t i, kept = 0;

	if (follow->count > 0)
		qsort(follow->waiting, follow->count, sizeof(*follow->waiting), by_time);
	for (i = 0; i < follow->count; i++) {
		const struct record *record = &follow->waiting[i];
		enum asked_for asked = is_asked_for(follow, record);

		if (i >= most || record->time_ns > until || complete(follow) || follow->err->code ||
		    (asked == ASKED_UNKNOWN && !ticked))
			follow->waiting[kept++] = *record;
		else if (asked == ASKED_FOR)
			write_one(follow, &about, record);
		else
			follow->totals.left_out++;
	}
	follow->count = kept;
	follow->write_at =
		kept + WAITING_MAX / 2 > WAITING_MAX ? kept + WAITING_MAX / 2 : WAITING_MAX;
}

static void on_record(void *arg, const struct record *record)
{
	struct follow *follow = arg;

	if (complete(follow) || follow->err->code)
		return;
	if (follow->count >= follow->write_at)
		write_until(follow, UINT64_MAX, WAITING_MAX / 2, false);
	if (vec_reserve((void **)&follow->waiting, &follow->room, follow->count + 1,
			sizeof(*follow->waiting)) < 0) {
		err_set(follow->err, -ENOMEM, "no memory for records");
		return;
	}
	follow->waiting[follow->count++] = *record;
	follow->old += record->time_ns <= follow->since;
}

/* One refresh and what is ripe of it. */
static int step(struct follow *follow)
{
	uint64_t begin = clock_ns();

	follow->old = 0;
	session_refresh(&follow->session);
	write_until(follow, begin, SIZE_MAX, true);
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
	return begin_output(follow, &about);
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
	while (!once && !complete(follow) && session_wait(&follow->session, delay))
		if (step(follow) < 0)
			return follow->err->code;
	/* What is still held back: nothing older will come any more. */
	write_until(follow, once ? follow->since : UINT64_MAX, SIZE_MAX, true);
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

	follow->write_at = WAITING_MAX;
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
