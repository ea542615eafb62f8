/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line.h - one row as one line of JSON, appended by hand: for streams.
 *
 * Building and dumping jansson objects costs ten times as much, and a program
 * writes a million records per second.  Owns: the same rules as doc.h, for a flat
 * row.  Does not own: documents, which stay with jansson; a test compares the two.
 */
#ifndef MPSTAT_EXPORT_LINE_H
#define MPSTAT_EXPORT_LINE_H

#include "mpstat/model/field.h"
#include "mpstat/util/err.h"

#include <stdio.h>

/* Writes {"record":WHAT,...every field the row has...} and a newline.  `what` is
 * plain ASCII.  0, or -EMSGSIZE when a row is longer than any of ours can be. */
int line_write(FILE *out, const char *what, const struct model *model, enum entity entity,
	       const void *row, struct err *err);

#endif
