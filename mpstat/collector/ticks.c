/* SPDX-License-Identifier: BSD-2-Clause */
/* ticks.c - see ticks.h. */
#include "mpstat/collector/ticks.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define READING_NS 1000000u /* two clocks one after the other: less */

static uint64_t add(uint64_t time_ns, int64_t offset_ns)
{
	if (offset_ns < 0 && time_ns < (uint64_t)-offset_ns)
		return 0;
	return time_ns + (uint64_t)offset_ns;
}

static void parse_offset(const char *text, const char *clock, int64_t *out)
{
	const char *line = strstr(text, clock);
	long long seconds, rest;

	if (line && sscanf(line + strlen(clock), "%lld %lld", &seconds, &rest) == 2)
		*out = (int64_t)((uint64_t)seconds * SECOND + (uint64_t)rest);
}

void ticks_parse_offsets(struct ticks *ticks, const char *text)
{
	parse_offset(text, "monotonic", &ticks->monotonic_offset_ns);
	parse_offset(text, "boottime", &ticks->boot_offset_ns);
}

/* The file tells the offsets of the children's namespace; that is ours too, but
 * between unshare(2) and the first fork, where nobody runs us. */
static void read_offsets(struct ticks *ticks)
{
	char text[256];
	int fd = open("/proc/self/timens_offsets", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	ticks_parse_offsets(ticks, text);
}

uint64_t ticks_clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

void ticks_refresh(struct ticks *ticks)
{
	/* In this order, so that the difference cannot be negative. */
	uint64_t monotonic = ticks_clock_ns(CLOCK_MONOTONIC);
	uint64_t boot = ticks_clock_ns(CLOCK_BOOTTIME);
	/* In a time namespace each clock has its own offset. */
	uint64_t ahead = boot > monotonic ? boot - monotonic : 0;

	/* Reading takes time, so the smallest is the best, until a suspend adds to it; and
	 * what follows from it holds still. */
	if (ahead < ticks->boot_ahead_ns || ahead - ticks->boot_ahead_ns > READING_NS)
		ticks->boot_ahead_ns = ahead;
}

void ticks_init(struct ticks *ticks)
{
	memset(ticks, 0, sizeof(*ticks));
	ticks->per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	read_offsets(ticks);
	ticks->boot_ahead_ns = UINT64_MAX;
	ticks_refresh(ticks);
}

/* As nsec_to_clock_t() does where USER_HZ divides a second. */
uint64_t ticks_of_boot(const struct ticks *ticks, uint64_t boot_ns)
{
	return add(boot_ns, ticks->boot_offset_ns) / (SECOND / ticks->per_second);
}

uint64_t ticks_to_ns(const struct ticks *ticks, uint64_t count)
{
	uint64_t seconds = count / ticks->per_second, rest = count % ticks->per_second;

	return seconds * SECOND + rest * SECOND / ticks->per_second;
}

uint64_t ticks_boot_to_monotonic(const struct ticks *ticks, uint64_t boot_ns)
{
	return boot_ns > ticks->boot_ahead_ns ? boot_ns - ticks->boot_ahead_ns : 0;
}

uint64_t ticks_monotonic(const struct ticks *ticks, uint64_t kernel_ns)
{
	return add(kernel_ns, ticks->monotonic_offset_ns);
}
