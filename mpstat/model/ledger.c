/* SPDX-License-Identifier: BSD-2-Clause */
/* ledger.c - counts that add up, and their rates.  See ledger.h. */
#include "mpstat/model/ledger.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/rate.h"
#include "mpstat/model/store.h"

#include <string.h>

static uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t ledger_puts(const struct object *object)
{
	return object->fact.give.count;
}

uint64_t ledger_lost(const struct object *object)
{
	return least(object->fact.lost, object->fact.take.count);
}

uint64_t ledger_gets(const struct object *object)
{
	return object->fact.take.count - ledger_lost(object);
}

uint64_t ledger_depth(const struct object *object)
{
	uint64_t depth = minus(object->fact.give.count, object->fact.take.count);

	if (!object->id.domain)
		return object->fact.level;
	return object->fact.capacity ? least(depth, object->fact.capacity) : depth;
}

uint64_t ledger_depth_bytes(const struct object *object)
{
	if (!object->id.domain)
		return object->fact.level_bytes;
	return minus(object->fact.give.bytes, object->fact.take.bytes);
}

uint64_t ledger_units_free(const struct object *object)
{
	const struct fact_object *fact = &object->fact;
	uint64_t units = minus(fact->units + fact->give.count, fact->take.count);

	return fact->capacity ? least(units, fact->capacity) : units;
}

uint64_t ledger_units_out(const struct object *object)
{
	return minus(object->fact.take.count, object->fact.give.count);
}

uint64_t ledger_unfinished(const struct object *object)
{
	return minus(object->fact.give.count, object->fact.finishes);
}

bool use_is_rest(const struct use *use)
{
	return !use->process.pid;
}

uint64_t use_gets(const struct use *use)
{
	return minus(use->takes, use->lost);
}

uint64_t use_out(const struct use *use)
{
	uint64_t back = use->gives;

	if (use->object && kind_has(use->object->fact.kind, MPT_T_UNFINISHED))
		back = use->finishes;
	return minus(use->takes, minus(back, use->foreign));
}

bool use_counts_out(const struct use *use)
{
	return use->object &&
	       kind_traits(use->object->fact.kind) & (MPT_T_UNITS | MPT_T_UNFINISHED);
}

/* What the rows of the object's users count, all of them together. */
static void total(const struct fact_object *fact, uint64_t *gives, uint64_t *takes)
{
	*gives = fact->give.count;
	*takes = fact->take.count;
	if (kind_has(fact->kind, MPT_T_ITEMS)) {
		*gives = fact->changes;
		*takes = fact->reads;
	} else if (kind_has(fact->kind, MPT_T_OWNER)) {
		*gives = 0; /* acquisitions only */
	}
}

/* What the totals have beyond the rows, as a row of its own at the end. */
static void add_rest(struct object_node *node)
{
	const struct fact_object *fact = &node->object.fact;
	uint64_t gives, takes, lost = fact->lost;
	struct use *rest = &node->rest;

	total(fact, &gives, &takes);
	for (const struct use *use = node->object.first_use; use; use = use->next) {
		gives = minus(gives, use->gives);
		takes = minus(takes, use->takes);
		lost = minus(lost, use->lost);
	}
	memset(rest, 0, sizeof(*rest));
	if (!gives && !takes)
		return;
	rest->object = &node->object;
	strcpy(rest->process_name, LEDGER_REST);
	rest->process_ended = true;
	rest->gives = gives;
	rest->takes = takes;
	rest->lost = least(lost, takes);
	rate_reset(&rest->gives_rate);
	rate_reset(&rest->takes_rate);
	*node->last_use = rest;
	node->last_use = &rest->next;
}

static void update_object(struct object_node *node)
{
	struct object *object = &node->object;
	uint64_t at_ns = node->told.time_ns;

	rate_update(&object->takes, object->fact.take.count, at_ns);
	rate_update(&object->gives, object->fact.give.count, at_ns);
	rate_update(&object->bytes_out, object->fact.take.bytes, at_ns);
	rate_update(&object->waits, object->fact.take.waits, at_ns);
	rate_update(&object->reads, object->fact.reads, at_ns);
	rate_update(&object->changes, object->fact.changes, at_ns);
	add_rest(node);
}

/* CPU time comes from the lowest source that tells it, at its time. */
static void update_process(struct process_node *node)
{
	uint64_t at_ns = 0;

	for (const struct claim *claim = node->claims; claim; claim = claim->next) {
		if (claim->fact.cpu_ns != FACT_UNKNOWN)
			at_ns = claim->told.time_ns;
	}
	if (at_ns && !node->process.fact.ended)
		rate_update(&node->process.cpu, node->process.fact.cpu_ns, at_ns);
	else
		rate_reset(&node->process.cpu);
}

void ledger_update(struct model *model)
{
	for (size_t i = 0; i < model->processes.count; i++)
		update_process((struct process_node *)model->processes.items[i]);
	for (size_t i = 0; i < model->uses.count; i++) {
		struct use_node *node = (struct use_node *)model->uses.items[i];

		rate_update(&node->use.gives_rate, node->use.gives, node->told.time_ns);
		rate_update(&node->use.takes_rate, node->use.takes, node->told.time_ns);
	}
	for (size_t i = 0; i < model->objects.count; i++)
		update_object((struct object_node *)model->objects.items[i]);
}

const char *use_ends(const struct use *use)
{
	if (kind_has(use->object->fact.kind, MPT_T_HOLDERS))
		return use->can_give ? "holds it" : "has it open";
	if (use->can_give && use->can_take)
		return "can write and read";
	return use->can_give ? "can write" : use->can_take ? "can read" : "has it open";
}
