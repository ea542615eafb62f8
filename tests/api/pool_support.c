/* SPDX-License-Identifier: BSD-2-Clause */
/* pool_support.c - see pool_support.h. */
#include "tests/api/pool_support.h"

struct pool_world *pool_world;
char pool_name[32];

static int number_of(const void *arg, size_t size)
{
	int n = 0;

	if (size == sizeof(n))
		memcpy(&n, arg, sizeof(n));
	return n;
}

static ssize_t give(void *result, size_t room, int n)
{
	if (room < sizeof(n))
		return -ENOBUFS;
	memcpy(result, &n, sizeof(n));
	return sizeof(n);
}

ssize_t pool_twice(const void *arg, size_t size, void *result, size_t room)
{
	return give(result, room, 2 * number_of(arg, size));
}

ssize_t pool_pid(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	return give(result, room, getpid());
}

ssize_t pool_nothing(const void *arg, size_t size, void *result, size_t room)
{
	(void)arg;
	(void)size;
	(void)result;
	(void)room;
	return 0;
}

ssize_t pool_gate(const void *arg, size_t size, void *result, size_t room)
{
	uint32_t n = __atomic_fetch_add(&pool_world->began, 1, __ATOMIC_SEQ_CST);

	pool_world->pids[n % 64] = getpid();
	child_claims_eventually(reached(&pool_world->gate));
	return pool_twice(arg, size, result, room);
}

ssize_t pool_count(const void *arg, size_t size, void *result, size_t room)
{
	int n = number_of(arg, size);

	__atomic_fetch_add(&pool_world->calls[(unsigned int)n % 4096], 1, __ATOMIC_SEQ_CST);
	return give(result, room, 2 * n);
}

ssize_t pool_picky(const void *arg, size_t size, void *result, size_t room)
{
	int n = number_of(arg, size);

	if (n % 7 == 0)
		return mpt_pool_fail(-EDOM, "%d is divisible by 7", n);
	return give(result, room, 2 * n);
}

ssize_t pool_die(const void *arg, size_t size, void *result, size_t room)
{
	int n = number_of(arg, size);

	if (n == 0)
		exit(3);
	raise(n);
	return give(result, room, n);
}

struct mpt_pool *pool_make(int workers, const struct mpt_pool_options *options)
{
	static const struct mpt_pool_task tasks[] = {
		{ "twice", pool_twice }, { "pid", pool_pid },	  { "nothing", pool_nothing },
		{ "gate", pool_gate },	 { "count", pool_count }, { "picky", pool_picky },
		{ "die", pool_die },
	};
	static unsigned int made;
	struct mpt_pool_options o = { .name = NULL };
	struct mpt_pool *pool;

	/* A test that failed, or a creator that was killed, may have left its own. */
	snprintf(pool_name, sizeof(pool_name), "pool %d.%u", (int)getpid(), ++made);
	if (options)
		o = *options;
	o.name = pool_name;

	o.workers = workers;
	if (!o.tasks) {
		o.tasks = tasks;
		o.task_count = sizeof(tasks) / sizeof(tasks[0]);
	}
	assert_int_equal(mpt_pool_create(&pool, &o), 0);
	assert_non_null(pool);
	return pool;
}

void pool_end(struct mpt_pool *pool)
{
	assert_int_equal(mpt_pool_destroy(pool), 1);
}

struct mpt_result *pool_submit(struct mpt_pool *pool, mpt_pool_function *run, int number)
{
	struct mpt_pool_call call = { .function = run, .arg = &number, .size = sizeof(number) };
	struct mpt_result *result;

	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), 0);
	assert_non_null(result);
	return result;
}

int pool_result(struct mpt_result *result)
{
	int n = 0;
	ssize_t size = mpt_result_get(result, &n, sizeof(n), GUARD_NS);

	assert_true(size < 0 || size == 0 || size == sizeof(n));
	mpt_result_destroy(result);
	return size < 0 ? (int)size : n;
}

int pool_apply(struct mpt_pool *pool, mpt_pool_function *run, int number)
{
	return pool_result(pool_submit(pool, run, number));
}

void pool_open_gate(void)
{
	reach(&pool_world->gate);
}

uint32_t pool_began(void)
{
	return __atomic_load_n(&pool_world->began, __ATOMIC_SEQ_CST);
}

/* ---- the segment ------------------------------------------------------------------- */

const struct mpt_wire_pool *pool_wire(void)
{
	const struct mpt_wire_object *o = segment_object(pool_name);
	const struct mpt_wire_section *arena = &segment()->section[MPT_SEC_ARENA];

	return (const void *)((const uint8_t *)segment() + arena->offset +
			      (uint64_t)(uint32_t)o->extent * MPT_BLOCK);
}

const struct mpt_wire_pool_seat *pool_wire_seat(uint32_t seat)
{
	const struct mpt_wire_pool *w = pool_wire();

	return (const void *)((const uint8_t *)w + w->seats_at + (uint64_t)seat * w->seat_stride);
}

/* 0: the slots have been given to somebody else meanwhile.  (Who kills pid 0 kills the
 * tests.) */
static pid_t pid_of_thread(uint32_t slot)
{
	const struct mpt_wire_section *s = segment()->section;
	const uint8_t *base = (const uint8_t *)segment();
	const struct mpt_wire_thread *t = (const void *)(base + s[MPT_SEC_THREADS].offset +
							 (uint64_t)s[MPT_SEC_THREADS].stride * slot);
	const struct mpt_wire_process *p =
		(const void *)(base + s[MPT_SEC_PROCESSES].offset +
			       (uint64_t)s[MPT_SEC_PROCESSES].stride * t->process);

	return p->parent_pid == (uint32_t)getpid() ? (pid_t)p->inner_pid : 0;
}

int pool_pids(pid_t *pids)
{
	const struct mpt_wire_pool *w = pool_wire();
	int n = 0;

	for (uint32_t i = 0; i < w->seats; i++) {
		const struct mpt_wire_pool_seat *seat = pool_wire_seat(i);

		uint32_t thread = __atomic_load_n(&seat->thread, __ATOMIC_ACQUIRE);

		pids[n] = 0;
		if (__atomic_load_n(&seat->ready, __ATOMIC_ACQUIRE) && thread)
			pids[n] = pid_of_thread(thread - 1);
		n += pids[n] > 0;
	}
	return n;
}

/* ---- running ------------------------------------------------------------------------- */

int pool_setup(void **state)
{
	int rc = support_setup(state);

	pool_world = shared(sizeof(*pool_world));
	return rc;
}

int pool_teardown(void **state)
{
	return process_teardown(state);
}
