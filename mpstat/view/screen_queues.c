/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_queues.c - every object that holds units: queues, pipes, sockets, the tasks of
 * pools and whatever kind comes later with a depth.
 */
#include "mpstat/model/kind.h"
#include "mpstat/view/object_rows.h"
#include "mpstat/view/view_state.h"

#include <math.h>
#include <stdio.h>

#define NEARLY_FULL 0.8
#define LEAST_BAR 4 /* columns below which only the numbers are shown */

static double number_of(const struct value *value)
{
	if (value->type == VALUE_U64)
		return (double)value->u.u64;
	return value->type == VALUE_F64 ? value->u.f64 : NAN;
}

/* "3 of 4 busy", left of the tasks that wait. */
static void draw_workers(const struct table_cell *cell, struct canvas *canvas)
{
	struct value state = field_find(ENTITY_OBJECT, "state")->get(cell->model, cell->row);

	if (state.type == VALUE_TEXT)
		canvas_cell(canvas, cell->at, STYLE_FAINT, state.u.text, CANVAS_LEFT);
}

/* "[#####   ] 8/10"; a queue without bound has no bar. */
static void draw_depth(const struct table_cell *cell, struct canvas *canvas)
{
	const struct field *capacity_field = field_find(ENTITY_OBJECT, "capacity");
	struct value depth = cell->field->get(cell->model, cell->row), capacity;
	char depth_text[32], capacity_text[32] = "-", text[80];
	struct rect at = cell->at;
	enum style style = cell->style == STYLE_PLAIN ? STYLE_BAR : cell->style;
	double part;

	capacity = capacity_field ? capacity_field->get(cell->model, cell->row)
				  : (struct value){.type = VALUE_NONE};
	field_text(cell->field, &depth, depth_text, sizeof(depth_text));
	if (!(number_of(&capacity) > 0)) {
		draw_workers(cell, canvas);
		at.x += at.width - canvas_measure(canvas, depth_text);
		at.width = canvas_measure(canvas, depth_text);
		canvas_cell(canvas, at, cell->style, depth_text, CANVAS_RIGHT);
		return;
	}
	field_text(capacity_field, &capacity, capacity_text, sizeof(capacity_text));
	snprintf(text, sizeof(text), "%s/%s", depth_text, capacity_text);
	canvas_cell(canvas, at, cell->style, text, CANVAS_RIGHT);
	at.width -= canvas_measure(canvas, text) + 3;
	if (at.width < LEAST_BAR)
		return;
	part = number_of(&depth) / number_of(&capacity);
	if (style == STYLE_BAR && part >= NEARLY_FULL)
		style = STYLE_WAITING;
	canvas_text(canvas, at.x, at.y, cell->style, "[");
	canvas_bar(canvas, (struct rect){at.x + 1, at.y, at.width, 1}, style, part);
	canvas_text(canvas, at.x + 1 + at.width, at.y, cell->style, "]");
}

static const struct table_column columns[] = {
	{.key = "name", .grow = 20, .style = object_rows_name_style},
	{.key = "domain", .drop = 10},
	{.key = "kind", .drop = 5},
	{.key = "depth", .title = "DEPTH", .width = 18, .grow = 8, .draw = draw_depth},
	{.key = "put_per_s"},
	{.key = "get_per_s"},
	{.key = "blocked_producers", .style = object_rows_give_style},
	{.key = "blocked_consumers", .style = object_rows_take_style},
	{.key = "oldest_age_ns", .drop = 2},
	{.key = "unfinished", .drop = 11},
	{.key = "lost", .drop = 3, .style = object_rows_lost_style},
	{.key = "tasks_done", .drop = 13},
	{.key = "tasks_failed", .drop = 14},
	{.key = "puts", .drop = 6},
	{.key = "gets", .drop = 7},
	{.key = "put_wait_p99_ns", .drop = 8},
	{.key = "get_wait_p99_ns", .drop = 9},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_OBJECT,
	.columns = columns,
	.style = object_rows_style,
};

static void update(struct page *page, const struct view *view)
{
	object_rows_fill(page, view, MPT_T_DEPTH,
			 "No queue, pipe, socket or pool is open, or waited for, in what is shown.");
}

const struct screen screen_queues = {
	.name = "queues",
	.title = "Queues",
	.key = '2',
	.help = "Queues, pipes, sockets, pools: how full, how fast, who is blocked at them.",
	.table = &spec,
	.keys = object_rows_keys,
	.update = update,
};
