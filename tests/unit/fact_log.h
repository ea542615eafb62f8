/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fact_log.h - a sink that keeps every fact, for tests of sources.
 *
 * Header only: several test programs use it.
 */
#ifndef TESTS_UNIT_FACT_LOG_H
#define TESTS_UNIT_FACT_LOG_H

#include "mpstat/collector/source.h"
#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

struct fact_log {
	struct fact *items;
	size_t count, room;
};

static void fact_log_apply(void *arg, const struct fact *fact)
{
	struct fact_log *log = arg;

	if (VEC_RESERVE(log, log->count + 1) < 0)
		abort();
	log->items[log->count++] = *fact;
}

static inline struct fact_sink fact_log_sink(struct fact_log *log)
{
	return (struct fact_sink){ fact_log_apply, log };
}

static inline void fact_log_free(struct fact_log *log)
{
	free(log->items);
	memset(log, 0, sizeof(*log));
}

static inline size_t fact_log_count(const struct fact_log *log, enum fact_type type)
{
	size_t n = 0;

	for (size_t i = 0; i < log->count; i++)
		n += log->items[i].type == type;
	return n;
}

/* The fact of that type with that number among its like; NULL: there are fewer. */
static inline const struct fact *fact_log_get(const struct fact_log *log, enum fact_type type,
					      size_t number)
{
	for (size_t i = 0; i < log->count; i++)
		if (log->items[i].type == type && number-- == 0)
			return &log->items[i];
	return NULL;
}

static inline const struct fact_process *fact_log_process(const struct fact_log *log, uint32_t pid)
{
	for (size_t i = 0; i < log->count; i++)
		if (log->items[i].type == FACT_PROCESS && log->items[i].u.process.id.pid == pid)
			return &log->items[i].u.process;
	return NULL;
}

#endif
