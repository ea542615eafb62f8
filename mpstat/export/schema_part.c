/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema_part.c - what several schemas are made of; rows from the field table.
 *
 * Owns: JSON Schema's way of saying things, the definitions.  Does not own:
 * documents (schema.c).
 */
#include "mpstat/export/schema_part.h"

#include "mpstat/model/field.h"

#include <stdio.h>

/* ---- pieces -------------------------------------------------------------- */

static void put_types(struct doc *doc, const char *const *types)
{
	doc_array(doc, "type");
	for (; *types; types++)
		doc_text(doc, NULL, *types);
	doc_close(doc);
}

void schema_part_member(struct doc *doc, const char *key, const char *type, const char *text)
{
	doc_object(doc, key);
	doc_text(doc, "type", type);
	if (text)
		doc_text(doc, "description", text);
	doc_close(doc);
}

/* {"$ref": "#/$defs/NAME"} */
void schema_part_reference(struct doc *doc, const char *key, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "#/$defs/%s", name);
	doc_object(doc, key);
	doc_text(doc, "$ref", path);
	doc_close(doc);
}

void schema_part_array_of(struct doc *doc, const char *key, const char *name)
{
	doc_object(doc, key);
	doc_text(doc, "type", "array");
	schema_part_reference(doc, "items", name);
	doc_close(doc);
}

/* "required": all keys of the list, which ends with NULL. */
void schema_part_required(struct doc *doc, const char *const *keys)
{
	doc_array(doc, "required");
	for (; *keys; keys++)
		doc_text(doc, NULL, *keys);
	doc_close(doc);
}

void schema_part_constant(struct doc *doc, const char *key, const char *value)
{
	doc_object(doc, key);
	doc_text(doc, "const", value);
	doc_close(doc);
}

/* ---- definitions --------------------------------------------------------- */

static void define_integer(struct doc *doc)
{
	static const char *const types[] = {"integer", "string", NULL};

	doc_object(doc, "integer");
	doc_text(doc, "description",
		 "A number; beyond 2^53, which a double cannot hold, a string of its digits.");
	put_types(doc, types);
	doc_text(doc, "pattern", "^-?[0-9]+$");
	doc_close(doc);
}

static void define_time(struct doc *doc)
{
	static const char *const keys[] = {"realtime", "realtime_ns", "monotonic_ns", NULL};

	doc_object(doc, "time");
	doc_text(doc, "description", "When the document was made.");
	doc_text(doc, "type", "object");
	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	schema_part_member(doc, "realtime", "string", "UTC, RFC 3339 with nanoseconds");
	schema_part_reference(doc, "realtime_ns", "integer");
	schema_part_reference(doc, "monotonic_ns", "integer");
	doc_close(doc);
	doc_close(doc);
}

static void define_source(struct doc *doc)
{
	static const char *const keys[] = {"name", "ok", "text", NULL};

	doc_object(doc, "source");
	doc_text(doc, "type", "object");
	schema_part_required(doc, keys);
	doc_object(doc, "properties");
	schema_part_member(doc, "name", "string", NULL);
	schema_part_member(doc, "ok", "boolean", "false: it sees nothing or not all");
	schema_part_member(doc, "text", "string", "what it sees, or why not and what to do");
	doc_close(doc);
	doc_close(doc);
}

static void define_losses(struct doc *doc)
{
	static const char *const keys[] = {"overwritten", "reentered", "corrupt", NULL};

	doc_object(doc, "losses");
	doc_text(doc, "description", "What is missing, by cause.");
	doc_text(doc, "type", "object");
	schema_part_required(doc, keys);
	doc_object(doc, "additionalProperties");
	doc_text(doc, "$ref", "#/$defs/integer");
	doc_close(doc);
	doc_close(doc);
}

/* ---- rows ---------------------------------------------------------------- */

struct row_name {
	enum entity entity;
	const char *name;
};

static const struct row_name row_names[] = {
	{ENTITY_DOMAIN, "domain"},   {ENTITY_PROCESS, "process"}, {ENTITY_THREAD, "thread"},
	{ENTITY_OBJECT, "object"},   {ENTITY_USE, "use"},	  {ENTITY_RECORD, "record"},
	{ENTITY_FINDING, "finding"},
	{ENTITY_WORKERS, "workers"}, {ENTITY_NODE, "node"},	  {ENTITY_EDGE, "edge"},
};

/* Any value may be unknown: null. */
static const char *const *types_of(const struct field *field)
{
	static const char *const number[] = {"number", "null", NULL};
	static const char *const size[] = {"number", "string", "null", NULL};
	static const char *const whole[] = {"integer", "string", "null", NULL};
	static const char *const any[] = {"string", "integer", "number", "boolean", "null", NULL};

	switch (field->unit) {
	case UNIT_PER_SECOND:
	case UNIT_PERCENT:
		return number;
	case UNIT_BYTES: /* some are per second */
		return size;
	case UNIT_NONE:
		return any;
	default:
		return whole;
	}
}

static const char *unit_of(const struct field *field)
{
	static const char *const units[] = {
		[UNIT_COUNT] = " (count)",
		[UNIT_BYTES] = " (bytes)",
		[UNIT_NS] = " (nanoseconds)",
		[UNIT_AGE] = " (nanoseconds ago)",
		[UNIT_PER_SECOND] = " (per second)",
		[UNIT_PERCENT] = " (percent)",
		[UNIT_TIME] = " (nanoseconds of CLOCK_MONOTONIC)",
	};

	return field->unit < sizeof(units) / sizeof(*units) && units[field->unit]
		       ? units[field->unit]
		       : "";
}

static void put_fields(struct doc *doc, enum entity entity)
{
	char text[512];
	size_t i;

	for (i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];

		if (field->entity != entity)
			continue;
		snprintf(text, sizeof(text), "%s%s", field->help, unit_of(field));
		doc_object(doc, field->key);
		put_types(doc, types_of(field));
		doc_text(doc, "description", text);
		doc_close(doc);
	}
}

static void put_field_keys(struct doc *doc, enum entity entity)
{
	size_t i;

	doc_array(doc, "required");
	for (i = 0; i < field_count; i++)
		/* What only some kinds of object have is not there for others. */
		if (fields[i].entity == entity && fields[i].traits == 0)
			doc_text(doc, NULL, fields[i].key);
	doc_close(doc);
}

void schema_part_array_of_type(struct doc *doc, const char *key, const char *type, const char *text)
{
	doc_object(doc, key);
	doc_text(doc, "type", "array");
	doc_text(doc, "description", text);
	doc_object(doc, "items");
	doc_text(doc, "type", type);
	doc_close(doc);
	doc_close(doc);
}

static void define_row(struct doc *doc, const struct row_name *row)
{
	doc_object(doc, row->name);
	doc_text(doc, "type", "object");
	put_field_keys(doc, row->entity);
	doc_object(doc, "properties");
	put_fields(doc, row->entity);
	if (row->entity == ENTITY_FINDING) {
		schema_part_array_of_type(doc, "evidence", "string", "who, what, since when");
		schema_part_array_of_type(doc, "processes", "object",
					  "the identifying members of the processes it is about");
		schema_part_array_of_type(doc, "objects", "object",
					  "the identifying members of the objects it is about");
	}
	doc_close(doc);
	doc_close(doc);
}

void schema_part_definitions(struct doc *doc, const enum entity *rows, size_t count)
{
	size_t i, j;

	doc_object(doc, "$defs");
	define_integer(doc);
	define_time(doc);
	define_source(doc);
	define_losses(doc);
	for (i = 0; i < count; i++)
		for (j = 0; j < sizeof(row_names) / sizeof(*row_names); j++)
			if (row_names[j].entity == rows[i])
				define_row(doc, &row_names[j]);
	doc_close(doc);
}
