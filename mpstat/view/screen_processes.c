/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_processes.c - who runs, who waits and for what, as a tree or a list.
 */
#include "mpstat/model/words.h"
#include "mpstat/util/fmt.h"
#include "mpstat/view/view_state.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

static enum style verdict_style(const void *row)
{
	const struct process *process = row;

	if (process->verdict == VERDICT_STUCK)
		return STYLE_BAD;
	return process->verdict == VERDICT_WAITING ? STYLE_WAITING : STYLE_PLAIN;
}

static enum style row_style(const void *row)
{
	const struct process *process = row;

	return process->fact.ended ? STYLE_FAINT : STYLE_PLAIN;
}

static enum style name_style(const void *row)
{
	enum style style = verdict_style(row);

	return style == STYLE_BAD ? style : STYLE_STRONG;
}

/* "ended 12s ago, killed by SIGKILL" */
static void describe_end(const struct model *model, const struct process *process,
			 struct sentence *out)
{
	int32_t code = process->fact.exit_code;
	const char *name = code < 0 && code > -NSIG ? sigabbrev_np(-code) : NULL;
	char age[FMT_MAX];

	sentence_add(out, "ended");
	if (process->fact.ended_ns)
		sentence_add(out, " %s ago",
			     fmt_ns(age, sizeof(age), words_age(model, process->fact.ended_ns)));
	if (name)
		sentence_add(out, ", killed by SIG%s", name);
	else if (code != FACT_EXIT_UNKNOWN)
		sentence_add(out, ", exit code %d", code);
}

/* The column's title says "waiting for" already. */
static void draw_waiting(const struct table_cell *cell, struct canvas *canvas)
{
	const struct process *process = cell->row;
	struct value value = cell->field->get(cell->model, cell->row);
	char text[FACT_TEXT_MAX + 16];
	const char *words = value.type == VALUE_TEXT ? value.u.text : "";
	const char *title = "waiting for ";

	if (process->fact.ended) {
		struct sentence out = sentence_begin(text, sizeof(text));

		describe_end(cell->model, process, &out);
		canvas_cell(canvas, cell->at, cell->style, text, CANVAS_LEFT);
		return;
	}
	if (!strncmp(words, title, strlen(title)))
		words += strlen(title);
	snprintf(text, sizeof(text), "%s%s", process->verdict == VERDICT_STUCK ? "STUCK: " : "",
		 words);
	canvas_cell(canvas, cell->at, cell->style, text, CANVAS_LEFT);
}

static const struct table_column columns[] = {
	{.key = "pid"},
	{.key = "ppid", .drop = 9},
	{.key = "name", .grow = 32, .style = name_style},
	{.key = "state"},
	{.key = "cpu_percent", .drop = 1},
	{.key = "rss_bytes", .drop = 3},
	{.key = "threads", .drop = 6},
	{.key = "age_ns", .drop = 5},
	{.key = "cpu_ns", .drop = 8},
	{.key = "wait_ns", .drop = 2, .style = verdict_style},
	{.key = "waiting_for", .width = 42, .style = verdict_style, .draw = draw_waiting},
	{.key = "command", .width = 40, .drop = 7},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_PROCESS,
	.columns = columns,
	.tree = "name",
	.style = row_style,
};

/* The nearest process above that is on the screen too. */
static struct identity parent_of(const struct process *process)
{
	const struct process *up = process->parent;

	while (up && !up->matched)
		up = up->parent;
	return up ? identity_process(up->id) : (struct identity){0, 0};
}

static void explain(struct page *page, const struct view *view)
{
	const char *program = view->config.program ? view->config.program : "mpstat";

	page->empty = true;
	if (model_next_process(view->config.model, NULL)) {
		pane_text(page->pane, STYLE_STRONG, 2, "No process belongs to %s.",
			  view->config.scope ? view->config.scope : "what was asked for");
		pane_text(page->pane, STYLE_PLAIN, 2, "Those that did have ended.");
		return;
	}
	pane_text(page->pane, STYLE_STRONG, 2, "No program with libmptrace is running.");
	pane_gap(page->pane);
	pane_text(page->pane, STYLE_PLAIN, 2, "Start one, and it appears here by itself. Or:");
	pane_pair(page->pane, "make demo", STYLE_PLAIN, "starts a small one that deadlocks");
	pane_pair(page->pane, "-p PID", STYLE_PLAIN, "%s -p PID shows any program and its children",
		  program);
	pane_pair(page->pane, "-a", STYLE_PLAIN, "%s -a shows every process of this machine",
		  program);
}

/* Done and gone: of interest to few, and there may be very many. */
static bool ended_well(const struct process *process)
{
	return process->fact.ended && process->fact.exit_code == 0;
}

static void update(struct page *page, const struct view *view)
{
	const struct process *process = NULL;
	size_t shown = 0;

	table_begin(page->table);
	while ((process = model_next_process(view->config.model, process))) {
		if (!process->matched || (!view->all_ended && ended_well(process)))
			continue;
		table_add(page->table, identity_process(process->id), parent_of(process), process);
		shown++;
	}
	table_end(page->table, view->config.model);
	if (!shown)
		explain(page, view);
}

static struct process_id process_of(const struct page *page, const struct view *view,
				    const void *row)
{
	const struct process *process = row;

	(void)page;
	(void)view;
	return process && !process->fact.ended ? process->id : (struct process_id){0, 0};
}

static void sort_by(struct page *page, const char *key)
{
	table_sort(page->table, key);
	table_set_tree(page->table, false); /* in a tree only siblings would be sorted */
}

static void by_cpu(struct view *view, struct page *page)
{
	(void)view;
	sort_by(page, "cpu_percent");
}

static void by_memory(struct view *view, struct page *page)
{
	(void)view;
	sort_by(page, "rss_bytes");
}

static void by_time(struct view *view, struct page *page)
{
	(void)view;
	sort_by(page, "cpu_ns");
}

static void toggle_ended(struct view *view, struct page *page)
{
	(void)page;
	view->all_ended = !view->all_ended;
	view_say(view, STYLE_PLAIN, "Processes that ended with exit code 0 are %s.",
		 view->all_ended ? "shown" : "hidden");
}

static void open_detail(struct view *view, struct page *page)
{
	const struct process *process = table_selected(page->table);

	if (process)
		view_open_detail(view, screen_find("process"), identity_process(process->id));
}

static const struct key keys[] = {
	{{KEY_CODE_ENTER}, "Open", "details: threads, what they wait for, objects held and used",
	 open_detail},
	{{'P'}, NULL, "sort by CPU", by_cpu},
	{{'M'}, NULL, "sort by memory", by_memory},
	{{'T'}, NULL, "sort by processor time", by_time},
	{{'e'}, NULL, "show or hide processes that ended with exit code 0", toggle_ended},
	{{0}, NULL, NULL, NULL},
};

const struct screen screen_processes = {
	.name = "processes",
	.title = "Processes",
	.key = '1',
	.help = "The process tree: state, CPU, memory and what each one waits for.",
	.table = &spec,
	.keys = keys,
	.update = update,
	.process = process_of,
};
