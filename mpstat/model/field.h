/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * field.h - every number or text a sink may show, one row each.
 *
 * A row (in fields_ENTITY.def, see fields.c) gives column title and width, JSON
 * key, unit, help, sort key and the value itself at once.  Sinks (screens, JSON, metrics) never read model structs: they ask a
 * field for a value.
 */
#ifndef MPSTAT_MODEL_FIELD_H
#define MPSTAT_MODEL_FIELD_H

#include "mpstat/model/finding.h"

enum entity {
	ENTITY_DOMAIN,	/* const struct domain * */
	ENTITY_PROCESS, /* const struct process * */
	ENTITY_THREAD,	/* const struct thread * */
	ENTITY_OBJECT,	/* const struct object * */
	ENTITY_USE,	/* const struct use * */
	ENTITY_RECORD,	/* const struct record * */
	ENTITY_FINDING, /* const struct finding * */
	ENTITY_WORKERS, /* const struct workers * */
	/* Of a wait graph (graph.h), not of the model alone: */
	ENTITY_NODE,	/* const struct graph_node * */
	ENTITY_EDGE,	/* const struct graph_edge * */
	ENTITY_LINE,	/* const struct graph_line * */
	ENTITY_COUNT,
};

enum field_unit {
	UNIT_NONE,    /* plain text or number */
	UNIT_COUNT,
	UNIT_BYTES,
	UNIT_NS,      /* a duration; screens print 1.2ms, JSON prints nanoseconds */
	UNIT_AGE,     /* ns since it happened; same forms */
	UNIT_PER_SECOND,
	UNIT_PERCENT, /* 0..100 (cpu: 0..100 per core) */
	UNIT_TIME,    /* a moment, CLOCK_MONOTONIC ns */
};

enum value_type {
	VALUE_NONE, /* unknown or not applicable: "-", null */
	VALUE_U64,
	VALUE_I64,
	VALUE_F64,
	VALUE_TEXT, /* valid until the next field_get or model change */
	VALUE_BOOL,
};

struct value {
	enum value_type type;
	union {
		uint64_t u64;
		int64_t i64;
		double f64;
		bool b;
		const char *text;
	} u;
};

enum field_flag {
	FIELD_COUNTER = 1 << 0, /* only ever grows: a metric gets _total */
	FIELD_GAUGE = 1 << 1,	/* a metric of its own */
	FIELD_ID = 1 << 2,	/* identifies the row: JSON puts it first */
	FIELD_LEFT = 1 << 3,	/* left-aligned column */
	FIELD_WIDE = 1 << 4,	/* takes what width is left */
	FIELD_JSON_ONLY = 1 << 5,
};

struct field {
	enum entity entity;
	const char *key;   /* JSON key, --sort name: "put_per_s" */
	const char *title; /* column title: "PUT/s" */
	uint8_t width;	   /* of the column */
	enum field_unit unit;
	uint32_t flags;
	uint32_t traits; /* ENTITY_OBJECT: only for kinds having all of these (vocab.h) */
	const char *help;
	struct value (*get)(const struct model *model, const void *row);
};

extern const struct field fields[];
extern const size_t field_count;

const struct field *field_find(enum entity entity, const char *key);

/* The value for a person: "1.2ms", "3.4M", "-".  Returns buf. */
const char *field_text(const struct field *field, const struct value *value, char *buf,
		       size_t size);

/* <0, 0, >0.  VALUE_NONE is greater than everything: last when ascending. */
int value_compare(const struct value *a, const struct value *b);

/* The same for sorting in either direction: VALUE_NONE stays last. */
int value_order(const struct value *a, const struct value *b, bool reverse);

#endif
