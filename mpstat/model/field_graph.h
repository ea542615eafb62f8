/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * field_graph.h - how the rows of fields_graph.def make their values.
 *
 * Owns: what of a node, an edge or a line is a value.  Texts as in field_value.h.
 */
#ifndef MPSTAT_MODEL_FIELD_GRAPH_H
#define MPSTAT_MODEL_FIELD_GRAPH_H

#include "mpstat/model/field_value.h"
#include "mpstat/model/graph_lines.h"

struct value v_node_id(const struct model *m, uint32_t node); /* "n3" */
struct value v_node_name(const struct graph_node *n);
struct value v_node_verdict(const struct graph_node *n);
struct value v_node_depth(const struct graph_node *n);
struct value v_line_words(const struct model *m, const struct graph_line *l);

/* The thread that waits, or NULL. */
const struct thread *node_waiter(const struct graph_node *n);
const struct thread *line_waiter(const struct graph_line *l);

#endif
