/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * any.c - what a thread waits for that waits for any of several things.
 *
 * Owns: the list of them, in memory that is made at each tick.  Does not own: what it
 * means for who can run (waits.c), words (words.c).
 */
#include "mpstat/model/store.h"
#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

void any_link(struct model *model, struct thread *thread)
{
	const struct fact_any *fact = &thread->fact.wait_any;
	struct any_of *to;

	thread->wait_any = NULL;
	if (!thread->fact.wait_op || !fact->count || !model->graph.any.items)
		return;
	thread->wait_any = to = model->graph.any.items + model->graph.any.count;
	for (uint32_t i = 0; i < thread_any_listed(thread); i++, to++) {
		struct object_id id = {thread->fact.domain, fact->of[i].slot,
				       fact->of[i].generation};
		struct claim *claim = NULL;
		struct object_node *object = NULL;

		if (id.slot == FACT_REF_NONE)
			;
		else if (id.slot & FACT_REF_PROCESS)
			claim = store_member(model, id);
		else
			object = store_object(model, id);
		to->process = claim ? &claim->process->process : NULL;
		to->object = object ? &object->object : NULL;
	}
	model->graph.any.count += thread_any_listed(thread);
}

void any_make_room(struct model *model)
{
	size_t need = 0;

	for (size_t i = 0; i < model->threads.count; i++) {
		const struct thread_node *node = (struct thread_node *)model->threads.items[i];
		uint32_t count = node->thread.fact.wait_any.count;

		need += count < FACT_ANY ? count : FACT_ANY;
	}
	model->graph.any.count = 0;
	if (VEC_RESERVE(&model->graph.any, need)) {
		free(model->graph.any.items);
		memset(&model->graph.any, 0, sizeof(model->graph.any));
		model->left_out++;
	}
}

bool thread_waits_for(const struct thread *thread, const struct object *object)
{
	if (thread->wait_object == object)
		return true;
	for (uint32_t i = 0; i < thread_any_listed(thread); i++) {
		if (thread->wait_any[i].object == object)
			return true;
	}
	return false;
}

void any_count_waiter(const struct thread *thread)
{
	for (uint32_t i = 0; i < thread_any_listed(thread); i++) {
		struct object *object = thread->wait_any[i].object;
		uint32_t before = 0;

		while (before < i && thread->wait_any[before].object != object)
			before++;
		if (object && before == i)
			object->take_waiters++;
	}
}

const struct domain *waits_any_domain(const struct thread *thread)
{
	for (uint32_t i = 0; i < thread_any_listed(thread); i++) {
		if (thread->wait_any[i].object)
			return thread->wait_any[i].object->domain;
	}
	return NULL;
}

const struct process *waits_first_process(const struct thread *thread)
{
	for (uint32_t i = 0; i < thread_any_listed(thread); i++) {
		if (thread->wait_any[i].process)
			return thread->wait_any[i].process;
	}
	return NULL;
}
