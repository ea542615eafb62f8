/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_lines.c - which lines there are, and in which order.  See graph_lines.h. */
#include "mpstat/model/graph_lines.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/words.h"
#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

/* Of a node. */
#define PLACED 1 /* has its place: in a ring or a knot */
#define TOLD   2 /* its own line is there */
#define WANTED 4 /* somebody blocked waits for it: no beginning of a chain */
#define SIDES  8 /* of an object: who could end a wait for something in it has been told */
#define ENDS   16 /* the same for a wait for room */

struct graph_lines *graph_lines_new(void)
{
	struct graph_lines *lines = calloc(1, sizeof(*lines));

	if (lines)
		lines->graph = graph_new();
	if (lines && lines->graph)
		return lines;
	free(lines);
	return NULL;
}

void graph_lines_free(struct graph_lines *lines)
{
	if (!lines)
		return;
	graph_free(lines->graph);
	free(lines->lines.items);
	free(lines->states.items);
	free(lines);
}

static const struct graph_node *node_at(const struct graph_lines *lines, uint32_t node)
{
	return &lines->graph->nodes.items[node];
}

/* ---- one line -------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * 1099511628211u;
}

/* What the line is about, and below what. */
static void set_key(const struct graph_lines *lines, struct graph_line *line)
{
	const struct graph_line *above =
		line->above == GRAPH_NONE ? NULL : &lines->lines.items[line->above];
	uint64_t hash = mix(mix(1469598103934665603u, line->what), above ? above->key[1] : 0);

	line->key[0] = (uint64_t)line->what + 1;
	if (line->what == LINE_RING || line->what == LINE_KNOT)
		hash = mix(hash, line->count);
	if (line->node != GRAPH_NONE) {
		const struct graph_node *node = node_at(lines, line->node);

		hash = mix(hash, node->what);
		hash = mix(mix(hash, node->process ? node->process->id.pid : 0),
			   node->process ? node->process->id.start : 0);
		hash = mix(hash, node->thread ? node->thread->fact.tid : 0);
		hash = mix(mix(hash, node->object ? node->object->id.domain : 0),
			   node->object ? node->object->id.slot : 0);
		hash = mix(hash, node->domain ? node->domain->id : 0);
	}
	if (line->edge != GRAPH_NONE)
		hash = mix(hash, lines->graph->edges.items[line->edge].why);
	line->key[1] = hash;
}

/* Its number; GRAPH_NONE: no memory. */
static uint32_t add_line(struct graph_lines *lines, struct graph_line line)
{
	if (VEC_RESERVE(&lines->lines, lines->lines.count + 1)) {
		lines->left_out++;
		return GRAPH_NONE;
	}
	line.lines = lines;
	line.depth = line.above == GRAPH_NONE
			     ? 0
			     : (uint8_t)(lines->lines.items[line.above].depth + 1);
	set_key(lines, &line);
	lines->lines.items[lines->lines.count] = line;
	return (uint32_t)lines->lines.count++;
}

static uint32_t add_title(struct graph_lines *lines, enum graph_line_what what, uint32_t number)
{
	return add_line(lines, (struct graph_line){
		.what = what, .above = GRAPH_NONE, .node = GRAPH_NONE, .edge = GRAPH_NONE,
		.count = number,
		.verdict = what == LINE_WAITING ? VERDICT_WAITING : VERDICT_STUCK,
	});
}

/* ---- below a thread -------------------------------------------------------- */

static bool is_blocked(const struct graph_node *node)
{
	return node->what == GRAPH_THREAD && node->verdict != VERDICT_FINE;
}

static void tell_sides(struct graph_lines *lines, uint32_t above, uint32_t node,
		       const struct thread *thread);

static bool is_deep(const struct graph_lines *lines, uint32_t line)
{
	return line == GRAPH_NONE || lines->lines.items[line].depth + 1 >= GRAPH_DEPTH;
}

/* Those who could end the wait for an object: several of them once. */
static void tell_object(struct graph_lines *lines, uint32_t line, uint32_t node,
			const struct thread *thread)
{
	uint8_t bit = op_effect(thread->fact.wait_op) == MPT_E_GIVE ? ENDS : SIDES;

	if (node_at(lines, node)->edges > 1 && lines->states.items[node] & bit) {
		add_line(lines, (struct graph_line){.what = LINE_SAME, .above = line,
						    .node = GRAPH_NONE, .edge = GRAPH_NONE});
		return;
	}
	lines->states.items[node] |= bit;
	tell_sides(lines, line, node, thread);
}

/* Below its line: who could end the thread's wait. */
static void tell_below(struct graph_lines *lines, uint32_t line, uint32_t node)
{
	const struct thread *thread = node_at(lines, node)->thread;
	const struct graph_edge *edge = graph_edge_of(lines->graph, node, 0);

	if (!edge || is_deep(lines, line))
		return;
	/* It waits for one object: that is said with the thread. */
	if (node_at(lines, node)->edges == 1 &&
	    node_at(lines, edge->to)->what == GRAPH_OBJECT)
		tell_object(lines, line, edge->to, thread);
	else
		tell_sides(lines, line, node, thread);
}

static void tell_side(struct graph_lines *lines, uint32_t above, const struct graph_edge *edge,
		      const struct thread *thread)
{
	const struct graph_node *node = node_at(lines, edge->to);
	uint8_t *state = &lines->states.items[edge->to];
	bool here = is_blocked(node) && !(*state & (PLACED | TOLD)) && !is_deep(lines, above) &&
		    lines->lines.items[above].depth + 2 < GRAPH_DEPTH;
	uint32_t line;

	line = add_line(lines, (struct graph_line){
		.what = LINE_SIDE, .above = above, .node = edge->to,
		.edge = (uint32_t)(edge - lines->graph->edges.items),
		.told = is_blocked(node) && *state & TOLD,
		.later = is_blocked(node) && !here && !(*state & TOLD),
		.verdict = node->verdict,
	});
	if (line == GRAPH_NONE)
		return;
	if (here) {
		*state |= TOLD;
		tell_below(lines, line, edge->to);
	} else if (node->what == GRAPH_OBJECT && !is_deep(lines, line)) {
		tell_object(lines, line, edge->to, thread);
	} else if (node->what == GRAPH_PROCESS && !is_deep(lines, line)) {
		tell_sides(lines, line, edge->to, thread);
	}
}

/* The edges of a node as lines: of an object those that help this thread. */
static void tell_sides(struct graph_lines *lines, uint32_t above, uint32_t node,
		       const struct thread *thread)
{
	const struct graph_edge *edge;
	uint32_t told = 0, more = 0;

	for (uint32_t i = 0; (edge = graph_edge_of(lines->graph, node, i)); i++) {
		if (!graph_edge_helps(edge, thread))
			continue;
		if (told++ < GRAPH_SIDES)
			tell_side(lines, above, edge, thread);
		else
			more++;
	}
	if (more)
		add_line(lines, (struct graph_line){.what = LINE_MORE, .above = above,
						    .node = GRAPH_NONE, .edge = GRAPH_NONE,
						    .count = more});
}

/* ---- the parts ------------------------------------------------------------- */

static uint32_t tell_thread(struct graph_lines *lines, enum graph_line_what what, uint32_t above,
			    uint32_t node)
{
	lines->states.items[node] |= TOLD;
	return add_line(lines, (struct graph_line){.what = what, .above = above, .node = node,
						   .edge = GRAPH_NONE,
						   .verdict = node_at(lines, node)->verdict});
}

/* Does the thread's own line say who has to run? */
static bool names_blocker(const struct thread *thread)
{
	return words_is_held(thread) ||
	       (waits_for(thread) == WAIT_PROCESS && thread->wait_process->fact.threads == 1);
}

static void place_ring(struct graph_lines *lines, const struct cycle *cycle)
{
	const struct thread *at = cycle->first;

	do {
		uint32_t node = graph_find(lines->graph, at);

		if (node != GRAPH_NONE)
			lines->states.items[node] |= PLACED;
		at = at->blocker;
	} while (at != cycle->first);
}

static void tell_ring(struct graph_lines *lines, const struct cycle *cycle, uint32_t number)
{
	const struct thread *at = cycle->first;
	uint32_t title;

	/* A ring of others than the targets. */
	if (graph_find(lines->graph, at) == GRAPH_NONE)
		return;
	title = add_title(lines, LINE_RING, number);
	do {
		uint32_t node = graph_find(lines->graph, at), line;

		if (node != GRAPH_NONE && title != GRAPH_NONE) {
			line = tell_thread(lines, LINE_MEMBER, title, node);
			if (line != GRAPH_NONE && !names_blocker(at))
				tell_below(lines, line, node);
		}
		at = at->blocker;
	} while (at != cycle->first);
}

static void place_knot(struct graph_lines *lines, const struct knot *knot)
{
	for (const struct thread *at = knot->first; at;
	     at = waits_knot_next(lines->graph->model, at)) {
		uint32_t node = graph_find(lines->graph, at);

		if (node != GRAPH_NONE)
			lines->states.items[node] |= PLACED;
	}
}

static void tell_knot(struct graph_lines *lines, const struct knot *knot, uint32_t number)
{
	uint32_t title = GRAPH_NONE;

	for (const struct thread *at = knot->first; at;
	     at = waits_knot_next(lines->graph->model, at)) {
		uint32_t node = graph_find(lines->graph, at), line;

		if (node == GRAPH_NONE)
			continue;
		if (title == GRAPH_NONE)
			title = add_title(lines, LINE_KNOT, number);
		if (title == GRAPH_NONE)
			return;
		line = tell_thread(lines, LINE_WAIT, title, node);
		if (line != GRAPH_NONE)
			tell_below(lines, line, node);
	}
}

/* What is asked of anybody begins no less for it. */
static void find_wanted(struct graph_lines *lines)
{
	const struct wait_graph *graph = lines->graph;

	for (size_t i = 0; i < graph->edges.count; i++) {
		const struct graph_edge *edge = &graph->edges.items[i];

		if (edge->why != GRAPH_MEMBER)
			lines->states.items[edge->to] |= WANTED;
	}
}

/* The blocked that are in no line yet: first where chains begin, then whoever is left. */
static void tell_rest(struct graph_lines *lines, enum graph_line_what title, enum verdict verdict)
{
	uint32_t above = GRAPH_NONE;

	for (int wanted = 0; wanted <= WANTED; wanted += WANTED) {
		for (uint32_t i = 0; i < lines->graph->nodes.count; i++) {
			uint8_t state = lines->states.items[i];
			uint32_t line;

			if (!is_blocked(node_at(lines, i)) || state & (TOLD | PLACED) ||
			    node_at(lines, i)->verdict != verdict || (state & WANTED) > wanted)
				continue;
			if (above == GRAPH_NONE)
				above = add_title(lines, title, 0);
			if (above == GRAPH_NONE)
				return;
			line = tell_thread(lines, LINE_WAIT, above, i);
			if (line != GRAPH_NONE)
				tell_below(lines, line, i);
		}
	}
}

void graph_lines_fill(struct graph_lines *lines, const struct model *model)
{
	lines->lines.count = lines->left_out = 0;
	graph_fill(lines->graph, model);
	if (vec_reserve((void **)&lines->states.items, &lines->states.room,
			lines->graph->nodes.count + 1, 1)) {
		lines->left_out = lines->graph->nodes.count;
		return;
	}
	memset(lines->states.items, 0, lines->graph->nodes.count + 1);
	for (size_t i = 0; i < waits_cycle_count(model); i++)
		place_ring(lines, waits_cycle(model, i));
	for (size_t i = 0; i < waits_knot_count(model); i++)
		place_knot(lines, waits_knot(model, i));
	for (size_t i = 0; i < waits_cycle_count(model); i++)
		tell_ring(lines, waits_cycle(model, i), (uint32_t)i);
	for (size_t i = 0; i < waits_knot_count(model); i++)
		tell_knot(lines, waits_knot(model, i), (uint32_t)i);
	find_wanted(lines);
	tell_rest(lines, LINE_STUCK, VERDICT_STUCK);
	tell_rest(lines, LINE_WAITING, VERDICT_WAITING);
}

/* ---- answers ---------------------------------------------------------------- */

static const struct graph_node *about(const struct graph_line *line)
{
	return line->node == GRAPH_NONE ? NULL : node_at(line->lines, line->node);
}

const struct thread *graph_line_thread(const struct graph_line *line)
{
	return about(line) ? about(line)->thread : NULL;
}

const struct process *graph_line_process(const struct graph_line *line)
{
	if (line->what == LINE_RING) {
		const struct model *model = line->lines->graph->model;

		return waits_cycle(model, line->count)->first->process;
	}
	return about(line) ? about(line)->process : NULL;
}

const struct object *graph_line_object(const struct graph_line *line)
{
	const struct thread *thread = graph_line_thread(line);

	if (thread)
		return thread->verdict != VERDICT_FINE ? thread->wait_object : NULL;
	return about(line) ? about(line)->object : NULL;
}
