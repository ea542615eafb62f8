/* SPDX-License-Identifier: BSD-2-Clause */
/* kinds.c - see kinds.h. */
#include "tests/crash/kinds.h"

/* `out` is what the call stores its handle in. */
#define MADE(type, call_that_makes)                        \
	do {                                               \
		struct type *made = NULL, **out = &made;   \
		return call_that_makes == 0 ? made : NULL; \
	} while (0)

static int settled(int rc)
{
	return rc == MPT_RECOVERED ? 0 : rc;
}

/* ---- what is held ---------------------------------------------------------------------- */

#define HELD(kind)                                                              \
	static void *kind##_opened(const char *name)                            \
	{                                                                       \
		MADE(mpt_##kind, mpt_##kind##_open(out, name, 0));              \
	}                                                                       \
	static int kind##_called(void *object, uint64_t timeout)                \
	{                                                                       \
		int rc = settled(mpt_##kind##_acquire(object, timeout));        \
		return rc ? rc : mpt_##kind##_release(object);                  \
	}                                                                       \
	static int kind##_acquired(void *object, uint64_t timeout)              \
	{                                                                       \
		return mpt_##kind##_acquire(object, timeout);                   \
	}                                                                       \
	static void kind##_destroyed(void *object)                              \
	{                                                                       \
		mpt_##kind##_destroy(object);                                   \
	}

static void *lock_made(const char *name)
{
	MADE(mpt_lock, mpt_lock_create(out, name, 0));
}
HELD(lock)

static void *rlock_made(const char *name)
{
	MADE(mpt_rlock, mpt_rlock_create(out, name, 0));
}
HELD(rlock)

static void *value_made(const char *name)
{
	struct mpt_value_options options = { .name = name, .size = 100 };

	MADE(mpt_value, mpt_value_create(out, &options));
}
HELD(value)

static void *semaphore_made(const char *name)
{
	struct mpt_semaphore_options options = { .name = name, .value = 3 };

	MADE(mpt_semaphore, mpt_semaphore_create(out, &options));
}

static void *semaphore_opened(const char *name)
{
	MADE(mpt_semaphore, mpt_semaphore_open(out, name, 0));
}

static int semaphore_called(void *object, uint64_t timeout)
{
	int rc = settled(mpt_semaphore_acquire(object, timeout));

	return rc ? rc : settled(mpt_semaphore_release(object));
}

static void semaphore_destroyed(void *object)
{
	mpt_semaphore_destroy(object);
}

/* ---- what messages go through -------------------------------------------------------------- */

static void *queue_made(const char *name)
{
	struct mpt_queue_options options = { .name = name, .maxsize = 32, .bytes = 4096 };
	struct mpt_queue *queue;

	if (mpt_queue_create(&queue, &options) < 0)
		return NULL;
	for (int i = 0; i < 12; i++)
		child_claims(mpt_queue_put(queue, &i, sizeof(i), 0) == 0);
	return queue;
}

static void *queue_opened(const char *name)
{
	MADE(mpt_queue, mpt_queue_open(out, name, 0));
}

static int queue_put(void *object, uint64_t timeout)
{
	int n = 0;

	return settled(mpt_queue_put(object, &n, sizeof(n), timeout));
}

static int queue_got(void *object, uint64_t timeout)
{
	int n = 0;
	ssize_t size = mpt_queue_get(object, &n, sizeof(n), timeout);

	return size == sizeof(n) ? 0 : (int)size;
}

static void queue_destroyed(void *object)
{
	mpt_queue_destroy(object);
}

/* ---- where nobody has anything ------------------------------------------------------------- */

static void *event_made(const char *name)
{
	MADE(mpt_event, mpt_event_create(out, name, 0));
}

static void *event_opened(const char *name)
{
	MADE(mpt_event, mpt_event_open(out, name, 0));
}

static int event_used(void *object, uint64_t timeout)
{
	int rc = mpt_event_set(object);

	return rc < 0 ? rc : mpt_event_wait(object, timeout);
}

static void event_destroyed(void *object)
{
	mpt_event_destroy(object);
}

static void *barrier_made(const char *name)
{
	struct mpt_barrier_options options = { .name = name, .parties = 1 };

	MADE(mpt_barrier, mpt_barrier_create(out, &options));
}

static void *barrier_opened(const char *name)
{
	MADE(mpt_barrier, mpt_barrier_open(out, name, 0));
}

static int barrier_passed(void *object, uint64_t timeout)
{
	return mpt_barrier_wait(object, timeout);
}

static void barrier_destroyed(void *object)
{
	mpt_barrier_destroy(object);
}

/* ---- the rows ------------------------------------------------------------------------------- */

#define ROW(title, kind, call, gives, acquire) \
	{ title, kind##_made, kind##_opened, call, gives, kind##_destroyed, acquire }

const struct kind kinds[] = {
	ROW("Lock", lock, lock_called, false, lock_acquired),
	ROW("RLock", rlock, rlock_called, false, rlock_acquired),
	ROW("Value", value, value_called, false, value_acquired),
	ROW("Semaphore", semaphore, semaphore_called, false, NULL),
	ROW("Queue, put", queue, queue_put, true, NULL),
	ROW("Queue, get", queue, queue_got, false, NULL),
	ROW("Event", event, event_used, false, NULL),
	ROW("Barrier", barrier, barrier_passed, false, NULL),
};
const size_t kinds_held = 6, kinds_count = sizeof(kinds) / sizeof(kinds[0]);

const uint32_t *kind_word(const struct kind *kind, const char *name)
{
	const struct mpt_wire_object *o = segment_object(name);

	return kind->gives ? &o->give.lock : &o->take.lock;
}
