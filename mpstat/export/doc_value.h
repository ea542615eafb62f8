/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doc_value.h - one value or row of the model as a jansson value.
 *
 * Owns: the rules of doc.h, per value.  Does not own: the stream.
 * All of them return a new reference, NULL without memory.
 */
#ifndef MPSTAT_EXPORT_DOC_VALUE_H
#define MPSTAT_EXPORT_DOC_VALUE_H

#include "mpstat/model/field.h"

struct json_t;

/* Bytes that are no UTF-8, and control characters, become '?'. */
struct json_t *doc_value_text(const char *text);
struct json_t *doc_value_u64(uint64_t number);
struct json_t *doc_value_i64(int64_t number);
/* NaN and infinity: null. */
struct json_t *doc_value_f64(double number);
struct json_t *doc_value_of(const struct value *value);

/* An object with every field that the row has. */
struct json_t *doc_value_row(const struct model *model, enum entity entity, const void *row);

#endif
