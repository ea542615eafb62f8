/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tree.c - parents and children, and which processes are looked at.
 *
 * Owns: the process tree, the target filter (also for those that left the
 * tree: by their first parent).  The tree is a forest whatever is claimed, because
 * a link only goes from younger to older: a "parent" younger than its child is
 * another process under a reused pid.
 */
#include "mpstat/model/store.h"

#include <stdlib.h>
#include <string.h>

static struct process_node *listed(const struct model *model, size_t i)
{
	return (struct process_node *)model->processes.items[i];
}

/* Within one clock tick pids grow, but for the rare wrap. */
static bool is_older(struct process_id a, struct process_id b)
{
	return a.start == b.start ? a.pid < b.pid : a.start < b.start;
}

/* Most children of one parent are neighbours: `guess` is the parent of the one before. */
static struct process *claimed_parent(const struct model *model, const struct process *process,
				      struct process *guess)
{
	struct process_id id = process->fact.parent;
	struct process_node *node = NULL;
	const struct process *found;

	if (!id.pid)
		return NULL;
	if (guess && id.start && guess->id.pid == id.pid && guess->id.start == id.start)
		return is_older(id, process->id) ? guess : NULL;
	if (id.start) {
		node = store_process(model, id);
	} else {
		found = model_find_pid(model, id.pid);
		node = found ? process_node_of(found) : NULL;
	}
	return node && is_older(node->process.id, process->id) ? &node->process : NULL;
}

void tree_build(struct model *model)
{
	size_t count = model->processes.count;
	struct process *parent = NULL;

	for (size_t i = 0; i < count; i++) {
		struct process *process = &listed(model, i)->process;

		process->first_child = process->next_sibling = NULL;
		process->parent = claimed_parent(model, process, parent);
		parent = process->parent;
	}
	/* From the last to the first, so that children are in order. */
	for (size_t i = count; i > 0; i--) {
		struct process *process = &listed(model, i - 1)->process;

		if (!process->parent)
			continue;
		process->next_sibling = process->parent->first_child;
		process->parent->first_child = process;
	}
}

static struct process *next_root(const struct model *model, size_t index)
{
	for (; index < model->processes.count; index++) {
		if (!listed(model, index)->process.parent)
			return &listed(model, index)->process;
	}
	return NULL;
}

struct process *tree_next(const struct model *model, const struct process *after)
{
	if (!after)
		return next_root(model, 0);
	if (after->first_child)
		return after->first_child;
	while (!after->next_sibling && after->parent)
		after = after->parent;
	if (after->parent)
		return after->next_sibling;
	return next_root(model, process_node_of(after)->node.index + 1);
}

/* ---- the filter ------------------------------------------------------ */

static int by_number(const void *a, const void *b)
{
	const struct target *x = a, *y = b;

	return x->pid == y->pid ? 0 : x->pid < y->pid ? -1 : 1;
}

/* Who gets the number of a target after it is a stranger.  Segments alone may be of
 * other machines, where numbers mean others. */
static bool is_target(const struct filter *filter, const struct process *process)
{
	struct target key = {.pid = process->id.pid}, *found;

	if (!filter->target_count)
		return false;
	found = bsearch(&key, filter->targets, filter->target_count, sizeof(key), by_number);
	if (!found || process->sources == 1u << FACT_FROM_SEGMENT)
		return found;
	if (!found->start)
		found->start = process->id.start;
	return found->start == process->id.start;
}

/* "domain name or command": the program's own name, or argv[0]'s last part. */
static bool in_group(const struct process *process, const char *group)
{
	const char *command = process->fact.command;
	size_t length = strcspn(command, " "), base = length;

	if (process->domain && !strcmp(process->domain->fact.name, group))
		return true;
	if (!strcmp(process->fact.name, group))
		return true;
	while (base && command[base - 1] != '/')
		base--;
	return length - base == strlen(group) && !strncmp(command + base, group, length - base);
}

static bool is_chosen(const struct filter *filter, const struct process *process)
{
	if (filter->all)
		return true;
	if (is_target(filter, process))
		return true;
	if (filter->group && in_group(process, filter->group))
		return true;
	return !filter->target_count && !filter->group && process->domain;
}

/* Under init whoever has no better parent; under a subreaper, whose own children have
 * groups, too, only who does not look like one of these. */
static bool is_adopted(const struct process *process)
{
	const struct process *parent = process->parent;

	return process->fact.parent.pid == 1 ||
	       (process->probably_orphan && parent && life_adopts(parent));
}

/* An orphan (its parent is init or a subreaper) that shares the process group of a target, or
 * the session a target leads, probably is a descendant whose parent ended. */
static bool is_orphan_of(const struct model *model, const struct process *process)
{
	const struct filter *filter = &model->filter;

	if (!is_adopted(process))
		return false;
	for (size_t i = 0; i < filter->target_count; i++) {
		const struct process *target = model_find_pid(model, filter->targets[i].pid);

		if (!target || !is_target(filter, target))
			continue;
		if (target->fact.group && target->fact.group == process->fact.group)
			return true;
		if (target->fact.session == target->id.pid &&
		    target->fact.session == process->fact.session)
			return true;
	}
	return false;
}

static void match_process(const struct model *model, struct process_node *node)
{
	const struct process *parent = node->process.parent;

	if (!node->chosen)
		node->chosen = is_chosen(&model->filter, &node->process);
	if (!node->chosen && parent && parent->matched) {
		node->chosen = true;
		node->process.probably = parent->probably;
	}
	if (!node->chosen && model->filter.target_count && is_orphan_of(model, &node->process))
		node->chosen = node->process.probably = true;
	node->process.matched = node->chosen;
}

static bool has_left(const struct process *process)
{
	const struct process *parent = process->parent;

	return process->first_parent.pid &&
	       !(parent && life_same(parent->id, process->first_parent));
}

/* The descendants of one that was chosen; itself is. */
static void choose_below(const struct process *top)
{
	struct process *at = top->first_child;

	while (at) {
		struct process_node *node = process_node_of(at);

		if (!node->chosen || at->probably)
			at->probably = at->parent->probably;
		node->chosen = at->matched = true;
		if (at->first_child) {
			at = at->first_child;
			continue;
		}
		while (!at->next_sibling && at->parent != top)
			at = at->parent;
		at = at->next_sibling;
	}
}

/* Who was a child of a target at first, is one for ever: exactly, where the first
 * parent is known.  Once more when an orphan was found before its parent. */
static void match_orphans(const struct model *model)
{
	bool again = true;

	while (again) {
		again = false;
		for (size_t i = 0; i < model->processes.count; i++) {
			struct process_node *node = listed(model, i);
			struct process_node *first;

			if ((node->chosen && !node->process.probably) || !has_left(&node->process))
				continue;
			first = store_process(model, node->process.first_parent);
			if (!first || !first->chosen ||
			    (node->chosen && first->process.probably))
				continue;
			node->chosen = node->process.matched = again = true;
			node->process.probably = first->process.probably;
			choose_below(&node->process);
		}
	}
}

static void match_members(const struct model *model)
{
	for (size_t i = 0; i < model->domains.count; i++)
		((struct domain_node *)model->domains.items[i])->matched = model->filter.all;
	for (size_t i = 0; i < model->processes.count; i++) {
		const struct process_node *node = listed(model, i);

		for (struct claim *claim = node->claims; claim; claim = claim->next) {
			if (claim->domain && node->process.matched)
				claim->domain->matched = true;
		}
	}
}

/* Of no domain: it is there because somebody waits for it.  What only the library itself
 * waits for, for one of its threads, is no object of its own. */
static bool is_waited_for(const struct object *object)
{
	return object->take_waiters || object->give_waiters;
}

/* Who waits for it, has it or has it open is what is looked at. */
static void match_outside(const struct model *model)
{
	for (size_t i = 0; i < model->threads.count; i++) {
		const struct thread *thread = &((struct thread_node *)model->threads.items[i])->thread;

		if (thread->wait_object && !thread->wait_object->id.domain && thread->process &&
		    thread->process->matched)
			thread->wait_object->matched = true;
	}
	for (size_t i = 0; i < model->uses.count; i++) {
		const struct use *use = &((struct use_node *)model->uses.items[i])->use;

		if (use->object && !use->object->id.domain && use->known && use->known->matched)
			object_node_of(use->object)->object.matched = true;
	}
	for (size_t i = 0; i < model->objects.count; i++) {
		struct object *object = &((struct object_node *)model->objects.items[i])->object;

		if (object->id.domain)
			continue;
		if (object->owner && object->owner->process && object->owner->process->matched)
			object->matched = true;
		object->matched = object->matched && is_waited_for(object);
	}
}

void filter_apply(struct model *model)
{
	for (struct process *at = tree_next(model, NULL); at; at = tree_next(model, at))
		match_process(model, process_node_of(at));
	if (!model->filter.all)
		match_orphans(model);
	match_members(model);
	workers_match(model);
	for (size_t i = 0; i < model->objects.count; i++) {
		struct object *object = &((struct object_node *)model->objects.items[i])->object;

		object->matched = model->filter.all ||
				  (object->domain && domain_node_of(object->domain)->matched);
	}
	match_outside(model);
}

void filter_free(struct filter *filter)
{
	free(filter->targets);
	free(filter->group);
	*filter = (struct filter){0};
}

static void copy_filter(struct model *model, const struct model_filter *filter)
{
	struct filter *own = &model->filter;

	own->all = filter->all;
	if (filter->pid_count) {
		own->targets = calloc(filter->pid_count, sizeof(*own->targets));
		if (!own->targets) {
			model->left_out++;
			return;
		}
		own->target_count = filter->pid_count;
		for (size_t i = 0; i < filter->pid_count; i++)
			own->targets[i].pid = filter->pids[i];
		qsort(own->targets, own->target_count, sizeof(*own->targets), by_number);
	}
	if (filter->group) {
		own->group = strdup(filter->group);
		model->left_out += !own->group;
	}
}

void model_set_filter(struct model *model, const struct model_filter *filter)
{
	filter_free(&model->filter);
	copy_filter(model, filter);
	for (size_t i = 0; i < model->processes.count; i++) {
		listed(model, i)->chosen = false;
		listed(model, i)->process.probably = false;
	}
	filter_apply(model);
}
