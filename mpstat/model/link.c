/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * link.c - who belongs to whom.
 *
 * Owns: every pointer between entities, set anew at each tick from the
 * identities in the facts, and the sorted lists.  What names something that
 * does not exist (the order of facts, a liar) is left without a pointer.
 */
#include "mpstat/model/kind.h"
#include "mpstat/model/store.h"

#include <string.h>

static int compare_u64(uint64_t a, uint64_t b)
{
	return a == b ? 0 : a < b ? -1 : 1;
}

/* Slots of one thread become neighbours, threads of one process too. */
static int by_thread(const struct map_node *a, const struct map_node *b)
{
	const struct fact_thread *x = &((const struct thread_node *)a)->thread.fact;
	const struct fact_thread *y = &((const struct thread_node *)b)->thread.fact;
	int order = compare_u64(x->process.pid, y->process.pid);

	if (!order)
		order = compare_u64(x->process.start, y->process.start);
	if (!order)
		order = compare_u64(x->tid, y->tid);
	return order ? order : map_compare_keys(a, b);
}

/* Everything else relies on the lists being whole.  When one is not, for want of
 * memory, all are empty until the next tick, and that is counted. */
static void sort_all(struct model *model)
{
	struct map *const maps[] = {&model->processes, &model->threads, &model->objects,
				    &model->uses, &model->domains};
	bool failed = false;

	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++)
		failed |= map_sort(maps[i], maps[i] == &model->threads ? by_thread : NULL);
	if (!failed)
		return;
	model->left_out++;
	for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
		maps[i]->count = 0;
		maps[i]->changed = true;
	}
}

static void clear_domains(struct model *model)
{
	for (size_t i = 0; i < model->domains.count; i++) {
		struct domain_node *node = (struct domain_node *)model->domains.items[i];

		node->domain.processes = 0;
		node->domain.objects = 0;
		node->live = 0;
		node->some[0] = node->some[1] = NULL;
	}
}

static void join_domain(struct process_node *node, struct domain_node *domain)
{
	if (!process_lives(&node->process))
		return;
	domain->domain.processes++;
	if (domain->live < 2)
		domain->some[domain->live] = node;
	domain->live++;
}

static void link_process(struct model *model, struct process_node *node)
{
	node->process.domain = NULL;
	node->process.first_thread = NULL;
	node->first_use = NULL;
	node->last_thread = &node->process.first_thread;
	for (struct claim *claim = node->claims; claim; claim = claim->next) {
		claim->domain = claim->member ? store_domain(model, claim->fact.domain) : NULL;
		if (!claim->domain)
			continue;
		if (!node->process.domain)
			node->process.domain = &claim->domain->domain;
		if (!claim->fact.ended)
			join_domain(node, claim->domain);
	}
}

static struct process *awaited_process(const struct model *model, const struct thread *thread)
{
	struct object_id id = thread->fact.wait_object;
	struct process_node *process;
	struct claim *claim;

	if (thread->fact.wait_process.pid) {
		process = store_process(model, thread->fact.wait_process);
		return process ? &process->process : NULL;
	}
	claim = id.slot & FACT_REF_PROCESS ? store_member(model, id) : NULL;
	return claim ? &claim->process->process : NULL;
}

static void link_wait(struct model *model, struct thread *thread)
{
	struct object_id id = thread->fact.wait_object;

	thread->wait_object = NULL;
	thread->wait_process = NULL;
	thread->blocker = NULL;
	if (!thread->fact.wait_op)
		return;
	thread->wait_process = awaited_process(model, thread);
	if (!thread->wait_process && !(id.slot & FACT_REF_PROCESS)) {
		struct object_node *object = store_object(model, id);

		thread->wait_object = object ? &object->object : NULL;
	}
}

/* Who serves a pool waits for it all the time, and for nothing in particular. */
static void count_waiter(struct thread *thread)
{
	struct object *object = thread->wait_object;

	if (thread->fact.ended || !process_lives(thread->process) || waits_serving(thread))
		return;
	any_count_waiter(thread);
	if (!object)
		return;
	if (op_effect(thread->fact.wait_op) == MPT_E_GIVE ||
	    (op_effect(thread->fact.wait_op) == MPT_E_PASS &&
	     kind_has(object->fact.kind, MPT_T_WORKERS)))
		object->give_waiters++; /* who waits for results is who gave the tasks */
	else
		object->take_waiters++;
}

static struct object *find_object(const struct model *model, struct object_id id)
{
	struct object_node *node = id.domain ? store_object(model, id) : NULL;

	return node && kind_has(node->object.fact.kind, MPT_T_WORKERS) ? &node->object : NULL;
}

static void link_worker(struct model *model, struct thread *thread)
{
	const struct fact_thread *fact = &thread->fact;
	bool lives = !fact->ended && process_lives(thread->process);

	thread->serves = lives ? find_object(model, fact->serves) : NULL;
	thread->task_object = NULL;
	if (lives && fact->task_since_ns && !fact->task_awaited)
		thread->task_object = find_object(model, fact->task_object);
	if (thread->serves)
		thread->serves->workers++;
	if (!thread->serves || thread->task_object != thread->serves)
		return;
	thread->serves->busy++;
	if (!thread->serves->oldest_task_ns || fact->task_since_ns < thread->serves->oldest_task_ns)
		thread->serves->oldest_task_ns = fact->task_since_ns;
}

static bool same_thread(const struct thread_node *a, const struct thread_node *b)
{
	return a->thread.fact.tid == b->thread.fact.tid &&
	       life_same(a->thread.fact.process, b->thread.fact.process);
}

/* What is seen of a thread from outside, that a segment tells of, too: to be listed only when
 * it waits for something the library does not know.  Those with a slot come behind. */
static bool is_double(const struct model *model, size_t index)
{
	const struct thread_node *node = (struct thread_node *)model->threads.items[index];
	bool told = false;

	if (node->thread.fact.domain)
		return false;
	for (size_t i = index + 1; i < model->threads.count; i++) {
		const struct thread_node *slot = (struct thread_node *)model->threads.items[i];

		if (!same_thread(node, slot))
			break;
		if (slot->thread.fact.wait_op)
			return true;
		told |= !slot->thread.fact.ended;
	}
	return told && !node->thread.fact.wait_op;
}

static void link_thread(struct model *model, size_t index)
{
	struct thread_node *node = (struct thread_node *)model->threads.items[index];
	struct process_node *process = store_process(model, node->thread.fact.process);

	node->thread.next = NULL;
	node->thread.process = process ? &process->process : NULL;
	node->thread.serves = node->thread.task_object = NULL;
	link_wait(model, &node->thread);
	any_link(model, &node->thread);
	if (!process) {
		model->rejected++;
		return;
	}
	if (is_double(model, index))
		return; /* still one of the slots of its actor, and may own something */
	*process->last_thread = &node->thread;
	process->last_thread = &node->thread.next;
	link_worker(model, &node->thread);
	count_waiter(&node->thread);
}

static struct object *link_lock(const struct model *model, const struct object *object)
{
	struct object_node *lock;

	if (!kind_has(object->fact.kind, MPT_T_SLEEPERS))
		return NULL;
	lock = store_object(model, object->fact.lock);
	return lock && lock != (const void *)object ? &lock->object : NULL;
}

static struct thread *find_owner(const struct model *model, const struct object *object)
{
	const struct fact_object *fact = &object->fact;
	struct thread_node *owner;

	if (!fact->held || !kind_has(fact->kind, MPT_T_OWNER))
		return NULL;
	if (object->id.domain)
		owner = store_thread(model, object->id.domain, fact->owner_slot,
				     fact->owner_generation);
	else if (fact->owner_state != FACT_OWNER_LIVES)
		return NULL;
	else
		owner = store_outside_thread(model, fact->owner_process, fact->owner_tid);
	return owner ? &owner->thread : NULL;
}

static void link_object(struct model *model, struct object_node *node)
{
	struct object *object = &node->object;
	struct domain_node *domain = store_domain(model, object->id.domain);

	object->domain = domain ? &domain->domain : NULL;
	if (domain)
		domain->domain.objects++;
	object->first_use = NULL;
	object->givers = object->takers = (struct open_ends){0, false};
	node->last_use = &object->first_use;
	object->give_waiters = object->take_waiters = 0;
	object->lock = link_lock(model, object);
	object->workers = object->busy = 0;
	object->oldest_task_ns = 0;
	object->owner = find_owner(model, object);
}

static void count_end(struct open_ends *ends, bool has, const struct process_node *process)
{
	ends->count += has;
	ends->strange |= has && !process;
}

static void link_use(struct model *model, struct use_node *node)
{
	struct object_node *object = store_object(model, node->object);
	struct process_node *process = store_process(model, node->use.process);
	struct use *use = &node->use;

	use->next = use->next_of_process = NULL;
	use->object = object ? &object->object : NULL;
	use->known = process ? &process->process : NULL;
	if (process)
		memcpy(use->process_name, process->process.fact.name, sizeof(use->process_name));
	use->process_ended = !process || !process_lives(&process->process);
	if (!object)
		return;
	*object->last_use = use;
	object->last_use = &use->next;
	count_end(&object->object.givers, use->can_give, process);
	count_end(&object->object.takers, use->can_take, process);
	if (!process)
		return;
	use->next_of_process = process->first_use;
	process->first_use = use;
}

/* A thread whose process nobody told is not shown anywhere. */
static void forget_strange_owners(struct model *model)
{
	for (size_t i = 0; i < model->objects.count; i++) {
		struct object *object = &((struct object_node *)model->objects.items[i])->object;

		if (object->owner && !object->owner->process)
			object->owner = NULL;
	}
}

void link_all(struct model *model)
{
	sort_all(model);
	clear_domains(model);
	for (size_t i = 0; i < model->processes.count; i++)
		link_process(model, (struct process_node *)model->processes.items[i]);
	/* Objects before threads: threads count themselves as waiters there. */
	for (size_t i = 0; i < model->objects.count; i++)
		link_object(model, (struct object_node *)model->objects.items[i]);
	any_make_room(model);
	for (size_t i = 0; i < model->threads.count; i++)
		link_thread(model, i);
	forget_strange_owners(model);
	for (size_t i = 0; i < model->uses.count; i++)
		link_use(model, (struct use_node *)model->uses.items[i]);
}
