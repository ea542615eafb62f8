/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool_support.h - what the tests of Pool share: functions for its workers, and pools.
 *
 * Does not own: any claim about the library.
 */
#ifndef TESTS_API_POOL_SUPPORT_H
#define TESTS_API_POOL_SUPPORT_H

#include "tests/api/process_support.h"

#include "libtrace/contract/wire_pool.h"

/* What the creator and its workers share; a fresh one for each test. */
struct pool_world {
	uint32_t gate;	    /* while 0, pool_gate waits */
	uint32_t began;	    /* calls of a function that counts */
	uint32_t inits;	    /* calls of the initializer */
	uint32_t calls[4096]; /* per number, by pool_count */
	pid_t pids[64];	    /* of those that began in pool_gate, in their order */
};
extern struct pool_world *pool_world;

/* Arguments and results are ints, unless something else is said. */
ssize_t pool_twice(const void *arg, size_t size, void *result, size_t room);
ssize_t pool_pid(const void *arg, size_t size, void *result, size_t room);
ssize_t pool_nothing(const void *arg, size_t size, void *result, size_t room);
/* Counts itself as begun, and waits for the gate; then as pool_twice. */
ssize_t pool_gate(const void *arg, size_t size, void *result, size_t room);
/* Counts the call of its number; twice it. */
ssize_t pool_count(const void *arg, size_t size, void *result, size_t room);
/* Numbers divisible by 7 fail with -EDOM and a text; else twice. */
ssize_t pool_picky(const void *arg, size_t size, void *result, size_t room);
/* Sends itself the signal of that number; 0: leaves with exit code 3. */
ssize_t pool_die(const void *arg, size_t size, void *result, size_t room);

/* A pool that may run all of these, with a name of its own.  NULL: the defaults. */
struct mpt_pool *pool_make(int workers, const struct mpt_pool_options *options);
/* Destroys it; it was neither closed nor terminated. */
void pool_end(struct mpt_pool *pool);

struct mpt_result *pool_submit(struct mpt_pool *pool, mpt_pool_function *run, int number);
/* The int that becomes of it, or the error. */
int pool_result(struct mpt_result *result);
int pool_apply(struct mpt_pool *pool, mpt_pool_function *run, int number);

void pool_open_gate(void);
uint32_t pool_began(void);

/* The pool made last, in the segment. */
extern char pool_name[32];
const struct mpt_wire_pool *pool_wire(void);
const struct mpt_wire_pool_seat *pool_wire_seat(uint32_t seat);
/* The pids of its workers that are ready, in the order of their seats; how many. */
int pool_pids(pid_t *pids);

static inline ssize_t echoes(const void *arg, size_t size, void *result, size_t room)
{
	if (size > room)
		return -ENOBUFS;
	memcpy(result, arg, size);
	return (ssize_t)size;
}

/* A generator of 1, 2 ... end. */
struct counter {
	int n, end;
	int failure; /* instead of its end */
};

static inline int counts(void *arg, void *item)
{
	struct counter *c = arg;

	if (c->n == c->end)
		return c->failure ? c->failure : -ENODATA;
	c->n++;
	memcpy(item, &c->n, sizeof(c->n));
	return 0;
}

#define MANY 1000

/* Doubles 1, 2 ... count. */
static inline struct mpt_pool_mapping map_of(int *in, int *out, size_t count, size_t chunk)
{
	struct mpt_pool_mapping map = { .function = pool_twice, .in = in, .in_size = sizeof(*in),
				    .count = count, .out = out, .out_size = sizeof(*out),
				    .chunk = chunk };

	for (size_t i = 0; i < count; i++) {
		in[i] = (int)i + 1;
		out[i] = 0;
	}
	return map;
}

int pool_setup(void **state);
int pool_teardown(void **state);
#define pool_test(function) \
	cmocka_unit_test_setup_teardown(function, pool_setup, pool_teardown)

#endif
