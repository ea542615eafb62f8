/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_job.c - a submitted call, map or chunk, from hand-in to its end; see pool.h.
 *
 * A job needs one slot, a map one for each chunk.  While slots are free it goes into
 * them at once; else it waits in the backlog, first come first served.
 *
 * Does not own: what comes back (pool_collect.c), who waits for it (pool_result.c).
 */
#include "libtrace/pool.h"

#include "libtrace/await.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SPARE_MOST 4096u

/* ---- making and forgetting ---------------------------------------------------------- */

struct mpt_result *job_new(struct mpt_pool *pool)
{
	struct mpt_result *job = TAILQ_FIRST(&pool->spare);
	int saved = errno;

	if (job) {
		TAILQ_REMOVE(&pool->spare, job, in_list);
		pool->spare_count--;
	} else {
		job = malloc(sizeof(*job));
		errno = saved;
		if (!job)
			return NULL;
	}
	memset(job, 0, offsetof(struct mpt_result, few));
	job->pool = pool;
	job->refs = 1;
	job->data = job->few;
	pool->refs++;
	return job;
}

static void release_data(struct mpt_result *job)
{
	if (job->data != job->few)
		free(job->data);
	job->data = job->few;
	job->size = 0;
}

void job_put(struct mpt_result *job)
{
	struct mpt_pool *pool = job->pool;
	int saved = errno;

	if (--job->refs)
		return;
	release_data(job);
	free(job->failure);
	pool->refs--;
	if (pool->spare_count < SPARE_MOST && !pool->ended) {
		TAILQ_INSERT_HEAD(&pool->spare, job, in_list);
		pool->spare_count++;
	} else {
		free(job);
	}
	errno = saved;
}

bool job_room(struct mpt_result *job, size_t size)
{
	int saved = errno;

	release_data(job);
	if (size > sizeof(job->few))
		job->data = malloc(size);
	errno = saved;
	if (!job->data) {
		job->data = job->few;
		return false;
	}
	job->size = size;
	return true;
}

size_t job_tasks(const struct mpt_result *job)
{
	const struct job_items *i = &job->items;

	return job->is_map ? (i->count - i->next + i->chunk - 1) / i->chunk : 1;
}

/* ---- into slots ------------------------------------------------------------------------ */

/* The part of a job that goes into one slot. */
static void fill_map(struct mpt_result *job, struct mpt_wire_task *task)
{
	struct job_items *i = &job->items;
	size_t n = i->count - i->next < i->chunk ? i->count - i->next : i->chunk;

	task->items = (uint32_t)n;
	task->size = (uint32_t)(n * i->size);
	memcpy(pool_task_args(task), i->in + i->next * i->size, task->size);
	i->next += n;
}

static void fill_whole(struct mpt_result *job, struct mpt_wire_task *task, const void *args)
{
	task->items = (uint32_t)job->items.count;
	task->size = (uint32_t)job->size;
	if (job->size)
		memcpy(pool_task_args(task), args, job->size);
}

/* The next part of the job into a slot.  False: there is none. */
static bool take_off(struct mpt_result *job, const void *args)
{
	struct mpt_pool *pool = job->pool;
	struct mpt_wire_task *task;
	uint32_t slot;

	if (pool->free_count == 0)
		return false;
	slot = pool->free[--pool->free_count];
	pool->flights[slot] = (struct pool_flight){ .job = job,
						    .first = job->items.next,
						    .busy = true };
	task = pool_task(pool, slot);
	task->time_ns = pool_now();
	task->result = 0;
	task->tell = job->callback || job->error_callback ? MPT_TELL_SERVICE : 0;
	task->item = task->failed_item = 0;
	task->item_size = job->items.size;
	task->item_room = job->items.room;
	task->function = job->function;
	if (job->is_map)
		fill_map(job, task);
	else
		fill_whole(job, task, args);
	job->slot = slot;
	job->refs++;
	pool_publish(pool, slot);
	return true;
}

static bool all_off(const struct mpt_result *job)
{
	return !job->is_map || job->items.next == job->items.count;
}

/* The parts of the job for which there are slots.  Returns how many; *done: it was all. */
static int take_off_all(struct mpt_result *job, const void *args, bool *done)
{
	int n = 0;

	*done = job->is_map && all_off(job);
	while (!*done && take_off(job, args)) {
		n++;
		*done = all_off(job);
	}
	if (*done)
		store32(&job->stage, JOB_FLYING);
	return n;
}

static void out_of_backlog(struct mpt_result *job)
{
	struct mpt_pool *pool = job->pool;

	TAILQ_REMOVE(&pool->backlog, job, in_list);
	if (TAILQ_EMPTY(&pool->backlog))
		store32(&pool->wire->tell_low, 0);
	job_put(job);
}

void job_feed(struct mpt_pool *pool)
{
	struct mpt_result *job;
	bool done;
	int n = 0;

	while ((job = TAILQ_FIRST(&pool->backlog))) {
		n += take_off_all(job, job->data, &done);
		if (!done)
			break;
		release_data(job);
		out_of_backlog(job);
	}
	if (n)
		pool_wake_workers(pool, n, pool_now());
	pool_check_drained(pool);
}

static void into_backlog(struct mpt_result *job)
{
	struct mpt_pool *pool = job->pool;
	bool first = TAILQ_EMPTY(&pool->backlog);

	TAILQ_INSERT_TAIL(&pool->backlog, job, in_list);
	job->refs++;
	if (!first)
		return;
	store32(&pool->wire->tell_low, 1);
	/* A worker finishes, fences and looks at tell_low before it sleeps: either it sees
	 * that, or we see what it has finished. */
	fence();
	if (pool_has_finished(pool))
		pool_ring(pool);
}

static void count_in(const struct mpt_result *job, struct member *me)
{
	struct mpt_pool *pool = job->pool;
	struct mpt_wire_pool *w = pool->wire;
	size_t tasks = job_tasks(job);

	pool->unfinished += tasks;
	store64(&w->submitted, w->submitted + tasks);
	if (job->callback || job->error_callback)
		pool->callbacks_due++;
	await_use(me, &pool->handle, tasks, 0);
	emit(me, &(struct mpt_record){ .time = clock_now(&me->clock),
				       .op = MPT_OP_POOL_SUBMIT,
				       .object = pool->handle.slot,
				       .value = w->submitted });
}

/* There is no slot for it yet: its arguments are the caller's only until we return. */
static bool keep_args(struct mpt_result *job, const void *args)
{
	size_t size = job->size;

	if (job->is_map || args == job->data)
		return true;
	if (!job_room(job, size))
		return false;
	if (size)
		memcpy(job->data, args, size);
	return true;
}

int job_hand_in(struct mpt_result *job, const void *args, struct member *me)
{
	struct mpt_pool *pool = job->pool;
	bool at_once = TAILQ_EMPTY(&pool->backlog) && pool->free_count, done = false;
	int n = 0;

	if (!at_once && !keep_args(job, args))
		return -ENOMEM;
	count_in(job, me);
	if (job->is_map && job->items.count == 0) {
		job_items_done(job, 0, 0, NULL);
		return 0;
	}
	if (at_once)
		n = take_off_all(job, args, &done);
	if (!done)
		into_backlog(job);
	if (n)
		pool_wake_workers(pool, n, pool_now());
	return 0;
}

/* ---- the end of a job ------------------------------------------------------------------- */

void job_ready(struct mpt_result *job)
{
	store32_release(&job->stage, JOB_READY);
	if (job->waiters || job->pool->any || job->pool->few)
		pool_wake_waiters(job->pool);
}

void job_settle(struct mpt_result *job, ssize_t outcome)
{
	struct mpt_pool *pool = job->pool;
	bool calls = outcome < 0 ? job->error_callback != NULL : job->callback != NULL;

	job->outcome = outcome;
	if (job->callback || job->error_callback)
		pool->callbacks_due--;
	if (!calls || (job->is_map && job->dropped)) {
		job_ready(job);
	} else {
		store32_release(&job->stage, JOB_DONE);
		TAILQ_INSERT_TAIL(&pool->callbacks, job, in_list);
		job->refs++;
		pool_ring(pool);
	}
	if (job->imap)
		pool_imap_done(job);
}

void job_note(struct mpt_result *job, const struct mpt_failure *why)
{
	int saved = errno;

	if (job->outcome < 0 || job->dropped)
		return;
	job->outcome = why->error;
	job->failure = malloc(sizeof(*job->failure));
	errno = saved;
	if (!job->failure)
		return;
	*job->failure = *why;
	snprintf(job->failure->task, sizeof(job->failure->task), "%s",
		 job->pool->functions[job->function].name);
}

void job_items_done(struct mpt_result *job, size_t items, size_t failed,
		    const struct mpt_failure *why)
{
	struct job_items *i = &job->items;

	if (failed)
		job_note(job, why);
	i->done += items;
	i->failed += failed;
	if (job->failure)
		job->failure->count = i->failed;
	if (i->done == i->count)
		job_settle(job, i->failed ? job->outcome : (ssize_t)i->count);
}

void job_fails(struct mpt_result *job, size_t first, size_t items, const struct mpt_failure *why)
{
	struct mpt_failure here = *why;

	here.index = first + job->first;
	here.count = 1;
	if (!job->is_map) {
		job_note(job, &here);
		job_settle(job, why->error);
		return;
	}
	for (size_t i = first; job->items.status && !job->dropped && i < first + items; i++)
		job->items.status[i] = why->error;
	job_items_done(job, items, items, &here);
}

/* ---- giving up ------------------------------------------------------------------------------ */

/* Takes what has no slot out of the backlog.  Returns the items of it. */
static size_t cut_off(struct mpt_result *job)
{
	struct mpt_pool *pool = job->pool;
	size_t tasks = job_tasks(job), rest = job->items.count - job->items.next;

	pool->unfinished -= tasks;
	store64(&pool->wire->skipped, pool->wire->skipped + tasks);
	job->items.next = job->items.count;
	out_of_backlog(job);
	return rest;
}

/* Its worker finds that nobody wants it: before it begins, or at the next of its items.  In
 * the line it keeps its place until then, and its slot: so the line is never longer than
 * there are slots. */
static void let_pass(struct mpt_pool *pool, uint32_t slot)
{
	struct mpt_result *job = pool->flights[slot].job;

	store32(&pool_task(pool, slot)->tell, MPT_TELL_NOBODY);
	pool->flights[slot].job = NULL;
	pool->unfinished--;
	job_put(job);
}

static void let_all_pass(struct mpt_result *job)
{
	struct mpt_pool *pool = job->pool;

	for (uint32_t slot = 0; slot < pool->slots; slot++)
		if (pool->flights[slot].job == job)
			let_pass(pool, slot);
}

void job_drop(struct mpt_result *job)
{
	uint32_t stage = load32(&job->stage);

	job->dropped = true;
	if (stage >= JOB_DONE)
		return;
	if (stage == JOB_IN_LINE)
		cut_off(job);
	if (job->is_map)
		let_all_pass(job);
	else if (stage == JOB_FLYING)
		let_pass(job->pool, job->slot);
	job_settle(job, -ESHUTDOWN);
	pool_check_drained(job->pool);
}

static void fail_backlog(struct mpt_pool *pool, const struct mpt_failure *why)
{
	struct mpt_result *job;

	while ((job = TAILQ_FIRST(&pool->backlog))) {
		size_t first = job->items.next, rest;

		job->refs++;
		rest = cut_off(job);
		job_fails(job, first, rest, why);
		job_put(job);
	}
}

/* Takes the task back from the line, if no worker was quicker. */
static bool take_back(struct mpt_pool *pool, uint32_t slot)
{
	struct mpt_wire_task *task = pool_task(pool, slot);
	uint64_t state = load64_acquire(&task->state);

	return MPT_TASK_PHASE(state) == MPT_TASK_QUEUED &&
	       cas64(&task->state, state, MPT_TASK_STATE(MPT_TASK_FREE, 0));
}

static void fail_flight(struct mpt_pool *pool, uint32_t slot, const struct mpt_failure *why,
			bool flying)
{
	struct pool_flight flight = pool->flights[slot];
	bool back = take_back(pool, slot);

	if (back)
		pool_free_slot(pool, slot);
	if (!flight.job || (!back && !flying))
		return;
	if (!back)
		pool->flights[slot].job = NULL; /* its worker is being ended */
	pool->unfinished--;
	job_fails(flight.job, flight.first, pool_task(pool, slot)->items, why);
	job_put(flight.job);
}

void job_fail_all(struct mpt_pool *pool, int error, const char *text, bool flying)
{
	struct mpt_failure why = { .error = error, .exit_code = MPT_EXIT_NONE };

	snprintf(why.text, sizeof(why.text), "%s", text);
	pool_collect(pool);
	fail_backlog(pool, &why);
	for (uint32_t slot = 0; slot < pool->slots; slot++)
		fail_flight(pool, slot, &why, flying);
	pool_pass_claimed(pool);
	pool_check_drained(pool);
}
