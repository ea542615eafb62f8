/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workers.c - processes of one parent with one name, as groups.
 *
 * Owns: struct workers, and what is counted across ticks: restarts, failures.
 * Does not own: how a group is shown.  A group is made when three such processes
 * live at once and stays as long as their parent lives.
 */
#include "mpstat/model/store.h"

#include "mpstat/util/vec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ENOUGH 3

/* One (parent, name) of this tick. */
struct worker_slot {
	struct process *parent;
	uint64_t hash;
	struct process *first, *last; /* chained by next_worker */
	uint32_t count;
};

/* A birth or an end in a group, since the last tick. */
struct worker_event {
	struct workers_node *group;
	uint64_t time_ns;
	bool birth;
};

static uint64_t hash_of(const char *name)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
	return hash;
}

static struct map_key key_of(const struct process *parent, uint64_t hash)
{
	return (struct map_key){{parent->id.pid, parent->id.start, hash}};
}

/* ---- who is there ------------------------------------------------------ */

/* At least twice as many heads as there can be slots. */
static bool make_room(struct model *model)
{
	struct worker_table *table = &model->slots;
	size_t count = model->processes.count, want = 64;

	while (want < 2 * count)
		want *= 2;
	table->count = 0;
	if (VEC_RESERVE(table, count))
		return false;
	if (want > table->heads_room) {
		free(table->heads);
		table->heads = malloc(want * sizeof(*table->heads));
		table->heads_room = table->heads ? want : 0;
	}
	if (!table->heads_room)
		return false;
	memset(table->heads, 0, table->heads_room * sizeof(*table->heads));
	return true;
}

static bool is_slot_of(const struct worker_slot *slot, const struct process *process,
		       uint64_t hash)
{
	return slot->hash == hash && slot->parent == process->parent &&
	       !strcmp(slot->first->fact.name, process->fact.name);
}

static void sort_in(struct model *model, struct process *process)
{
	struct worker_table *table = &model->slots;
	uint64_t hash = hash_of(process->fact.name);
	size_t index = process_node_of(process->parent)->node.index;
	size_t mask = table->heads_room - 1;
	size_t at = (size_t)(hash ^ index * 0x9e3779b97f4a7c15u) & mask;
	struct worker_slot *slot;

	while (table->heads[at] && !is_slot_of(&table->items[table->heads[at] - 1], process, hash))
		at = (at + 1) & mask;
	if (!table->heads[at]) {
		slot = &table->items[table->count++];
		*slot = (struct worker_slot){process->parent, hash, process, process, 1};
		table->heads[at] = (uint32_t)table->count;
		return;
	}
	slot = &table->items[table->heads[at] - 1];
	slot->last->next_worker = process;
	slot->last = process;
	slot->count++;
}

static bool is_worker(const struct process *process)
{
	return process->parent && !process->fact.ended && !process->fact.kernel_thread &&
	       process_lives(process->parent) && process->fact.name[0];
}

static void sort_all(struct model *model)
{
	for (size_t i = 0; i < model->processes.count; i++) {
		struct process *process =
			&((struct process_node *)model->processes.items[i])->process;

		if (process->workers)
			process->workers = NULL;
		if (process->next_worker)
			process->next_worker = NULL;
		if (is_worker(process))
			sort_in(model, process);
	}
}

/* ---- groups ------------------------------------------------------------ */

static struct workers_node *find_group(const struct model *model, const struct process *process)
{
	struct map_key key;
	struct workers_node *group;

	if (!process->parent || !process_node_of(process->parent)->has_workers)
		return NULL;
	key = key_of(process->parent, hash_of(process->fact.name));
	group = (struct workers_node *)map_find(&model->workers, &key);
	/* Another name may have the same hash. */
	return group && !strcmp(group->workers.name, process->fact.name) ? group : NULL;
}

static struct workers_node *make_group(struct model *model, const struct worker_slot *slot)
{
	struct map_key key = key_of(slot->parent, slot->hash);
	struct workers_node *group;

	group = (struct workers_node *)store_obtain(model, &model->workers, &key, sizeof(*group),
						    MODEL_WORKERS);
	if (!group)
		return NULL;
	group->number = ++model->workers_made;
	group->fresh = true;
	group->workers.parent = slot->parent;
	memcpy(group->workers.name, slot->first->fact.name, sizeof(group->workers.name));
	process_node_of(slot->parent)->has_workers = true;
	return group;
}

static void clear_group(struct workers_node *group, const struct process_node *parent)
{
	struct workers *workers = &group->workers;
	struct workers fresh = {
		.parent = &parent->process,
		.restarts = workers->restarts,
		.failures = workers->failures,
	};

	memcpy(fresh.name, workers->name, sizeof(fresh.name));
	*workers = fresh;
	group->fresh = false;
}

/* Those whose parent has ended are forgotten. */
static void begin_groups(struct model *model)
{
	struct map_node *at = map_first(&model->workers);

	while (at) {
		struct workers_node *group = (struct workers_node *)at;
		struct process_id id = {(uint32_t)at->key.word[0], at->key.word[1]};
		struct process_node *parent = store_process(model, id);
		struct map_node *next = map_next(at);

		if (parent && process_lives(&parent->process)) {
			clear_group(group, parent);
		} else {
			if (parent)
				parent->has_workers = false;
			store_drop(&model->workers, at);
		}
		at = next;
	}
}

static void count_member(struct workers *workers, const struct process *process)
{
	workers->members++;
	workers->zombies += !process_lives(process);
	if (process_lives(process)) {
		char state = process->fact.state;

		workers->running += state == 'R';
		workers->sleeping += state == 'S' || state == 'I';
		workers->blocked += state == 'D';
		workers->stopped += state == 'T' || state == 't';
		workers->stuck += process->verdict == VERDICT_STUCK;
	}
	if (!isnan(process->cpu.per_second))
		workers->cpu_percent += process->cpu.per_second / 1e7;
	if (process->fact.rss_bytes != FACT_UNKNOWN)
		workers->rss_bytes += process->fact.rss_bytes;
}

static void add_event(struct model *model, struct workers_node *group, uint64_t time_ns, bool birth)
{
	if (VEC_RESERVE(&model->events, model->events.count + 1)) {
		model->left_out++;
		return;
	}
	model->events.items[model->events.count++] =
		(struct worker_event){group, time_ns, birth};
}

static uint64_t birth_of(const struct process *process)
{
	return process->fact.started_ns != FACT_UNKNOWN ? process->fact.started_ns :
							  process->first_seen_ns;
}

/* Nobody saw it end: then it was before whatever was noticed together with that. */
static uint64_t end_of(const struct model *model, const struct process *process)
{
	if (process->death.at_ns)
		return process->death.at_ns;
	return process->fact.ended ? process->last_seen_ns : model->now_ns;
}

/* Counts a birth and an end once; what was before the group only is marked. */
static void count_life(struct model *model, struct workers_node *group,
		       struct process_node *node)
{
	const struct process *process = &node->process;
	bool ended = !process_lives(process) && !node->end_counted;

	if (node->joined != group->number && !group->fresh && (!process->fact.ended || ended))
		add_event(model, group, birth_of(process), true);
	node->joined = group->number;
	if (!ended)
		return;
	node->end_counted = true;
	if (group->fresh)
		return;
	add_event(model, group, end_of(model, process), false);
	group->workers.failures += life_failed(process);
}

static void fill(struct model *model, struct workers_node *group, const struct worker_slot *slot)
{
	group->workers.first = slot->first;
	for (struct process *at = slot->first; at; at = (struct process *)(uintptr_t)at->next_worker) {
		at->workers = &group->workers;
		count_member(&group->workers, at);
		count_life(model, group, process_node_of(at));
	}
}

static void unchain(struct process *at)
{
	while (at) {
		struct process *next = (struct process *)(uintptr_t)at->next_worker;

		at->next_worker = NULL;
		at = next;
	}
}

static void fill_all(struct model *model)
{
	for (size_t i = 0; i < model->slots.count; i++) {
		struct worker_slot *slot = &model->slots.items[i];
		struct workers_node *group;

		group = find_group(model, slot->first);
		if (!group && slot->count >= ENOUGH)
			group = make_group(model, slot);
		/* A name whose hash another one has. */
		if (group && strcmp(group->workers.name, slot->first->fact.name))
			group = NULL;
		if (group)
			fill(model, group, slot);
		else
			unchain(slot->first);
	}
}

/* ---- ends -------------------------------------------------------------- */

static void count_ended(struct model *model, struct process_node *node)
{
	struct process *process = &node->process;
	struct workers_node *group = find_group(model, process);

	if (!group)
		return;
	group->workers.ended++;
	count_life(model, group, node);
}

static void count_all_ended(struct model *model)
{
	for (size_t i = 0; i < model->processes.count; i++) {
		struct process_node *node = (struct process_node *)model->processes.items[i];

		if (node->process.fact.ended)
			count_ended(model, node);
	}
}

static int by_time(const void *a, const void *b)
{
	const struct worker_event *x = a, *y = b;

	if (x->group != y->group)
		return x->group->number < y->group->number ? -1 : 1;
	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->birth - y->birth;
}

/* A birth after an end is a restart; one more than there were is not. */
static void count_restarts(struct model *model)
{
	size_t count = model->events.count;

	if (count)
		qsort(model->events.items, count, sizeof(*model->events.items), by_time);
	for (size_t i = 0; i < count; i++) {
		struct worker_event *event = &model->events.items[i];
		struct workers_node *group = event->group;

		if (!event->birth) {
			group->ends++;
		} else if (group->ends) {
			group->ends--;
			group->workers.restarts++;
		}
	}
	model->events.count = 0;
}

void workers_update(struct model *model)
{
	begin_groups(model);
	if (!make_room(model)) {
		model->left_out++;
		return;
	}
	sort_all(model);
	fill_all(model);
	if (map_size(&model->workers))
		count_all_ended(model);
	count_restarts(model);
	if (map_sort(&model->workers, NULL))
		model->left_out++;
	workers_match(model);
}

void workers_match(struct model *model)
{
	for (size_t i = 0; i < model->workers.count; i++) {
		struct workers *workers =
			&((struct workers_node *)model->workers.items[i])->workers;

		workers->matched = false;
		for (const struct process *at = workers->first; at && !workers->matched;
		     at = at->next_worker)
			workers->matched = at->matched;
	}
}

void workers_free(struct model *model)
{
	struct map_node *node = map_first(&model->workers), *next;

	map_clear(&model->workers);
	for (; node; node = next) {
		next = map_next(node);
		free(node);
	}
	free(model->slots.items);
	free(model->slots.heads);
	free(model->events.items);
}
