/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_crew.c - starting, burying and replacing workers; see pool.h.
 *
 * Any thread of the creator may find a worker dead; one at a time (`tending`) does
 * something about it, without the lock while it forks.  A vacant seat is filled as long
 * as there may be work.  Workers that end before they are ready are replaced at once, a
 * few times; then with pauses; and where there is an initializer that never succeeded in
 * any of them the pool breaks, as it would fork for ever.
 */
#include "libtrace/pool.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#define QUICK_STARTS 3u
#define BAD_STARTS_MOST 8u /* in a row, more for each seat */
#define PAUSE_NS 100000000ull

static uint32_t exiting; /* A */

void pool_exiting(void)
{
	store32(&exiting, 1);
}

uint32_t pool_crew_size(const struct mpt_pool *pool)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < pool->seat_count; i++)
		n += pool->seats[i].process != NULL;
	return n;
}

/* ---- starting ------------------------------------------------------------------------ */

static struct mpt_process *make(struct pool_seat *seat, int *error)
{
	struct mpt_process_options options = { .daemon = MPT_DAEMON_YES };
	struct mpt_process *process;
	char name[MPT_NAME_MAX];

	snprintf(name, sizeof(name), "%.*s-%u", MPT_NAME_MAX - 8, seat->pool->handle.object->name,
		 seat->number + 1);
	options.name = name;
	*error = mpt_process_create(&process, pool_worker, seat, &options);
	if (*error < 0)
		return NULL;
	*error = mpt_process_start(process);
	if (*error == 0)
		return process;
	mpt_process_destroy(process);
	return NULL;
}

/* Nobody has the seat: it is ours, without the lock. */
static int fill(struct pool_seat *seat)
{
	struct mpt_pool *pool = seat->pool;
	struct mpt_process *process;
	int rc;

	seat->by_service = pool->service_tid == gettid();
	store32(&seat->wire->ready, 0);
	store32(&seat->wire->thread, 0);
	store32(&seat->wire->incarnation, seat->wire->incarnation + 1);
	pool_leave(pool);
	process = make(seat, &rc);
	pthread_mutex_lock(&pool->lock);
	seat->process = process;
	seat->fd = process ? mpt_process_sentinel(process) : -1;
	/* The pool may have been terminated meanwhile, before there was anybody to tell. */
	if (process && pool->terminated)
		mpt_process_terminate(process);
	return rc;
}

int pool_hire(struct mpt_pool *pool)
{
	int rc = 0;

	for (uint32_t i = 0; i < pool->seat_count && rc == 0; i++)
		rc = fill(&pool->seats[i]);
	return rc;
}

/* ---- the dead ---------------------------------------------------------------------------- */

static void note(struct mpt_pool *pool, uint16_t op, uint64_t value)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (me)
		emit_note(me, op, pool->handle.slot, value);
}

static void count_death(struct pool_seat *seat, pid_t pid, uint32_t lost)
{
	struct mpt_pool *pool = seat->pool;
	struct mpt_wire_object *o = pool->handle.object;

	pool->wire->lost_workers++;
	o->recovered++;
	o->recovered_pid = (uint32_t)pid;
	o->recovered_op = lost ? MPT_OP_POOL_FINISH : MPT_OP_POOL_TAKE;
	o->recovered_ns = futex_now();
	note(pool, MPT_OP_POOL_RECOVER, (uint64_t)pid);
	if (lost)
		note(pool, MPT_OP_POOL_LOSE, (uint64_t)pid);
}

/* It has ended. */
static void bury(struct pool_seat *seat)
{
	struct mpt_pool *pool = seat->pool;
	pid_t pid = mpt_process_pid(seat->process);
	int code = mpt_process_exit_code(seat->process);
	uint32_t lost = pool_settle_dead(seat, pid, code);

	cas32(&pool->wire->seeker, seat->number + 1, 0);
	cas32(&pool->wire->watcher, seat->number + 1, 0);
	if ((code != 0 || lost) && !pool->terminated)
		count_death(seat, pid, lost);
	if (!load32_acquire(&seat->wire->ready)) {
		pool->bad_starts++;
		pool->bad_code = code;
	}
	mpt_process_destroy(seat->process);
	seat->process = NULL;
	/* Somebody may sleep although there is work: the dead one was to wake it. */
	if (!pool_line_is_empty(pool))
		pool_wake_all_workers(pool);
}

/* Asking its descriptor is cheaper than asking for its status. */
static bool may_have_ended(const struct pool_seat *seat)
{
	struct pollfd p = { .fd = seat->fd, .events = POLLIN };

	return poll(&p, 1, 0) != 0;
}

/* False: there was none. */
static bool bury_all(struct mpt_pool *pool)
{
	bool any = false;

	for (uint32_t i = 0; i < pool->seat_count; i++) {
		struct pool_seat *seat = &pool->seats[i];

		if (!seat->process)
			continue;
		if (load32_acquire(&seat->wire->ready))
			pool->bad_starts = 0;
		if (!may_have_ended(seat) || mpt_process_alive(seat->process) != 0)
			continue;
		bury(seat);
		any = true;
	}
	return any;
}

/* ---- replacing ------------------------------------------------------------------------------ */

/* May there be work for one more? */
static bool wants_worker(const struct mpt_pool *pool)
{
	enum mpt_pool_stage stage = pool_stage(pool);

	if (load32(&exiting) || stage > MPT_POOL_DRAINED)
		return false;
	return stage < MPT_POOL_DRAINED || !pool_line_is_empty(pool);
}

static bool anybody_is_ready(const struct mpt_pool *pool)
{
	for (uint32_t i = 0; i < pool->seat_count; i++)
		if (pool->seats[i].process && load32_acquire(&pool->seats[i].wire->ready))
			return true;
	return false;
}

static bool never_ready(const struct mpt_pool *pool)
{
	return pool->initializer && pool->bad_starts > BAD_STARTS_MOST + pool->seat_count &&
	       !anybody_is_ready(pool);
}

static void break_pool(struct mpt_pool *pool)
{
	char text[MPT_TASK_TEXT];

	if (pool->bad_code < 0)
		snprintf(text, sizeof(text), "its workers are killed by signal %d before they are ready",
			 -pool->bad_code);
	else
		snprintf(text, sizeof(text), "the initializer of its workers fails (exit code %d)",
			 pool->bad_code);
	store32_release(&pool->wire->stage, MPT_POOL_BROKEN);
	pool_dismiss(pool, false);
	job_fail_all(pool, -ECANCELED, text, true);
}

/* No process can be had.  Who waits learns why when nobody is left to work. */
static void not_started(struct mpt_pool *pool, int error)
{
	char text[MPT_TASK_TEXT];

	pool->bad_starts++;
	if (pool_crew_size(pool) || pool->bad_starts < BAD_STARTS_MOST)
		return;
	snprintf(text, sizeof(text), "no worker can be started: %s", mpt_result_text(error));
	job_fail_all(pool, error, text, false);
}

/* Since when it has gone wrong so often, not at once. */
static bool is_pausing(const struct mpt_pool *pool)
{
	return pool->bad_starts >= QUICK_STARTS && futex_now() < pool->start_after_ns;
}

/* False: none was filled. */
static bool fill_vacant(struct mpt_pool *pool)
{
	bool any = false;

	for (uint32_t i = 0; i < pool->seat_count; i++) {
		int rc;

		if (pool->seats[i].process)
			continue;
		if (never_ready(pool)) {
			break_pool(pool);
			return true;
		}
		if (!wants_worker(pool) || is_pausing(pool))
			return any;
		pool->start_after_ns = futex_now() + PAUSE_NS;
		rc = fill(&pool->seats[i]);
		if (rc < 0)
			not_started(pool, rc);
		any = true;
	}
	return any;
}

void pool_tend(struct mpt_pool *pool)
{
	bool changed;

	if (pool->tending)
		return;
	pool->tending = true;
	changed = bury_all(pool);
	changed |= fill_vacant(pool);
	pool->tending = false;
	/* Its thread looks at the workers it knows. */
	if (changed)
		pool_ring(pool);
}

void pool_dismiss(struct mpt_pool *pool, bool kill)
{
	for (uint32_t i = 0; i < pool->seat_count; i++) {
		if (!pool->seats[i].process)
			continue;
		if (kill)
			mpt_process_kill(pool->seats[i].process);
		else
			mpt_process_terminate(pool->seats[i].process);
	}
}
