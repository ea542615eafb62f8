/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.h - the rows of a document: what the targets asked for select.
 *
 * Owns: which rows of each entity belong to an answer, and their order (the
 * model's, by identity).  Does not own: columns (model/field.h), formats.
 */
#ifndef MPSTAT_EXPORT_ROWS_H
#define MPSTAT_EXPORT_ROWS_H

#include "mpstat/model/field.h"

#include <stdbool.h>

/* Does this kind of row have that field?  A lock has no depth. */
bool rows_have(const struct field *field, const void *row);

/* Called for each row; `row` is what the entity's fields take. */
typedef void rows_take(void *arg, const void *row);

/* Every row of the entity that belongs to the targets.  ENTITY_RECORD: the
 * records that the model keeps, oldest first. */
void rows_each(const struct model *model, enum entity entity, rows_take *take, void *arg);

/* How many there are. */
size_t rows_count(const struct model *model, enum entity entity);

/* Whether a process or an object of the domain belongs to the targets, or
 * there is neither in it. */
bool rows_domain_matched(const struct model *model, const struct domain *domain);

#endif
