/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_imap.c - a function run over a generator; see mptrace/pool.h.
 *
 * A chunk of items is a job.  So many chunks are under way at most, so that a long
 * generator costs little memory; the generator is asked by whoever takes results, by one
 * thread at a time and without the lock.
 */
#include "libtrace/pool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AHEAD_PER_WORKER 16u
#define AHEAD_LEAST 64u

struct mpt_imap {
	struct mpt_pool *pool;
	TAILQ_ENTRY(mpt_imap) in_pool;
	struct mpt_pool_each each;
	uint16_t function;
	size_t chunk, ahead;
	/* Under pool->lock. */
	uint32_t refs; /* the handle, and each thread that is in a call on it */
	uint32_t gone; /* A: there is no handle any more */
	struct job_list line; /* chunks that were not taken: in order, or those not done */
	struct job_list done; /* unordered: those that are */
	size_t under_way;     /* chunks in both */
	size_t unready;	      /* of them, those that have not come to their end */
	size_t asked;	      /* items the generator gave */
	int end;	      /* 0: it may have more; -ENODATA; or why it failed */
	bool end_told;
	bool asking; /* a thread is inside it */
	struct mpt_result *current; /* results are taken from it; NULL: none */
	size_t at;		    /* the next in it */
	struct mpt_failure failure; /* of the item taken last; error 0: none */
};

bool pool_imap_open(const struct mpt_pool *pool)
{
	const struct mpt_imap *imap;

	TAILQ_FOREACH(imap, &pool->imaps, in_pool)
		if (imap->end == 0)
			return true;
	return false;
}

void pool_imap_shut(struct mpt_pool *pool)
{
	struct mpt_imap *imap;

	TAILQ_FOREACH(imap, &pool->imaps, in_pool)
		if (imap->end == 0)
			imap->end = -ESHUTDOWN;
}

void pool_imap_done(struct mpt_result *chunk)
{
	struct mpt_imap *imap = chunk->imap;

	imap->unready--;
	if (!imap->each.unordered)
		return;
	TAILQ_REMOVE(&imap->line, chunk, in_imap);
	TAILQ_INSERT_TAIL(&imap->done, chunk, in_imap);
}

/* ---- asking the generator --------------------------------------------------------------- */

/* The last one frees it; who called the library then gives the pool's memory back, too, by
 * pool_leave. */
static void put(struct mpt_imap *imap)
{
	int saved = errno;

	if (--imap->refs)
		return;
	imap->pool->refs--;
	free(imap);
	errno = saved;
}

static bool has_come(uint64_t deadline)
{
	return deadline != MPT_FOREVER && futex_now() >= deadline;
}

/* Without the lock: fills a chunk, or what of it there is at the deadline, but one item.
 * Returns how many items, *end why not more. */
static size_t ask(struct mpt_imap *imap, uint8_t *items, uint64_t deadline, int *end)
{
	size_t n = 0;

	*end = 0;
	while (n < imap->chunk && !load32(&imap->gone)) {
		int rc = imap->each.next(imap->each.next_arg, items + n * imap->each.in_size);

		if (rc < 0) {
			*end = rc;
			break;
		}
		n++;
		if (has_come(deadline))
			break;
	}
	return n;
}

static struct mpt_result *new_chunk(struct mpt_imap *imap)
{
	struct mpt_result *job = job_new(imap->pool);

	if (!job)
		return NULL;
	job->function = imap->function;
	job->items.size = (uint32_t)imap->each.in_size;
	job->items.room = (uint32_t)imap->each.out_size;
	if (job_room(job, imap->chunk * imap->each.in_size))
		return job;
	job_put(job);
	return NULL;
}

/* May it still be given tasks?  0, -ESHUTDOWN, -ECANCELED. */
static int accepts(const struct mpt_pool *pool)
{
	enum mpt_pool_stage stage = pool_stage(pool);

	return stage <= MPT_POOL_CLOSED ? 0 : stage == MPT_POOL_BROKEN ? -ECANCELED : -ESHUTDOWN;
}

static int submit_chunk(struct mpt_imap *imap, struct mpt_result *job, size_t n,
			struct member *me)
{
	int rc = accepts(imap->pool);

	if (rc < 0)
		return rc;
	job->items.count = n;
	job->size = n * imap->each.in_size;
	job->first = imap->asked;
	rc = job_hand_in(job, job->data, me);
	if (rc < 0)
		return rc;
	job->imap = imap;
	job->refs++;
	TAILQ_INSERT_TAIL(&imap->line, job, in_imap);
	imap->under_way++;
	imap->unready++;
	imap->asked += n;
	return 0;
}

static void ask_once(struct mpt_imap *imap, uint64_t deadline, struct member *me)
{
	struct mpt_result *job = new_chunk(imap);
	int end = job ? accepts(imap->pool) : -ENOMEM, rc;
	size_t n = 0;

	if (end == 0) {
		imap->asking = true;
		pool_leave(imap->pool);
		n = ask(imap, job->data, deadline, &end);
		pthread_mutex_lock(&imap->pool->lock);
		imap->asking = false;
	}
	if (n && !imap->gone) {
		rc = submit_chunk(imap, job, n, me);
		end = rc < 0 ? rc : end;
	}
	if (job)
		job_put(job);
	if (imap->gone)
		return;
	imap->end = end;
	if (end)
		pool_check_drained(imap->pool);
}

/* It may be destroyed while a thread is inside its generator. */
static void ask_for(struct mpt_imap *imap, size_t ahead, struct member *me)
{
	imap->refs++;
	while (imap->end == 0 && !imap->asking && imap->under_way < ahead)
		ask_once(imap, MPT_FOREVER, me);
	put(imap);
}

/* So many may be under way that workers have enough to do while who asks sleeps: it is woken
 * when few are in line. */
static bool is_hungry(const struct mpt_imap *imap)
{
	size_t most = imap->ahead > imap->pool->slots ? imap->ahead : imap->pool->slots;

	return imap->end == 0 && !imap->asking && imap->unready < most;
}

/* The first that may have more and has not enough under way; in turn. */
static struct mpt_imap *find_hungry(struct mpt_pool *pool)
{
	struct mpt_imap *imap;

	TAILQ_FOREACH(imap, &pool->imaps, in_pool) {
		if (!is_hungry(imap))
			continue;
		TAILQ_REMOVE(&pool->imaps, imap, in_pool);
		TAILQ_INSERT_TAIL(&pool->imaps, imap, in_pool);
		return imap;
	}
	return NULL;
}

bool pool_imap_ask(struct mpt_pool *pool, struct member *me, uint64_t deadline)
{
	struct mpt_imap *imap = find_hungry(pool);

	if (!imap)
		return false;
	imap->refs++;
	ask_once(imap, deadline, me);
	put(imap);
	return true;
}

/* ---- taking results ------------------------------------------------------------------------- */

static void forget_current(struct mpt_imap *imap)
{
	if (!imap->current)
		return;
	imap->under_way--;
	job_put(imap->current);
	imap->current = NULL;
}

/* The chunk to take from, if one is there. */
static bool find_current(struct mpt_imap *imap)
{
	struct job_list *from = imap->each.unordered ? &imap->done : &imap->line;
	struct mpt_result *job = TAILQ_FIRST(from);

	if (imap->current && imap->at < imap->current->items.count)
		return true;
	forget_current(imap);
	if (!job || load32(&job->stage) != JOB_READY)
		return false;
	TAILQ_REMOVE(from, job, in_imap);
	imap->current = job;
	imap->at = 0;
	return true;
}

/* Of the item at hand. */
static void explain(struct mpt_imap *imap, int error, size_t index)
{
	const struct mpt_failure *known = imap->current->failure;
	const char *name = imap->pool->functions[imap->function].name;
	struct mpt_failure *f = &imap->failure;

	if (known && (known->index == index || imap->current->outcome < 0)) {
		*f = *known;
	} else {
		memset(f, 0, sizeof(*f));
		f->exit_code = MPT_EXIT_NONE;
		snprintf(f->task, sizeof(f->task), "%s", name);
		snprintf(f->text, sizeof(f->text), "%s", mpt_result_text(error));
	}
	f->error = error;
	f->index = index;
	f->count = 1;
}

/* The next item of the current chunk. */
static int take_item(struct mpt_imap *imap, void *to, size_t *index)
{
	const struct mpt_result *job = imap->current;
	const int32_t *states = (const int32_t *)(const void *)job->data;
	const uint8_t *results = job->data + pool_states_bytes(job->items.count);
	size_t at = imap->at++;
	int error = job->outcome < 0 ? (int)job->outcome : states[at];

	if (index)
		*index = job->first + at;
	if (error < 0)
		explain(imap, error, job->first + at);
	else if (imap->each.out_size)
		memcpy(to, results + at * imap->each.out_size, imap->each.out_size);
	return error;
}

/* All there was has been taken. */
static int tell_end(struct mpt_imap *imap, size_t *index)
{
	if (index)
		*index = imap->asked;
	if (imap->end_told)
		return -ENODATA;
	imap->end_told = true;
	return imap->end;
}

static bool at_end(const struct mpt_imap *imap)
{
	return imap->end && !imap->current && TAILQ_EMPTY(&imap->line) &&
	       TAILQ_EMPTY(&imap->done);
}

static int next(struct mpt_imap *imap, void *to, size_t *index, struct pool_wait *w)
{
	struct mpt_pool *pool = imap->pool;
	int rc = 0;

	for (;;) {
		if (imap->under_way <= imap->ahead / 2)
			ask_for(imap, imap->ahead, w->me);
		if (imap->gone)
			return -ESHUTDOWN;
		if (find_current(imap))
			return take_item(imap, to, index);
		if (!pool->destroyed) {
			pool_collect(pool);
			job_feed(pool);
		}
		if (find_current(imap))
			return take_item(imap, to, index);
		if (at_end(imap))
			return tell_end(imap, index);
		if (rc < 0)
			break;
		rc = pool_wait_once(w);
	}
	if (index)
		*index = SIZE_MAX;
	return rc;
}

int mpt_imap_next(struct mpt_imap *imap, void *to, size_t *index, uint64_t timeout_ns)
{
	struct pool_wait w;
	struct member *me;
	int rc;

	if (!imap || (!to && imap->each.out_size))
		return -EINVAL;
	rc = pool_enter(imap->pool, &me);
	if (rc < 0)
		return rc;
	imap->failure.error = 0;
	w = pool_wait_begin(imap->pool, me, NULL, MPT_OP_POOL_WAIT, timeout_ns);
	imap->refs++;
	rc = next(imap, to, index, &w);
	pool_wait_end(&w, rc);
	put(imap);
	pool_leave(w.pool);
	return rc;
}

int mpt_imap_failure(const struct mpt_imap *imap, struct mpt_failure *out)
{
	if (!imap->failure.error)
		return -ENOENT;
	*out = imap->failure;
	return 0;
}

/* ---- handles ------------------------------------------------------------------------------------ */

static bool valid(const struct mpt_pool *pool, const struct mpt_pool_each *each)
{
	return pool && each && each->function && each->next;
}

/* Under lock. */
static int begin(struct mpt_imap *imap, struct member *me)
{
	struct mpt_pool *pool = imap->pool;
	int rc = pool_accepts(pool), function = pool_function(pool, imap->each.function);

	if (rc < 0 || function < 0)
		return rc < 0 ? rc : function;
	imap->function = (uint16_t)function;
	imap->ahead = (size_t)pool->seat_count * AHEAD_PER_WORKER + AHEAD_LEAST;
	imap->refs = 1;
	TAILQ_INIT(&imap->line);
	TAILQ_INIT(&imap->done);
	TAILQ_INSERT_TAIL(&pool->imaps, imap, in_pool);
	pool->refs++;
	ask_for(imap, imap->ahead, me);
	return 0;
}

int mpt_pool_imap(struct mpt_pool *pool, const struct mpt_pool_each *each, struct mpt_imap **out)
{
	struct mpt_imap *imap;
	struct member *me;
	int rc, saved = errno;
	size_t chunk;

	if (!out || !valid(pool, each))
		return -EINVAL;
	*out = NULL;
	chunk = pool_chunk(pool, each->chunk ? each->chunk : 1, each->in_size, each->out_size);
	if (chunk == 0)
		return -EMSGSIZE;
	rc = pool_enter(pool, &me);
	if (rc < 0)
		return rc;
	imap = calloc(1, sizeof(*imap));
	errno = saved;
	rc = -ENOMEM;
	if (imap) {
		imap->pool = pool;
		imap->each = *each;
		imap->chunk = chunk;
		rc = begin(imap, me);
	}
	pool_leave(pool);
	if (rc < 0)
		free(imap);
	else
		*out = imap;
	errno = saved;
	return rc;
}

static void forget(struct job_list *list)
{
	struct mpt_result *job;

	while ((job = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, job, in_imap);
		job->imap = NULL;
		job_drop(job);
		job_put(job);
	}
}

void mpt_imap_destroy(struct mpt_imap *imap)
{
	struct mpt_pool *pool = imap ? imap->pool : NULL;
	struct member *me;

	if (!imap || pool_enter(pool, &me) < 0)
		return;
	forget(&imap->line);
	forget(&imap->done);
	forget_current(imap);
	TAILQ_REMOVE(&pool->imaps, imap, in_pool);
	imap->end = -ESHUTDOWN;
	store32(&imap->gone, 1);
	put(imap);
	pool_check_drained(pool);
	pool_leave(pool);
}
