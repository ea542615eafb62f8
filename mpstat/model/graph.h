/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * graph.h - the wait graph as nodes and edges, for who draws or writes it.
 *
 * Owns: which threads, processes, objects and domains are in it, and the edges between
 * them: what waits_for() says and who that is.  Does not own: verdicts (waits.c), lines
 * (graph_lines.h), formats.
 *
 * In it are the blocked threads of processes that match the filter, and all that can be
 * reached from them.  Bounded; what is left out is counted.
 */
#ifndef MPSTAT_MODEL_GRAPH_H
#define MPSTAT_MODEL_GRAPH_H

#include "mpstat/model/waits.h"

#define GRAPH_NODES 8192u
#define GRAPH_EDGES 16384u
#define GRAPH_NONE UINT32_MAX /* no node, no edge */

enum graph_what {
	GRAPH_THREAD,  /* also a process that has only this one */
	GRAPH_PROCESS, /* any thread of it */
	GRAPH_OBJECT,
	GRAPH_DOMAIN,  /* any thread of its members */
};

struct graph_node {
	enum graph_what what;
	uint32_t index; /* its own */
	/* Of a thread both; else those that `what` says. */
	const struct thread *thread;
	const struct process *process;
	const struct object *object;
	const struct domain *domain;
	enum verdict verdict; /* fine: can run, or has nobody waiting */
	bool lives;
	uint32_t ring;	      /* the first ring it is in, from 1; 0: in none */
	uint32_t first_edge, edges; /* those that begin here are neighbours */
	uint32_t ways;	      /* of an object: for which waits its edges are there already */
};

enum graph_why {
	GRAPH_WAITS,   /* from a thread, to what it waits for */
	GRAPH_CHILD,   /* from a thread that waits for the end of any child, to one */
	GRAPH_HELD,    /* from an object to its owner */
	GRAPH_IS,      /* from a thread as an object, to the thread */
	GRAPH_UNITS,   /* from an object to who has units of it out */
	GRAPH_WORKER,  /* to who serves it, or made it */
	GRAPH_FILLS,   /* to who could put something in */
	GRAPH_EMPTIES, /* to who could take something out */
	GRAPH_ANYBODY, /* from an object to its domain */
	GRAPH_MEMBER,  /* from a domain to a member */
	GRAPH_RUNS,    /* from a process to a blocked thread of it */
	GRAPH_WHYS,
};

struct graph_edge {
	uint32_t from, to; /* nodes */
	enum graph_why why;
	bool any;	   /* each such edge of the node would do alone; else all are needed */
	uint32_t ring;	   /* as of nodes */
	const struct thread *waiter; /* of GRAPH_WAITS and GRAPH_CHILD: whose wait it is */
};

struct wait_graph {
	struct {
		struct graph_node *items;
		size_t count, room;
	} nodes;
	struct {
		struct graph_edge *items; /* in the order of `from` */
		size_t count, room;
	} edges;
	uint32_t *table; /* finds a node by what it is about */
	const struct model *model;
	size_t waiting, stuck; /* threads of it that are blocked, stuck ones not among `waiting` */
	size_t left_out;       /* nodes and edges */
};

struct wait_graph *graph_new(void); /* NULL: no memory */
void graph_free(struct wait_graph *graph);

/* Makes it anew from the model as of the last tick; valid until the next. */
void graph_fill(struct wait_graph *graph, const struct model *model);

/* The node of a thread, or of a process; GRAPH_NONE: not in it. */
uint32_t graph_find(const struct wait_graph *graph, const void *about);

/* The edges that begin at a node, by number from 0; NULL beyond the last. */
const struct graph_edge *graph_edge_of(const struct wait_graph *graph, uint32_t node,
				       uint32_t number);

/* Of an edge from an object: does it say who could end the wait of this thread? */
bool graph_edge_helps(const struct graph_edge *edge, const struct thread *thread);

/* "held-by"; for formats. */
const char *graph_why_name(enum graph_why why);
const char *graph_what_name(enum graph_what what);

#endif
