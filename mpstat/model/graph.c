/* SPDX-License-Identifier: BSD-2-Clause */
/* graph.c - the wait graph as nodes and edges.  See graph.h. */
#include "mpstat/model/graph.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/store.h"
#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

#define TABLE (4 * GRAPH_NODES) /* a power of two, so full that a free place is near */

struct wait_graph *graph_new(void)
{
	struct wait_graph *graph = calloc(1, sizeof(*graph));

	if (graph)
		graph->table = malloc(TABLE * sizeof(*graph->table));
	if (graph && graph->table)
		return graph;
	free(graph);
	return NULL;
}

void graph_free(struct wait_graph *graph)
{
	if (!graph)
		return;
	free(graph->nodes.items);
	free(graph->edges.items);
	free(graph->table);
	free(graph);
}

/* ---- nodes ---------------------------------------------------------------- */

static const void *about_of(const struct graph_node *node)
{
	if (node->thread)
		return node->thread;
	if (node->process)
		return node->process;
	return node->object ? (const void *)node->object : node->domain;
}

/* The place of a node, or the free one where it would be. */
static uint32_t *place_of(const struct wait_graph *graph, const void *about)
{
	uint64_t hash = (uint64_t)(uintptr_t)about * 0x9e3779b97f4a7c15ull;
	uint32_t at = (uint32_t)(hash >> 32) % TABLE;

	while (graph->table[at] != GRAPH_NONE &&
	       about_of(&graph->nodes.items[graph->table[at]]) != about)
		at = (at + 1) % TABLE;
	return &graph->table[at];
}

static uint32_t obtain(struct wait_graph *graph, const struct graph_node *like)
{
	uint32_t *place = place_of(graph, about_of(like));
	struct graph_node *node;

	if (*place != GRAPH_NONE)
		return *place;
	if (graph->nodes.count >= GRAPH_NODES ||
	    VEC_RESERVE(&graph->nodes, graph->nodes.count + 1)) {
		graph->left_out++;
		return GRAPH_NONE;
	}
	*place = (uint32_t)graph->nodes.count++;
	node = &graph->nodes.items[*place];
	*node = *like;
	node->index = *place;
	return *place;
}

static uint32_t node_of_thread(struct wait_graph *graph, const struct thread *thread)
{
	struct graph_node like = {.what = GRAPH_THREAD, .thread = thread, .process = thread->process,
				  .verdict = thread->verdict};

	like.lives = !thread->fact.ended && thread->process && process_lives(thread->process);
	return obtain(graph, &like);
}

static uint32_t node_of_object(struct wait_graph *graph, const struct object *object)
{
	return obtain(graph, &(struct graph_node){.what = GRAPH_OBJECT, .object = object,
						  .verdict = object->verdict, .lives = true});
}

static uint32_t node_of_domain(struct wait_graph *graph, const struct domain *domain)
{
	bool able = domain_node_of(domain)->able;

	return obtain(graph, &(struct graph_node){.what = GRAPH_DOMAIN, .domain = domain,
						  .verdict = able ? VERDICT_FINE : VERDICT_STUCK,
						  .lives = true});
}

/* The threads of a process, whichever slots they have; NULL: none is known. */
static const struct actor *actors_of(const struct wait_graph *graph, const struct process *process)
{
	const struct process_node *node = process_node_of(process);

	return node->actors && node->first_actor < graph->model->graph.actors.count
		       ? &graph->model->graph.actors.items[node->first_actor]
		       : NULL;
}

/* Waiting: each of its threads is known, and blocked. */
static enum verdict verdict_of(const struct wait_graph *graph, const struct process *process)
{
	const struct process_node *node = process_node_of(process);
	const struct actor *actors = actors_of(graph, process);

	if (!process_lives(process) || !actors)
		return VERDICT_FINE;
	if (!node->able)
		return VERDICT_STUCK;
	for (uint32_t i = 0; i < node->actors; i++)
		if (actor_speaker(&actors[i])->verdict == VERDICT_FINE)
			return VERDICT_FINE;
	return process->fact.threads == node->actors ? VERDICT_WAITING : VERDICT_FINE;
}

/* A process of one thread is that thread. */
static uint32_t node_of_process(struct wait_graph *graph, const struct process *process)
{
	const struct actor *actors = actors_of(graph, process);
	struct graph_node like = {.what = GRAPH_PROCESS, .process = process};

	if (actors && process_node_of(process)->actors == 1 && process->fact.threads == 1)
		return node_of_thread(graph, actor_speaker(actors));
	like.verdict = verdict_of(graph, process);
	like.lives = process_lives(process);
	return obtain(graph, &like);
}

/* ---- edges ---------------------------------------------------------------- */

static void add_edge(struct wait_graph *graph, struct graph_edge edge)
{
	if (edge.to == GRAPH_NONE) /* counted when the node was left out */
		return;
	if (graph->edges.count >= GRAPH_EDGES ||
	    VEC_RESERVE(&graph->edges, graph->edges.count + 1)) {
		graph->left_out++;
		return;
	}
	graph->edges.items[graph->edges.count++] = edge;
}

static void add_any(struct wait_graph *graph, uint32_t from, uint32_t to, enum graph_why why)
{
	add_edge(graph, (struct graph_edge){.from = from, .to = to, .why = why, .any = true});
}

static void add_owner(struct wait_graph *graph, uint32_t from, const struct thread *thread,
		      const struct object *object)
{
	const struct thread *owner = object->owner;
	bool runs = kind_has(object->fact.kind, MPT_T_RUNS);
	uint32_t actor;

	if (!owner)
		return;
	actor = thread_node_of(owner)->actor;
	if (actor < graph->model->graph.actors.count)
		owner = actor_speaker(&graph->model->graph.actors.items[actor]);
	add_edge(graph, (struct graph_edge){.from = from, .to = node_of_thread(graph, owner),
					    .why = runs ? GRAPH_IS : GRAPH_HELD,
					    .any = waits_for(thread) != WAIT_OWNER});
}

static void add_holders(struct wait_graph *graph, uint32_t from, const struct thread *thread)
{
	for (const struct use *use = thread->wait_object->first_use; use; use = use->next)
		if (use->known && waits_holds(thread->wait_object, use->known))
			add_any(graph, from, node_of_process(graph, use->known), GRAPH_UNITS);
}

static void add_workers(struct wait_graph *graph, uint32_t from, const struct thread *thread)
{
	const struct process *process = NULL;

	while ((process = model_next_process(graph->model, process)))
		if (process_lives(process) && waits_served_by(thread->wait_object, process))
			add_any(graph, from, node_of_process(graph, process), GRAPH_WORKER);
}

static void add_ends(struct wait_graph *graph, uint32_t from, const struct thread *thread)
{
	bool gives = op_effect(thread->fact.wait_op) == MPT_E_GIVE;
	enum graph_why why = gives ? GRAPH_EMPTIES : GRAPH_FILLS;

	if (kind_has(thread->wait_object->fact.kind, MPT_T_HOLDERS))
		why = GRAPH_HELD;
	for (const struct use *use = thread->wait_object->first_use; use; use = use->next)
		if (use->known && waits_ends_by(thread, use))
			add_any(graph, from, node_of_process(graph, use->known), why);
}

/* Who could end the thread's wait for the object at node `from`: once for each kind of wait. */
static void add_wakers(struct wait_graph *graph, uint32_t from, const struct thread *thread,
		       const struct object *object)
{
	enum wait_for wait = waits_for(thread);
	uint32_t way = 1u << (2 * wait + (op_effect(thread->fact.wait_op) == MPT_E_GIVE));

	if (graph->nodes.items[from].ways & way)
		return;
	if (kind_has(object->fact.kind, MPT_T_OWNER) && !graph->nodes.items[from].ways)
		add_owner(graph, from, thread, object);
	graph->nodes.items[from].ways |= way;
	if (wait == WAIT_HOLDERS)
		add_holders(graph, from, thread);
	else if (wait == WAIT_WORKERS)
		add_workers(graph, from, thread);
	else if (wait == WAIT_ENDS)
		add_ends(graph, from, thread);
	else if (wait == WAIT_ANYBODY || wait == WAIT_ANY)
		add_any(graph, from, node_of_domain(graph, object->domain), GRAPH_ANYBODY);
}

/* ---- from each node ------------------------------------------------------- */

static void add_wait(struct wait_graph *graph, uint32_t from, uint32_t to, enum graph_why why)
{
	const struct thread *thread = graph->nodes.items[from].thread;

	add_edge(graph, (struct graph_edge){
		.from = from, .to = to, .why = why, .waiter = thread,
		.any = why == GRAPH_CHILD || thread->fact.wait_any.count > 1,
	});
}

static void wait_for_object(struct wait_graph *graph, uint32_t from, const struct object *object)
{
	const struct thread *thread = graph->nodes.items[from].thread;
	uint32_t to = node_of_object(graph, object);

	add_wait(graph, from, to, GRAPH_WAITS);
	if (to != GRAPH_NONE)
		add_wakers(graph, to, thread, object);
}

static void expand_thread(struct wait_graph *graph, uint32_t from)
{
	const struct thread *thread = graph->nodes.items[from].thread;
	uint32_t listed = thread_any_listed(thread);

	if (thread->verdict == VERDICT_FINE)
		return;
	for (uint32_t i = 0; i < listed; i++) {
		const struct any_of *one = &thread->wait_any[i];

		if (one->object)
			wait_for_object(graph, from, one->object);
		else if (one->process)
			add_wait(graph, from, node_of_process(graph, one->process), GRAPH_WAITS);
	}
	if (thread->fact.wait_any.count)
		return;
	if (thread->fact.wait_children) {
		for (const struct process *at = thread->process->first_child; at;
		     at = at->next_sibling)
			add_wait(graph, from, node_of_process(graph, at), GRAPH_CHILD);
	} else if (thread->wait_process) {
		add_wait(graph, from, node_of_process(graph, thread->wait_process), GRAPH_WAITS);
	} else if (thread->wait_object) {
		wait_for_object(graph, from, thread->wait_object);
	}
}

static void expand_process(struct wait_graph *graph, uint32_t from)
{
	const struct process *process = graph->nodes.items[from].process;
	const struct actor *actors = actors_of(graph, process);

	for (uint32_t i = 0; actors && i < process_node_of(process)->actors; i++) {
		const struct thread *thread = actor_speaker(&actors[i]);

		if (thread->verdict != VERDICT_FINE)
			add_any(graph, from, node_of_thread(graph, thread), GRAPH_RUNS);
	}
}

static void expand_domain(struct wait_graph *graph, uint32_t from)
{
	const struct domain *domain = graph->nodes.items[from].domain;
	const struct process *process = NULL;

	while ((process = model_next_process(graph->model, process)))
		for (struct claim *at = process_node_of(process)->claims; at; at = at->next)
			if (at->domain && &at->domain->domain == domain && process_lives(process)) {
				add_any(graph, from, node_of_process(graph, process), GRAPH_MEMBER);
				break;
			}
}

static void expand(struct wait_graph *graph)
{
	static void (*const of[])(struct wait_graph *, uint32_t) = {
		[GRAPH_THREAD] = expand_thread,
		[GRAPH_PROCESS] = expand_process,
		[GRAPH_DOMAIN] = expand_domain,
		[GRAPH_OBJECT] = NULL, /* with whoever waits for it */
	};

	for (uint32_t i = 0; i < graph->nodes.count; i++)
		if (of[graph->nodes.items[i].what])
			of[graph->nodes.items[i].what](graph, i);
}

static void collect(struct wait_graph *graph, enum verdict verdict)
{
	const struct process *process = NULL;

	while ((process = model_next_process(graph->model, process)))
		for (const struct thread *at = process->first_thread; process->matched && at;
		     at = at->next)
			if (at->verdict == verdict && !at->fact.ended)
				node_of_thread(graph, at);
}

/* ---- order, rings --------------------------------------------------------- */

static int by_from(const void *a, const void *b)
{
	const struct graph_edge *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	/* Nobody has two for the same reason. */
	return x->why != y->why ? (int)x->why - (int)y->why : (x->to > y->to) - (x->to < y->to);
}

static void sort_edges(struct wait_graph *graph)
{
	if (graph->edges.count)
		qsort(graph->edges.items, graph->edges.count, sizeof(*graph->edges.items), by_from);
	for (uint32_t i = (uint32_t)graph->edges.count; i > 0; i--) {
		struct graph_node *node = &graph->nodes.items[graph->edges.items[i - 1].from];

		node->first_edge = i - 1;
		node->edges++;
	}
}

#define WAY_MAX 4 /* thread, object, domain, process, thread */

/* Marks one way from a node to the goal that leads over no other thread; false: none does. */
static bool mark_way(struct wait_graph *graph, uint32_t at, uint32_t goal, unsigned int steps,
		     uint32_t ring)
{
	const struct graph_node *node = &graph->nodes.items[at];

	for (uint32_t i = 0; i < node->edges; i++) {
		struct graph_edge *edge = &graph->edges.items[node->first_edge + i];
		bool through = graph->nodes.items[edge->to].what != GRAPH_THREAD && steps > 1;

		if (edge->to != goal && !(through && mark_way(graph, edge->to, goal, steps - 1, ring)))
			continue;
		edge->ring = edge->ring ? edge->ring : ring;
		graph->nodes.items[at].ring = node->ring ? node->ring : ring;
		return true;
	}
	return false;
}

static void mark_ring(struct wait_graph *graph, const struct cycle *cycle, uint32_t ring)
{
	const struct thread *at = cycle->first;

	do {
		uint32_t from = graph_find(graph, at), to = graph_find(graph, at->blocker);

		if (from != GRAPH_NONE && to != GRAPH_NONE)
			mark_way(graph, from, to, WAY_MAX, ring);
		at = at->blocker;
	} while (at != cycle->first);
}

void graph_fill(struct wait_graph *graph, const struct model *model)
{
	uint32_t rings = 0; /* those of others than the targets do not count */

	graph->model = model;
	graph->nodes.count = graph->edges.count = 0;
	graph->waiting = graph->stuck = graph->left_out = 0;
	memset(graph->table, 0xff, TABLE * sizeof(*graph->table)); /* GRAPH_NONE */
	collect(graph, VERDICT_STUCK);
	collect(graph, VERDICT_WAITING);
	expand(graph);
	sort_edges(graph);
	for (size_t i = 0; i < waits_cycle_count(model); i++)
		if (graph_find(graph, waits_cycle(model, i)->first) != GRAPH_NONE)
			mark_ring(graph, waits_cycle(model, i), ++rings);
	for (size_t i = 0; i < graph->nodes.count; i++) {
		graph->stuck += graph->nodes.items[i].what == GRAPH_THREAD &&
				graph->nodes.items[i].verdict == VERDICT_STUCK;
		graph->waiting += graph->nodes.items[i].what == GRAPH_THREAD &&
				  graph->nodes.items[i].verdict == VERDICT_WAITING;
	}
}

/* ---- answers -------------------------------------------------------------- */

uint32_t graph_find(const struct wait_graph *graph, const void *about)
{
	return about ? *place_of(graph, about) : GRAPH_NONE;
}

const struct graph_edge *graph_edge_of(const struct wait_graph *graph, uint32_t node,
				       uint32_t number)
{
	const struct graph_node *from = &graph->nodes.items[node];

	return number < from->edges ? &graph->edges.items[from->first_edge + number] : NULL;
}

bool graph_edge_helps(const struct graph_edge *edge, const struct thread *thread)
{
	bool gives = op_effect(thread->fact.wait_op) == MPT_E_GIVE;

	return !(edge->why == GRAPH_FILLS && gives) && !(edge->why == GRAPH_EMPTIES && !gives);
}

const char *graph_why_name(enum graph_why why)
{
	static const char *const names[GRAPH_WHYS] = {
		[GRAPH_WAITS] = "waits-for",   [GRAPH_CHILD] = "any-child",
		[GRAPH_HELD] = "held-by",      [GRAPH_IS] = "is",
		[GRAPH_UNITS] = "units-with",  [GRAPH_WORKER] = "served-by",
		[GRAPH_FILLS] = "filled-by",   [GRAPH_EMPTIES] = "emptied-by",
		[GRAPH_ANYBODY] = "anybody",   [GRAPH_MEMBER] = "member",
		[GRAPH_RUNS] = "thread",
	};

	return names[why];
}

const char *graph_what_name(enum graph_what what)
{
	static const char *const names[] = {
		[GRAPH_THREAD] = "thread",
		[GRAPH_PROCESS] = "process",
		[GRAPH_OBJECT] = "object",
		[GRAPH_DOMAIN] = "domain",
	};

	return names[what];
}
