/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment_test.c - a segment that is damaged, foreign, newer, hostile or being
 * changed: one verdict with a sentence, never a crash.
 *
 * Random bytes come from fixed seeds: a failure repeats.
 */
#include "tests/unit/fake_segment.h"
#include "tests/unit/reading.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/stat.h>

#include <cmocka.h>

static const struct fake_shape small = {
	.processes = 3,
	.threads = 4,
	.objects = 4,
	.packet_size = 512,
	.packets = 4,
	.storage_blocks = 1,
};

static struct fake fake;
static int proc; /* open /proc: slot 0 of a fake is this process, the others are gone */

static int make_fake(void **state)
{
	(void)state;
	return fake_make(&fake, &small) ? 0 : -1;
}

static int free_fake(void **state)
{
	(void)state;
	fake_free(&fake);
	return 0;
}

static enum segment_verdict judge(int fd, struct err *err)
{
	struct segment segment;

	memset(err, 0, sizeof(*err));
	return segment_load(&segment, fd, err);
}

static void expect(enum segment_verdict want, const char *words)
{
	struct err err;
	enum segment_verdict got = judge(fake.fd, &err);

	if (got != want)
		fail_msg("%s, not %s: %s", segment_verdict_name(got), segment_verdict_name(want),
			 err.text);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

/* ---- verdicts ------------------------------------------------------------- */

static void a_valid_segment_is_ok(void **state)
{
	(void)state;
	expect(SEG_OK, "");
}

static void a_newer_major_is_refused_with_advice(void **state)
{
	(void)state;
	fake.header->major = MPT_WIRE_MAJOR + 1;
	expect(SEG_TOO_NEW, "use the mpstat that came with");
}

static void an_older_major_is_refused(void **state)
{
	(void)state;
	fake.header->major = MPT_WIRE_MAJOR - 1;
	expect(SEG_NOT_OURS, "no longer read");
}

static void another_magic_is_not_ours(void **state)
{
	(void)state;
	fake.header->magic ^= 1;
	expect(SEG_NOT_OURS, "not a segment of libmptrace");
}

static void a_segment_being_laid_out_is_not_yet(void **state)
{
	(void)state;
	fake.header->state = MPT_SEG_NEW;
	expect(SEG_NOT_YET, "still being laid out");
	fake.header->magic = 0; /* stored after most of the rest */
	expect(SEG_NOT_YET, "still being laid out");
}

static void a_total_beyond_the_file_is_cut_short(void **state)
{
	(void)state;
	fake.header->total_size++;
	expect(SEG_CORRUPT, "cut short");
	fake.header->total_size = UINT64_MAX;
	expect(SEG_CORRUPT, "cut short");
}

static void a_header_smaller_than_ours_is_corrupt(void **state)
{
	(void)state;
	fake.header->header_size = sizeof(*fake.header) - 1;
	expect(SEG_CORRUPT, "header is too small");
}

static void sections_outside_of_the_segment_are_corrupt(void **state)
{
	static const uint64_t offsets[] = { 0, 639, UINT64_MAX, UINT64_MAX - 4095, 1ull << 63 };

	(void)state;
	for (int i = 0; i <= MPT_SEC_ARENA; i++) {
		struct mpt_wire_section *s = &fake.header->section[i], good = *s;

		for (size_t k = 0; k < sizeof(offsets) / sizeof(offsets[0]); k++) {
			s->offset = offsets[k];
			expect(SEG_CORRUPT, "lies outside of the segment");
		}
		*s = good;
		s->offset = fake.size - 1;
		expect(SEG_CORRUPT, "lies outside of the segment");
		*s = good;
		s->count = UINT32_MAX;
		expect(SEG_CORRUPT, "lies outside of the segment");
		*s = good;
	}
	expect(SEG_OK, "");
}

static void slots_smaller_than_the_first_version_had_are_corrupt(void **state)
{
	(void)state;
	for (int i = 0; i <= MPT_SEC_ARENA; i++) {
		struct mpt_wire_section *s = &fake.header->section[i], good = *s;

		if (i == MPT_SEC_OBJECTS) {
			s->stride = MPT_WIRE_OBJECT_1_0;
			expect(SEG_OK, "");
		}
		s->stride--;
		expect(SEG_CORRUPT, "too small");
		s->stride = 0;
		expect(SEG_CORRUPT, "too small");
		*s = good;
	}
}

static void overlapping_sections_are_corrupt(void **state)
{
	struct mpt_wire_section *s = fake.header->section;

	(void)state;
	s[MPT_SEC_THREADS].offset = s[MPT_SEC_OBJECTS].offset;
	expect(SEG_CORRUPT, "overlaps");
}

static void used_is_never_more_than_count(void **state)
{
	struct segment segment;
	struct err err = { 0 };

	(void)state;
	for (int i = 0; i <= MPT_SEC_ARENA; i++)
		fake.header->section[i].used = UINT32_MAX;
	assert_int_equal(segment_load(&segment, fake.fd, &err), SEG_OK);
	assert_int_equal(segment.header.section[MPT_SEC_PROCESSES].used, small.processes);
	assert_int_equal(segment.header.section[MPT_SEC_OBJECTS].used, small.objects);
}

/* ---- lengths ----------------------------------------------------------------- */

static int copy_of_length(size_t size)
{
	int fd = memfd_create("mptrace:cut", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, fake.bytes, size), size);
	return fd;
}

static void every_length_below_the_whole_is_refused(void **state)
{
	struct reading r = { .proc = proc };

	(void)state;
	for (size_t size = 0; size < fake.size; size += size < 1024 ? 1 : 509) {
		int fd = copy_of_length(size);
		enum segment_verdict verdict = reading_load(&r, fd);

		assert_int_not_equal(verdict, SEG_OK);
		assert_string_not_equal(r.err.text, "");
		if (size == 0)
			assert_int_equal(verdict, SEG_NOT_YET);
		if (size >= sizeof(*fake.header))
			assert_int_equal(verdict, SEG_CORRUPT);
		close(fd);
	}
	reading_free(&r);
}

static void a_file_of_64_tebibytes_is_refused_at_once(void **state)
{
	int fd = memfd_create("mptrace:giant", MFD_CLOEXEC);
	struct err err;

	(void)state;
	assert_int_equal(ftruncate(fd, (off_t)1 << 46), 0);
	assert_int_equal(judge(fd, &err), SEG_NOT_YET); /* it is empty */
	assert_int_equal(pwrite(fd, "garbage garbage", 15, 0), 15);
	assert_int_equal(judge(fd, &err), SEG_NOT_OURS);
	close(fd);
}

/* Of a header that claims 64 TiB, only what is within reason is read. */
static void slots_beyond_a_gibibyte_are_not_read(void **state)
{
	struct mpt_wire_section *s = fake.header->section;
	struct segment segment;
	struct err err = { 0 };

	(void)state;
	assert_int_equal(ftruncate(fake.fd, (off_t)1 << 46), 0);
	fake.header->total_size = 1ull << 46;
	s[MPT_SEC_OBJECTS].offset = SEGMENT_READ_MOST - 2 * sizeof(struct mpt_wire_object);
	s[MPT_SEC_OBJECTS].count = s[MPT_SEC_OBJECTS].used = 1000;
	assert_int_equal(segment_load(&segment, fake.fd, &err), SEG_OK);
	assert_int_equal(segment.limit, SEGMENT_READ_MOST);
	assert_int_equal(segment.header.section[MPT_SEC_OBJECTS].used, 2);
	s[MPT_SEC_OBJECTS].offset = 1ull << 45;
	assert_int_equal(segment_load(&segment, fake.fd, &err), SEG_OK);
	assert_int_equal(segment.header.section[MPT_SEC_OBJECTS].used, 0);
}

static void a_pipe_or_directory_is_not_ours(void **state)
{
	int ends[2], dir = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err err;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(judge(ends[0], &err), SEG_NOT_OURS);
	assert_non_null(strstr(err.text, "not a regular file"));
	assert_int_equal(judge(dir, &err), SEG_NOT_OURS);
	assert_int_equal(judge(-1, &err), SEG_NOT_OURS);
	close(ends[0]);
	close(ends[1]);
	close(dir);
}

/* ---- extents ------------------------------------------------------------------- */

static uint64_t extent(uint64_t first, uint64_t blocks)
{
	return blocks << 32 | first;
}

static void an_extent_outside_of_the_arena_is_refused(void **state)
{
	uint32_t count = fake.header->section[MPT_SEC_ARENA].count;
	struct segment s;
	struct err err = { 0 };
	uint64_t at;

	(void)state;
	assert_int_equal(segment_load(&s, fake.fd, &err), SEG_OK);
	assert_true(segment_extent(&s, extent(0, count), (uint64_t)count * MPT_BLOCK, &at));
	assert_int_equal(at, s.header.section[MPT_SEC_ARENA].offset);
	assert_true(segment_extent(&s, extent(count - 1, 1), MPT_BLOCK, &at));
	assert_false(segment_extent(&s, extent(count - 1, 1), MPT_BLOCK + 1, &at));
	assert_false(segment_extent(&s, extent(count - 1, 2), 1, &at));
	assert_false(segment_extent(&s, extent(count, 0), 0, &at));
	assert_false(segment_extent(&s, extent(1, UINT32_MAX), 1, &at));
	assert_false(segment_extent(&s, extent(UINT32_MAX, UINT32_MAX), 1, &at));
	assert_false(segment_extent(&s, 0, 1, &at));
}

/* ---- any bytes ------------------------------------------------------------------ */

static uint64_t random_state;

/* xorshift64*: the same everywhere. */
static uint64_t random_next(void)
{
	random_state ^= random_state >> 12;
	random_state ^= random_state << 25;
	random_state ^= random_state >> 27;
	return random_state * 0x2545f4914f6cdd1dull;
}

static void is_clean(const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	assert_true(n < size);
	for (size_t i = 0; i < n; i++)
		assert_true((uint8_t)text[i] >= 0x20 && text[i] != 0x7f);
}

/* Whatever was in the segment: facts are well formed. */
static void check_fact(void *arg, const struct fact *fact)
{
	size_t *facts = arg;

	(*facts)++;
	assert_int_equal(fact->source, FACT_FROM_SEGMENT);
	if (fact->type == FACT_DOMAIN)
		is_clean(fact->u.domain.name, sizeof(fact->u.domain.name));
	if (fact->type == FACT_PROCESS)
		is_clean(fact->u.process.name, sizeof(fact->u.process.name));
	if (fact->type == FACT_THREAD)
		is_clean(fact->u.thread.name, sizeof(fact->u.thread.name));
	if (fact->type == FACT_OBJECT) {
		is_clean(fact->u.object.name, sizeof(fact->u.object.name));
		is_clean(fact->u.object.site, sizeof(fact->u.object.site));
	}
}

/* Some values break more than others. */
static uint64_t nasty(void)
{
	static const uint64_t values[] = { 0,
					   1,
					   0x7f,
					   0xff,
					   0x7fff,
					   0xffff,
					   0x7fffffff,
					   0x80000000,
					   UINT32_MAX,
					   UINT32_MAX - 1,
					   1ull << 32,
					   1ull << 46,
					   INT64_MAX,
					   UINT64_MAX };
	uint64_t r = random_next();

	if (r % 4 == 0)
		return random_next();
	return values[(r >> 8) % (sizeof(values) / sizeof(values[0]))];
}

struct change {
	size_t at, size;
	uint64_t old;
};

/* Most changes go where the numbers are. */
static size_t somewhere(void)
{
	uint64_t r = random_next();
	size_t tables = fake.header->section[MPT_SEC_ARENA].offset;

	switch (r % 4) {
	case 0:
		return (r >> 8) % sizeof(struct mpt_wire_header);
	case 1:
		return (r >> 8) % fake.size;
	default:
		return (r >> 8) % (tables && tables < fake.size ? tables : fake.size);
	}
}

static void apply_change(struct change *c)
{
	uint64_t value = nasty();

	c->size = 1ull << random_next() % 4;
	c->at = somewhere() / c->size * c->size;
	memcpy(&c->old, fake.bytes + c->at, c->size);
	memcpy(fake.bytes + c->at, &value, c->size);
}

static void fill_rings(void)
{
	struct fake_ring ring;

	for (uint32_t t = 0; t < small.threads; t++) {
		fake_ring_open(&ring, &fake, t);
		for (uint64_t n = 0; n < 50 + t; n++)
			fake_ring_put(&ring, &(struct mpt_record){ .time = 1 + n,
								   .op = MPT_OP_QUEUE_PUT,
								   .value = n });
	}
}

static void mutate_once(struct reading *r)
{
	struct change changes[8];
	size_t count = 1 + random_next() % 8;

	for (size_t i = 0; i < count; i++)
		apply_change(&changes[i]);
	reading_tell(r, fake.fd);
	for (size_t i = count; i-- > 0;)
		memcpy(fake.bytes + changes[i].at, &changes[i].old, changes[i].size);
	/* Rings are read again each time. */
	cursors_free(&r->cursors);
}

static void a_hundred_thousand_mutations_are_survived(void **state)
{
	size_t facts = 0, before;
	struct reading r = { .sink = { check_fact, &facts }, .proc = proc };

	(void)state;
	fill_rings();
	for (uint32_t i = 0; i < small.objects; i += 2) {
		fake_object(&fake, i)->give.index = 5;
		fake_uses(&fake, 0)[i / 2].object = i;
	}
	random_state = 20240607;
	for (int i = 0; i < 100000; i++)
		mutate_once(&r);
	assert_true(facts > 1000000); /* they were read, not just refused */
	before = facts;
	assert_int_equal(reading_tell(&r, fake.fd), SEG_OK); /* every change was undone */
	assert_true(facts > before + 100);
	reading_free(&r);
}

static void random_bytes_behind_a_good_header_are_survived(void **state)
{
	size_t facts = 0;
	struct reading r = { .sink = { check_fact, &facts }, .proc = proc };

	(void)state;
	random_state = 4711;
	for (int round = 0; round < 300; round++) {
		for (size_t at = MPT_BLOCK; at < fake.size; at += 8) {
			uint64_t value = round % 2 ? random_next() : nasty();

			memcpy(fake.bytes + at, &value, 8);
		}
		assert_int_equal(reading_tell(&r, fake.fd), SEG_OK);
	}
	reading_free(&r);
}

static void random_files_are_refused(void **state)
{
	uint64_t bytes[1024];
	struct reading r = { .proc = proc };

	(void)state;
	random_state = 99;
	for (int round = 0; round < 1000; round++) {
		int fd = memfd_create("mptrace:noise", MFD_CLOEXEC);
		size_t size = random_next() % sizeof(bytes);

		for (size_t i = 0; i < 1024; i++)
			bytes[i] = random_next();
		assert_int_equal(write(fd, bytes, size), size);
		assert_int_not_equal(reading_load(&r, fd), SEG_OK);
		close(fd);
	}
	reading_free(&r);
}

/* ---- while somebody changes it ------------------------------------------------------ */

struct truncater {
	int fd;
	off_t size;
	_Atomic bool stop;
	_Atomic unsigned long cuts;
};

/* Through its own descriptor: pages cut off come back as holes. */
static void *truncate_for_ever(void *arg)
{
	struct truncater *t = arg;
	uint64_t n = 0;

	while (!t->stop) {
		if (ftruncate(t->fd, (off_t)(n++ * 977 % (uint64_t)t->size)) == 0 &&
		    ftruncate(t->fd, t->size) == 0)
			t->cuts++;
	}
	return NULL;
}

static void a_file_truncated_while_it_is_read_is_survived(void **state)
{
	struct truncater t = { .fd = copy_of_length(fake.size), .size = (off_t)fake.size };
	size_t facts = 0;
	struct reading r = { .sink = { check_fact, &facts }, .proc = proc };
	unsigned long seen[SEG_CORRUPT + 1] = { 0 };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, truncate_for_ever, &t), 0);
	for (int i = 0; i < 5000 || t.cuts < 1000; i++) {
		seen[reading_tell(&r, t.fd)]++;
		if (i % 100 == 0) /* so that there is something to cut off */
			assert_true(pwrite(t.fd, fake.bytes, fake.size, 0) >= 0);
	}
	t.stop = true;
	pthread_join(thread, NULL);
	assert_true(seen[SEG_CORRUPT] + seen[SEG_NOT_YET] > 0);
	close(t.fd);
	reading_free(&r);
}

struct scribbler {
	uint8_t *bytes;
	size_t size;
	_Atomic bool stop;
};

static void *scribble_for_ever(void *arg)
{
	struct scribbler *s = arg;
	uint64_t x = 88172645463325252ull;

	while (!s->stop) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		s->bytes[sizeof(struct mpt_wire_header) +
			 x % (s->size - sizeof(struct mpt_wire_header))] = (uint8_t)(x >> 56);
	}
	return NULL;
}

static void random_writes_while_it_is_read_are_survived(void **state)
{
	struct scribbler s = { .bytes = fake.bytes, .size = fake.size };
	size_t facts = 0;
	struct reading r = { .sink = { check_fact, &facts }, .proc = proc };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, scribble_for_ever, &s), 0);
	for (int i = 0; i < 5000; i++)
		assert_int_equal(reading_tell(&r, fake.fd), SEG_OK);
	s.stop = true;
	pthread_join(thread, NULL);
	reading_free(&r);
}

#define FRESH(name) cmocka_unit_test_setup_teardown(name, make_fake, free_fake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(a_valid_segment_is_ok),
		FRESH(a_newer_major_is_refused_with_advice),
		FRESH(an_older_major_is_refused),
		FRESH(another_magic_is_not_ours),
		FRESH(a_segment_being_laid_out_is_not_yet),
		FRESH(a_total_beyond_the_file_is_cut_short),
		FRESH(a_header_smaller_than_ours_is_corrupt),
		FRESH(sections_outside_of_the_segment_are_corrupt),
		FRESH(slots_smaller_than_the_first_version_had_are_corrupt),
		FRESH(overlapping_sections_are_corrupt),
		FRESH(used_is_never_more_than_count),
		FRESH(every_length_below_the_whole_is_refused),
		FRESH(a_file_of_64_tebibytes_is_refused_at_once),
		FRESH(slots_beyond_a_gibibyte_are_not_read),
		FRESH(a_pipe_or_directory_is_not_ours),
		FRESH(an_extent_outside_of_the_arena_is_refused),
		FRESH(a_hundred_thousand_mutations_are_survived),
		FRESH(random_bytes_behind_a_good_header_are_survived),
		FRESH(random_files_are_refused),
		FRESH(a_file_truncated_while_it_is_read_is_survived),
		FRESH(random_writes_while_it_is_read_are_survived),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
