/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_test.c - going from screen to screen, and what is shown when things go wrong
 * or away.  How whole screens look: screens_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/viewing.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* ---- screens ----------------------------------------------------------- */

static void every_column_of_every_screen_is_a_field(void **state)
{
	(void)state;
	for (size_t i = 0; screens[i]; i++) {
		const struct table_spec *spec = screens[i]->table;

		for (size_t c = 0; spec && spec->columns[c].key; c++)
			if (!field_find(spec->entity, spec->columns[c].key))
				fail_msg("screen %s: no field %s", screens[i]->name,
					 spec->columns[c].key);
		if (spec && spec->sort)
			assert_non_null(field_find(spec->entity, spec->sort));
	}
}

static void digits_and_tab_go_from_screen_to_screen(void **state)
{
	static const char *const words[] = {"WAITING FOR", "BLKPUT",	 "HOLDER",
					    "SEVERITY",	   "RESULT", "No process has ended",
					    "WHO WAITS FOR WHOM"};
	struct viewing *f = *state;

	for (int i = 0; i < 7; i++) {
		viewing_press(f, '1' + i);
		viewing_shows(f, words[i]);
	}
	viewing_press(f, KEY_CODE_TAB);
	viewing_shows(f, words[0]);
	viewing_press(f, KEY_CODE_BACK_TAB);
	viewing_shows(f, words[6]);
	viewing_press(f, KEY_CODE_BACK_TAB);
	viewing_shows(f, words[5]);
}

static void an_unknown_key_says_so_and_changes_nothing(void **state)
{
	struct viewing *f = *state;
	char *before, *after;

	viewing_press(f, 'x');
	viewing_shows(f, "x does nothing here: F1 shows all keys.");
	viewing_press(f, KEY_CODE_F(7));
	viewing_shows(f, "F7 does nothing here");
	viewing_press(f, 0x6f22);
	viewing_shows(f, "that key does nothing here");
	viewing_press(f, KEY_CODE_DOWN);
	viewing_hides(f, "does nothing");
	before = viewing_picture(f);
	viewing_press(f, '9');
	viewing_press(f, KEY_CODE_OTHER);
	viewing_press(f, KEY_CODE_CTRL_L);
	after = viewing_picture(f);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_hint_gives_the_key_bar_back_after_some_seconds(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, 'x');
	for (int n = 0; n < 5; n++)
		view_refresh(f->view);
	viewing_shows(f, "does nothing");
	view_refresh(f->view);
	viewing_shows(f, "F1Help");
}

static void details_open_with_enter_and_close_with_escape(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, '2');
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "queue jobs");
	viewing_shows(f, "put 610 = got 578 + queued 30 + lost 2");
	viewing_shows(f, "Time waited in put");
	viewing_press(f, KEY_CODE_ESC);
	viewing_shows(f, "BLKPUT");
	viewing_press(f, '3');
	viewing_press(f, KEY_CODE_END);
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "transfer-2 (pid 4248");
	viewing_press(f, KEY_CODE_BACKSPACE);
	viewing_shows(f, "HOLDER");
	viewing_press(f, KEY_CODE_ESC); /* nothing to go back from */
	viewing_shows(f, "HOLDER");
}

static void help_shows_every_key_and_every_screen(void **state)
{
	struct viewing *f = *state;

	f->lines = 200;
	viewing_press(f, '?');
	for (const struct key *key = actions; key->press; key++)
		viewing_shows(f, key->help);
	for (size_t i = 0; screens[i]; i++)
		if (screens[i]->key)
			viewing_shows(f, screens[i]->help);
	viewing_press(f, KEY_CODE_F(1));
	viewing_shows(f, "WAITING FOR");
}

static void what_is_gone_says_so(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_HOME);
	viewing_press(f, KEY_CODE_DOWN);
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "producer-1 (4243)");
	f->scene.gone = 4243;
	/* ended processes are kept for some minutes */
	f->scene.now_ns += 3600 * 1000000000ull;
	view_refresh(f->view);
	f->scene.now_ns += 3600 * 1000000000ull;
	view_refresh(f->view);
	viewing_shows(f, "producer-1 (4243) has ended.");
	viewing_press(f, 'k');
	viewing_hides(f, "Send signal");
	viewing_press(f, KEY_CODE_ESC);
	viewing_shows(f, "producer-2");
}

static void processes_that_ended_badly_are_shown_and_others_on_demand(void **state)
{
	struct viewing *f = *state;

	f->scene.ended = 4246;
	f->scene.exit_code = -SIGKILL;
	view_refresh(f->view);
	viewing_shows(f, "ended 2.0s ago, killed by SIGKILL");
	viewing_press(f, '/');
	viewing_type(f, "consumer-2");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'k');
	viewing_hides(f, "SIGTERM");
	f->scene.exit_code = 3;
	view_refresh(f->view);
	viewing_shows(f, "ended 3.0s ago, exit code 3");
	f->scene.exit_code = 0;
	view_refresh(f->view);
	viewing_hides(f, "consumer-2");
	viewing_press(f, 'e');
	viewing_shows(f, "Processes that ended with exit code 0 are shown.");
	viewing_shows(f, "ended 4.0s ago, exit code 0");
	viewing_press(f, 'e');
	viewing_hides(f, "consumer-2");
}

/* ---- size -------------------------------------------------------------- */

static void a_screen_that_is_too_small_says_so(void **state)
{
	struct viewing *f = *state;

	f->columns = 20;
	f->lines = 5;
	viewing_shows(f, "Too small: 20x5");
	viewing_shows(f, "Needs 40x8");
	viewing_press(f, 'q');
	assert_true(view_quits(f->view));
}

static void any_keys_at_any_size_leave_a_screen_that_can_be_drawn(void **state)
{
	struct viewing *f = *state;
	uint32_t seed = 7;

	f->answer = -EPERM;
	for (int i = 0; i < 6000; i++) {
		char *text;

		seed = seed * 1664525u + 1013904223u;
		f->columns = 1 + (int)(seed >> 8) % 130;
		f->lines = 1 + (int)(seed >> 16) % 40;
		f->sent = 0;
		if (seed >> 31)
			viewing_press(f, (int)(seed >> 20) % 128);
		else
			viewing_press(f, KEY_CODE_UP + (int)(seed >> 20) % (KEY_CODE_RESIZED - KEY_CODE_UP));
		if (i % 50 == 0) {
			f->scene.gone = SCENE_MAIN + seed % 9;
			f->scene.workers = 1 + (seed >> 4) % 14;
			f->scene.below = (seed >> 12) % 5;
			view_refresh(f->view);
		}
		text = viewing_picture(f);
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
		free(text);
	}
}

/* ---- what comes from outside ------------------------------------------- */

static void a_hostile_name_is_harmless(void **state)
{
	struct viewing *f = *state;
	char *text;

	/* a source that forgot the sanitiser */
	f->scene.name = "\033[2J\033]0;x\007\n\xff\xe2\x80\xae";
	view_refresh(f->view);
	for (int tab = '1'; tab <= '6'; tab++) {
		viewing_press(f, tab);
		text = viewing_picture(f);
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
		assert_null(strstr(text, "\xe2\x80\xae"));
		free(text);
	}
}

static void a_source_that_sees_nothing_is_told(void **state)
{
	struct viewing *f = *state;
	struct fact fact = {.type = FACT_SOURCE, .source = FACT_FROM_PROC};

	strcpy(fact.u.source.name, "proc");
	strcpy(fact.u.source.text, "cannot read /proc: mount it");
	model_apply(f->scene.model, &fact);
	viewing_shows(f, "proc: cannot read /proc: mount it");
}

static void records_of_programs_nobody_asked_for_are_not_shown(void **state)
{
	struct viewing *f = *state;
	const uint32_t pid = 4245;
	struct model_filter filter = {.pids = &pid, .pid_count = 1};

	model_set_filter(f->scene.model, &filter);
	view_refresh(f->view);
	viewing_press(f, '5');
	viewing_shows(f, "consumer-1");
	viewing_hides(f, "producer-1");
}

static void lost_records_are_counted_in_the_header(void **state)
{
	struct viewing *f = *state;
	struct fact fact = {.type = FACT_LOSS, .source = FACT_FROM_SEGMENT};

	fact.u.loss.cause = FACT_LOSS_OVERWRITTEN;
	fact.u.loss.domain = SCENE_DOMAIN;
	fact.u.loss.count = 17;
	model_apply(f->scene.model, &fact);
	view_refresh(f->view);
	viewing_shows(f, "   17 records lost");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEWING_TEST(every_column_of_every_screen_is_a_field),
		VIEWING_TEST(digits_and_tab_go_from_screen_to_screen),
		VIEWING_TEST(an_unknown_key_says_so_and_changes_nothing),
		VIEWING_TEST(a_hint_gives_the_key_bar_back_after_some_seconds),
		VIEWING_TEST(details_open_with_enter_and_close_with_escape),
		VIEWING_TEST(help_shows_every_key_and_every_screen),
		VIEWING_TEST(what_is_gone_says_so),
		VIEWING_TEST(processes_that_ended_badly_are_shown_and_others_on_demand),
		VIEWING_TEST(a_screen_that_is_too_small_says_so),
		VIEWING_TEST(any_keys_at_any_size_leave_a_screen_that_can_be_drawn),
		FAMILY_TEST(any_keys_at_any_size_leave_a_screen_that_can_be_drawn),
		VIEWING_TEST(a_hostile_name_is_harmless),
		VIEWING_TEST(a_source_that_sees_nothing_is_told),
		VIEWING_TEST(records_of_programs_nobody_asked_for_are_not_shown),
		VIEWING_TEST(lost_records_are_counted_in_the_header),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
