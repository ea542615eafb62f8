/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_test.c - the files of one process, whatever its name is. */
#include "mpstat/collector/proc.h"

#include <limits.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define REST                                                                                     \
	" 7 8 9 34816 8 4194560 100 0 0 0 30 12 0 0 20 0 5 0 4242 1000000 300 "                  \
	"18446744073709551615 1 2 3 4 5 0 0 0 0 0 0 0 17 1 0 0 0 0 0 6 7 8 99 10 11 12 256"

/* ---- parsing ---------------------------------------------------------------- */

static bool parse(const char *text, struct proc_stat *out)
{
	return proc_stat_parse(text, strlen(text), out);
}

static void a_stat_line_is_parsed(void **state)
{
	struct proc_stat s;

	(void)state;
	assert_true(parse("12 (cat) S" REST "\n", &s));
	assert_int_equal(s.pid, 12);
	assert_string_equal(s.comm, "cat");
	assert_int_equal(s.state, 'S');
	assert_int_equal(s.parent, 7);
	assert_int_equal(s.group, 8);
	assert_int_equal(s.session, 9);
	assert_int_equal(s.flags, 4194560);
	assert_int_equal(s.cpu_ticks, 42);
	assert_int_equal(s.threads, 5);
	assert_int_equal(s.start, 4242);
	assert_int_equal(s.rss_pages, 300);
	assert_int_equal(s.arg_start, 99);
	assert_int_equal(s.exit_status, 256);
}

static void a_name_may_hold_anything(void **state)
{
	static const char *const names[] = { "", ")", "(", ") S 1 2 3", "a\nb", ") R 1 (", "\x1b[31m",
					     "\xff\xfe", " ", "))))))))))))))", "1 (x) Z 5" };
	char text[512];
	struct proc_stat s;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(text, sizeof(text), "12 (%s) D" REST, names[i]);
		assert_true(parse(text, &s));
		assert_string_equal(s.comm, names[i]);
		assert_int_equal(s.state, 'D');
		assert_int_equal(s.parent, 7);
		assert_int_equal(s.start, 4242);
	}
}

static void what_is_no_stat_line_is_refused(void **state)
{
	static const char *const lines[] = {
		"", "x", "12", "12 (cat", "12 cat) S" REST, "12 (cat)", "12 (cat) ", "12 (cat) S",
		"12 (cat) S 1 2 3", "12 (cat)S" REST, ") 12 (", "0 (cat) S" REST,
		"-5 (cat) S" REST, "99999999999 (cat) S" REST, "x (cat) S" REST,
		"12 (cat) S a b c d e f g h i j k l m n o p q r s t u v w x y z",
	};
	struct proc_stat s;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (parse(lines[i], &s))
			fail_msg("taken for a stat line: %s", lines[i]);
}

static void every_prefix_of_a_stat_line_is_survived(void **state)
{
	static const char line[] = "12 (cat) S" REST "\n";
	struct proc_stat s;
	char *copy;

	(void)state;
	for (size_t n = 0; n < sizeof(line); n++) {
		copy = malloc(n + 1); /* exactly as long: a sanitizer sees reads beyond */
		memcpy(copy, line, n);
		proc_stat_parse(copy, n, &s);
		free(copy);
	}
}

static void older_kernels_have_fewer_fields(void **state)
{
	struct proc_stat s;

	(void)state;
	assert_true(parse("12 (cat) S 7 8 9 0 -1 64 1 2 3 4 5 6 7 8 20 0 1 0 77 1000 5\n", &s));
	assert_int_equal(s.start, 77);
	assert_int_equal(s.arg_start, 0);
}

static void only_numbers_are_processes(void **state)
{
	(void)state;
	assert_int_equal(proc_pid_of("1"), 1);
	assert_int_equal(proc_pid_of("4194304"), 4194304);
	assert_int_equal(proc_pid_of("self"), 0);
	assert_int_equal(proc_pid_of("12x"), 0);
	assert_int_equal(proc_pid_of(""), 0);
	assert_int_equal(proc_pid_of("."), 0);
	assert_int_equal(proc_pid_of("99999999999999999999"), 0);
}

/* ---- is it one? --------------------------------------------------------------- */

static void *report_tid(void *arg)
{
	int *ends = arg;
	uint32_t tid = (uint32_t)gettid();
	char byte;

	if (write(ends[1], &tid, sizeof(tid)) == sizeof(tid))
		while (read(ends[2], &byte, 1) > 0)
			;
	return NULL;
}

static void a_thread_is_not_a_process(void **state)
{
	int up[2], down[2], ends[3];
	pthread_t thread;
	uint32_t tid = 0;

	(void)state;
	assert_int_equal(pipe(up), 0);
	assert_int_equal(pipe(down), 0);
	ends[1] = up[1];
	ends[2] = down[0];
	assert_int_equal(pthread_create(&thread, NULL, report_tid, ends), 0);
	assert_int_equal(read(up[0], &tid, sizeof(tid)), sizeof(tid));
	assert_true(proc_exists("/proc", (uint32_t)getpid()));
	assert_true(proc_exists("/proc", 1));
	assert_false(proc_exists("/proc", tid));
	assert_false(proc_exists("/proc", 0));
	assert_false(proc_exists("/proc", INT_MAX));
	assert_false(proc_exists("/nowhere", 1));
	close(down[1]);
	pthread_join(thread, NULL);
	close(up[0]);
	close(up[1]);
	close(down[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stat_line_is_parsed),
		cmocka_unit_test(a_name_may_hold_anything),
		cmocka_unit_test(what_is_no_stat_line_is_refused),
		cmocka_unit_test(every_prefix_of_a_stat_line_is_survived),
		cmocka_unit_test(older_kernels_have_fewer_fields),
		cmocka_unit_test(only_numbers_are_processes),
		cmocka_unit_test(a_thread_is_not_a_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
