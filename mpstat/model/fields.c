/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields.c - the table of everything that can be shown.
 *
 * One row of fields_*.def:
 *   FIELD(entity, key, title, width, unit, flags, traits, help, expr)
 * `expr` is an expression of the model `m` and the row: d, p, t, o, u, r, f, w, n, e or l.
 * Each row becomes a getter and a line of the table.
 */
#include "mpstat/model/field_graph.h"
#include "mpstat/model/field_value.h"
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"

#include <string.h>

/* The type and name of each entity's row, and its number. */
#define ROW_domain const struct domain *d
#define ROW_process const struct process *p
#define ROW_thread const struct thread *t
#define ROW_object const struct object *o
#define ROW_use const struct use *u
#define ROW_record const struct record *r
#define ROW_finding const struct finding *f
#define ROW_workers const struct workers *w
#define ROW_node const struct graph_node *n
#define ROW_edge const struct graph_edge *e
#define ROW_line const struct graph_line *l
#define ENTITY_domain ENTITY_DOMAIN
#define ENTITY_process ENTITY_PROCESS
#define ENTITY_thread ENTITY_THREAD
#define ENTITY_object ENTITY_OBJECT
#define ENTITY_use ENTITY_USE
#define ENTITY_record ENTITY_RECORD
#define ENTITY_finding ENTITY_FINDING
#define ENTITY_workers ENTITY_WORKERS
#define ENTITY_node ENTITY_NODE
#define ENTITY_edge ENTITY_EDGE
#define ENTITY_line ENTITY_LINE

/* What an object's kind does not have, has no value. */
#define HAS_domain(traits) true
#define HAS_process(traits) true
#define HAS_thread(traits) true
#define HAS_object(traits) kind_has(o->fact.kind, traits)
#define HAS_use(traits) true
#define HAS_record(traits) true
#define HAS_finding(traits) true
#define HAS_workers(traits) true
#define HAS_node(traits) true
#define HAS_edge(traits) true
#define HAS_line(traits) true

#define FIELD(entity, key, title, width, unit, flags, traits, help, expr)                    \
	static struct value get_##entity##_##key(const struct model *m, const void *row)      \
	{                                                                                     \
		ROW_##entity = row;                                                           \
                                                                                              \
		(void)m;                                                                      \
		return HAS_##entity(traits) ? expr : v_none();                                \
	}
#include "mpstat/model/fields_domain.def"
#include "mpstat/model/fields_finding.def"
#include "mpstat/model/fields_object.def"
#include "mpstat/model/fields_process.def"
#include "mpstat/model/fields_record.def"
#include "mpstat/model/fields_thread.def"
#include "mpstat/model/fields_use.def"
#include "mpstat/model/fields_graph.def"
#include "mpstat/model/fields_workers.def"
#undef FIELD

const struct field fields[] = {
#define FIELD(entity, key, title, width, unit, flags, traits, help, expr) \
	{ENTITY_##entity, #key, title, width, unit, flags, traits, help, get_##entity##_##key},
#include "mpstat/model/fields_domain.def"
#include "mpstat/model/fields_process.def"
#include "mpstat/model/fields_thread.def"
#include "mpstat/model/fields_object.def"
#include "mpstat/model/fields_use.def"
#include "mpstat/model/fields_record.def"
#include "mpstat/model/fields_finding.def"
#include "mpstat/model/fields_graph.def"
#include "mpstat/model/fields_workers.def"
#undef FIELD
};

const size_t field_count = sizeof(fields) / sizeof(fields[0]);

const struct field *field_find(enum entity entity, const char *key)
{
	for (size_t i = 0; i < field_count; i++) {
		if (fields[i].entity == entity && !strcmp(fields[i].key, key))
			return &fields[i];
	}
	return NULL;
}
