/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * story.h - parts of detail pages that several screens tell the same way.
 *
 * Owns: fields as a list, histograms as bars, a finding in full.  Does not own:
 * which of them a page has (screens).
 */
#ifndef MPSTAT_VIEW_STORY_H
#define MPSTAT_VIEW_STORY_H

#include "mpstat/model/field.h"
#include "mpstat/view/pane.h"
#include "mpstat/view/table.h"

/* Every field of the entity that has a value and whose traits are all in
 * `traits`, one per line with its help. */
void story_fields(struct pane *pane, const struct model *model, enum entity entity,
		  uint32_t traits, const void *row);

/* The value of one field for a person, "-" when there is none or no such field. */
#define STORY_VALUE_MAX 256
const char *story_value(const struct model *model, enum entity entity, const char *key,
			const void *row, char text[STORY_VALUE_MAX]);

/* A section with a bar per bucket; nothing when the histogram is empty. */
void story_hist(struct pane *pane, const char *title, const struct fact_hist *hist);

/* Sentence, evidence, advice. */
void story_finding(struct pane *pane, const struct finding *finding);

/* A table that has been filled, as lines of the pane, `width` columns. */
void story_table(struct pane *pane, struct table *table, const struct model *model, int width);

#endif
