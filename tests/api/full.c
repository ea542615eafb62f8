/* SPDX-License-Identifier: BSD-2-Clause */
/* full.c - see full.h. */
#include "tests/api/full.h"

uint32_t full_used(enum mpt_section section)
{
	return segment()->section[section].used;
}

const void *full_slot(enum mpt_section section, uint32_t i)
{
	const struct mpt_wire_section *s = &segment()->section[section];

	return (const uint8_t *)segment() + s->offset + (uint64_t)s->stride * i;
}

void full_first_call(void *unused)
{
	struct mpt_trace_info info;

	(void)unused;
	child_claims(mpt_trace_status(&info) == 0);
}

static void calls_and_is_killed(void *unused)
{
	full_first_call(unused);
	kill(getpid(), SIGKILL);
}

pid_t full_one_more_dead(void)
{
	pid_t pid = child(calls_and_is_killed, NULL);

	assert_int_equal(end_of(pid), -SIGKILL);
	return pid;
}

void full_of(enum mpt_section section)
{
	while (full_used(section) < segment()->section[section].count)
		full_one_more_dead();
}

void full_of_rings(void)
{
	uint64_t before = segment()->reclaimed;

	while (segment()->reclaimed == before)
		full_one_more_dead();
}

static void mark(uint8_t *taken, uint64_t extent)
{
	uint32_t first = (uint32_t)extent, blocks = (uint32_t)(extent >> 32);

	for (uint32_t i = first; i < first + blocks; i++) {
		assert_true(i < segment()->section[MPT_SEC_ARENA].count);
		assert_int_equal(taken[i], 0);
		taken[i] = 1;
	}
}

void full_assert_no_memory_is_had_by_two(void)
{
	uint8_t *taken = calloc(segment()->section[MPT_SEC_ARENA].count, 1);

	assert_non_null(taken);
	for (uint32_t i = 0; i < full_used(MPT_SEC_THREADS); i++)
		mark(taken, ((const struct mpt_wire_thread *)full_slot(MPT_SEC_THREADS, i))->extent);
	for (uint32_t i = 0; i < full_used(MPT_SEC_OBJECTS); i++)
		mark(taken, ((const struct mpt_wire_object *)full_slot(MPT_SEC_OBJECTS, i))->extent);
	free(taken);
}
