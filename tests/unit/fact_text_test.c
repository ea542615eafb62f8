/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fact_text_test.c - facts as lines, and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "libtrace/contract/wire.h"
#include "mpstat/model/fact_text.h"
#include "mpstat/model/kind.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the model says in its own words must be what the wire says. */
_Static_assert(FACT_REF_PROCESS == MPT_REF_PROCESS, "reference to a process");
_Static_assert(FACT_HIST_BUCKETS == MPT_HIST_BUCKETS, "buckets");
_Static_assert(FACT_EXIT_UNKNOWN == MPT_EXIT_UNKNOWN, "exit code");
_Static_assert((int)FACT_RECORD_FAILED == (int)MPT_REC_FAILED, "flag");
_Static_assert((int)FACT_RECORD_RECOVERED == (int)MPT_REC_RECOVERED, "flag");
_Static_assert(FACT_NAME_MAX >= MPT_NAME_MAX, "names fit");

/* Random numbers everywhere, texts that end, ids without padding. */
static struct fact invent(enum fact_type type, unsigned *seed)
{
	struct fact fact;
	unsigned char *bytes = (unsigned char *)&fact.u;

	memset(&fact, 0, sizeof(fact));
	fact.type = type;
	fact.source = (enum fact_source)(1 + rand_r(seed) % (FACT_SOURCES - 1));
	fact.time_ns = (uint64_t)rand_r(seed);
	for (size_t i = 0; i < sizeof(fact.u); i++)
		bytes[i] = (unsigned char)rand_r(seed);
	return fact;
}

static void end_text(char *text, size_t size, unsigned *seed)
{
	size_t length = (size_t)rand_r(seed) % size;

	for (size_t i = 0; i < length; i++) {
		if (!text[i])
			text[i] = 'x';
	}
	memset(text + length, 0, size - length);
}

#define END(text) end_text(text, sizeof(text), &seed)

static void make_sane(struct fact *fact, unsigned seed)
{
	struct fact_process *p = &fact->u.process;
	struct fact_object *o = &fact->u.object;

	switch (fact->type) {
	case FACT_SOURCE:
		fact->u.source.ok = true;
		END(fact->u.source.name);
		END(fact->u.source.text);
		break;
	case FACT_DOMAIN:
		END(fact->u.domain.name);
		fact->u.domain.records_off = fact->u.domain.post_mortem = true;
		fact->u.domain.published = false;
		break;
	case FACT_PROCESS:
		END(p->name);
		END(p->command);
		END(p->inside);
		END(p->cgroup);
		END(p->container);
		p->daemon = p->ended = true;
		p->subreaper = p->ignores_children = p->kernel_thread = false;
		p->reaper_known = true;
		p->state = (char)('A' + rand_r(&seed) % 26);
		break;
	case FACT_THREAD:
		END(fact->u.thread.name);
		END(fact->u.thread.task);
		fact->u.thread.ended = fact->u.thread.wait_over = true;
		fact->u.thread.task_awaited = true;
		break;
	case FACT_OBJECT:
		END(o->name);
		END(o->site);
		o->held = o->set = o->broken = o->terminated = o->unguarded = true;
		break;
	case FACT_LIFE:
		END(fact->u.life.name);
		END(fact->u.life.other_name);
		fact->u.life.core = true;
		break;
	default:
		break;
	}
}

static void every_fact_survives_being_written_and_read(void **state)
{
	unsigned seed = 7;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		enum fact_type type = (enum fact_type)(1 + round % FACT_LIFE);
		struct fact fact = invent(type, &seed), back, again;
		char line[FACT_TEXT_LINE], line2[FACT_TEXT_LINE];
		struct err err = {0};

		make_sane(&fact, seed);
		assert_true(fact_text_write(&fact, line, sizeof(line)) > 0);
		assert_null(strchr(line, '\n'));
		if (fact_text_read(line, &back, &err))
			fail_msg("%s\n%s", line, err.text);
		assert_true(fact_text_write(&back, line2, sizeof(line2)) > 0);
		assert_string_equal(line, line2);
		assert_int_equal(fact_text_read(line2, &again, NULL), 0);
		assert_memory_equal(&back, &again, sizeof(back));
	}
}

/* The bytes themselves, where there is no padding to differ. */
static void a_fact_comes_back_byte_for_byte(void **state)
{
	unsigned seed = 3;

	(void)state;
	for (int round = 0; round < 200; round++) {
		struct fact fact, back;
		char line[FACT_TEXT_LINE];

		memset(&fact, 0, sizeof(fact));
		fact.type = FACT_OBJECT;
		fact.source = FACT_FROM_SEGMENT;
		fact.u.object.id = (struct object_id){(uint64_t)rand_r(&seed), 3, 4};
		fact.u.object.kind = MPT_KIND_QUEUE;
		strcpy(fact.u.object.name, "a \"b\" \\ c\n\x01 \xc3\xbc");
		fact.u.object.creator.pid = (uint32_t)rand_r(&seed);
		fact.u.object.creator.start = UINT64_MAX;
		for (int i = 0; i < FACT_HIST_BUCKETS; i += 3)
			fact.u.object.hold.bucket[i] = (uint64_t)rand_r(&seed) << 33;
		assert_true(fact_text_write(&fact, line, sizeof(line)) > 0);
		assert_int_equal(fact_text_read(line, &back, NULL), 0);
		assert_memory_equal(&fact, &back, sizeof(fact));
	}
}

static void what_is_left_out_is_unknown(void **state)
{
	struct fact fact;

	(void)state;
	assert_int_equal(fact_text_read("process source=proc pid=7 start=1", &fact, NULL), 0);
	assert_int_equal(fact.u.process.cpu_ns, FACT_UNKNOWN);
	assert_int_equal(fact.u.process.exit_code, FACT_EXIT_UNKNOWN);
	assert_int_equal(fact.u.process.uid, 0);
	assert_string_equal(fact.u.process.name, "");
}

static void nonsense_is_refused_with_a_reason(void **state)
{
	static const char *const lines[] = {
		"", "nothing source=proc", "process", "process pid=7", "process source=moon pid=7",
		"process source=proc pid=4294967296", "process source=proc pid=-1",
		"process source=proc pid=", "process source=proc pid", "process source=proc tid=7",
		"process source=proc name=\"open", "process source=proc name=\"a\"b",
		"process source=proc name=\"\\q\"", "process source=proc name=\"\\x1\"",
		"process source=proc parent=1", "process source=proc daemon=maybe",
		"object source=segment id=1:2", "object source=segment id=1:4294967295.1",
		"object source=segment hold=40:1", "object source=segment hold=1:",
		"object source=segment kind=nonsense", "thread source=segment wait_op=lock.fly",
		"thread source=segment wait_op=256.1", "process source=proc exit_code=2147483648",
		"process source=proc inside=\"012345678901234567890123\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct err err = {0};
		struct fact fact;

		if (fact_text_read(lines[i], &fact, &err) != -EINVAL)
			fail_msg("accepted: %s", lines[i]);
		assert_true(err.text[0]);
	}
}

static void a_line_that_does_not_fit_is_an_error(void **state)
{
	struct fact fact = {.type = FACT_PROCESS, .source = FACT_FROM_PROC};
	char line[20];

	(void)state;
	assert_int_equal(fact_text_write(&fact, line, sizeof(line)), -ENOSPC);
	assert_int_equal(fact_text_write(&fact, line, 0), -ENOSPC);
	fact.source = FACT_FROM_NONE;
	assert_int_equal(fact_text_write(&fact, line, sizeof(line)), -EINVAL);
	fact.type = (enum fact_type)77;
	assert_int_equal(fact_text_write(&fact, line, sizeof(line)), -EINVAL);
}

static void kinds_and_ops_have_names_or_numbers(void **state)
{
	char buf[KIND_NAME_MAX];
	uint16_t number;

	(void)state;
	assert_string_equal(kind_name(MPT_KIND_LOCK, buf, sizeof(buf)), "lock");
	assert_string_equal(kind_name(17, buf, sizeof(buf)), "kind 17");
	assert_string_equal(op_name(MPT_OP_QUEUE_GET, buf, sizeof(buf)), "get");
	assert_string_equal(op_name(MPT_OP_ID(17, 20), buf, sizeof(buf)), "op 17.20");
	assert_string_equal(op_name(UINT16_MAX, buf, sizeof(buf)), "op 255.255");
	assert_true(op_read("queue.get", &number) && number == MPT_OP_QUEUE_GET);
	assert_true(op_read("17.20", &number) && number == MPT_OP_ID(17, 20));
	assert_true(kind_read("65535", &number) && number == 65535);
	assert_false(kind_read("65536", &number));
	assert_null(kind_find(0));
	assert_null(op_find(0));
	assert_int_equal(kind_traits(17), 0);
	assert_int_equal(op_effect(MPT_OP_ID(17, 20)), MPT_E_NOTE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_fact_survives_being_written_and_read),
		cmocka_unit_test(a_fact_comes_back_byte_for_byte),
		cmocka_unit_test(what_is_left_out_is_unknown),
		cmocka_unit_test(nonsense_is_refused_with_a_reason),
		cmocka_unit_test(a_line_that_does_not_fit_is_an_error),
		cmocka_unit_test(kinds_and_ops_have_names_or_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
