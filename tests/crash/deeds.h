/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deeds.h - what the workers of a storm do, one row for each kind of object.
 *
 * A worker counts a turn as begun, does it, counts it as done.  So of a killed one it is
 * known that the turn it was in may have had its effect or not, and of every other turn
 * that it has: that is what the judge of a row compares with what is in the object.
 *
 * Calls that could wait for ever are bounded (PATIENCE_NS), as those they wait for may be
 * killed: but for locks, which somebody always gives back or dies with.
 *
 * Does not own: who is killed when (storm_all_test.c).
 */
#ifndef TESTS_CRASH_DEEDS_H
#define TESTS_CRASH_DEEDS_H

#include "tests/api/support.h"

#define PATIENCE_NS MPT_MS(3)

/* Of one worker's task, then the sums.  Writer: the worker; read when it is done or dead. */
struct account {
	uint64_t begun, done;
	uint64_t in, out; /* of those that put something in and take it out: calls that did */
};

struct deed {
	const char *name;
	void (*make)(void); /* before there are workers */
	void (*act)(struct account *account, unsigned int *seed);
	/* Nobody but us lives.  `sum` is over all tasks there ever were. */
	void (*judge)(const struct account *sum);
};

extern const struct deed deed_lock, deed_rlock, deed_semaphore, deed_bounded, deed_condition,
	deed_event, deed_barrier, deed_queue, deed_joinable, deed_simplequeue, deed_pipe,
	deed_value, deed_array, deed_memory, deed_dict, deed_list;

/* What the rows share. */
static inline void claims_taken(int rc)
{
	child_claims(rc == 0 || rc == MPT_RECOVERED);
}

#endif
