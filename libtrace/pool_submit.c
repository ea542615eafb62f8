/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_submit.c - apply and map; see mptrace/pool.h.
 *
 * Does not own: what becomes of a job (pool_job.c), imap (pool_imap.c).
 */
#include "libtrace/pool.h"

#include <string.h>

#define COLLECT_EVERY 16u

int pool_function(struct mpt_pool *pool, mpt_pool_function *run)
{
	uint32_t at = pool->entered;

	for (uint32_t i = 0; i < pool->function_count; i++) {
		if (pool->functions[at].run == run) {
			pool->entered = at;
			return (int)at;
		}
		at = at + 1 < pool->function_count ? at + 1 : 0;
	}
	return -ENOENT;
}

int pool_accepts(const struct mpt_pool *pool)
{
	enum mpt_pool_stage stage = pool_stage(pool);

	if (stage == MPT_POOL_BROKEN)
		return -ECANCELED;
	return stage == MPT_POOL_OPEN ? 0 : -ESHUTDOWN;
}

/* Under lock: may this function be submitted?  Its number, or an error. */
static int admit(struct mpt_pool *pool, mpt_pool_function *run)
{
	int rc = pool_accepts(pool);

	if (rc < 0)
		return rc;
	/* Nobody may be waiting for results: make room ourselves.  Once something is in the
	 * backlog workers ring when they run short, and we look now and then only. */
	if (pool->free_count == 0 &&
	    (TAILQ_EMPTY(&pool->backlog) || pool->backlog_turn++ % COLLECT_EVERY == 0)) {
		pool_collect(pool);
		job_feed(pool);
	}
	return pool_function(pool, run);
}

/* ---- apply ---------------------------------------------------------------------------- */

static bool valid_call(const struct mpt_pool *pool, const struct mpt_pool_call *call)
{
	return pool && call && call->function && (call->arg || !call->size);
}

static int hand_in_call(struct mpt_pool *pool, const struct mpt_pool_call *call,
			struct member *me, struct mpt_result **out)
{
	int function = admit(pool, call->function), rc;
	struct mpt_result *job;

	if (function < 0)
		return function;
	job = job_new(pool);
	if (!job)
		return -ENOMEM;
	job->function = (uint16_t)function;
	job->size = call->size;
	job->callback = call->callback;
	job->error_callback = call->error_callback;
	job->callback_arg = call->callback_arg;
	job->held = out != NULL;
	rc = job_hand_in(job, call->arg, me);
	if (rc < 0 || !out)
		job_put(job);
	else
		*out = job;
	return rc;
}

int mpt_pool_apply_async(struct mpt_pool *pool, const struct mpt_pool_call *call,
			 struct mpt_result **out)
{
	struct member *me;
	int rc;

	if (out)
		*out = NULL;
	if (!valid_call(pool, call))
		return -EINVAL;
	if (call->size > pool->task_bytes)
		return -EMSGSIZE;
	rc = pool_enter(pool, &me);
	if (rc < 0)
		return rc;
	rc = hand_in_call(pool, call, me, out);
	pool_leave(pool);
	return rc;
}

static ssize_t await_and_forget(struct mpt_result *job, void *to, size_t room, uint64_t timeout_ns)
{
	ssize_t n = mpt_result_get(job, to, room, timeout_ns);

	mpt_result_destroy(job);
	return n;
}

ssize_t mpt_pool_apply(struct mpt_pool *pool, const struct mpt_pool_call *call, void *result,
		       size_t room, uint64_t timeout_ns)
{
	struct mpt_pool_call plain;
	struct mpt_result *job;
	int rc;

	if (!valid_call(pool, call) || (!result && room))
		return -EINVAL;
	plain = (struct mpt_pool_call){ .function = call->function,
					.arg = call->arg,
					.size = call->size };
	rc = mpt_pool_apply_async(pool, &plain, &job);
	return rc < 0 ? rc : await_and_forget(job, result, room, timeout_ns);
}

/* ---- map --------------------------------------------------------------------------------- */

static bool valid_map(const struct mpt_pool *pool, const struct mpt_pool_mapping *m)
{
	return pool && m && m->function && (m->in || !m->in_size || !m->count) &&
	       (m->out || !m->out_size || !m->count);
}

size_t pool_chunk(const struct mpt_pool *pool, size_t wish, size_t in_size, size_t out_size)
{
	size_t room = pool->wire->task_bytes, most = room / sizeof(int32_t);

	if (in_size > pool->task_bytes || out_size > pool->task_bytes)
		return 0;
	if (in_size && room / in_size < most)
		most = room / in_size;
	if (room / (out_size + sizeof(int32_t)) < most)
		most = room / (out_size + sizeof(int32_t));
	while (pool_states_bytes(most) + most * out_size > room)
		most--;
	return wish < most ? wish : most;
}

static int fill_in(struct mpt_result *job, const struct mpt_pool_mapping *m)
{
	struct mpt_pool *pool = job->pool;
	size_t wish = m->chunk ? m->chunk :
				 (m->count + 4ull * pool->seat_count - 1) / (4ull * pool->seat_count);
	size_t chunk = pool_chunk(pool, wish ? wish : 1, m->in_size, m->out_size);

	job->is_map = true;
	job->callback = m->callback;
	job->error_callback = m->error_callback;
	job->callback_arg = m->callback_arg;
	job->items = (struct job_items){ .count = m->count,
					 .chunk = chunk,
					 .size = (uint32_t)m->in_size,
					 .room = (uint32_t)m->out_size,
					 .in = m->in,
					 .out = m->out,
					 .status = m->status };
	return chunk ? 0 : -EMSGSIZE;
}

static int hand_in_map(struct mpt_pool *pool, const struct mpt_pool_mapping *m, struct member *me,
		       struct mpt_result **out)
{
	int function = admit(pool, m->function), rc;
	struct mpt_result *job;

	if (function < 0)
		return function;
	job = job_new(pool);
	if (!job)
		return -ENOMEM;
	job->function = (uint16_t)function;
	job->held = out != NULL;
	rc = fill_in(job, m);
	if (rc == 0)
		rc = job_hand_in(job, NULL, me);
	if (rc < 0 || !out)
		job_put(job);
	else
		*out = job;
	return rc;
}

int mpt_pool_map_async(struct mpt_pool *pool, const struct mpt_pool_mapping *map,
		       struct mpt_result **out)
{
	struct member *me;
	int rc;

	if (out)
		*out = NULL;
	if (!valid_map(pool, map))
		return -EINVAL;
	rc = pool_enter(pool, &me);
	if (rc < 0)
		return rc;
	rc = hand_in_map(pool, map, me, out);
	pool_leave(pool);
	return rc;
}

int mpt_pool_map(struct mpt_pool *pool, const struct mpt_pool_mapping *map, uint64_t timeout_ns)
{
	struct mpt_pool_mapping plain;
	struct mpt_result *job;
	ssize_t n;
	int rc;

	if (!valid_map(pool, map))
		return -EINVAL;
	plain = *map;
	plain.callback = NULL;
	plain.error_callback = NULL;
	rc = mpt_pool_map_async(pool, &plain, &job);
	if (rc < 0)
		return rc;
	n = await_and_forget(job, NULL, 0, timeout_ns);
	return n < 0 ? (int)n : 0;
}
