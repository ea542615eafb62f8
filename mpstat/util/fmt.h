/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fmt.h - numbers for people.
 *
 * Owns: how durations, counts, sizes, percentages and rates look.  Does not
 * own: numbers for programs (exporters print those exactly).
 *
 * All cut, none rounds up: a wait of 9.99 s is "9.9s", never "10s".  Below ten
 * of a unit one decimal is shown, from ten on none.  ASCII only, at most
 * FMT_MAX - 1 characters.  Each writes to buf (size bytes, FMT_MAX suffices),
 * returns buf, depends on no locale.
 */
#ifndef MPSTAT_UTIL_FMT_H
#define MPSTAT_UTIL_FMT_H

#include <stddef.h>
#include <stdint.h>

#define FMT_MAX 24

/* "0ns" "850ns" "1.2us" "12ms" "3.4s" "59s" "2m05s" "3h07m" "2d04h" "213d" */
char *fmt_ns(char *buf, size_t size, uint64_t ns);

/* "999" "1.2k" "12k" "3.4M" "5.6G" "7.8T" "18E": powers of 1000 */
char *fmt_count(char *buf, size_t size, uint64_t count);

/* "999B" "4.0K" "12M" "1.5G": powers of 1024 */
char *fmt_bytes(char *buf, size_t size, uint64_t bytes);

/* "0.0" "3.4" "42" "100": without the sign, titles carry it; "-" for NAN */
char *fmt_percent(char *buf, size_t size, double percent);

/* "0" "0.3" "12" "1.2k": per second, without "/s"; "-" for NAN */
char *fmt_rate(char *buf, size_t size, double per_second);

#endif
