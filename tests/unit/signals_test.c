/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signals_test.c - the dialog that sends signals: to whom, and only after a yes.
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

static void a_signal_is_sent_only_after_a_yes(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_DOWN);
	viewing_press(f, KEY_CODE_F(9));
	viewing_shows(f, "15 SIGTERM");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "Send SIGTERM to producer-1 (pid 4243)?");
	viewing_press(f, KEY_CODE_ENTER); /* no yes */
	viewing_shows(f, "No signal sent.");
	assert_int_equal(f->sent, 0);
	viewing_press(f, 'k');
	viewing_press(f, KEY_CODE_ESC);
	viewing_press(f, 'y');
	assert_int_equal(f->sent, 0);
	viewing_press(f, 'k');
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'y');
	viewing_shows(f, "SIGTERM sent to producer-1 (pid 4243)");
	assert_int_equal(f->sent, 1);
	assert_int_equal(f->signal, SIGTERM);
	assert_int_equal(f->to[0].pid, 4243);
	assert_int_equal(f->to[0].start, 77);
}

static void another_signal_can_be_chosen(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, 'k');
	viewing_press(f, KEY_CODE_HOME);
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'Y');
	assert_int_equal(f->sent, 1);
	assert_int_equal(f->signal, SIGHUP);
}

static void the_target_does_not_change_while_the_dialog_is_open(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_DOWN);
	viewing_press(f, 'k');
	f->scene.gone = 4243;
	view_refresh(f->view);
	free(viewing_picture(f));
	viewing_press(f, KEY_CODE_ENTER);
	f->answer = -ESRCH;
	viewing_press(f, 'y');
	assert_int_equal(f->to[0].pid, 4243);
	viewing_shows(f, "SIGTERM sent to 0 of 1; ");
	viewing_shows(f, "has ended already");
}

static void tagged_processes_get_the_signal_together(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, KEY_CODE_DOWN);
	viewing_press(f, ' ');
	viewing_press(f, ' ');
	viewing_shows(f, "*");
	viewing_press(f, 'k');
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "Send SIGTERM to 2 tagged processes?");
	viewing_press(f, 'y');
	assert_int_equal(f->sent, 2);
	assert_int_equal(f->to[0].pid, 4243);
	assert_int_equal(f->to[1].pid, 4244);
	viewing_press(f, 'U');
	viewing_press(f, 'k');
	viewing_press(f, KEY_CODE_ENTER);
	viewing_shows(f, "consumer-1 (pid 4245)");
}

static void readonly_sends_nothing(void **state)
{
	struct viewing *f = *state;

	view_free(f->view);
	f->config.readonly = true;
	viewing_open(f);
	viewing_press(f, KEY_CODE_F(9));
	viewing_shows(f, "Read-only: signals are switched off.");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'y');
	assert_int_equal(f->sent, 0);
}

static void what_is_no_process_gets_no_signal(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, '2');
	viewing_press(f, 'k');
	viewing_shows(f, "Select a process first");
}

static void who_has_ended_gets_no_signal(void **state)
{
	struct viewing *f = *state;

	viewing_press(f, '6');
	viewing_press(f, 'k');
	viewing_shows(f, "It has ended");
	viewing_press(f, KEY_CODE_ENTER);
	viewing_press(f, 'y');
	assert_int_equal(f->sent, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		VIEWING_TEST(a_signal_is_sent_only_after_a_yes),
		VIEWING_TEST(another_signal_can_be_chosen),
		VIEWING_TEST(the_target_does_not_change_while_the_dialog_is_open),
		VIEWING_TEST(tagged_processes_get_the_signal_together),
		VIEWING_TEST(readonly_sends_nothing),
		VIEWING_TEST(what_is_no_process_gets_no_signal),
		FAMILY_TEST(who_has_ended_gets_no_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
