/* SPDX-License-Identifier: BSD-2-Clause */
/* hist.c - percentiles.  See hist.h. */
#include "mpstat/model/hist.h"

uint64_t hist_count(const struct fact_hist *hist)
{
	uint64_t sum = 0;

	for (int i = 0; i < FACT_HIST_BUCKETS; i++) {
		if (__builtin_add_overflow(sum, hist->bucket[i], &sum))
			return UINT64_MAX;
	}
	return sum;
}

static uint64_t at_most(double ns, uint64_t max_ns)
{
	uint64_t whole = (uint64_t)ns;

	return max_ns && whole > max_ns ? max_ns : whole;
}

bool hist_percentile(const struct fact_hist *hist, double q, uint64_t max_ns, uint64_t *ns)
{
	/* Doubles: absurd counts must not overflow, and 53 bits are plenty. */
	double total = 0, below = 0, want;
	double low = 0;

	for (int i = 0; i < FACT_HIST_BUCKETS; i++)
		total += (double)hist->bucket[i];
	if (total <= 0)
		return false;
	want = q < 0 ? 0 : q > 1 ? total : q * total;
	for (int i = 0; i < FACT_HIST_BUCKETS; i++) {
		double here = (double)hist->bucket[i];
		double high = (double)(2ull << i);

		if (here > 0 && below + here >= want) {
			double part = want > below ? (want - below) / here : 0;

			*ns = at_most(low + part * (high - low), max_ns);
			return true;
		}
		below += here;
		low = high;
	}
	/* Rounding left want just above the sum: the last bucket with units. */
	*ns = max_ns ? max_ns : (uint64_t)low;
	return true;
}
