/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value.c - Value; see mptrace/value.h.
 *
 * Does not own: the bytes and their lock (guarded.h), how a store of many bytes survives
 * (journal.h).
 */
#include "libtrace/guarded.h"

#include "libtrace/arena.h"
#include "libtrace/journal.h"

#include <mptrace/value.h>
#include <stdlib.h>

HOLD_OPS_OF(VALUE);

struct mpt_value {
	struct guarded guarded;
};

/* ---- making ----------------------------------------------------------------------- */

int mpt_value_create(struct mpt_value **out, const struct mpt_value_options *o)
{
	struct guarded_wish wish = { .object = { .kind = MPT_KIND_VALUE,
						 .site = __builtin_return_address(0) } };
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = NULL;
	if (!o || o->size == 0)
		return rc;
	wish.object.name = o->name;
	wish.object.flags = o->flags;
	wish.by = (struct guarded_by){ o->lock, o->rlock, o->unlocked };
	wish.elements = 1;
	wish.element = o->size;
	wish.room = o->unlocked ? o->size : journal_room(o->size);
	wish.initial = o->initial;
	*out = guarded_create(sizeof(**out), &wish, &rc);
	return rc;
}

static bool makes_sense(const struct mpt_value *v)
{
	const struct guarded *g = &v->guarded;
	uint64_t room = g->lock ? journal_room(g->size) : g->size;

	return g->size > 0 && arena_has(load64(&g->handle.object->extent), room);
}

int mpt_value_open(struct mpt_value **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (!out)
		return rc;
	*out = guarded_open(sizeof(**out), MPT_KIND_VALUE, name, flags, &rc);
	if (!*out || makes_sense(*out))
		return rc;
	free(*out);
	*out = NULL;
	return -EPROTO;
}

/* ---- the lock --------------------------------------------------------------------- */

/* The lock was just acquired: what of a store is left?  A Lock of a dead holder may have
 * been released by anybody, and nobody has taken it over.  -EDEADLK: it is our own,
 * interrupted by a signal handler. */
static int look_at_journal(const struct mpt_value *v)
{
	const struct guarded *g = &v->guarded;
	struct member *me;
	int rc;

	if (!g->lock || likely(!journal_busy(g->handle.object)))
		return 0;
	me = member_get(&rc);
	if (!me)
		return rc;
	return journal_settle(me, g->lock) ? 0 : -EDEADLK;
}

int mpt_value_acquire(struct mpt_value *v, uint64_t timeout_ns)
{
	int rc = guarded_acquire(&v->guarded, timeout_ns), journal;

	if (rc < 0)
		return rc;
	journal = look_at_journal(v);
	if (journal < 0)
		guarded_release(&v->guarded);
	return journal < 0 ? journal : rc;
}

int mpt_value_release(struct mpt_value *v)
{
	return guarded_release(&v->guarded);
}

/* ---- the value -------------------------------------------------------------------- */

static int enter(struct mpt_value *v, struct guarded_visit *visit, uint64_t timeout_ns)
{
	int rc = guarded_enter(&v->guarded, visit, timeout_ns), journal;

	if (rc < 0)
		return rc;
	journal = look_at_journal(v);
	if (journal < 0)
		guarded_leave(&v->guarded, visit);
	return journal < 0 ? journal : rc;
}

int mpt_value_load(struct mpt_value *v, void *buffer, size_t size, uint64_t timeout_ns)
{
	struct guarded *g = &v->guarded;
	struct guarded_visit visit;
	int rc;

	if (!buffer)
		return -EINVAL;
	if (size != g->size)
		return -EMSGSIZE;
	rc = enter(v, &visit, timeout_ns);
	if (rc < 0)
		return rc;
	guarded_get(buffer, g->at, size, 1);
	guarded_leave(g, &visit);
	return rc;
}

int mpt_value_store(struct mpt_value *v, const void *data, size_t size, uint64_t timeout_ns)
{
	struct guarded *g = &v->guarded;
	struct guarded_visit visit;
	int rc;

	if (!data)
		return -EINVAL;
	if (size != g->size)
		return -EMSGSIZE;
	rc = enter(v, &visit, timeout_ns);
	if (rc < 0)
		return rc;
	/* Without a lock there is no order in which large stores could be whole. */
	if (g->lock && journal_room(size) > size)
		journal_store(visit.me, g->handle.object, g->at, data, size);
	else
		guarded_put(g->at, data, size, 1);
	guarded_leave(g, &visit);
	return rc;
}

int mpt_value_copy(struct mpt_value **out, struct mpt_value *from, const char *name,
		   uint64_t timeout_ns)
{
	struct guarded_wish wish = { .object = { .kind = MPT_KIND_VALUE,
						 .name = name,
						 .site = __builtin_return_address(0) } };
	struct guarded_visit visit;
	int rc, made = 0;

	if (!out || !from)
		return -EINVAL;
	*out = NULL;
	rc = enter(from, &visit, timeout_ns);
	if (rc < 0)
		return rc;
	wish.elements = 1;
	wish.element = from->guarded.size;
	wish.room = journal_room(from->guarded.size);
	wish.initial = from->guarded.at;
	*out = guarded_create(sizeof(**out), &wish, &made);
	guarded_leave(&from->guarded, &visit);
	return made < 0 ? made : rc;
}

void *mpt_value_at(const struct mpt_value *v)
{
	return handle_usable(&v->guarded.handle) ? v->guarded.at : NULL;
}

ssize_t mpt_value_size(const struct mpt_value *v)
{
	return handle_usable(&v->guarded.handle) ? (ssize_t)v->guarded.size : -ESHUTDOWN;
}

int mpt_value_close(struct mpt_value *v)
{
	return handle_close(&v->guarded.handle, MPT_OP_VALUE_CLOSE);
}

void mpt_value_destroy(struct mpt_value *v)
{
	handle_destroy(v ? &v->guarded.handle : NULL);
}
