/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_service.c - the pool's own thread; see pool.h.
 *
 * It runs callbacks, sees at once when a worker has ended, feeds the backlog when no
 * thread waits for results, and ends when the last worker has left for good.  It sleeps
 * on the workers' descriptors and a doorbell, which is rung only while it sleeps.
 */
#include "libtrace/pool.h"

#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define GRACE_NS 500000000ull /* between SIGTERM and SIGKILL */
#define SLICE_MS 400
#define SLICE_SHORT_MS 50
#define STACK_BYTES (8ul << 20) /* at least: workers run their tasks on a copy of it */

struct service {
	struct mpt_pool *pool;
	struct member *me; /* NULL: the domain is full */
	struct blocking how;
};

/* ---- callbacks --------------------------------------------------------------------- */

static void call_back(struct mpt_result *job)
{
	const void *data = job->is_map ? job->items.out : job->data;
	size_t size = job->is_map ? job->items.count * job->items.room : job->size;
	struct mpt_failure plain = { .error = (int)job->outcome, .exit_code = MPT_EXIT_NONE };

	if (job->outcome < 0)
		job->error_callback(job->callback_arg, job->failure ? job->failure : &plain);
	else
		job->callback(job->callback_arg, data, size);
}

/* False: there is none. */
static bool run_callback(struct mpt_pool *pool)
{
	struct mpt_result *job = TAILQ_FIRST(&pool->callbacks);

	if (!job)
		return false;
	TAILQ_REMOVE(&pool->callbacks, job, in_list);
	pool->called = job;
	pool_leave(pool);
	call_back(job);
	pthread_mutex_lock(&pool->lock);
	pool->called = NULL;
	job_ready(job);
	job_put(job);
	return true;
}

/* ---- sleeping ------------------------------------------------------------------------- */

/* The descriptors of all workers and the bell.  A worker that another thread starts
 * meanwhile is missing, and then the bell is rung. */
static nfds_t collect_descriptors(const struct mpt_pool *pool, struct pollfd *fds)
{
	nfds_t n = 0;

	fds[n++] = (struct pollfd){ .fd = pool->doorbell, .events = POLLIN };
	for (uint32_t i = 0; i < pool->seat_count; i++)
		if (pool->seats[i].process)
			fds[n++] = (struct pollfd){ .fd = pool->seats[i].fd, .events = POLLIN };
	return n;
}

static bool is_busy(const struct mpt_pool *pool)
{
	bool wants = pool->callbacks_due || !TAILQ_EMPTY(&pool->backlog);

	return !TAILQ_EMPTY(&pool->callbacks) || (wants && pool_has_finished(pool));
}

static void drain_bell(const struct mpt_pool *pool)
{
	uint64_t rung;

	if (read(pool->doorbell, &rung, sizeof(rung)) < 0)
		return; /* it was a worker's end, or the slice's */
}

/* Shown as one wait until there is something to do, however many slices it takes: viewers
 * tell waits apart by their beginning. */
static void show_wait(struct service *s, bool waits)
{
	if (s->me && waits)
		emit_block(s->me, &s->how);
	if (s->me && !waits)
		emit_unblock(s->me, &s->how, 0);
	if (!waits)
		s->how.since = 0;
}

/* Returns whether a worker may have ended. */
static bool sleep_once(struct service *s)
{
	struct mpt_pool *pool = s->pool;
	bool hurry = pool->terminated || pool->bad_starts;
	nfds_t n = collect_descriptors(pool, pool->fds);
	int ready = 0;

	store32(&pool->wire->asleep, 1);
	fence();
	if (!is_busy(pool)) {
		show_wait(s, true);
		pool_leave(pool);
		ready = poll(pool->fds, n, hurry ? SLICE_SHORT_MS : SLICE_MS);
		drain_bell(pool);
		pthread_mutex_lock(&pool->lock);
	}
	if (ready)
		show_wait(s, false);
	store32(&pool->wire->asleep, 0);
	return ready != 1 || !(pool->fds[0].revents & POLLIN);
}

/* ---- the thread ------------------------------------------------------------------------- */

static bool is_over(const struct mpt_pool *pool)
{
	return pool_stage(pool) >= MPT_POOL_DRAINED && pool_crew_size(pool) == 0 &&
	       !pool->tending && pool->unfinished == 0 && TAILQ_EMPTY(&pool->callbacks);
}

static void look_after(struct mpt_pool *pool, bool workers)
{
	if (pool->callbacks_due || !TAILQ_EMPTY(&pool->backlog) ||
	    pool_stage(pool) != MPT_POOL_OPEN)
		pool_collect(pool);
	job_feed(pool);
	if (workers)
		pool_tend(pool);
	if (pool->terminated && futex_now() - pool->told_ns > GRACE_NS)
		pool_dismiss(pool, true);
}

static void name_thread(const struct mpt_pool *pool)
{
	char name[16];

	snprintf(name, sizeof(name), "%.15s", pool->handle.object->name);
	pthread_setname_np(pthread_self(), name);
}

static void *serve(void *arg)
{
	struct mpt_pool *pool = arg;
	struct service s = { .pool = pool,
			     .how = handle_blocking(&pool->handle, MPT_OP_POOL_SERVE,
						    MPT_FOREVER) };
	bool workers = true;
	int rc;

	name_thread(pool);
	s.me = member_get(&rc);
	mpt_process_thread_daemon();
	pthread_mutex_lock(&pool->lock);
	pool->service_tid = gettid();
	pool->hire_error = pool_hire(pool);
	pool->hired = true;
	pthread_cond_signal(&pool->hiring);
	while (pool->hire_error == 0) {
		look_after(pool, workers);
		workers = false;
		if (!TAILQ_EMPTY(&pool->callbacks))
			show_wait(&s, false);
		if (run_callback(pool))
			continue;
		if (is_over(pool))
			break;
		workers = sleep_once(&s);
	}
	show_wait(&s, false);
	pool->ended = true;
	pool->service_tid = 0; /* another thread may get it now */
	pool_wake_waiters(pool);
	pool_leave(pool);
	return NULL;
}

/* With all signals blocked: they are the program's threads' to handle. */
static int await_crew(struct mpt_pool *pool)
{
	int rc;

	pthread_mutex_lock(&pool->lock);
	while (!pool->hired)
		pthread_cond_wait(&pool->hiring, &pool->lock);
	rc = pool->hire_error;
	pool_leave(pool);
	if (rc < 0)
		pthread_join(pool->service, NULL);
	return rc;
}

int pool_service_start(struct mpt_pool *pool)
{
	pthread_attr_t attributes;
	size_t stack = 0;
	sigset_t all;
	int rc = pthread_attr_init(&attributes);

	if (rc)
		return -rc;
	sigfillset(&all);
	pthread_attr_getstacksize(&attributes, &stack);
	if (stack < STACK_BYTES)
		pthread_attr_setstacksize(&attributes, STACK_BYTES);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	rc = pthread_create(&pool->service, &attributes, serve, pool);
	pthread_sigmask(SIG_SETMASK, &pool->mask, NULL);
	pthread_attr_destroy(&attributes);
	if (rc)
		return -rc;
	rc = await_crew(pool);
	pool->served = rc == 0;
	return rc;
}
