/* SPDX-License-Identifier: BSD-2-Clause */
/* store.c - entities found by identity, made, and freed.  See store.h. */
#include "mpstat/model/store.h"

#include <stdlib.h>

struct map_key key_process(struct process_id id)
{
	return (struct map_key){{id.pid, id.start}};
}

struct map_key key_slot(uint64_t domain, uint32_t slot, uint32_t generation)
{
	return (struct map_key){{domain, slot, generation}};
}

struct map_key key_object(struct object_id id)
{
	return key_slot(id.domain, id.slot, id.generation);
}

struct process_node *store_process(const struct model *model, struct process_id id)
{
	struct map_key key = key_process(id);

	return (struct process_node *)map_find(&model->processes, &key);
}

struct claim *store_member(const struct model *model, struct object_id id)
{
	struct map_key key = key_slot(id.domain, id.slot & ~FACT_REF_PROCESS, id.generation);

	return (struct claim *)map_find(&model->members, &key);
}

struct thread_node *store_thread(const struct model *model, uint64_t domain, uint32_t slot,
				 uint32_t generation)
{
	struct map_key key = key_slot(domain, slot, generation);

	return (struct thread_node *)map_find(&model->threads, &key);
}

struct map_key key_outside_thread(struct process_id process, uint32_t tid)
{
	return (struct map_key){{0, 0, process.pid, process.start, tid}};
}

struct thread_node *store_outside_thread(const struct model *model, struct process_id process,
					 uint32_t tid)
{
	struct map_key key = key_outside_thread(process, tid);

	return (struct thread_node *)map_find(&model->threads, &key);
}

struct object_node *store_object(const struct model *model, struct object_id id)
{
	struct map_key key = key_object(id);

	return (struct object_node *)map_find(&model->objects, &key);
}

struct domain_node *store_domain(const struct model *model, uint64_t id)
{
	struct map_key key = {{id}};

	return (struct domain_node *)map_find(&model->domains, &key);
}

struct map_node *store_obtain(struct model *model, struct map *map, const struct map_key *key,
			      size_t size, size_t bound)
{
	struct map_node *node = map_find_next(map, key);

	if (node)
		return node;
	node = map_size(map) < bound ? calloc(1, size) : NULL;
	if (node) {
		node->key = *key;
		if (!map_add(map, node))
			return node;
		free(node);
	}
	model->left_out++;
	return NULL;
}

void store_drop(struct map *map, struct map_node *node)
{
	map_remove(map, node);
	free(node);
}
