/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doc.c - the punctuation of a document; values by jansson.
 *
 * Owns: commas, indentation, nesting, the error.  Does not own: values
 * (doc_value.c), documents (export_json.c, commands).
 */
#include "mpstat/export/doc.h"

#include "mpstat/export/doc_value.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

/* Twelve digits: all that a rate deserves, and 0.1 stays 0.1. */
#define DUMP_FLAGS (JSON_ENCODE_ANY | JSON_REAL_PRECISION(12))

static void indent(struct doc *doc)
{
	int i;

	if (!doc->pretty)
		return;
	fputc('\n', doc->file);
	for (i = 0; i < doc->depth; i++)
		fputs("  ", doc->file);
}

/* What stands before a value: comma, place, key. */
static void lead(struct doc *doc, const char *key)
{
	if (doc->filled[doc->depth])
		fputc(',', doc->file);
	doc->filled[doc->depth] = true;
	indent(doc);
	if (key)
		fprintf(doc->file, doc->pretty ? "\"%s\": " : "\"%s\":", key);
}

static void open_level(struct doc *doc, char opening, char closing)
{
	fputc(opening, doc->file);
	if (doc->depth + 1 >= DOC_DEPTH) {
		err_set(doc->err, -EOVERFLOW, "JSON document nested too deeply");
		return;
	}
	doc->depth++;
	doc->filled[doc->depth] = false;
	doc->closing[doc->depth] = closing;
}

void doc_begin(struct doc *doc, FILE *file, bool pretty, struct err *err)
{
	memset(doc, 0, sizeof(*doc));
	doc->file = file;
	doc->pretty = pretty;
	doc->err = err;
	open_level(doc, '{', '}');
}

static void close_level(struct doc *doc)
{
	char closing = doc->closing[doc->depth];
	bool filled = doc->filled[doc->depth];

	doc->depth--;
	if (filled)
		indent(doc);
	fputc(closing, doc->file);
}

int doc_end(struct doc *doc)
{
	while (doc->err->code == 0 && doc->depth > 0)
		close_level(doc);
	if (doc->err->code == 0)
		fputc('\n', doc->file);
	return doc->err->code;
}

void doc_object(struct doc *doc, const char *key)
{
	if (doc->err->code)
		return;
	lead(doc, key);
	open_level(doc, '{', '}');
}

void doc_array(struct doc *doc, const char *key)
{
	if (doc->err->code)
		return;
	lead(doc, key);
	open_level(doc, '[', ']');
}

void doc_close(struct doc *doc)
{
	if (doc->err->code == 0 && doc->depth > 0)
		close_level(doc);
}

void doc_put(struct doc *doc, const char *key, struct json_t *value)
{
	int flags = doc->pretty ? DUMP_FLAGS : DUMP_FLAGS | JSON_COMPACT;

	if (doc->err->code == 0 && value) {
		lead(doc, key);
		/* A stream that fails is the caller's to see. */
		if (json_dumpf(value, doc->file, flags) == 0 || ferror(doc->file)) {
			json_decref(value);
			return;
		}
	}
	err_set(doc->err, -ENOMEM, "no memory to write the JSON value of '%s'",
		key ? key : "a row");
	json_decref(value);
}

void doc_text(struct doc *doc, const char *key, const char *text)
{
	doc_put(doc, key, doc_value_text(text));
}

void doc_u64(struct doc *doc, const char *key, uint64_t number)
{
	doc_put(doc, key, doc_value_u64(number));
}

void doc_flag(struct doc *doc, const char *key, bool flag)
{
	doc_put(doc, key, json_boolean(flag));
}

void doc_nothing(struct doc *doc, const char *key)
{
	doc_put(doc, key, json_null());
}

void doc_row(struct doc *doc, const struct model *model, enum entity entity, const void *row)
{
	doc_put(doc, NULL, doc_value_row(model, entity, row));
}
