/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_json.h - what all our JSON documents have in common.
 *
 * Owns: the head (schema, version, host, time, scope), sources and losses.
 * Does not own: what else a document says.
 */
#ifndef MPSTAT_EXPORT_EXPORT_JSON_H
#define MPSTAT_EXPORT_EXPORT_JSON_H

#include "mpstat/export/doc.h"
#include "mpstat/export/exporter.h"

/* "schema", "version", "host", "time" and "scope" as members. */
void export_json_head(struct doc *doc, const char *schema, const struct export_about *about);

/* "sources": an array, one object per source that ever spoke. */
void export_json_sources(struct doc *doc, const struct model *model);

/* "losses": records and facts that are missing, by cause. */
void export_json_losses(struct doc *doc, const struct model *model);

/* An array of all rows of the entity. */
void export_json_rows(struct doc *doc, const char *key, const struct model *model,
		      enum entity entity);

#endif
