/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph_lines.h - the wait graph as indented lines, for a person.
 *
 * Owns: the order (rings, knots, who is stuck behind them, who only waits), which lines
 * are below which, the words.  Does not own: nodes and edges (graph.h), wrapping, colours.
 *
 * Each blocked thread is told once, with its wait and who could end it below; wherever
 * else it would be told, it is named and said to be above or below.
 */
#ifndef MPSTAT_MODEL_GRAPH_LINES_H
#define MPSTAT_MODEL_GRAPH_LINES_H

#include "mpstat/model/graph.h"
#include "mpstat/model/sentence.h"

#define GRAPH_DEPTH 8 /* lines are no deeper below each other: what is below begins anew */
#define GRAPH_SIDES 8 /* of those who could end one wait so many are told, the others counted */
#define GRAPH_WORDS 480

enum graph_line_what {
	LINE_RING,    /* title: the ring in short */
	LINE_KNOT,    /* title */
	LINE_STUCK,   /* title of those stuck behind */
	LINE_WAITING, /* title of those that somebody could wake */
	LINE_WAIT,    /* a blocked thread and its wait, in full */
	LINE_MEMBER,  /* the same within a ring, with who holds it */
	LINE_SIDE,    /* who could end the wait above */
	LINE_MORE,    /* how many more could */
	LINE_SAME,    /* the same who could end a wait above */
};

struct graph_line {
	enum graph_line_what what;
	uint32_t above; /* the line it is below; GRAPH_NONE: of no other */
	uint8_t depth;
	uint32_t node, edge; /* GRAPH_NONE: none */
	uint32_t count;	     /* LINE_RING: its number from 0; LINE_MORE: how many */
	bool told;	     /* of LINE_SIDE: as a line of its own, above */
	bool later;	     /* the same, below */
	enum verdict verdict;
	uint64_t key[2]; /* the same line has the same at the next refresh */
	const struct graph_lines *lines;
};

struct graph_lines {
	struct wait_graph *graph; /* owned */
	struct {
		struct graph_line *items;
		size_t count, room;
	} lines;
	struct {
		uint8_t *items; /* of each node: see graph_lines.c */
		size_t room;
	} states;
	size_t left_out; /* lines, for want of memory */
};

struct graph_lines *graph_lines_new(void); /* NULL: no memory */
void graph_lines_free(struct graph_lines *lines);
/* Fills the graph, then the lines; valid until the model's next tick. */
void graph_lines_fill(struct graph_lines *lines, const struct model *model);

/* The line's words, without its indentation. */
void graph_line_words(struct sentence *out, const struct graph_line *line);

/* The thread, process and object a line is about; NULL: none. */
const struct thread *graph_line_thread(const struct graph_line *line);
const struct process *graph_line_process(const struct graph_line *line);
const struct object *graph_line_object(const struct graph_line *line);

/* "3 threads are blocked: 2 are stuck for ever, 1 can be woken." or that nobody is. */
void graph_lines_sum(struct sentence *out, const struct graph_lines *lines);

#endif
