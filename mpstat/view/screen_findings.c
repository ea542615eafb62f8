/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_findings.c - what the detectors say: a list, and the selected one in full.
 */
#include "mpstat/model/finding.h"
#include "mpstat/view/process_rows.h"
#include "mpstat/view/story.h"
#include "mpstat/view/view_state.h"

#include <string.h>

static enum style style_of(const void *row)
{
	const struct finding *finding = row;

	return finding->severity == SEVERITY_PROBLEM ? STYLE_BAD : STYLE_WAITING;
}

static const struct table_column columns[] = {
	{.key = "severity", .style = style_of},
	{.key = "age_ns", .drop = 1},
	{.key = "detector", .drop = 2},
	{.key = "sentence", .width = 56},
	{.key = NULL},
};

static const struct table_spec spec = {.entity = ENTITY_FINDING, .columns = columns};

/* Sentences contain numbers that change: a finding is the same while it is about
 * the same processes and objects. */
static struct identity identity_of(const struct finding *finding)
{
	uint64_t hash = 1469598103934665603u;

	for (size_t i = 0; i < finding->process_count && i < FINDING_EVIDENCE; i++)
		hash = (hash ^ finding->processes[i].pid) * 1099511628211u;
	for (size_t i = 0; i < finding->object_count && i < FINDING_EVIDENCE; i++)
		hash = (hash ^ finding->objects[i].slot) * 1099511628211u;
	return (struct identity){(uintptr_t)finding->detector, hash};
}

static void explain(struct page *page, const struct view *view)
{
	page->empty = true;
	pane_text(page->pane, STYLE_GOOD, 2, "No problem found.");
	pane_text(page->pane, STYLE_PLAIN, 2,
		  "Looked at %zu processes and %zu objects: nobody waits for somebody who can never "
		  "come.",
		  view->summary.processes, view->summary.objects);
}

static void tell_one(struct pane *pane, const struct finding *finding)
{
	pane_gap(pane);
	story_finding(pane, finding);
}

static void tell_all(struct page *page, const struct model *model)
{
	for (size_t i = 0; i < model_finding_count(model); i++)
		tell_one(page->pane, model_finding(model, i));
}

static void update(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	const struct finding *selected;

	table_begin(page->table);
	if (page->print) {
		tell_all(page, model);
	} else {
		for (size_t i = 0; i < model_finding_count(model); i++)
			table_add(page->table, identity_of(model_finding(model, i)),
				  (struct identity){0, 0}, model_finding(model, i));
	}
	table_end(page->table, model);
	selected = table_selected(page->table);
	if (selected)
		story_finding(page->pane, selected);
	else if (model_finding_count(model) == 0)
		explain(page, view);
	if (model_findings_left_out(model))
		pane_text(page->pane, STYLE_BAD, 0, "%zu more findings are not kept.",
			  model_findings_left_out(model));
}

static void open_detail(struct view *view, struct page *page)
{
	const struct finding *finding = table_selected(page->table);

	if (finding)
		view_open_detail(view, screen_find("finding"), identity_of(finding));
}

static const struct key keys[] = {
	{{KEY_CODE_ENTER}, "Open", "the finding in full, with everybody it is about", open_detail},
	{{0}, NULL, NULL, NULL},
};

const struct screen screen_findings = {
	.name = "findings",
	.title = "Findings",
	.key = '4',
	.help = "Deadlocks and other problems: what, the evidence, what to do.",
	.table = &spec,
	.keys = keys,
	.update = update,
};

/* ---- one finding -------------------------------------------------------- */

static const struct finding *find(const struct model *model, struct identity subject)
{
	for (size_t i = 0; i < model_finding_count(model); i++) {
		struct identity id = identity_of(model_finding(model, i));

		if (id.a == subject.a && id.b == subject.b)
			return model_finding(model, i);
	}
	return NULL;
}

static const struct table_column member_columns[] = {
	{.key = "pid"},
	{.key = "name", .grow = 16, .style = process_rows_name_style},
	{.key = "waiting_for", .width = 40, .style = process_rows_words_style,
	 .draw = process_rows_draw_waiting},
	{.key = NULL},
};

static const struct table_spec member_spec = {.entity = ENTITY_PROCESS, .columns = member_columns};

/* Those that the finding is about; who has ended is in the evidence. */
static void fill_members(struct table *table, const struct model *model,
			 const struct finding *finding)
{
	for (size_t i = 0; i < finding->process_count && i < FINDING_EVIDENCE; i++) {
		const struct process *process = model_find_pid(model, finding->processes[i].pid);

		if (process && process->id.start == finding->processes[i].start)
			table_add(table, identity_process(process->id), (struct identity){0, 0},
				  process);
	}
}

static void update_one(struct page *page, const struct view *view)
{
	const struct model *model = view->config.model;
	const struct finding *finding = find(model, page->subject);

	table_begin(page->table);
	if (finding)
		fill_members(page->table, model, finding);
	table_end(page->table, model);
	if (!finding) {
		pane_text(page->pane, STYLE_GOOD, 2, "This is no longer so.");
		pane_text(page->pane, STYLE_PLAIN, 2, "Esc goes back to the list.");
		return;
	}
	snprintf(page->title, sizeof(page->title), "%s", finding->detector->name);
	story_finding(page->pane, finding);
	pane_section(page->pane, "Detector");
	pane_pair(page->pane, finding->detector->name, STYLE_PLAIN, "%s", finding->detector->help);
}

const struct screen screen_finding = {
	.name = "finding",
	.title = "Finding",
	.help = "One finding in full, and the processes it is about: Enter opens one.",
	.table = &member_spec,
	.keys = process_rows_keys,
	.update = update_one,
	.process = process_rows_process,
};
