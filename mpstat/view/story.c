/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * story.c - see story.h.
 */
#include "mpstat/view/story.h"

#include "mpstat/model/hist.h"
#include "mpstat/util/fmt.h"
#include "mpstat/util/text.h"

#include <stdio.h>

#define INDENT 2
#define VALUE_COLUMN 12 /* longer values stand without their help */

static void tell_field(struct pane *pane, const struct field *field, const char *text)
{
	char label[PANE_LABEL + 4 * VALUE_COLUMN + 1]; /* UTF-8 */

	if (text_width(text) > VALUE_COLUMN || field->flags & FIELD_WIDE) {
		pane_pair(pane, field->title, STYLE_PLAIN, "%s", text);
		return;
	}
	snprintf(label, sizeof(label), "%-*s%s", PANE_LABEL, field->title, text);
	pane_wide_pair(pane, label, PANE_LABEL + VALUE_COLUMN + 1, "%s", field->help);
}

void story_fields(struct pane *pane, const struct model *model, enum entity entity,
		  uint32_t traits, const void *row)
{
	char text[STORY_VALUE_MAX];

	for (size_t i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];
		struct value value;

		if (field->entity != entity || (field->flags & FIELD_JSON_ONLY) ||
		    (field->traits & traits) != field->traits)
			continue;
		value = field->get(model, row);
		if (value.type == VALUE_NONE || (value.type == VALUE_TEXT && !*value.u.text))
			continue;
		tell_field(pane, field, field_text(field, &value, text, sizeof(text)));
	}
}

const char *story_value(const struct model *model, enum entity entity, const char *key,
			const void *row, char text[STORY_VALUE_MAX])
{
	const struct field *field = field_find(entity, key);
	struct value value;

	if (!field)
		return "-";
	value = field->get(model, row);
	return field_text(field, &value, text, STORY_VALUE_MAX);
}

void story_hist(struct pane *pane, const char *title, const struct fact_hist *hist)
{
	int first = FACT_HIST_BUCKETS, last = -1;
	uint64_t most = 0, all = hist_count(hist);

	for (int i = 0; i < FACT_HIST_BUCKETS; i++) {
		if (!hist->bucket[i])
			continue;
		first = i < first ? i : first;
		last = i;
		most = hist->bucket[i] > most ? hist->bucket[i] : most;
	}
	if (last < 0)
		return;
	pane_section(pane, title);
	for (int i = first; i <= last; i++) {
		char label[FMT_MAX], count[FMT_MAX], part[FMT_MAX];
		double of_all = 100.0 * (double)hist->bucket[i] / (double)all;

		fmt_ns(label, sizeof(label), i ? 1ull << i : 0);
		pane_bar(pane, label, (double)hist->bucket[i] / (double)most, "%6s  %4s%%",
			 fmt_count(count, sizeof(count), hist->bucket[i]),
			 fmt_percent(part, sizeof(part), of_all));
	}
}

void story_finding(struct pane *pane, const struct finding *finding)
{
	enum style style =
		finding->severity == SEVERITY_PROBLEM ? STYLE_BAD : STYLE_WAITING;

	pane_text(pane, style, 0, "%s", finding->sentence);
	for (size_t i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE; i++)
		pane_text(pane, STYLE_PLAIN, INDENT, "%s", finding->evidence[i]);
	if (finding->evidence_left_out)
		pane_text(pane, STYLE_FAINT, INDENT, "and %zu more like these",
			  finding->evidence_left_out);
	if (finding->advice[0])
		pane_text(pane, STYLE_GOOD, INDENT, "\u2192 %s", finding->advice);
}

void story_table(struct pane *pane, struct table *table, const struct model *model, int width)
{
	int lines = (int)table_count(table) + 1;
	/* in ASCII what the pane is drawn into translates the glyphs */
	struct canvas *canvas = canvas_new(width - INDENT, lines, true);

	if (!canvas)
		return;
	table_draw_page(table, model, canvas, 0);
	pane_lines(pane, canvas, lines, INDENT);
	canvas_free(canvas);
}
