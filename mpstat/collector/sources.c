/* SPDX-License-Identifier: BSD-2-Clause */
/* sources.c - the list of sources: one row each. */
#include "mpstat/collector/source.h"

extern const struct source source_segment, source_proc;

/* /proc last: it decides whether what the others told is still alive (fact.h). */
const struct source *const sources[] = {
	&source_segment,
	&source_proc,
	NULL,
};
