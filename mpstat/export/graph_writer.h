/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_writer.h - what a writer of the wait graph is.
 *
 * One writer = one file graph_x.c with a `const struct graph_writer` at its end and one
 * row in graph_writers.c.  --format of "mpstat graph" comes from the rows.
 */
#ifndef MPSTAT_EXPORT_GRAPH_WRITER_H
#define MPSTAT_EXPORT_GRAPH_WRITER_H

#include "mpstat/export/exporter.h"
#include "mpstat/model/graph_lines.h"

struct graph_writer {
	const char *name; /* "dot": the value of --format */
	/* Writes the graph as a whole; 0 or a negative errno with a sentence in err.  That the
	 * stream failed is the caller's to see (ferror). */
	int (*write)(FILE *out, const struct export_about *about, const struct graph_lines *lines,
		     struct err *err);
};

extern const struct graph_writer *const graph_writers[]; /* NULL-terminated; the default first */

#endif
