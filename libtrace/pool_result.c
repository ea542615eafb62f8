/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_result.c - waiting in the creator, and the handles of results; see pool.h.
 *
 * Who waits collects: it looks at the slot it waits for, or takes whatever is there and
 * feeds the backlog.  Before it sleeps it says so in shared memory (the slot's `tell`, or
 * tell_all), fences and looks again; workers commit, fence and look there.
 */
#include "libtrace/pool.h"

#include <limits.h>
#include <string.h>

#define SPIN_LEAST 2u

/* ---- the frame of public calls --------------------------------------------------------- */

int pool_enter(struct mpt_pool *pool, struct member **me)
{
	int rc;

	*me = member_get(&rc);
	if (!*me)
		return rc;
	if (unlikely((*me)->process_slot != pool->process_slot ||
		     (*me)->process->generation != pool->process_generation))
		return -EPERM;
	return -pthread_mutex_lock(&pool->lock);
}

void pool_leave(struct mpt_pool *pool)
{
	bool last = pool->refs == 0;

	pthread_mutex_unlock(&pool->lock);
	if (last)
		pool_free(pool);
}

/* ---- waiting ---------------------------------------------------------------------------- */

struct pool_wait pool_wait_begin(struct mpt_pool *pool, struct member *me,
				 struct mpt_result *job, uint16_t op, uint64_t timeout_ns)
{
	struct pool_wait w = { .pool = pool,
			       .me = me,
			       .job = job,
			       .how = handle_blocking(&pool->handle, op, timeout_ns) };

	return w;
}

/* What to look at: the one slot, or the seats in turn. */
static bool has_come(const struct pool_wait *w, bool single, uint32_t slot, uint32_t n)
{
	const struct mpt_pool *pool = w->pool;
	const struct pool_seat *seat;

	if (single)
		return MPT_TASK_PHASE(load64(&pool_task(pool, slot)->state)) != MPT_TASK_QUEUED &&
		       MPT_TASK_PHASE(load64(&pool_task(pool, slot)->state)) != MPT_TASK_RUNNING;
	seat = &pool->seats[n % pool->seat_count];
	return load64(&seat->wire->finished) != seat->seen;
}

/* Looks for a while, without the lock. */
static bool spin(struct pool_wait *w, bool single, uint32_t slot)
{
	struct spin *estimate = &w->me->event_spin;
	uint32_t most = spin_budget(estimate, SPIN_LEAST);

	for (uint32_t n = 0; n < most; n++) {
		if (has_come(w, single, slot, n)) {
			spin_paid(estimate, n);
			return true;
		}
		cpu_relax();
	}
	spin_failed(estimate);
	return false;
}

/* "waiting for the result of `resize` from pool `images`" */
static void show_wait(struct pool_wait *w)
{
	struct mpt_wire_work *work = &w->me->thread->work;
	bool first = !w->how.since;

	emit_block(w->me, &w->how);
	if (!first || !w->job)
		return;
	store32(&work->seq, work->seq + 1);
	order_stores();
	work->function = w->job->function;
	work->flags = MPT_WORK_AWAITS;
	work->object = w->pool->handle.slot;
	work->object_generation = w->pool->handle.generation;
	work->number = 0;
	work->since_ns = w->how.since;
	store32_release(&work->seq, work->seq + 1);
}

void pool_wait_end(struct pool_wait *w, int result)
{
	struct mpt_wire_work *work = &w->me->thread->work;
	uint64_t now;

	if (!w->how.since)
		return;
	now = clock_now(&w->me->clock);
	emit(w->me, &(struct mpt_record){ .time = now,
					  .op = w->how.op,
					  .flags = result < 0 ? MPT_REC_FAILED : 0,
					  .object = w->how.object,
					  .value = (uint64_t)(result < 0 ? -result : 0),
					  .span = emit_unblock(w->me, &w->how, now) });
	if (!w->job)
		return;
	store32(&work->seq, work->seq + 1);
	order_stores();
	work->since_ns = 0;
	store32_release(&work->seq, work->seq + 1);
}

/* Asks to be told.  Under lock. */
static void ask(struct pool_wait *w, bool single)
{
	struct mpt_pool *pool = w->pool;

	pool->sleepers++;
	if (single) {
		struct mpt_wire_task *task = pool_task(pool, w->job->slot);

		w->job->waiters++;
		store32(&task->tell, task->tell | MPT_TELL_WAITER);
	} else if (w->whole) {
		store32(&pool->wire->tell_few, ++pool->few);
	} else {
		store32(&pool->wire->tell_all, ++pool->any);
	}
	fence();
}

static void ask_no_more(struct pool_wait *w, bool single)
{
	struct mpt_pool *pool = w->pool;

	pool->sleepers--;
	if (single) {
		w->job->waiters--; /* the slot's next user sees to the flag */
		return;
	}
	if (w->whole)
		store32(&pool->wire->tell_few, --pool->few);
	else
		store32(&pool->wire->tell_all, --pool->any);
	/* The others have been told as long as we slept; now nobody feeds the backlog. */
	if (!TAILQ_EMPTY(&pool->backlog))
		pool_ring(pool);
}

/* Is there something to do, although we have not been told? */
static bool may_sleep(const struct pool_wait *w, bool single, uint32_t slot)
{
	if (single)
		return !has_come(w, true, slot, 0);
	if (w->whole && !pool_is_few(w->pool, pool_in_line(w->pool)))
		return true;
	return !pool_has_finished(w->pool);
}

/* Before we wait: workers that were not woken because tasks are tiny, mostly. */
static void wake_for_the_rest(struct mpt_pool *pool)
{
	struct mpt_wire_side *side = &pool->handle.object->give;

	if (pool_in_line(pool) && !load32(&pool->wire->seeker))
		eventcount_wake(&side->seq, &side->want, 1);
}

static int sleep_once(struct pool_wait *w, bool single)
{
	struct mpt_pool *pool = w->pool;
	uint32_t *seq = &pool->handle.object->take.seq, s = load32_acquire(seq);
	uint32_t slot = single ? w->job->slot : 0;
	int rc = 0;

	ask(w, single);
	if (may_sleep(w, single, slot)) {
		show_wait(w);
		pool_leave(pool);
		rc = futex_wait(seq, s, &w->slice, w->how.deadline);
		pthread_mutex_lock(&pool->lock);
	}
	ask_no_more(w, single);
	return rc;
}

int pool_wait_due(const struct pool_wait *w)
{
	if (w->how.deadline == 0)
		return -EAGAIN;
	if (w->how.deadline != MPT_FOREVER && futex_now() >= w->how.deadline)
		return -ETIMEDOUT;
	return 0;
}

int pool_wait_once(struct pool_wait *w)
{
	struct mpt_pool *pool = w->pool;
	struct mpt_result *job = w->job;
	bool single = job && load32(&job->stage) == JOB_FLYING && !job->is_map, come;
	uint32_t slot = single ? job->slot : 0;
	int rc = pool_wait_due(w);

	if (rc < 0)
		return rc;
	pool_leave(pool);
	wake_for_the_rest(pool);
	/* While many are in line there is nothing for us to do. */
	come = (!w->whole || pool_is_few(pool, pool_in_line(pool))) && spin(w, single, slot);
	pthread_mutex_lock(&pool->lock);
	if (come || (job && load32(&job->stage) == JOB_READY))
		return 0;
	rc = sleep_once(w, single);
	/* Else its thread has seen at once what there was to see. */
	if (rc == -ETIMEDOUT && pool->called)
		pool_tend(pool);
	return rc == -EINTR && w->how.interruptible ? -EINTR : 0;
}

void pool_wake_waiters(struct mpt_pool *pool)
{
	uint32_t *seq = &pool->handle.object->take.seq;

	if (!pool->sleepers)
		return;
	add32(seq, 1);
	futex_wake(seq, INT_MAX);
}

/* ---- until a job is ready ------------------------------------------------------------------ */

/* Its callback is called before others see it ready; in the callback it is. */
static bool is_there(const struct mpt_result *job)
{
	uint32_t stage = load32_acquire(&job->stage);

	return stage == JOB_READY ||
	       (stage == JOB_DONE && job->pool->service_tid == gettid());
}

static void look(struct mpt_result *job)
{
	struct mpt_pool *pool = job->pool;

	if (pool->destroyed)
		return; /* then it is there */
	if (!job->is_map && load32(&job->stage) == JOB_FLYING) {
		pool_collect_slot(pool, job->slot);
		if (pool->free_count < pool->slots / 4)
			return;
	} else {
		pool_collect(pool);
	}
	if (!TAILQ_EMPTY(&pool->backlog))
		job_feed(pool);
}

int pool_await(struct mpt_result *job, struct member *me, uint64_t timeout_ns)
{
	struct pool_wait w;
	int rc = 0;

	look(job);
	if (is_there(job))
		return 0;
	w = pool_wait_begin(job->pool, me, job, MPT_OP_POOL_WAIT, timeout_ns);
	w.whole = job->is_map || load32(&job->stage) == JOB_IN_LINE;
	for (;;) {
		rc = pool_wait_once(&w);
		look(job);
		if (is_there(job))
			rc = 0;
		else if (rc == 0)
			continue;
		break;
	}
	pool_wait_end(&w, rc);
	return rc;
}

/* ---- handles ----------------------------------------------------------------------------------- */

int mpt_result_ready(struct mpt_result *job)
{
	struct member *me;

	if (load32_acquire(&job->stage) != JOB_READY && pool_enter(job->pool, &me) == 0) {
		look(job);
		pool_leave(job->pool);
	}
	return load32_acquire(&job->stage) == JOB_READY;
}

int mpt_result_wait(struct mpt_result *job, uint64_t timeout_ns)
{
	struct member *me;
	int rc;

	if (load32_acquire(&job->stage) == JOB_READY)
		return 0;
	rc = pool_enter(job->pool, &me);
	if (rc < 0)
		return rc;
	rc = pool_await(job, me, timeout_ns);
	pool_leave(job->pool);
	return rc;
}

ssize_t mpt_result_get(struct mpt_result *job, void *to, size_t room, uint64_t timeout_ns)
{
	int rc = mpt_result_wait(job, timeout_ns);

	if (rc < 0)
		return rc;
	if (job->outcome < 0 || job->is_map)
		return job->outcome;
	if (job->size > room)
		return -EMSGSIZE;
	if (job->size)
		memcpy(to, job->data, job->size);
	return (ssize_t)job->size;
}

int mpt_result_successful(struct mpt_result *job)
{
	if (!mpt_result_ready(job))
		return -EBUSY;
	return job->outcome >= 0;
}

int mpt_result_failure(struct mpt_result *job, struct mpt_failure *out)
{
	if (!mpt_result_ready(job))
		return -EBUSY;
	if (job->outcome >= 0)
		return -ENOENT;
	if (job->failure)
		*out = *job->failure;
	else
		*out = (struct mpt_failure){ .error = (int)job->outcome,
					     .exit_code = MPT_EXIT_NONE };
	return 0;
}

/* A map's callback uses arrays that may be gone when we return: it is not called any more,
 * or has returned, unless it is itself what destroys the result. */
static void call_no_more(struct mpt_result *job, struct member *me)
{
	struct mpt_pool *pool = job->pool;

	if (pool->called != job) {
		TAILQ_REMOVE(&pool->callbacks, job, in_list);
		job_ready(job);
		job_put(job);
		return;
	}
	while (pool_await(job, me, MPT_FOREVER) < 0)
		; /* a signal came */
}

/* What is the caller's is not touched any more. */
static void give_up_map(struct mpt_result *job, struct member *me)
{
	uint32_t stage = load32(&job->stage);

	if (stage < JOB_DONE)
		job_drop(job);
	else if (stage == JOB_DONE)
		call_no_more(job, me);
}

void mpt_result_destroy(struct mpt_result *job)
{
	struct mpt_pool *pool = job ? job->pool : NULL;
	struct member *me;

	/* The copy in a forked child: its lists are not to be trusted. */
	if (!job || pool_enter(pool, &me) < 0)
		return;
	job->held = false;
	if (job->is_map)
		give_up_map(job, me);
	job_put(job);
	pool_leave(pool);
}
