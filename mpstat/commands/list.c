/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list.c - "mpstat list": the domains of this machine.
 *
 * Owns: the command, the sentence when there is none.  Does not own: columns.
 */
#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"
#include "mpstat/export/export_json.h"
#include "mpstat/export/grid.h"

static void list_text(FILE *out, const struct session *session)
{
	const struct grid grid = {.model = session->model, .entity = ENTITY_DOMAIN};
	const char *program = session->options->program;
	char blind[FACT_SOURCES * (FACT_TEXT_MAX + 20)];
	size_t blind_count = session_blind(session, blind, sizeof(blind));

	bool none = grid_print(out, &grid) == 0;

	if (none && (session_narrow(session) || session->options->input_count))
		fprintf(out, "There is no domain in what was looked at: %s.\n", session->scope);
	else if (none && blind_count == 0)
		fprintf(out,
			"No program that uses libmptrace runs here. Other programs are shown by "
			"'%s -p PID' and '%s -a'.\n",
			program, program);
	if (blind_count > 0)
		fprintf(out, "Not all is seen: %s\n", blind);
}

static int list_json(FILE *out, const struct session *session, struct err *err)
{
	struct export_about about = report_about(session);
	struct doc doc;

	doc_begin(&doc, out, true, err);
	export_json_head(&doc, "mptrace.list/1", &about);
	export_json_sources(&doc, session->model);
	export_json_rows(&doc, "domains", session->model, ENTITY_DOMAIN);
	return doc_end(&doc);
}

static int list_write(const struct session *session, struct err *err)
{
	struct output output;
	int result = 0;

	if (output_open(&output, session->options->output, err) < 0)
		return EXIT_OUTPUT;
	if (session->options->json)
		result = list_json(output.file, session, err);
	else
		list_text(output.file, session);
	if (result < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
}

static int list_run(const struct options *options, struct err *err)
{
	struct session session;
	int code;

	if (options->schema)
		return report_schema(options, "list", err);
	if (report_look(&session, options, err) < 0)
		return report_failed(err);
	code = list_write(&session, err);
	session_close(&session);
	return code;
}

const struct command command_list = {
	.name = "list",
	.help = "list the domains: programs whose processes share objects of libmptrace",
	.accepts = OPTIONS_TARGET | OPTION_JSON | OPTION_SCHEMA | OPTION_OUTPUT,
	.run = list_run,
};
