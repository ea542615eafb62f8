/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * text_test.c - the sanitiser and columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/util/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void cleans(const char *src, size_t length, const char *want)
{
	char dst[100];

	memset(dst, 'x', sizeof(dst));
	assert_int_equal(text_clean(dst, sizeof(dst), src, length), strlen(want));
	assert_string_equal(dst, want);
}

#define CLEANS(src, want) cleans(src, sizeof(src) - 1, want)

static void harmless_text_is_left_alone(void **state)
{
	(void)state;
	CLEANS("", "");
	CLEANS("worker-a [3] ~", "worker-a [3] ~");
	CLEANS("Gr\xc3\xbc\xc3\x9f\x65 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80",
	       "Gr\xc3\xbc\xc3\x9f\x65 \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80");
}

static void control_characters_become_question_marks(void **state)
{
	(void)state;
	CLEANS("a\033[31mb\nc\td\re\x7f", "a?[31mb?c?d?e?");
	CLEANS("\xc2\x80\xc2\x9b\xc2\x9f", "???");
}

static void what_hides_or_reorders_becomes_one_question_mark_each(void **state)
{
	static const uint32_t bad[] = {0x200b, 0x200e, 0x200f, 0x202a, 0x202e, 0x2060, 0x2066,
				       0x2069, 0x2028, 0x2029, 0xfeff, 0x061c, 0xfffe, 0xfdd0};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		char src[] = {'a', 0, 0, 0, 'b'};

		assert_false(text_harmless(bad[i]));
		if (bad[i] < 0x800) {
			src[1] = (char)(0xc0 | bad[i] >> 6);
			src[2] = (char)(0x80 | (bad[i] & 0x3f));
			src[3] = 'b';
			cleans(src, 4, "a?b");
			continue;
		}
		src[1] = (char)(0xe0 | bad[i] >> 12);
		src[2] = (char)(0x80 | (bad[i] >> 6 & 0x3f));
		src[3] = (char)(0x80 | (bad[i] & 0x3f));
		cleans(src, 5, "a?b");
	}
}

static void bytes_that_are_not_utf8_become_question_marks(void **state)
{
	(void)state;
	CLEANS("\xff\xfe", "??");
	CLEANS("a\x80z", "a?z");
	CLEANS("\xc0\x80", "??");	      /* overlong NUL */
	CLEANS("\xe0\x80\xaf", "???");	      /* overlong slash */
	CLEANS("\xed\xa0\x80", "???");	      /* surrogate */
	CLEANS("\xf4\x90\x80\x80", "????");   /* beyond U+10FFFF */
	CLEANS("\xe2\x82", "??");	      /* cut short */
	CLEANS("\xe2\x28\xa1", "?(?");
	CLEANS("\xf0\x9f\x98", "???");
}

static void a_nul_ends_the_text(void **state)
{
	(void)state;
	CLEANS("abc\0def", "abc");
}

static void a_small_buffer_never_cuts_a_character(void **state)
{
	char dst[8];

	(void)state;
	assert_int_equal(text_clean(dst, 4, "ab\xc3\xbc", 4), 2);
	assert_string_equal(dst, "ab");
	assert_int_equal(text_clean(dst, 5, "ab\xc3\xbc", 4), 4);
	assert_int_equal(text_clean(dst, 1, "ab", 2), 0);
	assert_string_equal(dst, "");
	assert_int_equal(text_clean(NULL, 0, "ab", 2), 0);
	assert_int_equal(text_copy(dst, 4, "ab\xc3\xbc"), 2);
	assert_string_equal(dst, "ab");
}

/* Whatever goes in, what comes out is valid, harmless, terminated. */
static void random_bytes_always_come_out_clean(void **state)
{
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char src[40], dst[24], again[24];
		size_t room = (size_t)(rand_r(&seed) % 24) + 1, length, at = 0;

		for (size_t i = 0; i < sizeof(src); i++)
			src[i] = (char)(rand_r(&seed) % 4 ? rand_r(&seed) : 0x80 | rand_r(&seed));
		length = text_clean(dst, room, src, sizeof(src));
		assert_true(length < room);
		assert_int_equal(dst[length], 0);
		while (at < length) {
			uint32_t code;
			size_t bytes = text_decode(&code, dst + at, length - at);

			assert_true(bytes > 0 && text_harmless(code));
			at += bytes;
		}
		assert_int_equal(text_clean(again, sizeof(again), dst, length), length);
		assert_string_equal(again, dst);
	}
}

static void width_counts_columns(void **state)
{
	(void)state;
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("\xf0\x9f\x98\x80"), 2);
	assert_int_equal(text_width("\xff"), 1);
}

static void clipping_keeps_whole_characters_and_marks_the_cut(void **state)
{
	char dst[16];

	(void)state;
	assert_int_equal(text_clip(dst, sizeof(dst), "abcdef", 6), 6);
	assert_string_equal(dst, "abcdef");
	assert_int_equal(text_clip(dst, sizeof(dst), "abcdef", 5), 5);
	assert_string_equal(dst, "abcd~");
	text_clip(dst, sizeof(dst), "\xe6\x97\xa5\xe6\x9c\xac", 3);
	assert_string_equal(dst, "\xe6\x97\xa5~");
	text_clip(dst, sizeof(dst), "\xe6\x97\xa5\xe6\x9c\xac", 2);
	assert_string_equal(dst, "~");
	text_clip(dst, sizeof(dst), "abc", 0);
	assert_string_equal(dst, "");
	text_clip(dst, 4, "ab\xc3\xbc\xc3\xbc", 10);
	assert_string_equal(dst, "ab~");
	assert_int_equal(text_fit("e\xcc\x81xyz", 2), 4);
}

/* ncurses asks the C library: a few characters of another Unicode version may
 * differ, no more. */
static void widths_agree_with_the_c_library(void **state)
{
	int assigned = 0, different = 0;

	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	for (uint32_t code = 0x20; code <= 0x10ffff; code++) {
		int width = code >= 0xd800 && code <= 0xdfff ? -1 : wcwidth((wchar_t)code);

		if (width < 0 || !text_harmless(code))
			continue;
		assigned++;
		different += width != text_columns(code);
	}
	assert_true(assigned > 100000);
	if (different > assigned / 1000)
		fail_msg("%d of %d characters differ", different, assigned);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(harmless_text_is_left_alone),
		cmocka_unit_test(control_characters_become_question_marks),
		cmocka_unit_test(what_hides_or_reorders_becomes_one_question_mark_each),
		cmocka_unit_test(bytes_that_are_not_utf8_become_question_marks),
		cmocka_unit_test(a_nul_ends_the_text),
		cmocka_unit_test(a_small_buffer_never_cuts_a_character),
		cmocka_unit_test(random_bytes_always_come_out_clean),
		cmocka_unit_test(width_counts_columns),
		cmocka_unit_test(clipping_keeps_whole_characters_and_marks_the_cut),
		cmocka_unit_test(widths_agree_with_the_c_library),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
