/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * drain_test.c - what would be lost is taken in between two refreshes, too: in the
 * viewer while it waits for keys and while it is paused, in commands while they wait.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mpstat/commands/session.h"
#include "mpstat/view/view.h"
#include "tests/unit/scene.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define DEADLINE_MS 10000
#define DRAINS	    5

struct viewer {
	pid_t pid;
	int master;  /* of its terminal */
	int drained; /* a byte per drain */
};

static int told; /* in the child: where a drain is told */

static void drain(void *arg)
{
	(void)arg;
	if (write(told, "d", 1) != 1)
		_exit(1);
}

/* In the child.  The one refresh is at the beginning. */
static void view(void)
{
	struct scene scene;
	struct err err = {0, ""};
	struct view_config config;

	scene_open(&scene);
	config = (struct view_config){.model = scene.model,
				      .refresh = scene_refresh,
				      .drain = drain,
				      .arg = &scene,
				      .delay_s = 3600,
				      .program = "mpstat"};
	_exit(view_run(&config, &err) == 0 ? 0 : 1);
}

static struct viewer start(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	struct viewer viewer;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	viewer.pid = forkpty(&viewer.master, NULL, NULL, &size);
	assert_true(viewer.pid >= 0);
	if (viewer.pid == 0) {
		told = ends[1];
		setenv("TERM", "xterm", 1);
		view();
	}
	close(ends[1]);
	viewer.drained = ends[0];
	return viewer;
}

/* Reads the terminal and the drains until the text was shown (NULL: any) and so many
 * drains came. */
static void await(const struct viewer *viewer, const char *want, int drains)
{
	char seen[65536] = "", bytes[64];
	size_t used = 0;

	while (drains > 0 || (want && !strstr(seen, want))) {
		struct pollfd fds[2] = {{.fd = viewer->master, .events = POLLIN},
					{.fd = viewer->drained, .events = POLLIN}};
		ssize_t got;

		assert_true(poll(fds, 2, DEADLINE_MS) > 0);
		if (fds[1].revents) {
			got = read(viewer->drained, bytes, sizeof(bytes));
			assert_true(got > 0);
			drains -= (int)got;
		}
		if (!fds[0].revents)
			continue;
		assert_true(used < sizeof(seen) - 1);
		got = read(viewer->master, seen + used, sizeof(seen) - 1 - used);
		assert_true(got > 0);
		used += (size_t)got;
		seen[used] = '\0';
	}
}

static void type(const struct viewer *viewer, const char *keys)
{
	assert_int_equal(write(viewer->master, keys, strlen(keys)), strlen(keys));
}

static void finish(const struct viewer *viewer)
{
	struct pollfd fd = {.fd = viewer->master, .events = POLLIN};
	char bytes[4096];
	int status;

	type(viewer, "q");
	/* Until its end closes the terminal: then reading fails. */
	do
		assert_true(poll(&fd, 1, DEADLINE_MS) > 0);
	while (read(viewer->master, bytes, sizeof(bytes)) > 0);
	assert_int_equal(waitpid(viewer->pid, &status, 0), viewer->pid);
	assert_int_equal(status, 0);
	close(viewer->master);
	close(viewer->drained);
}

static void the_viewer_drains_while_it_waits_for_keys(void **state)
{
	struct viewer viewer = start();

	(void)state;
	await(&viewer, "Help", DRAINS);
	await(&viewer, NULL, DRAINS);
	finish(&viewer);
}

static void the_viewer_drains_while_it_is_paused(void **state)
{
	struct viewer viewer = start();

	(void)state;
	await(&viewer, "Help", 1);
	type(&viewer, "Z");
	await(&viewer, "PAUSED", DRAINS);
	await(&viewer, NULL, DRAINS);
	finish(&viewer);
}

#define BIRTHS 3

static void be_born_and_end(void)
{
	for (int i = 0; i < BIRTHS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
}

/* Births by this process. */
static void count_births(void *arg, const struct fact *fact)
{
	const struct fact_life *life = &fact->u.life;
	int *births = arg;

	if (fact->type == FACT_LIFE && life->what == FACT_LIFE_FORK &&
	    life->other.pid == (uint32_t)getpid())
		++*births;
}

static void a_waiting_command_takes_in_what_happens(void **state)
{
	struct options options = {.program = "mpstat"};
	struct session session;
	struct err err = {0, ""};
	int births = 0;

	(void)state;
	assert_int_equal(session_open(&session, &options, 0, &err), 0);
	session_refresh(&session);
	session.sink = (struct fact_sink){count_births, &births};
	be_born_and_end();
	assert_true(session_wait(&session, 2.5 * SESSION_DRAIN_S));
	/* Where the kernel tells nobody of births, only that the wait ends is tested. */
	if (session.drains)
		assert_int_equal(births, BIRTHS);
	session_close(&session);
}

static void a_session_without_ebpf_has_no_kernel_and_says_why(void **state)
{
	struct options options = {.program = "mpstat", .no_bpf = true};
	struct session session;
	struct err err = {0, ""};

	(void)state;
	assert_int_equal(session_open(&session, &options, 0, &err), 0);
	assert_null(session.kernel);
	assert_non_null(strstr(session.source_options.kernel_why, "--no-bpf"));
	session_close(&session);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_viewer_drains_while_it_waits_for_keys),
		cmocka_unit_test(the_viewer_drains_while_it_is_paused),
		cmocka_unit_test(a_waiting_command_takes_in_what_happens),
		cmocka_unit_test(a_session_without_ebpf_has_no_kernel_and_says_why),
	};

	return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
