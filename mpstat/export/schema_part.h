/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * schema_part.h - the pieces JSON Schemas are made of.
 *
 * Owns: members, references, definitions.  Does not own: documents (schema.c).
 */
#ifndef MPSTAT_EXPORT_SCHEMA_PART_H
#define MPSTAT_EXPORT_SCHEMA_PART_H

#include "mpstat/export/doc.h"

/* "KEY": {"type": TYPE, "description": TEXT}; text may be NULL. */
void schema_part_member(struct doc *doc, const char *key, const char *type, const char *text);
/* "KEY": what $defs says about NAME. */
void schema_part_reference(struct doc *doc, const char *key, const char *name);
/* "KEY": an array of what $defs says about NAME. */
void schema_part_array_of(struct doc *doc, const char *key, const char *name);
/* "KEY": an array of a plain type. */
void schema_part_array_of_type(struct doc *doc, const char *key, const char *type,
			       const char *text);
/* "KEY": always this text. */
void schema_part_constant(struct doc *doc, const char *key, const char *value);
/* "required": the keys of a list that ends with NULL. */
void schema_part_required(struct doc *doc, const char *const *keys);

/* "$defs": integer, time, source, losses, and a row of each of the entities. */
void schema_part_definitions(struct doc *doc, const enum entity *rows, size_t count);

#endif
