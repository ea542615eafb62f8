/* SPDX-License-Identifier: BSD-2-Clause */
/* graph_words.c - the words of each line of the wait graph.  See graph_lines.h. */
#include "mpstat/model/graph_lines.h"
#include "mpstat/model/words.h"
#include "mpstat/util/fmt.h"

#define RING_NAMES 6 /* of a longer one the first are named, the others counted */

static const struct graph_node *node_of(const struct graph_line *line)
{
	return &line->lines->graph->nodes.items[line->node];
}

/* ---- titles ----------------------------------------------------------------- */

static void say_ring(struct sentence *out, const struct graph_line *line)
{
	const struct cycle *cycle = waits_cycle(line->lines->graph->model, line->count);
	const struct thread *at = cycle->first;
	bool brief = out->brief;

	out->brief = true;
	sentence_add(out, "Deadlock: ");
	for (uint32_t i = 0; i < cycle->length; i++, at = at->blocker) {
		if (i == RING_NAMES - 1 && cycle->length > RING_NAMES) {
			sentence_add(out, "%u more -> ", cycle->length - i);
			break;
		}
		words_thread(out, at);
		sentence_add(out, " -> ");
	}
	words_thread(out, cycle->first);
	out->brief = brief;
}

static void say_knot(struct sentence *out, const struct graph_line *line)
{
	const struct knot *knot = waits_knot(line->lines->graph->model, line->count);

	if (knot->count == 1)
		sentence_add(out, "Deadlock: 1 thread waits for what only itself could do");
	else
		sentence_add(out, "Deadlock: %u threads wait, each for another of them",
			     knot->count);
}

static void say_stuck(struct sentence *out, const struct graph_line *line)
{
	(void)line;
	sentence_add(out, "Stuck: nobody who could wake them can ever run");
}

static void say_waiting(struct sentence *out, const struct graph_line *line)
{
	(void)line;
	sentence_add(out, "Waiting: somebody who can run could wake them, or time will");
}

static void say_more(struct sentence *out, const struct graph_line *line)
{
	sentence_add(out, "and %u more", line->count);
}

static void say_same(struct sentence *out, const struct graph_line *line)
{
	(void)line;
	sentence_add(out, "the same as above could");
}

/* ---- waits ------------------------------------------------------------------ */

/* Who holds it is a line of its own, unless this is to be the only one. */
static void say_wait(struct sentence *out, const struct graph_line *line,
		     const struct thread *thread)
{
	const struct model *model = line->lines->graph->model;
	bool nobody = waits_for(thread) == WAIT_NOBODY;

	if (line->what == LINE_MEMBER || nobody)
		words_wait_held(out, thread);
	else
		words_wait(out, thread);
	if (!out->brief) /* then it is in a column of its own */
		words_for(out, model, thread->fact.wait_since_ns);
	words_until(out, model, thread);
	if (nobody)
		sentence_add(out, ": nobody is left who could end that");
}

static void say_thread(struct sentence *out, const struct graph_line *line)
{
	const struct thread *thread = node_of(line)->thread;

	words_thread(out, thread);
	sentence_add(out, " waits ");
	say_wait(out, line, thread);
}

/* ---- who could end a wait ---------------------------------------------------- */

static void say_members(struct sentence *out, const struct graph_line *line)
{
	const struct wait_graph *graph = line->lines->graph;
	const struct graph_edge *edge;
	uint32_t members = 0, stuck = 0;

	for (; (edge = graph_edge_of(graph, line->node, members)); members++)
		stuck += graph->nodes.items[edge->to].verdict == VERDICT_STUCK;
	if (node_of(line)->domain->fact.name[0])
		sentence_add(out, "domain `%s`", node_of(line)->domain->fact.name);
	else
		sentence_add(out, "its domain");
	sentence_add(out, ": %u process%s, %u of them stuck", members, members == 1 ? "" : "es", stuck);
}

static void say_name(struct sentence *out, const struct graph_line *line)
{
	const struct graph_node *node = node_of(line);

	if (node->what == GRAPH_DOMAIN)
		say_members(out, line);
	else if (node->what == GRAPH_OBJECT)
		words_object(out, node->object);
	else if (node->what == GRAPH_PROCESS || !node->process)
		words_process(out, node->process);
	else
		words_thread(out, node->thread);
}

/* What it does, behind its name. */
static void say_state(struct sentence *out, const struct graph_line *line)
{
	const struct graph_node *node = node_of(line);
	const char *doing = node->process ? words_doing(node->process) : NULL;

	if (line->told || line->later) {
		sentence_add(out, line->told ? " (above)" : " (below)");
	} else if (!node->lives) {
		sentence_add(out, ", which has ended");
	} else if (node->what == GRAPH_THREAD && node->verdict != VERDICT_FINE) {
		sentence_add(out, ", which waits ");
		say_wait(out, line, node->thread);
	} else if (doing && !node->edges) {
		sentence_add(out, ", which is %s", doing);
	}
}

static void say_side(struct sentence *out, const struct graph_line *line)
{
	static const char *const how[GRAPH_WHYS] = {
		[GRAPH_WAITS] = "",		   [GRAPH_CHILD] = "child ",
		[GRAPH_HELD] = "held by ",	   [GRAPH_IS] = "",
		[GRAPH_UNITS] = "some are with ",  [GRAPH_WORKER] = "served by ",
		[GRAPH_FILLS] = "could fill it: ", [GRAPH_EMPTIES] = "could empty it: ",
		[GRAPH_ANYBODY] = "anybody else in ", [GRAPH_MEMBER] = "",
		[GRAPH_RUNS] = "",
	};

	sentence_add(out, "%s", how[line->lines->graph->edges.items[line->edge].why]);
	say_name(out, line);
	say_state(out, line);
}

void graph_line_words(struct sentence *out, const struct graph_line *line)
{
	static void (*const say[])(struct sentence *, const struct graph_line *) = {
		[LINE_RING] = say_ring,	      [LINE_KNOT] = say_knot,   [LINE_STUCK] = say_stuck,
		[LINE_WAITING] = say_waiting, [LINE_WAIT] = say_thread, [LINE_MEMBER] = say_thread,
		[LINE_SIDE] = say_side,	      [LINE_MORE] = say_more,
		[LINE_SAME] = say_same,
	};

	say[line->what](out, line);
}

void graph_lines_sum(struct sentence *out, const struct graph_lines *lines)
{
	const struct wait_graph *graph = lines->graph;
	size_t blocked = graph->stuck + graph->waiting;

	if (!blocked) {
		sentence_add(out, "Nobody waits for anybody.");
		return;
	}
	sentence_add(out, "%zu thread%s wait%s: %zu stuck for ever, %zu that can be woken.",
		     blocked, blocked == 1 ? "" : "s", blocked == 1 ? "s" : "", graph->stuck,
		     graph->waiting);
	if (graph->left_out || lines->left_out)
		sentence_add(out, " Not all of it: %zu nodes or edges are left out.",
			     graph->left_out + lines->left_out);
}
