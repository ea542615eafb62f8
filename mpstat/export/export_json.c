/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * export_json.c - the snapshot document and the stream of records.
 *
 * Owns: which members they have and in which order.  Does not own: values
 * (doc.h), keys of rows (model/field.h).  docs/schema/ describes both; members
 * may be added within a schema's number, none is removed or changed.
 */
#include "mpstat/export/export_json.h"

#include "mpstat/export/line.h"
#include "mpstat/export/rows.h"

#include <inttypes.h>
#include <string.h>
#include <time.h>

static void put_time(struct doc *doc, const struct export_about *about)
{
	time_t seconds = (time_t)(about->realtime_ns / 1000000000u);
	struct tm utc;
	char text[64], whole[48] = "";

	if (gmtime_r(&seconds, &utc))
		strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text, sizeof(text), "%s.%09" PRIu64 "Z", whole, about->realtime_ns % 1000000000u);
	doc_object(doc, "time");
	doc_text(doc, "realtime", text);
	doc_u64(doc, "realtime_ns", about->realtime_ns);
	doc_u64(doc, "monotonic_ns", model_now(about->model));
	doc_close(doc);
}

void export_json_head(struct doc *doc, const char *schema, const struct export_about *about)
{
	doc_text(doc, "schema", schema);
	doc_text(doc, "version", about->version);
	doc_text(doc, "host", about->host);
	put_time(doc, about);
	doc_text(doc, "scope", about->scope);
}

void export_json_sources(struct doc *doc, const struct model *model)
{
	int from;

	doc_array(doc, "sources");
	for (from = FACT_FROM_NONE + 1; from < FACT_SOURCES; from++) {
		const struct fact_source_state *state = model_source(model, (enum fact_source)from);

		if (!state || !state->name[0])
			continue;
		doc_object(doc, NULL);
		doc_text(doc, "name", state->name);
		doc_flag(doc, "ok", state->ok);
		doc_text(doc, "text", state->text);
		doc_close(doc);
	}
	doc_close(doc);
}

static void put_losses(struct doc *doc, const struct model *model)
{
	static const char *const causes[FACT_LOSS_CAUSES] = {
		[FACT_LOSS_OVERWRITTEN] = "overwritten",
		[FACT_LOSS_REENTERED] = "reentered",
		[FACT_LOSS_CORRUPT] = "corrupt",
		[FACT_LOSS_LIFE] = "life",
	};
	int cause;

	for (cause = 0; cause < FACT_LOSS_CAUSES; cause++)
		doc_u64(doc, causes[cause], model_lost(model, (enum fact_loss_cause)cause));
}

void export_json_losses(struct doc *doc, const struct model *model)
{
	doc_object(doc, "losses");
	put_losses(doc, model);
	doc_u64(doc, "facts_rejected", model_rejected(model));
	doc_u64(doc, "rows_left_out", model_left_out(model));
	doc_u64(doc, "unknown_kinds", model_unknown(model));
	doc_u64(doc, "findings_left_out", model_findings_left_out(model));
	doc_close(doc);
}

struct row_target {
	struct doc *doc;
	const struct model *model;
	enum entity entity;
};

static void put_row(void *arg, const void *row)
{
	struct row_target *target = arg;

	doc_row(target->doc, target->model, target->entity, row);
}

void export_json_rows(struct doc *doc, const char *key, const struct model *model,
		      enum entity entity)
{
	struct row_target target = {doc, model, entity};

	doc_array(doc, key);
	rows_each(model, entity, put_row, &target);
	doc_close(doc);
}

static int json_snapshot(FILE *out, const struct export_about *about, bool pretty, struct err *err)
{
	struct doc doc;

	doc_begin(&doc, out, pretty, err);
	export_json_head(&doc, "mptrace.snapshot/1", about);
	export_json_sources(&doc, about->model);
	export_json_rows(&doc, "domains", about->model, ENTITY_DOMAIN);
	export_json_rows(&doc, "processes", about->model, ENTITY_PROCESS);
	export_json_rows(&doc, "workers", about->model, ENTITY_WORKERS);
	export_json_rows(&doc, "threads", about->model, ENTITY_THREAD);
	export_json_rows(&doc, "objects", about->model, ENTITY_OBJECT);
	export_json_rows(&doc, "uses", about->model, ENTITY_USE);
	export_json_rows(&doc, "findings", about->model, ENTITY_FINDING);
	export_json_losses(&doc, about->model);
	return doc_end(&doc);
}

static int json_stream_begin(FILE *out, const struct export_about *about, struct err *err)
{
	struct doc doc;

	doc_begin(&doc, out, false, err);
	doc_text(&doc, "record", "header");
	export_json_head(&doc, "mptrace.records/1", about);
	doc_text(&doc, "clock", "monotonic");
	return doc_end(&doc);
}

static int json_stream_record(FILE *out, const struct export_about *about,
			      const struct record *record, struct err *err)
{
	return line_write(out, "op", about->model, ENTITY_RECORD, record, err);
}

static int json_stream_end(FILE *out, const struct export_about *about,
			   const struct export_totals *totals, struct err *err)
{
	struct doc doc;

	doc_begin(&doc, out, false, err);
	doc_text(&doc, "record", "footer");
	doc_text(&doc, "ending", totals->ending);
	doc_u64(&doc, "records", totals->records);
	doc_u64(&doc, "left_out", totals->left_out);
	doc_object(&doc, "lost");
	put_losses(&doc, about->model);
	doc_close(&doc);
	return doc_end(&doc);
}

const struct exporter export_json = {
	.name = "json",
	.help = "one JSON document, or one JSON object per line for records",
	.snapshot = json_snapshot,
	.begin = json_stream_begin,
	.record = json_stream_record,
	.end = json_stream_end,
};
