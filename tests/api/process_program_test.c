/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_program_test.c - children that are programs of their own: how they are found,
 * what they get, starts that fail, those that never use the library.
 *
 * What programs have in common with functions: process_spawn_test.c.  How those that use the
 * library find their place: process_arrive_test.c.
 */
#include "tests/api/methods.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* ---- programs that never heard of us -------------------------------------------------------- */

static void a_program_that_does_not_use_the_library_is_joined(void **state)
{
	struct mpt_process *p = RUN("sleep", "1000");

	(void)state;
	assert_int_equal(process_end(RUN("true")), 0);
	assert_int_equal(process_end(RUN("/bin/sh", "-c", "exit 3")), 3);
	assert_int_equal(mpt_process_alive(p), 1);
	assert_int_equal(mpt_process_terminate(p), 0);
	assert_int_equal(process_end(p), -SIGTERM);
}

static void it_has_a_slot_that_ends_with_it(void **state)
{
	struct mpt_process *p = RUN("sleep", "1000"), *q = RUN("true");
	const struct mpt_wire_process *it = method_slot(mpt_process_pid(p));
	const struct mpt_wire_process *other = method_slot(mpt_process_pid(q));

	(void)state;
	assert_non_null(it);
	assert_int_equal(it->state, MPT_SLOT_STARTING);
	assert_int_equal(it->pid, mpt_process_pid(p));
	assert_string_equal(it->name, mpt_process_name(p));
	assert_true(it->start_ticks > 0 && it->pidns_inode > 0);
	assert_true(it->flags & MPT_PROC_PROGRAM);
	process_kill_and_free(p);
	assert_int_equal(it->state, MPT_SLOT_DEAD);
	assert_int_equal(it->exit_code, -SIGKILL);
	assert_int_equal(process_end(q), 0);
	assert_int_equal(other->state, MPT_SLOT_ENDED);
	assert_int_equal(other->exit_code, 0);
	assert_true(other->flags & MPT_PROC_REAPED);
	assert_true(other->ended_ns > 0);
}

/* ---- arguments and environment ------------------------------------------------------------------ */

static void names_are_searched_in_the_path(void **state)
{
	char dir[] = "/tmp/mpt-path-XXXXXX", file[60], path[200];
	const char *before = getenv("PATH");
	struct mpt_process *p;
	const char *argv[] = { "a-name-of-ours", NULL };
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/%s", dir, argv[0]);
	snprintf(path, sizeof(path), "/no/such:%s:/bin", dir);
	setenv("PATH", path, 1);
	assert_int_equal(mpt_process_create_program(&p, argv, NULL), 0);
	assert_int_equal(mpt_process_start(p), -ENOENT);
	f = fopen(file, "we");
	assert_non_null(f);
	fputs("#!/bin/sh\nexit 4\n", f);
	fclose(f);
	assert_int_equal(mpt_process_start(p), -EACCES);
	assert_int_equal(chmod(file, 0700), 0);
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(process_end(p), 4);
	setenv("PATH", before, 1);
	unlink(file);
	rmdir(dir);
}

static int tells_environment(const char *name)
{
	char value[32] = "(none)";

	if (getenv(name))
		snprintf(value, sizeof(value), "%s", getenv(name));
	tell_the_parent("told", value, sizeof(value));
	return 0;
}

static void assert_environment(const char *const *env, const char *name, const char *wanted)
{
	const char *argv[] = { "/proc/self/exe", "tells_environment", name, NULL };
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p = method_run_program(argv, env);
	char value[32];

	told_by_child(told, value, sizeof(value));
	assert_string_equal(value, wanted);
	assert_int_equal(process_end(p), 0);
	mpt_queue_destroy(told);
}

static void the_environment_is_ours_or_the_given_one(void **state)
{
	const char *given[] = { "MPT_TEST_A=1", "MPT_TEST_B=2", NULL };

	(void)state;
	setenv("MPT_TEST_A", "ours", 1);
	assert_environment(NULL, "MPT_TEST_A", "ours");
	assert_environment(given, "MPT_TEST_A", "1");
	assert_environment(given, "MPT_TEST_B", "2");
	unsetenv("MPT_TEST_A");
	assert_environment(NULL, "MPT_TEST_A", "(none)");
	assert_environment(given, "MPTRACE_START", "(none)"); /* taken out before main */
}

static void arguments_are_copied(void **state)
{
	char code[] = "5", part[] = "returns";
	const char *argv[] = { "/proc/self/exe", part, code, NULL };
	struct mpt_process *p;

	(void)state;
	assert_int_equal(mpt_process_create_program(&p, argv, NULL), 0);
	code[0] = '6';
	part[0] = 'x';
	argv[0] = "";
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(process_end(p), 5);
}

static int returns(const char *code)
{
	return atoi(code);
}

static void what_makes_no_sense_is_refused(void **state)
{
	const char *argv[] = { "true", NULL }, *none[] = { NULL };
	struct mpt_process_options odd = { .parent_death = MPT_PARENT_DEATH_KILL + 1 };
	struct mpt_process_options env = { .env = none };
	struct mpt_process *p = (void *)&p;

	(void)state;
	assert_int_equal(mpt_process_create_program(NULL, argv, NULL), -EINVAL);
	assert_int_equal(mpt_process_create_program(&p, NULL, NULL), -EINVAL);
	assert_null(p);
	assert_int_equal(mpt_process_create_program(&p, none, NULL), -EINVAL);
	assert_int_equal(mpt_process_create_program(&p, argv, &odd), -EINVAL);
	assert_int_equal(mpt_process_create(&p, process_pause, NULL, &env), -EINVAL);
	assert_int_equal(mpt_process_create_program(&p, argv, &env), 0);
	mpt_process_destroy(p);
}

/* ---- starts that fail --------------------------------------------------------------------------- */

static uint32_t slots_in_use(void)
{
	const struct mpt_wire_section *s = &segment()->section[MPT_SEC_PROCESSES];
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->used; i++)
		n += ((const struct mpt_wire_process *)(const void *)((const uint8_t *)segment() +
								      s->offset + s->stride * i))
			     ->state == MPT_SLOT_STARTING;
	return n;
}

static void start_fails(const char *path, int error)
{
	const char *argv[] = { path, NULL };
	struct mpt_process *p;
	unsigned int before;

	assert_int_equal(mpt_process_create_program(&p, argv, NULL), 0);
	before = process_descriptors();
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_process_start(p), error);
	assert_int_equal(process_descriptors(), before);
	assert_int_equal(mpt_process_pid(p), 0);
	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_sentinel(p), -ECHILD);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	assert_int_equal(slots_in_use(), 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	mpt_process_destroy(p);
}

static void a_program_that_cannot_be_run_is_told_by_start(void **state)
{
	char empty[] = "/tmp/mpt-empty-XXXXXX";
	int fd = mkstemp(empty);

	(void)state;
	assert_int_equal(process_end(RUN("true")), 0); /* what attaching opens comes first */
	assert_true(fd >= 0 && fchmod(fd, 0700) == 0);
	assert_int_equal(write(fd, "\177garbage", 8), 8);
	close(fd);
	start_fails("no-such-program-anywhere", -ENOENT);
	start_fails("/no/such/directory", -ENOENT);
	start_fails("", -ENOENT);
	start_fails("/etc", -EACCES);
	start_fails("/etc/passwd", -EACCES);
	start_fails("/etc/passwd/x", -ENOTDIR);
	start_fails(empty, -ENOEXEC);
	unlink(empty);
}

static void starts_without_descriptors(void *unused)
{
	struct mpt_process *p = RUN("true");
	const char *argv[] = { "true", NULL };
	struct rlimit l;
	int lowest_free;

	(void)unused;
	child_claims(process_end(p) == 0);
	child_claims(mpt_process_create_program(&p, argv, NULL) == 0);
	lowest_free = dup(STDERR_FILENO);
	close(lowest_free);
	child_claims(getrlimit(RLIMIT_NOFILE, &l) == 0);
	l.rlim_cur = (rlim_t)lowest_free;
	child_claims(setrlimit(RLIMIT_NOFILE, &l) == 0);
	child_claims(mpt_process_start(p) == -EMFILE);
	child_claims(mpt_process_sentinel(p) == -ECHILD);
	l.rlim_cur = l.rlim_max;
	child_claims(setrlimit(RLIMIT_NOFILE, &l) == 0);
	child_claims(mpt_process_start(p) == 0 && process_end(p) == 0);
}

static void a_start_without_descriptors_leaves_nothing_half_made(void **state)
{
	(void)state;
	assert_ends_well(child(starts_without_descriptors, NULL));
}

/* ---- signals ---------------------------------------------------------------------------------- */

static int tells_signals(const char *unused)
{
	struct sigaction a[3];
	sigset_t mask;
	bool as_wanted;

	(void)unused;
	sigaction(SIGUSR1, NULL, &a[0]);
	sigaction(SIGUSR2, NULL, &a[1]);
	sigaction(SIGTERM, NULL, &a[2]);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	as_wanted = a[0].sa_handler == SIG_DFL && a[1].sa_handler == SIG_IGN &&
		    a[2].sa_handler == SIG_DFL && sigismember(&mask, SIGHUP) &&
		    !sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGCHLD);
	return as_wanted ? 0 : 1;
}

static void handles(int sig)
{
	(void)sig;
}

static void handled_signals_are_reset_ignored_and_blocked_ones_stay(void **state)
{
	sigset_t hup;

	(void)state;
	signal(SIGUSR1, handles);
	signal(SIGUSR2, SIG_IGN);
	sigemptyset(&hup);
	sigaddset(&hup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hup, NULL);
	assert_int_equal(method_code(&method_program, "tells_signals", ""), 0);
	sigprocmask(SIG_UNBLOCK, &hup, NULL);
	signal(SIGUSR1, SIG_DFL);
	signal(SIGUSR2, SIG_DFL);
}

/* ---- functions and programs at once ---------------------------------------------------------- */

static uint32_t enough;

static void *starts_programs(void *unused)
{
	while (!reached(&enough))
		child_claims(process_end(RUN("true")) == 0);
	return unused;
}

static int counts_descriptors(const char *count)
{
	(void)count;
	return (int)process_descriptors();
}

/* The descriptor of a program comes from the kernel while other threads fork. */
static void b20_a_forked_child_has_nothing_of_a_program_being_started(void **state)
{
	int alone = method_code(&method_function, "counts_descriptors", "");
	pthread_t t[3];

	(void)state;
	enough = 0;
	for (int i = 0; i < 3; i++)
		t[i] = thread(starts_programs, NULL);
	for (int i = 0; i < 100; i++)
		assert_int_equal(method_code(&method_function, "counts_descriptors", ""), alone);
	reach(&enough);
	for (int i = 0; i < 3; i++)
		join_thread(t[i]);
}

#define PART(play) { #play, play }

int main(int argc, char **argv)
{
	static const struct part parts[] = {
		PART(tells_environment),
		PART(returns),
		PART(tells_signals),
		PART(counts_descriptors),
	};
	const struct CMUnitTest tests[] = {
		process_test(a_program_that_does_not_use_the_library_is_joined),
		process_test(it_has_a_slot_that_ends_with_it),
		process_test(names_are_searched_in_the_path),
		process_test(the_environment_is_ours_or_the_given_one),
		process_test(arguments_are_copied),
		process_test(what_makes_no_sense_is_refused),
		process_test(a_program_that_cannot_be_run_is_told_by_start),
		process_test(a_start_without_descriptors_leaves_nothing_half_made),
		process_test(handled_signals_are_reset_ignored_and_blocked_ones_stay),
		process_test(b20_a_forked_child_has_nothing_of_a_program_being_started),
	};

	methods_main(argc, argv, parts, sizeof(parts) / sizeof(parts[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
