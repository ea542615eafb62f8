/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_proc_test.c - /proc as a source: processes that come, go, exec and
 * hide, and a tree that is not there.
 */
#include "tests/unit/child.h"
#include "tests/unit/fact_log.h"

#include "mpstat/collector/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

extern const struct source source_proc;

/* ---- a tree of our own --------------------------------------------------------- */

static char root[64];

static int make_tree(void **state)
{
	const char *tmp = getenv("TMPDIR");

	(void)state;
	snprintf(root, sizeof(root), "%.40s/proc.XXXXXX", tmp ? tmp : "/tmp");
	return mkdtemp(root) ? 0 : -1;
}

static int remove_tree(void **state)
{
	char command[100];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf -- '%s'", root);
	return system(command);
}

static void put_file(unsigned int pid, const char *name, const char *text, size_t size)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%u", root, pid);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%u/%s", root, pid, name);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
}

static void remove_file(unsigned int pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/%u/%s", root, pid, name);
	unlink(path);
}

struct fake_process {
	unsigned int pid, parent, start, cpu;
	const char *comm;
	char state;
	unsigned int flags, arg_start;
	int status;
};

static void put_process(const struct fake_process *p)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
			 "%u (%s) %c %u 8 9 0 -1 %u 0 0 0 0 %u 0 0 0 20 0 1 0 %u 1000 5 0 0 0 0 0 0 0 "
			 "0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 %u 0 0 0 %d\n",
			 p->pid, p->comm, p->state, p->parent, p->flags, p->cpu, p->start,
			 p->arg_start, p->status);

	put_file(p->pid, "stat", text, (size_t)n);
}

struct seen {
	void *state;
	struct source_options options;
	struct fact_log facts;
	uint64_t now;
};

static void seen_open(struct seen *s, const char *proc)
{
	struct err err = { 0 };

	memset(s, 0, sizeof(*s));
	s->options.proc = proc;
	s->now = 5000000000;
	assert_int_equal(source_proc.open(&s->state, &s->options, &err), 0);
}

static void seen_read(struct seen *s)
{
	struct fact_sink sink = fact_log_sink(&s->facts);

	s->facts.count = 0;
	s->now += 1000000000;
	source_proc.read(s->state, s->now, &sink);
}

static void seen_close(struct seen *s)
{
	source_proc.close(s->state);
	fact_log_free(&s->facts);
}

static const struct fact_source_state *seen_source(const struct seen *s)
{
	return &fact_log_get(&s->facts, FACT_SOURCE, 0)->u.source;
}

static const struct fake_process init = { .pid = 1, .start = 1, .comm = "init", .state = 'S' };

static void a_tree_is_told(void **state)
{
	static const char command[] = "web\0--port\0" "80 80\0\033[31m\0";
	const struct fact_process *p;
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 30, .parent = 20, .start = 300, .comm = "x\033y",
					    .state = 'S', .cpu = 250 });
	put_process(&(struct fake_process){ .pid = 20, .parent = 1, .start = 200, .comm = "sh",
					    .state = 'R' });
	put_file(30, "cmdline", command, sizeof(command) - 1);
	put_file(30, "wchan", "futex_wait_queue", 16);
	put_file(20, "wchan", "0", 1);
	seen_open(&s, root);
	seen_read(&s);
	assert_int_equal(fact_log_count(&s.facts, FACT_PROCESS), 3);
	assert_int_equal(s.facts.items[0].type, FACT_SNAPSHOT_BEGIN);
	p = fact_log_process(&s.facts, 30);
	assert_int_equal(p->id.start, 300);
	assert_int_equal(p->parent.pid, 20);
	assert_int_equal(p->parent.start, 200);
	assert_string_equal(p->name, "x?y");
	assert_string_equal(p->command, "web --port 80 80 ?[31m");
	assert_string_equal(p->inside, "futex_wait_queue");
	assert_int_equal(p->state, 'S');
	assert_int_equal(p->cpu_ns, 250 * (1000000000 / sysconf(_SC_CLK_TCK)));
	assert_int_equal(p->rss_bytes, 5 * sysconf(_SC_PAGESIZE));
	assert_int_equal(p->group, 8);
	assert_int_equal(p->session, 9);
	assert_int_equal(p->uid, geteuid());
	assert_int_equal(p->domain, 0);
	assert_int_equal(p->exit_code, FACT_EXIT_UNKNOWN);
	assert_string_equal(fact_log_process(&s.facts, 20)->inside, "");
	assert_true(seen_source(&s)->ok);
	assert_string_equal(seen_source(&s)->text, "3 processes");
	seen_close(&s);
}

static void a_process_that_vanishes_is_left_out(void **state)
{
	char path[128];
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 20, .start = 2, .comm = "a", .state = 'S' });
	seen_open(&s, root);
	seen_read(&s);
	assert_int_equal(fact_log_count(&s.facts, FACT_PROCESS), 2);
	remove_file(20, "stat"); /* its directory is still listed */
	seen_read(&s);
	assert_int_equal(fact_log_count(&s.facts, FACT_PROCESS), 1);
	snprintf(path, sizeof(path), "%s/30", root);
	mkdir(path, 0755); /* never had one */
	put_file(40, "stat", "garbage", 7);
	seen_read(&s);
	assert_int_equal(fact_log_count(&s.facts, FACT_PROCESS), 1);
	assert_true(seen_source(&s)->ok);
	seen_close(&s);
}

static void details_follow_exec_and_reuse_of_pids(void **state)
{
	struct fake_process p = {
		.pid = 20, .start = 2, .comm = "sh", .state = 'R', .arg_start = 5
	};
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&p);
	put_file(20, "cmdline", "sh", 2);
	seen_open(&s, root);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "sh");
	put_file(20, "cmdline", "setproctitle", 12);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "sh"); /* not looked at */
	p.arg_start = 6; /* exec of the same program */
	put_process(&p);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "setproctitle");
	p.comm = "cat";
	put_process(&p);
	put_file(20, "cmdline", "cat", 3);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "cat");
	p.start = 3; /* another process */
	put_process(&p);
	put_file(20, "cmdline", "cat2", 4);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "cat2");
	put_file(20, "cmdline", "title", 5);
	s.now += 10000000000;
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "title");
	seen_close(&s);
}

static void where_it_sleeps_is_told_only_while_true(void **state)
{
	struct fake_process p = { .pid = 20, .start = 2, .comm = "sh", .state = 'S', .cpu = 7 };
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&p);
	put_file(20, "wchan", "pipe_read", 9);
	seen_open(&s, root);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->inside, "pipe_read");
	p.state = 'R';
	put_process(&p);
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->inside, "");
	seen_close(&s);
}

static void of_very_many_sleepers_each_has_its_turn(void **state)
{
	size_t known = 0;
	struct seen s;

	(void)state;
	put_process(&init);
	put_file(1, "wchan", "do_wait", 7);
	for (unsigned int pid = 2; pid <= 2500; pid++) {
		put_process(&(struct fake_process){ .pid = pid, .start = 2, .comm = "x",
						    .state = 'S' });
		put_file(pid, "wchan", "do_wait", 7);
	}
	seen_open(&s, root);
	seen_read(&s);
	for (size_t i = 0; i < s.facts.count; i++)
		if (s.facts.items[i].type == FACT_PROCESS)
			known += s.facts.items[i].u.process.inside[0] != '\0';
	assert_int_equal(known, 1024);
	seen_read(&s);
	seen_read(&s);
	for (unsigned int pid = 2; pid <= 2500; pid++)
		assert_string_equal(fact_log_process(&s.facts, pid)->inside, "do_wait");
	seen_close(&s);
}

static void only_targets_are_asked_where_they_sleep(void **state)
{
	static const uint32_t pids[] = { 20 };
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 20, .parent = 1, .start = 2, .comm = "a",
					    .state = 'S' });
	put_process(&(struct fake_process){ .pid = 30, .parent = 20, .start = 3, .comm = "b",
					    .state = 'S' });
	put_process(&(struct fake_process){ .pid = 40, .parent = 1, .start = 4, .comm = "c",
					    .state = 'S' });
	for (unsigned int pid = 20; pid <= 40; pid += 10)
		put_file(pid, "wchan", "do_wait", 7);
	seen_open(&s, root);
	s.options.pids = pids;
	s.options.pid_count = 1;
	seen_read(&s);
	assert_string_equal(fact_log_process(&s.facts, 20)->inside, "do_wait");
	assert_string_equal(fact_log_process(&s.facts, 30)->inside, "do_wait");
	assert_string_equal(fact_log_process(&s.facts, 40)->inside, "");
	seen_close(&s);
}

static void a_long_command_says_that_it_goes_on(void **state)
{
	char text[700];
	const struct fact_process *p;
	struct seen s;

	(void)state;
	memset(text, 'a', sizeof(text));
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 20, .start = 2, .comm = "a", .state = 'S' });
	put_file(20, "cmdline", text, sizeof(text));
	put_process(&(struct fake_process){ .pid = 21, .start = 2, .comm = "b", .state = 'S' });
	put_file(21, "cmdline", text, FACT_TEXT_MAX - 1);
	seen_open(&s, root);
	seen_read(&s);
	p = fact_log_process(&s.facts, 20);
	assert_non_null(p);
	assert_string_equal(&p->command[FACT_TEXT_MAX - 4], "...");
	p = fact_log_process(&s.facts, 21);
	assert_non_null(p);
	assert_string_equal(&p->command[FACT_TEXT_MAX - 4], "aaa");
	seen_close(&s);
}

static void kernel_threads_are_told_when_all_are_asked_for(void **state)
{
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 2, .start = 1, .comm = "kthreadd", .state = 'S',
					    .flags = PROC_PF_KTHREAD });
	seen_open(&s, root);
	seen_read(&s);
	assert_null(fact_log_process(&s.facts, 2));
	s.options.all_processes = true;
	seen_read(&s);
	assert_non_null(fact_log_process(&s.facts, 2));
	seen_close(&s);
}

static void a_zombie_has_its_exit_code(void **state)
{
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 20, .start = 2, .comm = "a", .state = 'Z',
					    .status = 3 << 8 });
	put_process(&(struct fake_process){ .pid = 21, .start = 2, .comm = "b", .state = 'Z',
					    .status = SIGKILL });
	put_process(&(struct fake_process){ .pid = 22, .start = 2, .comm = "c", .state = 'Z' });
	seen_open(&s, root);
	seen_read(&s);
	assert_int_equal(fact_log_process(&s.facts, 20)->exit_code, 3);
	assert_int_equal(fact_log_process(&s.facts, 21)->exit_code, -SIGKILL);
	assert_int_equal(fact_log_process(&s.facts, 22)->exit_code, 0);
	assert_string_equal(fact_log_process(&s.facts, 20)->command, "");
	seen_close(&s);
}

static void a_loop_of_parents_ends(void **state)
{
	static const uint32_t pids[] = { 99 };
	struct seen s;

	(void)state;
	put_process(&init);
	put_process(&(struct fake_process){ .pid = 20, .parent = 30, .start = 2, .comm = "a",
					    .state = 'S' });
	put_process(&(struct fake_process){ .pid = 30, .parent = 20, .start = 2, .comm = "b",
					    .state = 'S' });
	seen_open(&s, root);
	s.options.pids = pids;
	s.options.pid_count = 1;
	seen_read(&s);
	assert_int_equal(fact_log_count(&s.facts, FACT_PROCESS), 3);
	seen_close(&s);
}

/* ---- what is not there ------------------------------------------------------------ */

static void hidden_processes_are_said(void **state)
{
	struct seen s;

	(void)state;
	put_process(&(struct fake_process){ .pid = 20, .start = 2, .comm = "ours", .state = 'S' });
	seen_open(&s, root);
	seen_read(&s);
	assert_false(seen_source(&s)->ok);
	assert_non_null(strstr(seen_source(&s)->text, "hidepid"));
	assert_non_null(strstr(seen_source(&s)->text, "run as root"));
	assert_string_equal(source_proc.note(s.state, 0), seen_source(&s)->text);
	assert_null(source_proc.note(s.state, 1));
	assert_int_equal(fact_log_count(&s.facts, FACT_PROCESS), 1); /* what is seen is told */
	seen_close(&s);
}

static void a_tree_that_is_missing_is_an_error_with_a_sentence(void **state)
{
	struct source_options options = { .proc = "/nowhere/proc" };
	struct err err = { 0 };
	void *source = NULL;

	(void)state;
	assert_int_equal(source_proc.open(&source, &options, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nowhere/proc cannot be opened: No such file"));
}

/* ---- the real one ------------------------------------------------------------------- */

static void this_process_is_told(void **state)
{
	const struct fact_process *p, *parent;
	struct timespec t;
	struct seen s;
	uint64_t now;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, "a) b (c\n\x1b"), 0);
	seen_open(&s, "/proc");
	seen_read(&s);
	p = fact_log_process(&s.facts, (uint32_t)getpid());
	assert_non_null(p);
	assert_string_equal(p->name, "a) b (c??");
	assert_int_equal(p->state, 'R');
	assert_int_equal(p->uid, geteuid());
	assert_int_equal(p->session, getsid(0));
	assert_int_equal(p->group, getpgrp());
	assert_int_equal(p->parent.pid, getppid());
	assert_non_null(strstr(p->command, "proc_test"));
	assert_true(p->rss_bytes > 0 && p->rss_bytes != FACT_UNKNOWN);
	assert_int_equal(p->threads, 1);
	clock_gettime(CLOCK_MONOTONIC, &t);
	now = (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
	assert_true(p->started_ns <= now + 20000000);
	parent = fact_log_process(&s.facts, (uint32_t)getppid());
	assert_true(!parent || parent->id.start == p->parent.start);
	assert_true(fact_log_count(&s.facts, FACT_PROCESS) > 1);
	seen_close(&s);
}

static bool is_zombie(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0;
}

static void a_real_zombie_is_one(void **state)
{
	const struct fact_process *p;
	struct seen s;
	pid_t child = child_fork();

	(void)state;
	if (child == 0)
		_exit(42);
	assert_true(is_zombie(child));
	seen_open(&s, "/proc");
	seen_read(&s);
	p = fact_log_process(&s.facts, (uint32_t)child);
	assert_int_equal(p->state, 'Z');
	assert_int_equal(p->exit_code, 42);
	assert_string_equal(p->command, "");
	waitpid(child, NULL, 0);
	seen_read(&s);
	assert_null(fact_log_process(&s.facts, (uint32_t)child));
	seen_close(&s);
}

static void processes_that_die_while_they_are_read_are_survived(void **state)
{
	struct seen s;
	pid_t storm = child_fork();

	(void)state;
	if (storm == 0) {
		for (;;) {
			pid_t child = fork();

			if (child == 0)
				_exit(0);
			waitpid(child, NULL, 0);
		}
	}
	seen_open(&s, "/proc");
	for (int i = 0; i < 30; i++) {
		seen_read(&s);
		assert_non_null(fact_log_process(&s.facts, (uint32_t)getpid()));
	}
	child_kill(storm);
	seen_close(&s);
}

#define TREE(name) cmocka_unit_test_setup_teardown(name, make_tree, remove_tree)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TREE(a_tree_is_told),
		TREE(a_process_that_vanishes_is_left_out),
		TREE(details_follow_exec_and_reuse_of_pids),
		TREE(where_it_sleeps_is_told_only_while_true),
		TREE(of_very_many_sleepers_each_has_its_turn),
		TREE(only_targets_are_asked_where_they_sleep),
		TREE(a_long_command_says_that_it_goes_on),
		TREE(kernel_threads_are_told_when_all_are_asked_for),
		TREE(a_zombie_has_its_exit_code),
		TREE(a_loop_of_parents_ends),
		TREE(hidden_processes_are_said),
		cmocka_unit_test(a_tree_that_is_missing_is_an_error_with_a_sentence),
		cmocka_unit_test(this_process_is_told),
		cmocka_unit_test(a_real_zombie_is_one),
		cmocka_unit_test(processes_that_die_while_they_are_read_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
