/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_ends.h - what the pipe tests share: both ends in one struct, messages that
 * show whether they are whole.
 *
 * Does not own: any claim about the library.
 */
#ifndef TESTS_API_PIPE_ENDS_H
#define TESTS_API_PIPE_ENDS_H

#include "tests/api/support.h"

#define MIB (1u << 20)

/* Both ends, as parent and children see them. */
struct ends {
	struct mpt_pipe *first, *second;
	const struct mpt_wire_object *there; /* first -> second (simplex: second -> first) */
	uint32_t *point;		     /* shared, for reach() */
};

struct ends duplex(void);
struct ends simplex(void);
void destroy_ends(struct ends *e);

/* A message of `size` bytes that differs from every other: malloc'ed. */
uint8_t *patterned(size_t size, uint32_t seed);
bool is_patterned(const uint8_t *bytes, size_t size, uint32_t seed);

/* Sends messages of `size` bytes until the kernel's buffer is full: how many. */
uint64_t fill_pipe(struct mpt_pipe *end, size_t size);

#endif
