/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.c - facts in.
 *
 * Owns: struct model's life, the dispatch of facts, the order of a tick.  Does
 * not own: what follows from facts (the files named in store.h), answers
 * (query.c).
 */
#include "mpstat/model/model.h"

#include "mpstat/model/kind.h"
#include "mpstat/model/rate.h"
#include "mpstat/model/store.h"

#include <stdlib.h>

/* Names end, whatever a source says. */
#define END(text) ((text)[sizeof(text) - 1] = 0)

static void apply_source(struct model *model, const struct fact *fact)
{
	struct fact_source_state *state = &model->source[fact->source];

	*state = fact->u.source;
	END(state->name);
	END(state->text);
}

/* A domain exists as soon as anything is told of it. */
static struct domain_node *tell_domain(struct model *model, const struct fact *fact, uint64_t id)
{
	struct map_key key = {{id}};
	struct domain_node *node;

	if (!id)
		return NULL;
	node = (struct domain_node *)store_obtain(model, &model->domains, &key, sizeof(*node),
						  MODEL_DOMAINS);
	if (!node || !sweep_tell(model, &node->told, fact))
		return NULL;
	node->domain.id = id;
	node->domain.fact.domain = id;
	return node;
}

static void apply_domain(struct model *model, const struct fact *fact)
{
	struct domain_node *node;

	if (!fact->u.domain.domain) {
		model->rejected++;
		return;
	}
	node = tell_domain(model, fact, fact->u.domain.domain);
	if (!node)
		return;
	node->domain.fact = fact->u.domain;
	node->told_itself = true;
	END(node->domain.fact.name);
}

static void apply_process(struct model *model, const struct fact *fact)
{
	if (!fact->u.process.id.pid) {
		model->rejected++;
		return;
	}
	tell_domain(model, fact, fact->u.process.domain);
	merge_process(model, fact);
}

static void apply_thread(struct model *model, const struct fact *fact)
{
	const struct fact_thread *told = &fact->u.thread;
	struct map_key key = key_slot(told->domain, told->slot, told->generation);
	struct thread_node *node;

	if (!told->process.pid) {
		model->rejected++;
		return;
	}
	if (!told->domain)
		key = key_outside_thread(told->process, told->tid);
	node = (struct thread_node *)store_obtain(model, &model->threads, &key, sizeof(*node),
						  MODEL_THREADS);
	if (!node || !sweep_tell(model, &node->told, fact))
		return;
	/* The list is ordered by process and tid, which a slot may change. */
	if (node->thread.fact.tid != told->tid ||
	    node->thread.fact.process.pid != told->process.pid ||
	    node->thread.fact.process.start != told->process.start)
		model->threads.changed = true;
	node->thread.fact = *told;
	END(node->thread.fact.name);
	END(node->thread.fact.task);
}

/* Counters nobody can have: more taken than given, more lost than taken.  (More
 * than the capacity only means that they were read at different moments.) */
static bool absurd(const struct fact_object *object)
{
	if (kind_has(object->kind, MPT_T_UNFINISHED) && object->finishes > object->give.count)
		return true;
	if (kind_has(object->kind, MPT_T_UNITS) &&
	    object->take.count > object->units + object->give.count)
		return true;
	if (!kind_has(object->kind, MPT_T_DEPTH))
		return false;
	return object->take.count > object->give.count || object->lost > object->take.count;
}

static void apply_object(struct model *model, const struct fact *fact)
{
	const struct fact_object *told = &fact->u.object;
	struct map_key key = key_object(told->id);
	struct object_node *node;

	if (!told->kind || told->id.slot & FACT_REF_PROCESS) {
		model->rejected++;
		return;
	}
	tell_domain(model, fact, told->id.domain);
	node = (struct object_node *)store_obtain(model, &model->objects, &key, sizeof(*node),
						  MODEL_OBJECTS);
	if (!node || !sweep_tell(model, &node->told, fact))
		return;
	if (!node->object.fact.kind) {
		rate_reset(&node->object.takes);
		rate_reset(&node->object.gives);
		rate_reset(&node->object.bytes_out);
		rate_reset(&node->object.waits);
		rate_reset(&node->object.reads);
		rate_reset(&node->object.changes);
		if (!kind_find(told->kind))
			model->unknown++;
	}
	if (absurd(told))
		model->rejected++;
	node->object.id = told->id;
	node->object.fact = *told;
	END(node->object.fact.name);
	END(node->object.fact.site);
}

static void apply_use(struct model *model, const struct fact *fact)
{
	const struct fact_use *told = &fact->u.use;
	struct map_key key = key_object(told->object);
	struct use_node *node;
	struct use *use;
	bool again;

	if (!told->process.pid) {
		model->rejected++;
		return;
	}
	if (told->lost > told->takes)
		model->rejected++;
	key.word[3] = told->process.pid;
	key.word[4] = told->process.start;
	node = (struct use_node *)store_obtain(model, &model->uses, &key, sizeof(*node),
					       MODEL_USES);
	again = node && node->told.source == fact->source &&
		node->told.snapshot == model->snapshot[fact->source].number;
	if (!node || !sweep_tell(model, &node->told, fact))
		return;
	use = &node->use;
	if (!use->process.pid) {
		rate_reset(&use->gives_rate);
		rate_reset(&use->takes_rate);
	}
	node->object = told->object;
	use->process = told->process;
	use->gives = told->gives;
	use->takes = told->takes;
	use->lost = told->lost < told->takes ? told->lost : told->takes;
	use->last_ns = told->last_ns;
	use->finishes = told->finishes;
	use->foreign = told->foreign;
	/* A process may have several ends of one thing open. */
	use->can_give = told->can_give || (again && use->can_give);
	use->can_take = told->can_take || (again && use->can_take);
}

static void apply_record(struct model *model, const struct fact *fact)
{
	if (!op_find(fact->u.record.op))
		model->unknown++;
	records_add(model, fact);
}

static void apply_loss(struct model *model, const struct fact *fact)
{
	const struct fact_loss *loss = &fact->u.loss;

	if ((unsigned)loss->cause >= FACT_LOSS_CAUSES ||
	    __builtin_add_overflow(model->lost[loss->cause], loss->count, &model->lost[loss->cause]))
		model->rejected++;
}

static void (*const apply[])(struct model *, const struct fact *) = {
	[FACT_SNAPSHOT_BEGIN] = sweep_begin, [FACT_SNAPSHOT_END] = sweep_end,
	[FACT_SOURCE] = apply_source,	     [FACT_DOMAIN] = apply_domain,
	[FACT_PROCESS] = apply_process,	     [FACT_THREAD] = apply_thread,
	[FACT_OBJECT] = apply_object,	     [FACT_USE] = apply_use,
	[FACT_RECORD] = apply_record,	     [FACT_LOSS] = apply_loss,
	[FACT_LIFE] = life_apply,
};

void model_apply(struct model *model, const struct fact *fact)
{
	unsigned type = fact->type, source = fact->source;

	if (type >= sizeof(apply) / sizeof(apply[0]) || !apply[type] || source >= FACT_SOURCES ||
	    source == FACT_FROM_NONE) {
		model->rejected++;
		return;
	}
	apply[type](model, fact);
}

void model_tick(struct model *model, uint64_t now_ns)
{
	if (now_ns > model->now_ns)
		model->now_ns = now_ns;
	story_clear(model);
	model->newborn = 0;
	sweep_drop(model);
	link_all(model);
	tree_build(model);
	life_update(model);
	filter_apply(model);
	ledger_update(model);
	waits_update(model);
	workers_update(model);
	words_update(model);
	records_settle(model);
	findings_update(model);
}

/* ---- life ------------------------------------------------------------ */

struct model *model_new(size_t records)
{
	struct model *model = calloc(1, sizeof(*model));

	if (!model)
		return NULL;
	model->scratch = malloc(MODEL_SCRATCH);
	if (!model->scratch || records_init(&model->records, records)) {
		model_free(model);
		return NULL;
	}
	return model;
}

static void free_all(struct map *map)
{
	struct map_node *node = map_first(map), *next;

	/* The table goes first: it does not look at the nodes. */
	map_clear(map);
	for (; node; node = next) {
		next = map_next(node);
		free(node);
	}
}

static void free_parts(struct map *processes)
{
	for (struct map_node *node = map_first(processes); node; node = map_next(node)) {
		struct claim *claim = ((struct process_node *)node)->claims;

		free(((struct process_node *)node)->signals);
		while (claim) {
			struct claim *next = claim->next;

			free(claim);
			claim = next;
		}
	}
}

void model_free(struct model *model)
{
	if (!model)
		return;
	map_clear(&model->members);
	free_parts(&model->processes);
	free_all(&model->processes);
	free_all(&model->threads);
	free_all(&model->objects);
	free_all(&model->uses);
	free_all(&model->domains);
	workers_free(model);
	free(model->stories.items);
	waits_free(&model->graph);
	findings_free(&model->findings);
	filter_free(&model->filter);
	free(model->records.items);
	free(model->scratch);
	free(model);
}
