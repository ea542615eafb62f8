/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * robust.h - taking a robust mutex in shared memory, for a bounded time.
 *
 * Does not own: the mutexes (domain.c, alive.c), nor what a dead holder left undone.
 */
#ifndef MPT_ROBUST_H
#define MPT_ROBUST_H

#include "libtrace/futex.h"

#include <pthread.h>

/* The thread sanitizer of gcc 12 does not know clocklock, and believes that such a mutex was
 * never locked. */
static inline int robust_wait(pthread_mutex_t *mutex, uint64_t patience_ns)
{
#ifdef __SANITIZE_THREAD__
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	t.tv_sec += (time_t)(patience_ns / 1000000000u);
	return pthread_mutex_timedlock(mutex, &t);
#else
	uint64_t until = futex_now() + patience_ns;
	struct timespec t = { (time_t)(until / 1000000000u), (long)(until % 1000000000u) };

	return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &t);
#endif
}

/* 0, also from a dead holder; -ETIMEDOUT; another negative errno. */
static inline int robust_lock(pthread_mutex_t *mutex, uint64_t patience_ns)
{
	int rc = robust_wait(mutex, patience_ns);

	if (rc == EOWNERDEAD)
		rc = pthread_mutex_consistent(mutex);
	return -rc;
}

#endif
