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

#include <stdio.h>

struct exporter {
	const char *name; /* "json": the value of --format */
	const char *help;
	/* Writes one document about the model as it is now.  Bounded memory: rows are
	 * built, written and freed one by one.  0 or negative errno (-EIO: the
	 * stream failed). */
	int (*snapshot)(FILE *out, const struct model *model, bool pretty, struct err *err);
	/* Writes one record as one line (NDJSON); NULL: the format has no stream. */
	int (*record)(FILE *out, const struct record *record, struct err *err);
};

extern const struct exporter *const exporters[]; /* NULL-terminated */

#endif
