/* SPDX-License-Identifier: BSD-2-Clause */
/* guard.c - see guard.h. */
#include "libtrace/guard.h"

#include <mptrace/lock.h>
#include <mptrace/rlock.h>
#include <stdio.h>

#define SUFFIX ".lock"

int guard_given(struct guard *g, const struct mpt_lock *lock, const struct mpt_rlock *rlock)
{
	if (!lock == !rlock)
		return -EINVAL;
	g->handle = lock ? lock->handle : rlock->handle;
	g->handle.creator_pid = 0; /* it is not ours to end */
	g->kind = lock ? MPT_KIND_LOCK : MPT_KIND_RLOCK;
	return handle_usable(&g->handle) ? 0 : -ESHUTDOWN;
}

int guard_make(struct guard *g, const char *name, void *site)
{
	struct object_wish wish = { .kind = MPT_KIND_RLOCK, .site = site };
	char own[MPT_NAME_MAX];
	int rc = -EEXIST;

	g->kind = MPT_KIND_RLOCK;
	if (name) {
		snprintf(own, sizeof(own), "%.*s" SUFFIX, (int)(sizeof(own) - sizeof(SUFFIX)), name);
		wish.name = own;
		rc = object_create(&g->handle, &wish);
	}
	if (rc == -EEXIST) {
		wish.name = NULL;
		rc = object_create(&g->handle, &wish);
	}
	return rc;
}

void guard_find(struct guard *g, const struct handle *of)
{
	uint64_t slot = of->object->pair;

	/* One that is no more is found too: it is not usable. */
	if (slot >= load32_acquire(&domain.header->section[MPT_SEC_OBJECTS].used))
		slot = of->slot;
	g->handle = (struct handle){ .object = &domain.objects[slot],
				     .slot = (uint32_t)slot,
				     .generation = of->object->pair_generation,
				     .closed = slot == of->slot };
	g->kind = g->handle.object->kind == MPT_KIND_RLOCK ? MPT_KIND_RLOCK : MPT_KIND_LOCK;
}

int guard_acquire(struct guard *g, uint64_t timeout_ns, bool interruptible)
{
	struct guard mine = *g;

	mine.handle.interruptible = interruptible;
	if (mine.kind == MPT_KIND_RLOCK)
		return mpt_rlock_acquire(&mine.rlock, timeout_ns);
	return mpt_lock_acquire(&mine.lock, timeout_ns);
}

int guard_release(struct guard *g)
{
	return g->kind == MPT_KIND_RLOCK ? mpt_rlock_release(&g->rlock) : mpt_lock_release(&g->lock);
}

uint32_t guard_put_down(struct guard *g, struct member *me)
{
	struct mpt_wire_object *o = g->handle.object;
	uint32_t again = 0;

	if (g->kind == MPT_KIND_RLOCK) {
		again = load32(&o->owner_again);
		store32(&o->owner_again, 0);
	}
	hold_ending(o, me, &g->handle, g->kind);
	/* Should the lock have ended meanwhile, the word is another's and stays. */
	lockword_release_seen(&o->take.lock, me->word);
	return again;
}

int guard_take_up(struct guard *g, struct member *me, uint32_t again)
{
	struct handle mine = g->handle;
	int rc;

	if (!handle_usable(&mine))
		return -ESHUTDOWN;
	mine.interruptible = false;
	rc = hold_acquire(&mine, me, g->kind, MPT_FOREVER);
	if (rc >= 0 && g->kind == MPT_KIND_RLOCK)
		store32(&mine.object->owner_again, again); /* a dead one's may have been there */
	return rc;
}
