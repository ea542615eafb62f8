/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exporter.h - what a writer of the model for programs is.
 *
 * One exporter = one file export_x.c with a `const struct exporter` at its end
 * and one row in exporters.c.  --format and its help come from the rows.
 */
#ifndef MPSTAT_EXPORT_EXPORTER_H
#define MPSTAT_EXPORT_EXPORTER_H

#include "mpstat/model/model.h"
#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stdio.h>

/* What a document says besides the model: the model knows no clock and no
 * machine. */
struct export_about {
	const struct model *model;
	const char *version; /* of mpstat */
	const char *host;
	const char *scope;    /* what was looked at, in words */
	uint64_t realtime_ns; /* CLOCK_REALTIME when the model was ticked */
};

/* How a stream of records went. */
struct export_totals {
	uint64_t records;   /* written */
	uint64_t left_out;  /* not of the targets asked for */
	const char *ending; /* why it ended: "count", "interrupted", "no-follow" */
};

/* All calls: bounded memory (rows are built, written and freed one by one);
 * return 0 or a negative errno with a sentence in err.  That the stream failed
 * is the caller's to see (ferror). */
struct exporter {
	const char *name; /* "json": the value of --format */
	const char *help;
	/* Writes one document about the model as it is now.  `pretty`: with line
	 * breaks; else on one line. */
	int (*snapshot)(FILE *out, const struct export_about *about, bool pretty, struct err *err);
	/* A stream of records: begin, record..., end.  NULL: the format has none. */
	int (*begin)(FILE *out, const struct export_about *about, struct err *err);
	int (*record)(FILE *out, const struct export_about *about, const struct record *record,
		      struct err *err);
	int (*end)(FILE *out, const struct export_about *about, const struct export_totals *totals,
		   struct err *err);
};

extern const struct exporter *const exporters[]; /* NULL-terminated; the first is the default */

/* The exporter of that name, or NULL. */
const struct exporter *exporter_find(const char *name);

#endif
