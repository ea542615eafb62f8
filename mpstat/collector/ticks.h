/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ticks.h - the kernel's clocks, as this process sees them.
 *
 * Owns: clock ticks of /proc, the time since boot, the offsets of a time
 * namespace.  Does not own: who reads which clock when.
 *
 * Identities of processes come from two sides, /proc/PID/stat and our eBPF
 * programs, and must be the same number: the rounding is done here alone.
 * Nothing here blocks.
 */
#ifndef MPSTAT_COLLECTOR_TICKS_H
#define MPSTAT_COLLECTOR_TICKS_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

struct ticks {
	uint64_t per_second;
	/* What our time namespace adds to the kernel's own clocks. */
	int64_t boot_offset_ns, monotonic_offset_ns;
	/* CLOCK_BOOTTIME - CLOCK_MONOTONIC as we see them: time spent suspended. */
	uint64_t boot_ahead_ns;
};

/* Asks the system.  Without time namespaces the offsets are 0. */
void ticks_init(struct ticks *ticks);

/* Refreshes boot_ahead_ns: the machine may have been suspended meanwhile. */
void ticks_refresh(struct ticks *ticks);

/* The offsets in the text of /proc/PID/timens_offsets (time_namespaces(7)); a line
 * that is not there leaves its offset alone. */
void ticks_parse_offsets(struct ticks *ticks, const char *text);

/* The kernel's start_boottime (ns) as field 22 of /proc/PID/stat gives it. */
uint64_t ticks_of_boot(const struct ticks *ticks, uint64_t boot_ns);

/* Clock ticks in nanoseconds. */
uint64_t ticks_to_ns(const struct ticks *ticks, uint64_t count);

/* A moment of ours on CLOCK_BOOTTIME, on our CLOCK_MONOTONIC; 0 when before it. */
uint64_t ticks_boot_to_monotonic(const struct ticks *ticks, uint64_t boot_ns);

/* A moment on the kernel's own CLOCK_MONOTONIC (bpf_ktime_get_ns) on ours. */
uint64_t ticks_monotonic(const struct ticks *ticks, uint64_t kernel_ns);

uint64_t ticks_clock_ns(clockid_t clock);

#endif
