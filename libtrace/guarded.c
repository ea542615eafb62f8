/* SPDX-License-Identifier: BSD-2-Clause */
/* guarded.c - see guarded.h. */
#include "libtrace/guarded.h"

#include "libtrace/arena.h"

#include <stdlib.h>
#include <string.h>

#define STORAGE_MOST (1ull << 40) /* no arena is as large: sums below do not overflow */

/* ---- making ---------------------------------------------------------------------- */

struct beginning {
	const struct handle *given; /* NULL: its own lock, or none */
	bool nothing;
	const void *initial;
	uint64_t size;
};

/* Under domain_lock, before anybody sees it. */
static void prepare(struct mpt_wire_object *o, const void *arg)
{
	const struct beginning *b = arg;

	o->pair = (uint64_t)(o - domain.objects);
	o->pair_generation = o->generation;
	if (b->given) {
		o->pair = b->given->slot;
		o->pair_generation = b->given->generation;
	}
	if (b->nothing)
		o->pair = MPT_REF_NONE;
	store64(&o->latch, 0);
	if (b->initial && b->size)
		memcpy(arena_at(o->extent), b->initial, b->size);
}

/* The handle behind a public lock of that kind: each begins with one.  NULL: it is none. */
static const struct handle *given(const void *lock, enum mpt_kind kind)
{
	const struct handle *h = lock;

	return handle_usable(h) && h->object->kind == kind ? h : NULL;
}

/* 0 with the rest of the beginning filled in, or -EINVAL. */
static int begin(struct beginning *b, const struct guarded_by *by)
{
	if ((by->lock != NULL) + (by->rlock != NULL) + by->nothing > 1)
		return -EINVAL;
	if (by->lock)
		b->given = given(by->lock, MPT_KIND_LOCK);
	if (by->rlock)
		b->given = given(by->rlock, MPT_KIND_RLOCK);
	b->nothing = by->nothing;
	return (by->lock || by->rlock) && !b->given ? -EINVAL : 0;
}

/* ---- the handle ------------------------------------------------------------------- */

/* What is said of the lock.  A given one that has ended is found to be so when it is to be
 * acquired. */
static int bind_lock(struct guarded *g)
{
	const struct mpt_wire_object *o = g->handle.object;
	uint64_t slot = o->pair;

	g->lock_kind = o->kind;
	g->lock = &g->handle;
	if (slot == g->handle.slot)
		return 0;
	g->lock = NULL;
	if (slot == MPT_REF_NONE)
		return 0;
	if (slot >= load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used))
		return -EPROTO;
	g->given = g->handle;
	g->given.object = &domain.objects[slot];
	g->given.slot = (uint32_t)slot;
	g->given.generation = o->pair_generation;
	g->lock = &g->given;
	g->lock_kind = g->given.object->kind;
	if (handle_usable(g->lock) && g->lock_kind != MPT_KIND_LOCK &&
	    g->lock_kind != MPT_KIND_RLOCK)
		return -EPROTO;
	return 0;
}

static int bind(struct guarded *g)
{
	uint64_t extent = load64(&g->handle.object->extent);

	g->size = g->handle.object->capacity_bytes;
	if (!arena_has(extent, g->size))
		return -EPROTO;
	g->at = arena_at(extent);
	return bind_lock(g);
}

static void *bound(struct guarded *g, int *error)
{
	if (!g)
		return NULL;
	*error = bind(g);
	if (*error == 0)
		return g;
	free(g);
	return NULL;
}

void *guarded_create(size_t handle_size, struct guarded_wish *w, int *error)
{
	struct beginning b = { .initial = w->initial };

	*error = begin(&b, &w->by);
	if (*error < 0)
		return NULL;
	*error = -ENOSPC;
	if (w->room > STORAGE_MOST || (w->elements && w->element > STORAGE_MOST / w->elements))
		return NULL;
	b.size = w->elements * w->element;
	w->object.capacity = w->elements;
	w->object.slots = w->element;
	w->object.capacity_bytes = b.size;
	w->object.storage = w->room > b.size ? w->room : b.size ? b.size : 1;
	w->object.prepare = prepare;
	w->object.arg = &b;
	return bound(handle_create(handle_size, &w->object, error), error);
}

void *guarded_open(size_t handle_size, enum mpt_kind kind, const char *path, unsigned int flags,
		   int *error)
{
	return bound(handle_open(handle_size, kind, path, flags, error), error);
}

/* ---- the lock --------------------------------------------------------------------- */

static int release(struct guarded *g)
{
	return g->lock_kind == MPT_KIND_LOCK ? hold_plain_release(g->lock, g->lock_kind)
					     : hold_nested_release(g->lock, g->lock_kind);
}

int guarded_acquire(struct guarded *g, uint64_t timeout_ns)
{
	int rc;

	if (unlikely(!handle_usable(&g->handle)))
		return -ESHUTDOWN;
	if (!g->lock)
		return -ENOLCK;
	rc = g->lock_kind == MPT_KIND_LOCK
		     ? hold_plain_acquire(g->lock, g->lock_kind, timeout_ns)
		     : hold_nested_acquire(g->lock, g->lock_kind, timeout_ns);
	if (rc < 0 || g->lock == &g->handle || handle_usable(&g->handle))
		return rc;
	release(g);
	return -ESHUTDOWN; /* destroyed while we waited for the given lock */
}

int guarded_release(struct guarded *g)
{
	return g->lock ? release(g) : -ENOLCK;
}

/* Who holds its own lock keeps the storage by that (give_storage_back in object.c). */
int guarded_enter(struct guarded *g, struct guarded_visit *visit, uint64_t timeout_ns)
{
	int rc;

	visit->inside = NULL;
	visit->me = member_get(&rc);
	if (unlikely(!visit->me))
		return rc;
	rc = g->lock ? guarded_acquire(g, timeout_ns) : 0;
	if (rc < 0 || g->lock == &g->handle)
		return rc;
	visit->inside = object_visit(visit->me, &g->handle,
				     (uint16_t)MPT_OP_ID(g->handle.object->kind, HOLD_HOLD));
	if (visit->inside)
		return rc;
	if (g->lock)
		release(g);
	return -ESHUTDOWN;
}

void guarded_leave(struct guarded *g, struct guarded_visit *visit)
{
	if (visit->inside)
		object_leave(visit->me, visit->inside);
	if (g->lock == &g->handle)
		hold_nested_drop(g->lock, visit->me, g->lock_kind);
	else if (g->lock)
		release(g);
}

/* ---- copying ---------------------------------------------------------------------- */

/* Elements of one size: the storage is aligned for it, the caller's memory perhaps not. */
#define WHOLE(bits)                                                                         \
	static void put_##bits(void *storage, const uint8_t *from, uint64_t count)          \
	{                                                                                   \
		uint##bits##_t *to = storage, one;                                          \
                                                                                            \
		for (; count; count--, from += sizeof(one)) {                               \
			memcpy(&one, from, sizeof(one));                                    \
			__atomic_store_n(to++, one, __ATOMIC_RELAXED);                      \
		}                                                                           \
	}                                                                                   \
                                                                                            \
	static void get_##bits(uint8_t *to, const void *storage, uint64_t count)            \
	{                                                                                   \
		const uint##bits##_t *from = storage;                                       \
                                                                                            \
		for (; count; count--, to += sizeof(*from)) {                               \
			uint##bits##_t one = __atomic_load_n(from++, __ATOMIC_RELAXED);     \
                                                                                            \
			memcpy(to, &one, sizeof(one));                                      \
		}                                                                           \
	}
WHOLE(16)
WHOLE(32)
WHOLE(64)

static const struct {
	void (*put)(void *storage, const uint8_t *from, uint64_t count);
	void (*get)(uint8_t *to, const void *storage, uint64_t count);
} whole[] = {
	[2] = { put_16, get_16 },
	[4] = { put_32, get_32 },
	[8] = { put_64, get_64 },
};

void guarded_put(void *storage, const void *from, uint64_t element, uint64_t count)
{
	if (element < sizeof(whole) / sizeof(whole[0]) && whole[element].put)
		whole[element].put(storage, from, count);
	else if (count)
		memcpy(storage, from, element * count);
}

void guarded_get(void *to, const void *storage, uint64_t element, uint64_t count)
{
	if (element < sizeof(whole) / sizeof(whole[0]) && whole[element].get)
		whole[element].get(to, storage, count);
	else if (count)
		memcpy(to, storage, element * count);
}
