/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.c - Pool: making and ending it; see mptrace/pool.h.
 *
 * The object is the creator's alone: others cannot open it, and it is destroyed when the
 * last worker has been reaped, so that nobody is in its storage then.
 */
#include "libtrace/pool.h"

#include "libtrace/arena.h"
#include "libtrace/descriptor.h"

#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#define TASK_BYTES 512u
#define TASK_BYTES_MOST (1ull << 30)
#define SLOTS 512u

/* ---- create -------------------------------------------------------------------------- */

static bool valid_tasks(const struct mpt_pool_options *o)
{
	if (!o->tasks || o->task_count == 0 || o->task_count > UINT16_MAX)
		return false;
	for (size_t i = 0; i < o->task_count; i++)
		if (!o->tasks[i].run || !o->tasks[i].name || !object_name_valid(o->tasks[i].name))
			return false;
	return true;
}

static bool valid(const struct mpt_pool_options *o)
{
	return o && o->workers > 0 && o->workers <= MPT_POOL_WORKERS_MAX && o->max_tasks >= 0 &&
	       o->task_bytes <= TASK_BYTES_MOST && o->slots <= MPT_POOL_SLOTS_MAX &&
	       valid_tasks(o);
}

static uint32_t power_of_two(uint32_t n)
{
	return n < 2 ? 1 : 1u << (32 - __builtin_clz(n - 1));
}

static struct mpt_wire_pool shape_of(const struct mpt_pool_options *o)
{
	uint32_t bytes = o->task_bytes ? (uint32_t)o->task_bytes : TASK_BYTES;
	uint32_t slots = o->slots ? o->slots : SLOTS;

	return (struct mpt_wire_pool){
		.seats = (uint32_t)o->workers,
		.functions = (uint32_t)o->task_count,
		.slots = slots,
		.ring_slots = 2 * power_of_two(slots),
		/* So that one item of that size fits behind its state. */
		.task_bytes = (bytes + (uint32_t)pool_states_bytes(1) + 63) / 64 * 64,
		.max_tasks = (uint32_t)o->max_tasks,
	};
}

static void init_lock(struct mpt_pool *pool)
{
	pthread_mutexattr_t attributes;

	pthread_mutexattr_init(&attributes);
	pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(&pool->lock, &attributes);
	pthread_cond_init(&pool->hiring, NULL);
	pthread_mutexattr_destroy(&attributes);
}

/* Private memory; what is missing is NULL, pool_free copes with that. */
static struct mpt_pool *allocate(const struct mpt_pool_options *o, const struct mpt_wire_pool *shape)
{
	struct mpt_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return NULL;
	init_lock(pool);
	TAILQ_INIT(&pool->backlog);
	TAILQ_INIT(&pool->callbacks);
	TAILQ_INIT(&pool->spare);
	TAILQ_INIT(&pool->imaps);
	pool->refs = 1;
	pool->run_ns = POOL_RUN_UNKNOWN_NS;
	pool->slots = pool->free_count = shape->slots;
	pool->seat_count = shape->seats;
	pool->function_count = shape->functions;
	pool->task_bytes = o->task_bytes ? (uint32_t)o->task_bytes : TASK_BYTES;
	pool->initializer = o->initializer;
	pool->initializer_arg = o->initializer_arg;
	pool->functions = calloc(shape->functions, sizeof(*pool->functions));
	pool->seats = calloc(shape->seats, sizeof(*pool->seats));
	pool->fds = calloc(shape->seats + 1u, sizeof(*pool->fds));
	pool->flights = calloc(shape->slots, sizeof(*pool->flights));
	pool->free = calloc(shape->slots, sizeof(*pool->free));
	pool->doorbell = descriptor_high(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
	if (pool->doorbell < 0)
		pool->doorbell = -errno;
	return pool;
}

static int is_whole(const struct mpt_pool *pool)
{
	if (!pool || !pool->functions || !pool->seats || !pool->fds || !pool->flights ||
	    !pool->free)
		return -ENOMEM;
	return pool->doorbell < 0 ? pool->doorbell : 0;
}

void pool_free(struct mpt_pool *pool)
{
	int saved = errno;

	if (!pool)
		return;
	if (pool->doorbell >= 0)
		close(pool->doorbell);
	pthread_mutex_destroy(&pool->lock);
	pthread_cond_destroy(&pool->hiring);
	free(pool->functions);
	free(pool->seats);
	free(pool->fds);
	free(pool->flights);
	free(pool->free);
	free(pool);
	errno = saved;
}

static void fill_in(struct mpt_pool *pool, const struct mpt_pool_options *o)
{
	for (uint32_t i = 0; i < pool->function_count; i++) {
		strcpy(pool->functions[i].name, o->tasks[i].name);
		pool->functions[i].run = o->tasks[i].run;
	}
	for (uint32_t i = 0; i < pool->seat_count; i++) {
		pool->seats[i].pool = pool;
		pool->seats[i].number = i;
	}
	/* The first ones first. */
	for (uint32_t i = 0; i < pool->slots; i++)
		pool->free[i] = pool->slots - 1 - i;
	pthread_sigmask(SIG_SETMASK, NULL, &pool->mask);
	pool->creator = getpid();
}

static int make_object(struct mpt_pool *pool, const struct mpt_pool_options *o, void *site,
		       const struct mpt_wire_pool *shape)
{
	struct mpt_wire_pool laid_out = *shape;
	struct object_wish wish = { .kind = MPT_KIND_POOL,
				    .name = o->name,
				    .site = site,
				    .flags = o->flags,
				    .storage = pool_lay_out(&laid_out) };
	struct member *me;
	uint8_t *storage;
	int rc = object_create(&pool->handle, &wish);

	if (rc < 0)
		return rc;
	me = member_get(&rc);
	pool->process_slot = me->process_slot;
	pool->process_generation = me->process->generation;
	storage = arena_at(load64(&pool->handle.object->extent));
	memcpy(storage, &laid_out, sizeof(laid_out));
	pool_find(pool, storage);
	for (uint32_t i = 0; i < pool->function_count; i++)
		memcpy(storage + laid_out.names_at + (uint64_t)i * MPT_NAME_MAX,
		       pool->functions[i].name, MPT_NAME_MAX);
	return 0;
}

/* After a failure in the middle: nobody has run a task. */
static void undo(struct mpt_pool *pool)
{
	if (!pool)
		return;
	for (uint32_t i = 0; pool->seats && i < pool->seat_count; i++) {
		struct mpt_process *process = pool->seats[i].process;

		if (!process)
			continue;
		mpt_process_kill(process);
		mpt_process_join(process, MPT_FOREVER);
		mpt_process_destroy(process);
	}
	if (pool->handle.object)
		object_destroy(&pool->handle);
	pool_free(pool);
}

int mpt_pool_create(struct mpt_pool **out, const struct mpt_pool_options *options)
{
	void *site = __builtin_return_address(0);
	struct mpt_wire_pool shape;
	struct mpt_pool *pool;
	struct quiet quiet;
	int rc;

	if (!out)
		return -EINVAL;
	*out = NULL;
	if (!valid(options))
		return -EINVAL;
	quiet = quiet_begin();
	shape = shape_of(options);
	pool = allocate(options, &shape);
	rc = is_whole(pool);
	if (rc == 0) {
		fill_in(pool, options);
		rc = make_object(pool, options, site, &shape);
	}
	if (rc == 0)
		rc = pool_service_start(pool);
	if (rc < 0)
		undo(pool);
	else
		*out = pool;
	quiet_end(quiet);
	return rc;
}

int mpt_cpu_count(void)
{
	int saved = errno, n = 0;
	cpu_set_t set;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		n = CPU_COUNT(&set);
	else
		n = (int)sysconf(_SC_NPROCESSORS_ONLN); /* more than a cpu_set_t holds */
	errno = saved;
	return n > 0 ? n : 1;
}

/* ---- state ----------------------------------------------------------------------------- */

int mpt_pool_workers(struct mpt_pool *pool)
{
	struct member *me;
	int rc = pool_enter(pool, &me);

	if (rc < 0)
		return rc;
	rc = (int)pool_crew_size(pool);
	pool_leave(pool);
	return rc;
}

int64_t mpt_pool_unfinished(struct mpt_pool *pool)
{
	struct member *me;
	int64_t n;
	int rc = pool_enter(pool, &me);

	if (rc < 0)
		return rc;
	pool_collect(pool);
	job_feed(pool);
	n = (int64_t)pool->unfinished;
	pool_leave(pool);
	return n;
}

/* ---- the end ----------------------------------------------------------------------------- */

void pool_check_drained(struct mpt_pool *pool)
{
	if (pool->destroyed || pool_stage(pool) != MPT_POOL_CLOSED || !TAILQ_EMPTY(&pool->backlog) ||
	    pool_imap_open(pool))
		return;
	store32_release(&pool->wire->stage, MPT_POOL_DRAINED);
	pool_wake_all_workers(pool);
	pool_ring(pool);
}

int mpt_pool_close(struct mpt_pool *pool)
{
	struct member *me;
	int rc = pool_enter(pool, &me);

	if (rc < 0)
		return rc;
	if (pool_stage(pool) == MPT_POOL_OPEN) {
		store32_release(&pool->wire->stage, MPT_POOL_CLOSED);
		emit_note(me, MPT_OP_POOL_CLOSE, pool->handle.slot, 0);
		pool_check_drained(pool);
	}
	pool_leave(pool);
	return 0;
}

int mpt_pool_terminate(struct mpt_pool *pool)
{
	struct quiet quiet = quiet_begin();
	struct member *me;
	int rc = pool_enter(pool, &me);

	if (rc == 0 && !pool->terminated) {
		pool->terminated = true;
		pool->told_ns = futex_now();
		store32_release(&pool->wire->stage, MPT_POOL_TERMINATED);
		emit_note(me, MPT_OP_POOL_TERMINATE, pool->handle.slot, pool->unfinished);
		job_fail_all(pool, -ESHUTDOWN, "the pool was terminated", true);
		pool_dismiss(pool, false);
		pool_wake_all_workers(pool);
		pool_wake_waiters(pool);
		pool_ring(pool);
	}
	if (rc == 0)
		pool_leave(pool);
	quiet_end(quiet);
	return rc;
}

/* Under lock, until its thread has nothing left to do.  regardless: of signals, too. */
static int await_end(struct mpt_pool *pool, struct member *me, uint64_t timeout_ns,
		     bool regardless)
{
	struct pool_wait w = pool_wait_begin(pool, me, NULL, MPT_OP_POOL_JOIN, timeout_ns);
	int rc = 0;

	w.whole = true;
	w.how.interruptible &= !regardless;
	for (;;) {
		bool asked = pool_imap_ask(pool, me, w.how.deadline);

		pool_collect(pool);
		job_feed(pool);
		if (pool->ended || rc < 0)
			break;
		rc = asked ? pool_wait_due(&w) : pool_wait_once(&w);
	}
	rc = pool->ended ? 0 : rc;
	pool_wait_end(&w, rc);
	return rc;
}

/* Its thread is about to end: takes what is left of it.  Drops the lock meanwhile. */
static void join_service(struct mpt_pool *pool)
{
	bool served = pool->served;

	pool->served = false;
	pool_leave(pool);
	if (served)
		pthread_join(pool->service, NULL);
	pthread_mutex_lock(&pool->lock);
}

static int join(struct mpt_pool *pool, struct member *me, uint64_t timeout_ns, bool regardless)
{
	int rc;

	if (pool->service_tid == gettid())
		return -EDEADLK;
	if (pool_stage(pool) == MPT_POOL_OPEN)
		return -EBUSY;
	rc = await_end(pool, me, timeout_ns, regardless);
	if (rc == 0)
		join_service(pool);
	return rc;
}

int mpt_pool_join(struct mpt_pool *pool, uint64_t timeout_ns)
{
	struct quiet quiet = quiet_begin();
	struct member *me;
	int rc = pool_enter(pool, &me);

	if (rc == 0) {
		rc = join(pool, me, timeout_ns, false);
		pool_leave(pool);
	}
	quiet_end(quiet);
	return rc;
}

/* The handle is gone; results may still hold the memory. */
static void let_go(struct mpt_pool *pool)
{
	struct mpt_result *job;
	int doorbell = pool->doorbell;

	object_destroy(&pool->handle);
	pthread_mutex_lock(&pool->lock);
	pool->destroyed = true;
	pool->doorbell = -1;
	pool_imap_shut(pool);
	while ((job = TAILQ_FIRST(&pool->spare))) {
		TAILQ_REMOVE(&pool->spare, job, in_list);
		free(job);
	}
	pool->refs--;
	pool_leave(pool);
	close(doorbell);
}

/* In a child that the creator forked: the lock may be held by a thread that is not here. */
static int destroy_copy(struct mpt_pool *pool)
{
	if (pool->refs == 1)
		pool_free(pool);
	else
		close(pool->doorbell); /* results hold the rest */
	return 0;
}

int mpt_pool_destroy(struct mpt_pool *pool)
{
	struct member *me;
	struct quiet quiet;
	bool running;
	int rc;

	if (!pool)
		return 0;
	quiet = quiet_begin();
	rc = pool_enter(pool, &me);
	if (rc == 0) {
		running = pool_stage(pool) == MPT_POOL_OPEN;
		rc = pool->service_tid == gettid() ? -EDEADLK : running;
		pool_leave(pool);
	} else if (rc == -EPERM) {
		rc = destroy_copy(pool);
		pool = NULL;
	}
	if (rc >= 0 && pool) {
		mpt_pool_terminate(pool);
		/* Its thread uses what is freed then. */
		pthread_mutex_lock(&pool->lock);
		join(pool, me, MPT_FOREVER, true);
		pool_leave(pool);
		let_go(pool);
	}
	quiet_end(quiet);
	return rc;
}
