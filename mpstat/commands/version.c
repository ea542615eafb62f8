/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * version.c - "mpstat version": number, formats and what is built in.
 *
 * Owns: the command.  Does not own: the version number (Makefile).
 */
#include "libtrace/contract/wire.h"
#include "mpstat/collector/kernel.h"
#include "mpstat/collector/source.h"
#include "mpstat/commands/options.h"
#include "mpstat/commands/output.h"
#include "mpstat/export/exporter.h"
#include "mpstat/view/view.h"

#include <jansson.h>

static void print_sources(FILE *out)
{
	size_t i;

	fprintf(out, "sources: ");
	for (i = 0; sources[i]; i++)
		fprintf(out, "%s%s", i ? ", " : "", sources[i]->name);
	fprintf(out, "\nformats: ");
	for (i = 0; exporters[i]; i++)
		fprintf(out, "%s%s", i ? ", " : "", exporters[i]->name);
	fprintf(out, "\nscreens: ");
	for (i = 0; view_screen_name(i); i++)
		fprintf(out, "%s%s", i ? ", " : "", view_screen_name(i));
	fprintf(out, "\n");
}

static int version_run(const struct options *options, struct err *err)
{
	struct output output;

	if (output_open(&output, options->output, err) < 0)
		return EXIT_OUTPUT;
	fprintf(output.file, "%s (mptrace) %s\n", options->program, MPTRACE_VERSION);
	print_sources(output.file);
	fprintf(output.file, "eBPF: %s\n", kernel_part(NULL, 0) ? "built in" : "not built");
	fprintf(output.file, "reads segments of version %d\n", MPT_WIRE_MAJOR);
	fprintf(output.file, "jansson %s\n", jansson_version_str());
	return output_finish(&output, err) < 0 ? EXIT_OUTPUT : EXIT_FINE;
}

const struct command command_version = {
	.name = "version",
	.help = "say the version and what is built in",
	.accepts = OPTION_OUTPUT,
	.run = version_run,
};
