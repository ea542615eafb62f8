/* SPDX-License-Identifier: BSD-2-Clause */
/* fmt.c - numbers for people.  See fmt.h. */
#include "mpstat/util/fmt.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#define SECOND 1000000000ull
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct unit {
	uint64_t size; /* in base units; a power of the step */
	const char *suffix;
};

/* value in units of `unit`, cut to one decimal below ten. */
static char *scaled(char *buf, size_t size, uint64_t value, const struct unit *unit)
{
	uint64_t whole = value / unit->size;

	if (whole >= 10 || unit->size == 1) {
		snprintf(buf, size, "%" PRIu64 "%s", whole, unit->suffix);
	} else {
		/* size is at most 2^60, so ten times the rest fits */
		uint64_t tenth = value % unit->size * 10 / unit->size;

		snprintf(buf, size, "%" PRIu64 ".%" PRIu64 "%s", whole, tenth, unit->suffix);
	}
	return buf;
}

/* The largest unit that value reaches; the last row must have size 1. */
static const struct unit *pick(const struct unit *units, uint64_t value)
{
	while (units->size > 1 && value < units->size)
		units++;
	return units;
}

char *fmt_ns(char *buf, size_t size, uint64_t ns)
{
	static const struct unit units[] = {{SECOND, "s"}, {1000000, "ms"}, {1000, "us"}, {1, "ns"}};

	if (ns < MINUTE)
		return scaled(buf, size, ns, pick(units, ns));
	if (ns < HOUR)
		snprintf(buf, size, "%um%02us", (unsigned)(ns / MINUTE),
			 (unsigned)(ns % MINUTE / SECOND));
	else if (ns < DAY)
		snprintf(buf, size, "%uh%02um", (unsigned)(ns / HOUR),
			 (unsigned)(ns % HOUR / MINUTE));
	else if (ns < 100 * DAY)
		snprintf(buf, size, "%ud%02uh", (unsigned)(ns / DAY), (unsigned)(ns % DAY / HOUR));
	else
		snprintf(buf, size, "%ud", (unsigned)(ns / DAY));
	return buf;
}

char *fmt_count(char *buf, size_t size, uint64_t count)
{
	static const struct unit units[] = {
		{1000000000000000000ull, "E"}, {1000000000000000ull, "P"}, {1000000000000ull, "T"},
		{1000000000ull, "G"},	       {1000000ull, "M"},	   {1000ull, "k"},
		{1, ""},
	};

	return scaled(buf, size, count, pick(units, count));
}

char *fmt_bytes(char *buf, size_t size, uint64_t bytes)
{
	static const struct unit units[] = {
		{1ull << 60, "E"}, {1ull << 50, "P"}, {1ull << 40, "T"}, {1ull << 30, "G"},
		{1ull << 20, "M"}, {1ull << 10, "K"}, {1, "B"},
	};

	return scaled(buf, size, bytes, pick(units, bytes));
}

/* A number below 10 with one decimal, cut. */
static char *small(char *buf, size_t size, double value)
{
	unsigned tenths = (unsigned)(value * 10.0 + 1e-9);

	snprintf(buf, size, "%u.%u", tenths / 10, tenths % 10);
	return buf;
}

/* A double as a count: what is below 0 or too large is brought into range. */
static uint64_t whole(double value)
{
	if (value <= 0)
		return 0;
	return value >= 18446744073709549568.0 ? UINT64_MAX : (uint64_t)value;
}

char *fmt_percent(char *buf, size_t size, double percent)
{
	if (isnan(percent)) {
		snprintf(buf, size, "-");
		return buf;
	}
	if (percent < 0)
		percent = 0;
	if (percent < 10)
		return small(buf, size, percent);
	return fmt_count(buf, size, whole(percent + 1e-9));
}

char *fmt_rate(char *buf, size_t size, double per_second)
{
	if (isnan(per_second)) {
		snprintf(buf, size, "-");
		return buf;
	}
	if (per_second <= 0) {
		snprintf(buf, size, "0");
		return buf;
	}
	if (per_second < 10)
		return small(buf, size, per_second);
	return fmt_count(buf, size, whole(per_second + 1e-9));
}
