/* SPDX-License-Identifier: BSD-2-Clause */
/* query.c - answers out: lookups and iteration of model.h. */
#include "mpstat/model/store.h"

bool process_lives(const struct process *process)
{
	if (process->fact.ended || process->fact.state == 'X' || process->death.at_ns)
		return false;
	/* A zombie first thread with others alive is a living process. */
	return process->fact.state != 'Z' ||
	       (process->fact.threads != FACT_UNKNOWN && process->fact.threads > 1);
}

uint64_t model_now(const struct model *model)
{
	return model->now_ns;
}

uint64_t model_rejected(const struct model *model)
{
	return model->rejected;
}

uint64_t model_left_out(const struct model *model)
{
	return model->left_out;
}

uint64_t model_unknown(const struct model *model)
{
	return model->unknown;
}

uint64_t model_lost(const struct model *model, enum fact_loss_cause cause)
{
	return (unsigned)cause < FACT_LOSS_CAUSES ? model->lost[cause] : 0;
}

const struct fact_source_state *model_source(const struct model *model, enum fact_source source)
{
	if ((unsigned)source >= FACT_SOURCES || !model->source[source].name[0])
		return NULL;
	return &model->source[source];
}

static struct map_node *following(const struct map *map, const struct map_node *after)
{
	size_t index = after ? after->index + 1 : 0;

	return index < map->count ? map->items[index] : NULL;
}

const struct process *model_next_process(const struct model *model, const struct process *after)
{
	struct map_node *next;

	next = following(&model->processes, after ? &process_node_of(after)->node : NULL);
	return next ? &((struct process_node *)next)->process : NULL;
}

const struct object *model_next_object(const struct model *model, const struct object *after)
{
	struct map_node *next;

	next = following(&model->objects, after ? &object_node_of(after)->node : NULL);
	return next ? &((struct object_node *)next)->object : NULL;
}

const struct domain *model_next_domain(const struct model *model, const struct domain *after)
{
	struct map_node *next;

	next = following(&model->domains, after ? &domain_node_of(after)->node : NULL);
	return next ? &((struct domain_node *)next)->domain : NULL;
}

const struct workers *model_next_workers(const struct model *model, const struct workers *after)
{
	const struct workers_node *node = NULL;
	struct map_node *next;

	if (after)
		node = (const struct workers_node *)((const char *)after -
						     offsetof(struct workers_node, workers));
	next = following(&model->workers, node ? &node->node : NULL);
	return next ? &((struct workers_node *)next)->workers : NULL;
}

/* Index of the first listed process whose pid is greater. */
static size_t behind_pid(const struct map *map, uint32_t pid)
{
	size_t low = 0, high = map->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->items[middle]->key.word[0] <= pid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct process *model_find_pid(const struct model *model, uint32_t pid)
{
	const struct map *map = &model->processes;
	const struct process *found = NULL;

	for (size_t at = behind_pid(map, pid); at > 0; at--) {
		const struct process_node *node = (struct process_node *)map->items[at - 1];

		if (node->process.id.pid != pid)
			break;
		if (!node->process.fact.ended)
			return &node->process;
		if (!found)
			found = &node->process;
	}
	return found;
}

const struct object *model_find_object(const struct model *model, struct object_id id)
{
	const struct object_node *node = store_object(model, id);

	return node ? &node->object : NULL;
}

const struct thread *model_find_thread(const struct model *model, uint64_t domain, uint32_t slot,
				       uint32_t generation)
{
	const struct thread_node *node = store_thread(model, domain, slot, generation);

	return node ? &node->thread : NULL;
}
