/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decoding.h - a fake segment, read once more after each lie a test tells in it,
 * and its facts at hand.  Header only: each test program has its own.
 */
#ifndef TESTS_UNIT_DECODING_H
#define TESTS_UNIT_DECODING_H

#include "tests/unit/fact_log.h"
#include "tests/unit/fake_segment.h"
#include "tests/unit/reading.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define DOMAIN 0x0807060504030201ull /* fake_id */

static const struct fake_shape usual = {
	.processes = 3,
	.threads = 4, /* 0 and 3 are of process 0, which is alive: this test */
	.objects = 4, /* queue, lock, queue, lock */
	.packet_size = 512,
	.packets = 4,
	.storage_blocks = 1,
};

static struct fake fake;
static struct fact_log facts;
static struct reading reading;
static int proc;

static int setup(void **state)
{
	(void)state;
	memset(&reading, 0, sizeof(reading));
	reading.sink = fact_log_sink(&facts);
	reading.proc = proc;
	return fake_make(&fake, &usual) ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	reading_free(&reading);
	fact_log_free(&facts);
	fake_free(&fake);
	return 0;
}

static void tell(void)
{
	facts.count = 0;
	assert_int_equal(reading_tell(&reading, fake.fd), SEG_OK);
}

FAKE_UNUSED static const struct fact_object *object(uint32_t slot)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_OBJECT && facts.items[i].u.object.id.slot == slot)
			return &facts.items[i].u.object;
	fail_msg("object %u was not told", slot);
	return NULL;
}

FAKE_UNUSED static const struct fact_thread *thread(uint32_t slot)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_THREAD && facts.items[i].u.thread.slot == slot)
			return &facts.items[i].u.thread;
	fail_msg("thread %u was not told", slot);
	return NULL;
}

/* NULL: none. */
FAKE_UNUSED static const struct fact_use *use(uint32_t pid, uint32_t slot)
{
	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_USE && facts.items[i].u.use.process.pid == pid &&
		    facts.items[i].u.use.object.slot == slot)
			return &facts.items[i].u.use;
	return NULL;
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
