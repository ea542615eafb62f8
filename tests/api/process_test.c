/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_test.c - the life of one child process, step by step.
 *
 * Families and threads: process_family_test.c.  Inheritance: process_inherit_test.c.
 * Failures and kills: process_failure_test.c.  What viewers see: process_seen_test.c.
 */
#include "tests/api/process_support.h"

/* A process is made, started, joined.  Before the start there is nothing to see. */
static void b01_a_process_lives_from_start_to_its_end(void **state)
{
	uint32_t *may_end = shared(sizeof(*may_end));
	struct mpt_process *p;
	pid_t listed[2] = { 0 };

	(void)state;
	assert_int_equal(mpt_process_create(&p, process_await, may_end, NULL), 0);
	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_exit_code(p), MPT_EXIT_NONE);
	assert_int_equal(mpt_process_pid(p), 0);
	assert_int_equal(mpt_process_active_children(listed, 2), 0);

	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(mpt_process_alive(p), 1);
	assert_int_equal(mpt_process_exit_code(p), MPT_EXIT_NONE);
	assert_int_equal(mpt_process_active_children(listed, 2), 1);
	assert_int_equal(listed[0], mpt_process_pid(p));

	reach(may_end);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_exit_code(p), 0);
	assert_int_equal(mpt_process_active_children(listed, 2), 0);
	mpt_process_destroy(p);
}

/* The child gets its argument as it is: memory is copied by fork. */
struct greeting {
	const char *text;
	struct mpt_process_info *seen; /* shared */
};

static int say_who_i_am(void *arg)
{
	const struct greeting *g = arg;

	child_claims(strcmp(g->text, "hello") == 0);
	return mpt_process_current(g->seen);
}

static void b02_the_child_has_its_argument_and_its_name_and_pid(void **state)
{
	struct greeting hello = { "hello", shared(sizeof(*hello.seen)) };
	struct mpt_process_options named = { .name = "greeter" };
	struct mpt_process *p = process_run(say_who_i_am, &hello, &named);
	pid_t pid = mpt_process_pid(p);

	(void)state;
	assert_string_equal(mpt_process_name(p), "greeter");
	assert_int_equal(process_end(p), 0);
	assert_string_equal(hello.seen->name, "greeter");
	assert_int_equal(hello.seen->pid, pid);
}

/* A child may look at its own handle, which fork has copied. */
static int look_at_myself(void *handle)
{
	struct mpt_process *me = *(struct mpt_process **)handle;

	child_claims(mpt_process_pid(me) == getpid());
	child_claims(mpt_process_alive(me) == 1);
	child_claims(mpt_process_exit_code(me) == MPT_EXIT_NONE);
	child_claims(mpt_process_join(me, 0) == -ECHILD);
	child_claims(mpt_process_start(me) == -EALREADY);
	return 0;
}

static void b03_the_current_process_is_alive_and_no_daemon(void **state)
{
	struct mpt_process_info me;
	struct mpt_process *p;

	(void)state;
	assert_int_equal(mpt_process_current(&me), 0);
	assert_int_equal(me.pid, getpid());
	assert_string_equal(me.name, "MainProcess");
	assert_false(me.daemon);
	assert_int_equal(mpt_process_current(NULL), -EINVAL);
	assert_int_equal(mpt_process_create(&p, look_at_myself, &p, NULL), 0);
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(process_end(p), 0);
}

static bool created_as_daemon(enum mpt_daemon wish)
{
	struct mpt_process_options options = { .daemon = wish };
	struct mpt_process *p;
	bool daemon;

	child_claims(mpt_process_create(&p, process_pause, NULL, &options) == 0);
	daemon = mpt_process_daemon(p);
	mpt_process_destroy(p);
	return daemon;
}

static int create_in_a_daemon(void *unused)
{
	struct mpt_process_info me;

	(void)unused;
	child_claims(mpt_process_current(&me) == 0 && me.daemon);
	child_claims(created_as_daemon(MPT_DAEMON_INHERIT));
	child_claims(created_as_daemon(MPT_DAEMON_YES));
	child_claims(!created_as_daemon(MPT_DAEMON_NO));
	return 0;
}

static void b04_the_daemon_flag_is_the_creators_unless_given(void **state)
{
	(void)state;
	assert_false(created_as_daemon(MPT_DAEMON_INHERIT));
	assert_true(created_as_daemon(MPT_DAEMON_YES));
	assert_false(created_as_daemon(MPT_DAEMON_NO));
	assert_int_equal(process_end(process_run(create_in_a_daemon, NULL, &process_daemon)), 0);
}

static int start_in_a_daemon(void *unused)
{
	struct mpt_process *p;

	(void)unused;
	child_claims(mpt_process_create(&p, process_pause, NULL, NULL) == 0);
	child_claims(mpt_process_start(p) == -EPERM);
	child_claims(mpt_process_pid(p) == 0);
	child_claims(mpt_process_active_children(NULL, 0) == 0);
	mpt_process_destroy(p);
	return 0;
}

static void b06_a_daemon_has_no_children(void **state)
{
	(void)state;
	assert_int_equal(process_end(process_run(start_in_a_daemon, NULL, &process_daemon)), 0);
}

static void b07_starting_twice_and_joining_before_start_fail(void **state)
{
	struct mpt_process *p;

	(void)state;
	assert_int_equal(mpt_process_create(&p, process_return, NULL, NULL), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), -ECHILD);
	assert_int_equal(mpt_process_terminate(p), -ECHILD);
	assert_int_equal(mpt_process_kill(p), -ECHILD);
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(mpt_process_start(p), -EALREADY);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_start(p), -EALREADY);
	assert_int_equal(process_end(p), 0);
}

static void b08_terminate_gives_minus_sigterm(void **state)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL);

	(void)state;
	assert_int_equal(mpt_process_terminate(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_exit_code(p), -SIGTERM);
	assert_int_equal(mpt_process_terminate(p), 0); /* nobody is hit */
	mpt_process_destroy(p);
}

static int pause_deaf_to_sigterm(void *ready)
{
	signal(SIGTERM, SIG_IGN);
	reach(ready);
	return process_pause(NULL);
}

static void b09_kill_gives_minus_sigkill(void **state)
{
	uint32_t *ready = shared(sizeof(*ready));
	struct mpt_process *p = process_run(pause_deaf_to_sigterm, ready, NULL);

	(void)state;
	assert_eventually(reached(ready));
	assert_int_equal(mpt_process_terminate(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_MS(50)), -ETIMEDOUT);
	assert_int_equal(mpt_process_kill(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_exit_code(p), -SIGKILL);
	assert_int_equal(mpt_process_kill(p), 0);
	mpt_process_destroy(p);
}

static void b10_join_0_returns_at_once_and_join_after_the_end_too(void **state)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL);

	(void)state;
	assert_int_equal(mpt_process_join(p, 0), -EAGAIN);
	assert_int_equal(mpt_process_join(p, mpt_timeout(-1.0)), -EAGAIN);
	assert_int_equal(mpt_process_alive(p), 1);
	mpt_process_kill(p);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_join(p, 0), 0);
	mpt_process_destroy(p);
}

static void b11_join_with_a_timeout_leaves_the_process_alive(void **state)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_process_join(p, MPT_MS(230)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(230));
	assert_int_equal(mpt_process_alive(p), 1);
	assert_int_equal(mpt_process_exit_code(p), MPT_EXIT_NONE);
	process_kill_and_free(p);
}

static int leave_by_exit(void *code)
{
	exit((int)(intptr_t)code);
}

static int leave_by_underscore_exit(void *code)
{
	_exit((int)(intptr_t)code);
}

static int abort_quietly(void *unused)
{
	(void)unused;
	abort();
}

static void b12_the_exit_status_is_the_exit_code(void **state)
{
	static mpt_process_main *const ways[] = { process_return, leave_by_exit,
						  leave_by_underscore_exit };
	static const int codes[] = { 0, 1, 7, 255 };

	(void)state;
	for (size_t w = 0; w < 3; w++)
		for (size_t c = 0; c < 4; c++)
			assert_int_equal(process_end(process_run(ways[w],
								 (void *)(intptr_t)codes[c],
								 NULL)),
					 codes[c]);
	assert_int_equal(process_end(process_run(abort_quietly, NULL, NULL)), -SIGABRT);
}

/* A main that returns a negative errno has failed, and nobody caught it. */
static int fail_with_stderr_on(void *fd)
{
	dup2(*(int *)fd, STDERR_FILENO);
	return -ENOENT;
}

static void b13_an_uncaught_failure_gives_1_and_a_line_on_stderr(void **state)
{
	struct mpt_process_options named = { .name = "the unlucky" };
	struct mpt_process *p;
	char said[300], whole[300];
	int ends[2];
	ssize_t n;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	p = process_run(fail_with_stderr_on, &ends[1], &named);
	snprintf(whole, sizeof(whole), "Process the unlucky (pid %d) failed: %s\n",
		 mpt_process_pid(p), mpt_result_text(-ENOENT));
	assert_int_equal(process_end(p), 1);
	n = read(ends[0], said, sizeof(said) - 1);
	assert_true(n > 0);
	said[n] = '\0';
	assert_string_equal(said, whole);
	close(ends[0]);
	close(ends[1]);
}

static struct {
	int error;
	pid_t pid;
	char name[48];
} *told;

static void tell_the_test(const char *name, pid_t pid, int error)
{
	snprintf(told->name, sizeof(told->name), "%s", name);
	told->pid = pid;
	told->error = error;
}

static int set_silence_and_fail(void *unused)
{
	(void)unused;
	child_claims(mpt_process_on_failure(NULL) == tell_the_test);
	return -EIO;
}

static void b13_the_way_a_failure_is_told_can_be_replaced(void **state)
{
	struct mpt_process_options named = { .name = "the unlucky" };
	mpt_process_failure_hook *usual = mpt_process_on_failure(tell_the_test);
	struct mpt_process *p;
	pid_t pid;

	(void)state;
	told = shared(sizeof(*told));
	p = process_run(process_return, (void *)(intptr_t)-EIO, &named);
	pid = mpt_process_pid(p);
	assert_int_equal(process_end(p), 1);
	assert_int_equal(told->error, -EIO);
	assert_int_equal(told->pid, pid);
	assert_string_equal(told->name, "the unlucky");

	told->error = 0;
	assert_int_equal(process_end(process_run(set_silence_and_fail, NULL, NULL)), 1);
	assert_int_equal(told->error, 0);
	assert_ptr_equal(mpt_process_on_failure(usual), tell_the_test);
}

static void b14_asking_for_the_active_children_reaps_the_others(void **state)
{
	struct mpt_process *p[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		p[i] = process_run(process_return, NULL, NULL);
	for (int i = 0; i < 3; i++)
		assert_eventually(process_readable(mpt_process_sentinel(p[i])));
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(mpt_process_pid(p[i]), NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
		assert_int_equal(process_end(p[i]), 0);
	}
}

static void b16_the_sentinel_is_readable_after_the_end(void **state)
{
	uint32_t *may_end = shared(sizeof(*may_end));
	struct mpt_process *p;
	int fd;

	(void)state;
	assert_int_equal(mpt_process_create(&p, process_await, may_end, NULL), 0);
	assert_int_equal(mpt_process_sentinel(p), -ECHILD);
	assert_int_equal(mpt_process_start(p), 0);
	fd = mpt_process_sentinel(p);
	assert_true(fd >= 0);
	assert_int_equal(mpt_process_sentinel(p), fd);
	assert_false(process_readable(fd));
	reach(may_end);
	assert_eventually(process_readable(fd));
	assert_int_equal(mpt_process_join(p, 0), 0);
	assert_true(process_readable(fd));
	assert_int_equal(process_end(p), 0);
}

static void b17_close_fails_while_alive_and_shuts_all_calls_after(void **state)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL), *fresh;

	(void)state;
	assert_int_equal(mpt_process_close(p), -EBUSY);
	mpt_process_kill(p);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_close(p), 0);
	assert_int_equal(mpt_process_close(p), 0);
	assert_int_equal(mpt_process_start(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_join(p, 0), -ESHUTDOWN);
	assert_int_equal(mpt_process_alive(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_terminate(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_kill(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_sentinel(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_exit_code(p), MPT_EXIT_NONE);
	assert_int_equal(mpt_process_pid(p), 0);
	mpt_process_destroy(p);

	assert_int_equal(mpt_process_create(&fresh, process_pause, NULL, NULL), 0);
	assert_int_equal(mpt_process_close(fresh), 0);
	assert_int_equal(mpt_process_start(fresh), -ESHUTDOWN);
	mpt_process_destroy(fresh);
	mpt_process_destroy(NULL);
}

/* ---- beyond the list ----------------------------------------------------------- */

static void what_makes_no_sense_is_refused(void **state)
{
	struct mpt_process_options empty = { .name = "" }, odd = { .daemon = MPT_DAEMON_NO + 1 };
	struct mpt_process_options full = { .name = "123456789 123456789 123456789 123456789 1234567" };
	struct mpt_process_options over = { .name = "123456789 123456789 123456789 123456789 12345678" };
	struct mpt_process *p = (void *)&p;

	(void)state;
	assert_int_equal(mpt_process_create(NULL, process_pause, NULL, NULL), -EINVAL);
	assert_int_equal(mpt_process_create(&p, NULL, NULL, NULL), -EINVAL);
	assert_null(p);
	assert_int_equal(mpt_process_create(&p, process_pause, NULL, &empty), -EINVAL);
	assert_int_equal(mpt_process_create(&p, process_pause, NULL, &over), -EINVAL);
	assert_int_equal(mpt_process_create(&p, process_pause, NULL, &odd), -EINVAL);
	assert_int_equal(mpt_process_create(&p, process_pause, NULL, &full), 0);
	assert_string_equal(mpt_process_name(p), full.name);
	mpt_process_destroy(p);
}

static void a_destroyed_handle_leaves_its_child_running(void **state)
{
	uint32_t *may_end = shared(sizeof(*may_end));

	(void)state;
	mpt_process_destroy(process_run(process_await, may_end, NULL));
	assert_int_equal(mpt_process_active_children(NULL, 0), 1);
	reach(may_end);
	assert_eventually(mpt_process_active_children(NULL, 0) == 0);
}

static void errno_is_untouched(void **state)
{
	struct mpt_process *p;

	(void)state;
	errno = ENOTTY;
	assert_int_equal(mpt_process_create(&p, process_pause, NULL, NULL), 0);
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_MS(1)), -ETIMEDOUT);
	assert_int_equal(mpt_process_terminate(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_kill(p), 0);
	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	assert_int_equal(mpt_process_close(p), 0);
	mpt_process_destroy(p);
	assert_int_equal(errno, ENOTTY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		process_test(b01_a_process_lives_from_start_to_its_end),
		process_test(b02_the_child_has_its_argument_and_its_name_and_pid),
		process_test(b03_the_current_process_is_alive_and_no_daemon),
		process_test(b04_the_daemon_flag_is_the_creators_unless_given),
		process_test(b06_a_daemon_has_no_children),
		process_test(b07_starting_twice_and_joining_before_start_fail),
		process_test(b08_terminate_gives_minus_sigterm),
		process_test(b09_kill_gives_minus_sigkill),
		process_test(b10_join_0_returns_at_once_and_join_after_the_end_too),
		process_test(b11_join_with_a_timeout_leaves_the_process_alive),
		process_test(b12_the_exit_status_is_the_exit_code),
		process_test(b13_an_uncaught_failure_gives_1_and_a_line_on_stderr),
		process_test(b13_the_way_a_failure_is_told_can_be_replaced),
		process_test(b14_asking_for_the_active_children_reaps_the_others),
		process_test(b16_the_sentinel_is_readable_after_the_end),
		process_test(b17_close_fails_while_alive_and_shuts_all_calls_after),
		process_test(what_makes_no_sense_is_refused),
		process_test(a_destroyed_handle_leaves_its_child_running),
		process_test(errno_is_untouched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
