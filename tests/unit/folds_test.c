/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * folds_test.c - workers in one row: which are, what the row says, what keys do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/viewing.h"

#include <stdlib.h>
#include <string.h>

static const struct process *selected(struct viewing *f)
{
	return table_selected(view_page(f->view)->table);
}

static void search(struct viewing *f, const char *text)
{
	viewing_press(f, '/');
	viewing_type(f, text);
	viewing_press(f, KEY_CODE_ENTER);
	viewing_hides(f, "No row contains");
}

static void select_group(struct viewing *f)
{
	search(f, "worker x");
	assert_true(folds_is_group(selected(f)));
}

/* ---- which are folded -------------------------------------------------- */

static void many_workers_are_one_row_with_their_sums(void **state)
{
	struct viewing *f = *state;

	f->columns = 200;
	viewing_shows(f, "+ worker x12");
	viewing_shows(f, "12 workers: 1 running, 11 sleeping; 1 restart, 1 failure");
	viewing_shows(f, "12  60M  12"); /* CPU, memory, threads */
	viewing_hides(f, "4283");
	viewing_hides(f, "4281"); /* has ended */
}

static void few_workers_are_shown(void **state)
{
	struct viewing *f = *state;

	f->scene.workers = 8;
	view_refresh(f->view);
	viewing_shows(f, "4283");
	viewing_hides(f, "worker x");
	search(f, "4283");
	viewing_press(f, 'f');
	viewing_shows(f, "worker x8");
	f->scene.workers = 9;
	viewing_press(f, '+');
	view_refresh(f->view);
	viewing_hides(f, "worker x");
}

static void a_stuck_worker_is_not_hidden_and_when_folded_comes_first(void **state)
{
	struct viewing *f = *state;

	f->scene.all_name = "worker";
	f->scene.more = 4;
	f->lines = 40;
	view_refresh(f->view);
	viewing_shows(f, "STUCK: lock `account-b`");
	viewing_hides(f, "worker x10");
	search(f, "4243");
	viewing_press(f, 'f');
	viewing_shows(f, "worker x10");
	viewing_shows(f, "2 STUCK; 10 workers: ");
	assert_int_equal(selected(f)->verdict, VERDICT_STUCK);
	viewing_hides(f, "STUCK: lock");
}

static void a_list_and_the_matches_of_a_filter_are_not_folded(void **state)
{
	struct viewing *f = *state;

	f->lines = 40;
	viewing_press(f, 't');
	viewing_shows(f, "4283 worker");
	viewing_press(f, 'f');
	viewing_shows(f, "Workers are folded in the tree only: F5 shows it.");
	viewing_press(f, 't');
	viewing_hides(f, "4283");
	viewing_press(f, '\\');
	viewing_type(f, "worker");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "4283 worker");
	viewing_hides(f, "worker x12");
	viewing_press(f, 'f');
	viewing_shows(f, "The filter's matches are not folded: F4 empties the filter.");
}

static void what_is_below_folded_workers_is_hidden_and_counted(void **state)
{
	struct viewing *f = *state;

	f->lines = 60;
	f->columns = 200;
	f->scene.below = 1;
	view_refresh(f->view);
	viewing_shows(f, "1 failure; 1 below them");
	viewing_hides(f, "4380");
	f->scene.below = 12; /* a group below a group */
	view_refresh(f->view);
	viewing_shows(f, "12 below them");
	viewing_hides(f, "sub x12");
	select_group(f);
	viewing_press(f, 'f');
	viewing_shows(f, "+ sub x12");
	viewing_hides(f, "4380");
	viewing_press(f, 'F');
	viewing_hides(f, "worker x12");
	viewing_hides(f, "sub x12");
	viewing_shows(f, "4380");
}

/* ---- keys -------------------------------------------------------------- */

static void f_unfolds_and_folds_and_the_selection_goes_along(void **state)
{
	struct viewing *f = *state;

	f->lines = 40;
	select_group(f);
	viewing_press(f, 'f');
	viewing_shows(f, "4283 ");
	viewing_hides(f, "worker x12");
	assert_int_equal(selected(f)->id.pid, 4282);
	viewing_press(f, KEY_CODE_DOWN);
	viewing_press(f, 'f');
	viewing_shows(f, "worker x12");
	assert_true(folds_is_group(selected(f)));
}

static void plus_and_minus_say_which(void **state)
{
	struct viewing *f = *state;

	select_group(f);
	viewing_press(f, '-');
	viewing_shows(f, "worker x12");
	viewing_press(f, '+');
	viewing_hides(f, "worker x12");
	viewing_press(f, '+');
	viewing_hides(f, "worker x12");
	viewing_press(f, '-');
	viewing_shows(f, "worker x12");
}

static void a_choice_holds_over_refreshes(void **state)
{
	struct viewing *f = *state;

	select_group(f);
	viewing_press(f, '+');
	for (int n = 0; n < 3; n++)
		view_refresh(f->view);
	viewing_hides(f, "worker x12");
	viewing_press(f, '-');
	for (int n = 0; n < 3; n++)
		view_refresh(f->view);
	viewing_shows(f, "worker x12");
}

static void capital_f_is_for_all(void **state)
{
	struct viewing *f = *state;

	f->lines = 40;
	viewing_press(f, 'F');
	viewing_shows(f, "Workers are shown one by one.");
	viewing_shows(f, "4283 ");
	viewing_press(f, '*');
	viewing_shows(f, "Workers are folded.");
	viewing_shows(f, "worker x12");
}

static void only_workers_can_be_folded(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_HOME);
	viewing_press(f, 'f');
	viewing_shows(f, "Only workers are folded: three or more of one name below one parent.");
	viewing_shows(f, "worker x12");
}

static void a_search_finds_who_is_folded(void **state)
{
	struct viewing *f = *state;

	f->lines = 40;
	search(f, "4285");
	assert_int_equal(selected(f)->id.pid, 4285);
	viewing_hides(f, "worker x12");
	viewing_press(f, '-');
	viewing_shows(f, "worker x12");
	assert_true(folds_is_group(selected(f)));
	viewing_press(f, 'n');
	viewing_hides(f, "worker x12");
	free(viewing_picture(f));
	assert_int_equal(selected(f)->id.pid, 4285);
}

static void a_folded_row_gets_no_signal(void **state)
{
	struct viewing *f = *state;

	select_group(f);
	viewing_press(f, 'k');
	viewing_shows(f, "A folded row is several processes: f unfolds them, then choose.");
	viewing_hides(f, "SIGTERM");
	viewing_press(f, KEY_CODE_UP);
	viewing_press(f, ' ');
	viewing_press(f, ' ');
	viewing_press(f, 'k');
	viewing_shows(f, "A folded row is several processes");
	viewing_hides(f, "SIGTERM");
	assert_int_equal(f->sent, 0);
}

/* ---- details ----------------------------------------------------------- */

static void enter_on_a_folded_row_shows_the_workers(void **state)
{
	struct viewing *f = *state;

	f->lines = 40;
	select_group(f);
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "12 workers: 1 running, 11 sleeping; 1 restart, 1 failure");
	viewing_shows(f, "pool (pid 4280)");
	viewing_shows(f, "ended 1.0s ago, exit code 1");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "worker (4282)");
	viewing_shows(f, "Born");
	viewing_press(f, KEY_CODE_ESC);
	viewing_press(f, 'k');
	viewing_shows(f, "Signal for worker (pid 4282)");
	viewing_press(f, KEY_CODE_ESC);
	viewing_press(f, KEY_CODE_ESC);
	viewing_shows(f, "worker x12");
}

static void an_ended_process_can_be_opened_and_gets_no_signal(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, '6');
	search(f, "starter");
	viewing_press(f, 'k');
	viewing_hides(f, "SIGTERM");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "ended 1.0s ago, killed by SIGKILL from bash (pid 4200)");
	viewing_shows(f, "34s ago, by shop (pid 4242)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		FAMILY_TEST(many_workers_are_one_row_with_their_sums),
		FAMILY_TEST(few_workers_are_shown),
		VIEWING_TEST(a_stuck_worker_is_not_hidden_and_when_folded_comes_first),
		FAMILY_TEST(a_list_and_the_matches_of_a_filter_are_not_folded),
		FAMILY_TEST(what_is_below_folded_workers_is_hidden_and_counted),
		FAMILY_TEST(f_unfolds_and_folds_and_the_selection_goes_along),
		FAMILY_TEST(plus_and_minus_say_which),
		FAMILY_TEST(a_choice_holds_over_refreshes),
		FAMILY_TEST(capital_f_is_for_all),
		FAMILY_TEST(only_workers_can_be_folded),
		FAMILY_TEST(a_search_finds_who_is_folded),
		FAMILY_TEST(a_folded_row_gets_no_signal),
		FAMILY_TEST(enter_on_a_folded_row_shows_the_workers),
		FAMILY_TEST(an_ended_process_can_be_opened_and_gets_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
