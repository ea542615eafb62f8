/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_writers.c - the list of writers of the wait graph, one row each.
 *
 * Owns: the list.  Does not own: any format.
 */
#include "mpstat/export/graph_writer.h"

extern const struct graph_writer graph_text;
extern const struct graph_writer graph_dot;
extern const struct graph_writer graph_json;

const struct graph_writer *const graph_writers[] = {&graph_text, &graph_dot, &graph_json, NULL};
