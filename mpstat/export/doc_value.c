/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * doc_value.c - values and rows by jansson.
 *
 * Owns: what number, text and row look like in JSON.  Does not own: writing.
 */
#include "mpstat/export/doc_value.h"

#include "mpstat/export/doc.h"
#include "mpstat/export/rows.h"
#include "mpstat/util/text.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *doc_value_text(const char *text)
{
	size_t length = strlen(text);
	char *clean = malloc(length + 1);
	json_t *value;

	if (!clean)
		return NULL;
	/* Cleaned where it came from already; here it costs little, and jansson
	 * would refuse the whole row. */
	text_clean(clean, length + 1, text, length);
	value = json_string(clean);
	free(clean);
	return value;
}

json_t *doc_value_u64(uint64_t number)
{
	char digits[24];

	if (number <= DOC_SAFE_INTEGER)
		return json_integer((json_int_t)number);
	snprintf(digits, sizeof(digits), "%" PRIu64, number);
	return json_string(digits);
}

json_t *doc_value_i64(int64_t number)
{
	char digits[24];

	if (number >= 0)
		return doc_value_u64((uint64_t)number);
	if (number >= -(int64_t)DOC_SAFE_INTEGER)
		return json_integer(number);
	snprintf(digits, sizeof(digits), "%" PRId64, number);
	return json_string(digits);
}

json_t *doc_value_f64(double number)
{
	return isfinite(number) ? json_real(number) : json_null();
}

json_t *doc_value_of(const struct value *value)
{
	switch (value->type) {
	case VALUE_U64:
		return doc_value_u64(value->u.u64);
	case VALUE_I64:
		return doc_value_i64(value->u.i64);
	case VALUE_F64:
		return doc_value_f64(value->u.f64);
	case VALUE_TEXT:
		return doc_value_text(value->u.text);
	case VALUE_BOOL:
		return json_boolean(value->u.b);
	default:
		return json_null();
	}
}

/* Adds the fields that have, or have not, FIELD_ID. */
static int add_fields(json_t *object, const struct model *model, enum entity entity,
		      const void *row, bool identity)
{
	size_t i;

	for (i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];
		struct value value;

		if (field->entity != entity || ((field->flags & FIELD_ID) != 0) != identity ||
		    !rows_have(field, row))
			continue;
		value = field->get(model, row);
		if (json_object_set_new(object, field->key, doc_value_of(&value)) < 0)
			return -1;
	}
	return 0;
}

/* The identifying fields of a row: enough to find it in the document. */
static json_t *reference(const struct model *model, enum entity entity, const void *row)
{
	json_t *object = json_object();

	if (object && add_fields(object, model, entity, row, true) < 0) {
		json_decref(object);
		return NULL;
	}
	return object;
}

static int add_evidence(json_t *object, const struct finding *finding)
{
	json_t *lines = json_array();
	size_t i;
	int failed = json_object_set_new(object, "evidence", lines);

	for (i = 0; !failed && i < finding->evidence_count && i < FINDING_EVIDENCE; i++)
		failed = json_array_append_new(lines, doc_value_text(finding->evidence[i]));
	return failed;
}

/* Rows that have expired meanwhile are left out: there is nothing to find. */
static int add_subjects(json_t *object, const struct model *model, const struct finding *finding)
{
	json_t *processes = json_array(), *objects = json_array();
	int failed = json_object_set_new(object, "processes", processes) |
		     json_object_set_new(object, "objects", objects);
	size_t i;

	for (i = 0; !failed && i < finding->process_count && i < FINDING_EVIDENCE; i++) {
		const struct process *process = model_find_pid(model, finding->processes[i].pid);

		if (process && process->id.start == finding->processes[i].start)
			failed = json_array_append_new(processes,
						       reference(model, ENTITY_PROCESS, process));
	}
	for (i = 0; !failed && i < finding->object_count && i < FINDING_EVIDENCE; i++) {
		const struct object *found = model_find_object(model, finding->objects[i]);

		if (found)
			failed = json_array_append_new(objects,
						       reference(model, ENTITY_OBJECT, found));
	}
	return failed;
}

json_t *doc_value_row(const struct model *model, enum entity entity, const void *row)
{
	json_t *object = json_object();
	int failed = !object || add_fields(object, model, entity, row, true) < 0 ||
		     add_fields(object, model, entity, row, false) < 0;

	if (!failed && entity == ENTITY_FINDING)
		failed = add_evidence(object, row) < 0 || add_subjects(object, model, row) < 0;
	if (!failed)
		return object;
	json_decref(object);
	return NULL;
}
