/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hist.h - percentiles from a power-of-two histogram of nanoseconds.
 *
 * Owns: the arithmetic.  Does not own: filling histograms (the library does).
 *
 * A bucket says only "between 2^i and 2^(i+1)", so a percentile is an estimate:
 * the units of a bucket are taken as spread evenly over it.  The true value lies
 * in the same bucket, that is within a factor of two.
 */
#ifndef MPSTAT_MODEL_HIST_H
#define MPSTAT_MODEL_HIST_H

#include "mpstat/model/fact.h"

/* All units, not more than UINT64_MAX. */
uint64_t hist_count(const struct fact_hist *hist);

/*
 * The time that the fraction q (0..1) of the units does not exceed, ns.
 *   max_ns  the longest ever seen, 0: unknown; the result never exceeds it
 * Returns false when the histogram is empty.
 */
bool hist_percentile(const struct fact_hist *hist, double q, uint64_t max_ns, uint64_t *ns);

#endif
