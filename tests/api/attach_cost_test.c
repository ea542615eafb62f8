/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attach_cost_test.c - the first call of a process in a domain where thousands have been: what
 * it costs, and whose place it takes.  What is counted are instructions, not time.
 *
 * Does not own: kills in it (step_attach_test.c).
 */
#include "tests/api/full.h"
#include "tests/api/step.h"

/* ---- what it costs ---------------------------------------------------------------------- */

static uint64_t instructions(void)
{
	pid_t pid = victim(full_first_call, NULL, false);
	uint64_t n = 0;

	do
		n += step_is_ours(pid);
	while (step(pid, 1));
	return n;
}

static uint64_t cost(const char *when)
{
	uint64_t n = instructions();

	printf("# note: a first call %s: %llu instructions\n", when, (unsigned long long)n);
	return n;
}

static void a_first_call_costs_no_more_where_all_tables_are_full(void **state)
{
	uint64_t most;
	cpu_set_t before;

	(void)state;
	full_first_call(NULL);
	share_one_processor(&before);
	most = cost("with empty tables") * 3 / 2;
	full_of_rings();
	assert_true(cost("with no ring left") < most);
	full_of(MPT_SEC_PROCESSES);
	assert_true(cost("with no process slot left") < most);
	full_of(MPT_SEC_THREADS);
	assert_true(cost("with no slot left") < most);
	sched_setaffinity(0, sizeof(before), &before);
}

/* ---- whose slots are taken ---------------------------------------------------------------- */

#define LAST 100

static void who_ended_last_stays_readable_longest(void **state)
{
	pid_t last[LAST];

	(void)state;
	full_first_call(NULL);
	full_of(MPT_SEC_THREADS);
	for (int i = 0; i < LAST; i++)
		last[i] = full_one_more_dead();
	for (int i = 0; i < LAST; i++) {
		const struct mpt_wire_thread *t = segment_thread(last[i]);

		assert_non_null(segment_process(last[i]));
		assert_non_null(t);
		assert_true(t->extent && t->head > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_first_call_costs_no_more_where_all_tables_are_full),
		api_test(who_ended_last_stays_readable_longest),
	};

	setenv("MPTRACE_SIZE", "4M", 1);
	setenv("MPTRACE_RING", "8K", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
