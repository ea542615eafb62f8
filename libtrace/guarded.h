/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * guarded.h - bytes in the arena, and the lock that guards them: what Value and Array
 * have in common.
 *
 * Owns: which lock it is (its own, nested, in the word of its own object; a Lock or an
 * RLock that was given; none), taking it, copying without tearing an element.  Does not
 * own: what the bytes mean (value.c, array.c).
 *
 * A given lock is remembered by its slot and generation, not by the caller's handle: so
 * processes that open the object by name use the same lock.
 */
#ifndef MPT_GUARDED_H
#define MPT_GUARDED_H

#include "libtrace/hold.h"

#include <mptrace/rlock.h>

/* Begins the handle of Value and of Array. */
struct guarded {
	struct handle handle;
	struct handle given; /* of the given lock, if there is one */
	struct handle *lock; /* one of the two above; NULL: nothing guards it */
	enum mpt_kind lock_kind;
	uint8_t *at; /* MPT_BLOCK-aligned; checked to have the bytes it claims */
	uint64_t size;
};

/* Which lock; all zero: its own. */
struct guarded_by {
	struct mpt_lock *lock;
	struct mpt_rlock *rlock;
	bool nothing;
};

struct guarded_wish {
	struct object_wish object; /* kind, name, flags, site; the rest is filled in */
	struct guarded_by by;
	uint64_t elements, element; /* how many, and bytes of one */
	uint64_t room;		    /* bytes of storage, at least that many */
	const void *initial;	    /* elements * element bytes; NULL: zeros */
};

/* Allocate a handle of `handle_size` bytes and create or open the object.  NULL: *error
 * is a negative errno: that of object_create and object_open; -EINVAL more than one
 * lock, or no such lock; -EPROTO what another program wrote makes no sense. */
void *guarded_create(size_t handle_size, struct guarded_wish *wish, int *error);
void *guarded_open(size_t handle_size, enum mpt_kind kind, const char *path, unsigned int flags,
		   int *error);

/* -ENOLCK: nothing guards it; else as the lock's own calls. */
int guarded_acquire(struct guarded *g, uint64_t timeout_ns);
int guarded_release(struct guarded *g);

/* Around copying: the lock is held, if there is one, and the storage stays. */
struct guarded_visit {
	struct member *me;
	struct mpt_wire_oprec *inside;
};
/* 0, MPT_RECOVERED, or as guarded_acquire; without a lock 0. */
int guarded_enter(struct guarded *g, struct guarded_visit *visit, uint64_t timeout_ns);
void guarded_leave(struct guarded *g, struct guarded_visit *visit);

/* Copies elements into and out of the storage.  One of 1, 2, 4 or 8 bytes is never seen
 * half done, whoever looks without the lock or dies between two instructions. */
void guarded_put(void *storage, const void *from, uint64_t element, uint64_t count);
void guarded_get(void *to, const void *storage, uint64_t element, uint64_t count);

#endif
