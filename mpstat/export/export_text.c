/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_text.c - the model as plain text tables, records as lines.
 *
 * Owns: headings and order.  Does not own: cells and widths (grid.h).
 */
#include "mpstat/export/exporter.h"
#include "mpstat/export/grid.h"
#include "mpstat/util/text.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void put_head(FILE *out, const struct export_about *about)
{
	time_t seconds = (time_t)(about->realtime_ns / 1000000000u);
	struct tm local;
	char when[48] = "";
	int from;

	if (localtime_r(&seconds, &local))
		strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &local);
	fprintf(out, "mptrace %s on %s, %s: %s\n", about->version, about->host, when, about->scope);
	for (from = FACT_FROM_NONE + 1; from < FACT_SOURCES; from++) {
		const struct fact_source_state *state =
			model_source(about->model, (enum fact_source)from);

		if (state && state->name[0])
			fprintf(out, "%s: %s%s\n", state->name,
				state->ok ? "" : "not all is seen: ", state->text);
	}
}

static void put_table(FILE *out, const struct model *model, enum entity entity, const char *title)
{
	char heading[80];
	struct grid grid = {.model = model, .entity = entity, .title = heading};

	snprintf(heading, sizeof(heading), "\n%s", title);
	grid_print(out, &grid);
}

static bool has_kind(const void *arg, const void *row)
{
	return ((const struct object *)row)->fact.kind == *(const uint16_t *)arg;
}

/* One table per kind of object: what a kind does not have is no column there. */
static void put_objects(FILE *out, const struct model *model)
{
	const struct object *object = NULL;
	bool done[256] = {false};

	while ((object = model_next_object(model, object))) {
		const struct field *kind = field_find(ENTITY_OBJECT, "kind");
		char heading[128], name[FACT_NAME_MAX];
		struct grid grid = {model, ENTITY_OBJECT, heading, has_kind, &object->fact.kind};
		struct value value;

		if (!object->matched || !kind || done[object->fact.kind & 255u])
			continue;
		done[object->fact.kind & 255u] = true;
		value = kind->get(model, object);
		snprintf(heading, sizeof(heading), "\nobjects: %s",
			 field_text(kind, &value, name, sizeof(name)));
		grid_print(out, &grid);
	}
}

static void put_finding(void *arg, const void *row)
{
	const struct finding *finding = row;
	FILE *out = arg;
	size_t i;

	fprintf(out, "%s: %s\n", finding->severity == SEVERITY_PROBLEM ? "PROBLEM" : "note",
		finding->sentence);
	for (i = 0; i < finding->evidence_count && i < FINDING_EVIDENCE; i++)
		fprintf(out, "    %s\n", finding->evidence[i]);
	if (finding->evidence_left_out)
		fprintf(out, "    ... and %zu more\n", finding->evidence_left_out);
	if (finding->advice[0])
		fprintf(out, "    What to do: %s\n", finding->advice);
}

static void put_losses(FILE *out, const struct model *model)
{
	fprintf(out,
		"\nlost: %" PRIu64 " records overwritten, %" PRIu64 " re-entered, %" PRIu64
		" corrupt; %" PRIu64 " births, deaths and signals; %" PRIu64 " facts rejected\n",
		model_lost(model, FACT_LOSS_OVERWRITTEN), model_lost(model, FACT_LOSS_REENTERED),
		model_lost(model, FACT_LOSS_CORRUPT), model_lost(model, FACT_LOSS_LIFE),
		model_rejected(model));
}

static int text_snapshot(FILE *out, const struct export_about *about, bool pretty, struct err *err)
{
	const struct model *model = about->model;

	(void)pretty;
	(void)err;
	put_head(out, about);
	put_table(out, model, ENTITY_DOMAIN, "domains");
	put_table(out, model, ENTITY_PROCESS, "processes");
	put_table(out, model, ENTITY_WORKERS,
		  "workers: three processes or more of one parent and name");
	put_table(out, model, ENTITY_THREAD, "threads");
	put_objects(out, model);
	put_table(out, model, ENTITY_USE, "uses");
	if (model_finding_count(model) > 0)
		fprintf(out, "\nfindings\n");
	rows_each(model, ENTITY_FINDING, put_finding, out);
	put_losses(out, model);
	return 0;
}

/* Records come one by one: widths cannot be measured, the table's are used. */
static void put_line(FILE *out, const struct model *model, const struct record *record)
{
	char whole[FACT_TEXT_MAX + FACT_NAME_MAX], clean[sizeof(whole)];
	bool first = true;
	size_t i;

	for (i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];
		struct value value;
		const char *text = field->title;
		int pad;

		if (field->entity != ENTITY_RECORD || field->flags & FIELD_JSON_ONLY)
			continue;
		if (record) {
			value = field->get(model, record);
			field_text(field, &value, whole, sizeof(whole));
			text_clean(clean, sizeof(clean), whole, strlen(whole));
			text = clean;
		}
		pad = field->width > text_width(text) ? field->width - text_width(text) : 0;
		if (!first)
			fputc(' ', out);
		first = false;
		if (field->flags & (FIELD_LEFT | FIELD_WIDE))
			fprintf(out, "%s%*s", text, pad, "");
		else
			fprintf(out, "%*s%s", pad, "", text);
	}
	fputc('\n', out);
}

static int text_begin(FILE *out, const struct export_about *about, struct err *err)
{
	(void)err;
	put_line(out, about->model, NULL);
	return 0;
}

static int text_record(FILE *out, const struct export_about *about, const struct record *record,
		       struct err *err)
{
	(void)err;
	put_line(out, about->model, record);
	return 0;
}

static int text_end(FILE *out, const struct export_about *about, const struct export_totals *totals,
		    struct err *err)
{
	(void)err;
	fprintf(out,
		"%" PRIu64 " records; lost: %" PRIu64 " overwritten, %" PRIu64
		" re-entered, %" PRIu64 " corrupt\n",
		totals->records, model_lost(about->model, FACT_LOSS_OVERWRITTEN),
		model_lost(about->model, FACT_LOSS_REENTERED),
		model_lost(about->model, FACT_LOSS_CORRUPT));
	return 0;
}

const struct exporter export_text = {
	.name = "text",
	.help = "plain text tables, or one line per record",
	.snapshot = text_snapshot,
	.begin = text_begin,
	.record = text_record,
	.end = text_end,
};
