/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * futex.h - the one system call that blocks, and deadlines.
 *
 * Every sleep is bounded by a slice (docs/crash-safety.md): a waker may die
 * between its store and its wake, and then only the slice ends the sleep.
 */
#ifndef MPT_FUTEX_H
#define MPT_FUTEX_H

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "libtrace/include/mptrace/common.h"

#define SLICE_FIRST_NS 50000000ull  /* 50 ms */
#define SLICE_LAST_NS 400000000ull /* 400 ms: a lost wake costs less than a second */

static inline uint64_t futex_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* A deadline is 0 (try once), MPT_FOREVER, or a time of CLOCK_MONOTONIC. */
static inline uint64_t deadline_after(uint64_t timeout_ns)
{
	uint64_t now, end;

	if (timeout_ns == 0 || timeout_ns == MPT_FOREVER)
		return timeout_ns;
	now = futex_now();
	end = now + timeout_ns;
	return end < now ? MPT_FOREVER : end;
}

/* One sleep's length; grows from call to call. */
struct slice {
	uint64_t next_ns;
};

/* Sleeps while *word == value: at most a slice, never past the deadline.
 * Returns 0 woken or changed, -ETIMEDOUT the slice ended, -EINTR.  errno is kept. */
static inline int futex_wait(uint32_t *word, uint32_t value, struct slice *slice,
			     uint64_t deadline)
{
	uint64_t ns = slice->next_ns ? slice->next_ns : SLICE_FIRST_NS, now;
	struct timespec t;
	int saved = errno, rc;

	slice->next_ns = ns * 2 < SLICE_LAST_NS ? ns * 2 : SLICE_LAST_NS;
	if (deadline != MPT_FOREVER) {
		now = futex_now();
		if (now >= deadline)
			return -ETIMEDOUT;
		if (deadline - now < ns)
			ns = deadline - now;
	}
	t.tv_sec = (time_t)(ns / 1000000000u);
	t.tv_nsec = (long)(ns % 1000000000u);
	rc = syscall(SYS_futex, word, FUTEX_WAIT, value, &t, NULL, 0) == 0 ? 0 : -errno;
	errno = saved;
	return rc == -EAGAIN ? 0 : rc;
}

/* Wakes up to n sleepers; returns how many.  errno is kept. */
static inline int futex_wake(uint32_t *word, int n)
{
	int saved = errno;
	long woken = syscall(SYS_futex, word, FUTEX_WAKE, n, NULL, NULL, 0);

	errno = saved;
	return woken < 0 ? 0 : (int)woken;
}

static inline void cpu_relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#endif
}

#endif
