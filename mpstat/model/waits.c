/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits.c - the wait-for graph: who can run, and who never will.
 *
 * An actor is a thread of the operating system.  It can run when it is not
 * blocked in an object, when its wait has a deadline or is over, or when we do not
 * understand the wait (never guessed).  Else somebody has to run first:
 *
 *   owner kinds       the owner (its thread, wherever it is); of a plain lock that the
 *                     waiting thread has itself, any thread of any member
 *   a process         any thread of that process
 *   units             any thread of a process that has some out, as long as living
 *                     processes account for all that are out and holders were seen to
 *                     give back what they had, and nobody else; else as below
 *   a pool            any thread of its workers, as long as all are seen, and of the
 *                     process that made it: tasks, results and its end come from them
 *   everything else   any thread of any member of the object's domain: each of
 *                     them could put, get, set, arrive
 *   any of several    whoever could end the wait for one of them; a descriptor is
 *                     read from outside, and so is always able
 *   outside of any    the owner; nobody, when that has ended; else any thread of a process
 *   domain            with the other end open, when all are known and no other can come
 *   any child         any thread of any child
 *
 * The largest set that can ever run is reached from those that can run now, by
 * following who they could wake.  What is left is stuck, forever: a deadlock
 * ring, a knot, or somebody waiting behind one.  Each actor, process and domain
 * is visited once: the cost is linear.
 *
 * Able without being seen: a member with more threads than are registered, a
 * member's child that is no member (it may attach), and anybody at all when the
 * domain is published.  A dead owner is taken over by the library: whoever
 * waits for it is able.  A read that was torn by a running program could show a
 * ring that never was, so a wait counts only when two snapshots show it.
 */
#include "mpstat/model/waits.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/store.h"
#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

/* ---- actors ----------------------------------------------------------- */

static struct process_node *listed(const struct model *model, size_t i)
{
	return (struct process_node *)model->processes.items[i];
}

static void reset(struct model *model)
{
	struct graph *graph = &model->graph;

	graph->actors.count = graph->able.count = graph->places.count = 0;
	graph->cycles.count = graph->knots.count = graph->units.count = 0;
	for (size_t i = 0; i < model->processes.count; i++) {
		struct process_node *node = listed(model, i);

		node->first_actor = node->first_joiner = node->stands_for = NOBODY;
		node->first_child_waiter = NOBODY;
		node->actors = 0;
		node->able = false;
		node->process.verdict = VERDICT_FINE;
		node->process.blocked = 0;
		node->process.wait_since_ns = 0;
	}
	for (size_t i = 0; i < model->domains.count; i++) {
		struct domain_node *node = (struct domain_node *)model->domains.items[i];

		node->first_waiter = node->cycle = node->knot = NOBODY;
		node->able = false;
	}
	for (size_t i = 0; i < model->objects.count; i++) {
		struct object_node *node = (struct object_node *)model->objects.items[i];

		node->object.verdict = VERDICT_FINE;
		node->first_waiter = node->first_giver = NOBODY;
	}
}

static bool same_actor(const struct actor *actor, const struct thread_node *node)
{
	return &actor->process->process == node->thread.process &&
	       actor->first->thread.fact.tid == node->thread.fact.tid;
}

/* The library's own word counts more than what its thread looks like from outside. */
static void add_wait(struct actor *actor, struct thread_node *node)
{
	if (actor->waiting && actor->waiting->told.source != node->told.source) {
		if (actor->waiting->told.source < node->told.source)
			actor->waiting = node;
		return;
	}
	actor->waiting = node;
	actor->blocked_slots++;
}

/* The list has the slots of one thread side by side.  Room was made. */
static void add_slot(struct model *model, struct thread_node *node)
{
	struct graph *graph = &model->graph;
	struct actor *actor = graph->actors.items + graph->actors.count - 1;

	if (!graph->actors.count || !same_actor(actor, node)) {
		struct process_node *process = process_node_of(node->thread.process);

		if (!process->actors++)
			process->first_actor = (uint32_t)graph->actors.count;
		actor = &graph->actors.items[graph->actors.count++];
		*actor = (struct actor){.process = process, .first = node,
					.first_waiter = NOBODY, .blocker = NOBODY, .end = NOBODY,
					.next_in_knot = NOBODY};
	}
	node->actor = (uint32_t)(actor - graph->actors.items);
	if (node->thread.fact.wait_op)
		add_wait(actor, node);
}

static int collect_actors(struct model *model)
{
	struct graph *graph = &model->graph;
	int failed = VEC_RESERVE(&graph->actors, model->threads.count);

	/* Each actor becomes able once, and waits for one thing or those listed. */
	if (!failed)
		failed = VEC_RESERVE(&graph->able, model->threads.count);
	if (!failed)
		failed = VEC_RESERVE(&graph->places, model->threads.count + graph->any.count);
	if (failed)
		return failed;
	for (size_t i = 0; i < model->threads.count; i++) {
		struct thread_node *node = (struct thread_node *)model->threads.items[i];

		node->actor = NOBODY;
		node->thread.verdict = VERDICT_FINE;
		if (node->thread.process && !node->thread.fact.ended &&
		    process_lives(node->thread.process))
			add_slot(model, node);
	}
	return 0;
}

/* ---- who can run: forward from those who can now ----------------------- */

static void chain(struct graph *graph, uint32_t *head, uint32_t waiter)
{
	uint32_t at = (uint32_t)graph->places.count++;

	graph->places.items[at] = (struct place){.actor = waiter, .next = *head};
	*head = at;
}

static void make_able(struct graph *graph, uint32_t index)
{
	if (graph->actors.items[index].able)
		return;
	graph->actors.items[index].able = true;
	graph->able.items[graph->able.count++] = index;
}

static void release(struct graph *graph, uint32_t *head)
{
	for (uint32_t at = *head; at != NOBODY; at = graph->places.items[at].next)
		make_able(graph, graph->places.items[at].actor);
	*head = NOBODY;
}

static void domain_able(struct graph *graph, struct domain_node *domain)
{
	domain->able = true;
	release(graph, &domain->first_waiter);
}

bool waits_served_by(const struct object *object, const struct process *process)
{
	const struct process_id *creator = &object->fact.creator;

	if (process->id.pid == creator->pid && process->id.start == creator->start)
		return true;
	for (const struct thread *at = process->first_thread; at; at = at->next)
		if (at->serves == object)
			return true;
	return false;
}

/* Waited for are few objects of units or with workers at once, if any. */
static void holder_able(struct graph *graph, const struct process_node *process)
{
	for (size_t i = 0; i < graph->units.count; i++) {
		struct object_node *node = graph->units.items[i];
		const struct object *object = &node->object;

		if (node->first_waiter == NOBODY)
			continue;
		if (kind_has(object->fact.kind, MPT_T_WORKERS)
			    ? waits_served_by(object, &process->process)
			    : waits_holds(object, &process->process))
			release(graph, &node->first_waiter);
	}
}

/* Through the ends it has open it could wake who waits at the others. */
static void ends_able(struct graph *graph, const struct process_node *process)
{
	for (const struct use *use = process->first_use; use; use = use->next_of_process) {
		struct object_node *node = object_node_of(use->object);

		if (use->object->id.domain)
			continue;
		if (use->can_give)
			release(graph, &node->first_waiter);
		if (use->can_take)
			release(graph, &node->first_giver);
	}
}

/* Some thread of the process can run, seen or not. */
static void process_able(struct graph *graph, struct process_node *process)
{
	if (process->able)
		return;
	process->able = true;
	release(graph, &process->first_joiner);
	if (process->process.parent)
		release(graph, &process_node_of(process->process.parent)->first_child_waiter);
	holder_able(graph, process);
	ends_able(graph, process);
	for (struct claim *claim = process->claims; claim; claim = claim->next) {
		if (claim->domain && !claim->domain->able)
			domain_able(graph, claim->domain);
	}
}

/* False: no memory to remember the object; then the wait is not judged. */
static bool block_on_units(struct graph *graph, struct object_node *node, uint32_t index)
{
	if (node->first_waiter == NOBODY) {
		if (VEC_RESERVE(&graph->units, graph->units.count + 1))
			return false;
		graph->units.items[graph->units.count++] = node;
	}
	chain(graph, &node->first_waiter, index);
	return true;
}

static void block_on_ends(struct graph *graph, const struct thread *thread, uint32_t index)
{
	struct object_node *node = object_node_of(thread->wait_object);

	if (op_effect(thread->fact.wait_op) == MPT_E_GIVE)
		chain(graph, &node->first_giver, index);
	else
		chain(graph, &node->first_waiter, index);
}

static void block_on_any(struct graph *graph, const struct thread *thread, uint32_t index)
{
	for (uint32_t i = 0; i < thread_any_listed(thread); i++) {
		const struct any_of *one = &thread->wait_any[i];

		if (one->process)
			chain(graph, &process_node_of(one->process)->first_joiner, index);
		else
			chain(graph, &domain_node_of(one->object->domain)->first_waiter, index);
	}
}

/* Puts the actor into the chain of what it waits for; false: nothing that we
 * understand keeps it from running. */
static bool block(struct graph *graph, uint32_t index)
{
	struct actor *actor = &graph->actors.items[index];
	const struct thread *thread;

	/* Blocked twice at once is a torn read, or a signal handler. */
	if (actor->blocked_slots != 1)
		return false;
	thread = &actor->waiting->thread;
	switch (waits_for(thread)) {
	case WAIT_OWNER:
		actor->blocker = thread_node_of(thread->wait_object->owner)->actor;
		chain(graph, &graph->actors.items[actor->blocker].first_waiter, index);
		return true;
	case WAIT_PROCESS:
		chain(graph, &process_node_of(thread->wait_process)->first_joiner, index);
		return true;
	case WAIT_HOLDERS:
	case WAIT_WORKERS:
		return block_on_units(graph, object_node_of(thread->wait_object), index);
	case WAIT_ANYBODY:
		chain(graph, &domain_node_of(thread->wait_object->domain)->first_waiter, index);
		return true;
	case WAIT_ANY:
		block_on_any(graph, thread, index);
		return true;
	case WAIT_ENDS:
		block_on_ends(graph, thread, index);
		return true;
	case WAIT_CHILDREN:
		chain(graph, &actor->process->first_child_waiter, index);
		return true;
	case WAIT_NOBODY:
		return true;
	default:
		return false;
	}
}

/* A living process with threads that no segment knows of. */
static bool has_unseen(const struct process_node *node)
{
	uint64_t threads = node->process.fact.threads;

	return process_lives(&node->process) &&
	       (threads == FACT_UNKNOWN || !threads || threads > node->actors);
}

static void seed_process(struct model *model, struct process_node *node)
{
	const struct process *parent = node->process.parent;
	bool member = node->process.domain;

	if (has_unseen(node))
		process_able(&model->graph, node);
	/* It has its parent's memory and may attach to the domain any time. */
	if (!member && parent && parent->domain && process_lives(&node->process))
		domain_able(&model->graph, domain_node_of(parent->domain));
}

static void propagate(struct model *model)
{
	struct graph *graph = &model->graph;

	for (size_t i = 0; i < model->domains.count; i++) {
		struct domain_node *node = (struct domain_node *)model->domains.items[i];

		if (node->domain.fact.published)
			domain_able(graph, node);
	}
	for (size_t i = 0; i < model->processes.count; i++)
		seed_process(model, listed(model, i));
	while (graph->able.count) {
		struct actor *actor = &graph->actors.items[graph->able.items[--graph->able.count]];

		release(graph, &actor->first_waiter);
		process_able(graph, actor->process);
	}
}

static void find_able(struct model *model)
{
	struct graph *graph = &model->graph;

	for (uint32_t i = 0; i < graph->actors.count; i++) {
		if (!block(graph, i))
			make_able(graph, i);
	}
	propagate(model);
}

/* ---- verdicts ---------------------------------------------------------- */

static bool same_object(struct object_id a, struct object_id b)
{
	return a.domain == b.domain && a.slot == b.slot && a.generation == b.generation;
}

/* Has an earlier snapshot shown the same wait stuck?  Remembers this one. */
static bool confirm(struct thread_node *node)
{
	const struct fact_thread *fact = &node->thread.fact;

	if (node->stuck_snapshot && node->stuck_since == fact->wait_since_ns &&
	    same_object(node->stuck_object, fact->wait_object))
		return node->told.snapshot > node->stuck_snapshot;
	node->stuck_snapshot = node->told.snapshot;
	node->stuck_since = fact->wait_since_ns;
	node->stuck_object = fact->wait_object;
	return false;
}

static void worse(enum verdict *verdict, enum verdict other)
{
	if (other > *verdict)
		*verdict = other;
}

static void judge(struct actor *actor)
{
	struct thread *thread = &actor->waiting->thread;
	struct process *process = &actor->process->process;
	uint64_t since = thread->fact.wait_since_ns;

	actor->stuck = !actor->able;
	if (!actor->stuck && waits_serving(thread))
		return;
	thread->verdict = actor->stuck ? VERDICT_STUCK : VERDICT_WAITING;
	worse(&process->verdict, thread->verdict);
	process->blocked++;
	if (!process->wait_since_ns || since < process->wait_since_ns)
		process->wait_since_ns = since;
	if (thread->wait_object)
		worse(&thread->wait_object->verdict, thread->verdict);
	for (uint32_t i = 0; i < thread_any_listed(thread); i++) {
		if (thread->wait_any[i].object)
			worse(&thread->wait_any[i].object->verdict, thread->verdict);
	}
}

/* Who is not confirmed counts as able, and so does whom it could wake: what
 * remains was blocked all the time between two snapshots, all of it at once. */
static void doubt(struct model *model)
{
	struct graph *graph = &model->graph;

	for (size_t i = 0; i < model->threads.count; i++) {
		struct thread_node *node = (struct thread_node *)model->threads.items[i];

		/* Of several slots the one counts that the verdict is about. */
		if (node->actor == NOBODY || graph->actors.items[node->actor].waiting != node ||
		    graph->actors.items[node->actor].able)
			node->stuck_snapshot = 0;
		else if (confirm(node))
			continue;
		else
			graph->able.items[graph->able.count++] = node->actor;
	}
	for (size_t i = 0; i < graph->able.count; i++)
		graph->actors.items[graph->able.items[i]].able = true;
	propagate(model);
}

static void judge_all(struct graph *graph)
{
	for (size_t i = 0; i < graph->actors.count; i++) {
		if (graph->actors.items[i].waiting)
			judge(&graph->actors.items[i]);
	}
}

void waits_update(struct model *model)
{
	reset(model);
	if (collect_actors(model)) {
		model->graph.actors.count = 0;
		model->left_out++;
		return;
	}
	find_able(model);
	doubt(model);
	judge_all(&model->graph);
	rings_find(model);
}

void waits_free(struct graph *graph)
{
	free(graph->actors.items);
	free(graph->able.items);
	free(graph->places.items);
	free(graph->any.items);
	free(graph->cycles.items);
	free(graph->knots.items);
	free(graph->units.items);
}
