/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rings.c - why the stuck are stuck.
 *
 * Owns: the order among actors that waits.c found stuck.  Each has at most one
 * blocker, the actor that would have to run first; following blockers leads
 * into a ring (a cycle) or to an actor that any of several could wake, none of
 * which can run (a knot).  One domain has at most one knot, and none beside a
 * cycle: then its other stuck members wait behind the cycle.  Outside of any domain a
 * knot is all that can be reached from one of its members.
 */
#include "mpstat/model/store.h"

#include "mpstat/util/vec.h"

static bool is_vague(const struct thread *thread)
{
	enum wait_for wait = waits_for(thread);

	return wait == WAIT_ANYBODY || wait == WAIT_WORKERS || wait == WAIT_ANY ||
	       wait == WAIT_ENDS || wait == WAIT_CHILDREN;
}

/* A thread that waits for something definite explains more than one that
 * anybody could wake. */
static void choose_speakers(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->actors.count; i++) {
		struct actor *actor = &graph->actors.items[i];
		uint32_t *chosen = &actor->process->stands_for;

		if (!actor->stuck)
			continue;
		if (*chosen == NOBODY ||
		    (is_vague(actor_speaker(&graph->actors.items[*chosen])) && !is_vague(actor_speaker(actor))))
			*chosen = i;
	}
}

/* In a domain of two threads "anybody" is the other one. */
static uint32_t other_of_two(const struct actor *actor, uint32_t self,
			     const struct domain_node *domain)
{
	const struct process_node *own = actor->process, *other;

	if (domain->live == 1 && domain->some[0] == own && own->actors == 2)
		return own->first_actor == self ? self + 1 : own->first_actor;
	if (domain->live != 2 || own->actors != 1)
		return NOBODY;
	other = domain->some[0] == own ? domain->some[1] : domain->some[0];
	return other->actors == 1 ? other->first_actor : other->stands_for;
}

/* Two that wait for the very same thing wait for a third, not for each other. */
static uint32_t only_other(const struct graph *graph, const struct actor *actor, uint32_t self)
{
	const struct object *object = actor_speaker(actor)->wait_object;
	uint32_t other = other_of_two(actor, self, domain_node_of(object->domain));

	if (other != NOBODY && actor_speaker(&graph->actors.items[other])->wait_object == object)
		return NOBODY;
	return other;
}

/* The thread that shows why a process does not go on. */
static uint32_t thread_of(const struct process_node *process)
{
	if (process->process.fact.threads == 1 && process->actors == 1)
		return process->first_actor;
	return process->stands_for;
}

/* The only process that could end the wait, besides the waiting thread itself; its own, when
 * there is no other.  NULL: any of several. */
static const struct process *only_end(const struct actor *actor, const struct thread *thread)
{
	const struct process *own = thread->process, *only = NULL;

	for (const struct use *at = thread->wait_object->first_use; at; at = at->next) {
		if (!waits_ends_by(thread, at) || (at->known == own && actor->process->actors == 1))
			continue;
		if (only)
			return NULL;
		only = at->known;
	}
	return only ? only : own;
}

/* With other threads in its own process, any of them could. */
static uint32_t end_blocker(const struct graph *graph, const struct actor *actor, uint32_t self)
{
	const struct process *only = only_end(actor, actor_speaker(actor));
	const struct process_node *own = actor->process;
	uint32_t other;

	if (!only)
		return NOBODY;
	if (only != &own->process)
		return thread_of(process_node_of(only));
	if (own->actors != 2)
		return own->actors == 1 ? self : NOBODY;
	other = own->first_actor == self ? self + 1 : own->first_actor;
	if (actor_speaker(&graph->actors.items[other])->wait_object == actor_speaker(actor)->wait_object)
		return NOBODY;
	return other;
}

static uint32_t child_blocker(const struct process *process)
{
	const struct process *child = process->first_child;

	return child && !child->next_sibling ? thread_of(process_node_of(child)) : NOBODY;
}

static uint32_t find_blocker(const struct graph *graph, const struct actor *actor, uint32_t self)
{
	const struct thread *thread = actor_speaker(actor);
	const struct process *holder;

	switch (actor->blocked_slots == 1 ? waits_for(thread) : WAIT_UNKNOWN) {
	case WAIT_OWNER:
		return thread_node_of(thread->wait_object->owner)->actor;
	case WAIT_PROCESS:
		return thread_of(process_node_of(thread->wait_process));
	case WAIT_HOLDERS:
		holder = waits_only_holder(thread->wait_object);
		return holder ? thread_of(process_node_of(holder)) : NOBODY;
	case WAIT_ANYBODY:
		if (waits_for_itself(thread))
			return self;
		if (!actor->stuck)
			return NOBODY;
		return only_other(graph, actor, self);
	case WAIT_ANY:
		/* None of the processes will end: the first shows why. */
		if (!actor->stuck || waits_any_domain(thread))
			return NOBODY;
		return thread_of(process_node_of(waits_first_process(thread)));
	case WAIT_ENDS:
		return actor->stuck ? end_blocker(graph, actor, self) : NOBODY;
	case WAIT_CHILDREN:
		return child_blocker(thread->process);
	default:
		return NOBODY;
	}
}

static void set_blockers(struct graph *graph)
{
	for (uint32_t i = 0; i < graph->actors.count; i++) {
		struct actor *actor = &graph->actors.items[i];

		actor->blocker = find_blocker(graph, actor, i);
		if (actor->blocker != NOBODY && actor->waiting)
			actor->waiting->thread.blocker =
				actor_speaker(&graph->actors.items[actor->blocker]);
	}
}

/* ---- cycles ------------------------------------------------------------ */

static void mark_domains(struct actor *actor, uint32_t number)
{
	for (struct claim *claim = actor->process->claims; claim; claim = claim->next) {
		if (claim->domain && claim->domain->cycle == NOBODY)
			claim->domain->cycle = number;
	}
}

/* `at` is in a ring that nobody has met before. */
static bool add_cycle(struct model *model, uint32_t at)
{
	struct graph *graph = &model->graph;
	uint32_t number = (uint32_t)graph->cycles.count, first = at;
	struct cycle *cycle;

	if (VEC_RESERVE(&graph->cycles, graph->cycles.count + 1))
		return false;
	cycle = &graph->cycles.items[graph->cycles.count++];
	*cycle = (struct cycle){0};
	do {
		struct actor *actor = &graph->actors.items[at];
		uint64_t since = actor_speaker(actor)->fact.wait_since_ns;

		actor->in_ring = true;
		actor->end = number;
		mark_domains(actor, number);
		cycle->length++;
		if (since > cycle->since_ns)
			cycle->since_ns = since;
		if (at < first)
			first = at; /* actors are in the order of identity */
		at = actor->blocker;
	} while (!graph->actors.items[at].in_ring);
	cycle->first = actor_speaker(&graph->actors.items[first]);
	return true;
}

/* False: no memory for all of them. */
static bool find_cycles(struct model *model)
{
	struct graph *graph = &model->graph;

	for (uint32_t i = 0; i < graph->actors.count; i++) {
		uint32_t at = i;

		while (at != NOBODY && graph->actors.items[at].stuck &&
		       !graph->actors.items[at].walk) {
			graph->actors.items[at].walk = i + 1;
			at = graph->actors.items[at].blocker;
		}
		if (at != NOBODY && graph->actors.items[at].stuck &&
		    graph->actors.items[at].walk == i + 1 && !add_cycle(model, at))
			return false;
	}
	return true;
}

/* ---- knots, and who waits behind --------------------------------------- */

static uint32_t knot_of(struct model *model, struct domain_node *domain)
{
	struct graph *graph = &model->graph;

	if (domain->knot != NOBODY)
		return KNOT | domain->knot;
	if (VEC_RESERVE(&graph->knots, graph->knots.count + 1)) {
		model->left_out++;
		return NOBODY;
	}
	domain->knot = (uint32_t)graph->knots.count++;
	graph->knots.items[domain->knot] = (struct knot){.domain = &domain->domain};
	return KNOT | domain->knot;
}

/* What is reached for a knot, and what it is behind when that is met. */
struct reach {
	struct graph *graph;
	uint32_t end;	/* of all that is reached */
	uint32_t other; /* a ring or knot that was there before, NOBODY: none was met */
};

static void reach(struct reach *reach, uint32_t index)
{
	struct graph *graph = reach->graph;
	struct actor *actor = index == NOBODY ? NULL : &graph->actors.items[index];

	if (!actor || !actor->stuck || actor->end == reach->end)
		return;
	if (actor->end != NOBODY) {
		reach->other = actor->end;
		return;
	}
	actor->end = reach->end;
	graph->able.items[graph->able.count++] = index; /* has room for each, and is not in use */
}

static void reach_all(struct reach *to, const struct process *process)
{
	const struct process_node *node = process_node_of(process);

	for (uint32_t i = 0; i < node->actors; i++)
		reach(to, node->first_actor + i);
}

/* All who could wake it, each of which is stuck. */
static void reach_wakers(struct reach *to, const struct actor *actor)
{
	const struct thread *thread = actor_speaker(actor);
	enum wait_for wait = waits_for(thread);

	reach(to, actor->blocker);
	if (wait == WAIT_CHILDREN)
		for (const struct process *at = thread->process->first_child; at;
		     at = at->next_sibling)
			reach_all(to, at);
	if (wait != WAIT_ENDS)
		return;
	for (const struct use *at = thread->wait_object->first_use; at; at = at->next)
		if (at->known && waits_ends_by(thread, at))
			reach_all(to, at->known);
}

/* All that is reached from one that any of several could wake; or what those are behind. */
static uint32_t knot_around(struct model *model, uint32_t index)
{
	struct graph *graph = &model->graph;
	struct reach to = {graph, KNOT | (uint32_t)graph->knots.count, NOBODY};

	if (VEC_RESERVE(&graph->knots, graph->knots.count + 1)) {
		model->left_out++;
		return NOBODY;
	}
	graph->able.count = 0;
	reach(&to, index);
	for (size_t i = 0; i < graph->able.count; i++)
		reach_wakers(&to, &graph->actors.items[graph->able.items[i]]);
	if (to.other == NOBODY) {
		graph->knots.items[graph->knots.count++] = (struct knot){0};
		return to.end;
	}
	for (size_t i = 0; i < graph->able.count; i++)
		graph->actors.items[graph->able.items[i]].end = to.other;
	return to.other;
}

/* What a chain that ends at this actor ends in. */
static uint32_t end_of(struct model *model, uint32_t index)
{
	const struct thread *thread = actor_speaker(&model->graph.actors.items[index]);
	const struct domain *several = NULL;
	struct domain_node *domain;

	if (waits_for(thread) == WAIT_ENDS || waits_for(thread) == WAIT_CHILDREN)
		return knot_around(model, index);
	if (waits_for(thread) == WAIT_ANY)
		several = waits_any_domain(thread);
	else if (waits_for_several(thread))
		several = thread->wait_object->domain;
	if (!several)
		return NOBODY;
	domain = domain_node_of(several);
	return domain->cycle != NOBODY ? domain->cycle : knot_of(model, domain);
}

/* From the last to the first, so that the knot's list is in order. */
static void join_knot(struct graph *graph, uint32_t index)
{
	struct actor *actor = &graph->actors.items[index];
	struct knot *knot = &graph->knots.items[actor->end & ~KNOT];
	uint64_t since = actor_speaker(actor)->fact.wait_since_ns;

	actor->next_in_knot = knot->first ? thread_node_of(knot->first)->actor : NOBODY;
	knot->first = actor_speaker(actor);
	knot->count++;
	if (since > knot->since_ns)
		knot->since_ns = since;
}

static void find_ends(struct model *model)
{
	struct graph *graph = &model->graph;
	uint32_t count = (uint32_t)graph->actors.count;

	for (uint32_t i = 0; i < count; i++) {
		struct actor *items = graph->actors.items;
		uint32_t at = i, end;

		if (!items[i].stuck || items[i].end != NOBODY)
			continue;
		while (items[at].end == NOBODY && items[at].blocker != NOBODY &&
		       items[items[at].blocker].stuck)
			at = items[at].blocker;
		end = items[at].end != NOBODY ? items[at].end : end_of(model, at);
		if (end == NOBODY)
			continue;
		for (at = i; at != NOBODY && items[at].end == NOBODY; at = items[at].blocker)
			items[at].end = end;
	}
	for (uint32_t i = count; i > 0; i--) {
		struct actor *actor = &graph->actors.items[i - 1];

		if (!actor->stuck || actor->end == NOBODY || actor->in_ring)
			continue;
		if (actor->end & KNOT)
			join_knot(graph, i - 1);
		else
			graph->cycles.items[actor->end].behind++;
	}
}

void rings_find(struct model *model)
{
	choose_speakers(&model->graph);
	set_blockers(&model->graph);
	/* Chains end only when every ring is known. */
	if (find_cycles(model))
		find_ends(model);
	else
		model->left_out++;
}

/* ---- answers ----------------------------------------------------------- */

size_t waits_cycle_count(const struct model *model)
{
	return model->graph.cycles.count;
}

const struct cycle *waits_cycle(const struct model *model, size_t index)
{
	return index < model->graph.cycles.count ? &model->graph.cycles.items[index] : NULL;
}

size_t waits_knot_count(const struct model *model)
{
	return model->graph.knots.count;
}

const struct knot *waits_knot(const struct model *model, size_t index)
{
	return index < model->graph.knots.count ? &model->graph.knots.items[index] : NULL;
}

const struct thread *waits_knot_next(const struct model *model, const struct thread *thread)
{
	uint32_t next = model->graph.actors.items[thread_node_of(thread)->actor].next_in_knot;

	return next == NOBODY ? NULL : actor_speaker(&model->graph.actors.items[next]);
}
