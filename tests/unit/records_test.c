/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * records_test.c - rings are read exactly: each record told once, in order, or
 * counted as lost.
 *
 * The writer is ring.h's own, on the same memory, at full speed.
 */
#include "tests/unit/fact_log.h"
#include "tests/unit/fake_segment.h"
#include "tests/unit/reading.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static const struct fake_shape usual = {
	.processes = 1,
	.threads = 3,
	.objects = 2,
	.packet_size = 512, /* 13 records */
	.packets = 4,
};
#define PER_PACKET 13
#define HELD (3 * PER_PACKET) /* what a ring holds for certain */

static struct fake fake;
static struct fact_log facts;
static struct reading reading;
static struct fake_ring rings[3];
static int proc;

static int setup_shape(const struct fake_shape *shape)
{
	memset(&reading, 0, sizeof(reading));
	reading.sink = fact_log_sink(&facts);
	reading.proc = proc;
	if (!fake_make(&fake, shape))
		return -1;
	for (uint32_t i = 0; i < shape->threads; i++)
		fake_ring_open(&rings[i], &fake, i);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	return setup_shape(&usual);
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

static void put(uint32_t thread, uint64_t time, uint64_t value)
{
	fake_ring_put(&rings[thread], &(struct mpt_record){ .time = time,
							    .op = MPT_OP_QUEUE_PUT,
							    .object = 0,
							    .value = value,
							    .span = value + 1 });
}

static uint64_t lost(enum fact_loss_cause cause)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < facts.count; i++)
		if (facts.items[i].type == FACT_LOSS && facts.items[i].u.loss.cause == cause)
			sum += facts.items[i].u.loss.count;
	return sum;
}

static const struct fact *record(size_t number)
{
	const struct fact *f = fact_log_get(&facts, FACT_RECORD, number);

	assert_non_null(f);
	return f;
}

/* Values first, first + 1, ... are what was told. */
static void expect_values(uint64_t first, size_t count)
{
	assert_int_equal(fact_log_count(&facts, FACT_RECORD), count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(record(i)->u.record.value, first + i);
}

static void every_record_is_told_once(void **state)
{
	uint64_t n = 0;

	(void)state;
	tell();
	expect_values(0, 0);
	for (int round = 0; round < 100; round++) {
		uint64_t first = n;

		for (int i = 0; i < round % (HELD - 1); i++, n++)
			put(0, 10 + n, n);
		tell();
		expect_values(first, n - first);
		assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 0);
	}
}

static void a_record_is_told_with_all_its_words(void **state)
{
	const struct fact *f;

	(void)state;
	fake_ring_put(&rings[1], &(struct mpt_record){ .time = 77,
						       .op = MPT_OP_QUEUE_GET,
						       .phase = MPT_PHASE_BEGIN,
						       .flags = MPT_REC_FAILED,
						       .object = MPT_REF_PROCESS,
						       .value = 5,
						       .span = 6 });
	tell();
	f = record(0);
	assert_int_equal(f->time_ns, 77);
	assert_int_equal(f->source, FACT_FROM_SEGMENT);
	assert_int_equal(f->u.record.process.pid, getpid());
	assert_int_equal(f->u.record.tid, 2001);
	assert_int_equal(f->u.record.op, MPT_OP_QUEUE_GET);
	assert_int_equal(f->u.record.phase, MPT_PHASE_BEGIN);
	assert_int_equal(f->u.record.flags, MPT_REC_FAILED);
	assert_int_equal(f->u.record.object.slot, MPT_REF_PROCESS);
	assert_int_equal(f->u.record.object.generation, 1);
	assert_int_equal(f->u.record.value, 5);
	assert_int_equal(f->u.record.span, 6);
}

static void what_was_overwritten_is_counted_exactly(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 1000; n++)
		put(0, 10 + n, n);
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_RECORD) + lost(FACT_LOSS_OVERWRITTEN), 1000);
	assert_true(fact_log_count(&facts, FACT_RECORD) >= HELD - PER_PACKET);
	expect_values(lost(FACT_LOSS_OVERWRITTEN), fact_log_count(&facts, FACT_RECORD));
	tell();
	expect_values(0, 0);
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 0); /* told once */
}

static void threads_are_merged_by_time(void **state)
{
	(void)state;
	put(0, 10, 0);
	put(0, 40, 3);
	put(0, 50, 4);
	put(2, 20, 1);
	put(2, 60, 6);
	put(1, 30, 2);
	put(1, 50, 5); /* of equal times the lower slot comes first */
	tell();
	expect_values(0, 7);
}

static void losses_of_signal_handlers_are_told_as_they_grow(void **state)
{
	(void)state;
	fake_thread(&fake, 0)->lost_reentered = 5;
	tell();
	assert_int_equal(lost(FACT_LOSS_REENTERED), 5);
	tell();
	assert_int_equal(lost(FACT_LOSS_REENTERED), 0);
	fake_thread(&fake, 0)->lost_reentered = 7;
	tell();
	assert_int_equal(lost(FACT_LOSS_REENTERED), 2);
}

static void another_thread_in_the_slot_starts_from_its_first_record(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 5; n++)
		put(0, 10, n);
	tell();
	expect_values(0, 5);
	fake_thread(&fake, 0)->generation = 2;
	fake_thread(&fake, 0)->head = 0;
	fake_ring_open(&rings[0], &fake, 0);
	put(0, 20, 0);
	tell();
	expect_values(0, 1);
}

static void a_ring_given_away_is_counted_as_overwritten(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 5; n++)
		put(0, 10, n);
	fake_thread(&fake, 0)->state = MPT_SLOT_ENDED;
	fake_thread(&fake, 0)->extent = 0;
	tell();
	expect_values(0, 0);
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 5);
	tell();
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 0);
}

/* Between our copy of the tables and our copies of the packets, others go on. */
static void collect_late(void)
{
	records_collect(&reading.records, &reading.cursors, &reading.decode);
	records_tell(&reading.records, 0, &reading.sink);
}

static void a_ring_given_away_while_it_is_read_is_not_believed(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 5; n++)
		put(0, 10, n);
	assert_int_equal(reading_load(&reading, fake.fd), SEG_OK);
	fake_thread(&fake, 0)->extent = 0;
	collect_late();
	expect_values(0, 0);
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 5);
}

static void what_is_overwritten_while_it_is_read_is_counted(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < HELD; n++)
		put(0, 10, n);
	assert_int_equal(reading_load(&reading, fake.fd), SEG_OK);
	for (uint64_t n = HELD; n < HELD + PER_PACKET + 1; n++)
		put(0, 10, n);
	collect_late();
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), PER_PACKET);
	expect_values(PER_PACKET, HELD - PER_PACKET);
	tell();
	expect_values(HELD, PER_PACKET + 1);
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 0);
}

static void a_dead_threads_ring_is_read_to_its_end(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 20; n++)
		put(0, 10, n);
	fake_thread(&fake, 0)->state = MPT_SLOT_DEAD;
	tell();
	expect_values(0, 20);
}

/* Killed inside turn: the packet to come has no number yet. */
static void a_writer_killed_while_it_turned_loses_nothing(void **state)
{
	struct mpt_wire_packet *packets = (void *)rings[0].ring.base;

	(void)state;
	for (uint64_t n = 0; n < PER_PACKET; n++)
		put(0, 10, n);
	((struct mpt_wire_packet *)((uint8_t *)packets + 512))->packet_seq_num = 0;
	tell();
	expect_values(0, PER_PACKET);
	assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 0);
}

static void a_ring_that_lies_is_counted_as_corrupt(void **state)
{
	static const struct {
		uint32_t size, packets;
	} lies[] = { { 0, 4 },	   { 64, 4 },	  { 513, 4 }, { 512, 3 },
		     { 512, 0 },   { 1u << 30, 4 }, { 512, 1u << 31 } };

	(void)state;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fake_thread(&fake, 0)->generation = (uint32_t)i + 1;
		fake_thread(&fake, 0)->head = 10;
		fake_thread(&fake, 0)->packet_size = lies[i].size;
		fake_thread(&fake, 0)->packets = lies[i].packets;
		tell();
		expect_values(0, 0);
		assert_int_equal(lost(FACT_LOSS_CORRUPT), 10);
	}
}

static void a_head_that_lies_ends(void **state)
{
	static const uint64_t heads[] = { UINT64_MAX, UINT64_MAX - 13, 1ull << 63, 1ull << 62 };

	(void)state;
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
		fake_thread(&fake, 0)->generation = (uint32_t)i + 1;
		fake_thread(&fake, 0)->head = heads[i];
		tell();
		expect_values(0, 0);
		assert_int_equal(lost(FACT_LOSS_CORRUPT) + lost(FACT_LOSS_OVERWRITTEN), heads[i]);
	}
}

static void a_head_that_goes_back_tells_nothing_twice(void **state)
{
	(void)state;
	for (uint64_t n = 0; n < 10; n++)
		put(0, 10, n);
	tell();
	expect_values(0, 10);
	fake_thread(&fake, 0)->head = 3;
	tell();
	expect_values(0, 0);
	fake_thread(&fake, 0)->head = 10;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_RECORD), 7);
}

static void records_that_make_no_sense_are_counted_as_corrupt(void **state)
{
	(void)state;
	put(0, 10, 0);
	put(0, 0, 1); /* no time */
	fake_ring_put(&rings[0], &(struct mpt_record){ .time = 5, .op = 17 }); /* of no kind */
	put(0, 30, 3);
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_RECORD), 2);
	assert_int_equal(lost(FACT_LOSS_CORRUPT), 2);
}

static void a_record_of_an_earlier_object_has_no_generation(void **state)
{
	(void)state;
	fake_object(&fake, 0)->created_ns = 10000000;
	put(0, 10, 0);
	put(0, 10000001, 1);
	tell();
	assert_int_equal(record(0)->u.record.object.generation, 0);
	assert_int_equal(record(1)->u.record.object.generation, 1);
}

/* ---- at full speed ---------------------------------------------------------------- */

#define WRITTEN 3000000

struct writer {
	uint32_t thread;
	_Atomic bool done;
};

static void *write_all(void *arg)
{
	struct writer *w = arg;

	for (uint64_t n = 0; n < WRITTEN; n++)
		put(w->thread, 1 + n, n);
	w->done = true;
	return NULL;
}

struct account {
	uint64_t next[3]; /* value expected at least */
	uint64_t told, lost, calls;
};

/* Each thread's values only grow, and belong together. */
static void check(void *arg, const struct fact *fact)
{
	struct account *a = arg;
	const struct fact_record *r = &fact->u.record;

	if (fact->type == FACT_LOSS) {
		assert_int_equal(fact->u.loss.cause, FACT_LOSS_OVERWRITTEN);
		a->lost += fact->u.loss.count;
	}
	if (fact->type != FACT_RECORD)
		return;
	assert_true(r->value >= a->next[r->tid - 2000]);
	assert_int_equal(fact->time_ns, r->value + 1);
	assert_int_equal(r->span, r->value + 1);
	a->next[r->tid - 2000] = r->value + 1;
	a->told++;
}

static void read_while_writing(const struct fake_shape *shape)
{
	struct writer writers[2] = { { .thread = 0 }, { .thread = 1 } };
	struct account account = { .told = 0 };
	pthread_t threads[2];

	assert_int_equal(setup_shape(shape), 0);
	reading.sink = (struct fact_sink){ check, &account };
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_all, &writers[i]), 0);
	while (!writers[0].done || !writers[1].done)
		assert_int_equal(reading_tell(&reading, fake.fd), SEG_OK);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(reading_tell(&reading, fake.fd), SEG_OK);
	assert_int_equal(account.told + account.lost, 2 * WRITTEN);
	assert_int_equal(account.next[0], WRITTEN); /* the last is never lost */
	assert_int_equal(account.next[1], WRITTEN);
	teardown(NULL);
}

static void told_and_lost_are_what_was_written_small_ring(void **state)
{
	struct fake_shape shape = { .processes = 1, .threads = 2, .packet_size = 256, .packets = 2 };

	(void)state;
	read_while_writing(&shape);
}

static void told_and_lost_are_what_was_written_large_ring(void **state)
{
	struct fake_shape shape = {
		.processes = 1, .threads = 2, .packet_size = 65536, .packets = 16
	};

	(void)state;
	read_while_writing(&shape);
}

/* More than a refresh may take: the rest comes with the next, nothing is lost. */
static void a_long_history_comes_in_several_refreshes(void **state)
{
	struct fake_shape shape = {
		.processes = 1, .threads = 2, .packet_size = 1u << 20, .packets = 16
	};
	uint64_t half = 400000, told = 0;
	int refreshes = 0;

	(void)state;
	assert_int_equal(setup_shape(&shape), 0);
	for (uint64_t n = 0; n < half; n++) {
		put(0, 1 + n, n);
		put(1, 1 + n, n);
	}
	do {
		tell();
		assert_true(fact_log_count(&facts, FACT_RECORD) <= RECORDS_PER_REFRESH + 2);
		assert_int_equal(lost(FACT_LOSS_OVERWRITTEN), 0);
		told += fact_log_count(&facts, FACT_RECORD);
		refreshes++;
	} while (fact_log_count(&facts, FACT_RECORD) > 0);
	assert_int_equal(told, 2 * half);
	assert_true(refreshes > 3);
	teardown(NULL);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(every_record_is_told_once),
		FRESH(a_record_is_told_with_all_its_words),
		FRESH(what_was_overwritten_is_counted_exactly),
		FRESH(threads_are_merged_by_time),
		FRESH(losses_of_signal_handlers_are_told_as_they_grow),
		FRESH(another_thread_in_the_slot_starts_from_its_first_record),
		FRESH(a_ring_given_away_is_counted_as_overwritten),
		FRESH(a_ring_given_away_while_it_is_read_is_not_believed),
		FRESH(what_is_overwritten_while_it_is_read_is_counted),
		FRESH(a_dead_threads_ring_is_read_to_its_end),
		FRESH(a_writer_killed_while_it_turned_loses_nothing),
		FRESH(a_ring_that_lies_is_counted_as_corrupt),
		FRESH(a_head_that_lies_ends),
		FRESH(a_head_that_goes_back_tells_nothing_twice),
		FRESH(records_that_make_no_sense_are_counted_as_corrupt),
		FRESH(a_record_of_an_earlier_object_has_no_generation),
		cmocka_unit_test(told_and_lost_are_what_was_written_small_ring),
		cmocka_unit_test(told_and_lost_are_what_was_written_large_ring),
		cmocka_unit_test(a_long_history_comes_in_several_refreshes),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
