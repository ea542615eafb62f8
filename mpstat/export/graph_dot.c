/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_dot.c - the wait graph in the language of graphviz.
 *
 * Owns: quoting, shapes, colours, a box around the threads of a process.  Does not own:
 * nodes and edges (model/graph.h).
 */
#include "mpstat/export/graph_writer.h"
#include "mpstat/model/kind.h"
#include "mpstat/model/ledger.h"
#include "mpstat/model/words.h"
#include "mpstat/util/fmt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Within "": graphviz takes \ for escapes and & for entities. */
static void put_quoted(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '&')
			fputs("&amp;", out);
		else if (*text == '"' || *text == '\\')
			fprintf(out, "\\%c", *text);
		else
			fputc(*text, out);
	}
}

static const char *colour_of(const struct graph_node *node)
{
	static const char *const colours[] = {
		[VERDICT_FINE] = "white", [VERDICT_WAITING] = "orange", [VERDICT_STUCK] = "tomato"};

	return node->lives ? colours[node->verdict] : "lightgrey";
}

/* ---- nodes ---------------------------------------------------------------- */

static void put_wait(FILE *out, const struct model *model, const struct thread *thread)
{
	char text[KIND_NAME_MAX], since[FMT_MAX];
	uint64_t age = words_age(model, thread->fact.wait_since_ns);

	if (thread->verdict == VERDICT_FINE)
		return;
	fputs("\\nin ", out);
	put_quoted(out, op_write(thread->fact.wait_op, text, sizeof(text)));
	if (age)
		fprintf(out, " for %s", fmt_ns(since, sizeof(since), age));
}

static void put_thread(FILE *out, const struct model *model, const struct graph_node *node)
{
	const struct thread *thread = node->thread;

	put_quoted(out, thread->fact.name[0]	 ? thread->fact.name
			: thread->process	 ? thread->process->fact.name
						 : "");
	fprintf(out, "\\ntid %u", thread->fact.tid);
	put_wait(out, model, thread);
}

static void put_process(FILE *out, const struct model *model, const struct graph_node *node)
{
	(void)model;
	(void)node;
	fputs("any thread", out);
}

static void put_object(FILE *out, const struct model *model, const struct graph_node *node)
{
	const struct fact_object *fact = &node->object->fact;
	char kind[KIND_NAME_MAX];

	(void)model;
	put_quoted(out, kind_name(fact->kind, kind, sizeof(kind)));
	fputs("\\n", out);
	if (fact->name[0])
		put_quoted(out, fact->name);
	else
		fprintf(out, "#%u", node->object->id.slot);
	if (!kind_has(fact->kind, MPT_T_DEPTH))
		return;
	fprintf(out, "\\n%" PRIu64, ledger_depth(node->object));
	if (fact->capacity)
		fprintf(out, " of %" PRIu64, fact->capacity);
	fputs(" in it", out);
}

static void put_domain(FILE *out, const struct model *model, const struct graph_node *node)
{
	(void)model;
	fputs("anybody of\\n", out);
	put_quoted(out, node->domain->fact.name);
}

static void put_node(FILE *out, const struct model *model, const struct graph_node *node)
{
	static const struct {
		const char *shape;
		void (*put)(FILE *out, const struct model *model, const struct graph_node *node);
	} looks[] = {
		[GRAPH_THREAD] = {"box", put_thread},
		[GRAPH_PROCESS] = {"box", put_process},
		[GRAPH_OBJECT] = {"ellipse", put_object},
		[GRAPH_DOMAIN] = {"hexagon", put_domain},
	};

	fprintf(out, "n%u [shape=%s, fillcolor=%s, label=\"", node->index, looks[node->what].shape,
		colour_of(node));
	looks[node->what].put(out, model, node);
	fputs("\"];\n", out);
}

/* All of one process; `done` says which nodes are written. */
static void put_cluster(FILE *out, const struct wait_graph *graph, uint32_t first, bool *done)
{
	const struct process *process = graph->nodes.items[first].process;

	fprintf(out, "  subgraph cluster_%u {\n    label=\"", first);
	put_quoted(out, process->fact.name);
	fprintf(out, " (pid %u)\";\n", process->id.pid);
	for (uint32_t i = first; i < graph->nodes.count; i++) {
		if (done[i] || graph->nodes.items[i].process != process)
			continue;
		done[i] = true;
		fputs("    ", out);
		put_node(out, graph->model, &graph->nodes.items[i]);
	}
	fputs("  }\n", out);
}

static void put_nodes(FILE *out, const struct wait_graph *graph, bool *done)
{
	for (uint32_t i = 0; i < graph->nodes.count; i++) {
		if (done[i])
			continue;
		if (graph->nodes.items[i].process) {
			put_cluster(out, graph, i, done);
			continue;
		}
		fputs("  ", out);
		put_node(out, graph->model, &graph->nodes.items[i]);
	}
}

/* ---- edges ---------------------------------------------------------------- */

/* Dashed: one of several would do. */
static void put_edge(FILE *out, const struct graph_edge *edge)
{
	fprintf(out, "  n%u -> n%u [label=\"%s\"", edge->from, edge->to, graph_why_name(edge->why));
	if (edge->any)
		fputs(", style=dashed", out);
	if (edge->ring)
		fputs(", color=red, penwidth=2", out);
	fputs("];\n", out);
}

static int write_dot(FILE *out, const struct export_about *about, const struct graph_lines *lines,
		     struct err *err)
{
	const struct wait_graph *graph = lines->graph;
	bool *done = calloc(graph->nodes.count + 1, sizeof(*done));
	char text[GRAPH_WORDS];
	struct sentence sum = sentence_begin(text, sizeof(text));

	(void)about;
	if (!done)
		return err_set(err, -ENOMEM, "no memory to write the graph");
	graph_lines_sum(&sum, lines);
	fputs("digraph waits {\n  node [style=filled];\n  label=\"", out);
	put_quoted(out, text);
	fputs("\";\n", out);
	put_nodes(out, graph, done);
	for (size_t i = 0; i < graph->edges.count; i++)
		put_edge(out, &graph->edges.items[i]);
	fputs("}\n", out);
	free(done);
	return 0;
}

const struct graph_writer graph_dot = {.name = "dot", .write = write_dot};
