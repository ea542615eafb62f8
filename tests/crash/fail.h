/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail.h - one failure at the n-th allocation or system call of a call, for n = 1, 2 ...
 * until the call has met none.
 *
 * Each n has a process of its own: it prepares, calls, calls again if that failed, undoes.
 * In the end it must have no more than one that met no failure: descriptors, mappings,
 * allocations, objects, children.  Before it leaves, another process of the domain makes
 * an object of the name that the call used.
 *
 * Allocations are those of the library itself (ld's --wrap); system calls of all threads and
 * children, asked for by a seccomp filter that lets us answer in the kernel's place.
 *
 * Does not own: which calls (fail_*_test.c).
 */
#ifndef TESTS_CRASH_FAIL_H
#define TESTS_CRASH_FAIL_H

#include "tests/api/support.h"

#define FAIL_NAME "it" /* what a call makes is called so */
#define FAIL_ALSO 6

struct failing {
	const char *name;
	void (*prepare)(void); /* what the call needs, without failures; may be NULL */
	int (*call)(void);     /* the library's result; after an error nothing is to be undone */
	void (*undo)(void);    /* after a call that succeeded */
	int also[FAIL_ALSO];   /* what it may answer but the error that was met */
};

/* A test of one row: without memory; with a kernel that has nothing left; and, if the
 * environment has FAIL_FORBIDDEN, in a sandbox that says EPERM. */
void fail_row(void **row);
/* Of a process that is in no domain yet: nobody else is in it. */
void fail_alone(void **row);

/* In a row: a child that does not outlive the caller. */
pid_t fail_fork(void);

/* Runs all rows as tests; the number that failed. */
int fail_rows(const char *group, const struct failing *rows, size_t count,
	      void (*test)(void **row));

#endif
