/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kinds.h - kinds of object, one row each: how one is made and opened, a call that uses it for a
 * moment, and where it shows that somebody is in the middle of that.
 *
 * Does not own: what is done to those who are in that call (steer_*_test.c, step_life_test.c).
 */
#ifndef TESTS_CRASH_KINDS_H
#define TESTS_CRASH_KINDS_H

#include "tests/api/support.h"

struct kind {
	const char *name;
	void *(*make)(const char *name); /* NULL: it failed */
	void *(*open)(const char *name); /* NULL: there is none */
	/* 0, or the error; what it takes is given back.  MPT_RECOVERED counts as 0. */
	int (*call)(void *object, uint64_t timeout_ns);
	bool gives; /* the call holds the side of those who give; else of those who take */
	void (*destroy)(void *object);
	int (*acquire)(void *object, uint64_t timeout_ns); /* of locks, to hold it; else NULL */
};

/* In the middle of whose calls one has what others need: the first `kinds_held`. */
extern const struct kind kinds[];
extern const size_t kinds_held, kinds_count;

/* The word that names who is in the middle of the call. */
const uint32_t *kind_word(const struct kind *kind, const char *name);

#endif
