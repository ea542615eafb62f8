/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * source_kernel_test.c - real processes, seen by our eBPF programs and by /proc:
 * both must say the same.  Without the rights for eBPF each test is skipped, with
 * the reason.
 */
#include "mpstat/collector/kernel.h"
#include "mpstat/collector/proc.h"

#include "tests/unit/child.h"
#include "tests/unit/fact_log.h"

#include <pthread.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <time.h>

extern const struct source source_proc, source_life;

/* One source with its facts. */
struct watch {
	const struct source *source;
	struct source_options options;
	void *state;
	struct fact_log facts;
};

static struct kernel *kernel;
static struct err refused;

static int open_kernel(void **state)
{
	(void)state;
	if (kernel_open(&kernel, &refused) < 0)
		print_message("# no eBPF: %s\n", refused.text);
	return 0;
}

static int close_kernel(void **state)
{
	(void)state;
	kernel_close(kernel);
	return 0;
}

static void need_kernel(void)
{
	if (kernel)
		return;
	print_message("# skipped: %s\n", refused.text);
	skip();
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void watch_open(struct watch *w, const struct source *source, struct kernel *lent)
{
	struct err err = { 0 };

	memset(w, 0, sizeof(*w));
	w->source = source;
	w->options.proc = "/proc";
	w->options.kernel = lent;
	w->options.kernel_why = "not used in this test";
	assert_int_equal(source->open(&w->state, &w->options, &err), 0);
}

static void watch_read(struct watch *w)
{
	struct fact_sink sink = fact_log_sink(&w->facts);

	w->source->read(w->state, now_ns(), &sink);
}

static void watch_close(struct watch *w)
{
	w->source->close(w->state);
	fact_log_free(&w->facts);
}

/* ---- a tree ---------------------------------------------------------------------- */

enum { SLEEPER, READER, THREADED, ZOMBIE, KILLED, REAPER, NAMED, TREE };

struct tree {
	pid_t pids[TREE];
	int ready[2], hold[2];
};

static void say_ready(const struct tree *tree)
{
	if (write(tree->ready[1], "x", 1) != 1)
		_exit(1);
}

static void *sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void be_threaded(const struct tree *tree)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, sleep_on, NULL) != 0 ||
	    pthread_create(&thread, NULL, sleep_on, NULL) != 0)
		_exit(1);
	say_ready(tree);
	sleep_on(NULL);
}

static void play(const struct tree *tree, int part)
{
	char byte;

	if (part == ZOMBIE)
		_exit(42);
	if (part == THREADED)
		be_threaded(tree);
	if (part == REAPER) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		signal(SIGCHLD, SIG_IGN);
	}
	if (part == NAMED)
		prctl(PR_SET_NAME, "a) b (c\n\x1b\xff");
	say_ready(tree);
	if (part == READER)
		_exit(read(tree->hold[0], &byte, 1) == 0 ? 0 : 1);
	sleep_on(NULL);
}

static char state_of(pid_t pid)
{
	struct err err = { 0 };
	int proc = proc_open("/proc", &err);
	struct proc_stat stat;
	int rc = proc_stat_read(proc, (uint32_t)pid, &stat);

	close(proc);
	return rc == 0 ? stat.state : 0;
}

static void grow(struct tree *tree)
{
	time_t deadline = time(NULL) + 10;
	siginfo_t info;
	char byte;

	assert_int_equal(pipe(tree->ready), 0);
	assert_int_equal(pipe(tree->hold), 0);
	for (int i = 0; i < TREE; i++) {
		tree->pids[i] = child_fork();
		if (tree->pids[i] == 0)
			play(tree, i);
		if (i != ZOMBIE)
			assert_int_equal(read(tree->ready[0], &byte, 1), 1);
	}
	kill(tree->pids[KILLED], SIGKILL);
	waitid(P_PID, (id_t)tree->pids[KILLED], &info, WEXITED | WNOWAIT);
	waitid(P_PID, (id_t)tree->pids[ZOMBIE], &info, WEXITED | WNOWAIT);
	for (int i = 0; i < TREE; i++)
		while (i != ZOMBIE && i != KILLED && state_of(tree->pids[i]) != 'S')
			assert_true(time(NULL) < deadline);
}

static void fell(struct tree *tree)
{
	for (int i = 0; i < TREE; i++)
		child_kill(tree->pids[i]);
	for (int i = 0; i < 2; i++) {
		close(tree->ready[i]);
		close(tree->hold[i]);
	}
}

static void compare(const struct fact_process *a, const struct fact_process *b)
{
	assert_non_null(a);
	assert_non_null(b);
	assert_int_equal(a->id.start, b->id.start);
	assert_int_equal(a->parent.pid, b->parent.pid);
	assert_int_equal(a->parent.start, b->parent.start);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->command, b->command);
	assert_int_equal(a->state, b->state);
	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->threads, b->threads);
	assert_int_equal(a->session, b->session);
	assert_int_equal(a->group, b->group);
	assert_int_equal(a->exit_code, b->exit_code);
	assert_int_equal(a->kernel_thread, b->kernel_thread);
	assert_int_equal(a->inner_pid, b->inner_pid);
	assert_string_equal(a->cgroup, b->cgroup);
	assert_string_equal(a->container, b->container);
	if (b->pid_namespace) /* of the dead /proc does not know it */
		assert_int_equal(a->pid_namespace, b->pid_namespace);
	assert_in_range(a->started_ns, b->started_ns, b->started_ns + 10000000);
	/* Nobody here uses a processor: /proc counts whole ticks. */
	assert_in_range(a->cpu_ns, 0, b->cpu_ns + 100000000);
	assert_in_range(a->rss_bytes + (1 << 21), b->rss_bytes, b->rss_bytes + (1 << 22));
}

static void both_say_the_same_of_a_tree(void **state)
{
	struct watch whole, scan;
	struct tree tree;

	(void)state;
	need_kernel();
	grow(&tree);
	watch_open(&whole, &source_proc, kernel);
	watch_open(&scan, &source_proc, NULL);
	watch_read(&whole);
	watch_read(&scan);
	for (int i = 0; i < TREE; i++)
		compare(fact_log_process(&whole.facts, (uint32_t)tree.pids[i]),
			fact_log_process(&scan.facts, (uint32_t)tree.pids[i]));
	/* Whether the iterator has it or not. */
	assert_non_null(fact_log_process(&whole.facts, 1));
	assert_int_equal(fact_log_process(&whole.facts, 1)->id.start,
			 fact_log_process(&scan.facts, 1)->id.start);
	assert_null(source_proc.note(whole.state, 0));
	watch_close(&whole);
	watch_close(&scan);
	fell(&tree);
}

static void the_kernel_knows_more(void **state)
{
	const struct fact_process *p;
	uint64_t before = now_ns(), after;
	struct watch whole;
	struct tree tree;

	(void)state;
	need_kernel();
	grow(&tree);
	after = now_ns();
	watch_open(&whole, &source_proc, kernel);
	watch_read(&whole);
	p = fact_log_process(&whole.facts, (uint32_t)tree.pids[SLEEPER]);
	assert_string_equal(p->inside, "pause");
	/* Two clocks: half a millisecond apart at most, generously more. */
	assert_in_range(p->inside_since_ns, before - 50000000, after + 50000000);
	assert_int_equal(p->ended_ns, 0);
	assert_non_null(strstr(fact_log_process(&whole.facts, (uint32_t)tree.pids[READER])->inside,
			       "read"));
	p = fact_log_process(&whole.facts, (uint32_t)tree.pids[ZOMBIE]);
	assert_in_range(p->ended_ns, before - 50000000, after + 50000000);
	assert_int_equal(p->inside_since_ns, 0);
	assert_string_equal(p->inside, "");
	p = fact_log_process(&whole.facts, (uint32_t)tree.pids[REAPER]);
	assert_true(p->subreaper);
	assert_true(p->ignores_children);
	p = fact_log_process(&whole.facts, (uint32_t)tree.pids[THREADED]);
	assert_int_equal(p->threads, 3);
	assert_false(p->subreaper);
	assert_false(p->ignores_children);
	watch_close(&whole);
	fell(&tree);
}

/* ---- a first thread that ends before the others ------------------------------------ */

static void *outlive(void *arg)
{
	pthread_join(*(pthread_t *)arg, NULL);
	return sleep_on(NULL);
}

static pid_t child_without_first_thread(void)
{
	static pthread_t first;
	pid_t child = child_fork();
	pthread_t other;

	if (child != 0)
		return child;
	first = pthread_self();
	if (pthread_create(&other, NULL, outlive, &first) != 0)
		_exit(1);
	pthread_exit(NULL);
}

static void a_process_without_its_first_thread_is_no_zombie(void **state)
{
	const struct fact_process *p;
	time_t deadline = time(NULL) + 10;
	pid_t child = child_without_first_thread();
	struct watch w;

	(void)state;
	while (state_of(child) != 'Z')
		assert_true(time(NULL) < deadline);
	for (int i = 0; i < (kernel ? 2 : 1); i++) {
		watch_open(&w, &source_proc, i ? kernel : NULL);
		watch_read(&w);
		p = fact_log_process(&w.facts, (uint32_t)child);
		assert_non_null(p);
		assert_int_equal(p->threads, 2);
		assert_true(p->state == 'S' || p->state == 'R');
		assert_int_equal(p->exit_code, FACT_EXIT_UNKNOWN);
		assert_int_equal(p->ended_ns, 0);
		watch_close(&w);
	}
	child_kill(child);
}

/* ---- events ------------------------------------------------------------------------- */

static const struct fact *find_life(const struct watch *w, uint8_t what, pid_t pid)
{
	for (size_t i = 0; i < w->facts.count; i++)
		if (w->facts.items[i].type == FACT_LIFE &&
		    w->facts.items[i].u.life.what == what &&
		    w->facts.items[i].u.life.process.pid == (uint32_t)pid)
			return &w->facts.items[i];
	return NULL;
}

static void a_life_is_told_from_birth_to_death(void **state)
{
	const struct fact *born, *died, *shot;
	uint64_t before = now_ns();
	struct watch life, list;
	struct fact_sink sink;
	pid_t child;

	(void)state;
	need_kernel();
	watch_open(&life, &source_life, kernel);
	watch_open(&list, &source_proc, NULL);
	child = child_sleeping();
	watch_read(&list);
	child_kill(child);
	sink = fact_log_sink(&life.facts);
	source_life.drain(life.state, now_ns(), &sink);
	born = find_life(&life, FACT_LIFE_FORK, child);
	shot = find_life(&life, FACT_LIFE_SIGNAL, child);
	died = find_life(&life, FACT_LIFE_EXIT, child);
	assert_non_null(born);
	assert_non_null(shot);
	assert_non_null(died);
	/* The same identity as /proc's. */
	assert_int_equal(born->u.life.process.start,
			 fact_log_process(&list.facts, (uint32_t)child)->id.start);
	assert_int_equal(born->u.life.other.pid, getpid());
	assert_int_equal(shot->u.life.signal, SIGKILL);
	assert_int_equal(shot->u.life.origin, FACT_ORIGIN_PROCESS);
	assert_int_equal(shot->u.life.other.pid, getpid());
	assert_int_equal(died->u.life.exit_code, -SIGKILL);
	assert_true(before <= born->time_ns && born->time_ns <= shot->time_ns &&
		    shot->time_ns <= died->time_ns && died->time_ns <= now_ns());
	watch_read(&life);
	assert_string_equal(fact_log_get(&life.facts, FACT_SOURCE, 0)->u.source.name, "life");
	assert_int_equal(strncmp(fact_log_get(&life.facts, FACT_SOURCE, 0)->u.source.text,
				 "eBPF: ", 6), 0);
	assert_null(fact_log_get(&life.facts, FACT_SNAPSHOT_BEGIN, 0));
	watch_close(&life);
	watch_close(&list);
}

static void without_ebpf_the_source_says_what_is_missing(void **state)
{
	struct source_options options = { .proc = "/proc", .kernel_why = "no CAP_BPF" };
	struct err err = { 0 };
	void *source = NULL;
	int rc = source_life.open(&source, &options, &err);

	(void)state;
	if (rc == 0) {
		assert_non_null(source_life.note(source, 0));
		assert_non_null(strstr(source_life.note(source, 0), "no CAP_BPF"));
		assert_non_null(strstr(source_life.note(source, 0), "who sent a signal"));
		assert_null(source_life.note(source, 1));
		source_life.close(source);
	}
	options.proc = "/nowhere";
	err.code = 0;
	assert_true(source_life.open(&source, &options, &err) < 0);
	assert_non_null(strstr(err.text, "no CAP_BPF; /nowhere cannot be opened"));
	assert_non_null(strstr(err.text, "exit codes of the reaped"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_say_the_same_of_a_tree),
		cmocka_unit_test(the_kernel_knows_more),
		cmocka_unit_test(a_process_without_its_first_thread_is_no_zombie),
		cmocka_unit_test(a_life_is_told_from_birth_to_death),
		cmocka_unit_test(without_ebpf_the_source_says_what_is_missing),
	};

	return cmocka_run_group_tests(tests, open_kernel, close_kernel);
}
