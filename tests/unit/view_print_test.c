/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_print_test.c - names of screens and columns on a command line, and text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/viewing.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void unknown_screens_and_columns_are_refused(void **state)
{
	static const struct {
		const char *screen, *sort, *says;
	} cases[] = {
		{"nonsense", NULL, "there is no screen \"nonsense\"; there are: processes, queues,"},
		{"object", NULL, "there is no screen \"object\""},
		{"queues,bad", NULL, "there is no screen \"bad\""},
		{"", NULL, "there is no screen \"\""},
		{NULL, "nonsense", "no column \"nonsense\" to sort by in any screen"},
		{"locks", "put_per_s", "no column \"put_per_s\" to sort by in screen locks"},
	};
	struct viewing *f = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view_config config = f->config;
		struct err err = {0};
		FILE *out = tmpfile();

		config.screen = cases[i].screen;
		config.sort = cases[i].sort;
		assert_int_equal(view_check(&config, &err), -EINVAL);
		if (!strstr(err.text, cases[i].says))
			fail_msg("said: %s", err.text);
		assert_int_equal(view_print(&config, out, 80), -EINVAL);
		assert_int_equal(ftell(out), 0);
		fclose(out);
		err = (struct err){0};
		assert_null(view_new(&config, &err));
		assert_int_equal(err.code, -EINVAL);
	}
}

static void a_column_alone_opens_the_screen_that_has_it(void **state)
{
	struct viewing *f = *state;

	view_free(f->view);
	f->config.sort = "put_per_s";
	viewing_open(f);
	viewing_shows(f, "BLKPUT");
	viewing_shows(f, "PUT/s\u25bc");
}

static void print_has_all_rows_and_no_control_characters(void **state)
{
	struct viewing *f = *state;
	char *text = NULL, *at;
	size_t size, rows = 0;

	f->scene.more = 300;
	f->scene.name = "\033[1mname\t";
	view_refresh(f->view);
	f->config.screen = "processes";
	for (int width = 10; width < 210; width += 50) {
		FILE *out = open_memstream(&text, &size);

		rows = 0;
		assert_int_equal(view_print(&f->config, out, width), 0);
		fclose(out);
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
		for (at = text; width >= 60 && (at = strstr(at, "idle-")); at += 5)
			rows++;
		if (width == 60)
			assert_int_equal(rows, 300);
		assert_int_equal(strlen(text), size);
		free(text);
	}
}

static void the_names_of_screens_are_those_with_a_digit(void **state)
{
	size_t count = 0;

	(void)state;
	for (; view_screen_name(count); count++)
		assert_non_null(view_screen_help(count));
	assert_int_equal(count, 7);
	assert_string_equal(view_screen_name(0), "processes");
	assert_null(view_screen_help(count));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEWING_TEST(unknown_screens_and_columns_are_refused),
		VIEWING_TEST(a_column_alone_opens_the_screen_that_has_it),
		VIEWING_TEST(print_has_all_rows_and_no_control_characters),
		VIEWING_TEST(the_names_of_screens_are_those_with_a_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
