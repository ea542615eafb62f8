/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tell.h - telling a model facts, in the notation of fact_text.h.
 */
#ifndef TESTS_UNIT_TELL_H
#define TESTS_UNIT_TELL_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/model/fact_text.h"
#include "mpstat/model/field.h"

#include <stdio.h>
#include <string.h>

/* One fact; a printf format. */
static inline void tell(struct model *model, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static inline void tell(struct model *model, const char *fmt, ...)
{
	char line[FACT_TEXT_LINE];
	struct err err = {0};
	struct fact fact;
	va_list args;

	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	if (fact_text_read(line, &fact, &err))
		fail_msg("%s: %s", line, err.text);
	model_apply(model, &fact);
}

static inline const struct process *process_of(const struct model *model, uint32_t pid)
{
	const struct process *process = model_find_pid(model, pid);

	assert_non_null(process);
	return process;
}

static inline const struct object *object_of(const struct model *model, uint32_t slot)
{
	const struct object *object =
		model_find_object(model, (struct object_id){0xd1, slot, 1});

	assert_non_null(object);
	return object;
}

/* A field of a row as a person sees it; buf is 256 bytes. */
static inline const char *shown(const struct model *model, enum entity entity, const char *key,
				const void *row, char *buf)
{
	const struct field *field = field_find(entity, key);
	struct value value;

	if (!field)
		fail_msg("no field %s", key);
	value = field->get(model, row);
	return field_text(field, &value, buf, 256);
}

static inline const struct finding *found(const struct model *model, const char *detector)
{
	for (size_t i = 0; i < model_finding_count(model); i++) {
		if (!strcmp(model_finding(model, i)->detector->name, detector))
			return model_finding(model, i);
	}
	return NULL;
}

#endif
