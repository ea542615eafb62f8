/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * handlers.h - has a process handlers of signals that may do something for its threads?
 *
 * Owns: what /proc/PID/status said about it last.  A thread that nobody else can wake is
 * not lost when a handler could post its semaphore or write into its pipe.  Handlers of
 * faults and of the C library itself are not meant; one of a key (SIGINT) ends most programs.
 */
#ifndef MPSTAT_COLLECTOR_HANDLERS_H
#define MPSTAT_COLLECTOR_HANDLERS_H

#include "mpstat/model/fact.h"
#include "mpstat/model/map.h"

struct handlers {
	struct map known; /* struct handlers_known */
	uint64_t look;
};

/* Once per look; what was not asked in the last one is forgotten. */
void handlers_begin(struct handlers *handlers);
enum fact_handlers handlers_of(struct handlers *handlers, const char *proc, uint32_t pid, uint64_t start,
		 uint64_t now_ns);
void handlers_free(struct handlers *handlers);

#endif
