/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * snapshot.c - "mpstat snapshot": everything that is known now, once.
 *
 * Owns: the command.  Does not own: the formats (export/).
 */
#include "mpstat/commands/output.h"
#include "mpstat/commands/report.h"

static int snapshot_write(const struct session *session, const struct exporter *exporter,
			  struct err *err)
{
	struct export_about about = report_about(session);
	struct output output;

	if (output_open(&output, session->options->output, err) < 0)
		return EXIT_OUTPUT;
	if (exporter->snapshot(output.file, &about, true, err) < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
}

static int snapshot_run(const struct options *options, struct err *err)
{
	const struct exporter *exporter;
	struct session session;
	int code;

	if (options->schema)
		return report_schema(options, "snapshot", err);
	if (report_format(options, "text", &exporter, err) < 0 ||
	    report_look(&session, options, err) < 0)
		return report_failed(err);
	code = snapshot_write(&session, exporter, err);
	session_close(&session);
	return code;
}

const struct command command_snapshot = {
	.name = "snapshot",
	.help = "write everything that is known now, as tables or as one document",
	.accepts = OPTIONS_TARGET | OPTION_DELAY | OPTION_JSON | OPTION_FORMAT | OPTION_SCHEMA |
		   OPTION_OUTPUT,
	.run = snapshot_run,
};
