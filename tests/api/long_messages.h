/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * long_messages.h - what the tests of long messages share: messages whose content shows
 * damage, the long table as an outsider reads it, and a copy that is stepped.
 */
#ifndef TESTS_API_LONG_MESSAGES_H
#define TESTS_API_LONG_MESSAGES_H

#include "tests/api/step.h"

#define LONG ((size_t)MPT_LONG)

/* Runs the program again so that the C library copies in steps of some bytes: stepped, the
 * one instruction that copies all is an instruction for each byte. */
void copy_in_many_steps(char **argv);

struct mpt_queue *queue_of(const char *name, int64_t maxsize, size_t bytes);

/* Message n of that size; its content tells both. */
int put_message(struct mpt_queue *q, uint64_t n, size_t size, uint64_t timeout);
/* Takes the oldest: its number if it is whole and of that size; or a negative errno. */
int64_t get_message(struct mpt_queue *q, size_t size, uint64_t timeout);
bool message_is_whole(const uint8_t *bytes, uint64_t n, size_t size);

/* Everything is free again: a message of all the bytes there are goes in, and out. */
void assert_all_bytes_are_free(struct mpt_queue *q);

/* Rows of the table that are in a state. */
unsigned int rows_in(const struct mpt_wire_object *o, enum mpt_long_state state);
/* The row that a process is busy with; NULL: none. */
const struct mpt_wire_long *row_of(const struct mpt_wire_object *o, pid_t pid);

/* A put or a get by another process, of what lies ready in shared memory, so that the
 * call is all there is to be stepped. */
struct copy {
	struct mpt_queue *queue;
	const struct mpt_wire_object *object;
	uint64_t timeout;
	size_t size;
	uint8_t *bytes; /* [size] */
	int64_t result; /* of the call */
};
struct copy *copy_of(struct mpt_queue *q, const char *name, size_t size);
/* What the victim will put; what it has got, as get_message says it. */
void copy_is(struct copy *c, uint64_t n);
int64_t copy_got(const struct copy *c);
void puts_copy(void *copy);
void gets_copy(void *copy);
/* Starts one and stops it when half of the message is copied.  What is put must come to where
 * in the ring nothing was before. */
pid_t stopped_half_in(struct copy *c);
pid_t stopped_half_in_by(void (*act)(void *copy), struct copy *c);
pid_t stopped_half_out(struct copy *c);
/* The same with a victim that has been stepped already. */
void step_half_in(pid_t pid, struct copy *c);

#endif
