/* SPDX-License-Identifier: BSD-2-Clause */
/* outside.c - see outside.h. */
#include "mpstat/collector/outside.h"

#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

#define SLOTS 0x40000000u /* below FACT_REF_PROCESS */

void outside_begin(struct outside *outside)
{
	outside->look++;
	outside->uses.count = 0;
	outside->left_out = 0;
}

static struct outside_object *make(struct outside *outside, const struct map_key *key)
{
	struct outside_object *object = calloc(1, sizeof(*object));

	if (object) {
		object->node.key = *key;
		if (!map_add(&outside->objects, &object->node))
			return object;
		free(object);
	}
	outside->left_out++;
	return NULL;
}

/* Two kinds may have the same address: a thing is what it looks like. */
struct outside_object *outside_obtain(struct outside *outside, enum mpt_kind kind,
				      struct map_key key)
{
	struct outside_object *object;

	key.word[0] = kind;
	object = (struct outside_object *)map_find_next(&outside->objects, &key);
	if (!object) {
		object = make(outside, &key);
		if (!object)
			return NULL;
		outside->made++;
		object->fact.id.slot = (uint32_t)(outside->made % SLOTS);
		object->fact.id.generation = (uint32_t)(outside->made / SLOTS) + 1;
	}
	object->fresh = object->look != outside->look;
	if (object->fresh) {
		object->fact = (struct fact_object){ .id = object->fact.id, .kind = kind };
		object->look = outside->look;
	}
	return object;
}

void outside_use(struct outside *outside, const struct outside_object *object,
		 struct process_id process, bool can_give, bool can_take)
{
	struct fact_use *last = outside->uses.count ? &outside->uses.items[outside->uses.count - 1]
						    : NULL;

	/* Descriptors of one process are neighbours. */
	if (last && last->object.slot == object->fact.id.slot &&
	    last->process.pid == process.pid && last->process.start == process.start) {
		last->can_give |= can_give;
		last->can_take |= can_take;
		return;
	}
	if (VEC_RESERVE(&outside->uses, outside->uses.count + 1)) {
		outside->left_out++;
		return;
	}
	outside->uses.items[outside->uses.count++] = (struct fact_use){
		.process = process,
		.object = object->fact.id,
		.can_give = can_give,
		.can_take = can_take,
	};
}

static void drop(struct outside *outside, struct outside_object *object)
{
	map_remove(&outside->objects, &object->node);
	free(object);
}

void outside_tell(struct outside *outside, struct fact *fact, const struct fact_sink *sink)
{
	struct map_node *node = map_first(&outside->objects);

	fact->type = FACT_OBJECT;
	while (node) {
		struct outside_object *object = (struct outside_object *)node;

		node = map_next(node);
		if (object->look != outside->look) {
			drop(outside, object);
			continue;
		}
		fact->u.object = object->fact;
		sink->apply(sink->arg, fact);
	}
	fact->type = FACT_USE;
	for (size_t i = 0; i < outside->uses.count; i++) {
		fact->u.use = outside->uses.items[i];
		sink->apply(sink->arg, fact);
	}
}

void outside_free(struct outside *outside)
{
	struct map_node *node = map_first(&outside->objects), *next;

	map_clear(&outside->objects);
	for (; node; node = next) {
		next = map_next(node);
		free(node);
	}
	free(outside->uses.items);
	memset(outside, 0, sizeof(*outside));
}
