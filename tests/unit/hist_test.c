/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hist_test.c - percentiles from a power-of-two histogram.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/model/hist.h"

static void an_empty_histogram_has_no_percentile(void **state)
{
	struct fact_hist hist = {0};
	uint64_t ns = 7;

	(void)state;
	assert_false(hist_percentile(&hist, 0.5, 0, &ns));
	assert_int_equal(ns, 7);
	assert_int_equal(hist_count(&hist), 0);
}

static void a_percentile_is_interpolated_inside_its_bucket(void **state)
{
	struct fact_hist hist = {.bucket = {[10] = 4}};
	uint64_t ns;

	(void)state;
	assert_true(hist_percentile(&hist, 0.5, 0, &ns));
	assert_int_equal(ns, 1536);
	assert_true(hist_percentile(&hist, 0.25, 0, &ns));
	assert_int_equal(ns, 1280);
	assert_true(hist_percentile(&hist, 1, 0, &ns));
	assert_int_equal(ns, 2048);
}

/* Against a sorted list: never further off than a factor of two. */
static void an_estimate_lies_in_the_bucket_of_the_truth(void **state)
{
	static uint64_t sorted[1000];
	struct fact_hist hist = {0};

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		sorted[i] = i * i * i + 2;
		hist.bucket[63 - __builtin_clzll(sorted[i])]++;
	}
	for (int percent = 1; percent < 100; percent++) {
		uint64_t truth = sorted[percent * 10 - 1], ns;

		assert_true(hist_percentile(&hist, percent / 100.0, 0, &ns));
		assert_true(ns * 2 >= truth && ns <= truth * 2);
	}
}

static void the_longest_seen_bounds_the_estimate(void **state)
{
	struct fact_hist hist = {.bucket = {[10] = 1, [39] = 1}};
	uint64_t ns;

	(void)state;
	assert_true(hist_percentile(&hist, 0.99, 550000000000, &ns));
	assert_int_equal(ns, 550000000000);
}

static void absurd_counts_give_some_number_and_no_overflow(void **state)
{
	struct fact_hist hist;
	uint64_t ns;

	(void)state;
	for (int i = 0; i < FACT_HIST_BUCKETS; i++)
		hist.bucket[i] = UINT64_MAX;
	assert_int_equal(hist_count(&hist), UINT64_MAX);
	for (int percent = 0; percent <= 100; percent++) {
		assert_true(hist_percentile(&hist, percent / 100.0, 0, &ns));
		assert_true(ns <= 1ull << 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_histogram_has_no_percentile),
		cmocka_unit_test(a_percentile_is_interpolated_inside_its_bucket),
		cmocka_unit_test(an_estimate_lies_in_the_bucket_of_the_truth),
		cmocka_unit_test(the_longest_seen_bounds_the_estimate),
		cmocka_unit_test(absurd_counts_give_some_number_and_no_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
