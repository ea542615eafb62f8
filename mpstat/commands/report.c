/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * report.c - look, look again, answer.
 *
 * Owns: what is said in report.h.  Does not own: any answer.
 */
#include "mpstat/commands/report.h"

#include "mpstat/commands/output.h"
#include "mpstat/commands/stop.h"
#include "mpstat/export/schema.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LOOK_TWICE_S 0.2 /* long enough for a rate, short enough for a person */

int report_failed(const struct err *err)
{
	return err->code == -EINVAL ? EXIT_USAGE : EXIT_BLIND;
}

int report_format(const struct options *options, const char *otherwise, const struct exporter **out,
		  struct err *err)
{
	const char *name = options->format ? options->format : options->json ? "json" : otherwise;
	char names[128] = "";
	size_t i, used = 0;

	*out = exporter_find(name);
	if (*out && options->json && strcmp(name, "json") != 0)
		return err_set(err, -EINVAL, "--json and --format %s contradict each other", name);
	if (*out)
		return 0;
	for (i = 0; exporters[i] && used < sizeof(names); i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, "%s%s", i ? ", " : "",
					 exporters[i]->name);
	return err_set(err, -EINVAL, "unknown format '%s'; there is: %s", name, names);
}

int report_look(struct session *session, const struct options *options, struct err *err)
{
	double pause = options->given & OPTION_DELAY ? options->delay_s : LOOK_TWICE_S;
	int result = stop_install();

	if (result < 0)
		return err_set(err, result, "cannot install signal handlers: %s",
			       strerror(-result));
	if (session_open(session, options, 0, err) < 0)
		return err->code;
	session_refresh(session);
	/* Nothing that runs: nothing changes between two looks. */
	if (options->input_count == 0 && !session_wait(session, pause))
		err_set(err, -EINTR, "interrupted, nothing was written");
	else
		session_refresh(session);
	if (err->code == 0)
		session_found(session, err);
	if (err->code)
		session_close(session);
	return err->code;
}

int report_schema(const struct options *options, const char *name, struct err *err)
{
	struct output output;

	if (output_open(&output, options->output, err) < 0)
		return EXIT_OUTPUT;
	if (schema_write(output.file, name, err) < 0) {
		output_discard(&output);
		return EXIT_BLIND;
	}
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
}

struct export_about report_about(const struct session *session)
{
	struct export_about about = {session->model, MPTRACE_VERSION, session->host, session->scope,
				     session_realtime(session)};

	return about;
}
