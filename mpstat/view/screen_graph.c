/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screen_graph.c - who waits for whom: rings first, then who is stuck behind, then who
 * only waits; below each wait who could end it.
 */
#include "mpstat/model/graph_lines.h"
#include "mpstat/view/view_state.h"

static enum style style_of(const void *row)
{
	static const enum style styles[] = {[VERDICT_FINE] = STYLE_PLAIN,
					    [VERDICT_WAITING] = STYLE_WAITING,
					    [VERDICT_STUCK] = STYLE_BAD};
	const struct graph_line *line = row;

	return styles[line->verdict];
}

static const struct table_column columns[] = {
	{.key = "wait_ns"},
	{.key = "words", .width = 60, .style = style_of},
	{.key = NULL},
};

static const struct table_spec spec = {
	.entity = ENTITY_LINE,
	.columns = columns,
	.tree = "words",
};

static struct identity identity_of(const struct graph_lines *lines, uint32_t line)
{
	if (line == GRAPH_NONE)
		return (struct identity){0, 0};
	return (struct identity){lines->lines.items[line].key[0], lines->lines.items[line].key[1]};
}

static void explain(struct page *page, const struct graph_lines *lines)
{
	char text[GRAPH_WORDS];
	struct sentence out = sentence_begin(text, sizeof(text));

	graph_lines_sum(&out, lines);
	if (!lines->lines.count) {
		page->empty = true;
		pane_text(page->pane, STYLE_GOOD, 2, "%s", text);
		pane_text(page->pane, STYLE_PLAIN, 2,
			  "Here you see who waits for what, and who could end it, of any program: "
			  "locks, pipes, sockets, queues, children.");
	} else if (lines->left_out || lines->graph->left_out) {
		pane_text(page->pane, STYLE_BAD, 0, "%s", text);
	}
}

static void update(struct page *page, const struct view *view)
{
	struct graph_lines *lines = view->graph;

	graph_lines_fill(lines, view->config.model);
	table_begin(page->table);
	for (uint32_t i = 0; i < lines->lines.count; i++)
		table_add(page->table, identity_of(lines, i),
			  identity_of(lines, lines->lines.items[i].above), &lines->lines.items[i]);
	table_end(page->table, view->config.model);
	explain(page, lines);
}

static struct process_id process_of(const struct page *page, const struct view *view,
				    const void *row)
{
	const struct process *process = row ? graph_line_process(row) : NULL;

	(void)page;
	(void)view;
	return process && !process->fact.ended ? process->id : (struct process_id){0, 0};
}

static void open_object(struct view *view, struct page *page)
{
	const struct graph_line *line = table_selected(page->table);
	const struct object *object = line ? graph_line_object(line) : NULL;

	if (object)
		view_open_detail(view, screen_find("object"), identity_object(object->id));
}

static void open_detail(struct view *view, struct page *page)
{
	const struct graph_line *line = table_selected(page->table);
	const struct process *process = line ? graph_line_process(line) : NULL;

	if (process)
		view_open_detail(view, screen_find("process"), identity_process(process->id));
	else
		open_object(view, page);
}

static const struct key keys[] = {
	{{KEY_CODE_ENTER}, "Open", "the process that waits, or that could wake", open_detail},
	{{'o'}, "Object", "the object that the thread of this row waits for", open_object},
	{{0}, NULL, NULL, NULL},
};

const struct screen screen_graph = {
	.name = "graph",
	.title = "Graph",
	.key = '7',
	.on_request = true,
	.help = "Who waits for whom: rings first, and below each wait who could end it.",
	.table = &spec,
	.keys = keys,
	.update = update,
	.process = process_of,
};
