/* SPDX-License-Identifier: BSD-2-Clause */
/* long_messages.c - see long_messages.h. */
#include "tests/api/long_messages.h"

#define STEPS_MOST 2000000u

void copy_in_many_steps(char **argv)
{
	static const char tunable[] = "glibc.cpu.x86_rep_movsb_threshold=0x40000000";

	if (getenv("GLIBC_TUNABLES"))
		return;
	setenv("GLIBC_TUNABLES", tunable, 1);
	execv("/proc/self/exe", argv);
}

struct mpt_queue *queue_of(const char *name, int64_t maxsize, size_t bytes)
{
	struct mpt_queue_options options = { .name = name, .maxsize = maxsize, .bytes = bytes };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	return q;
}

/* ---- messages ------------------------------------------------------------------ */

/* No byte is 0, so that what is copied differs from what is not. */
static uint8_t content(uint64_t n, size_t at)
{
	return (uint8_t)(1 + (n * 31 + at / 8) % 255);
}

static void fill(uint8_t *bytes, uint64_t n, size_t size)
{
	for (size_t i = 0; i < size; i++)
		bytes[i] = content(n, i);
	memcpy(bytes, &n, size < sizeof(n) ? size : sizeof(n));
}

bool message_is_whole(const uint8_t *bytes, uint64_t n, size_t size)
{
	for (size_t i = sizeof(n); i < size; i++)
		if (bytes[i] != content(n, i))
			return false;
	return true;
}

int put_message(struct mpt_queue *q, uint64_t n, size_t size, uint64_t timeout)
{
	uint8_t *bytes = malloc(size);
	int rc;

	fill(bytes, n, size);
	rc = mpt_queue_put(q, bytes, size, timeout);
	free(bytes);
	return rc;
}

static int64_t number_of(const uint8_t *bytes, ssize_t got, size_t size)
{
	uint64_t n = 0;

	if (got < 0)
		return got;
	memcpy(&n, bytes, sizeof(n));
	return got == (ssize_t)size && message_is_whole(bytes, n, size) ? (int64_t)n : -EBADMSG;
}

int64_t get_message(struct mpt_queue *q, size_t size, uint64_t timeout)
{
	uint8_t *bytes = malloc(size);
	int64_t n = number_of(bytes, mpt_queue_get(q, bytes, size, timeout), size);

	free(bytes);
	return n;
}

void assert_all_bytes_are_free(struct mpt_queue *q)
{
	size_t all = mpt_queue_bytes(q);
	int rc = put_message(q, 99, all, GUARD_NS);

	assert_true(rc == 0 || rc == MPT_RECOVERED);
	assert_int_equal(get_message(q, all, 0), 99);
}

/* ---- the table ------------------------------------------------------------------ */

static const struct mpt_wire_long *rows_of(const struct mpt_wire_object *o)
{
	uint64_t descriptors = (o->slots * sizeof(struct mpt_wire_message) + 63) / 64 * 64;

	return (const void *)((const uint8_t *)segment_storage(o) + descriptors +
			      sizeof(struct mpt_wire_longs));
}

static uint64_t row_count(const struct mpt_wire_object *o)
{
	return o->capacity_bytes / MPT_LONG;
}

unsigned int rows_in(const struct mpt_wire_object *o, enum mpt_long_state state)
{
	const struct mpt_wire_long *row = rows_of(o);
	unsigned int n = 0;

	for (uint64_t i = 0; i < row_count(o); i++)
		n += MPT_LONG_STATE(__atomic_load_n(&row[i].state, __ATOMIC_ACQUIRE)) == state;
	return n;
}

const struct mpt_wire_long *row_of(const struct mpt_wire_object *o, pid_t pid)
{
	const struct mpt_wire_long *row = rows_of(o), *end = row + row_count(o);

	for (; row < end; row++)
		if (MPT_LONG_OWNER(row->state) &&
		    segment_owner(MPT_LONG_OWNER(row->state))->tid == (uint32_t)pid)
			return row;
	return NULL;
}

/* ---- copies ----------------------------------------------------------------------- */

struct copy *copy_of(struct mpt_queue *q, const char *name, size_t size)
{
	struct copy *c = shared(sizeof(*c));

	*c = (struct copy){ .queue = q,
			    .object = segment_object(name),
			    .timeout = MPT_FOREVER,
			    .size = size,
			    .bytes = shared(size) };
	return c;
}

void copy_is(struct copy *c, uint64_t n)
{
	fill(c->bytes, n, c->size);
}

int64_t copy_got(const struct copy *c)
{
	return number_of(c->bytes, c->result, c->size);
}

void puts_copy(void *arg)
{
	struct copy *c = arg;

	c->result = mpt_queue_put(c->queue, c->bytes, c->size, c->timeout);
}

void gets_copy(void *arg)
{
	struct copy *c = arg;

	c->result = mpt_queue_get(c->queue, c->bytes, c->size, c->timeout);
}

/* The ring was fresh, so it is 0 where nothing was copied to. */
static bool half_in(void *arg, pid_t pid)
{
	const struct copy *c = arg;
	const struct mpt_wire_long *row = row_of(c->object, pid);
	const uint8_t *ring = (const uint8_t *)(rows_of(c->object) + row_count(c->object));

	return row && ring[(row->offset + c->size / 2) % c->object->capacity_bytes] != 0;
}

static bool half_out(void *arg, pid_t pid)
{
	const struct copy *c = arg;

	return row_of(c->object, pid) && c->bytes[c->size / 2] != 0;
}

void step_half_in(pid_t pid, struct copy *c)
{
	assert_true(step_until(pid, half_in, c, STEPS_MOST));
}

pid_t stopped_half_in_by(void (*act)(void *copy), struct copy *c)
{
	pid_t pid = victim(act, c, true);

	step_half_in(pid, c);
	return pid;
}

pid_t stopped_half_in(struct copy *c)
{
	return stopped_half_in_by(puts_copy, c);
}

pid_t stopped_half_out(struct copy *c)
{
	pid_t pid = victim(gets_copy, c, true);

	assert_true(step_until(pid, half_out, c, STEPS_MOST));
	assert_int_equal(c->bytes[c->size - 1], 0);
	return pid;
}
