/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * condition.c - Condition; see mptrace/condition.h.  Its lock: guard.h.
 *
 * wait, holding the lock: takes a seat (seat.h), puts the lock down, sleeps until
 * the seat is notified, leaves it, takes the lock up again.  There is no moment at which
 * a notify could be missed, as who notifies holds the lock.
 */
#include "libtrace/await.h"

#include "libtrace/guard.h"
#include "libtrace/seat.h"

#include <mptrace/condition.h>
#include <stdlib.h>

struct mpt_condition {
	struct handle handle;
	struct guard guard;
	bool guard_is_own; /* made with the condition, by this handle */
	struct seats seats;
};

/* One call of wait. */
struct sleeper {
	struct member *me;
	struct blocking how;
	struct slice slice;
	struct seat seat;
};

static bool usable(const struct mpt_condition *c)
{
	return handle_usable(&c->handle) && handle_usable(&c->guard.handle);
}

/* May this thread wait and notify?  0 with *me, or an error. */
static int enter(const struct mpt_condition *c, struct member **me)
{
	int rc;

	*me = member_get(&rc);
	if (!*me)
		return rc;
	if (!usable(c))
		return -ESHUTDOWN;
	return guard_owned(&c->guard, *me) ? 0 : -EPERM;
}

/* ---- waiting --------------------------------------------------------------------- */

/* Looks, and sleeps at most a slice.  0: notified; -EBUSY: look again; else why not. */
static int look(struct mpt_condition *c, struct sleeper *s)
{
	int rc;

	if (seat_notified(&c->seats, &s->seat))
		return 0;
	if (!usable(c))
		return -ESHUTDOWN;
	if (s->how.deadline == 0)
		return -EAGAIN;
	if (s->how.deadline != MPT_FOREVER && futex_now() >= s->how.deadline)
		return -ETIMEDOUT;
	emit_block(s->me, &s->how);
	rc = seat_sleep(&c->seats, &s->seat, &s->slice, s->how.deadline);
	return rc == -EINTR && s->how.interruptible ? -EINTR : -EBUSY;
}

/* 0: notified, if only at the last moment; else why not. */
static int sleep_in_seat(struct mpt_condition *c, struct sleeper *s)
{
	int rc;

	do
		rc = look(c, s);
	while (rc == -EBUSY);
	if (rc < 0 && !seat_give_up(&c->seats, &s->seat))
		rc = 0;
	seat_leave(&c->seats, &s->seat);
	return rc;
}

/* With a seat: the lock is put down, and is the caller's again afterwards. */
static int sleep_without_lock(struct mpt_condition *c, struct sleeper *s,
			      struct mpt_wire_oprec *inside)
{
	uint32_t again = guard_put_down(&c->guard, s->me);
	int rc = sleep_in_seat(c, s), taken;

	/* Before the lock is taken: its holder may be about to destroy the condition. */
	object_leave(s->me, inside);
	await_done(s->me, &s->how, &c->handle.object->give, rc, s->seat.number);
	taken = guard_take_up(&c->guard, s->me, again);
	if (taken == MPT_RECOVERED)
		return rc == 0 ? MPT_RECOVERED : -EOWNERDEAD;
	return taken < 0 ? taken : rc;
}

static int wait_until(struct mpt_condition *c, uint64_t deadline)
{
	struct sleeper s = { 0 };
	struct mpt_wire_oprec *inside;
	int rc = enter(c, &s.me);

	if (rc < 0)
		return rc;
	s.how = handle_blocking(&c->handle, MPT_OP_CONDITION_WAIT, 0);
	s.how.deadline = deadline;
	inside = object_visit(s.me, &c->handle, MPT_OP_CONDITION_WAIT);
	if (!inside)
		return -ESHUTDOWN;
	rc = seat_take(&c->seats, s.me, &s.seat);
	if (rc == 0) {
		store64(&inside->arg, seat_index(&c->seats, &s.seat));
		await_use(s.me, &c->handle, 0, 1);
		return sleep_without_lock(c, &s, inside);
	}
	object_leave(s.me, inside);
	await_done(s.me, &s.how, &c->handle.object->give, rc, 0);
	return rc;
}

int mpt_condition_wait(struct mpt_condition *c, uint64_t timeout_ns)
{
	return wait_until(c, deadline_after(timeout_ns));
}

/* Is the lock held, and has the caller nothing to be told, after such a result? */
static bool may_ask(int rc)
{
	return rc == 0 || rc == -ETIMEDOUT || rc == -EINTR;
}

int mpt_condition_wait_for(struct mpt_condition *c, bool (*predicate)(void *arg), void *arg,
			   uint64_t timeout_ns)
{
	uint64_t deadline = deadline_after(timeout_ns);
	struct member *me;
	int rc = predicate ? enter(c, &me) : -EINVAL;

	if (rc < 0)
		return rc;
	for (;;) {
		if (predicate(arg))
			return 0;
		if (rc < 0)
			return rc;
		if (deadline == 0)
			return -EAGAIN;
		rc = wait_until(c, deadline);
		if (rc == MPT_RECOVERED)
			return -EOWNERDEAD;
		if (!may_ask(rc))
			return rc;
	}
}

/* ---- notifying ------------------------------------------------------------------- */

/* n: how many, or all. */
static int notify(struct mpt_condition *c, uint32_t n, bool all, uint16_t op)
{
	struct mpt_wire_side *side = &c->handle.object->give;
	struct mpt_wire_oprec *inside;
	struct member *me;
	int rc = enter(c, &me);
	uint32_t count;

	if (rc < 0)
		return rc;
	inside = object_visit(me, &c->handle, op);
	if (!inside)
		return -ESHUTDOWN;
	count = all ? seats_notify_all(&c->seats, me) : seats_notify(&c->seats, me, n);
	store64(&side->index, load64(&side->index) + count);
	object_leave(me, inside);
	await_use(me, &c->handle, count, 0);
	emit_note(me, op, c->handle.slot, count);
	return (int)count;
}

int mpt_condition_notify(struct mpt_condition *c, uint32_t n)
{
	return notify(c, n, false, MPT_OP_CONDITION_NOTIFY);
}

int mpt_condition_notify_all(struct mpt_condition *c)
{
	return notify(c, 0, true, MPT_OP_CONDITION_NOTIFY_ALL);
}

/* ---- the lock ---------------------------------------------------------------------- */

int mpt_condition_acquire(struct mpt_condition *c, uint64_t timeout_ns)
{
	if (!handle_usable(&c->handle))
		return -ESHUTDOWN;
	return guard_acquire(&c->guard, timeout_ns, c->handle.interruptible);
}

int mpt_condition_release(struct mpt_condition *c)
{
	return guard_release(&c->guard);
}

/* ---- the rest ---------------------------------------------------------------------- */

static struct mpt_condition *finish(struct mpt_condition *c)
{
	if (c)
		seats_find(&c->seats, &c->handle);
	return c;
}

/* The lock first: whoever finds the condition finds it complete. */
static int find_lock(struct guard *guard, const struct mpt_condition_options *o, void *site)
{
	if (o->lock || o->rlock)
		return guard_given(guard, o->lock, o->rlock);
	return guard_make(guard, o->name, site);
}

static struct mpt_condition *create(const struct mpt_condition_options *o, void *site, int *error)
{
	uint32_t waiters = o->waiters ? o->waiters : MPT_CONDITION_WAITERS;
	struct guard guard = { 0 };
	struct object_wish wish = { .kind = MPT_KIND_CONDITION,
				    .name = o->name,
				    .site = site,
				    .flags = o->flags,
				    .pair = &guard.handle,
				    .capacity = waiters,
				    .slots = waiters,
				    .storage = (uint64_t)waiters * sizeof(struct mpt_wire_seat),
				    .zeroed = true };
	struct mpt_condition *c;

	*error = find_lock(&guard, o, site);
	if (*error < 0)
		return NULL;
	c = finish(handle_create(sizeof(*c), &wish, error));
	if (c) {
		c->guard = guard;
		c->guard_is_own = !o->lock && !o->rlock;
	} else if (!o->lock && !o->rlock) {
		object_destroy(&guard.handle);
	}
	return c;
}

static bool valid(const struct mpt_condition_options *o)
{
	return (!o->name || object_name_valid(o->name)) && !(o->flags & ~MPT_INTERRUPTIBLE) &&
	       o->waiters <= MPT_CONDITION_WAITERS_MAX;
}

int mpt_condition_create(struct mpt_condition **out, const struct mpt_condition_options *options)
{
	static const struct mpt_condition_options defaults;
	int saved = errno, rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	if (!options)
		options = &defaults;
	if (valid(options))
		*out = create(options, __builtin_return_address(0), &rc);
	errno = saved;
	return rc;
}

int mpt_condition_open(struct mpt_condition **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = finish(handle_open(sizeof(**out), MPT_KIND_CONDITION, name, flags, &rc));
	if (*out)
		guard_find(&(*out)->guard, &(*out)->handle);
	return rc;
}

int mpt_condition_waiting(const struct mpt_condition *c)
{
	struct mpt_wire_oprec *inside;
	struct member *me;
	uint32_t count;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	inside = object_visit(me, &c->handle, MPT_OP_CONDITION_WAIT);
	if (!inside)
		return -ESHUTDOWN;
	count = seats_waiting(&c->seats);
	object_leave(me, inside);
	return (int)count;
}

int mpt_condition_close(struct mpt_condition *c)
{
	return handle_close(&c->handle, MPT_OP_CONDITION_CLOSE);
}

/* Everybody must leave before the storage goes. */
static void end(struct mpt_condition *c)
{
	if (!object_end(&c->handle))
		return;
	seats_wake(&c->seats);
	object_give_back(&c->handle);
}

void mpt_condition_destroy(struct mpt_condition *c)
{
	int saved = errno;

	if (!c)
		return;
	end(c);
	if (c->guard_is_own)
		object_destroy(&c->guard.handle);
	free(c);
	errno = saved;
}
