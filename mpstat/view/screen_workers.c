/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_workers.c - the workers of one parent: who they are, what each does,
 * how often one was replaced, how the last ones ended.
 */
#include "mpstat/util/fmt.h"
#include "mpstat/util/text.h"
#include "mpstat/view/lives.h"
#include "mpstat/view/process_rows.h"
#include "mpstat/view/view_state.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct table_column columns[] = {
	{.key = "pid"},
	{.key = "name", .drop = 4},
	{.key = "state", .style = process_rows_state_style},
	{.key = "cpu_percent", .drop = 1},
	{.key = "rss_bytes", .drop = 3},
	{.key = "threads", .drop = 6},
	{.key = "age_ns", .drop = 2},
	{.key = "wait_ns", .drop = 5, .style = process_rows_verdict_style},
	{.key = "waiting_for",
	 .width = 42,
	 .style = process_rows_words_style,
	 .draw = process_rows_draw_waiting},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_PROCESS,
	.columns = columns,
	.style = process_rows_style,
	.mark = process_rows_mark,
};

/* One that was a member and has ended. */
static bool is_former(const struct workers *workers, const struct process *process)
{
	return process->fact.ended && process->fact.parent.pid == workers->parent->id.pid &&
	       process->fact.parent.start == workers->parent->id.start &&
	       !strcmp(process->fact.name, workers->name);
}

static void add_row(struct page *page, const struct process *process)
{
	table_add(page->table, identity_process(process->id), (struct identity){0, 0}, process);
}

static void add_rows(struct page *page, const struct model *model, const struct workers *workers)
{
	const struct process *process = NULL;

	for (const struct process *at = workers->first; at; at = at->next_worker)
		add_row(page, at);
	while ((process = model_next_process(model, process)))
		if (is_former(workers, process))
			add_row(page, process);
}

static void tell(struct page *page, const struct workers *workers)
{
	char text[FACT_TEXT_MAX], bytes[FMT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	folds_describe(&out, workers, workers->stuck);
	pane_text(page->pane, workers->stuck ? STYLE_BAD : STYLE_STRONG, 0, "%s", text);
	pane_pair(page->pane, "Parent", STYLE_PLAIN, "%s (pid %u)", workers->parent->fact.name,
		  workers->parent->id.pid);
	pane_pair(page->pane, "Together", STYLE_PLAIN, "CPU %.1f%%, resident memory %s",
		  workers->cpu_percent,
		  fmt_bytes(bytes, sizeof(bytes), workers->rss_bytes));
	pane_pair(page->pane, "Restarts", STYLE_PLAIN,
		  "%" PRIu64 ": one was born after another had ended", workers->restarts);
	pane_pair(page->pane, "Failures", workers->failures ? STYLE_WAITING : STYLE_PLAIN,
		  "%" PRIu64 ": ended by a signal or with another code than 0",
		  workers->failures);
}

static void update(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	const struct workers *workers = folds_workers(model, page->subject);

	table_begin(page->table);
	if (workers) {
		snprintf(page->title, sizeof(page->title), "%s x%u", workers->name,
			 workers->members);
		add_rows(page, model, workers);
		tell(page, workers);
	} else {
		pane_text(page->pane, STYLE_WAITING, 2, "%s: these workers are gone.", page->title);
		pane_text(page->pane, STYLE_PLAIN, 2, "Esc goes back to the list.");
	}
	table_end(page->table, model);
}

const struct screen screen_workers = {
	.name = "workers",
	.title = "Workers",
	.help = "Workers of one parent: what each does, and how the last ones ended.",
	.table = &spec,
	.keys = process_rows_keys,
	.update = update,
	.process = process_rows_process,
};
