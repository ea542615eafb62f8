/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.c - how fast a counter grows.  See rate.h. */
#include "mpstat/model/rate.h"

#include <math.h>

void rate_reset(struct rate *rate)
{
	*rate = (struct rate){.per_second = NAN};
}

void rate_update(struct rate *rate, uint64_t total, uint64_t at_ns)
{
	if (!rate->at_ns || total < rate->total) {
		*rate = (struct rate){.total = total, .before = total, .at_ns = at_ns,
				      .per_second = NAN};
		return;
	}
	if (at_ns <= rate->at_ns)
		return;
	rate->before = rate->total;
	rate->per_second = (double)(total - rate->total) * 1e9 / (double)(at_ns - rate->at_ns);
	rate->total = total;
	rate->at_ns = at_ns;
}
