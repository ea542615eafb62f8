/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe_ends.c - see pipe_ends.h. */
#include "tests/api/pipe_ends.h"

static struct ends make(bool is_simplex)
{
	static uint32_t number;
	char name[32], object[40];
	struct mpt_pipe_options options = { .name = name, .simplex = is_simplex };
	struct ends e = { .point = shared(sizeof(uint32_t)) };

	snprintf(name, sizeof(name), "test-%u", ++number);
	snprintf(object, sizeof(object), "%s%s", name, is_simplex ? "" : ">");
	assert_int_equal(mpt_pipe_create(&e.first, &e.second, &options), 0);
	e.there = segment_object(object);
	assert_non_null(e.there);
	return e;
}

struct ends duplex(void)
{
	return make(false);
}

struct ends simplex(void)
{
	return make(true);
}

void destroy_ends(struct ends *e)
{
	mpt_pipe_destroy(e->first);
	mpt_pipe_destroy(e->second);
}

static uint8_t pattern(size_t i, uint32_t seed)
{
	return (uint8_t)((i * 2654435761u + seed * 40503u) >> 7);
}

uint8_t *patterned(size_t size, uint32_t seed)
{
	uint8_t *bytes = malloc(size ? size : 1);

	child_claims(bytes != NULL);
	for (size_t i = 0; i < size; i++)
		bytes[i] = pattern(i, seed);
	return bytes;
}

bool is_patterned(const uint8_t *bytes, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != pattern(i, seed))
			return false;
	return true;
}

uint64_t fill_pipe(struct mpt_pipe *end, size_t size)
{
	uint8_t *bytes = patterned(size, 0);
	uint64_t n = 0;
	int rc;

	while ((rc = mpt_pipe_send(end, bytes, size, 0)) == 0)
		n++;
	free(bytes);
	assert_int_equal(rc, -EAGAIN);
	return n;
}
