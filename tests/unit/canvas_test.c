/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * canvas_test.c - cells, clipping, widths and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/view/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The canvas as text; frees the canvas. */
static char *text_of(struct canvas *canvas)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	canvas_print(canvas, canvas->height, out);
	fclose(out);
	canvas_free(canvas);
	return text;
}

static void expect(struct canvas *canvas, const char *want)
{
	char *text = text_of(canvas);

	assert_string_equal(text, want);
	free(text);
}

static void text_is_cut_at_the_edge_and_its_whole_width_returned(void **state)
{
	struct canvas *canvas = canvas_new(6, 2, true);

	(void)state;
	assert_int_equal(canvas_text(canvas, 3, 0, STYLE_PLAIN, "abcdef"), 6);
	assert_int_equal(canvas_text(canvas, -2, 1, STYLE_PLAIN, "abcdef"), 6);
	canvas_text(canvas, 0, 2, STYLE_PLAIN, "below");
	canvas_text(canvas, 0, -1, STYLE_PLAIN, "above");
	expect(canvas, "   abc\ncdef\n");
}

static void control_characters_and_broken_utf8_become_question_marks(void **state)
{
	struct canvas *canvas = canvas_new(40, 3, true);

	(void)state;
	canvas_text(canvas, 0, 0, STYLE_PLAIN, "a\033[31m\n\t\r\177z");
	canvas_text(canvas, 0, 1, STYLE_PLAIN, "\xff \xc0\x80 \xed\xa0\x80 \xe2\x82 \xc2\x9b");
	/* right-to-left override, zero-width space, byte order mark */
	canvas_text(canvas, 0, 2, STYLE_PLAIN, "x\xe2\x80\xaey\xe2\x80\x8bz\xef\xbb\xbf");
	expect(canvas, "a?[31m????z\n? ?? ??? ?? ?\nx?y?z?\n");
}

static void wide_characters_take_two_columns_and_are_never_halved(void **state)
{
	struct canvas *canvas = canvas_new(5, 4, true);

	(void)state;
	assert_int_equal(canvas_measure(canvas, "\u6f22\u5b57"), 4);
	canvas_text(canvas, 0, 0, STYLE_PLAIN, "\u6f22\u5b57x");
	canvas_text(canvas, 0, 1, STYLE_PLAIN, "abcd\u6f22"); /* no room for its second half */
	canvas_text(canvas, 0, 2, STYLE_PLAIN, "\u6f22\u5b57");
	canvas_text(canvas, 1, 2, STYLE_PLAIN, "-"); /* over a second half */
	canvas_text(canvas, 0, 3, STYLE_PLAIN, "\u6f22\u5b57");
	canvas_text(canvas, 2, 3, STYLE_PLAIN, "-"); /* over a first half */
	expect(canvas, "\u6f22\u5b57x\nabcd\n -\u5b57\n\u6f22-\n");
}

static void a_combining_mark_joins_the_character_before_it(void **state)
{
	struct canvas *canvas = canvas_new(4, 2, true);

	(void)state;
	assert_int_equal(canvas_text(canvas, 0, 0, STYLE_PLAIN, "e\u0301x"), 2);
	canvas_text(canvas, 0, 1, STYLE_PLAIN, "\u0301x"); /* nothing to join */
	expect(canvas, "e\u0301x\nx\n");
}

static void ascii_replaces_our_glyphs_and_refuses_the_rest(void **state)
{
	struct canvas *canvas = canvas_new(20, 2, false);

	(void)state;
	canvas_text(canvas, 0, 0, STYLE_PLAIN, "\u251c\u2500 \u2514\u2500 \u2502 \u2026 \u2192");
	canvas_text(canvas, 0, 1, STYLE_PLAIN, "\u6f22 \u00e9");
	expect(canvas, "|- `- | ~ >\n? ?\n");
}

static void a_cell_is_padded_aligned_or_cut_with_an_ellipsis(void **state)
{
	struct canvas *canvas = canvas_new(12, 4, true);

	(void)state;
	for (int y = 0; y < 4; y++)
		canvas_text(canvas, 0, y, STYLE_PLAIN, "############");
	canvas_cell(canvas, (struct rect){2, 0, 6, 1}, STYLE_PLAIN, "abc", CANVAS_LEFT);
	canvas_cell(canvas, (struct rect){2, 1, 6, 1}, STYLE_PLAIN, "abc", CANVAS_RIGHT);
	canvas_cell(canvas, (struct rect){2, 2, 6, 1}, STYLE_PLAIN, "abcdefg", CANVAS_RIGHT);
	canvas_cell(canvas, (struct rect){2, 3, 6, 1}, STYLE_PLAIN, "abcd\u6f22\u6f22", CANVAS_LEFT);
	expect(canvas, "##abc   ####\n##   abc####\n##abcde\u2026####\n##abcd \u2026####\n");
}

static void the_clip_moves_the_origin_and_keeps_the_rest(void **state)
{
	struct canvas *canvas = canvas_new(8, 3, true);
	struct rect outer, middle;

	(void)state;
	canvas_text(canvas, 0, 0, STYLE_PLAIN, "--------");
	outer = canvas_clip(canvas, (struct rect){2, 0, 4, 2});
	assert_int_equal(canvas_columns(canvas), 4);
	canvas_text(canvas, 0, 0, STYLE_PLAIN, "abcdefgh");
	middle = canvas_clip(canvas, (struct rect){1, 1, 99, 99});
	assert_int_equal(canvas_columns(canvas), 3);
	assert_int_equal(canvas_lines(canvas), 1);
	canvas_text(canvas, 0, 0, STYLE_PLAIN, "123456");
	canvas_unclip(canvas, middle);
	canvas_text(canvas, 0, 1, STYLE_PLAIN, "x");
	canvas_unclip(canvas, outer);
	canvas_text(canvas, 0, 2, STYLE_PLAIN, "end");
	expect(canvas, "--abcd--\n  x123\nend\n");
}

static void a_bar_shows_its_part_in_eighths_and_never_hides_a_trace(void **state)
{
	const struct {
		double part;
		const char *unicode, *ascii;
	} cases[] = {
		{0, "[    ]", "[    ]"},
		{0.001, "[\u258f   ]", "[.   ]"},
		{0.5, "[\u2588\u2588  ]", "[##  ]"},
		{0.625, "[\u2588\u2588\u258c ]", "[##: ]"},
		{1, "[\u2588\u2588\u2588\u2588]", "[####]"},
		{7, "[\u2588\u2588\u2588\u2588]", "[####]"},
		{-3, "[    ]", "[    ]"},
		{NAN, "[    ]", "[    ]"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		struct canvas *canvas = canvas_new(6, 1, i % 2);
		char want[32];

		canvas_text(canvas, 0, 0, STYLE_PLAIN, "[    ]");
		canvas_bar(canvas, (struct rect){1, 0, 4, 1}, STYLE_BAR, cases[i / 2].part);
		snprintf(want, sizeof(want), "%s\n", i % 2 ? cases[i / 2].unicode : cases[i / 2].ascii);
		expect(canvas, want);
	}
}

static void restyle_changes_only_the_rectangle(void **state)
{
	struct canvas *canvas = canvas_new(4, 2, true);

	(void)state;
	canvas_restyle(canvas, (struct rect){1, 0, 2, 9}, STYLE_BAD);
	for (int i = 0; i < 8; i++)
		assert_int_equal(canvas->cells[i].style,
				 i % 4 == 1 || i % 4 == 2 ? STYLE_BAD : STYLE_PLAIN);
	canvas_free(canvas);
}

static void any_bytes_leave_a_canvas_that_prints_without_controls(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		struct canvas *canvas = canvas_new(1 + round % 7, 2, round % 2);
		char bytes[24], *text;

		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525u + 1013904223u;
			bytes[i] = (char)(seed >> 24);
		}
		bytes[sizeof(bytes) - 1] = '\0';
		canvas_text(canvas, round % 5 - 2, round % 3, STYLE_PLAIN, bytes);
		canvas_cell(canvas, (struct rect){round % 3, 1, 4, 1}, STYLE_PLAIN, bytes,
			    CANVAS_RIGHT);
		text = text_of(canvas);
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
		assert_null(strchr(text, 127));
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_at_the_edge_and_its_whole_width_returned),
		cmocka_unit_test(control_characters_and_broken_utf8_become_question_marks),
		cmocka_unit_test(wide_characters_take_two_columns_and_are_never_halved),
		cmocka_unit_test(a_combining_mark_joins_the_character_before_it),
		cmocka_unit_test(ascii_replaces_our_glyphs_and_refuses_the_rest),
		cmocka_unit_test(a_cell_is_padded_aligned_or_cut_with_an_ellipsis),
		cmocka_unit_test(the_clip_moves_the_origin_and_keeps_the_rest),
		cmocka_unit_test(a_bar_shows_its_part_in_eighths_and_never_hides_a_trace),
		cmocka_unit_test(restyle_changes_only_the_rectangle),
		cmocka_unit_test(any_bytes_leave_a_canvas_that_prints_without_controls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
