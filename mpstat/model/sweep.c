/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sweep.c - what is no longer told.
 *
 * Owns: the bookkeeping of snapshots, the end of entities.  At the end of a
 * whole snapshot everything its source told before and not again is marked;
 * it is freed at the next tick, so that pointers between entities are whole
 * whenever somebody looks.  Ended processes stay for a while.
 */
#include "mpstat/model/store.h"

#include "mpstat/util/vec.h"

#include <stdlib.h>

bool sweep_tell(struct model *model, struct told *told, const struct fact *fact)
{
	const struct snapshot *snapshot = &model->snapshot[fact->source];

	if (told->source > fact->source && !told->gone)
		return false;
	told->source = (uint8_t)fact->source;
	told->gone = false;
	told->snapshot = snapshot->number;
	told->time_ns = fact->time_ns ? fact->time_ns : snapshot->begun_ns;
	return true;
}

void sweep_begin(struct model *model, const struct fact *fact)
{
	struct snapshot *snapshot = &model->snapshot[fact->source];

	snapshot->number++;
	snapshot->begun_ns = fact->time_ns;
	snapshot->open = true;
}

static bool silent(const struct told *told, unsigned source, uint64_t number)
{
	return told->source == source && told->snapshot != number;
}

/* `told` lies at `offset` in the map's nodes. */
static void mark(struct map *map, size_t offset, unsigned source, uint64_t number)
{
	for (struct map_node *node = map_first(map); node; node = map_next(node)) {
		struct told *told = (struct told *)((char *)node + offset);

		if (silent(told, source, number))
			told->gone = true;
	}
}

static bool drop_claims(struct model *model, struct process_node *node, unsigned source)
{
	struct claim **at = &node->claims;
	bool dropped = false;

	while (*at) {
		struct claim *claim = *at;

		if (silent(&claim->told, source, model->snapshot[source].number)) {
			*at = claim->next;
			node->claim_count--;
			merge_free_claim(model, claim);
			dropped = true;
		} else {
			at = &claim->next;
		}
	}
	return dropped;
}

static bool told_by(const struct process_node *node, unsigned source)
{
	return node->process.sources & 1u << source;
}

static void mark_processes(struct model *model, unsigned source, uint64_t time_ns)
{
	uint64_t number = model->snapshot[source].number;

	for (struct map_node *at = map_first(&model->processes); at; at = map_next(at)) {
		struct process_node *node = (struct process_node *)at;
		bool changed = drop_claims(model, node, source);

		if (changed)
			merge_claims(node, time_ns);
		if (source == FACT_FROM_PROC && !told_by(node, source) && !node->absent &&
		    node->born < number) {
			node->absent = true;
			node->life = false;
			changed = true;
		}
		if (changed)
			merge_claims(node, time_ns);
	}
}

void sweep_end(struct model *model, const struct fact *fact)
{
	struct snapshot *snapshot = &model->snapshot[fact->source];
	unsigned source = fact->source;

	if (!snapshot->open) {
		model->rejected++;
		return;
	}
	snapshot->open = false;
	mark_processes(model, source, fact->time_ns ? fact->time_ns : snapshot->begun_ns);
	mark(&model->threads, offsetof(struct thread_node, told), source, snapshot->number);
	mark(&model->objects, offsetof(struct object_node, told), source, snapshot->number);
	mark(&model->domains, offsetof(struct domain_node, told), source, snapshot->number);
	mark(&model->uses, offsetof(struct use_node, told), source, snapshot->number);
}

/* ---- freeing, at a tick ---------------------------------------------- */

static void drop_gone(struct map *map, size_t offset)
{
	struct map_node *node = map_first(map);

	while (node) {
		struct map_node *next = map_next(node);

		if (((struct told *)((char *)node + offset))->gone)
			store_drop(map, node);
		node = next;
	}
}

/* The story of an ended process stays as long as the process does. */
static bool use_matters(const struct model *model, const struct use_node *node)
{
	const struct process_node *process;
	const struct object_node *object = store_object(model, node->object);

	if (!object || object->told.gone)
		return false;
	if (!node->told.gone)
		return true;
	process = store_process(model, node->use.process);
	return process && process->process.fact.ended;
}

static void drop_uses(struct model *model)
{
	struct map_node *node = map_first(&model->uses);

	while (node) {
		struct map_node *next = map_next(node);

		if (!use_matters(model, (struct use_node *)node))
			store_drop(&model->uses, node);
		node = next;
	}
}

static int by_end(const void *a, const void *b)
{
	const struct process_node *const *x = a, *const *y = b;
	uint64_t xe = (*x)->process.fact.ended_ns, ye = (*y)->process.fact.ended_ns;

	if (xe != ye)
		return xe < ye ? -1 : 1;
	return map_compare_keys(&(*x)->node, &(*y)->node);
}

static void drop_process(struct model *model, struct process_node *node)
{
	while (node->claims) {
		struct claim *claim = node->claims;

		node->claims = claim->next;
		merge_free_claim(model, claim);
	}
	free(node->signals);
	store_drop(&model->processes, &node->node);
}

static bool too_old(const struct model *model, const struct process_node *node)
{
	uint64_t since = node->process.fact.ended_ns;

	return since <= model->now_ns && model->now_ns - since > MODEL_ENDED_NS;
}

/* Drops those that are too old, and of the rest the oldest `excess`; who ended well
 * goes first.  Those that no tick has shown yet stay. */
static void forget(struct model *model, struct process_node **ended, size_t count)
{
	size_t kept = 0, excess;

	for (size_t i = 0; i < count; i++) {
		if (ended[i]->settled && too_old(model, ended[i]))
			drop_process(model, ended[i]);
		else
			ended[kept++] = ended[i];
	}
	excess = kept > MODEL_ENDED ? kept - MODEL_ENDED : 0;
	for (int failed = 0; failed < 2; failed++) {
		for (size_t i = 0; i < kept && excess; i++) {
			if (!ended[i] || !ended[i]->settled ||
			    (!failed && life_failed(&ended[i]->process)))
				continue;
			drop_process(model, ended[i]);
			ended[i] = NULL;
			excess--;
		}
	}
}

/* Of those nobody tells any more. */
static void expire(struct model *model)
{
	struct process_node **ended = NULL;
	size_t room = 0, count = 0;

	for (struct map_node *at = map_first(&model->processes); at; at = map_next(at)) {
		struct process_node *node = (struct process_node *)at;

		if (node->claims || node->life)
			continue;
		if (vec_reserve((void **)&ended, &room, count + 1, sizeof(struct process_node *)))
			break;
		ended[count++] = node;
	}
	if (count) {
		qsort(ended, count, sizeof(struct process_node *), by_end);
		forget(model, ended, count);
	}
	free(ended);
}

void sweep_drop(struct model *model)
{
	drop_gone(&model->threads, offsetof(struct thread_node, told));
	drop_uses(model); /* looks at objects that are still there */
	drop_gone(&model->objects, offsetof(struct object_node, told));
	drop_gone(&model->domains, offsetof(struct domain_node, told));
	expire(model);
}
