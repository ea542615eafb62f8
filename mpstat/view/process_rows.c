/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_rows.c - see process_rows.h.
 */
#include "mpstat/view/process_rows.h"

#include "mpstat/view/lives.h"
#include "mpstat/view/view_state.h"

#include <string.h>

enum style process_rows_verdict_style(const void *row)
{
	const struct process *process = row;

	if (process->verdict == VERDICT_STUCK)
		return STYLE_BAD;
	return process->verdict == VERDICT_WAITING ? STYLE_WAITING : STYLE_PLAIN;
}

enum style process_rows_style(const void *row)
{
	const struct process *process = row;

	return process->fact.ended ? STYLE_FAINT : STYLE_PLAIN;
}

enum style process_rows_name_style(const void *row)
{
	enum style style = process_rows_verdict_style(row);

	return style == STYLE_BAD ? style : STYLE_STRONG;
}

enum style process_rows_state_style(const void *row)
{
	return lives_zombie(row) ? STYLE_WAITING : STYLE_PLAIN;
}

enum style process_rows_words_style(const void *row)
{
	enum style style = process_rows_verdict_style(row);

	return style == STYLE_PLAIN ? process_rows_state_style(row) : style;
}

char process_rows_mark(const void *row)
{
	const struct process *process = row;

	return process->orphan && !process->fact.ended ? 'o' : ' ';
}

/* The column's title says "waiting for" already. */
static void add_wait(struct sentence *out, const struct table_cell *cell)
{
	const struct process *process = cell->row;
	struct value value = cell->field->get(cell->model, cell->row);
	const char *words = value.type == VALUE_TEXT ? value.u.text : "";
	const char *title = "waiting for ";

	if (!strncmp(words, title, strlen(title)))
		words += strlen(title);
	if (process->verdict == VERDICT_STUCK && !folds_is_group(process))
		sentence_add(out, "STUCK: ");
	sentence_add(out, "%s", words);
}

/* What the model has to say of a zombie or an end, or as much as fits. */
static void add_story(struct sentence *out, const struct table_cell *cell,
		      const struct canvas *canvas)
{
	const struct process *process = cell->row;

	out->brief = true;
	if (process->fact.ended)
		lives_end(out, cell->model, process);
	else if (process->story[0] && canvas_measure(canvas, process->story) <= cell->at.width)
		sentence_add(out, "%s", process->story);
	else
		lives_zombie_brief(out, cell->model, process);
}

void process_rows_draw_waiting(const struct table_cell *cell, struct canvas *canvas)
{
	const struct process *process = cell->row;
	char text[2 * FACT_TEXT_MAX];
	struct sentence out = sentence_begin(text, sizeof(text));

	if (process->fact.ended || lives_zombie(process)) {
		add_story(&out, cell, canvas);
	} else {
		add_wait(&out, cell);
		if (process->orphan) {
			sentence_add(&out, "%s", out.used ? "; " : "");
			lives_orphan_brief(&out, process);
		}
	}
	canvas_cell(canvas, cell->at, cell->style, text, CANVAS_LEFT);
}

struct process_id process_rows_process(const struct page *page, const struct view *view,
				       const void *row)
{
	const struct process *process = row;

	(void)page;
	(void)view;
	if (!process || process->fact.ended || folds_is_group(process))
		return (struct process_id){0, 0};
	return process->id;
}

static void open_detail(struct view *view, struct page *page)
{
	const struct process *process = table_selected(page->table);

	if (process)
		view_open_detail(view, screen_find("process"), identity_process(process->id));
}

const struct key process_rows_keys[] = {
	{{KEY_CODE_ENTER}, "Open", "details: its life, threads, objects held and used", open_detail},
	{{0}, NULL, NULL, NULL},
};
