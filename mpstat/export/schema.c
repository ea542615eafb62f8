/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema.c - the JSON Schema (draft 2020-12) of each document.
 *
 * Owns: which members each document has, as a description.  Does not own: what
 * they share (schema_part.h).  Objects are left open (no additionalProperties:
 * false): members are added within a schema's number, never removed or changed,
 * and readers ignore what they do not know.
 */
#include "mpstat/export/schema.h"

#include "mpstat/export/schema_part.h"

#include <errno.h>
#include <string.h>

static void put_head(struct doc *doc, const char *schema)
{
	schema_part_constant(doc, "schema", schema);
	schema_part_member(doc, "version", "string", "of mpstat");
	schema_part_member(doc, "host", "string", NULL);
	schema_part_reference(doc, "time", "time");
	schema_part_member(doc, "scope", "string", "what was looked at, in words");
}

static void put_snapshot(struct doc *doc)
{
	static const char *const keys[] = {"schema",  "version", "host",      "time",	 "scope",
					   "sources", "domains", "processes", "workers", "threads",
					   "objects", "uses",	 "findings",  "losses",	 NULL};

	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	put_head(doc, "mptrace.snapshot/1");
	schema_part_array_of(doc, "sources", "source");
	schema_part_array_of(doc, "domains", "domain");
	schema_part_array_of(doc, "processes", "process");
	schema_part_array_of(doc, "workers", "workers");
	schema_part_array_of(doc, "threads", "thread");
	schema_part_array_of(doc, "objects", "object");
	schema_part_array_of(doc, "uses", "use");
	schema_part_array_of(doc, "findings", "finding");
	schema_part_reference(doc, "losses", "losses");
	doc_close(doc);
}

static void put_counts(struct doc *doc, const char *key)
{
	doc_object(doc, key);
	doc_text(doc, "type", "object");
	doc_object(doc, "additionalProperties");
	doc_text(doc, "$ref", "#/$defs/integer");
	doc_close(doc);
	doc_close(doc);
}

static void put_choice(struct doc *doc, const char *key, const char *const *values)
{
	doc_object(doc, key);
	doc_array(doc, "enum");
	for (; *values; values++)
		doc_text(doc, NULL, *values);
	doc_close(doc);
	doc_close(doc);
}

static void put_check(struct doc *doc)
{
	static const char *const keys[] = {"schema",	    "version",	 "host",      "time",
					   "scope",	    "verdict",	 "exit_code", "strict",
					   "problems",	    "looked_at", "findings",  "unknown",
					   "unknown_count", "sources",	 "losses",    NULL};
	static const char *const verdicts[] = {"fine", "problem", "unknown", NULL};

	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	put_head(doc, "mptrace.check/1");
	put_choice(doc, "verdict", verdicts);
	schema_part_member(doc, "exit_code", "integer", "of the command: 0, 1 or 3");
	schema_part_member(doc, "strict", "boolean", "notes count as problems");
	schema_part_reference(doc, "problems", "integer");
	put_counts(doc, "looked_at");
	schema_part_array_of(doc, "findings", "finding");
	schema_part_array_of_type(doc, "unknown", "string",
				  "what could not be looked at, and what it needs");
	schema_part_reference(doc, "unknown_count", "integer");
	schema_part_array_of(doc, "sources", "source");
	schema_part_reference(doc, "losses", "losses");
	doc_close(doc);
}

static void put_list(struct doc *doc)
{
	static const char *const keys[] = {"schema", "version", "host",	   "time",
					   "scope",  "sources", "domains", NULL};

	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	put_head(doc, "mptrace.list/1");
	schema_part_array_of(doc, "sources", "source");
	schema_part_array_of(doc, "domains", "domain");
	doc_close(doc);
}

static void put_graph(struct doc *doc)
{
	static const char *const keys[] = {"schema", "version", "host",	 "time",     "scope",
					   "stuck",  "waiting", "rings", "nodes",    "edges",
					   "left_out", "sources", "losses", NULL};

	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	put_head(doc, "mptrace.graph/1");
	schema_part_reference(doc, "stuck", "integer");
	schema_part_reference(doc, "waiting", "integer");
	schema_part_array_of_type(doc, "rings", "array",
				  "of each ring the nodes of its threads, each waits for the next");
	schema_part_array_of(doc, "nodes", "node");
	schema_part_array_of(doc, "edges", "edge");
	schema_part_reference(doc, "left_out", "integer");
	schema_part_array_of(doc, "sources", "source");
	schema_part_reference(doc, "losses", "losses");
	doc_close(doc);
}

/* "KEY": an array of objects that have these members, all text. */
static void put_texts(struct doc *doc, const char *key, const char *const *members)
{
	doc_object(doc, key);
	doc_text(doc, "type", "array");
	doc_object(doc, "items");
	doc_text(doc, "type", "object");
	schema_part_required(doc, members);
	doc_object(doc, "properties");
	for (; *members; members++)
		schema_part_member(doc, *members, "string", NULL);
	doc_close(doc);
	doc_close(doc);
	doc_close(doc);
}

static void put_doctor(struct doc *doc)
{
	static const char *const keys[] = {"schema", "version", "host",	  "time",
					   "scope",  "answers", "unseen", NULL};
	static const char *const answer[] = {"name", "state", "text", "help", "group", NULL};
	static const char *const unseen[] = {"source", "text", NULL};

	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	put_head(doc, "mptrace.doctor/1");
	put_texts(doc, "answers", answer);
	put_texts(doc, "unseen", unseen);
	doc_close(doc);
}

/* The lines of the stream of records: one of three objects. */
static void put_header_line(struct doc *doc)
{
	static const char *const keys[] = {"record", "schema", "version", "host",
					   "time",   "scope",  "clock",	  NULL};

	doc_object(doc, NULL);
	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	schema_part_constant(doc, "record", "header");
	put_head(doc, "mptrace.records/1");
	schema_part_constant(doc, "clock", "monotonic");
	doc_close(doc);
	doc_close(doc);
}

static void put_record_line(struct doc *doc)
{
	static const char *const keys[] = {"record", NULL};

	doc_object(doc, NULL);
	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	schema_part_constant(doc, "record", "op");
	doc_close(doc);
	doc_text(doc, "$ref", "#/$defs/record");
	doc_close(doc);
}

static void put_footer_line(struct doc *doc)
{
	static const char *const keys[] = {"record", "ending", "records", "left_out", "lost", NULL};
	static const char *const endings[] = {"count", "interrupted", "no-follow", NULL};

	doc_object(doc, NULL);
	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	schema_part_constant(doc, "record", "footer");
	put_choice(doc, "ending", endings);
	schema_part_reference(doc, "records", "integer");
	schema_part_reference(doc, "left_out", "integer");
	schema_part_reference(doc, "lost", "losses");
	doc_close(doc);
	doc_close(doc);
}

static void put_records(struct doc *doc)
{
	doc_array(doc, "oneOf");
	put_header_line(doc);
	put_record_line(doc);
	put_footer_line(doc);
	doc_close(doc);
}

struct schema {
	const char *name; /* of the command that writes it */
	const char *id;
	const char *text;
	void (*put)(struct doc *doc);
	enum entity rows[ENTITY_COUNT]; /* defined because used */
	size_t row_count;
};

static const struct schema schemas[] = {
	{"snapshot",
	 "mptrace.snapshot/1",
	 "What mpstat snapshot --json writes, and each line of mpstat top --json.",
	 put_snapshot,
	 {ENTITY_DOMAIN, ENTITY_PROCESS, ENTITY_WORKERS, ENTITY_THREAD, ENTITY_OBJECT, ENTITY_USE,
	  ENTITY_FINDING},
	 7},
	{"records",
	 "mptrace.records/1",
	 "One line of what mpstat records --json writes.",
	 put_records,
	 {ENTITY_RECORD},
	 1},
	{"check",
	 "mptrace.check/1",
	 "What mpstat check --json writes.",
	 put_check,
	 {ENTITY_FINDING},
	 1},
	{"graph",
	 "mptrace.graph/1",
	 "What mpstat graph --json writes.",
	 put_graph,
	 {ENTITY_NODE, ENTITY_EDGE},
	 2},
	{"list", "mptrace.list/1", "What mpstat list --json writes.", put_list, {ENTITY_DOMAIN}, 1},
	{"doctor",
	 "mptrace.doctor/1",
	 "What mpstat doctor --json writes.",
	 put_doctor,
	 {ENTITY_DOMAIN},
	 0},
};

const char *schema_name(size_t index)
{
	return index < sizeof(schemas) / sizeof(*schemas) ? schemas[index].name : NULL;
}

static int write_one(FILE *out, const struct schema *schema, struct err *err)
{
	char text[400];
	struct doc doc;

	doc_begin(&doc, out, true, err);
	doc_text(&doc, "$schema", "https://json-schema.org/draft/2020-12/schema");
	doc_text(&doc, "title", schema->id);
	snprintf(text, sizeof(text),
		 "%s Within this number members are added, never removed or changed; readers "
		 "ignore what they do not know. null: unknown, or not applicable.",
		 schema->text);
	doc_text(&doc, "description", text);
	doc_text(&doc, "type", "object");
	schema->put(&doc);
	schema_part_definitions(&doc, schema->rows, schema->row_count);
	return doc_end(&doc);
}

int schema_write(FILE *out, const char *name, struct err *err)
{
	size_t i;

	for (i = 0; schema_name(i); i++)
		if (strcmp(schema_name(i), name) == 0)
			return write_one(out, &schemas[i], err);
	return err_set(err, -EINVAL, "there is no schema of '%s'", name);
}
