/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph.c - "mpstat graph": who waits for whom, as text, for graphviz or as JSON.
 *
 * Owns: the command, the choice of a writer, what is said besides the graph.  Does not
 * own: the graph (model/graph.h), the formats (export/graph_*.c).
 */
#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"
#include "mpstat/export/graph_writer.h"

#include <errno.h>
#include <string.h>

static const struct graph_writer *find_writer(const struct options *options, struct err *err)
{
	const char *name = options->format ? options->format : options->json ? "json" : "text";

	if (options->json && strcmp(name, "json") != 0) {
		err_set(err, -EINVAL, "--json and --format %s contradict each other", name);
		return NULL;
	}
	for (size_t i = 0; graph_writers[i]; i++)
		if (strcmp(graph_writers[i]->name, name) == 0)
			return graph_writers[i];
	err_set(err, -EINVAL, "unknown format '%s'; there is: text, dot, json", name);
	return NULL;
}

/* An empty graph may only look so. */
static void say_unseen(FILE *out, const struct session *session)
{
	char blind[FACT_SOURCES * (FACT_TEXT_MAX + 20)];

	if (session_blind(session, blind, sizeof(blind)) > 0)
		fprintf(out, "Not all is seen: %s\n", blind);
}

static int graph_write(const struct session *session, const struct graph_writer *writer,
		       struct err *err)
{
	struct export_about about = report_about(session);
	struct graph_lines *lines = graph_lines_new();
	struct output output;
	int result;

	if (!lines) {
		err_set(err, -ENOMEM, "no memory for the graph");
		return EXIT_BLIND;
	}
	graph_lines_fill(lines, session->model);
	if (output_open(&output, session->options->output, err) < 0) {
		graph_lines_free(lines);
		return EXIT_OUTPUT;
	}
	result = writer->write(output.file, &about, lines, err);
	graph_lines_free(lines);
	if (result < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	if (writer == graph_writers[0])
		say_unseen(output.file, session);
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
}

static int graph_run(const struct options *options, struct err *err)
{
	const struct graph_writer *writer;
	struct session session;
	int code;

	if (options->schema)
		return report_schema(options, "graph", err);
	writer = find_writer(options, err);
	if (!writer || report_look(&session, options, err) < 0)
		return report_failed(err);
	code = graph_write(&session, writer, err);
	session_close(&session);
	return code;
}

const struct command command_graph = {
	.name = "graph",
	.help = "tell who waits for whom: as text, for graphviz (--format dot), or as JSON",
	.accepts = OPTIONS_TARGET | OPTION_DELAY | OPTION_JSON | OPTION_FORMAT | OPTION_SCHEMA |
		   OPTION_OUTPUT,
	.run = graph_run,
};
