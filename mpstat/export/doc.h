/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doc.h - writing a JSON document piece by piece.
 *
 * Owns: commas, indentation, and the rules for values: integers that a double
 * cannot hold (beyond 2^53) are strings of digits, NaN and infinity are null,
 * text is valid UTF-8 whatever comes in.  Does not own: which keys there are.
 *
 * Memory: one row at a time is built (by jansson), written and freed.  Errors
 * stay in `err`; after one nothing more is written.
 */
#ifndef MPSTAT_EXPORT_DOC_H
#define MPSTAT_EXPORT_DOC_H

#include "mpstat/model/field.h"
#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define DOC_DEPTH	 16
#define DOC_SAFE_INTEGER (UINT64_C(1) << 53)

struct json_t; /* jansson's */

struct doc {
	FILE *file;
	bool pretty; /* a line per member and row */
	int depth;
	bool filled[DOC_DEPTH];	 /* something was written at this level */
	char closing[DOC_DEPTH]; /* '}' or ']' */
	struct err *err;
};

/* Begins a document, which is an object. */
void doc_begin(struct doc *doc, FILE *file, bool pretty, struct err *err);
/* Closes what is open, ends the line.  Returns err->code. */
int doc_end(struct doc *doc);

/* `key` is plain ASCII from our own tables; NULL within an array. */
void doc_object(struct doc *doc, const char *key);
void doc_array(struct doc *doc, const char *key);
void doc_close(struct doc *doc);

void doc_text(struct doc *doc, const char *key, const char *text);
void doc_u64(struct doc *doc, const char *key, uint64_t number);
void doc_flag(struct doc *doc, const char *key, bool flag);
void doc_nothing(struct doc *doc, const char *key);

/* All fields that an entity's row has, keys as in the field table, those that
 * identify it first; a finding also has its evidence and whom it is about. */
void doc_row(struct doc *doc, const struct model *model, enum entity entity, const void *row);
/* Writes `value` and frees it.  NULL is an error: jansson refused or there
 * was no memory. */
void doc_put(struct doc *doc, const char *key, struct json_t *value);

#endif
