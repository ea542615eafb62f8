/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * view_test.c - what keys do, what is shown when things go wrong or away.
 * How whole screens look: screens_test.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/view/keys.h"
#include "mpstat/view/view_state.h"
#include "tests/unit/scene.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

struct fixture {
	struct scene scene;
	struct view_config config;
	struct view *view;
	int columns, lines;
	/* what the viewer asked to be sent */
	size_t sent;
	struct process_id to[8];
	int signal, answer;
};

static void refresh(void *arg)
{
	struct fixture *f = arg;

	scene_refresh(&f->scene);
}

static int take_signal(void *arg, struct process_id id, int number)
{
	struct fixture *f = arg;

	assert_in_range(f->sent, 0, 7);
	f->to[f->sent++] = id;
	f->signal = number;
	return f->answer;
}

static void open_view(struct fixture *f)
{
	struct err err = {0};

	f->view = view_new(&f->config, &err);
	assert_non_null(f->view);
	for (int n = 0; n < 4; n++)
		view_refresh(f->view);
}

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	scene_open(&f->scene);
	f->scene.records = true;
	f->columns = 100;
	f->lines = 24;
	f->config = (struct view_config){.model = f->scene.model,
					 .refresh = refresh,
					 .arg = f,
					 .delay_s = 1,
					 .unicode = true,
					 .program = "mpstat",
					 .scope = "all domains",
					 .signal_process = take_signal};
	open_view(f);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	view_free(f->view);
	scene_close(&f->scene);
	free(f);
	return 0;
}

static char *picture(struct fixture *f)
{
	struct canvas *canvas = canvas_new(f->columns, f->lines, f->config.unicode);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	view_draw(f->view, canvas);
	canvas_print(canvas, f->lines, out);
	fclose(out);
	canvas_free(canvas);
	return text;
}

static void shows(struct fixture *f, const char *want)
{
	char *text = picture(f);

	if (!strstr(text, want))
		fail_msg("not shown: %s\n%s", want, text);
	free(text);
}

static void hides(struct fixture *f, const char *unwanted)
{
	char *text = picture(f);

	if (strstr(text, unwanted))
		fail_msg("shown: %s\n%s", unwanted, text);
	free(text);
}

static void press(struct fixture *f, int code)
{
	view_key(f->view, code);
}

static void type(struct fixture *f, const char *text)
{
	for (; *text; text++)
		press(f, *text);
}

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
	static const char *const words[] = {"WAITING FOR", "BLKPUT", "HOLDER", "SEVERITY", "RESULT"};
	struct fixture *f = *state;

	for (int i = 0; i < 5; i++) {
		press(f, '1' + i);
		shows(f, words[i]);
	}
	press(f, KEY_CODE_TAB);
	shows(f, words[0]);
	press(f, KEY_CODE_BACK_TAB);
	shows(f, words[4]);
	press(f, KEY_CODE_BACK_TAB);
	shows(f, words[3]);
}

static void an_unknown_key_says_so_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	char *before, *after;

	press(f, 'x');
	shows(f, "x does nothing here: F1 shows all keys.");
	press(f, KEY_CODE_F(7));
	shows(f, "F7 does nothing here");
	press(f, 0x6f22);
	shows(f, "that key does nothing here");
	press(f, KEY_CODE_DOWN);
	hides(f, "does nothing");
	before = picture(f);
	press(f, '9');
	press(f, KEY_CODE_OTHER);
	press(f, KEY_CODE_CTRL_L);
	after = picture(f);
	assert_string_equal(before, after);
	free(before);
	free(after);
}

static void a_hint_gives_the_key_bar_back_after_some_seconds(void **state)
{
	struct fixture *f = *state;

	press(f, 'x');
	for (int n = 0; n < 5; n++)
		view_refresh(f->view);
	shows(f, "does nothing");
	view_refresh(f->view);
	shows(f, "F1Help");
}

static void details_open_with_enter_and_close_with_escape(void **state)
{
	struct fixture *f = *state;

	press(f, '2');
	press(f, KEY_CODE_ENTER);
	shows(f, "queue jobs");
	shows(f, "put 610 = got 578 + queued 30 + lost 2");
	shows(f, "Time waited in put");
	press(f, KEY_CODE_ESC);
	shows(f, "BLKPUT");
	press(f, '3');
	press(f, KEY_CODE_END);
	press(f, KEY_CODE_ENTER);
	shows(f, "transfer-2 (pid 4248");
	press(f, KEY_CODE_BACKSPACE);
	shows(f, "HOLDER");
	press(f, KEY_CODE_ESC); /* nothing to go back from */
	shows(f, "HOLDER");
}

static void help_shows_every_key_and_every_screen(void **state)
{
	struct fixture *f = *state;

	f->lines = 200;
	press(f, '?');
	for (const struct key *key = actions; key->press; key++)
		shows(f, key->help);
	for (size_t i = 0; screens[i]; i++)
		if (screens[i]->key)
			shows(f, screens[i]->help);
	press(f, KEY_CODE_F(1));
	shows(f, "WAITING FOR");
}

static void what_is_gone_says_so(void **state)
{
	struct fixture *f = *state;

	press(f, KEY_CODE_HOME);
	press(f, KEY_CODE_DOWN);
	press(f, KEY_CODE_ENTER);
	shows(f, "producer-1 (4243)");
	f->scene.gone = 4243;
	/* ended processes are kept for some minutes */
	f->scene.now_ns += 3600 * 1000000000ull;
	view_refresh(f->view);
	f->scene.now_ns += 3600 * 1000000000ull;
	view_refresh(f->view);
	shows(f, "producer-1 (4243) has ended.");
	press(f, 'k');
	hides(f, "Send signal");
	press(f, KEY_CODE_ESC);
	shows(f, "producer-2");
}

static void processes_that_ended_badly_are_shown_and_others_on_demand(void **state)
{
	struct fixture *f = *state;

	f->scene.ended = 4246;
	f->scene.exit_code = -SIGKILL;
	view_refresh(f->view);
	shows(f, "ended 2.0s ago, killed by SIGKILL");
	press(f, '/');
	type(f, "consumer-2");
	press(f, KEY_CODE_ENTER);
	press(f, 'k');
	hides(f, "SIGTERM");
	f->scene.exit_code = 3;
	view_refresh(f->view);
	shows(f, "ended 3.0s ago, exit code 3");
	f->scene.exit_code = 0;
	view_refresh(f->view);
	hides(f, "consumer-2");
	press(f, 'e');
	shows(f, "Processes that ended with exit code 0 are shown.");
	shows(f, "ended 4.0s ago, exit code 0");
	press(f, 'e');
	hides(f, "consumer-2");
}

/* ---- size -------------------------------------------------------------- */

static void a_screen_that_is_too_small_says_so(void **state)
{
	struct fixture *f = *state;

	f->columns = 20;
	f->lines = 5;
	shows(f, "Too small: 20x5");
	shows(f, "Needs 40x8");
	press(f, 'q');
	assert_true(view_quits(f->view));
}

static void any_keys_at_any_size_leave_a_screen_that_can_be_drawn(void **state)
{
	struct fixture *f = *state;
	uint32_t seed = 7;

	f->answer = -EPERM;
	for (int i = 0; i < 6000; i++) {
		char *text;

		seed = seed * 1664525u + 1013904223u;
		f->columns = 1 + (int)(seed >> 8) % 130;
		f->lines = 1 + (int)(seed >> 16) % 40;
		f->sent = 0;
		if (seed >> 31)
			press(f, (int)(seed >> 20) % 128);
		else
			press(f, KEY_CODE_UP + (int)(seed >> 20) % (KEY_CODE_RESIZED - KEY_CODE_UP));
		if (i % 50 == 0) {
			f->scene.gone = SCENE_MAIN + seed % 9;
			view_refresh(f->view);
		}
		text = picture(f);
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
		free(text);
	}
}

/* ---- order, search, filter ---------------------------------------------- */

static void the_filter_works_while_typing_and_escape_restores_it(void **state)
{
	struct fixture *f = *state;

	press(f, KEY_CODE_F(4));
	type(f, "CONSU");
	shows(f, "consumer-1");
	hides(f, "producer-1");
	press(f, KEY_CODE_ENTER);
	shows(f, "filter: CONSU");
	press(f, '\\');
	type(f, "xyz");
	shows(f, "No row contains \"CONSUxyz\".");
	press(f, KEY_CODE_ESC);
	shows(f, "consumer-2");
	press(f, '\\');
	for (int i = 0; i < 9; i++)
		press(f, KEY_CODE_BACKSPACE);
	press(f, KEY_CODE_ENTER);
	shows(f, "producer-1");
	hides(f, "filter:");
}

static const char *selected_name(struct fixture *f)
{
	free(picture(f)); /* brings the table up to date */
	return ((const struct process *)table_selected(view_page(f->view)->table))->fact.name;
}

static void search_selects_while_typing_and_n_goes_on(void **state)
{
	struct fixture *f = *state;

	press(f, '/');
	type(f, "transfer");
	assert_string_equal(selected_name(f), "transfer-1");
	press(f, KEY_CODE_ENTER);
	press(f, 'n');
	assert_string_equal(selected_name(f), "transfer-2");
	press(f, 'N');
	assert_string_equal(selected_name(f), "transfer-1");
	press(f, KEY_CODE_F(3));
	type(f, "zebra");
	press(f, KEY_CODE_ENTER);
	shows(f, "No row contains \"zebra\".");
	assert_string_equal(selected_name(f), "transfer-1");
}

static void sort_keys_and_menu_change_the_order(void **state)
{
	struct fixture *f = *state;

	press(f, 'P');
	assert_string_equal(selected_name(f), "consumer-1");
	press(f, 'M');
	assert_string_equal(selected_name(f), "transfer-2");
	press(f, 'I');
	assert_string_equal(selected_name(f), "shop");
	press(f, '>');
	shows(f, "Sort by");
	press(f, KEY_CODE_HOME);
	press(f, KEY_CODE_DOWN); /* PID */
	press(f, KEY_CODE_ENTER);
	press(f, 'I');
	assert_string_equal(selected_name(f), "transfer-2");
	press(f, 't');
	shows(f, "\u2514\u2500");
	press(f, KEY_CODE_F(5));
	hides(f, "\u2514\u2500");
}

static void the_selection_follows_the_process_over_refreshes(void **state)
{
	struct fixture *f = *state;

	press(f, KEY_CODE_END);
	assert_string_equal(selected_name(f), "transfer-2");
	f->scene.gone = 4243;
	f->scene.more = 20;
	view_refresh(f->view);
	assert_string_equal(selected_name(f), "transfer-2");
}

static void records_follow_the_newest_until_one_moves_away(void **state)
{
	struct fixture *f = *state;
	const struct record *record;

	press(f, '5');
	view_refresh(f->view);
	free(picture(f));
	record = table_selected(view_page(f->view)->table);
	assert_int_equal(record->number, 15);
	press(f, KEY_CODE_UP);
	view_refresh(f->view);
	free(picture(f));
	record = table_selected(view_page(f->view)->table);
	assert_int_equal(record->number, 14);
	press(f, KEY_CODE_END);
	view_refresh(f->view);
	free(picture(f));
	record = table_selected(view_page(f->view)->table);
	assert_int_equal(record->number, 21);
}

/* ---- time -------------------------------------------------------------- */

static void pause_stops_refreshing_and_says_so(void **state)
{
	struct fixture *f = *state;
	unsigned before = f->scene.refreshes;

	press(f, 'Z');
	shows(f, "PAUSED");
	view_refresh(f->view);
	assert_int_equal(f->scene.refreshes, before);
	press(f, 'Z');
	hides(f, "PAUSED");
	view_refresh(f->view);
	assert_int_equal(f->scene.refreshes, before + 1);
}

static void the_delay_is_asked_for_and_checked(void **state)
{
	static const char *const refused[] = {"0", "0.01", "99999", "nan", "1x", "-3", ""};
	struct fixture *f = *state;

	press(f, 'd');
	shows(f, "Seconds between refreshes: 1");
	press(f, KEY_CODE_BACKSPACE);
	type(f, "2.5");
	press(f, KEY_CODE_ENTER);
	shows(f, "every 2.5s");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		press(f, 'd');
		for (int n = 0; n < 5; n++)
			press(f, KEY_CODE_BACKSPACE);
		type(f, refused[i]);
		press(f, KEY_CODE_ENTER);
		shows(f, "is no delay: seconds from 0.1 to 3600.");
		shows(f, "every 2.5s");
	}
}

/* ---- signals ----------------------------------------------------------- */

static void a_signal_is_sent_only_after_a_yes(void **state)
{
	struct fixture *f = *state;

	press(f, KEY_CODE_DOWN);
	press(f, KEY_CODE_F(9));
	shows(f, "15 SIGTERM");
	press(f, KEY_CODE_ENTER);
	shows(f, "Send SIGTERM to producer-1 (pid 4243)?");
	press(f, KEY_CODE_ENTER); /* no yes */
	shows(f, "No signal sent.");
	assert_int_equal(f->sent, 0);
	press(f, 'k');
	press(f, KEY_CODE_ESC);
	press(f, 'y');
	assert_int_equal(f->sent, 0);
	press(f, 'k');
	press(f, KEY_CODE_ENTER);
	press(f, 'y');
	shows(f, "SIGTERM sent to producer-1 (pid 4243)");
	assert_int_equal(f->sent, 1);
	assert_int_equal(f->signal, SIGTERM);
	assert_int_equal(f->to[0].pid, 4243);
	assert_int_equal(f->to[0].start, 77);
}

static void another_signal_can_be_chosen(void **state)
{
	struct fixture *f = *state;

	press(f, 'k');
	press(f, KEY_CODE_HOME);
	press(f, KEY_CODE_ENTER);
	press(f, 'Y');
	assert_int_equal(f->sent, 1);
	assert_int_equal(f->signal, SIGHUP);
}

static void the_target_does_not_change_while_the_dialog_is_open(void **state)
{
	struct fixture *f = *state;

	press(f, KEY_CODE_DOWN);
	press(f, 'k');
	f->scene.gone = 4243;
	view_refresh(f->view);
	free(picture(f));
	press(f, KEY_CODE_ENTER);
	f->answer = -ESRCH;
	press(f, 'y');
	assert_int_equal(f->to[0].pid, 4243);
	shows(f, "SIGTERM sent to 0 of 1; ");
	shows(f, "has ended already");
}

static void tagged_processes_get_the_signal_together(void **state)
{
	struct fixture *f = *state;

	press(f, KEY_CODE_DOWN);
	press(f, ' ');
	press(f, ' ');
	shows(f, "*");
	press(f, 'k');
	press(f, KEY_CODE_ENTER);
	shows(f, "Send SIGTERM to 2 tagged processes?");
	press(f, 'y');
	assert_int_equal(f->sent, 2);
	assert_int_equal(f->to[0].pid, 4243);
	assert_int_equal(f->to[1].pid, 4244);
	press(f, 'U');
	press(f, 'k');
	press(f, KEY_CODE_ENTER);
	shows(f, "consumer-1 (pid 4245)");
}

static void readonly_sends_nothing(void **state)
{
	struct fixture *f = *state;

	view_free(f->view);
	f->config.readonly = true;
	open_view(f);
	press(f, KEY_CODE_F(9));
	shows(f, "Read-only: signals are switched off.");
	press(f, KEY_CODE_ENTER);
	press(f, 'y');
	assert_int_equal(f->sent, 0);
}

static void what_is_no_process_gets_no_signal(void **state)
{
	struct fixture *f = *state;

	press(f, '2');
	press(f, 'k');
	shows(f, "Select a process first");
}

/* ---- what comes from outside ------------------------------------------- */

static void a_hostile_name_is_harmless(void **state)
{
	struct fixture *f = *state;
	char *text;

	/* a source that forgot the sanitiser */
	f->scene.name = "\033[2J\033]0;x\007\n\xff\xe2\x80\xae";
	view_refresh(f->view);
	for (int tab = '1'; tab <= '5'; tab++) {
		press(f, tab);
		text = picture(f);
		for (const char *c = text; *c; c++)
			assert_true((unsigned char)*c >= ' ' || *c == '\n');
		assert_null(strstr(text, "\xe2\x80\xae"));
		free(text);
	}
}

static void a_source_that_sees_nothing_is_told(void **state)
{
	struct fixture *f = *state;
	struct fact fact = {.type = FACT_SOURCE, .source = FACT_FROM_PROC};

	strcpy(fact.u.source.name, "proc");
	strcpy(fact.u.source.text, "cannot read /proc: mount it");
	model_apply(f->scene.model, &fact);
	shows(f, "proc: cannot read /proc: mount it");
}

static void lost_records_are_counted_in_the_header(void **state)
{
	struct fixture *f = *state;
	struct fact fact = {.type = FACT_LOSS, .source = FACT_FROM_SEGMENT};

	fact.u.loss.cause = FACT_LOSS_OVERWRITTEN;
	fact.u.loss.domain = SCENE_DOMAIN;
	fact.u.loss.count = 17;
	model_apply(f->scene.model, &fact);
	view_refresh(f->view);
	shows(f, ", 17 lost");
}

/* ---- the command line's names, text ------------------------------------- */

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
	struct fixture *f = *state;

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
	struct fixture *f = *state;

	view_free(f->view);
	f->config.sort = "put_per_s";
	open_view(f);
	shows(f, "BLKPUT");
	shows(f, "PUT/s\u25bc");
}

static void print_has_all_rows_and_no_control_characters(void **state)
{
	struct fixture *f = *state;
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
	assert_int_equal(count, 5);
	assert_string_equal(view_screen_name(0), "processes");
	assert_null(view_screen_help(count));
}

#define VIEW_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEW_TEST(every_column_of_every_screen_is_a_field),
		VIEW_TEST(digits_and_tab_go_from_screen_to_screen),
		VIEW_TEST(an_unknown_key_says_so_and_changes_nothing),
		VIEW_TEST(a_hint_gives_the_key_bar_back_after_some_seconds),
		VIEW_TEST(details_open_with_enter_and_close_with_escape),
		VIEW_TEST(help_shows_every_key_and_every_screen),
		VIEW_TEST(what_is_gone_says_so),
		VIEW_TEST(processes_that_ended_badly_are_shown_and_others_on_demand),
		VIEW_TEST(a_screen_that_is_too_small_says_so),
		VIEW_TEST(any_keys_at_any_size_leave_a_screen_that_can_be_drawn),
		VIEW_TEST(the_filter_works_while_typing_and_escape_restores_it),
		VIEW_TEST(search_selects_while_typing_and_n_goes_on),
		VIEW_TEST(sort_keys_and_menu_change_the_order),
		VIEW_TEST(the_selection_follows_the_process_over_refreshes),
		VIEW_TEST(records_follow_the_newest_until_one_moves_away),
		VIEW_TEST(pause_stops_refreshing_and_says_so),
		VIEW_TEST(the_delay_is_asked_for_and_checked),
		VIEW_TEST(a_signal_is_sent_only_after_a_yes),
		VIEW_TEST(another_signal_can_be_chosen),
		VIEW_TEST(the_target_does_not_change_while_the_dialog_is_open),
		VIEW_TEST(tagged_processes_get_the_signal_together),
		VIEW_TEST(readonly_sends_nothing),
		VIEW_TEST(what_is_no_process_gets_no_signal),
		VIEW_TEST(a_hostile_name_is_harmless),
		VIEW_TEST(a_source_that_sees_nothing_is_told),
		VIEW_TEST(lost_records_are_counted_in_the_header),
		VIEW_TEST(unknown_screens_and_columns_are_refused),
		VIEW_TEST(a_column_alone_opens_the_screen_that_has_it),
		VIEW_TEST(print_has_all_rows_and_no_control_characters),
		VIEW_TEST(the_names_of_screens_are_those_with_a_digit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
