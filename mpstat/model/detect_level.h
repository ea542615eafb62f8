/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_level.h - long waits at an object that stays empty, or full: what the
 * two detectors for that share. */
#ifndef MPSTAT_MODEL_DETECT_LEVEL_H
#define MPSTAT_MODEL_DETECT_LEVEL_H

#include "mpstat/model/detect.h"

struct level {
	const struct detector *detector;
	bool give;	    /* those who wait for room; else for a unit */
	const char *advice; /* what to do next */
};

/* Adds a note for each object of a kind with DEPTH at which threads have waited
 * longer than ten seconds and are not stuck. */
void detect_level(const struct model *model, struct findings *out, const struct level *level);

#endif
