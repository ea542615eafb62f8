/* SPDX-License-Identifier: BSD-2-Clause */
/* rate.h - how fast a counter grows.  Owns the arithmetic of struct rate. */
#ifndef MPSTAT_MODEL_RATE_H
#define MPSTAT_MODEL_RATE_H

#include "mpstat/model/model.h"

/*
 * The counter was `total` at at_ns.  Telling the same moment again changes
 * nothing; a counter that went backwards (another one took its place, or it
 * lies) starts anew with no rate.
 */
void rate_update(struct rate *rate, uint64_t total, uint64_t at_ns);

/* Forgets everything: no rate, no total. */
void rate_reset(struct rate *rate);

#endif
