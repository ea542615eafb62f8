/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls.h - calls of the library as rows of a table: what each may answer.
 *
 * Owns: what a call is given (struct args) and the form of a row.  Does not own: which
 * rows there are (calls.def), in which order they come (fuzz_calls.c).
 */
#ifndef TESTS_FUZZ_CALLS_H
#define TESTS_FUZZ_CALLS_H

#include <mptrace/mptrace.h>

#include <stdint.h>
#include <sys/types.h>

/* Sorts of handles, in the order in which they are destroyed at the end. */
#define CALL_SORTS(X)                                                                     \
	X(lock) X(rlock) X(semaphore) X(event) X(barrier) X(condition) X(value) X(array)  \
	X(queue) X(simplequeue) X(pipe) X(memory) X(manager) X(dict) X(list) X(namespace) \
	X(cell) X(note)

#define CALL_SORT(name) SORT_##name,
enum call_sort { CALL_SORTS(CALL_SORT) CALL_SORT_COUNT };
#undef CALL_SORT

#define CALL_PLACES 3u

struct world {
	void *at[CALL_SORT_COUNT][CALL_PLACES]; /* handles; NULL: none */
};

struct args {
	struct world *world;
	void *it;	 /* the handle it is called on; NULL for those that make one */
	void **out;	 /* an empty place, for those that make one */
	unsigned int other; /* number of a place: of what else it needs */
	uint8_t n, m;	 /* any numbers */
	const char *name; /* to be created; NULL: none.  May be a bad one */
	uint8_t *buffer; /* of exactly that size */
	size_t size;
};

struct call {
	const char *name;
	enum call_sort sort;
	bool makes;
	ssize_t most;	   /* its largest result */
	const int *errors; /* that it may answer, as positive numbers; 0 at the end */
	ssize_t (*run)(struct args *args);
};

extern const struct call calls[];
extern const size_t call_count;

void call_destroy(enum call_sort sort, void *handle);

#endif
