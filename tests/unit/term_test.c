/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * term_test.c - the viewer on a terminal of its own: what it refuses, and how
 * it ends when the terminal does.  Keys and frames on a terminal: e2e.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/view/view.h"
#include "tests/unit/scene.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define DEADLINE_MS 10000

/* What the child found out, sent through a pipe. */
struct outcome {
	int returned;
	char text[480];
	bool modes_restored, mask_restored, actions_restored;
};

struct child {
	pid_t pid;
	int master; /* of its terminal; -1: closed */
	int report;
};

static bool same_actions(void)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP, SIGTSTP, SIGWINCH};

	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction now;

		sigaction(signals[i], NULL, &now);
		if (now.sa_handler != SIG_DFL)
			return false;
	}
	return true;
}

/* In the child: runs the viewer and reports. */
static void run_and_report(int report)
{
	struct termios before, after;
	sigset_t mask_before, mask_after;
	struct scene scene;
	struct err err = {0};
	struct outcome outcome = {0};
	struct view_config config;

	scene_open(&scene);
	config = (struct view_config){.model = scene.model,
				      .refresh = scene_refresh,
				      .arg = &scene,
				      .delay_s = 0.1,
				      .colour = true,
				      .program = "mpstat"};
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	tcgetattr(STDIN_FILENO, &before);
	sigprocmask(SIG_BLOCK, NULL, &mask_before);
	outcome.returned = view_run(&config, &err);
	tcgetattr(STDIN_FILENO, &after);
	sigprocmask(SIG_BLOCK, NULL, &mask_after);
	memcpy(outcome.text, err.text, sizeof(outcome.text));
	outcome.modes_restored = before.c_lflag == after.c_lflag && before.c_iflag == after.c_iflag &&
				 before.c_oflag == after.c_oflag;
	outcome.mask_restored = sigismember(&mask_before, SIGTERM) ==
					sigismember(&mask_after, SIGTERM) &&
				sigismember(&mask_before, SIGTSTP) ==
					sigismember(&mask_after, SIGTSTP);
	outcome.actions_restored = same_actions();
	_exit(write(report, &outcome, sizeof(outcome)) == sizeof(outcome) ? 0 : 1);
}

static struct child start(const char *type)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct child child;
	int report[2];

	assert_int_equal(pipe2(report, O_CLOEXEC), 0);
	child.pid = forkpty(&child.master, NULL, NULL, &size);
	assert_true(child.pid >= 0);
	if (child.pid == 0) {
		setenv("TERM", type, 1);
		run_and_report(report[1]);
	}
	close(report[1]);
	child.report = report[0];
	return child;
}

/* Reads what the terminal shows until it contains the text. */
static void wait_for_text(struct child *child, const char *want)
{
	char seen[65536];
	size_t used = 0;

	while (used < sizeof(seen) - 1) {
		struct pollfd fd = {.fd = child->master, .events = POLLIN};
		ssize_t got;

		assert_int_equal(poll(&fd, 1, DEADLINE_MS), 1);
		got = read(child->master, seen + used, sizeof(seen) - 1 - used);
		assert_true(got > 0);
		used += (size_t)got;
		seen[used] = '\0';
		if (strstr(seen, want))
			return;
	}
	fail_msg("64 KiB without %s", want);
}

/* Keeps the terminal flowing until the child has told its outcome. */
static struct outcome finish(struct child *child)
{
	struct outcome outcome = {0};
	char drain[4096];

	for (;;) {
		struct pollfd fds[2] = {{.fd = child->report, .events = POLLIN},
					{.fd = child->master, .events = POLLIN}};

		assert_true(poll(fds, 2, DEADLINE_MS) > 0);
		if (fds[0].revents)
			break;
		if (read(child->master, drain, sizeof(drain)) <= 0) {
			close(child->master);
			child->master = -1; /* poll leaves it out */
		}
	}
	assert_int_equal(read(child->report, &outcome, sizeof(outcome)), sizeof(outcome));
	close(child->report);
	if (child->master >= 0)
		close(child->master);
	assert_int_equal(waitpid(child->pid, NULL, 0), child->pid);
	return outcome;
}

static void type(const struct child *child, const char *keys)
{
	assert_int_equal(write(child->master, keys, strlen(keys)), strlen(keys));
}

static void no_terminal_is_refused(void **state)
{
	struct scene scene;
	struct view_config config;
	struct err err = {0};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), input = dup(STDIN_FILENO), ret;

	(void)state;
	scene_open(&scene);
	config = (struct view_config){.model = scene.model, .delay_s = 1};
	dup2(null, STDIN_FILENO);
	ret = view_run(&config, &err);
	dup2(input, STDIN_FILENO);
	close(input);
	close(null);
	assert_int_equal(ret, -ENOTTY);
	assert_non_null(strstr(err.text, "is not a terminal: use -b for plain text"));
	scene_close(&scene);
}

static void a_terminal_that_cannot_move_its_cursor_is_refused(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct child child = start(i ? "" : "dumb");
		struct outcome outcome = finish(&child);

		assert_int_equal(outcome.returned, -ENOTSUP);
		assert_non_null(strstr(outcome.text, "terminal cannot position the cursor"));
		assert_non_null(strstr(outcome.text, "use -b for plain text"));
		assert_true(outcome.modes_restored);
		assert_true(outcome.actions_restored);
	}
}

static void expect_restored(const struct outcome *outcome)
{
	assert_true(outcome->modes_restored);
	assert_true(outcome->mask_restored);
	assert_true(outcome->actions_restored);
}

static void an_unknown_type_is_tried_as_xterm_and_q_restores_everything(void **state)
{
	struct child child = start("no-such-terminal");
	struct outcome outcome;

	(void)state;
	wait_for_text(&child, "Help");
	type(&child, "q");
	wait_for_text(&child, "\033[?1049l"); /* off the alternate screen */
	outcome = finish(&child);
	assert_int_equal(outcome.returned, 0);
	expect_restored(&outcome);
}

static void signals_to_end_restore_everything(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGQUIT};

	(void)state;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct child child = start("xterm");
		struct outcome outcome;

		wait_for_text(&child, "Help");
		kill(child.pid, signals[i]);
		outcome = finish(&child);
		assert_int_equal(outcome.returned, 0);
		expect_restored(&outcome);
	}
}

static void a_lost_terminal_ends_the_viewer(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct child child = start("xterm");
		struct outcome outcome;

		wait_for_text(&child, "Help");
		if (i) {
			kill(child.pid, SIGHUP);
		} else {
			close(child.master);
			child.master = -1;
		}
		outcome = finish(&child);
		assert_int_equal(outcome.returned, -EIO);
		assert_string_equal(outcome.text, "the terminal is gone");
	}
}

static void unknown_escape_sequences_are_not_taken_for_commands(void **state)
{
	static const char sequences[] = "\033[99q\033[1;5k\033Oq\033[?1k";
	static const char f10_of_xterm[] = "\033[21~";
	struct child child = start("vt100");
	struct outcome outcome;

	(void)state;
	wait_for_text(&child, "Help");
	/* would sort, kill and quit if they were keys */
	type(&child, sequences);
	type(&child, "2");
	wait_for_text(&child, "BLKPUT");
	type(&child, f10_of_xterm);
	outcome = finish(&child);
	assert_int_equal(outcome.returned, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_terminal_is_refused),
		cmocka_unit_test(a_terminal_that_cannot_move_its_cursor_is_refused),
		cmocka_unit_test(an_unknown_type_is_tried_as_xterm_and_q_restores_everything),
		cmocka_unit_test(signals_to_end_restore_everything),
		cmocka_unit_test(a_lost_terminal_ends_the_viewer),
		cmocka_unit_test(unknown_escape_sequences_are_not_taken_for_commands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
