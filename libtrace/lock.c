/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - Lock; see mptrace/lock.h.
 *
 * The lock is the word take.lock of its object: holding it makes this thread the
 * only writer of the object's statistics.  An uncontended pair costs two reads of
 * the clock and one record (HOLD); a contended acquire adds BEGIN and END.
 */
#include "libtrace/object.h"

#include <mptrace/lock.h>
#include <stdlib.h>

struct mpt_lock {
	struct handle handle;
};

static int make(struct mpt_lock **out, int (*open)(struct handle *, const void *),
		const void *arg)
{
	struct mpt_lock *lock;
	int saved = errno, rc;

	if (!out)
		return -EINVAL;
	*out = NULL;
	lock = malloc(sizeof(*lock));
	rc = lock ? open(&lock->handle, arg) : -ENOMEM;
	if (rc == 0)
		*out = lock;
	else
		free(lock);
	errno = saved;
	return rc;
}

static int by_wish(struct handle *handle, const void *wish)
{
	return object_create(handle, wish);
}

int mpt_lock_create(struct mpt_lock **out, const char *name, unsigned int flags)
{
	struct object_wish wish = { .kind = MPT_KIND_LOCK,
				    .name = name,
				    .site = __builtin_return_address(0),
				    .flags = flags };

	return make(out, by_wish, &wish);
}

struct path {
	const char *name;
	unsigned int flags;
};

static int by_path(struct handle *handle, const void *arg)
{
	const struct path *path = arg;

	return object_open(handle, MPT_KIND_LOCK, path->name, path->flags);
}

int mpt_lock_open(struct mpt_lock **out, const char *name, unsigned int flags)
{
	struct path path = { name, flags };

	return make(out, by_path, &path);
}

/* ---- acquire ------------------------------------------------------------- */

/* Bookkeeping of a fresh holder; killed anywhere in it, the next holder only finds
 * a statistic one short. */
static void taken(struct mpt_wire_object *o, struct member *me, const struct handle *h)
{
	struct mpt_wire_use *use = member_use(me, h->slot, h->generation);
	uint64_t now = clock_now(&me->clock);

	o->owner_since_ns = now;
	store64(&o->take.index, o->take.index + 1);
	if (use) {
		use->takes++;
		use->last_ns = now;
	}
}

static void took_over(struct member *me, const struct handle *h, uint32_t dead)
{
	struct mpt_wire_object *o = h->object;

	o->recovered++;
	o->recovered_pid = member_pid_of(dead);
	o->recovered_op = 0;
	o->recovered_ns = futex_now();
	emit(me, &(struct mpt_record){ .time = clock_now(&me->clock),
				       .op = MPT_OP_LOCK_RECOVER,
				       .flags = MPT_REC_RECOVERED,
				       .object = h->slot,
				       .value = o->recovered_pid });
}

static void gave_up(struct member *me, const struct blocking *how, int result)
{
	uint64_t now = clock_now(&me->clock);

	emit(me, &(struct mpt_record){ .time = now,
				       .op = how->op,
				       .flags = MPT_REC_FAILED,
				       .object = how->object,
				       .value = (uint64_t)-result,
				       .span = emit_unblock(me, how, now) });
}

/* The acquire that did not get the lock at once. */
static int acquire_slowly(struct mpt_lock *lock, struct member *me, uint64_t timeout_ns)
{
	struct handle *h = &lock->handle;
	struct blocking how = handle_blocking(h, MPT_OP_LOCK_ACQUIRE, timeout_ns);
	uint32_t dead = 0;
	int rc = lockword_wait(&h->object->take.lock, me, &how, &dead);
	uint64_t waited;

	if (rc < 0) {
		gave_up(me, &how, rc);
		return rc;
	}
	waited = emit_unblock(me, &how, clock_now(&me->clock));
	if (!handle_usable(h)) {
		lockword_release(&h->object->take.lock);
		return -ESHUTDOWN;
	}
	if (rc == MPT_RECOVERED)
		took_over(me, h, dead);
	taken(h->object, me, h);
	if (how.since) {
		emit_waited(&h->object->take, waited);
		emit(me, &(struct mpt_record){ .time = h->object->owner_since_ns,
					       .op = MPT_OP_LOCK_ACQUIRE,
					       .flags = rc == MPT_RECOVERED ? MPT_REC_RECOVERED : 0,
					       .object = h->slot,
					       .value = h->object->take.index,
					       .span = waited });
	}
	return rc;
}

int mpt_lock_acquire(struct mpt_lock *lock, uint64_t timeout_ns)
{
	struct handle *h = &lock->handle;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (unlikely(!lockword_try(&h->object->take.lock, me)))
		return acquire_slowly(lock, me, timeout_ns);
	if (unlikely(!handle_usable(h))) {
		lockword_release(&h->object->take.lock);
		return -ESHUTDOWN;
	}
	taken(h->object, me, h);
	return 0;
}

/* ---- release --------------------------------------------------------------- */

/* Still holding: statistics of the hold that ends now. */
static void ending(struct mpt_wire_object *o, struct member *me, const struct handle *h)
{
	uint64_t now = clock_now(&me->clock);
	uint64_t held = now > o->owner_since_ns ? now - o->owner_since_ns : 0;

	o->hold_ns += held;
	if (held > o->hold_max_ns)
		o->hold_max_ns = held;
	hist_add(&o->hold, held);
	store64(&o->give.index, o->take.index);
	emit(me, &(struct mpt_record){ .time = now,
				       .op = MPT_OP_LOCK_HOLD,
				       .object = h->slot,
				       .value = o->take.index,
				       .span = held });
}

int mpt_lock_release(struct mpt_lock *lock)
{
	struct handle *h = &lock->handle;
	uint32_t *word = &h->object->take.lock, seen;
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	/* Before the handle is checked: should the slot go to a new lock meanwhile, the
	 * word is another's and stays. */
	seen = load32_acquire(word);
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	if (unlikely(!seen))
		return -ERANGE;
	ending(h->object, me, h);
	return likely(lockword_release_seen(word, seen)) ? 0 : -ERANGE;
}

int mpt_lock_locked(const struct mpt_lock *lock)
{
	const struct handle *h = &lock->handle;

	return handle_usable(h) ? load32(&h->object->take.lock) != 0 : -ESHUTDOWN;
}

int mpt_lock_close(struct mpt_lock *lock)
{
	return handle_close(&lock->handle, MPT_OP_LOCK_CLOSE);
}

void mpt_lock_destroy(struct mpt_lock *lock)
{
	int saved = errno;

	if (!lock)
		return;
	object_destroy(&lock->handle);
	free(lock);
	errno = saved;
}
