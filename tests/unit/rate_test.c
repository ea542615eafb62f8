/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rate_test.c - how fast a counter grows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/model/rate.h"

#include <math.h>

#define SECOND 1000000000ull

static void a_rate_needs_two_looks(void **state)
{
	struct rate rate;

	(void)state;
	rate_reset(&rate);
	assert_true(isnan(rate.per_second));
	rate_update(&rate, 10, SECOND);
	assert_true(isnan(rate.per_second));
	rate_update(&rate, 25, 3 * SECOND);
	assert_true(rate.per_second == 7.5);
	assert_int_equal(rate.total, 25);
	assert_int_equal(rate.before, 10);
}

static void the_same_moment_told_again_changes_nothing(void **state)
{
	struct rate rate;

	(void)state;
	rate_reset(&rate);
	rate_update(&rate, 10, SECOND);
	rate_update(&rate, 20, 2 * SECOND);
	rate_update(&rate, 20, 2 * SECOND);
	assert_true(rate.per_second == 10);
	rate_update(&rate, 20, 3 * SECOND);
	assert_true(rate.per_second == 0);
}

static void a_counter_that_goes_back_starts_anew(void **state)
{
	struct rate rate;

	(void)state;
	rate_reset(&rate);
	rate_update(&rate, 100, SECOND);
	rate_update(&rate, 200, 2 * SECOND);
	rate_update(&rate, 5, 3 * SECOND);
	assert_true(isnan(rate.per_second));
	rate_update(&rate, 9, 4 * SECOND);
	assert_true(rate.per_second == 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_needs_two_looks),
		cmocka_unit_test(the_same_moment_told_again_changes_nothing),
		cmocka_unit_test(a_counter_that_goes_back_starts_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
