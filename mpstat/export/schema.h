/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.h - the JSON Schema of each document, made from the field table.
 *
 * Owns: the description of documents.  Does not own: writing them
 * (export_json.c, commands).  docs/schema/ holds what this prints; a test
 * compares the two.
 */
#ifndef MPSTAT_EXPORT_SCHEMA_H
#define MPSTAT_EXPORT_SCHEMA_H

#include "mpstat/util/err.h"

#include <stddef.h>
#include <stdio.h>

/* Writes the schema (draft 2020-12) of the document of that name: "snapshot",
 * "records" (of one line), "check", "list", "doctor".  0, -EINVAL no such
 * document, -ENOMEM.  The caller checks the stream. */
int schema_write(FILE *out, const char *name, struct err *err);

/* The names, by index from 0; NULL beyond the end. */
const char *schema_name(size_t index);

#endif
