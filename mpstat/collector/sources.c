/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.c - the list of sources: one row each. */
#include "mpstat/collector/source.h"

extern const struct source source_segment, source_life, source_waits, source_proc;

/* /proc last: it decides whether what the others told is still alive (fact.h).
 * What has happened until then right before it. */
const struct source *const sources[] = {
	&source_segment,
	&source_life,
	&source_waits,
	&source_proc,
	NULL,
};
