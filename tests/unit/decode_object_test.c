/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_object_test.c - objects and who used them: what a valid segment says is
 * what the facts say, exactly.
 */
#include "tests/unit/decoding.h"

#include "libtrace/contract/wire_heap.h"

#include <fcntl.h>

/* ---- objects ---------------------------------------------------------------------- */

static void an_owner_is_the_thread_in_the_lock_word(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 1);

	(void)state;
	o->take.lock = MPT_LOCK_WORD(3, 1) | MPT_LOCK_WAITERS;
	o->owner_since_ns = 42;
	o->hold_ns = 43;
	o->hold_max_ns = 44;
	tell();
	assert_true(object(1)->held);
	assert_int_equal(object(1)->owner_slot, 3);
	assert_int_equal(object(1)->owner_generation, 1);
	assert_int_equal(object(1)->owner_since_ns, 42);
	assert_int_equal(object(1)->hold_ns, 43);
	assert_int_equal(object(1)->hold_max_ns, 44);
	assert_false(object(3)->held);
}

static void a_lock_word_with_waiters_alone_is_free(void **state)
{
	(void)state;
	fake_object(&fake, 1)->take.lock = MPT_LOCK_WAITERS;
	tell();
	assert_false(object(1)->held);
}

static void a_queue_whose_side_is_busy_is_not_held(void **state)
{
	(void)state;
	fake_object(&fake, 0)->take.lock = MPT_LOCK_WORD(3, 1);
	tell();
	assert_false(object(0)->held);
}

static void a_condition_is_told_with_its_lock(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 2);

	(void)state;
	o->kind = MPT_KIND_CONDITION;
	o->pair = 1;
	o->pair_generation = 7;
	tell();
	assert_int_equal(object(2)->lock.domain, DOMAIN);
	assert_int_equal(object(2)->lock.slot, 1);
	assert_int_equal(object(2)->lock.generation, 7);
	o->pair = MPT_REF_NONE;
	tell();
	assert_int_equal(object(2)->lock.domain, 0);
	o->pair = (1ull << 32) + 1;
	tell();
	assert_int_equal(object(2)->lock.domain, 0);
}

static void sides_and_histograms_are_told_as_they_are(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);
	const struct fact_object *f;

	(void)state;
	o->give = (struct mpt_wire_side){ .index = 23, .bytes = 230, .waits = 3, .wait_ns = 4,
					  .wait_max_ns = 5, .timeouts = 6 };
	o->take = (struct mpt_wire_side){ .index = 17, .bytes = 170, .waits = 7, .wait_ns = 8,
					  .wait_max_ns = 9, .timeouts = 10 };
	o->give.wait.bucket[39] = 11;
	o->take.wait.bucket[0] = 12;
	o->hold.bucket[20] = 13;
	o->recovered = 2;
	o->recovered_pid = 99;
	o->recovered_ns = 100;
	o->lost = 1;
	tell();
	f = object(0);
	assert_int_equal(f->kind, MPT_KIND_QUEUE);
	assert_int_equal(f->capacity, 8);
	assert_int_equal(f->give.count, 23);
	assert_int_equal(f->give.bytes, 230);
	assert_int_equal(f->give.waits, 3);
	assert_int_equal(f->give.wait_ns, 4);
	assert_int_equal(f->give.wait_max_ns, 5);
	assert_int_equal(f->give.timeouts, 6);
	assert_int_equal(f->take.count, 17);
	assert_int_equal(f->take.timeouts, 10);
	assert_int_equal(f->give.wait.bucket[39], 11);
	assert_int_equal(f->take.wait.bucket[0], 12);
	assert_int_equal(f->hold.bucket[20], 13);
	assert_int_equal(f->recovered, 2);
	assert_int_equal(f->recovered_pid, 99);
	assert_int_equal(f->lost, 1);
	assert_int_equal(f->creator.pid, getpid());
}

static void the_oldest_item_is_the_one_to_be_taken_next(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);
	struct mpt_wire_message *m = fake_arena(&fake, o->extent);

	(void)state;
	for (int i = 0; i < 8; i++)
		m[i].time_ns = 100 + (uint64_t)i;
	o->give.index = 23;
	o->take.index = 17;
	tell();
	assert_int_equal(object(0)->oldest_ns, 100 + 17 % 8);
	o->take.index = 23;
	tell();
	assert_int_equal(object(0)->oldest_ns, 0); /* empty */
}

static void storage_that_lies_has_no_oldest_item(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);

	(void)state;
	o->give.index = 5;
	o->slots = 1u << 20; /* more than the storage holds */
	tell();
	assert_int_equal(object(0)->oldest_ns, 0);
	o->slots = 8;
	o->extent = UINT64_MAX;
	tell();
	assert_int_equal(object(0)->oldest_ns, 0);
}

/* A manager's memory begins with what it says of itself. */
static struct mpt_wire_heap *a_manager(struct mpt_wire_object *o)
{
	o->kind = MPT_KIND_MANAGER;
	o->extent = 2ull << 32 | (uint32_t)o->extent; /* and the next one's block */
	return fake_arena(&fake, o->extent);
}

static void a_manager_tells_what_it_holds(void **state)
{
	struct mpt_wire_heap *heap = a_manager(fake_object(&fake, 0));

	(void)state;
	tell();
	assert_int_equal(object(0)->items, 0); /* not made yet */
	heap->layout = 1;
	heap->used = 1000;
	heap->containers = 3;
	heap->items = 77;
	heap->changes = 5;
	heap->collected = 2;
	heap->stripe[0].changes = 10;
	heap->stripe[MPT_HEAP_STRIPES - 1].changes = 100;
	heap->tally[0].reads = 7;
	heap->tally[MPT_HEAP_TALLIES - 1].reads = 70;
	tell();
	assert_int_equal(object(0)->used_bytes, 1000);
	assert_int_equal(object(0)->containers, 3);
	assert_int_equal(object(0)->items, 77);
	assert_int_equal(object(0)->changes, 115);
	assert_int_equal(object(0)->collected, 2);
	assert_int_equal(object(0)->reads, 77);
}

static void a_manager_whose_memory_lies_outside_holds_nothing(void **state)
{
	static const uint64_t lies[] = { 0, 1, UINT64_MAX, 1ull << 32 | 1, 2ull << 32 | 0xfffffffe };
	struct mpt_wire_object *o = fake_object(&fake, 3);

	(void)state;
	a_manager(o)->layout = 1;
	a_manager(o)->items = 5;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		o->extent = lies[i];
		tell();
		assert_int_equal(object(3)->items, 0);
	}
}

/* ---- memory ----------------------------------------------------------------------- */

static void memory_is_mapped_by_the_living_on_its_list_each_once(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);
	uint64_t *list = fake_arena(&fake, o->extent);

	(void)state;
	o->kind = MPT_KIND_MEMORY;
	o->capacity_bytes = 1u << 30;
	tell();
	assert_int_equal(object(0)->mapped_by, 0);
	assert_int_equal(object(0)->capacity_bytes, 1u << 30);
	list[0] = MPT_HOLDER(0, 1, 7);
	list[1] = MPT_HOLDER(0, 1, 8);			/* the same process once more */
	list[3] = MPT_HOLDER(0, 2, 9);			/* another one that had its slot */
	list[4] = MPT_HOLDER(1, 1, 3);			/* killed */
	list[5] = MPT_HOLDER(65535, 1, 3);		/* nobody */
	list[MPT_HOLDERS - 1] = MPT_HOLDER(0, 1, 65535); /* us again */
	tell();
	assert_int_equal(object(0)->mapped_by, 1);
	fake_object(&fake, 0)->kind = MPT_KIND_QUEUE;
	tell();
	assert_int_equal(object(0)->mapped_by, 0);
}

static void a_list_of_holders_that_lies_is_not_read(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 0);
	uint64_t honest = o->extent;

	(void)state;
	o->kind = MPT_KIND_MEMORY;
	memset(fake_arena(&fake, o->extent), 0xff, MPT_BLOCK);
	tell();
	assert_int_equal(object(0)->mapped_by, 0);
	for (uint64_t bit = 1; bit; bit *= 2) {
		o->extent = honest ^ bit;
		tell();
	}
	o->extent = UINT64_MAX;
	tell();
	assert_int_equal(object(0)->mapped_by, 0);
}

static void a_value_says_whose_lock_guards_it(void **state)
{
	struct mpt_wire_object *o = fake_object(&fake, 2);

	(void)state;
	o->kind = MPT_KIND_VALUE;
	o->pair = 2;
	o->pair_generation = 1;
	o->take.lock = MPT_LOCK_WORD(3, 1);
	o->owner_again = 1;
	tell();
	assert_int_equal(object(2)->guard.domain, 0);
	assert_false(object(2)->unguarded);
	assert_true(object(2)->held);
	assert_int_equal(object(2)->owner_times, 2);
	o->pair = 1;
	o->pair_generation = 9;
	tell();
	assert_int_equal(object(2)->guard.domain, DOMAIN);
	assert_int_equal(object(2)->guard.slot, 1);
	assert_int_equal(object(2)->guard.generation, 9);
	o->pair = MPT_REF_NONE;
	tell();
	assert_true(object(2)->unguarded);
	assert_int_equal(object(2)->guard.domain, 0);
	o->pair = UINT64_MAX; /* no slot of this segment */
	tell();
	assert_false(object(2)->unguarded);
	assert_int_equal(object(2)->guard.domain, 0);
}

static void names_are_cleaned(void **state)
{
	static const char escape[] = "a\033[31m\n\xff\xc2\x9b" "b";

	(void)state;
	memcpy(fake_object(&fake, 0)->name, escape, sizeof(escape));
	memcpy(fake_process(&fake, 0)->name, escape, sizeof(escape));
	memcpy(fake_thread(&fake, 0)->name, escape, sizeof(escape));
	memcpy(fake.header->name, escape, sizeof(escape));
	memcpy(fake_object(&fake, 0)->site_module, escape, sizeof(escape));
	memset(fake_object(&fake, 1)->name, 'n', MPT_NAME_MAX); /* without its NUL */
	tell();
	assert_string_equal(object(0)->name, "a?[31m???b");
	assert_string_equal(object(0)->site, "a?[31m???b+0x0");
	assert_string_equal(fact_log_process(&facts, (uint32_t)getpid())->name, "a?[31m???b");
	assert_string_equal(thread(0)->name, "a?[31m???b");
	assert_string_equal(fact_log_get(&facts, FACT_DOMAIN, 0)->u.domain.name, "a?[31m???b");
	assert_int_equal(strlen(object(1)->name), MPT_NAME_MAX);
}

static void an_unknown_kind_is_told(void **state)
{
	(void)state;
	fake_object(&fake, 0)->kind = 200;
	tell();
	assert_int_equal(object(0)->kind, 200);
}

static void a_retired_object_is_told_only_after_the_end(void **state)
{
	(void)state;
	fake_object(&fake, 0)->state = MPT_SLOT_ENDED;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 3);
	reading.post_mortem = true;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 4);
}

/* ---- the ledger ------------------------------------------------------------------- */

static void count(uint32_t slot, size_t row, uint32_t of, uint64_t gives, uint64_t takes)
{
	fake_uses(&fake, slot)[row] = (struct mpt_wire_use){ .object = of,
							     .object_generation = 1,
							     .gives = gives,
							     .takes = takes,
							     .last_ns = gives + takes };
}

static void uses_are_summed_over_the_threads_of_a_process(void **state)
{
	const struct fact_use *u;

	(void)state;
	count(0, 0, 0, 5, 2);
	count(0, 1, 2, 1, 0);
	count(3, 0, 0, 10, 20);
	count(1, 0, 0, 100, 0);
	tell();
	u = use((uint32_t)getpid(), 0);
	assert_int_equal(u->gives, 15);
	assert_int_equal(u->takes, 22);
	assert_int_equal(u->last_ns, 30);
	assert_int_equal(use((uint32_t)getpid(), 2)->gives, 1);
	assert_int_equal(use(FAKE_PID(1), 0)->gives, 100);
	assert_int_equal(fact_log_count(&facts, FACT_USE), 3);
}

static void a_full_table_of_uses_is_read_to_its_end(void **state)
{
	(void)state;
	for (size_t i = 0; i < MPT_USES; i++)
		count(0, i, i % 4, 1, 0);
	tell();
	assert_int_equal(use((uint32_t)getpid(), 3)->gives, MPT_USES / 4);
}

static void uses_of_an_earlier_object_in_the_slot_are_not_told(void **state)
{
	(void)state;
	count(0, 0, 0, 5, 2);
	fake_object(&fake, 0)->generation = 2;
	tell();
	assert_null(use((uint32_t)getpid(), 0));
}

static void operation(uint32_t slot, uint16_t op, enum mpt_oprec_phase phase, uint64_t arg,
		      uint64_t total)
{
	fake_thread(&fake, slot)->oprec[0] = (struct mpt_wire_oprec){ .phase = phase,
								      .op = op,
								      .use = 0,
								      .object = 0,
								      .object_generation = 1,
								      .arg = arg,
								      .count = total };
}

static void what_the_dead_took_but_did_not_get_is_lost(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 7);
	fake_object(&fake, 0)->take.index = 7;
	fake_object(&fake, 0)->lost = 2; /* of earlier dead */
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_COMMITTED, 6, 7);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 1);
	assert_int_equal(use(FAKE_PID(1), 0)->takes, 7);
	assert_int_equal(object(0)->lost, 3);
}

static void a_death_between_commit_and_mark_is_settled(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 6);
	fake_object(&fake, 0)->take.index = 7;
	fake_object(&fake, 0)->take.lock = MPT_LOCK_WORD(1, 1) | MPT_LOCK_WAITERS;
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_INTENT, 6, 7);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->takes, 7);
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 1);
	assert_int_equal(object(0)->lost, 1);
	/* Whoever took the side over died while settling: still as the first left it. */
	fake_object(&fake, 0)->take.lock = MPT_LOCK_WORD(2, 1);
	tell();
	assert_int_equal(object(0)->lost, 1);
}

/* Somebody alive has the side: it may have taken that very unit.  He will mark it. */
static void a_death_that_is_being_settled_is_not_judged(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 6);
	fake_object(&fake, 0)->take.index = 7;
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_INTENT, 6, 7);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 0);
	fake_object(&fake, 0)->take.lock = MPT_LOCK_WORD(3, 1);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 0);
	assert_int_equal(use(FAKE_PID(1), 0)->takes, 6);
}

static void what_a_pipe_misses_is_lost(void **state)
{
	(void)state;
	fake_object(&fake, 0)->missing = 3;
	tell();
	assert_int_equal(object(0)->lost, 0); /* a queue has no such thing */
	fake_object(&fake, 0)->kind = MPT_KIND_PIPE;
	fake_object(&fake, 0)->lost = 1;
	tell();
	assert_int_equal(object(0)->lost, 4);
}

static void a_death_before_the_commit_loses_nothing(void **state)
{
	(void)state;
	count(1, 0, 0, 0, 6);
	fake_object(&fake, 0)->take.index = 6;
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_INTENT, 6, 7);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->takes, 6);
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 0);
	operation(1, MPT_OP_QUEUE_GET, MPT_OPREC_ABORTED, 5, 7);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 0);
}

static void a_put_of_the_dead_counts_once_committed(void **state)
{
	(void)state;
	count(1, 0, 0, 4, 0);
	fake_object(&fake, 0)->give.index = 5;
	fake_object(&fake, 0)->give.lock = MPT_LOCK_WORD(1, 1);
	operation(1, MPT_OP_QUEUE_PUT, MPT_OPREC_INTENT, 4, 5);
	tell();
	assert_int_equal(use(FAKE_PID(1), 0)->gives, 5);
	assert_int_equal(use(FAKE_PID(1), 0)->lost, 0);
	assert_int_equal(object(0)->lost, 0);
}

static void the_living_lose_nothing(void **state)
{
	(void)state;
	count(0, 0, 0, 0, 7);
	fake_object(&fake, 0)->take.index = 7;
	operation(0, MPT_OP_QUEUE_GET, MPT_OPREC_COMMITTED, 6, 7);
	tell();
	assert_int_equal(use((uint32_t)getpid(), 0)->lost, 0);
	assert_int_equal(object(0)->lost, 0);
}

/* ---- a newer minor version --------------------------------------------------------- */

static void slots_of_a_newer_minor_are_read_by_their_stride(void **state)
{
	static const uint32_t wider[] = { 8, 104, 4096, 200000 };
	struct fake_shape shape = usual;

	(void)state;
	for (size_t i = 0; i < sizeof(wider) / sizeof(wider[0]); i++) {
		fake_free(&fake);
		shape.wider = wider[i];
		assert_true(fake_make(&fake, &shape));
		count(3, 0, 2, 1, 2);
		fake_thread(&fake, 3)->wait = (struct mpt_wire_wait){ .seq = 2,
								      .op = MPT_OP_QUEUE_GET,
								      .object = 2,
								      .since_ns = 5 };
		tell();
		assert_int_equal(fact_log_count(&facts, FACT_PROCESS), 3);
		assert_int_equal(fact_log_count(&facts, FACT_THREAD), 4);
		assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 4);
		assert_string_equal(object(3)->name, "object-3");
		assert_int_equal(thread(3)->wait_since_ns, 5);
		assert_int_equal(use((uint32_t)getpid(), 2)->takes, 2);
	}
}

static void objects_of_an_older_minor_lack_what_it_did_not_have(void **state)
{
	struct fake_shape shape = usual;

	(void)state;
	fake_free(&fake);
	shape.old = true;
	assert_true(fake_make(&fake, &shape));
	/* What follows the slot is the next one's, not its own. */
	fake_object(&fake, 0)->kind = MPT_KIND_JOINABLEQUEUE;
	fake_object(&fake, 1)->take.index = 7;
	tell();
	assert_int_equal(fact_log_count(&facts, FACT_OBJECT), 4);
	assert_string_equal(object(3)->name, "object-3");
	assert_int_equal(object(1)->take.count, 7);
	assert_int_equal(object(0)->finishes, 0);
	assert_int_equal(object(0)->abandoned, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FRESH(an_owner_is_the_thread_in_the_lock_word),
		FRESH(a_lock_word_with_waiters_alone_is_free),
		FRESH(a_queue_whose_side_is_busy_is_not_held),
		FRESH(a_condition_is_told_with_its_lock),
		FRESH(sides_and_histograms_are_told_as_they_are),
		FRESH(the_oldest_item_is_the_one_to_be_taken_next),
		FRESH(storage_that_lies_has_no_oldest_item),
		FRESH(a_manager_tells_what_it_holds),
		FRESH(a_manager_whose_memory_lies_outside_holds_nothing),
		FRESH(memory_is_mapped_by_the_living_on_its_list_each_once),
		FRESH(a_list_of_holders_that_lies_is_not_read),
		FRESH(a_value_says_whose_lock_guards_it),
		FRESH(names_are_cleaned),
		FRESH(an_unknown_kind_is_told),
		FRESH(a_retired_object_is_told_only_after_the_end),
		FRESH(uses_are_summed_over_the_threads_of_a_process),
		FRESH(a_full_table_of_uses_is_read_to_its_end),
		FRESH(uses_of_an_earlier_object_in_the_slot_are_not_told),
		FRESH(what_the_dead_took_but_did_not_get_is_lost),
		FRESH(a_death_between_commit_and_mark_is_settled),
		FRESH(a_death_that_is_being_settled_is_not_judged),
		FRESH(what_a_pipe_misses_is_lost),
		FRESH(a_death_before_the_commit_loses_nothing),
		FRESH(a_put_of_the_dead_counts_once_committed),
		FRESH(the_living_lose_nothing),
		FRESH(slots_of_a_newer_minor_are_read_by_their_stride),
		FRESH(objects_of_an_older_minor_lack_what_it_did_not_have),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
