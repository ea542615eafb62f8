/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_records.c - what happened, newest at the bottom; follows while the
 * selection is on the last row.
 */
#include "mpstat/view/view_state.h"

static enum style result_style(const void *row)
{
	const struct record *record = row;

	return record->fact.flags ? STYLE_BAD : STYLE_PLAIN;
}

static const struct table_column columns[] = {
	{.key = "time", .drop = 1},
	{.key = "pid"},
	{.key = "tid", .drop = 9},
	{.key = "process", .grow = 16, .drop = 4},
	{.key = "op"},
	{.key = "phase", .drop = 5},
	{.key = "object", .grow = 16},
	{.key = "value", .drop = 3},
	{.key = "wait_ns", .drop = 6},
	{.key = "hold_ns", .drop = 7},
	{.key = "result", .drop = 2, .style = result_style},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_RECORD, .columns = columns, .follow = true};

/* Rings of programs that were not asked for are read as well. */
static bool is_shown(const struct model *model, const struct record *record)
{
	const struct process *process = model_find_pid(model, record->fact.process.pid);
	const struct object *object;

	if (process && process->id.start == record->fact.process.start)
		return process->matched;
	object = model_find_object(model, record->fact.object);
	return object && object->matched;
}

static void update(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	size_t count = model_record_count(model), shown = 0;

	table_begin(page->table);
	for (size_t i = 0; i < count; i++) {
		const struct record *record = model_record(model, i);

		if (!is_shown(model, record))
			continue;
		shown++;
		table_add(page->table, (struct identity){record->number, 1}, (struct identity){0, 0},
			  record);
	}
	table_end(page->table, model);
	if (shown)
		return;
	page->empty = true;
	pane_text(page->pane, STYLE_STRONG, 2, "No records yet.");
	pane_text(page->pane, STYLE_PLAIN, 2,
		  "Programs that use libmptrace write one record per call; they appear here as they "
		  "happen, unless the program runs with MPTRACE=0.");
}

const struct screen screen_records = {
	.name = "records",
	.title = "Records",
	.key = '5',
	.on_request = true,
	.help = "Each call as it happens, newest at the bottom; End follows, Z holds still.",
	.table = &spec,
	.update = update,
};
