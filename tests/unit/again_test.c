/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * again_test.c - what is told again word for word, or late, gives the same model as
 * what is told anew.
 *
 * Owns: the shortcuts of merge.c, map.c and records.c.  Whole lives: life_test.c.
 */
#include "tests/unit/tell.h"

#include "mpstat/model/store.h"

#define SECOND 1000000000ull
#define KEPT 8

static struct model *fresh(void)
{
	struct model *model = model_new(KEPT);
	struct model_filter all = {.all = true};

	assert_non_null(model);
	model_set_filter(model, &all);
	return model;
}

static void begin(struct model *model, unsigned second)
{
	tell(model, "snapshot-begin source=proc time=%llu", second * SECOND);
}

static void end(struct model *model, unsigned second)
{
	tell(model, "snapshot-end source=proc time=%llu", second * SECOND);
	model_tick(model, second * SECOND);
}

static void tell_worker(struct model *model, unsigned second, unsigned pid)
{
	tell(model, "process source=proc time=%llu pid=%u start=%u name=\"worker\" state=S "
		    "inside=\"do_wait\" cpu_ns=7",
	     second * SECOND, pid, pid * 10);
}

static void what_is_repeated_is_seen_again(void **state)
{
	struct model *model = fresh();
	const struct process *p;

	(void)state;
	for (unsigned second = 1; second < 4; second++) {
		begin(model, second);
		tell_worker(model, second, 5);
		end(model, second);
		p = model_find_pid(model, 5);
		assert_int_equal(p->last_seen_ns, second * SECOND);
		assert_int_equal(p->sources, 1u << FACT_FROM_PROC);
		assert_string_equal(p->waiting_for, "waiting for a child");
		assert_true(second == 1 || p->cpu.per_second == 0);
		assert_false(p->fact.ended);
	}
	begin(model, 4);
	end(model, 4);
	assert_true(model_find_pid(model, 5)->fact.ended);
	model_free(model);
}

static void a_repeated_row_takes_back_what_an_event_said(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, 1);
	tell_worker(model, 1, 5);
	end(model, 1);
	tell(model, "life source=kernel time=1500000000 what=exec process=5:50 name=\"other\"");
	assert_string_equal(model_find_pid(model, 5)->fact.name, "other");
	begin(model, 2);
	tell_worker(model, 2, 5);
	end(model, 2);
	assert_string_equal(model_find_pid(model, 5)->fact.name, "worker");
	model_free(model);
}

static void an_end_is_not_undone_by_a_repeated_row(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, 1);
	tell_worker(model, 1, 5);
	end(model, 1);
	tell(model, "life source=kernel time=1500000000 what=exit process=5:50 exit_code=3");
	begin(model, 2);
	tell_worker(model, 2, 5);
	end(model, 2);
	assert_false(process_lives(model_find_pid(model, 5)));
	assert_int_equal(model_find_pid(model, 5)->fact.exit_code, 3);
	model_free(model);
}

/* The order of arrival is that of the first snapshot, the list that of numbers. */
static void rows_are_found_in_any_order(void **state)
{
	static const unsigned orders[][4] = {{9, 3, 7, 5}, {3, 5, 7, 9}, {9, 7, 5, 3}, {5, 0, 0, 9}};
	static const size_t counts[] = {4, 4, 4, 2};
	struct model *model = fresh();

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const struct process *p = NULL;
		uint32_t last = 0;
		size_t live = 0;

		begin(model, i + 1);
		for (unsigned k = 0; k < 4; k++)
			if (orders[i][k])
				tell_worker(model, i + 1, orders[i][k]);
		end(model, i + 1);
		while ((p = model_next_process(model, p))) {
			assert_true(p->id.pid > last);
			last = p->id.pid;
			live += !p->fact.ended;
		}
		assert_int_equal(live, counts[i]);
	}
	model_free(model);
}

static void tell_record(struct model *model, unsigned time)
{
	tell(model, "record source=segment time=%u process=7:1 op=lock.hold", time);
}

static void expect_times(const struct model *model, unsigned first)
{
	for (size_t i = 0; i < KEPT; i++)
		assert_int_equal(model_record(model, i)->time_ns, first + i);
	assert_null(model_record(model, KEPT));
}

static void records_told_late_find_their_place_and_their_name(void **state)
{
	struct model *model = fresh();

	(void)state;
	for (unsigned time = 100; time < 120; time++)
		if (time != 115 && time != 116)
			tell_record(model, time);
	model_tick(model, SECOND);
	tell_record(model, 120); /* in order, then not */
	tell_record(model, 116);
	tell_record(model, 115);
	tell(model, "process source=segment pid=7 start=1 name=\"late\" domain=d1");
	model_tick(model, 2 * SECOND);
	expect_times(model, 113);
	for (size_t i = 0; i < KEPT; i++)
		assert_string_equal(model_record(model, i)->process_name,
				    i == 2 || i == 3 || i == 7 ? "late" : "");
	for (unsigned time = 121; time < 124; time++)
		tell_record(model, time);
	model_tick(model, 3 * SECOND);
	expect_times(model, 116);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_repeated_is_seen_again),
		cmocka_unit_test(a_repeated_row_takes_back_what_an_event_said),
		cmocka_unit_test(an_end_is_not_undone_by_a_repeated_row),
		cmocka_unit_test(rows_are_found_in_any_order),
		cmocka_unit_test(records_told_late_find_their_place_and_their_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
