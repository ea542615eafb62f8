/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_test.c - each kind of event, made once on purpose, is told as it was.
 *
 * Owns: bpf/life.bpf.c against ground truth.  Does not own: snapshots and opening
 * (kernel_test.c).
 */
#include "tests/bpf/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t own_tid(void)
{
	return (pid_t)syscall(SYS_gettid);
}

static int leave_with_3(void *arg)
{
	(void)arg;
	return 3;
}

static int wait_for_signal(void *arg)
{
	(void)arg;
	while (pause() == -1)
		continue;
	return 0;
}

static void fork_tells_child_and_parent(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(leave_with_3, NULL);
	const struct life_event *event;

	child_end(pid);
	event = watch_for(watch, LIFE_FORK, pid);
	assert_int_equal(event->other_pid, getpid());
	assert_int_equal(event->other_tid, own_tid());
	assert_int_equal(event->group, getpgrp());
	assert_int_equal(event->session, getsid(0));
	assert_int_equal(event->uid, geteuid());
	assert_string_equal(event->comm, "life_test");
	assert_string_equal(event->other_comm, "life_test");
	assert_true(event->start_ns > event->other_start_ns);
	assert_true(event->other_start_ns > 0);
}

struct forked {
	pid_t tid;
	pid_t child;
};

static void *fork_here(void *arg)
{
	struct forked *forked = arg;

	forked->tid = own_tid();
	forked->child = child_start(leave_with_3, NULL);
	return NULL;
}

static void fork_by_a_thread_tells_the_process_and_the_thread(void **state)
{
	struct watch *watch = watch_of(state);
	struct forked forked;
	const struct life_event *event;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, fork_here, &forked), 0);
	pthread_join(thread, NULL);
	child_end(forked.child);
	event = watch_for(watch, LIFE_FORK, forked.child);
	assert_int_equal(event->other_pid, getpid());
	assert_int_equal(event->other_tid, forked.tid);
	assert_int_equal(watch_count(watch, LIFE_FORK, forked.tid), 0);
	assert_int_equal(watch_count(watch, LIFE_EXIT, forked.tid), 0);
}

static int become_true(void *arg)
{
	(void)arg;
	execlp("true", "true", (char *)NULL);
	return 127;
}

static void exec_tells_the_new_name(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(become_true, NULL);
	const struct life_event *event;

	assert_int_equal(child_end(pid), 0);
	event = watch_for(watch, LIFE_EXEC, pid);
	assert_string_equal(event->comm, "true");
	assert_int_equal(event->other_pid, getpid());
	assert_int_equal(event->start_ns, watch_for(watch, LIFE_FORK, pid)->start_ns);
}

static void exit_tells_the_code_and_the_parent(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(leave_with_3, NULL);
	int status = child_end(pid);
	const struct life_event *event = watch_for(watch, LIFE_EXIT, pid);

	assert_int_equal(status, 3 << 8);
	assert_int_equal(event->status, status);
	assert_int_equal(event->other_pid, getpid());
	assert_true(event->flags & LIFE_GROUP_EXIT);
	assert_false(event->flags & LIFE_PARENT_IGNORES);
	assert_true(event->time_ns > watch_for(watch, LIFE_FORK, pid)->time_ns);
	assert_int_equal(watch_count(watch, LIFE_EXIT, pid), 1);
	assert_int_equal(watch_count(watch, LIFE_SIGNAL, pid), 0);
}

static int kill_it(void *arg)
{
	prctl(PR_SET_NAME, "the\033killer");
	return kill(*(pid_t *)arg, SIGKILL);
}

static void a_killer_is_told_by_number_and_name(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t victim = child_start(wait_for_signal, NULL);
	pid_t killer = child_start(kill_it, &victim);
	const struct life_event *event;

	assert_int_equal(child_end(killer), 0);
	assert_int_equal(child_end(victim), SIGKILL);
	event = watch_for(watch, LIFE_SIGNAL, victim);
	assert_int_equal(event->signal, SIGKILL);
	assert_int_equal(event->other_pid, killer);
	assert_int_equal(event->other_tid, killer);
	assert_string_equal(event->other_comm, "the\033killer");
	assert_int_equal(event->other_start_ns, watch_for(watch, LIFE_FORK, killer)->start_ns);
	assert_int_equal(event->origin, LIFE_ORIGIN_INFO);
	assert_int_equal(event->code, SI_USER);
	assert_int_equal(watch_for(watch, LIFE_EXIT, victim)->status, SIGKILL);
}

static int write_to_nowhere(void *arg)
{
	struct rlimit none = {0, 0};
	volatile char *nowhere = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)arg;
	setrlimit(RLIMIT_CORE, &none);
	signal(SIGSEGV, SIG_DFL);
	*nowhere = 1;
	return 0;
}

static void an_own_fault_is_its_own(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(write_to_nowhere, NULL);
	int status = child_end(pid);
	const struct life_event *event = watch_for(watch, LIFE_SIGNAL, pid);

	assert_int_equal(status & 0x7f, SIGSEGV);
	assert_int_equal(event->signal, SIGSEGV);
	assert_int_equal(event->origin, LIFE_ORIGIN_INFO);
	assert_int_equal(event->code, SEGV_ACCERR);
	assert_int_equal(event->other_pid, pid);
	assert_int_equal(watch_for(watch, LIFE_EXIT, pid)->status, status);
}

static int ring_an_alarm(void *arg)
{
	(void)arg;
	signal(SIGALRM, SIG_DFL);
	ualarm(1000, 0);
	return wait_for_signal(NULL);
}

static void an_alarm_comes_from_the_kernel(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(ring_an_alarm, NULL);
	const struct life_event *event;

	assert_int_equal(child_end(pid), SIGALRM);
	event = watch_for(watch, LIFE_SIGNAL, pid);
	assert_int_equal(event->signal, SIGALRM);
	assert_int_equal(event->origin, LIFE_ORIGIN_KERNEL);
}

static int write_to_nobody(void *arg)
{
	int ends[2];

	(void)arg;
	signal(SIGPIPE, SIG_DFL);
	if (pipe(ends))
		return 1;
	close(ends[0]);
	return (int)write(ends[1], "x", 1);
}

static void a_broken_pipe_is_its_own(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(write_to_nobody, NULL);
	const struct life_event *event;

	assert_int_equal(child_end(pid), SIGPIPE);
	event = watch_for(watch, LIFE_SIGNAL, pid);
	assert_int_equal(event->signal, SIGPIPE);
	assert_int_equal(event->origin, LIFE_ORIGIN_NOINFO);
	assert_int_equal(event->other_pid, pid);
}

static int follow_parent(void *arg)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (write(*(int *)arg, "x", 1) != 1)
		return 1;
	return wait_for_signal(NULL);
}

/* Its child's number arrives in the pipe; it ends when that is ready. */
static int leave_a_child(void *arg)
{
	int *ends = arg, ready[2];
	char byte;
	pid_t child;

	if (pipe(ready))
		return 1;
	child = child_start(follow_parent, &ready[1]);
	if (read(ready[0], &byte, 1) != 1 || write(ends[1], &child, sizeof(child)) < 0)
		return 1;
	return 0;
}

static void a_parent_death_signal_is_sent_by_the_parent_that_ends(void **state)
{
	struct watch *watch = watch_of(state);
	const struct life_event *event;
	pid_t parent, child;
	int ends[2];

	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	assert_int_equal(pipe(ends), 0);
	parent = child_start(leave_a_child, ends);
	assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(child_end(parent), 0);
	assert_int_equal(child_end(child), SIGTERM);
	close(ends[0]);
	close(ends[1]);
	event = watch_for(watch, LIFE_SIGNAL, child);
	assert_int_equal(event->signal, SIGTERM);
	assert_int_equal(event->other_pid, parent);
	assert_true(event->flags & LIFE_SENDER_EXITS);
	/* By then it has been adopted. */
	assert_int_equal(watch_for(watch, LIFE_FORK, child)->other_pid, parent);
	assert_int_equal(watch_for(watch, LIFE_EXIT, child)->other_pid, getpid());
}

static int child_without_trace(void *arg)
{
	pid_t child;

	signal(SIGCHLD, SIG_IGN);
	child = child_start(leave_with_3, NULL);
	if (write(((int *)arg)[1], &child, sizeof(child)) < 0)
		return 1;
	return wait(NULL) == -1 && errno == ECHILD ? 0 : 2;
}

static void an_ignored_child_is_told_as_one(void **state)
{
	struct watch *watch = watch_of(state);
	const struct life_event *event;
	pid_t parent, child;
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	parent = child_start(child_without_trace, ends);
	assert_int_equal(read(ends[0], &child, sizeof(child)), sizeof(child));
	assert_int_equal(child_end(parent), 0);
	close(ends[0]);
	close(ends[1]);
	event = watch_for(watch, LIFE_EXIT, child);
	assert_true(event->flags & LIFE_PARENT_IGNORES);
	assert_int_equal(event->other_pid, parent);
	assert_int_equal(event->status, 3 << 8);
	assert_false(watch_for(watch, LIFE_EXIT, parent)->flags & LIFE_PARENT_IGNORES);
}

static void *end_soon(void *arg)
{
	return arg;
}

static int make_threads(void *arg)
{
	pthread_t thread;

	for (int i = 0; i < 5; i++) {
		if (pthread_create(&thread, NULL, end_soon, arg))
			return 1;
		pthread_join(thread, NULL);
	}
	return 7;
}

static void the_end_of_threads_is_not_that_of_the_process(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(make_threads, NULL);

	assert_int_equal(child_end(pid), 7 << 8);
	assert_int_equal(watch_for(watch, LIFE_EXIT, pid)->status, 7 << 8);
	assert_int_equal(watch_count(watch, LIFE_EXIT, pid), 1);
}

/* Until the first thread is a zombie: the process lives on in this one. */
static void *outlive_leader(void *arg)
{
	char byte = 'x';
	int *ends = arg;

	if (write(ends[1], &byte, 1) == 1 && read(ends[2], &byte, 1) == 1)
		_exit(5);
	return NULL;
}

static int leader_goes_first(void *arg)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, outlive_leader, arg))
		return 1;
	pthread_exit(NULL);
}

static void a_leader_that_goes_first_is_no_end(void **state)
{
	struct watch *watch = watch_of(state);
	int ends[4];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(pipe(ends + 2), 0);
	pid = child_start(leader_goes_first, ends);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	wait_for_state(pid, 'Z');
	assert_int_equal(watch_count(watch, LIFE_EXIT, pid), 0);
	assert_int_equal(write(ends[3], "x", 1), 1);
	assert_int_equal(child_end(pid), 5 << 8);
	assert_int_equal(watch_for(watch, LIFE_EXIT, pid)->status, 5 << 8);
	assert_int_equal(watch_count(watch, LIFE_EXIT, pid), 1);
	for (int i = 0; i < 4; i++)
		close(ends[i]);
}

static void *wait_forever(void *arg)
{
	wait_for_signal(arg);
	return NULL;
}

static int end_with_many_threads(void *arg)
{
	pthread_t thread;

	for (int i = 0; i < 8; i++)
		if (pthread_create(&thread, NULL, wait_forever, arg))
			return 1;
	return 4;
}

/* They all exit at the same moment. */
static void a_process_with_many_threads_ends_once(void **state)
{
	struct watch *watch = watch_of(state);

	for (int i = 0; i < 50; i++) {
		pid_t pid = child_start(end_with_many_threads, NULL);

		assert_int_equal(child_end(pid), 4 << 8);
		assert_int_equal(watch_for(watch, LIFE_EXIT, pid)->status, 4 << 8);
		assert_int_equal(watch_count(watch, LIFE_EXIT, pid), 1);
	}
}

static void on_signal(int signal)
{
	(void)signal;
}

static int bear_signals(void *arg)
{
	(void)arg;
	signal(SIGUSR1, on_signal);
	signal(SIGTERM, SIG_IGN);
	for (int i = 0; i < 10; i++) {
		raise(SIGUSR1);
		raise(SIGTERM);
		raise(SIGWINCH);
	}
	raise(SIGHUP);
	return 0;
}

static void only_signals_that_end_or_stop_are_told(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(bear_signals, NULL);

	assert_int_equal(child_end(pid), SIGHUP);
	assert_int_equal(watch_for(watch, LIFE_SIGNAL, pid)->signal, SIGHUP);
	assert_int_equal(watch_for(watch, LIFE_SIGNAL, pid)->code, SI_TKILL);
	assert_int_equal(watch_count(watch, LIFE_SIGNAL, pid), 1);
}

static void a_stop_is_told_with_its_sender(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(wait_for_signal, NULL);
	const struct life_event *event;

	kill(pid, SIGSTOP);
	event = watch_for(watch, LIFE_SIGNAL, pid);
	assert_int_equal(event->signal, SIGSTOP);
	assert_int_equal(event->other_pid, getpid());
	kill(pid, SIGKILL);
	assert_int_equal(child_end(pid), SIGKILL);
}

/* -- Counting: in a pid namespace of its own nobody else makes events -------------- */

#define RINGFUL (KERNEL_RING_BYTES / (sizeof(struct life_event) + 8))

#define PENDING 500

/* Signals that stay pending are the cheapest events; ignoring them for a moment makes
 * room for more. */
static size_t send_many(size_t wanted)
{
	size_t sent = 0;

	while (sent < wanted) {
		sent += kill(getpid(), SIGRTMIN) == 0;
		if (sent % PENDING == 0) {
			signal(SIGRTMIN, SIG_IGN);
			signal(SIGRTMIN, SIG_DFL);
		}
	}
	return sent;
}

static int flood(void *arg)
{
	struct watch *watch;
	void *state;
	sigset_t blocked;
	uint64_t lost;
	size_t sent;

	(void)arg;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGRTMIN);
	sigprocmask(SIG_BLOCK, &blocked, NULL);
	if (watch_open(&state) || !state)
		return 99;
	watch = state;
	sent = send_many(RINGFUL + 1000);
	watch_drain(watch);
	lost = kernel_events_lost(watch->kernel);
	if (watch->count + lost != sent)
		return 2;
	if (!lost || watch->count < RINGFUL / 2)
		return 3;
	/* Once there is room again nothing is lost. */
	sent += send_many(PENDING);
	watch_drain(watch);
	if (watch->count + lost != sent || kernel_events_lost(watch->kernel) != lost)
		return 4;
	watch_close(&state);
	return 0;
}

static void what_finds_the_ring_full_is_counted_one_by_one(void **state)
{
	watch_of(state);
	assert_int_equal(child_end(child_start_inside(flood, NULL)), 0);
}

#define STORM 2000

static int storm(void *arg)
{
	struct watch *watch;
	void *state;
	int r = 0;

	(void)arg;
	if (watch_open(&state) || !state)
		return 99;
	watch = state;
	for (int i = 0; i < STORM; i++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(i & 0x7f);
		if (child_end(pid) != (i & 0x7f) << 8)
			r = 1;
		if (i % 100 == 0)
			watch_drain(watch);
	}
	watch_drain(watch);
	if (kernel_events_lost(watch->kernel))
		r = 2;
	if (watch->count != 2 * STORM)
		r = 3;
	for (int i = 0; i < STORM && !r; i++) {
		const struct life_event *pair = watch->events + 2 * i;

		if (pair[0].what != LIFE_FORK || pair[1].what != LIFE_EXIT ||
		    pair[0].other_pid != 1 || pair[0].pid != pair[1].pid ||
		    pair[0].start_ns != pair[1].start_ns || pair[1].status != (i & 0x7f) << 8)
			r = 4;
	}
	watch_close(&state);
	return r;
}

/* The parent may be on another processor than the child: pairs are in order as each
 * waits for the other. */
static void a_storm_is_told_completely_and_in_the_numbers_of_the_reader(void **state)
{
	watch_of(state);
	assert_int_equal(child_end(child_start_inside(storm, NULL)), 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, watch_open, watch_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(fork_tells_child_and_parent),
		test(fork_by_a_thread_tells_the_process_and_the_thread),
		test(exec_tells_the_new_name),
		test(exit_tells_the_code_and_the_parent),
		test(a_killer_is_told_by_number_and_name),
		test(an_own_fault_is_its_own),
		test(an_alarm_comes_from_the_kernel),
		test(a_broken_pipe_is_its_own),
		test(a_parent_death_signal_is_sent_by_the_parent_that_ends),
		test(an_ignored_child_is_told_as_one),
		test(the_end_of_threads_is_not_that_of_the_process),
		test(a_leader_that_goes_first_is_no_end),
		test(a_process_with_many_threads_ends_once),
		test(only_signals_that_end_or_stop_are_told),
		test(a_stop_is_told_with_its_sender),
		test(what_finds_the_ring_full_is_counted_one_by_one),
		test(a_storm_is_told_completely_and_in_the_numbers_of_the_reader),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
