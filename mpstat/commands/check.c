/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * check.c - "mpstat check": is anything wrong?  The answer is the exit code.
 *
 * Owns: the verdict, what could not be looked at, the text and the document.
 * Does not own: what is wrong (model/detect_*), which waits are understood
 * (blind.c).
 */
#include "mpstat/commands/blind.h"
#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"
#include "mpstat/export/export_json.h"
#include "mpstat/export/rows.h"
#include "mpstat/model/finding.h"

#include <errno.h>
#include <string.h>

struct check {
	const struct session *session;
	struct blind blind;
	size_t problems, notes;
	size_t domains, processes, threads, objects;
	int code; /* EXIT_FINE, EXIT_PROBLEM, EXIT_BLIND */
};

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

/* A problem that was seen weighs more than what was not seen. */
static void judge(struct check *check, struct session *session)
{
	const struct model *model = session->model;
	size_t i;

	memset(check, 0, sizeof(*check));
	check->session = session;
	blind_find(&check->blind, session); /* first: it may look once more */
	check->domains = rows_count(model, ENTITY_DOMAIN);
	check->processes = rows_count(model, ENTITY_PROCESS);
	check->threads = rows_count(model, ENTITY_THREAD);
	check->objects = rows_count(model, ENTITY_OBJECT);
	for (i = 0; i < model_finding_count(model); i++)
		if (model_finding(model, i)->severity == SEVERITY_PROBLEM)
			check->problems++;
		else
			check->notes++;
	/* Left out are only findings beyond the bound: there are enough. */
	if (session->options->strict)
		check->problems += check->notes;
	check->code = check->problems ? EXIT_PROBLEM : check->blind.count ? EXIT_BLIND : EXIT_FINE;
}

static void text_finding(FILE *out, const struct finding *finding, bool strict)
{
	bool problem = strict || finding->severity == SEVERITY_PROBLEM;
	size_t i;

	fprintf(out, "%s: %s\n", problem ? "PROBLEM" : "note", finding->sentence);
	for (i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE; i++)
		fprintf(out, "    %s\n", finding->evidence[i]);
	if (finding->evidence_left_out)
		fprintf(out, "    ... and %zu more\n", finding->evidence_left_out);
	if (finding->advice[0])
		fprintf(out, "    What to do: %s\n", finding->advice);
	fputc('\n', out);
}

static void text_verdict(FILE *out, const struct check *check)
{
	if (check->problems)
		fprintf(out, "%zu problem%s found", check->problems, plural(check->problems));
	else if (check->blind.count)
		fprintf(out, "No problem found, but not everything could be looked at,");
	else
		fprintf(out, "No problem found");
	fprintf(out, " in %zu process%s, %zu object%s", check->processes,
		check->processes == 1 ? "" : "es", check->objects, plural(check->objects));
	if (check->notes && !check->session->options->strict)
		fprintf(out, ", %zu note%s", check->notes, plural(check->notes));
	fprintf(out, " (%s: %zu domain%s, %zu thread%s).\n", check->session->scope, check->domains,
		plural(check->domains), check->threads, plural(check->threads));
}

/* "No problem" in nothing is no news. */
static void text_nothing(FILE *out, const struct check *check)
{
	const struct options *options = check->session->options;

	if (check->domains || options->all || options->input_count || session_narrow(check->session))
		return;
	fprintf(out, "No program that uses libmptrace runs here. Others are checked by '%s check -p PID' "
		     "and '%s check -a'.\n",
		options->program, options->program);
}

static void check_text(FILE *out, const struct check *check)
{
	const struct model *model = check->session->model;
	size_t i;

	for (i = 0; i < model_finding_count(model); i++)
		text_finding(out, model_finding(model, i), check->session->options->strict);
	if (model_findings_left_out(model))
		fprintf(out, "... and %zu more findings\n\n", model_findings_left_out(model));
	for (i = 0; i < check->blind.count && i < BLIND_MAX; i++)
		fprintf(out, "unknown: %s\n", check->blind.text[i]);
	if (check->blind.count > BLIND_MAX)
		fprintf(out, "unknown: %zu more\n", check->blind.count - BLIND_MAX);
	text_verdict(out, check);
	text_nothing(out, check);
}

static int check_json(FILE *out, const struct check *check, struct err *err)
{
	static const char *const verdicts[] = {
		[EXIT_FINE] = "fine",
		[EXIT_PROBLEM] = "problem",
		[EXIT_BLIND] = "unknown",
	};
	struct export_about about = report_about(check->session);
	struct doc doc;
	size_t i;

	doc_begin(&doc, out, true, err);
	export_json_head(&doc, "mptrace.check/1", &about);
	doc_text(&doc, "verdict", verdicts[check->code]);
	doc_u64(&doc, "exit_code", (uint64_t)check->code);
	doc_flag(&doc, "strict", check->session->options->strict);
	doc_u64(&doc, "problems", check->problems);
	doc_object(&doc, "looked_at");
	doc_u64(&doc, "domains", check->domains);
	doc_u64(&doc, "processes", check->processes);
	doc_u64(&doc, "threads", check->threads);
	doc_u64(&doc, "objects", check->objects);
	doc_close(&doc);
	export_json_rows(&doc, "findings", about.model, ENTITY_FINDING);
	doc_array(&doc, "unknown");
	for (i = 0; i < check->blind.count && i < BLIND_MAX; i++)
		doc_text(&doc, NULL, check->blind.text[i]);
	doc_close(&doc);
	doc_u64(&doc, "unknown_count", check->blind.count);
	export_json_sources(&doc, about.model);
	export_json_losses(&doc, about.model);
	return doc_end(&doc);
}

static int check_write(const struct check *check, struct err *err)
{
	const struct options *options = check->session->options;
	struct output output;

	if (output_open(&output, options->output, err) < 0)
		return EXIT_OUTPUT;
	if (!options->json) {
		check_text(output.file, check);
	} else if (check_json(output.file, check, err) < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	if (output_finish(&output, err) == 0)
		return check->code;
	if (err->code != -EPIPE)
		return EXIT_OUTPUT;
	/* Who reads one line and goes, still wants the verdict. */
	memset(err, 0, sizeof(*err));
	return check->code;
}

static int check_run(const struct options *options, struct err *err)
{
	struct session session;
	struct check check;
	int code;

	if (options->schema)
		return report_schema(options, "check", err);
	if (report_look(&session, options, err) < 0)
		return report_failed(err);
	judge(&check, &session);
	code = check_write(&check, err);
	session_close(&session);
	return code;
}

const struct command command_check = {
	.name = "check",
	.help = "look twice and tell what is wrong; the exit status is the verdict",
	.accepts = OPTIONS_TARGET | OPTION_DELAY | OPTION_JSON | OPTION_SCHEMA | OPTION_OUTPUT |
		   OPTION_STRICT,
	.run = check_run,
};
