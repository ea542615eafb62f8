/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_ended.c - the graveyard: who ended in the last minutes, how, and by whom.
 */
#include "mpstat/model/words.h"
#include "mpstat/view/lives.h"
#include "mpstat/view/process_rows.h"
#include "mpstat/view/view_state.h"

/* Well ended is what most do; the others are to be seen first. */
static enum style style_of(const void *row)
{
	return lives_ended_badly(row) ? STYLE_BAD : STYLE_PLAIN;
}

static char mark_of(const void *row)
{
	return lives_ended_badly(row) ? '!' : ' ';
}

/* Pids as short as in the other columns. */
static void draw_death(const struct table_cell *cell, struct canvas *canvas)
{
	const struct process *process = cell->row;
	char text[FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	out.brief = true;
	words_cause(&out, &process->death);
	canvas_cell(canvas, cell->at, cell->style, text, CANVAS_LEFT);
}

static const struct table_column columns[] = {
	{.key = "pid"},
	{.key = "name", .grow = 32, .style = style_of},
	{.key = "ended_ns"},
	{.key = "lived_ns", .drop = 2},
	{.key = "death", .width = 30, .style = style_of, .draw = draw_death},
	{.key = "killer", .drop = 4},
	{.key = "first_ppid", .title = "PPID", .drop = 5},
	{.key = "first_parent", .title = "PARENT", .grow = 20, .drop = 1},
	{.key = "command", .width = 20, .drop = 3},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_PROCESS,
	.columns = columns,
	.sort = "ended_ns",
	.mark = mark_of,
};

static void explain(struct page *page)
{
	page->empty = true;
	pane_text(page->pane, STYLE_GOOD, 2, "No process has ended while you were watching.");
	pane_text(page->pane, STYLE_PLAIN, 2,
		  "Those that do are kept here for some minutes, with how they ended and who ended "
		  "them.");
}

static void update(struct page *page, const struct view *view)
{
	const struct process *process = NULL;
	size_t shown = 0;

	table_begin(page->table);
	while ((process = model_next_process(view->config.model, process))) {
		if (!process->matched || !process->fact.ended)
			continue;
		table_add(page->table, identity_process(process->id), (struct identity){0, 0},
			  process);
		shown++;
	}
	table_end(page->table, view->config.model);
	if (!shown)
		explain(page);
}

const struct screen screen_ended = {
	.name = "ended",
	.title = "Ended",
	.key = '6',
	.on_request = true,
	.help = "Processes that ended in the last minutes: when, how and by whom.",
	.table = &spec,
	.keys = process_rows_keys,
	.update = update,
	.process = process_rows_process,
};
