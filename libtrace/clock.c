/* SPDX-License-Identifier: BSD-2-Clause */
/* clock.c - see clock.h. */
#include "libtrace/clock.h"

#include "libtrace/futex.h"

#if defined(__x86_64__)
#include <cpuid.h>

#define CALIBRATE_NS 10000000ull /* shortest baseline for the scale */
#define BASE_TICKS (1ull << 30)	 /* a base is renewed after this many ticks */
#define SLEW_SHIFT 12		 /* a clock that is ahead runs this much slower: 2^-12 */

/* One reading for the whole process, taken when the first clock starts: all
 * threads measure the scale from it, so it only gets better. */
static uint64_t origin_tsc, origin_ns;

__extension__ typedef unsigned __int128 wide; /* products of 64-bit numbers */

/* A pair of readings as close together as possible. */
static uint64_t read_pair(uint64_t *tsc)
{
	uint64_t before = __rdtsc(), ns = futex_now(), after = __rdtsc();

	*tsc = before + (after - before) / 2;
	return ns;
}

bool clock_has_tsc(void)
{
	unsigned int a, b, c, d;

	/* Invariant TSC: constant rate in all states, the same on all processors. */
	return __get_cpuid(0x80000007, &a, &b, &c, &d) && (d & (1u << 8));
}

static bool has_tsc;

void clock_start(void)
{
	has_tsc = clock_has_tsc();
	origin_ns = read_pair(&origin_tsc);
}

static void set_scale(struct clock *clock, uint64_t tsc, uint64_t ns)
{
	uint64_t ticks = tsc - origin_tsc, elapsed = ns - origin_ns;

	/* A TSC slower than the nanosecond would overflow the product. */
	if (!has_tsc || elapsed < CALIBRATE_NS || ticks <= elapsed)
		return;
	clock->scale = (uint64_t)(((wide)elapsed << 32) / ticks);
	clock->limit = BASE_TICKS;
}

/* Did one of the two stand, start over or leap since the base was read?  The machine was
 * suspended, or the virtual machine was moved: the scale must be measured anew. */
static bool torn(const struct clock *clock, uint64_t tsc, uint64_t ns)
{
	uint64_t real = ns - clock->read_ns, apart;
	wide scaled = (wide)(tsc - clock->base_tsc) * clock->scale >> 32;

	if (!clock->limit)
		return tsc < origin_tsc;
	if (tsc < clock->base_tsc || tsc < origin_tsc || scaled >> 63)
		return true;
	apart = (uint64_t)scaled > real ? (uint64_t)scaled - real : real - (uint64_t)scaled;
	return apart > CALIBRATE_NS + (real >> 8);
}

/* The latest that the base may have told: it is used for `limit` ticks. */
static uint64_t told_by(const struct clock *clock, uint64_t tsc)
{
	uint64_t ticks = tsc - clock->base_tsc;

	if (ticks > clock->limit)
		ticks = clock->limit;
	return clock->base_ns + (uint64_t)((wide)ticks * clock->scale >> 32);
}

uint64_t clock_renew(struct clock *clock)
{
	uint64_t tsc, ns = read_pair(&tsc), told = told_by(clock, tsc);

	if (torn(clock, tsc, ns)) {
		origin_tsc = tsc;
		origin_ns = ns;
		clock->limit = 0;
	}
	set_scale(clock, tsc, ns);
	clock->read_ns = ns;
	clock->base_tsc = tsc;
	clock->base_ns = told > ns ? told : ns;
	if (told > ns)
		clock->scale -= clock->scale >> SLEW_SHIFT;
	return clock->base_ns;
}

#else

bool clock_has_tsc(void)
{
	return false;
}

void clock_start(void)
{
}

uint64_t clock_renew(struct clock *clock)
{
	(void)clock;
	return futex_now();
}

#endif
