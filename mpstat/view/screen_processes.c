/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_processes.c - who runs, who waits and for what, as a tree or a list.
 */
#include "mpstat/view/folds.h"
#include "mpstat/view/process_rows.h"
#include "mpstat/view/view_state.h"

static const struct table_column columns[] = {
	{.key = "pid"},
	{.key = "ppid", .drop = 9},
	{.key = "name", .grow = 32, .style = process_rows_name_style},
	{.key = "state", .style = process_rows_state_style},
	{.key = "cpu_percent", .drop = 1},
	{.key = "rss_bytes", .drop = 3},
	{.key = "threads", .drop = 6},
	{.key = "age_ns", .drop = 5},
	{.key = "cpu_ns", .drop = 8},
	{.key = "wait_ns", .drop = 2, .style = process_rows_verdict_style},
	{.key = "waiting_for",
	 .width = 42,
	 .style = process_rows_words_style,
	 .draw = process_rows_draw_waiting},
	{.key = "command", .width = 40, .drop = 7},
	{.key = NULL},
};

static bool holds(const struct table *table, const struct model *model, const void *row,
		  const char *text)
{
	const struct process *group = row;

	for (const struct process *at = group->workers->first; at; at = at->next_worker)
		if (table_row_has(table, model, at, text))
			return true;
	return false;
}

static const struct table_spec spec = {
	.entity = ENTITY_PROCESS,
	.columns = columns,
	.tree = "name",
	.style = process_rows_style,
	.mark = process_rows_mark,
	.holds = holds,
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

static const struct process *process_at(const struct model *model, struct identity id)
{
	const struct process *process = model_find_pid(model, (uint32_t)id.a);

	return process && process->id.start == id.b ? process : NULL;
}

/* A list, a filter's matches and a printed text show every process. */
static void update_folds(struct page *page, const struct view *view)
{
	const struct table *table = page->table;

	if (page->print || !table_is_tree(table) || table_filter_text(table)[0])
		folds_clear(view->folds);
	else
		folds_update(view->folds, view->config.model);
}

/* The selection goes with what was selected into its group, and out of it. */
static void keep_selection(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	struct identity id = table_selected_id(page->table);
	const struct process *process = process_at(model, id);
	const struct fold *over = process ? folds_over(view->folds, process) : NULL;
	const struct workers *workers = process || !id.a ? NULL : folds_workers(model, id);

	if (!table_touched(page->table))
		return;
	if (over)
		table_select(page->table, over->id);
	else if (workers && workers->first && !folds_folded(view->folds, id))
		table_select(page->table, identity_process(workers->first->id));
}

static void add_group(struct page *page, const struct view *view, const struct fold *fold)
{
	if (!fold || folds_over_fold(view->folds, fold))
		return;
	table_add(page->table, fold->id, parent_of(&fold->process), &fold->process);
	table_fold(page->table);
}

/* Workers of one group that live below one parent are hidden by the same fold. */
static bool is_alike(const struct process *a, const struct process *b)
{
	return a && a->workers == b->workers && a->parent == b->parent && !a->fact.ended &&
	       !b->fact.ended;
}

/* A group comes where its first member would. */
static void add_process(struct page *page, const struct view *view,
			const struct process *process, const struct fold *over)
{
	if (!over)
		table_add(page->table, identity_process(process->id), parent_of(process), process);
	else if (process == over->workers->first)
		add_group(page, view, over);
}

static void update(struct page *page, const struct view *view)
{
	const struct process *process = NULL, *last = NULL;
	const struct fold *over = NULL;
	size_t shown = 0;

	update_folds(page, view);
	keep_selection(page, view);
	table_begin(page->table);
	while ((process = model_next_process(view->config.model, process))) {
		if (!process->matched || (!view->all_ended && ended_well(process)))
			continue;
		if (!is_alike(last, process))
			over = folds_over(view->folds, process);
		add_process(page, view, process, over);
		last = process;
		shown++;
	}
	table_end(page->table, view->config.model);
	if (!shown)
		explain(page, view);
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

	if (process && folds_is_group(process))
		view_open_detail(view, screen_find("workers"), table_selected_id(page->table));
	else if (process)
		view_open_detail(view, screen_find("process"), identity_process(process->id));
}

/* ---- folding ----------------------------------------------------------- */

static bool can_fold(struct view *view, struct page *page)
{
	if (!table_is_tree(page->table)) {
		view_say(view, STYLE_WAITING, "Workers are folded in the tree only: F5 shows it.");
		return false;
	}
	if (table_filter_text(page->table)[0]) {
		view_say(view, STYLE_WAITING,
			 "The filter's matches are not folded: F4 empties the filter.");
		return false;
	}
	return true;
}

/* The group of the selected row, or NULL after saying that it has none. */
static const struct workers *selected_group(struct view *view, struct page *page)
{
	const struct process *process = table_selected(page->table);

	if (!can_fold(view, page))
		return NULL;
	if (process && process->workers && process->workers->parent)
		return process->workers;
	view_say(view, STYLE_WAITING,
		 "Only workers are folded: three or more of one name below one parent.");
	return NULL;
}

static void choose(struct view *view, const struct workers *workers, bool folded)
{
	if (workers)
		folds_choose(view->folds, folds_identity(workers), folded);
}

static void fold_toggle(struct view *view, struct page *page)
{
	choose(view, selected_group(view, page), !table_selected_folded(page->table));
}

static void fold(struct view *view, struct page *page)
{
	choose(view, selected_group(view, page), true);
}

static void unfold(struct view *view, struct page *page)
{
	choose(view, selected_group(view, page), false);
}

static void fold_all(struct view *view, struct page *page)
{
	bool folded = !folds_any(view->folds);

	if (!can_fold(view, page))
		return;
	folds_choose_all(view->folds, folded);
	view_say(view, STYLE_PLAIN, "Workers are %s.", folded ? "folded" : "shown one by one");
}

/* A search that found a folded row by one of its members goes on to that. */
static void found(struct view *view, struct page *page, const char *text)
{
	const struct process *group = table_selected(page->table);
	const struct process *member;

	if (!group || !folds_is_group(group) ||
	    table_row_has(page->table, view->config.model, group, text))
		return;
	for (member = group->workers->first; member; member = member->next_worker)
		if (table_row_has(page->table, view->config.model, member, text))
			break;
	if (!member)
		return;
	folds_choose(view->folds, table_selected_id(page->table), false);
	table_select(page->table, identity_process(member->id));
}

static const struct key keys[] = {
	{{KEY_CODE_ENTER}, "Open", "details: threads, what they wait for, objects held and used",
	 open_detail},
	{{'P'}, NULL, "sort by CPU", by_cpu},
	{{'M'}, NULL, "sort by memory", by_memory},
	{{'T'}, NULL, "sort by processor time", by_time},
	{{'e'}, NULL, "show or hide processes that ended with exit code 0", toggle_ended},
	{{'f'}, NULL, "fold or unfold the selected workers: one row or one each", fold_toggle},
	{{'-'}, NULL, "fold the selected workers", fold},
	{{'+'}, NULL, "unfold the selected workers", unfold},
	{{'F', '*'}, NULL, "fold or unfold all workers", fold_all},
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
	.process = process_rows_process,
	.found = found,
};
