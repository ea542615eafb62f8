/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_json.c - the wait graph as one document: nodes, edges, rings.
 *
 * Owns: the document's members.  Does not own: values (doc.h), keys of rows (model/field.h).
 */
#include "mpstat/export/export_json.h"
#include "mpstat/export/graph_writer.h"

/* The rings as the names of their threads' nodes. */
static void put_rings(struct doc *doc, const struct wait_graph *graph)
{
	doc_array(doc, "rings");
	for (size_t i = 0; i < waits_cycle_count(graph->model); i++) {
		const struct thread *first = waits_cycle(graph->model, i)->first, *at = first;

		if (graph_find(graph, first) == GRAPH_NONE)
			continue; /* of others than the targets */
		doc_array(doc, NULL);
		do {
			uint32_t node = graph_find(graph, at);
			char name[16];

			snprintf(name, sizeof(name), "n%u", node);
			if (node != GRAPH_NONE)
				doc_text(doc, NULL, name);
			at = at->blocker;
		} while (at != first);
		doc_close(doc);
	}
	doc_close(doc);
}

static int write_json(FILE *out, const struct export_about *about, const struct graph_lines *lines,
		      struct err *err)
{
	const struct wait_graph *graph = lines->graph;
	struct doc doc;

	doc_begin(&doc, out, true, err);
	export_json_head(&doc, "mptrace.graph/1", about);
	doc_u64(&doc, "stuck", graph->stuck);
	doc_u64(&doc, "waiting", graph->waiting);
	put_rings(&doc, graph);
	doc_array(&doc, "nodes");
	for (size_t i = 0; i < graph->nodes.count; i++)
		doc_row(&doc, about->model, ENTITY_NODE, &graph->nodes.items[i]);
	doc_close(&doc);
	doc_array(&doc, "edges");
	for (size_t i = 0; i < graph->edges.count; i++)
		doc_row(&doc, about->model, ENTITY_EDGE, &graph->edges.items[i]);
	doc_close(&doc);
	doc_u64(&doc, "left_out", graph->left_out);
	export_json_sources(&doc, about->model);
	export_json_losses(&doc, about->model);
	return doc_end(&doc);
}

const struct graph_writer graph_json = {.name = "json", .write = write_json};
