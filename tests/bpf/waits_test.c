/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits_test.c - which threads a look tells, and what it tells of each.
 *
 * Owns: bpf/wait.bpf.c, blocked_kernel.c and blocked_proc.c against ground truth.  Does not
 * own: memory (waits_lock_test.c), open files and how full they are (files_test.c).
 */
#include "tests/bpf/looks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/futex.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __x86_64__
/* What the children of one test tell about themselves. */
struct told {
	_Atomic pid_t tid;
	_Atomic int ready;
};

/* -- Children -------------------------------------------------------------------------- */

static int sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return 0;
}

static int wait_for_child(void *arg)
{
	pid_t *inner = arg;
	int status;

	*inner = child_start(sleep_on, NULL);
	return waitpid(*inner, &status, 0) != *inner;
}

static void waiting_for_a_child_shows_which(void **state)
{
	struct looks *looks = looks_of(state);
	volatile pid_t *inner = looks_shared(4096);
	const struct blocked *blocked;

	blocked = looks_for(looks, child_start(wait_for_child, (void *)inner), SYS_wait4);
	assert_int_equal((pid_t)blocked->argument[0], *inner);
	assert_int_equal(blocked->has, 0);
	kill(*inner, SIGKILL);
	munmap((void *)inner, 4096);
}

static int vfork_and_wait(void *arg)
{
	struct told *told = arg;
	pid_t pid = vfork();

	if (pid == 0) {
		told->tid = getpid();
		for (;;)
			syscall(SYS_futex, &told->ready, FUTEX_WAIT, 0, NULL);
	}
	return pid < 0;
}

/* The parent cannot be woken before the child has its own memory. */
static void a_vfork_parent_sleeps_in_the_call(void **state)
{
	struct looks *looks = looks_of(state);
	struct told *told = looks_shared(sizeof(*told));
	pid_t pid = child_start(vfork_and_wait, told);

	looks_for_state(looks, pid, SYS_vfork, 'D');
	kill(told->tid, SIGKILL);
	munmap(told, sizeof(*told));
}

static void a_stopped_child_keeps_what_it_was_in(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(sleep_on, NULL);

	looks_for(looks, pid, SYS_pause);
	kill(pid, SIGSTOP);
	wait_for_state(pid, 'T');
	assert_int_equal(looks_for_state(looks, pid, SYSCALL_ANY, 'T')->has, 0);
}

static int turn(void *arg)
{
	(void)arg;
	for (volatile int i = 0;; i++)
		;
	return 0;
}

static void what_runs_is_told_as_running(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(turn, NULL);
	const struct blocked *blocked = looks_for_state(looks, pid, -1, 'R');

	assert_int_equal(blocked->pid, pid);
	assert_int_equal(blocked->has, 0);
	assert_string_equal(blocked->comm, "waits_test");
}

static int leave(void *arg)
{
	(void)arg;
	return 0;
}

static void a_zombie_is_no_thread(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(leave, NULL);

	wait_for_state(pid, 'Z');
	looks_take(looks);
	assert_null(looks_thread(looks, pid));
}

static int pause_as_32_bit(void *arg)
{
	int r;

	(void)arg;
	signal(SIGSEGV, SIG_DFL);
	for (;;)
		__asm__ volatile("int $0x80" : "=a"(r) : "a"(29 /* pause */) : "memory");
	return r;
}

static int has_settled(void *arg)
{
	return strchr("SZ", proc_state(*(pid_t *)arg)) != NULL;
}

static void a_call_of_32_bit_programs_is_none_of_ours(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(pause_as_32_bit, NULL);
	const struct blocked *blocked;

	if (!within_10_s(has_settled, &pid) || proc_state(pid) == 'Z') {
		print_message("# note: this kernel has no calls of 32-bit programs\n");
		skip();
	}
	blocked = looks_for(looks, pid, -1);
	assert_int_equal(blocked->has, 0);
}

static void the_moment_it_fell_asleep_is_known(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(sleep_on, NULL);
	uint64_t since = looks_for(looks, pid, SYS_pause)->since_ns, later = looks->look.time_ns;

	assert_in_range(since, later - 10000000000u, later + 5000000u);
}

static int tell_and_wait(void *arg)
{
	struct told *told = arg;

	told->tid = getpid();
	return (int)syscall(SYS_futex, &told->ready, FUTEX_WAIT, 0, NULL);
}

static int is_inside(void *arg)
{
	struct looks *looks = arg;
	const struct blocked *found = NULL;

	looks_take(looks);
	for (size_t i = 0; i < looks->look.count; i++)
		if (looks->look.items[i].syscall == SYS_futex &&
		    looks->look.items[i].argument[0] == (uintptr_t)looks->pointer)
			found = &looks->look.items[i];
	looks->pid = found ? (pid_t)found->tid : 0;
	return found != NULL;
}

static void a_thread_elsewhere_has_both_its_numbers(void **state)
{
	struct looks *looks = looks_of(state);
	struct told *told = looks_shared(sizeof(*told));
	const struct blocked *blocked;
	struct stat own;
	pid_t parent;

	if (geteuid() != 0) {
		print_message("# note: not root, no pid namespace can be made\n");
		skip();
	}
	assert_int_equal(stat("/proc/self/ns/pid", &own), 0);
	parent = child_start_inside(tell_and_wait, told);
	looks->pointer = &told->ready;
	assert_true(looks_until(looks, is_inside));
	blocked = looks_thread(looks, looks->pid);
	assert_int_equal(blocked->inner_tid, 1);
	assert_int_equal(told->tid, 1);
	assert_true(blocked->pid_namespace != 0 && blocked->pid_namespace != own.st_ino);
	assert_int_equal(looks_thread(looks, parent)->inner_tid, parent);
	assert_int_equal(looks_thread(looks, parent)->pid_namespace, own.st_ino);
	kill((pid_t)blocked->pid, SIGKILL);
	child_end(parent);
	munmap(told, sizeof(*told));
}

/* -- Which ----------------------------------------------------------------------------- */

static void only_the_processes_asked_for_are_told(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t first = child_start(sleep_on, NULL), second = child_start(sleep_on, NULL);
	uint32_t pids[] = {1, (uint32_t)first};

	looks_for(looks, first, SYS_pause);
	looks_for(looks, second, SYS_pause);
	looks->pids = pids;
	looks->pid_count = 2;
	looks_take(looks);
	assert_non_null(looks_thread(looks, first));
	assert_null(looks_thread(looks, second));
	assert_null(looks_thread(looks, getpid()));
}

static void a_look_is_sorted_and_has_everybody_once(void **state)
{
	struct looks *looks = looks_of(state);

	looks_take(looks);
	assert_non_null(looks_thread(looks, 1));
	assert_non_null(looks_thread(looks, getpid()));
	for (size_t i = 1; i < looks->look.count; i++) {
		const struct blocked *a = &looks->look.items[i - 1], *b = a + 1;

		assert_true(a->pid < b->pid || (a->pid == b->pid && a->tid < b->tid));
	}
}

/* As nobody, who may not look into others. */
static int look_as_nobody(void *arg)
{
	struct blocked_look look = {0};
	struct err err = {0};
	uint32_t pid = *(uint32_t *)arg;

	if (setgid(65534) || setuid(65534))
		return 99;
	if (blocked_look_take(&look, NULL, "/proc", &pid, 1, 1, &err))
		return 2;
	if (look.count != 1 || look.items[0].state != 'S' || look.items[0].syscall != -1)
		return 3;
	if (look.unreadable != 1 || !strstr(look.note, "CAP_BPF and CAP_PERFMON"))
		return 4;
	blocked_look_free(&look);
	return 0;
}

static void what_may_not_be_read_is_counted_and_explained(void **state)
{
	struct looks *looks = looks_of(state);
	pid_t pid = child_start(sleep_on, NULL);

	if (geteuid() != 0) {
		print_message("# note: not root, nobody else to look as\n");
		skip();
	}
	looks_for(looks, pid, SYS_pause);
	assert_int_equal(child_end(child_start(look_as_nobody, &pid)), 0);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
#ifdef __x86_64__
		TEST_LOOKS(waiting_for_a_child_shows_which),
		TEST_LOOKS(a_vfork_parent_sleeps_in_the_call),
		TEST_LOOKS(a_stopped_child_keeps_what_it_was_in),
		TEST_LOOKS(what_runs_is_told_as_running),
		TEST_LOOKS(a_zombie_is_no_thread),
		TEST_LOOKS_KERNEL(a_call_of_32_bit_programs_is_none_of_ours),
		TEST_LOOKS_KERNEL(the_moment_it_fell_asleep_is_known),
		TEST_LOOKS(a_thread_elsewhere_has_both_its_numbers),
		TEST_LOOKS(only_the_processes_asked_for_are_told),
		TEST_LOOKS(a_look_is_sorted_and_has_everybody_once),
		TEST_LOOKS_PROC(what_may_not_be_read_is_counted_and_explained),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
