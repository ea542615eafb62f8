/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * actions_test.c - the keys every screen has: filter, search, order, time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/viewing.h"

#include <stdlib.h>

/* ---- order, search, filter --------------------------------------------- */

static void the_filter_works_while_typing_and_escape_restores_it(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_F(4));
	viewing_type(f, "CONSU");
	viewing_shows(f, "consumer-1");
	viewing_hides(f, "producer-1");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "filter: CONSU");
	viewing_press(f, '\\');
	viewing_type(f, "xyz");
	viewing_shows(f, "No row contains \"CONSUxyz\".");
	viewing_press(f, KEY_CODE_ESC);
	viewing_shows(f, "consumer-2");
	viewing_press(f, '\\');
	for (int i = 0; i < 9; i++)
		viewing_press(f, KEY_CODE_BACKSPACE);
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "producer-1");
	viewing_hides(f, "filter:");
}

static const char *selected_name(struct viewing *f)
{
	free(viewing_picture(f)); /* brings the table up to date */
	return ((const struct process *)table_selected(view_page(f->view)->table))->fact.name;
}

static void search_selects_while_typing_and_n_goes_on(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, '/');
	viewing_type(f, "transfer");
	assert_string_equal(selected_name(f), "transfer-1");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'n');
	assert_string_equal(selected_name(f), "transfer-2");
	viewing_press(f, 'N');
	assert_string_equal(selected_name(f), "transfer-1");
	viewing_press(f, KEY_CODE_F(3));
	viewing_type(f, "zebra");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "No row contains \"zebra\".");
	assert_string_equal(selected_name(f), "transfer-1");
}

static void sort_keys_and_menu_change_the_order(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, 'P');
	assert_string_equal(selected_name(f), "consumer-1");
	viewing_press(f, 'M');
	assert_string_equal(selected_name(f), "transfer-2");
	viewing_press(f, 'I');
	assert_string_equal(selected_name(f), "shop");
	viewing_press(f, '>');
	viewing_shows(f, "Sort by");
	viewing_press(f, KEY_CODE_HOME);
	viewing_press(f, KEY_CODE_DOWN); /* PID */
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'I');
	assert_string_equal(selected_name(f), "transfer-2");
	viewing_press(f, 't');
	viewing_shows(f, "\u2514\u2500");
	viewing_press(f, KEY_CODE_F(5));
	viewing_hides(f, "\u2514\u2500");
}

static void the_selection_follows_the_process_over_refreshes(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_END);
	assert_string_equal(selected_name(f), "transfer-2");
	f->scene.gone = 4243;
	f->scene.more = 20;
	view_refresh(f->view);
	assert_string_equal(selected_name(f), "transfer-2");
}

static void records_follow_the_newest_until_one_moves_away(void **state)
{
	struct viewing *f = *state;
	const struct record *record;

	viewing_press(f, '5');
	view_refresh(f->view);
	free(viewing_picture(f));
	record = table_selected(view_page(f->view)->table);
	assert_int_equal(record->number, 15);
	viewing_press(f, KEY_CODE_UP);
	view_refresh(f->view);
	free(viewing_picture(f));
	record = table_selected(view_page(f->view)->table);
	assert_int_equal(record->number, 14);
	viewing_press(f, KEY_CODE_END);
	view_refresh(f->view);
	free(viewing_picture(f));
	record = table_selected(view_page(f->view)->table);
	assert_int_equal(record->number, 21);
}

/* ---- time -------------------------------------------------------------- */

static void pause_stops_refreshing_and_says_so(void **state)
{
	struct viewing *f = *state;
	unsigned before = f->scene.refreshes;

	viewing_press(f, 'Z');
	viewing_shows(f, "PAUSED");
	view_refresh(f->view);
	assert_int_equal(f->scene.refreshes, before);
	viewing_press(f, 'Z');
	viewing_hides(f, "PAUSED");
	view_refresh(f->view);
	assert_int_equal(f->scene.refreshes, before + 1);
}

static void the_delay_is_asked_for_and_checked(void **state)
{
	static const char *const refused[] = {"0", "0.01", "99999", "nan", "1x", "-3", ""};
	struct viewing *f = *state;

	viewing_press(f, 'd');
	viewing_shows(f, "Seconds between refreshes: 1");
	viewing_press(f, KEY_CODE_BACKSPACE);
	viewing_type(f, "2.5");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "every 2.5s");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		viewing_press(f, 'd');
		for (int n = 0; n < 5; n++)
			viewing_press(f, KEY_CODE_BACKSPACE);
		viewing_type(f, refused[i]);
		viewing_press(f, KEY_CODE_ENTER);
		viewing_shows(f, "is no delay: seconds from 0.1 to 3600.");
		viewing_shows(f, "every 2.5s");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEWING_TEST(the_filter_works_while_typing_and_escape_restores_it),
		VIEWING_TEST(search_selects_while_typing_and_n_goes_on),
		VIEWING_TEST(sort_keys_and_menu_change_the_order),
		VIEWING_TEST(the_selection_follows_the_process_over_refreshes),
		VIEWING_TEST(records_follow_the_newest_until_one_moves_away),
		VIEWING_TEST(pause_stops_refreshing_and_says_so),
		VIEWING_TEST(the_delay_is_asked_for_and_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
