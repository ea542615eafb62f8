/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_line.c - the line of tasks between the creator and its workers; see pool.h and
 * wire_pool.h.
 *
 *   creator: fill the slot; state QUEUED; ring[tail] = slot; tail + 1; fence; wake
 *   worker:  slot = ring[head]; CAS its state QUEUED -> RUNNING(me); CAS head + 1
 *
 * Whoever finds that the task at `head` is claimed moves `head` on in the claimer's
 * place, so nobody's death holds up the line, and there is nothing to repair.  At most
 * one claimed ticket is ever behind `head`, the others between head and tail are QUEUED,
 * each in a slot of its own: a ring of twice as many entries is never overwritten.
 *
 * Waking costs more than a tiny task.  A worker that finds nothing looks on for a while
 * before it sleeps, one at a time (`seeker`): meanwhile nobody needs to be woken.  Who
 * takes a task and leaves others behind wakes the next worker, if they are worth it.  While
 * tasks are tiny, a submitter that submits many does not wake for each; in case the
 * last ones are left lying, one of those that sleep looks at the line every two
 * milliseconds (`watcher`), until nothing has moved for a while, and so does who waits for
 * a result.  A seeker or watcher that is stopped, or killed and not yet found, holds up
 * the others for a slice.
 */
#include "libtrace/pool.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE 64u
#define CALM 10u /* waking for tiny tasks takes a tenth of the submitter's time */
#define CALM_MOST_NS 1000000ull

/* ---- layout ---------------------------------------------------------------------- */

static uint64_t whole_lines(uint64_t bytes)
{
	return (bytes + LINE - 1) / LINE * LINE;
}

uint64_t pool_lay_out(struct mpt_wire_pool *w)
{
	uint64_t at = whole_lines(sizeof(*w));

	w->seat_stride = (uint32_t)whole_lines(sizeof(struct mpt_wire_pool_seat) +
					       w->ring_slots * sizeof(uint32_t));
	w->task_stride = (uint32_t)(sizeof(struct mpt_wire_task) + 2ull * w->task_bytes +
				    MPT_TASK_TEXT);
	w->names_at = at;
	at += whole_lines((uint64_t)w->functions * MPT_NAME_MAX);
	w->ring_at = at;
	at += whole_lines(w->ring_slots * sizeof(uint32_t));
	w->seats_at = at;
	at += (uint64_t)w->seats * w->seat_stride;
	w->tasks_at = at;
	return at + (uint64_t)w->slots * w->task_stride;
}

void pool_find(struct mpt_pool *pool, void *storage)
{
	struct mpt_wire_pool *w = storage;
	uint8_t *at = storage;

	pool->wire = w;
	pool->ring = (uint32_t *)(void *)(at + w->ring_at);
	pool->ring_mask = w->ring_slots - 1;
	pool->tasks = at + w->tasks_at;
	pool->task_stride = w->task_stride;
	for (uint32_t i = 0; i < pool->seat_count; i++) {
		uint8_t *seat = at + w->seats_at + (uint64_t)i * w->seat_stride;

		pool->seats[i].wire = (struct mpt_wire_pool_seat *)(void *)seat;
		pool->seats[i].list = (uint32_t *)(void *)(seat + sizeof(struct mpt_wire_pool_seat));
	}
}

/* ---- into the line ----------------------------------------------------------------- */

void pool_publish(struct mpt_pool *pool, uint32_t slot)
{
	struct mpt_wire_pool *w = pool->wire;
	uint64_t ticket = load64(&w->tail);

	pool->flights[slot].ticket = ticket;
	store64_release(&pool_task(pool, slot)->state, MPT_TASK_STATE(MPT_TASK_QUEUED, ticket));
	store32(&pool->ring[ticket & pool->ring_mask], slot);
	store64_release(&w->tail, ticket + 1);
}

/* May those just put in line wait for a moment? */
static bool may_wait(const struct mpt_pool *pool, uint64_t now)
{
	return pool->run_ns < POOL_TINY_NS && now < pool->calm_ns && load32(&pool->wire->watcher);
}

void pool_wake_workers(struct mpt_pool *pool, int n, uint64_t now)
{
	struct mpt_wire_side *side = &pool->handle.object->give;
	bool tiny = pool->run_ns < POOL_TINY_NS;
	uint64_t cost;

	fence();
	if (load32(&pool->wire->seeker) || load32(&side->want) != load32(&side->seq) ||
	    may_wait(pool, now))
		return;
	eventcount_wake_slow(&side->seq, &side->want, tiny ? 1 : n);
	if (!tiny)
		return;
	/* The woken one may have taken our processor: then it costs the more. */
	cost = (pool_now() - now) * CALM;
	pool->calm_ns = now + (cost < CALM_MOST_NS ? cost : CALM_MOST_NS);
}

void pool_wake_all_workers(struct mpt_pool *pool)
{
	struct mpt_wire_side *side = &pool->handle.object->give;

	fence();
	add32(&side->seq, 1);
	futex_wake(&side->seq, INT_MAX);
}

/* Tasks that were taken back are passed over here, so that the length of the line is right
 * also when no worker comes. */
void pool_pass_claimed(struct mpt_pool *pool)
{
	struct mpt_wire_pool *w = pool->wire;
	uint64_t head = load64_acquire(&w->head), tail = load64(&w->tail);

	for (; head < tail; head = load64_acquire(&w->head)) {
		uint32_t slot = load32(&pool->ring[head & pool->ring_mask]);

		if (load64_acquire(&pool_task(pool, slot)->state) ==
		    MPT_TASK_STATE(MPT_TASK_QUEUED, head))
			break;
		cas64(&w->head, head, head + 1);
	}
}

/* ---- out of it ----------------------------------------------------------------------- */

bool pool_line_is_empty(const struct mpt_pool *pool)
{
	return load64_acquire(&pool->wire->tail) == load64_acquire(&pool->wire->head);
}

struct mpt_wire_task *pool_claim(struct mpt_pool *pool, uint32_t worker, uint64_t *left)
{
	struct mpt_wire_pool *w = pool->wire;

	for (;;) {
		uint64_t head = load64_acquire(&w->head), tail = load64_acquire(&w->tail), state;
		struct mpt_wire_task *task;
		uint32_t slot;
		bool mine;

		if (head == tail)
			return NULL;
		slot = load32(&pool->ring[head & pool->ring_mask]);
		task = pool_task(pool, slot);
		state = load64_acquire(&task->state);
		mine = state == MPT_TASK_STATE(MPT_TASK_QUEUED, head) &&
		       cas64(&task->state, state, MPT_TASK_STATE(MPT_TASK_RUNNING, head) | worker);
		cas64(&w->head, head, head + 1);
		*left = tail - head - 1;
		if (mine)
			return task;
	}
}

/* ---- the doorbell ------------------------------------------------------------------------ */

/* A task may have closed what it did not open, and opened something else: never write
 * into that.  The service thread's slices take over then. */
static bool is_doorbell(int fd)
{
	static const char what[] = "anon_inode:[eventfd]";
	char path[40], link[sizeof(what)];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, link, sizeof(link));
	return n == (ssize_t)sizeof(what) - 1 && memcmp(link, what, sizeof(what) - 1) == 0;
}

void pool_ring(struct mpt_pool *pool)
{
	uint64_t one = 1;
	int saved = errno;

	if (load32(&pool->wire->asleep) == 0 || exchange32(&pool->wire->asleep, 0) == 0)
		return;
	/* It can only fail because the bell has been rung so often already. */
	if (is_doorbell(pool->doorbell) && write(pool->doorbell, &one, sizeof(one)) < 0)
		errno = saved;
	errno = saved;
}
