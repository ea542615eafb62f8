/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fields_test.c - the field table itself, its texts and its order.
 */
#include "tests/unit/tell.h"

#include "libtrace/contract/vocab.h"

#include <ctype.h>
#include <stdlib.h>

#define SECOND 1000000000ull

static const struct {
	enum field_unit unit;
	const char *suffix;
} suffixes[] = {
	{UNIT_NS, "_ns"},		{UNIT_AGE, "_ns"},	     {UNIT_TIME, "_ns"},
	{UNIT_PER_SECOND, "_per_s"},	{UNIT_PERCENT, "_percent"},
};

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), tail = strlen(end);

	return length >= tail && !strcmp(text + length - tail, end);
}

static void check_key(const struct field *field)
{
	for (const char *c = field->key; *c; c++)
		assert_true(islower((unsigned char)*c) || isdigit((unsigned char)*c) || *c == '_');
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		if (field->unit == suffixes[i].unit && !ends_with(field->key, suffixes[i].suffix))
			fail_msg("%s has a unit that its key does not tell", field->key);
	}
	if (field->unit == UNIT_BYTES && !strstr(field->key, "_bytes"))
		fail_msg("%s is in bytes and does not say so", field->key);
}

static void every_row_is_whole_and_its_key_is_unique_and_tells_the_unit(void **state)
{
	(void)state;
	assert_true(field_count > 100);
	for (size_t i = 0; i < field_count; i++) {
		const struct field *field = &fields[i];

		assert_true(field->entity < ENTITY_COUNT);
		assert_non_null(field->get);
		assert_true(strlen(field->help) > 5);
		assert_false(ends_with(field->help, "."));
		assert_in_range(field->width, 1, 60);
		if (strlen(field->title) > field->width)
			fail_msg("%s: the title %s is wider than the column", field->key, field->title);
		check_key(field);
		assert_ptr_equal(field_find(field->entity, field->key), field);
		assert_false(field->flags & FIELD_COUNTER && field->flags & FIELD_GAUGE);
		if (field->flags & (FIELD_COUNTER | FIELD_GAUGE))
			assert_int_not_equal(field->unit, UNIT_NONE);
		assert_true(!field->traits || field->entity == ENTITY_OBJECT);
	}
	assert_null(field_find(ENTITY_PROCESS, "nothing"));
}

static void every_entity_has_an_identity(void **state)
{
	(void)state;
	for (int entity = 0; entity < ENTITY_COUNT; entity++) {
		int ids = 0;

		for (size_t i = 0; i < field_count; i++)
			ids += (int)fields[i].entity == entity && fields[i].flags & FIELD_ID;
		assert_true(ids > 0);
	}
}

static struct model *world(void)
{
	struct model *model = model_new(10);

	assert_non_null(model);
	for (int round = 1; round < 3; round++) {
		uint64_t now = (uint64_t)round * SECOND;

		tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
		tell(model, "domain source=segment domain=d1 name=\"demo\" created_ns=5");
		tell(model, "process source=segment pid=10 start=1 domain=d1 slot=0 generation=1 "
			    "name=\"main\" threads=1 started_ns=500000000");
		tell(model, "thread source=segment process=10:1 tid=10 domain=d1 slot=0 "
			    "generation=1 wait_op=lock.acquire wait_object=d1:1.1 wait_since_ns=9");
		tell(model, "object source=segment id=d1:1.1 kind=lock name=\"A\" held=yes "
			    "owner_slot=0 owner_generation=1 owner_since_ns=%d takes=8 take_waits=2 "
			    "take_wait_max_ns=3000 take_wait=11:2 hold=10:8", 1000);
		tell(model, "object source=segment id=d1:2.1 kind=queue name=\"jobs\" capacity=8 "
			    "gives=6 takes=4 lost=1 give_bytes=600 take_bytes=400 oldest_ns=7");
		tell(model, "use source=segment process=10:1 object=d1:2.1 gives=6 takes=4 lost=1");
		tell(model, "record source=segment time=77 process=10:1 tid=10 domain=d1 "
			    "object=d1:2.1 op=queue.put value=6 span=50");
		tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
		model_tick(model, now);
	}
	return model;
}

static void expect(const struct model *model, enum entity entity, const void *row,
		   const char *const *pairs)
{
	char buf[256];

	for (; *pairs; pairs += 2) {
		const char *text = shown(model, entity, pairs[0], row, buf);

		if (strcmp(text, pairs[1]))
			fail_msg("%s is %s, not %s", pairs[0], text, pairs[1]);
	}
}

static void a_person_reads_what_was_told(void **state)
{
	static const char *const process[] = {
		"pid", "10", "name", "main", "state", "-", "verdict", "stuck", "age_ns", "1.5s",
		"waiting_for", "waiting for lock `A` held by itself for 1.9s", "domain", "demo",
		"cpu_percent", "-", "exit_code", "-", "daemon", "no", "domain_id",
		"00000000000000d1", "sources", "segment", "blocked_threads", "1", NULL};
	static const char *const lock[] = {
		"name", "A", "kind", "lock", "holder", "main (10)", "holder_pid", "10",
		"held_for_ns", "1.9s", "waiters", "1", "acquisitions", "8", "contended_percent",
		"25", "wait_p50_ns", "3.0us", "wait_max_ns", "3.0us", "hold_p50_ns", "1.5us",
		"acquisitions_per_s", "0", "verdict", "stuck", "id", "00000000000000d1:1.1", NULL};
	static const char *const queue[] = {
		"depth", "2", "capacity", "8", "fill_percent", "25", "depth_bytes", "200B", "puts",
		"6", "gets", "3", "lost", "1", "oldest_age_ns", "1.9s", "put_wait_p50_ns", "-", NULL};
	static const char *const use[] = {"object", "jobs", "process", "main", "puts", "6",
					  "gets",   "3",    "lost",    "1",    "ended", "no", NULL};
	static const char *const thread[] = {"pid", "10", "tid", "10", "wait_op", "lock.acquire",
					     "blocker", "main (10)", "wait_ns", "1.9s", NULL};
	static const char *const record[] = {"op", "put", "object", "jobs", "process", "main",
					     "result", "ok", "wait_ns", "50ns", "hold_ns", "-",
					     "phase", "end", "time", "0.000000", NULL};
	struct model *model = world();

	(void)state;
	expect(model, ENTITY_PROCESS, process_of(model, 10), process);
	expect(model, ENTITY_OBJECT, object_of(model, 1), lock);
	expect(model, ENTITY_OBJECT, object_of(model, 2), queue);
	expect(model, ENTITY_USE, object_of(model, 2)->first_use, use);
	expect(model, ENTITY_THREAD, process_of(model, 10)->first_thread, thread);
	expect(model, ENTITY_RECORD, model_record(model, 0), record);
	expect(model, ENTITY_FINDING, found(model, "self-deadlock"),
	       (const char *const[]){"severity", "problem", "detector", "self-deadlock", "sentence",
				     "Deadlock: main (pid 10) waits for lock `A`, which it holds "
				     "itself", NULL});
	expect(model, ENTITY_DOMAIN, model_next_domain(model, NULL),
	       (const char *const[]){"name", "demo", "processes", "1", "objects", "2",
				     "records_off", "no", NULL});
	model_free(model);
}

/* Tells an object of one kind, and what a person reads of it. */
static void expect_state(const char *object, const char *const *pairs)
{
	struct model *model = model_new(0);

	tell(model, "snapshot-begin source=segment time=%llu", SECOND);
	tell(model, "process source=segment pid=10 start=1 domain=d1 slot=0 generation=1 "
		    "name=\"main\" threads=1");
	tell(model, "thread source=segment process=10:1 tid=10 domain=d1 slot=0 generation=1");
	tell(model, "object source=segment id=d1:2.5 kind=lock name=\"L\"");
	tell(model, "object source=segment id=d1:1.1 %s", object);
	tell(model, "snapshot-end source=segment time=%llu", SECOND);
	model_tick(model, SECOND);
	expect(model, ENTITY_OBJECT, object_of(model, 1), pairs);
	model_free(model);
}

static void the_state_of_memory_is_whose_lock_or_in_whom_it_is(void **state)
{
	(void)state;
	expect_state("kind=value capacity=1 capacity_bytes=8",
		     (const char *const[]){"state", "-", "guard", "-", "size_bytes", "8B",
					   "elements", "1", NULL});
	expect_state("kind=value capacity=1 held=yes owner_slot=0 owner_generation=1 owner_times=2",
		     (const char *const[]){"state", "main (10) x2", "holder_pid", "10", NULL});
	expect_state("kind=array capacity=100 capacity_bytes=4096 guard=d1:2.5",
		     (const char *const[]){"state", "(by `L`)", "guard", "L", "elements", "100",
					   "size_bytes", "4.0K", NULL});
	expect_state("kind=array guard=d1:2.4",
		     (const char *const[]){"state", "(by an ended lock)", "guard", "(ended)", NULL});
	expect_state("kind=value unguarded=yes",
		     (const char *const[]){"state", "(no lock)", "guard", "(none)", NULL});
	expect_state("kind=memory capacity_bytes=67108864 mapped_by=3",
		     (const char *const[]){"state", "(64M in 3 processes)", "mapped_by", "3",
					   "size_bytes", "64M", "kind", "shared memory", NULL});
	expect_state("kind=memory capacity_bytes=1 mapped_by=1",
		     (const char *const[]){"state", "(1B in 1 process)", NULL});
	expect_state("kind=lock", (const char *const[]){"size_bytes", "-", "state", "-", NULL});
}

static struct value u64(uint64_t number)
{
	return (struct value){.type = VALUE_U64, .u.u64 = number};
}

static void values_have_an_order_that_a_double_would_lose(void **state)
{
	struct value none = {.type = VALUE_NONE}, a = u64((1ull << 53) + 1), b = u64(1ull << 53);
	struct value text = {.type = VALUE_TEXT, .u.text = "x"};
	struct value half = {.type = VALUE_F64, .u.f64 = 0.5};
	struct value minus = {.type = VALUE_I64, .u.i64 = -9};

	(void)state;
	assert_true(value_compare(&a, &b) > 0);
	assert_true(value_compare(&b, &a) < 0);
	assert_int_equal(value_compare(&a, &a), 0);
	assert_true(value_compare(&minus, &half) < 0);
	assert_true(value_compare(&half, &a) < 0);
	assert_true(value_compare(&a, &text) < 0);
	assert_true(value_compare(&none, &text) > 0);
	assert_true(value_order(&none, &a, false) > 0);
	assert_true(value_order(&none, &a, true) > 0);
	assert_true(value_order(&a, &none, true) < 0);
	assert_true(value_order(&a, &b, true) < 0);
}

static void text_that_does_not_fit_is_cut_at_a_character(void **state)
{
	const struct field *field = field_find(ENTITY_PROCESS, "name");
	struct value value = {.type = VALUE_TEXT, .u.text = "ab\xc3\xbc"};
	char buf[4];

	(void)state;
	assert_string_equal(field_text(field, &value, buf, sizeof(buf)), "ab");
}

/* The same facts and ticks: the same answers, pointers apart. */
static void the_same_facts_give_the_same_bytes(void **state)
{
	struct model *one = world(), *two = world();
	const struct object *a = NULL, *b = NULL;

	(void)state;
	while ((a = model_next_object(one, a))) {
		b = model_next_object(two, b);
		assert_non_null(b);
		for (size_t i = 0; i < field_count; i++) {
			char x[256], y[256];

			if (fields[i].entity != ENTITY_OBJECT)
				continue;
			shown(one, ENTITY_OBJECT, fields[i].key, a, x);
			assert_string_equal(shown(two, ENTITY_OBJECT, fields[i].key, b, y), x);
		}
	}
	assert_int_equal(model_finding_count(one), model_finding_count(two));
	for (size_t i = 0; i < model_finding_count(one); i++)
		assert_memory_equal(model_finding(one, i), model_finding(two, i),
				    sizeof(struct finding));
	model_free(one);
	model_free(two);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_whole_and_its_key_is_unique_and_tells_the_unit),
		cmocka_unit_test(every_entity_has_an_identity),
		cmocka_unit_test(a_person_reads_what_was_told),
		cmocka_unit_test(the_state_of_memory_is_whose_lock_or_in_whom_it_is),
		cmocka_unit_test(values_have_an_order_that_a_double_would_lose),
		cmocka_unit_test(text_that_does_not_fit_is_cut_at_a_character),
		cmocka_unit_test(the_same_facts_give_the_same_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
