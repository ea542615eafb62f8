/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fmt_test.c - numbers for people.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/util/err.h"
#include "mpstat/util/fmt.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define SHOWS(function, value, want) \
	assert_string_equal(function(buf, sizeof(buf), value), want)

static void durations_have_two_units_at_most(void **state)
{
	char buf[FMT_MAX];

	(void)state;
	SHOWS(fmt_ns, 0, "0ns");
	SHOWS(fmt_ns, 850, "850ns");
	SHOWS(fmt_ns, 1000, "1.0us");
	SHOWS(fmt_ns, 1299999, "1.2ms");
	SHOWS(fmt_ns, 12000000, "12ms");
	SHOWS(fmt_ns, 3400000000, "3.4s");
	SHOWS(fmt_ns, 9999999999, "9.9s");
	SHOWS(fmt_ns, 59999999999, "59s");
	SHOWS(fmt_ns, 125000000000, "2m05s");
	SHOWS(fmt_ns, 3599999999999, "59m59s");
	SHOWS(fmt_ns, 11220000000000, "3h07m");
	SHOWS(fmt_ns, 187200000000000, "2d04h");
	SHOWS(fmt_ns, UINT64_MAX, "213503d");
}

static void counts_and_bytes_are_cut_not_rounded(void **state)
{
	char buf[FMT_MAX];

	(void)state;
	SHOWS(fmt_count, 0, "0");
	SHOWS(fmt_count, 999, "999");
	SHOWS(fmt_count, 1000, "1.0k");
	SHOWS(fmt_count, 1299, "1.2k");
	SHOWS(fmt_count, 9999, "9.9k");
	SHOWS(fmt_count, 12345, "12k");
	SHOWS(fmt_count, 999999, "999k");
	SHOWS(fmt_count, 3400000, "3.4M");
	SHOWS(fmt_count, UINT64_MAX, "18E");
	SHOWS(fmt_bytes, 0, "0B");
	SHOWS(fmt_bytes, 1023, "1023B");
	SHOWS(fmt_bytes, 4096, "4.0K");
	SHOWS(fmt_bytes, 1572864, "1.5M");
	SHOWS(fmt_bytes, UINT64_MAX, "15E");
}

static void percentages_and_rates_show_unknown_as_a_dash(void **state)
{
	char buf[FMT_MAX];

	(void)state;
	SHOWS(fmt_percent, NAN, "-");
	SHOWS(fmt_percent, 0, "0.0");
	SHOWS(fmt_percent, 0.3, "0.3");
	SHOWS(fmt_percent, 9.99, "9.9");
	SHOWS(fmt_percent, 42.9, "42");
	SHOWS(fmt_percent, 100, "100");
	SHOWS(fmt_percent, -1, "0.0");
	SHOWS(fmt_rate, NAN, "-");
	SHOWS(fmt_rate, 0, "0");
	SHOWS(fmt_rate, 0.25, "0.2");
	SHOWS(fmt_rate, 1234, "1.2k");
	SHOWS(fmt_rate, INFINITY, "18E");
}

static void the_first_error_wins_and_context_goes_in_front(void **state)
{
	struct err err = {0};

	(void)state;
	assert_int_equal(err_set(&err, -ENOENT, "no %s", "pid 7"), -ENOENT);
	assert_int_equal(err_set(&err, -EIO, "later"), -ENOENT);
	assert_int_equal(err_add(&err, "look at %d", 7), -ENOENT);
	assert_string_equal(err.text, "look at 7: no pid 7");
	assert_int_equal(err_set(NULL, -EIO, "nobody listens"), -EIO);
}

static void an_endless_error_is_cut_and_stays_a_string(void **state)
{
	struct err err = {0};
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	err_set(&err, -EIO, "%s", text);
	err_add(&err, "%s", text);
	assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_have_two_units_at_most),
		cmocka_unit_test(counts_and_bytes_are_cut_not_rounded),
		cmocka_unit_test(percentages_and_rates_show_unknown_as_a_dash),
		cmocka_unit_test(the_first_error_wins_and_context_goes_in_front),
		cmocka_unit_test(an_endless_error_is_cut_and_stays_a_string),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
