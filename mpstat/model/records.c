/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records.c - the newest records, in the order of their time.
 *
 * Records arrive thread by thread, so those of one refresh are sorted in at the
 * tick.  The array holds twice what is kept: when it is full in between, the
 * newest half is kept, which costs O(log n) per record however many come.
 */
#include "mpstat/model/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int records_init(struct record_store *store, size_t keep)
{
	if (keep > SIZE_MAX / 2 / sizeof(*store->items))
		return -ENOMEM;
	store->keep = keep;
	store->room = 2 * keep;
	if (!keep)
		return 0;
	store->items = calloc(store->room, sizeof(*store->items));
	return store->items ? 0 : -ENOMEM;
}

static void find_names(const struct model *model, struct record *record)
{
	struct process_node *process = store_process(model, record->fact.process);
	struct object_id id = record->fact.object;

	if (process && !record->process_name[0])
		memcpy(record->process_name, process->process.fact.name,
		       sizeof(record->process_name));
	if (record->object_name[0])
		return;
	if (id.slot & FACT_REF_PROCESS) {
		struct claim *claim = store_member(model, id);

		if (claim)
			memcpy(record->object_name, claim->process->process.fact.name,
			       sizeof(record->object_name));
	} else {
		struct object_node *object = store_object(model, id);

		if (object)
			memcpy(record->object_name, object->object.fact.name,
			       sizeof(record->object_name));
	}
}

static int by_time(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->time_ns != y->time_ns)
		return x->time_ns < y->time_ns ? -1 : 1;
	return x->number == y->number ? 0 : x->number < y->number ? -1 : 1;
}

/* Sources tell them in order, nearly always: then the new ones are at their place.
 * Else they may be anywhere, and `fresh` says so. */
static void sort(struct record_store *store)
{
	size_t at = store->sorted ? store->sorted : 1;

	while (at < store->count && by_time(&store->items[at - 1], &store->items[at]) <= 0)
		at++;
	if (at < store->count) {
		qsort(store->items, store->count, sizeof(*store->items), by_time);
		store->fresh = 0;
	}
	store->sorted = store->count;
}

/* Sorts everything, keeps the newest `keep`. */
static void trim(struct record_store *store)
{
	size_t drop;

	sort(store);
	if (store->count <= store->keep)
		return;
	drop = store->count - store->keep;
	memmove(store->items, store->items + drop, store->keep * sizeof(*store->items));
	store->count = store->sorted = store->keep;
	store->fresh -= store->fresh < drop ? store->fresh : drop;
}

void records_add(struct model *model, const struct fact *fact)
{
	struct record_store *store = &model->records;
	struct record *record;

	store->seen++;
	if (!store->keep)
		return;
	if (store->count == store->room)
		trim(store);
	record = &store->items[store->count++];
	memset(record, 0, sizeof(*record));
	record->time_ns = fact->time_ns;
	record->number = store->seen;
	record->fact = fact->u.record;
	find_names(model, record);
}

void records_settle(struct model *model)
{
	struct record_store *store = &model->records;

	if (store->settled == store->seen)
		return;
	trim(store);
	/* Names of old ones are as they were. */
	for (size_t i = store->fresh; i < store->count; i++) {
		if (store->items[i].number > store->settled)
			find_names(model, &store->items[i]);
	}
	store->settled = store->seen;
	store->fresh = store->count;
}

uint64_t model_records_seen(const struct model *model)
{
	return model->records.seen;
}

const struct record *model_record(const struct model *model, size_t index)
{
	return index < model_record_count(model) ? &model->records.items[index] : NULL;
}

size_t model_record_count(const struct model *model)
{
	const struct record_store *store = &model->records;

	return store->count < store->keep ? store->count : store->keep;
}

const struct record *model_newest_record(const struct model *model)
{
	const struct record_store *store = &model->records;

	return store->settled != store->seen && store->count ? &store->items[store->count - 1] :
								NULL;
}
