/* SPDX-License-Identifier: BSD-2-Clause */
/* announced_test.c - the list of sockets, in which anybody may write. */
#include "mpstat/collector/announced.h"

#include "tests/unit/proc_tree.h"

#include <errno.h>
#include <string.h>

#define ID "0102030405060708090a0b0c0d0e0f10" /* fake_id */
#define LINE "00000000f8a1b2c3: 00000002 00000000 00000000 0002 01 12345 "

static const uint8_t fake_id[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static bool parses(const char *line, struct announced *out)
{
	return announced_parse(line, strlen(line), out);
}

static void an_announcement_is_parsed(void **state)
{
	struct announced a;

	(void)state;
	assert_true(parses(LINE "@mptrace.1/" ID "/1234/56", &a));
	assert_memory_equal(a.domain, fake_id, 16);
	assert_int_equal(a.pid, 1234);
	assert_int_equal(a.fd, 56);
	assert_true(parses(LINE "@mptrace.1/" ID "/2147483647/0", &a));
	assert_int_equal(a.pid, 2147483647);
	assert_int_equal(a.fd, 0);
}

static void other_lines_announce_nothing(void **state)
{
	static const char *const lines[] = {
		"",
		"@",
		"Num       RefCount Protocol Flags    Type St Inode Path",
		LINE,
		LINE "/run/dbus/@mptrace.1/" ID "/1/2",
		LINE "/tmp/x @mptrace.1/" ID "/1/2x",
		"@mptrace.1/" ID "/1/2",
		LINE "@mptrace.1",
		LINE "@mptrace.1/",
		LINE "@mptrace.1/" ID,
		LINE "@mptrace.1/" ID "/",
		LINE "@mptrace.1/" ID "/1",
		LINE "@mptrace.1/" ID "/1/",
		LINE "@mptrace.1/" ID "/1/2/",
		LINE "@mptrace.1/" ID "/1/2 ",
		LINE "@mptrace.1/" ID "/1/2@",
		LINE "@mptrace.1/" ID "/0/2",
		LINE "@mptrace.1/" ID "/-1/2",
		LINE "@mptrace.1/" ID "/+1/2",
		LINE "@mptrace.1/" ID "/01/2",
		LINE "@mptrace.1/" ID "/1/02",
		LINE "@mptrace.1/" ID "/1/-2",
		LINE "@mptrace.1/" ID "/2147483648/2",
		LINE "@mptrace.1/" ID "/18446744073709551617/2",
		LINE "@mptrace.1/" ID "/1/99999999999999999999999",
		LINE "@mptrace.1/0102030405060708090a0b0c0d0e0f1/1/2",
		LINE "@mptrace.1/0102030405060708090a0b0c0d0e0f100/1/2",
		LINE "@mptrace.1/0102030405060708090A0B0C0D0E0F10/1/2",
		LINE "@mptrace.1/0102030405060708090a0b0c0d0e0f1g/1/2",
		LINE "@mptrace.2/" ID "/1/2",
		LINE "@mptrace.name/web/01020304/1/2",
	};
	struct announced a;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (parses(lines[i], &a))
			fail_msg("taken for an announcement: %s", lines[i]);
}

static void a_published_name_is_parsed(void **state)
{
	static const char *const bad[] = {
		LINE "@mptrace.name/web",	     LINE "@mptrace.name/web/01020304",
		LINE "@mptrace.name/web/0102030/1/2", LINE "@mptrace.name/web/01020304/1",
		LINE "@mptrace.name/01020304/1/2",
	};
	static const char good[] = LINE "@mptrace.name/my web \x1b@1/01020304/12/3";
	struct published p;

	(void)state;
	assert_true(announced_parse_published(good, sizeof(good) - 1, &p));
	assert_memory_equal(p.domain, fake_id, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(announced_parse_published(bad[i], strlen(bad[i]), &p));
}

static void the_list_is_sorted_and_complete(void **state)
{
	struct announced_list list = { 0 };
	struct err err = { 0 };
	struct tree t;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	fprintf(f, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (int i = 5000; i > 0; i--) {
		fprintf(f, LINE "@mptrace.1/%032x/%d/3\n", i % 7, i);
		fprintf(f, LINE "\n" LINE "/run/x\n");
	}
	fprintf(f, LINE "@mptrace.name/n/00000000/5/3\n");
	for (int i = 0; i < 100000; i++)
		fputc('x', f); /* a line longer than any buffer */
	fprintf(f, "\n" LINE "@mptrace.1/%032x/9999/3", 0); /* without its newline */
	fclose(f);
	tree_make(&t);
	tree_write(&t, "net/unix", text, size);
	assert_int_equal(announced_read(t.fd, &list, &err), 0);
	assert_int_equal(list.count, 5001);
	for (size_t i = 1; i < list.count; i++) {
		int order = memcmp(list.items[i - 1].domain, list.items[i].domain, 16);

		assert_true(order < 0 ||
			    (order == 0 && list.items[i - 1].pid < list.items[i].pid));
	}
	assert_int_equal(list.items[0].pid, 7);
	assert_true(announced_is_published(&list, list.items[0].domain));
	assert_int_equal(announced_read(t.fd, &list, &err), 0);
	assert_int_equal(list.count, 5001);
	announced_free(&list);
	free(text);
	tree_remove(&t);
}

static void a_missing_list_is_said(void **state)
{
	struct announced_list list = { 0 };
	struct err err = { 0 };
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(announced_read(t.fd, &list, &err), -ENOENT);
	assert_non_null(strstr(err.text, "list of sockets"));
	announced_free(&list);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announcement_is_parsed),
		cmocka_unit_test(other_lines_announce_nothing),
		cmocka_unit_test(a_published_name_is_parsed),
		cmocka_unit_test(the_list_is_sorted_and_complete),
		cmocka_unit_test(a_missing_list_is_said),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
