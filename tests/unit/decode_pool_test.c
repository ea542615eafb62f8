/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_pool_test.c - pools and their workers: what a valid segment says is what the
 * facts say, and what makes no sense is left out.
 */
#include "tests/unit/decoding.h"

#include "libtrace/contract/wire_pool.h"

#include <fcntl.h>

#define POOL 0 /* object slot, one that has storage */

/* One block: the head, two names, two seats. */
static struct mpt_wire_pool *make_pool(void)
{
	struct mpt_wire_object *o = fake_object(&fake, POOL);
	struct mpt_wire_pool *p = fake_arena(&fake, o->extent);

	o->kind = MPT_KIND_POOL;
	o->capacity = o->capacity_bytes = 0;
	memset(p, 0, MPT_BLOCK);
	*p = (struct mpt_wire_pool){ .seats = 2, .functions = 2, .slots = 4, .ring_slots = 8,
				     .seat_stride = 192, .names_at = 1024, .seats_at = 2048,
				     .head = 17, .tail = 20, .submitted = 23, .skipped = 1,
				     .lost = 2, .lost_workers = 3, .run_max_ns = 99 };
	p->run.bucket[7] = 5;
	snprintf((char *)p + 1024, MPT_NAME_MAX, "resize");
	snprintf((char *)p + 1024 + MPT_NAME_MAX, MPT_NAME_MAX, "st\033ore");
	return p;
}

static struct mpt_wire_pool_seat *seat(struct mpt_wire_pool *p, uint32_t i)
{
	return (struct mpt_wire_pool_seat *)(void *)((uint8_t *)p + 2048 + 192 * i);
}

static void numbers_of_a_pool_come_from_its_storage(void **state)
{
	struct mpt_wire_pool *p = make_pool();
	const struct fact_object *f;

	(void)state;
	seat(p, 0)->finished = 10;
	seat(p, 1)->finished = 4;
	seat(p, 1)->failed = 2;
	tell();
	f = object(POOL);
	assert_int_equal(f->give.count, 23);
	assert_int_equal(f->take.count, 18); /* claimed, and given up before that */
	assert_int_equal(f->lost, 2);
	assert_int_equal(f->workers_wanted, 2);
	assert_int_equal(f->workers_lost, 3);
	assert_int_equal(f->tasks_done, 14);
	assert_int_equal(f->tasks_failed, 2);
	assert_int_equal(f->run_max_ns, 99);
	assert_int_equal(f->run.bucket[7], 5);
	assert_int_equal(f->oldest_ns, 0);
}

static void more_is_never_taken_than_was_submitted(void **state)
{
	struct mpt_wire_pool *p = make_pool();

	(void)state;
	p->head = 40;
	tell();
	assert_true(object(POOL)->take.count == 41 && object(POOL)->give.count == 41);
}

static void work(uint32_t slot, uint16_t function, uint16_t flags)
{
	struct mpt_wire_thread *t = fake_thread(&fake, slot);

	t->serves = 1ull << 32 | (POOL + 1);
	t->work = (struct mpt_wire_work){ .function = function, .flags = flags, .object = POOL,
					  .object_generation = 1, .number = 7, .since_ns = 500 };
}

static void a_worker_is_told_with_its_task(void **state)
{
	const struct fact_thread *t;

	(void)state;
	make_pool();
	work(3, 0, 0);
	tell();
	t = thread(3);
	assert_true(t->serves.domain == DOMAIN && t->serves.slot == POOL);
	assert_int_equal(t->serves.generation, 1);
	assert_true(t->task_object.domain == DOMAIN && t->task_object.slot == POOL);
	assert_int_equal(t->task_since_ns, 500);
	assert_int_equal(t->task_number, 7);
	assert_false(t->task_awaited);
	assert_string_equal(t->task, "resize");
	/* Others have none. */
	assert_int_equal(thread(0)->serves.domain, 0);
	assert_int_equal(thread(0)->task_since_ns, 0);
}

static void who_waits_for_a_result_is_told_with_the_task_it_waits_for(void **state)
{
	(void)state;
	make_pool();
	work(3, 1, MPT_WORK_AWAITS);
	tell();
	assert_true(thread(3)->task_awaited);
	/* Names are cleaned. */
	assert_null(strchr(thread(3)->task, '\033'));
}

static void a_task_is_not_told_while_it_changes_or_when_it_is_of_something_else(void **state)
{
	struct mpt_wire_thread *t = fake_thread(&fake, 3);

	(void)state;
	make_pool();
	work(3, 0, 0);
	t->work.seq = 5;
	tell();
	assert_int_equal(thread(3)->task_since_ns, 0);
	t->work.seq = 6;
	t->work.object_generation = 2; /* the slot's next object */
	t->serves = 2ull << 32 | (POOL + 1);
	tell();
	assert_int_equal(thread(3)->task_since_ns, 0);
	assert_int_equal(thread(3)->serves.domain, 0);
	t->work.object_generation = 1;
	t->work.object = 1; /* a lock */
	t->serves = 1ull << 32 | 2;
	tell();
	assert_int_equal(thread(3)->task_since_ns, 0);
	assert_int_equal(thread(3)->serves.domain, 0);
	t->work.object = UINT32_MAX;
	t->serves = UINT64_MAX;
	tell();
	assert_int_equal(thread(3)->task_since_ns, 0);
	assert_int_equal(thread(3)->serves.domain, 0);
}

static void a_thread_that_ended_works_for_nobody(void **state)
{
	(void)state;
	make_pool();
	work(3, 0, 0);
	fake_thread(&fake, 3)->state = MPT_SLOT_ENDED;
	tell();
	assert_int_equal(thread(3)->task_since_ns, 0);
	assert_int_equal(thread(3)->serves.domain, 0);
}

/* Every offset and count is a claim of the observed program. */
static void storage_that_lies_is_never_followed(void **state)
{
	static const uint64_t lies[] = { 1, 4000, 4096, 1ull << 31, 1ull << 39, UINT64_MAX / 2,
					 UINT64_MAX - 64, UINT64_MAX };
	struct mpt_wire_pool *p = make_pool();

	(void)state;
	work(3, 1, 0);
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		p->names_at = lies[i];
		tell();
		assert_true(strnlen(thread(3)->task, FACT_NAME_MAX) < FACT_NAME_MAX);
		p->names_at = 1024;
		p->seats_at = lies[i];
		tell();
		p->seats_at = 2048;
		p->seats = (uint32_t)lies[i];
		p->seat_stride = (uint32_t)lies[i];
		tell();
		p->seats = 2;
		p->seat_stride = 192;
	}
	work(3, 2, 0); /* a function it does not have */
	tell();
	assert_string_equal(thread(3)->task, "");
	assert_int_equal(thread(3)->task_since_ns, 500);
	fake_object(&fake, POOL)->extent = UINT64_MAX;
	tell();
	assert_string_equal(thread(3)->task, "");
	assert_int_equal(object(POOL)->workers_wanted, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(numbers_of_a_pool_come_from_its_storage),
		FRESH(more_is_never_taken_than_was_submitted),
		FRESH(a_worker_is_told_with_its_task),
		FRESH(who_waits_for_a_result_is_told_with_the_task_it_waits_for),
		FRESH(a_task_is_not_told_while_it_changes_or_when_it_is_of_something_else),
		FRESH(a_thread_that_ended_works_for_nobody),
		FRESH(storage_that_lies_is_never_followed),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
