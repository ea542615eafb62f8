/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows.c - walking the model, entity by entity.
 *
 * Owns: the selection.  Does not own: what is written of a row.
 */
#include "mpstat/export/rows.h"

#include "mpstat/model/kind.h"

bool rows_have(const struct field *field, const void *row)
{
	const struct object *object = row;

	return field->entity != ENTITY_OBJECT || kind_has(object->fact.kind, field->traits);
}

static void each_domain(const struct model *model, rows_take *take, void *arg)
{
	const struct domain *domain = NULL;

	while ((domain = model_next_domain(model, domain)))
		if (rows_domain_matched(model, domain))
			take(arg, domain);
}

static void each_process(const struct model *model, rows_take *take, void *arg)
{
	const struct process *process = NULL;

	while ((process = model_next_process(model, process)))
		if (process->matched)
			take(arg, process);
}

static void each_thread(const struct model *model, rows_take *take, void *arg)
{
	const struct process *process = NULL;
	const struct thread *thread;

	while ((process = model_next_process(model, process))) {
		if (!process->matched)
			continue;
		for (thread = process->first_thread; thread; thread = thread->next)
			take(arg, thread);
	}
}

static void each_object(const struct model *model, rows_take *take, void *arg)
{
	const struct object *object = NULL;

	while ((object = model_next_object(model, object)))
		if (object->matched)
			take(arg, object);
}

static void each_use(const struct model *model, rows_take *take, void *arg)
{
	const struct object *object = NULL;
	const struct use *use;

	while ((object = model_next_object(model, object))) {
		if (!object->matched)
			continue;
		for (use = object->first_use; use; use = use->next)
			take(arg, use);
	}
}

static void each_record(const struct model *model, rows_take *take, void *arg)
{
	size_t i;

	for (i = 0; i < model_record_count(model); i++)
		take(arg, model_record(model, i));
}

static void each_finding(const struct model *model, rows_take *take, void *arg)
{
	size_t i;

	for (i = 0; i < model_finding_count(model); i++)
		take(arg, model_finding(model, i));
}

static void each_workers(const struct model *model, rows_take *take, void *arg)
{
	const struct workers *workers = NULL;

	while ((workers = model_next_workers(model, workers)))
		if (workers->matched)
			take(arg, workers);
}

void rows_each(const struct model *model, enum entity entity, rows_take *take, void *arg)
{
	static void (*const walks[ENTITY_COUNT])(const struct model *, rows_take *, void *) = {
		[ENTITY_DOMAIN] = each_domain,	 [ENTITY_PROCESS] = each_process,
		[ENTITY_THREAD] = each_thread,	 [ENTITY_OBJECT] = each_object,
		[ENTITY_USE] = each_use,	 [ENTITY_RECORD] = each_record,
		[ENTITY_FINDING] = each_finding, [ENTITY_WORKERS] = each_workers,
	};

	if (walks[entity]) /* else it is of no model, but of a graph */
		walks[entity](model, take, arg);
}

static void count_one(void *arg, const void *row)
{
	(void)row;
	++*(size_t *)arg;
}

size_t rows_count(const struct model *model, enum entity entity)
{
	size_t count = 0;

	rows_each(model, entity, count_one, &count);
	return count;
}

bool rows_domain_matched(const struct model *model, const struct domain *domain)
{
	const struct process *process = NULL;
	const struct object *object = NULL;
	bool peopled = false;

	while ((process = model_next_process(model, process))) {
		if (process->domain != domain)
			continue;
		if (process->matched)
			return true;
		peopled = true;
	}
	while ((object = model_next_object(model, object))) {
		if (object->domain != domain)
			continue;
		if (object->matched)
			return true;
		peopled = true;
	}
	/* Nobody in it any more: nothing says that it was not meant. */
	return !peopled;
}
