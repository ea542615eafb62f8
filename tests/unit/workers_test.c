/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * workers_test.c - groups of workers: who belongs to one, what is counted.
 */
#include "tests/unit/tell.h"

#include "mpstat/model/store.h"

#include <stdlib.h>

#define SECOND 1000000000ull

static struct model *fresh(void)
{
	struct model *model = model_new(0);
	struct model_filter all = {.all = true};

	assert_non_null(model);
	model_set_filter(model, &all);
	return model;
}

static void begin(struct model *model, uint64_t second)
{
	tell(model, "snapshot-begin source=proc time=%llu", (unsigned long long)(second * SECOND));
	tell(model, "process source=proc time=%llu pid=1 start=1 name=\"init\" state=S",
	     (unsigned long long)(second * SECOND));
}

static void end(struct model *model, uint64_t second)
{
	tell(model, "snapshot-end source=proc time=%llu", (unsigned long long)(second * SECOND));
	model_tick(model, second * SECOND);
}

/* A child of `parent`, whose start is ten times its pid, as its own.  Half a second
 * old when it is first told. */
static void child(struct model *model, unsigned pid, unsigned parent, const char *name,
		  uint64_t second)
{
	tell(model,
	     "process source=proc time=%llu pid=%u start=%u parent=%u:%u name=\"%s\" state=S "
	     "threads=1 started_ns=%llu",
	     (unsigned long long)(second * SECOND), pid, 10 * pid, parent,
	     parent == 1 ? 1 : 10 * parent, name, (unsigned long long)(second * SECOND - SECOND / 2));
}

static size_t count_groups(const struct model *model)
{
	size_t count = 0;

	for (const struct workers *w = NULL; (w = model_next_workers(model, w));)
		count++;
	return count;
}

static const struct workers *only(const struct model *model)
{
	assert_int_equal(count_groups(model), 1);
	return model_next_workers(model, NULL);
}

static void three_of_one_parent_with_one_name_are_a_group(void **state)
{
	struct model *model = fresh();
	const struct workers *w;
	unsigned pid = 20;

	(void)state;
	begin(model, 1);
	child(model, 10, 1, "main", 1);
	child(model, 20, 10, "worker", 1);
	child(model, 21, 10, "worker", 1);
	child(model, 22, 10, "worker", 1);
	child(model, 23, 10, "other", 1);
	child(model, 30, 23, "worker", 1);
	child(model, 31, 23, "worker", 1);
	end(model, 1);
	w = only(model);
	assert_string_equal(w->name, "worker");
	assert_int_equal(w->parent->id.pid, 10);
	assert_int_equal(w->members, 3);
	assert_int_equal(w->sleeping, 3);
	for (const struct process *p = w->first; p; p = p->next_worker) {
		assert_int_equal(p->id.pid, pid++);
		assert_ptr_equal(p->workers, w);
	}
	assert_int_equal(pid, 23);
	assert_null(process_of(model, 23)->workers);
	assert_null(process_of(model, 30)->workers);
	assert_null(process_of(model, 30)->next_worker);
	model_free(model);
}

static void restarts_are_births_after_ends(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, 1);
	child(model, 10, 1, "main", 1);
	for (unsigned pid = 20; pid < 24; pid++)
		child(model, pid, 10, "worker", 1);
	end(model, 1);
	/* Each second the oldest is replaced; from the fourth on there is one more. */
	for (unsigned second = 2; second < 7; second++) {
		begin(model, second);
		child(model, 10, 1, "main", second);
		for (unsigned pid = 19 + second; pid < 23 + second + (second > 3); pid++)
			child(model, pid, 10, "worker", second);
		end(model, second);
	}
	assert_int_equal(only(model)->members, 5);
	assert_int_equal(only(model)->restarts, 5);
	assert_int_equal(only(model)->failures, 0); /* nobody saw how they ended */
	assert_int_equal(only(model)->ended, 5);
	model_free(model);
}

/* Workers that are born and die between two ticks. */
static void what_no_snapshot_saw_is_counted(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, 1);
	child(model, 10, 1, "main", 1);
	for (unsigned pid = 20; pid < 23; pid++)
		child(model, pid, 10, "worker", 1);
	end(model, 1);
	tell(model, "life source=kernel time=1100000000 what=exit process=22:220 exit_code=-11");
	for (unsigned pid = 30; pid < 40; pid++) {
		unsigned long long at = 1100000000ull + pid * 1000;

		tell(model, "life source=kernel time=%llu what=fork process=%u:%u other=10:100 "
			    "name=\"worker\"", at, pid, 10 * pid);
		tell(model, "life source=kernel time=%llu what=exit process=%u:%u exit_code=%d",
		     at + 10, pid, 10 * pid, pid % 2);
	}
	begin(model, 2);
	child(model, 10, 1, "main", 2);
	child(model, 20, 10, "worker", 2);
	child(model, 21, 10, "worker", 2);
	end(model, 2);
	assert_int_equal(only(model)->members, 2);
	assert_int_equal(only(model)->restarts, 10);
	assert_int_equal(only(model)->failures, 6);
	/* Once only. */
	model_tick(model, 3 * SECOND);
	assert_int_equal(only(model)->restarts, 10);
	assert_int_equal(only(model)->failures, 6);
	assert_int_equal(only(model)->ended, 11);
	model_free(model);
}

static void a_group_ends_with_its_parent(void **state)
{
	struct model *model = fresh();

	(void)state;
	begin(model, 1);
	child(model, 10, 1, "main", 1);
	for (unsigned pid = 20; pid < 23; pid++)
		child(model, pid, 10, "worker", 1);
	end(model, 1);
	begin(model, 2);
	child(model, 10, 1, "main", 2);
	end(model, 2);
	assert_int_equal(only(model)->members, 0);
	assert_null(only(model)->first);
	begin(model, 3);
	end(model, 3);
	assert_int_equal(count_groups(model), 0);
	model_free(model);
}

static void a_group_is_matched_when_a_member_is(void **state)
{
	struct model *model = fresh();
	const uint32_t pid = 30;
	struct model_filter filter = {.pids = &pid, .pid_count = 1};

	(void)state;
	begin(model, 1);
	child(model, 10, 1, "main", 1);
	child(model, 11, 1, "main2", 1);
	for (unsigned i = 0; i < 3; i++) {
		child(model, 20 + i, 10, "worker", 1);
		child(model, 30 + i, 11, "worker", 1);
	}
	end(model, 1);
	assert_int_equal(count_groups(model), 2);
	model_set_filter(model, &filter);
	for (const struct workers *w = NULL; (w = model_next_workers(model, w));)
		assert_int_equal(w->matched, w->parent->id.pid == 11);
	model_free(model);
}

static void groups_are_listed_by_parent_and_have_a_bound(void **state)
{
	struct model *model = fresh();
	uint32_t last = 0;

	(void)state;
	begin(model, 1);
	child(model, 10, 1, "main", 1);
	for (unsigned i = 0; i < 3 * (MODEL_WORKERS + 5); i++) {
		char name[32];

		snprintf(name, sizeof(name), "w%u", i / 3);
		child(model, 100 + i, 10, name, 1);
	}
	end(model, 1);
	assert_int_equal(count_groups(model), MODEL_WORKERS);
	assert_int_equal(model_left_out(model), 5);
	for (const struct workers *w = NULL; (w = model_next_workers(model, w));) {
		assert_true(w->parent->id.pid >= last);
		last = w->parent->id.pid;
	}
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_of_one_parent_with_one_name_are_a_group),
		cmocka_unit_test(restarts_are_births_after_ends),
		cmocka_unit_test(what_no_snapshot_saw_is_counted),
		cmocka_unit_test(a_group_ends_with_its_parent),
		cmocka_unit_test(a_group_is_matched_when_a_member_is),
		cmocka_unit_test(groups_are_listed_by_parent_and_have_a_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
