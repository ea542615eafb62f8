/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * functions.h - in which waiting function of the C library an address lies.
 *
 * Owns: where a process has its C library (or, linked statically, the functions in its own
 * program), and the addresses of those functions in that file.  Does not own: what a wait
 * is (wait_futex.c).
 *
 * Files and maps belong to the program that is looked at: only those are read that are
 * called as a C library is, or the program itself, and nothing of them is trusted.  What
 * cannot be read is not known.  Remembered per address space, and per file.
 */
#ifndef MPSTAT_COLLECTOR_FUNCTIONS_H
#define MPSTAT_COLLECTOR_FUNCTIONS_H

#include <stdint.h>

struct functions;

enum function {
	FUNCTION_UNKNOWN, /* nothing of it is known */
	FUNCTION_LIBRARY, /* in the C library, but in none of these */
	FUNCTION_OUTSIDE, /* elsewhere */
	FUNCTION_MUTEX_LOCK,
	FUNCTION_RWLOCK_READ,
	FUNCTION_RWLOCK_WRITE,
	FUNCTION_COND_WAIT,
	FUNCTION_BARRIER_WAIT,
	FUNCTION_JOIN,
	FUNCTION_SEM_WAIT,
};

/* NULL: no memory.  `proc` outlives it. */
struct functions *functions_new(const char *proc);
void functions_free(struct functions *functions);

/* Forgets where processes have their libraries: for looks whose `space` does not change when a
 * process becomes another program. */
void functions_forget(struct functions *functions);

/* `space` and `start` are those of the process now: when they change, so did its maps. */
enum function functions_at(struct functions *functions, uint32_t pid, uint64_t start,
			   uint64_t space, uint64_t address);

#endif
