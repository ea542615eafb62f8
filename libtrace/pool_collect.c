/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_collect.c - what workers have finished comes back; see pool.h.
 *
 * Each worker notes in a list of its own which slots it has finished: a hint.  What is
 * true is the state of the slot, so what a killed worker did not note is found by
 * looking at all slots when it is buried.  All is under pool->lock, so each result is
 * taken exactly once.
 */
#include "libtrace/pool.h"

#include <stdio.h>
#include <string.h>

void pool_free_slot(struct mpt_pool *pool, uint32_t slot)
{
	store64(&pool_task(pool, slot)->state, MPT_TASK_STATE(MPT_TASK_FREE, 0));
	pool->flights[slot] = (struct pool_flight){ .job = NULL };
	pool->free[pool->free_count++] = slot;
}

/* ---- results -------------------------------------------------------------------------- */

/* Who has, or had, the task: no other worker has come into its seat since, as what a dead
 * one has finished is taken before that. */
static pid_t worker_of(const struct mpt_pool *pool, uint64_t state)
{
	uint32_t seat = (MPT_TASK_WORKER(state) & 0xffffu) - 1;

	if (seat >= pool->seat_count || !pool->seats[seat].process)
		return 0;
	return mpt_process_pid(pool->seats[seat].process);
}

/* Of the task as a whole, or of the first of its items that failed. */
static void explain(struct mpt_pool *pool, struct mpt_wire_task *task, size_t first,
		    struct mpt_failure *why)
{
	const int32_t *states = (const int32_t *)(void *)pool_task_result(pool, task);

	memset(why, 0, sizeof(*why));
	why->exit_code = MPT_EXIT_NONE;
	why->pid = worker_of(pool, load64(&task->state));
	why->index = first + task->failed_item;
	why->error = task->items ? states[task->failed_item] : (int)task->result;
	snprintf(why->text, sizeof(why->text), "%s", pool_task_text(pool, task));
	if (!why->text[0])
		snprintf(why->text, sizeof(why->text), "%s", mpt_result_text(why->error));
}

static void take_map(struct mpt_result *job, struct mpt_wire_task *task, size_t first)
{
	const uint8_t *states = pool_task_result(job->pool, task);
	struct job_items *i = &job->items;
	struct mpt_failure why;
	size_t failed = (size_t)task->result;

	if (failed)
		explain(job->pool, task, first, &why);
	if (!job->dropped && i->room)
		memcpy(i->out + first * i->room, states + pool_states_bytes(task->items),
		       (size_t)task->items * i->room);
	if (!job->dropped && i->status)
		memcpy(i->status + first, states, task->items * sizeof(int32_t));
	job_items_done(job, task->items, failed, &why);
}

/* Of a chunk of many items: states and results as they are. */
static void take_whole(struct mpt_result *job, struct mpt_wire_task *task)
{
	struct mpt_failure why;
	size_t size = task->items ? pool_states_bytes(task->items) +
					    (size_t)task->items * task->item_room :
				    (size_t)task->result;

	if (task->result < 0) {
		explain(job->pool, task, 0, &why);
		job_fails(job, 0, 0, &why);
		return;
	}
	if (task->result && task->items) {
		explain(job->pool, task, job->first, &why);
		job_note(job, &why);
	}
	if (!job->held && !job->callback && !job->imap)
		size = 0;
	if (!job_room(job, size)) {
		why = (struct mpt_failure){ .error = -ENOMEM, .exit_code = MPT_EXIT_NONE };
		job_fails(job, 0, 0, &why);
		return;
	}
	if (size)
		memcpy(job->data, pool_task_result(job->pool, task), size);
	job_settle(job, (ssize_t)size);
}

static void count(struct mpt_pool *pool, const struct mpt_wire_task *task)
{
	hist_add(&pool->handle.object->hold, task->time_ns);
	hist_add(&pool->wire->run, task->run_ns);
	pool->run_ns = pool_average(pool->run_ns, task->run_ns);
	if (task->run_ns > pool->wire->run_max_ns)
		pool->wire->run_max_ns = task->run_ns;
}

/* Else it was given up before anybody began it. */
static bool has_run(const struct mpt_wire_task *task)
{
	return task->run_ns || !(load32(&task->tell) & MPT_TELL_NOBODY);
}

/* It is DONE. */
static void take(struct mpt_pool *pool, uint32_t slot)
{
	struct pool_flight flight = pool->flights[slot];
	struct mpt_wire_task *task = pool_task(pool, slot);

	if (has_run(task))
		count(pool, task);
	if (flight.job) {
		pool->unfinished--;
		if (flight.job->is_map)
			take_map(flight.job, task, flight.first);
		else
			take_whole(flight.job, task);
		job_put(flight.job);
	}
	pool_free_slot(pool, slot);
}

bool pool_collect_slot(struct mpt_pool *pool, uint32_t slot)
{
	uint64_t state = load64_acquire(&pool_task(pool, slot)->state);

	if (!pool->flights[slot].busy || MPT_TASK_PHASE(state) != MPT_TASK_DONE)
		return false;
	take(pool, slot);
	return true;
}

/* ---- what there is ----------------------------------------------------------------------- */

static void collect_all_slots(struct mpt_pool *pool)
{
	for (uint32_t slot = 0; slot < pool->slots; slot++)
		pool_collect_slot(pool, slot);
}

/* An entry may be of a task that was taken by its waiter: then the slot has another
 * ticket, or nobody. */
static void collect_entry(struct mpt_pool *pool, uint32_t entry)
{
	uint32_t slot = entry & 0xffffu;

	if (slot < pool->slots && (pool->flights[slot].ticket & 0xffffu) == entry >> 16)
		pool_collect_slot(pool, slot);
}

static void collect_seat(struct pool_seat *seat)
{
	struct mpt_pool *pool = seat->pool;
	uint64_t finished = load64_acquire(&seat->wire->finished);

	if (finished - seat->seen > pool->ring_mask + 1) {
		seat->seen = finished;
		collect_all_slots(pool);
	}
	while (seat->seen != finished)
		collect_entry(pool, load32(&seat->list[seat->seen++ & pool->ring_mask]));
}

void pool_collect(struct mpt_pool *pool)
{
	for (uint32_t i = 0; i < pool->seat_count; i++)
		collect_seat(&pool->seats[i]);
}

bool pool_has_finished(const struct mpt_pool *pool)
{
	for (uint32_t i = 0; i < pool->seat_count; i++)
		if (pool->seats[i].seen != load64_acquire(&pool->seats[i].wire->finished))
			return true;
	return false;
}

/* ---- the dead ------------------------------------------------------------------------------ */

static void say_lost(const struct pool_seat *seat, struct mpt_failure *why)
{
	char how[48];

	if (why->exit_code == MPT_EXIT_NONE)
		snprintf(how, sizeof(how), "ended, nobody knows how");
	else if (why->exit_code < 0)
		snprintf(how, sizeof(how), "was killed by signal %d", -why->exit_code);
	else
		snprintf(how, sizeof(how), "ended with exit code %d", why->exit_code);
	snprintf(why->text, sizeof(why->text), "its worker %s (pid %d) %s",
		 mpt_process_name(seat->process), (int)why->pid, how);
}

/* Which items have failed, once the worker died in `item`: what it counted itself may be
 * one too many. */
static void recount(struct mpt_pool *pool, struct mpt_wire_task *task, uint32_t item,
		    const struct mpt_failure *why)
{
	int32_t *states = (int32_t *)(void *)pool_task_result(pool, task);

	task->result = 0;
	states[item] = why->error;
	for (uint32_t i = item + 1; i-- > 0;) {
		if (states[i] == 0)
			continue;
		task->failed_item = i;
		task->result++;
	}
	if (task->failed_item == item)
		memcpy(pool_task_text(pool, task), why->text, sizeof(why->text));
}

/* It died in an item of many: that one has failed, the others go on in the same slot. */
static void lose_item(struct mpt_pool *pool, uint32_t slot, struct mpt_failure *why)
{
	struct mpt_wire_task *task = pool_task(pool, slot);
	struct pool_flight *flight = &pool->flights[slot];
	uint32_t item = load32_acquire(&task->item);

	if (item < task->items) {
		recount(pool, task, item, why);
		why->index = flight->job->first + flight->first + item;
		why->count = 1;
		job_note(flight->job, why);
		task->item = item + 1;
	}
	if (task->item == task->items) {
		take(pool, slot);
		return;
	}
	store64(&pool->wire->submitted, pool->wire->submitted + 1);
	pool_publish(pool, slot);
	pool_wake_workers(pool, 1, pool_now());
}

static void lose(struct mpt_pool *pool, uint32_t slot, struct mpt_failure *why)
{
	struct pool_flight flight = pool->flights[slot];

	pool->wire->lost++;
	if (flight.job && pool_task(pool, slot)->items) {
		lose_item(pool, slot, why);
		return;
	}
	pool_free_slot(pool, slot);
	if (!flight.job)
		return;
	pool->unfinished--;
	job_fails(flight.job, flight.first, 0, why);
	job_put(flight.job);
}

uint32_t pool_settle_dead(struct pool_seat *seat, pid_t pid, int exit_code)
{
	struct mpt_pool *pool = seat->pool;
	struct mpt_failure why = { .error = -ECHILD, .pid = pid, .exit_code = exit_code };
	uint32_t mark = MPT_TASK_WORKER_OF(seat->number, seat->wire->incarnation), lost = 0;

	say_lost(seat, &why);
	collect_seat(seat);
	for (uint32_t slot = 0; slot < pool->slots; slot++) {
		uint64_t state = load64_acquire(&pool_task(pool, slot)->state);

		if (!pool->flights[slot].busy || MPT_TASK_WORKER(state) != mark)
			continue;
		if (pool_collect_slot(pool, slot)) {
			/* Done, and killed before it could note that. */
			store64(&seat->wire->finished, ++seat->seen);
			continue;
		}
		lose(pool, slot, &why);
		lost++;
	}
	return lost;
}
