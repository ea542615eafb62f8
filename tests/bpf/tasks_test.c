/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tasks_test.c - snapshots: against /proc and ground truth.
 *
 * Owns: bpf/task.bpf.c and kernel_tasks.  Does not own: events (life_test.c), opening
 * (open_test.c).
 */
#include "tests/bpf/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* -- Snapshots ---------------------------------------------------------------------- */

/* What one snapshot told about one process. */
struct seen {
	pid_t pid;
	struct task_process process;
	size_t processes; /* rows of pid */
	size_t all;	  /* rows of anybody */
	struct task_thread threads[16];
	size_t thread_count;
};

static void see_process(void *arg, const struct task_process *row)
{
	struct seen *seen = arg;

	seen->all++;
	if (row->head.pid != (uint32_t)seen->pid)
		return;
	seen->process = *row;
	seen->processes++;
}

static void see_thread(void *arg, const struct task_thread *row)
{
	struct seen *seen = arg;

	if (row->head.pid == (uint32_t)seen->pid && seen->thread_count < 16)
		seen->threads[seen->thread_count++] = *row;
}

static struct seen look(struct watch *watch, pid_t pid)
{
	struct seen seen = {.pid = pid};
	struct kernel_task_calls calls = {see_process, see_thread, &seen};
	struct err err = {0};

	if (kernel_tasks(watch->kernel, &calls, &err))
		fail_msg("%s", err.text);
	return seen;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int wait_for_signal(void *arg)
{
	(void)arg;
	while (pause() == -1)
		continue;
	return 0;
}

static void kill_child(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(child_end(pid), SIGKILL);
}

/* -- A snapshot is what /proc says ------------------------------------------------------ */

struct proc_stat {
	char state;
	int parent, group, session, threads;
	unsigned long long user, system, start;
	long resident;
};

static void read_stat(pid_t pid, struct proc_stat *stat)
{
	char path[64], text[1024] = "";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	assert_non_null(file);
	/* Not a line: a name may have several. */
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	fclose(file);
	assert_int_equal(sscanf(strrchr(text, ')') + 2,
				"%c %d %d %d %*d %*d %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d "
				"%*d %d %*d %llu %*u %ld",
				&stat->state, &stat->parent, &stat->group, &stat->session,
				&stat->user, &stat->system, &stat->threads, &stat->start,
				&stat->resident),
			 9);
}

static void *wait_in_thread(void *arg)
{
	prctl(PR_SET_NAME, "a waiting thread");
	wait_for_signal(arg);
	return NULL;
}

#define MEMORY (64u << 20)

static void *use_processor(void *arg)
{
	volatile unsigned long turns = 0;
	uint64_t until = now_ns(CLOCK_THREAD_CPUTIME_ID) + 200000000u;

	while (now_ns(CLOCK_THREAD_CPUTIME_ID) < until)
		turns = turns + 1;
	wait_in_thread(arg);
	return NULL;
}

/* In a group and session of its own, as another user, with memory and threads: tells
 * when it is ready. */
static int be_somebody(void *arg)
{
	char *memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	pthread_t thread;

	if (memory == MAP_FAILED || setsid() < 0 || seteuid(1234))
		return 1;
	memset(memory, 1, MEMORY);
	prctl(PR_SET_NAME, "a (somebody)\n");
	if (pthread_create(&thread, NULL, use_processor, NULL) ||
	    pthread_create(&thread, NULL, wait_in_thread, NULL))
		return 1;
	signal(SIGCHLD, SIG_IGN);
	if (write(*(int *)arg, "x", 1) != 1)
		return 1;
	return wait_for_signal(NULL);
}

static pid_t start_somebody(void)
{
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = child_start(be_somebody, &ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 1);
	close(ends[0]);
	close(ends[1]);
	wait_for_state(pid, 'S');
	return pid;
}

/* When the busy thread has had its time. */
static int has_had_its_time(void *arg)
{
	struct proc_stat stat;

	read_stat(*(pid_t *)arg, &stat);
	return (stat.user + stat.system) * 1000 / (unsigned)sysconf(_SC_CLK_TCK) >= 190;
}

static void a_process_is_what_proc_says(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = start_somebody();
	struct proc_stat stat;
	struct seen seen;
	uint64_t cpu_ms;

	assert_true(within_10_s(has_had_its_time, &pid));
	read_stat(pid, &stat);
	seen = look(watch, pid);
	assert_int_equal(seen.processes, 1);
	assert_int_equal(seen.process.head.tid, pid);
	assert_int_equal(seen.process.head.state, stat.state);
	assert_int_equal(seen.process.parent, stat.parent);
	assert_int_equal(seen.process.group, pid);
	assert_int_equal(seen.process.session, pid);
	assert_int_equal(seen.process.uid, 1234);
	assert_int_equal(seen.process.threads, stat.threads);
	assert_int_equal(seen.process.threads, 3);
	assert_memory_equal(seen.process.comm, "a (somebody)\n", 14);
	assert_int_equal(seen.process.start_ns / (1000000000u / (unsigned)sysconf(_SC_CLK_TCK)),
			 stat.start);
	assert_in_range(seen.process.rss_pages, MEMORY / 4096, (uint64_t)stat.resident * 11 / 10);
	cpu_ms = (stat.user + stat.system) * 1000 / (unsigned)sysconf(_SC_CLK_TCK);
	assert_in_range(seen.process.head.cpu_ns / 1000000, cpu_ms - cpu_ms / 10,
			cpu_ms + cpu_ms / 2 + 50);
	assert_true(seen.process.flags & TASK_IGNORES_CHILDREN);
	assert_false(seen.process.flags & (TASK_KERNEL | TASK_SUBREAPER | TASK_GROUP_EXIT));
	assert_int_equal(seen.process.parent_start_ns, look(watch, getpid()).process.start_ns);
	kill_child(pid);
}

struct looking {
	struct watch *watch;
	pid_t pid;
	struct seen seen;
};

static int has_waiting_threads(void *arg)
{
	struct looking *looking = arg;
	struct seen *seen = &looking->seen;

	*seen = look(looking->watch, looking->pid);
	return seen->thread_count == 2 &&
	       !memcmp(seen->threads[0].comm, "a waiting threa", LIFE_COMM) &&
	       !memcmp(seen->threads[1].comm, "a waiting threa", LIFE_COMM);
}

static void its_threads_are_rows_of_their_own(void **state)
{
	struct looking looking = {.watch = watch_of(state), .pid = start_somebody()};
	uint64_t of_threads;

	/* They take their name when they have had their time. */
	assert_true(within_10_s(has_waiting_threads, &looking));
	of_threads = looking.seen.threads[0].head.cpu_ns + looking.seen.threads[1].head.cpu_ns;
	assert_true(of_threads >= 190000000u);
	assert_true(looking.seen.process.head.cpu_ns > of_threads);
	assert_true(looking.seen.threads[0].head.tid != looking.seen.threads[1].head.tid);
	kill_child(looking.pid);
}

static size_t count_proc(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	size_t count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
	closedir(dir);
	return count;
}

/* Others come and go meanwhile, and number 1 may be missing. */
static int counts_agree(void *arg)
{
	size_t before = count_proc();
	size_t seen = look(arg, getpid()).all;

	return before == count_proc() && (seen == before || seen + 1 == before);
}

static void a_snapshot_has_everybody(void **state)
{
	assert_true(within_10_s(counts_agree, watch_of(state)));
}

#ifdef __x86_64__
static int read_nothing(void *arg)
{
	char byte;

	return (int)read(*(int *)arg, &byte, 1);
}

static void a_sleeper_shows_its_system_call(void **state)
{
	struct watch *watch = watch_of(state);
	struct task_head head;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = child_start(read_nothing, &ends[0]);
	wait_for_state(pid, 'S');
	head = look(watch, pid).process.head;
	assert_int_equal(head.syscall, SYS_read);
	assert_int_equal(head.argument[0], ends[0]);
	assert_int_equal(head.argument[2], 1);
	assert_int_equal(look(watch, getpid()).process.head.syscall, -1);
	kill_child(pid);
	close(ends[0]);
	close(ends[1]);
}
#endif

static void stopped_and_running_have_their_letters(void **state)
{
	struct watch *watch = watch_of(state);
	pid_t pid = child_start(wait_for_signal, NULL);

	assert_int_equal(look(watch, getpid()).process.head.state, 'R');
	assert_int_equal(look(watch, getpid()).process.head.since_sched_ns, 0);
	kill(pid, SIGSTOP);
	wait_for_state(pid, 'T');
	assert_int_equal(look(watch, pid).process.head.state, 'T');
	kill_child(pid);
}

static int leave_with_9(void *arg)
{
	(void)arg;
	return 9;
}

static uint64_t since_ns(struct watch *watch, const struct task_head *head)
{
	return head->since_sched_ns + (uint64_t)kernel_clock_offset_ns(watch->kernel);
}

#define CLOCK_ERROR_NS 5000000u

static void a_zombie_has_its_status_and_its_moment(void **state)
{
	struct watch *watch = watch_of(state);
	uint64_t before = now_ns(CLOCK_MONOTONIC), after, told;
	pid_t pid = child_start(leave_with_9, NULL);
	struct seen seen;

	wait_for_state(pid, 'Z');
	after = now_ns(CLOCK_MONOTONIC);
	seen = look(watch, pid);
	assert_int_equal(seen.process.head.state, 'Z');
	assert_int_equal(seen.process.exit_status, 9 << 8);
	assert_true(seen.process.flags & TASK_GROUP_EXIT);
	assert_int_equal(seen.process.rss_pages, 0);
	assert_in_range(since_ns(watch, &seen.process.head), before - CLOCK_ERROR_NS,
			after + CLOCK_ERROR_NS);
	/* The event dates it from another clock. */
	told = watch_for(watch, LIFE_EXIT, pid)->time_ns;
	assert_in_range(since_ns(watch, &seen.process.head), told - CLOCK_ERROR_NS,
			after + CLOCK_ERROR_NS);
	assert_int_equal(child_end(pid), 9 << 8);
	assert_int_equal(look(watch, pid).processes, 0);
}

static int tell_and_block(void *arg)
{
	uint64_t now = now_ns(CLOCK_MONOTONIC);

	if (write(((int *)arg)[1], &now, sizeof(now)) < 0)
		return 1;
	return wait_for_signal(NULL);
}

static void a_sleeper_has_the_moment_it_fell_asleep(void **state)
{
	struct watch *watch = watch_of(state);
	struct task_head head;
	uint64_t before, after;
	int ends[2];
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = child_start(tell_and_block, ends);
	assert_int_equal(read(ends[0], &before, sizeof(before)), sizeof(before));
	wait_for_state(pid, 'S');
	after = now_ns(CLOCK_MONOTONIC);
	head = look(watch, pid).process.head;
	assert_in_range(since_ns(watch, &head), before - CLOCK_ERROR_NS, after + CLOCK_ERROR_NS);
	kill_child(pid);
	close(ends[0]);
	close(ends[1]);
}

/* -- A pid namespace ----------------------------------------------------------------------- */

struct inside_seen {
	struct watch *watch;
	struct task_process row;
	pid_t parent;
};

static void see_inside(void *arg, const struct task_process *row)
{
	struct inside_seen *seen = arg;

	if (row->parent == (uint32_t)seen->parent)
		seen->row = *row;
}

static int is_inside(void *arg)
{
	struct inside_seen *seen = arg;
	struct kernel_task_calls calls = {.process = see_inside, .arg = seen};
	struct err err = {0};

	return !kernel_tasks(seen->watch->kernel, &calls, &err) && seen->row.head.pid != 0;
}

static void a_process_elsewhere_has_both_its_numbers(void **state)
{
	struct inside_seen seen = {.watch = watch_of(state)};
	struct stat own;

	assert_int_equal(stat("/proc/self/ns/pid", &own), 0);
	seen.parent = child_start_inside(wait_for_signal, NULL);
	assert_true(within_10_s(is_inside, &seen));
	assert_int_equal(seen.row.inner_pid, 1);
	assert_true(seen.row.head.pid > 1);
	assert_true(seen.row.pid_namespace != own.st_ino && seen.row.pid_namespace != 0);
	assert_int_equal(look(seen.watch, getpid()).process.inner_pid, getpid());
	assert_int_equal(look(seen.watch, getpid()).process.pid_namespace, own.st_ino);
	kill((pid_t)seen.row.head.pid, SIGKILL);
	assert_int_equal(child_end(seen.parent), 98 << 8);
}

/* Number 1 there: sees itself and its child, in its own numbers, and nobody else. */
static int look_from_inside(void *arg)
{
	struct seen seen;
	struct watch *watch;
	void *state;
	pid_t child = child_start(wait_for_signal, NULL);

	(void)arg;
	if (watch_open(&state) || !state)
		return 99;
	watch = state;
	seen = look(watch, child);
	if (seen.processes != 1 || seen.all > 2)
		return 2;
	if (seen.process.parent != 1 || seen.process.inner_pid != (uint32_t)child)
		return 3;
	kill(child, SIGKILL);
	if (child_end(child) != SIGKILL)
		return 4;
	if (watch_for(watch, LIFE_SIGNAL, child)->other_pid != 1)
		return 5;
	watch_close(&state);
	return 0;
}

static void a_reader_elsewhere_sees_its_own_numbers(void **state)
{
	watch_of(state);
	assert_int_equal(child_end(child_start_inside(look_from_inside, NULL)), 0);
}

#define test(function) cmocka_unit_test_setup_teardown(function, watch_open, watch_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(a_process_is_what_proc_says),
		test(its_threads_are_rows_of_their_own),
		test(a_snapshot_has_everybody),
#ifdef __x86_64__
		test(a_sleeper_shows_its_system_call),
#endif
		test(stopped_and_running_have_their_letters),
		test(a_zombie_has_its_status_and_its_moment),
		test(a_sleeper_has_the_moment_it_fell_asleep),
		test(a_process_elsewhere_has_both_its_numbers),
		test(a_reader_elsewhere_sees_its_own_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
