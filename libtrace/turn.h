/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * turn.h - a call's turn at a manager's heap.
 *
 * Owns: reading without a lock, changing with it, taking over from the dead, stripes,
 * counting and recording.  Does not own: what is read or changed.
 *
 *   turn_read     looks while seq is even, and again when it has moved; after some
 *                 attempts with the lock
 *   turn_change   with the lock; an act makes changes (heap.h), each of which leaves
 *                 everything in order
 *   a stripe      who overwrites a small value of a dict holds the stripe of its key and
 *                 nothing else, so that such calls run side by side
 *
 * Order: the lock before a stripe; who has only a stripe waits for nothing.
 */
#ifndef MPT_TURN_H
#define MPT_TURN_H

#include "libtrace/heap.h"
#include "libtrace/object.h"

#include <mptrace/manager.h>

/* A handle of a manager; every handle of a container has a copy of its own. */
struct mpt_manager {
	struct handle handle;
	struct heap heap;
	uint64_t timeout_ns;
};

/* A handle of a container; mpt_dict and the others begin with it. */
struct box {
	uint32_t slot, generation; /* first: so that it is taken for no object's (manager.c) */
	struct mpt_manager manager;
	enum mpt_container kind;
	uint32_t epoch; /* A: the member's whose pin it has: another one's was copied by fork */
};

struct turn {
	struct mpt_manager *manager;
	struct box *box; /* NULL: the call is about no container */
	const struct heap *heap;
	struct heap_box *at; /* of the box, in the heap */
	struct member *me;
	uint16_t op;
};

/* May be called again after it was undone: what it was given must still be there.  Its
 * results count only when the call is done. */
typedef int turn_act(struct turn *turn, void *arg);

/* 0 or what the act returned (-EBUSY: look again), -ESHUTDOWN, -ESTALE, -ETIMEDOUT ... */
int turn_read(struct mpt_manager *manager, struct box *box, uint16_t op, turn_act *act, void *arg);
/* An act that finds no room is undone, the unreachable is collected, and it acts once more. */
int turn_change(struct mpt_manager *manager, struct box *box, uint16_t op, turn_act *act,
		void *arg);

/* The two by parts, for calls that do without the lock: who they are, and that they are
 * done. */
int turn_begin(struct turn *turn, struct mpt_manager *manager, struct box *box, uint16_t op);
int turn_end(struct turn *turn, int result, bool changed);

/* The lock, and what a dead holder left undone.  0, -EDEADLK, -ETIMEDOUT, -ESHUTDOWN ... */
int turn_lock(struct turn *turn);
void turn_unlock(struct turn *turn);
/* For heap_reap, with the turn: has every stripe been free once?  Then nobody uses any more
 * what was taken out of tables before. */
bool turn_quiet(void *turn);

/* One look without a lock.  False: it does not count, something was being changed. */
bool turn_look(struct turn *turn, turn_act *act, void *arg, int *result);

/* The container's place in the heap; NULL: it is no more. */
struct heap_box *turn_find(const struct turn *turn, const struct box *box);

static inline uint32_t turn_stripe_of(uint32_t hash)
{
	return hash % MPT_HEAP_STRIPES;
}

/* 0, -EDEADLK, -ETIMEDOUT, -EAGAIN, -EINTR. */
int turn_stripe_enter(struct turn *turn, uint32_t stripe);
void turn_stripe_leave(struct turn *turn, uint32_t stripe);

#endif
