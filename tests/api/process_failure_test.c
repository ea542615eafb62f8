/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_failure_test.c - starts that fail, processes killed at the worst moment,
 * and programs that reap, fork, trace or close behind the library's back.
 */
#include "tests/api/process_support.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <time.h>

static int mark(void *point)
{
	reach(point);
	return 0;
}

/* ---- starts that fail ------------------------------------------------------------------ */

static void limit(int resource, rlim_t value)
{
	struct rlimit l;

	child_claims(getrlimit(resource, &l) == 0);
	l.rlim_cur = value == RLIM_INFINITY ? l.rlim_max : value;
	child_claims(setrlimit(resource, &l) == 0);
}

/* With `resource` limited to `value` the start fails with `error` and leaves nothing;
 * without the limit the same handle starts. */
static void start_fails_whole(uint32_t *ran, int resource, rlim_t value, int error)
{
	struct mpt_process *p;

	child_claims(process_end(process_run(process_return, NULL, NULL)) == 0);
	child_claims(mpt_process_create(&p, mark, ran, NULL) == 0);
	limit(resource, value);
	for (int i = 0; i < 3; i++)
		child_claims(mpt_process_start(p) == error);
	child_claims(mpt_process_pid(p) == 0 && mpt_process_alive(p) == 0);
	child_claims(mpt_process_sentinel(p) == -ECHILD);
	child_claims(mpt_process_active_children(NULL, 0) == 0);
	child_claims(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	child_claims(!reached(ran));
	limit(resource, RLIM_INFINITY);
	child_claims(mpt_process_start(p) == 0);
	child_claims(process_end(p) == 0 && reached(ran));
}

static void start_without_descriptors(void *ran)
{
	unsigned int before;
	int lowest_free;

	/* What attaching opens and keeps comes first. */
	child_claims(process_end(process_run(process_return, NULL, NULL)) == 0);
	before = process_descriptors();
	lowest_free = dup(STDERR_FILENO);
	close(lowest_free);
	start_fails_whole(ran, RLIMIT_NOFILE, (rlim_t)lowest_free, -EMFILE);
	child_claims(process_descriptors() == before);
}

static void a_start_without_descriptors_leaves_nothing_half_made(void **state)
{
	(void)state;
	assert_ends_well(child(start_without_descriptors, shared(sizeof(uint32_t))));
}

/* The limit does not bind root. */
static void start_without_processes(void *ran)
{
	if (geteuid() == 0)
		child_claims(setgroups(0, NULL) == 0 && setgid(65534) == 0 &&
			     setuid(65534) == 0);
	start_fails_whole(ran, RLIMIT_NPROC, 0, -EAGAIN);
}

static void a_start_the_kernel_refuses_leaves_nothing_half_made(void **state)
{
	(void)state;
	assert_ends_well(child(start_without_processes, shared(sizeof(uint32_t))));
}

/* A small domain has room for few processes. */
static const char *const small_domain[] = { "MPTRACE_SIZE=1M", NULL };

static void fill_the_table(const char *unused)
{
	struct mpt_process *p[4096], *one_more;
	int n = 0, rc;

	(void)unused;
	do {
		child_claims(n < 4096);
		child_claims(mpt_process_create(&p[n], process_pause, NULL, &process_daemon) == 0);
		rc = mpt_process_start(p[n]);
	} while (rc == 0 && ++n);
	child_claims(rc == -ENOSPC && n > 10);
	one_more = p[n];
	child_claims(mpt_process_active_children(NULL, 0) == n);
	process_kill_and_free(p[--n]);
	child_claims(mpt_process_start(one_more) == 0);
	process_kill_and_free(one_more);
	while (n > 0)
		process_kill_and_free(p[--n]);
}

static void a_full_table_refuses_until_a_child_has_ended(void **state)
{
	(void)state;
	assert_ends_well(program("fill_the_table", NULL, small_domain));
}

/* ---- killed inside start -------------------------------------------------------------------- */

static bool die_as_child, die_as_parent;

static void forked_as_child(void)
{
	if (die_as_child)
		raise(SIGKILL);
}

static void forked_as_parent(void)
{
	if (die_as_parent)
		raise(SIGKILL);
}

/* Between fork and taking its slot. */
static struct mpt_process *killed_at_birth(void)
{
	struct mpt_process *p;

	die_as_child = true;
	p = process_run(process_return, NULL, NULL);
	die_as_child = false;
	return p;
}

static void a_child_killed_before_it_ran_is_seen_to_end(void **state)
{
	struct mpt_process *p = killed_at_birth();
	const struct mpt_wire_process *seen = NULL;

	(void)state;
	assert_int_equal(mpt_process_join(p, GUARD_NS), 0);
	assert_int_equal(mpt_process_exit_code(p), -SIGKILL);
	seen = segment_process(mpt_process_pid(p));
	assert_non_null(seen);
	assert_int_equal(seen->state, MPT_SLOT_DEAD);
	assert_int_equal(seen->exit_code, -SIGKILL);
	assert_true(seen->flags & MPT_PROC_REAPED);
	mpt_process_destroy(p);
}

static void kill_many_at_birth(const char *unused)
{
	(void)unused;
	for (int i = 0; i < 400; i++)
		child_claims(process_end(killed_at_birth()) == -SIGKILL);
	child_claims(segment()->section[MPT_SEC_PROCESSES].count < 400);
}

static void slots_of_children_killed_at_birth_are_used_again(void **state)
{
	(void)state;
	assert_ends_well(program("kill_many_at_birth", NULL, small_domain));
}

static void die_while_starting(void *ran)
{
	struct mpt_process *p;

	child_claims(mpt_process_create(&p, mark, ran, NULL) == 0);
	die_as_parent = true;
	mpt_process_start(p);
}

static void a_child_whose_parent_died_inside_start_never_runs(void **state)
{
	uint32_t *ran = shared(sizeof(*ran));
	struct pollfd all_gone = { .events = POLLIN };
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(end_of(child(die_while_starting, ran)), -SIGKILL);
	close(ends[1]);
	all_gone.fd = ends[0];
	assert_int_equal(poll(&all_gone, 1, 10000), 1);
	assert_false(reached(ran));
	close(ends[0]);
}

static void a_child_killed_at_any_moment_has_the_code_of_the_kill(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		struct mpt_process *p = process_run(process_pause, NULL, NULL);

		for (volatile int spin = 0; spin < i * 500; spin++)
			;
		assert_int_equal(mpt_process_kill(p), 0);
		assert_int_equal(process_end(p), -SIGKILL);
	}
}

/* ---- somebody else reaps ------------------------------------------------------------------- */

static int leave_by_exit(void *code)
{
	exit((int)(intptr_t)code);
}

static int leave_without_a_word(void *code)
{
	_exit((int)(intptr_t)code);
}

static int die(void *unused)
{
	(void)unused;
	return raise(SIGKILL);
}

static int code_when_stolen(mpt_process_main *run, int code)
{
	struct mpt_process *p = process_run(run, (void *)(intptr_t)code, NULL);
	int status;

	assert_int_equal(waitpid(mpt_process_pid(p), &status, 0), mpt_process_pid(p));
	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_terminate(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	return process_end(p);
}

/* The kernel's word is gone with the zombie.  A child that left in order has
 * written its code down. */
static void a_child_somebody_else_reaped_is_joined_all_the_same(void **state)
{
	(void)state;
	assert_int_equal(code_when_stolen(process_return, 7), 7);
	assert_int_equal(code_when_stolen(leave_by_exit, 8), 8);
	assert_int_equal(code_when_stolen(leave_without_a_word, 9), MPT_EXIT_NONE);
	assert_int_equal(code_when_stolen(die, 0), MPT_EXIT_NONE);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
}

static void ignored_children_are_joined_all_the_same(void **state)
{
	uint32_t *may_end = shared(sizeof(*may_end));
	struct mpt_process *p;

	(void)state;
	signal(SIGCHLD, SIG_IGN);
	p = process_run(process_await, may_end, NULL);
	assert_int_equal(mpt_process_join(p, MPT_MS(60)), -ETIMEDOUT);
	assert_int_equal(mpt_process_alive(p), 1);
	reach(may_end);
	assert_int_equal(process_end(p), 0);
	assert_int_equal(process_end(process_run(process_return, (void *)7, NULL)), 7);
	assert_int_equal(process_end(process_run(die, NULL, NULL)), MPT_EXIT_NONE);
	signal(SIGCHLD, SIG_DFL);
}

/* ---- the program forks by itself ------------------------------------------------------------- */

static struct mpt_process *inherited;

static void look_at_the_parents_child(void *unused)
{
	struct mpt_process_info me, parent;

	(void)unused;
	child_claims(mpt_process_active_children(NULL, 0) == 0);
	child_claims(mpt_process_join(inherited, MPT_FOREVER) == -ECHILD);
	child_claims(mpt_process_terminate(inherited) == -ECHILD);
	child_claims(mpt_process_kill(inherited) == -ECHILD);
	child_claims(mpt_process_alive(inherited) == -ECHILD);
	child_claims(mpt_process_sentinel(inherited) == -ECHILD);
	child_claims(mpt_process_exit_code(inherited) == MPT_EXIT_NONE);
	child_claims(mpt_process_parent(&parent) == -ESRCH);
	child_claims(mpt_process_current(&me) == 0 && me.pid == getpid() && !me.daemon);
	child_claims(process_end(process_run(process_return, (void *)2, NULL)) == 2);
	mpt_process_destroy(inherited);
	exit(0); /* with all handlers */
}

static void a_forked_copy_of_the_program_leaves_its_children_alone(void **state)
{
	(void)state;
	inherited = process_run(process_pause, NULL, &process_daemon);
	fflush(NULL);
	assert_ends_well(child(look_at_the_parents_child, NULL));
	assert_int_equal(mpt_process_alive(inherited), 1);
	assert_false(process_gone(mpt_process_pid(inherited)));
	process_kill_and_free(inherited);
}

/* ---- exec ---------------------------------------------------------------------------------------- */

static int run_a_command(void *path)
{
	execl(path, "command", (char *)NULL);
	return -errno;
}

static void be_silent(const char *name, pid_t pid, int error)
{
	(void)name;
	(void)pid;
	(void)error;
}

static void a_child_may_become_another_program_or_fail_to(void **state)
{
	mpt_process_failure_hook *usual = mpt_process_on_failure(be_silent);

	(void)state;
	assert_int_equal(process_end(process_run(run_a_command, (void *)"/bin/true", NULL)), 0);
	assert_int_equal(process_end(process_run(run_a_command, (void *)"/bin/false", NULL)), 1);
	assert_int_equal(process_end(process_run(run_a_command, (void *)"/no/such", NULL)), 1);
	mpt_process_on_failure(usual);
}

/* ---- closed behind our back ------------------------------------------------------------------------ */

static void a_program_may_close_all_descriptors(void **state)
{
	uint32_t *may_end = shared(sizeof(*may_end));
	struct mpt_process *p = process_run(process_await, may_end, NULL);
	struct mpt_process *q = process_run(process_pause, NULL, NULL);

	(void)state;
	close(mpt_process_sentinel(p));
	close(mpt_process_sentinel(q));
	assert_int_equal(mpt_process_join(p, MPT_MS(60)), -ETIMEDOUT);
	assert_int_equal(mpt_process_alive(p), 1);
	reach(may_end);
	assert_int_equal(mpt_process_join(p, GUARD_NS), 0);
	assert_int_equal(mpt_process_exit_code(p), 0);
	assert_int_equal(mpt_process_terminate(q), 0);
	assert_int_equal(mpt_process_join(q, GUARD_NS), 0);
	assert_int_equal(mpt_process_exit_code(q), -SIGTERM);
	mpt_process_destroy(p);
	mpt_process_destroy(q);
}

/* ---- threads and signals ------------------------------------------------------------------------------ */

static void *start_and_join(void *first_code)
{
	intptr_t code = (intptr_t)first_code;

	for (intptr_t i = 0; i < 25; i++)
		child_claims(process_end(process_run(process_return, (void *)(code + i), NULL)) ==
			     code + i);
	return NULL;
}

static void threads_start_and_join_at_the_same_time(void **state)
{
	pthread_t t[8];

	(void)state;
	for (intptr_t i = 0; i < 8; i++)
		t[i] = thread(start_and_join, (void *)(i * 25));
	for (int i = 0; i < 8; i++)
		join_thread(t[i]);
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
}

static void *join_for_ever(void *process)
{
	child_claims(mpt_process_join(process, MPT_FOREVER) == 0);
	return process;
}

static void any_number_of_threads_join_one_process(void **state)
{
	uint32_t *may_end = shared(sizeof(*may_end));
	struct mpt_process *p = process_run(process_await, may_end, NULL);
	pthread_t t[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		t[i] = thread(join_for_ever, p);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_PROCESS_JOIN));
	reach(may_end);
	for (int i = 0; i < 4; i++)
		join_thread(t[i]);
	assert_int_equal(process_end(p), 0);
}

static uint32_t join_returned;

static void *join_and_then_be_cancelled(void *process)
{
	child_claims(mpt_process_join(process, MPT_FOREVER) == 0);
	reach(&join_returned);
	for (;;)
		pause();
	return NULL;
}

static void join_is_no_cancellation_point(void **state)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL);
	pthread_t t = thread(join_and_then_be_cancelled, p);

	(void)state;
	join_returned = 0;
	assert_eventually(is_blocked_in(getpid(), MPT_OP_PROCESS_JOIN));
	assert_int_equal(pthread_cancel(t), 0);
	assert_int_equal(mpt_process_kill(p), 0);
	join_thread(t);
	assert_true(reached(&join_returned));
	assert_int_equal(process_end(p), -SIGKILL);
}

static volatile sig_atomic_t ticks;

static void tick(int sig)
{
	(void)sig;
	ticks++;
}

static void every_ms(int ms)
{
	struct itimerval t = { { 0, ms * 1000 }, { 0, ms * 1000 } };

	setitimer(ITIMER_REAL, &t, NULL);
}

static void signals_do_not_end_a_join_early(void **state)
{
	struct mpt_process *p = process_run(process_pause, NULL, NULL);
	struct sigaction by_tick = { .sa_handler = tick }, before;
	uint64_t start = now_ns();

	(void)state;
	sigaction(SIGALRM, &by_tick, &before);
	every_ms(5);
	assert_int_equal(mpt_process_join(p, MPT_MS(200)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(200));
	every_ms(0);
	sigaction(SIGALRM, &before, NULL);
	assert_true(ticks > 0);
	process_kill_and_free(p);
}

static void leave(int sig)
{
	(void)sig;
	exit(3);
}

/* Not clean, but common: a handler that calls exit while the main thread is in a
 * call, most likely inside its lock. */
static void be_told_to_leave(void *unused)
{
	struct mpt_process *p = process_run(process_pause, NULL, &process_daemon);

	(void)unused;
	signal(SIGALRM, leave);
	every_ms(3);
	for (;;) {
		mpt_process_alive(p);
		mpt_process_join(p, 0);
	}
}

static void a_signal_handler_may_exit_inside_a_call(void **state)
{
	(void)state;
	fflush(NULL);
	for (int i = 0; i < 10; i++)
		assert_int_equal(end_of(child(be_told_to_leave, NULL)), 3);
}

/* ---- a debugger -------------------------------------------------------------------------------------------- */

static struct {
	uint32_t attached, may_end, may_detach;
	int error;
	pid_t pid;
} *traced; /* shared */

static void trace(void *unused)
{
	siginfo_t info;

	(void)unused;
	if (ptrace(PTRACE_SEIZE, traced->pid, NULL, NULL) < 0)
		traced->error = errno;
	reach(&traced->attached);
	child_claims_eventually(reached(&traced->may_detach));
	child_claims(traced->error ||
		     waitid(P_PID, (id_t)traced->pid, &info, WEXITED | __WALL) == 0);
}

/* What this thread has computed, however busy the machine is. */
static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Dead, but its tracer has not looked yet: nothing to reap for the parent. */
static void a_child_is_not_reaped_before_its_debugger_lets_go(void **state)
{
	struct mpt_process *p;
	pid_t tracer;
	uint64_t cpu;

	(void)state;
	traced = shared(sizeof(*traced));
	p = process_run(process_await, &traced->may_end, NULL);
	traced->pid = mpt_process_pid(p);
	tracer = child(trace, NULL);
	assert_eventually(reached(&traced->attached));
	reach(&traced->may_end);
	if (traced->error) {
		print_message("may not trace: %s\n", strerror(traced->error));
		reach(&traced->may_detach);
		process_end(p);
		skip();
	}
	assert_eventually(process_gone(traced->pid));
	cpu = cpu_ns();
	assert_int_equal(mpt_process_join(p, MPT_MS(400)), -ETIMEDOUT);
	assert_in_range(cpu_ns() - cpu, 0, MPT_MS(20)); /* it slept */
	reach(&traced->may_detach);
	assert_int_equal(process_end(p), 0);
	assert_ends_well(tracer);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		{ "fill_the_table", fill_the_table },
		{ "kill_many_at_birth", kill_many_at_birth },
	};
	const struct CMUnitTest tests[] = {
		process_test(a_start_without_descriptors_leaves_nothing_half_made),
		process_test(a_start_the_kernel_refuses_leaves_nothing_half_made),
		process_test(a_full_table_refuses_until_a_child_has_ended),
		process_test(a_child_killed_before_it_ran_is_seen_to_end),
		process_test(slots_of_children_killed_at_birth_are_used_again),
		process_test(a_child_whose_parent_died_inside_start_never_runs),
		process_test(a_child_killed_at_any_moment_has_the_code_of_the_kill),
		process_test(a_child_somebody_else_reaped_is_joined_all_the_same),
		process_test(ignored_children_are_joined_all_the_same),
		process_test(a_forked_copy_of_the_program_leaves_its_children_alone),
		process_test(a_child_may_become_another_program_or_fail_to),
		process_test(a_program_may_close_all_descriptors),
		process_test(threads_start_and_join_at_the_same_time),
		process_test(any_number_of_threads_join_one_process),
		process_test(join_is_no_cancellation_point),
		process_test(signals_do_not_end_a_join_early),
		process_test(a_signal_handler_may_exit_inside_a_call),
		process_test(a_child_is_not_reaped_before_its_debugger_lets_go),
	};

	pthread_atfork(NULL, forked_as_parent, forked_as_child);
	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
