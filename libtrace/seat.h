/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * seat.h - who waits for a notify: the storage of an object with SLEEPERS (wire.h,
 * struct mpt_wire_seat).
 *
 * Owns: taking a seat, sleeping in it, notifying those who sit, in the order in which they
 * came, and telling the dead from the living.  Does not own: the lock (guard.h),
 * what a caller sees of a wait (condition.c).
 *
 * Seats are taken and notified holding the lock; only giving up and dying happen
 * without, and one CAS of the seat's state decides between notify and giving up.
 * Callers are visitors of the object (object_visit).
 */
#ifndef MPT_SEAT_H
#define MPT_SEAT_H

#include "libtrace/object.h"

struct seats {
	struct handle *handle;
	struct mpt_wire_seat *at;
	uint32_t count;
};

/* One that this thread has. */
struct seat {
	struct mpt_wire_seat *at;
	uint64_t number; /* of the wait */
};

/* Where those of an object are in this process. */
void seats_find(struct seats *seats, struct handle *handle);

/* Holding the lock.  0 or -ENOSPC: all are taken by the living. */
int seat_take(const struct seats *seats, struct member *me, struct seat *seat);

static inline uint64_t seat_index(const struct seats *seats, const struct seat *seat)
{
	return (uint64_t)(seat->at - seats->at);
}

/* False also when the object has ended. */
bool seat_notified(const struct seats *seats, const struct seat *seat);

/* Sleeps at most a slice; as futex_wait. */
int seat_sleep(const struct seats *seats, const struct seat *seat, struct slice *slice,
	       uint64_t deadline);

/* From now on no notify comes here.  False: one has come before. */
bool seat_give_up(const struct seats *seats, const struct seat *seat);
void seat_leave(const struct seats *seats, const struct seat *seat);

/* Holding the lock: notifies the first n of those who live, or all by one store.  Returns
 * how many. */
uint32_t seats_notify(const struct seats *seats, struct member *me, uint32_t n);
uint32_t seats_notify_all(const struct seats *seats, struct member *me);

/* How many of the living wait. */
uint32_t seats_waiting(const struct seats *seats);

/* Wakes all: the object has ended. */
void seats_wake(const struct seats *seats);

#endif
