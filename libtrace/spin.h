/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spin.h - how long to look before sleeping.
 *
 * Spinning pays only while the one we wait for runs on another processor.  The budget
 * follows what paid lately (twice the running average); when nothing does it falls to
 * `least`, and every 16th wait tries again for longer, to notice that times have
 * changed.  One estimate per thread and sort of wait: a lock is held for a moment, a
 * message may be long in coming.
 */
#ifndef MPT_SPIN_H
#define MPT_SPIN_H

#include <stdint.h>

#define SPIN_MOST 2000u
#define SPIN_TRIAL 300u
#define SPIN_TRIAL_EVERY 16u

struct spin {
	uint32_t average; /* looks until it came, lately */
	uint32_t waits;
};

/* Looks to take before going to sleep. */
static inline uint32_t spin_budget(struct spin *spin, uint32_t least)
{
	uint32_t n = spin->average * 2 + least;

	if (n < SPIN_TRIAL && ++spin->waits % SPIN_TRIAL_EVERY == 0)
		n = SPIN_TRIAL;
	return n < SPIN_MOST ? n : SPIN_MOST;
}

/* It came after n looks. */
static inline void spin_paid(struct spin *spin, uint32_t n)
{
	spin->average = (spin->average * 7 + n + 7) / 8;
}

/* It did not come. */
static inline void spin_failed(struct spin *spin)
{
	spin->average -= (spin->average + 3) / 4;
}

#endif
