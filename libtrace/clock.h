/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clock.h - the time of a record: CLOCK_MONOTONIC nanoseconds, from the TSC.
 *
 * Each thread scales the TSC from a base it renews every half second or so,
 * so an error of the scale cannot grow, and never goes back.  The scale
 * is measured while the program runs; until 10 ms have passed, and on machines
 * without an invariant TSC, the kernel's clock is read instead.
 * Everything that depends on x86 is in clock.c and here.
 */
#ifndef MPT_CLOCK_H
#define MPT_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

struct clock {
	uint64_t base_tsc, base_ns;
	uint64_t limit;	 /* ticks after which the base is renewed; 0: no scale yet */
	uint64_t scale;	 /* ns = ticks * scale >> 32 */
	uint64_t read_ns; /* the kernel's clock at base_tsc; base_ns may be ahead of it */
};

/* Is the TSC usable as a clock here? */
bool clock_has_tsc(void);

/* Takes the process's first reading.  Called once, before any clock is read. */
void clock_start(void);

/* Slow path: reads the kernel's clock and renews the base. */
uint64_t clock_renew(struct clock *clock);

static inline uint64_t clock_now(struct clock *clock)
{
#if defined(__x86_64__)
	uint64_t ticks = __rdtsc() - clock->base_tsc;

	if (__builtin_expect(ticks < clock->limit, 1))
		return clock->base_ns + (ticks * clock->scale >> 32);
#endif
	return clock_renew(clock);
}

#endif
