/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc_details_test.c - what is read of each process, when, and how much at once;
 * rows and the tree of files are made here.
 */
#include "mpstat/collector/proc_details.h"
#include "mpstat/collector/proc_inside.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND 1000000000ull
#define CALL_READ 0
#define CALL_PAUSE 34

struct fixture {
	char root[64];
	struct proc_rows rows;
	struct proc_details_list list;
	struct source_options options;
	size_t inside_next;
	uint64_t now_ns;
};

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	struct fixture *f = calloc(1, sizeof(*f));

	if (!f)
		return -1;
	snprintf(f->root, sizeof(f->root), "%.40s/details.XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(f->root))
		return -1;
	f->rows.proc = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	f->now_ns = 100 * SECOND;
	*state = f;
	return f->rows.proc < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	char command[100];

	proc_details_free(&f->list);
	proc_rows_free(&f->rows);
	close(f->rows.proc);
	snprintf(command, sizeof(command), "rm -rf -- '%s'", f->root);
	free(f);
	return system(command);
}

static void put(const struct fixture *f, uint32_t pid, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%u", f->root, pid);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%u/%s", f->root, pid, name);
	file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

/* Rows are added in order of their pids. */
static struct proc_row *add(struct fixture *f, uint32_t pid, bool whole)
{
	struct proc_row *row = proc_rows_add(&f->rows);

	assert_non_null(row);
	row->pid = pid;
	row->start = 7;
	row->state = 'S';
	row->whole = whole;
	row->uid = 1234;
	row->syscall = CALL_READ;
	row->since_ns = SECOND;
	row->since_raw = 55;
	return row;
}

static void refresh(struct fixture *f, uint64_t after_ns)
{
	f->now_ns += after_ns;
	assert_int_equal(proc_details_follow(&f->list, &f->rows), 0);
	assert_int_equal(f->list.count, f->rows.count);
	proc_inside_read(&f->list, &f->rows, &f->options, f->now_ns, &f->inside_next);
	proc_details_read(&f->list, &f->rows, f->now_ns);
}

static size_t count_commands(const struct fixture *f, const char *command)
{
	size_t n = 0;

	for (size_t i = 0; i < f->list.count; i++)
		n += strcmp(f->list.items[i]->command, command) == 0;
	return n;
}

static void many(struct fixture *f, bool whole)
{
	for (uint32_t pid = 1; pid <= 1200; pid++) {
		put(f, pid, "cmdline", "old");
		add(f, pid, whole);
	}
	refresh(f, SECOND);
	assert_int_equal(count_commands(f, "old"), 1200); /* the new ones at once */
	for (uint32_t pid = 1; pid <= 1200; pid++)
		put(f, pid, "cmdline", "new");
	refresh(f, SECOND);
	assert_int_equal(count_commands(f, "new"), 0);
}

static void no_refresh_reads_more_than_its_share_again(void **state)
{
	struct fixture *f = *state;

	many(f, false);
	refresh(f, 10 * SECOND);
	assert_int_equal(count_commands(f, "new"), PROC_DETAILS_READS);
	refresh(f, SECOND);
	assert_int_equal(count_commands(f, "new"), 2 * PROC_DETAILS_READS);
	refresh(f, SECOND);
	assert_int_equal(count_commands(f, "new"), 1200);
}

static void who_has_not_run_is_not_read_again(void **state)
{
	struct fixture *f = *state;

	many(f, true);
	refresh(f, 100 * SECOND);
	assert_int_equal(count_commands(f, "new"), 0);
	f->rows.items[600].cpu_ns = 1;
	f->rows.items[700].arg_start = 1;
	strcpy(f->rows.items[800].comm, "another");
	f->rows.items[900].cgroup = 5;
	refresh(f, SECOND);
	assert_int_equal(count_commands(f, "new"), 4);
	assert_string_equal(f->list.items[600]->command, "new");
	assert_string_equal(f->list.items[900]->command, "new");
}

static void the_list_follows_births_deaths_and_reuse(void **state)
{
	struct fixture *f = *state;
	struct proc_details *two;

	for (uint32_t pid = 1; pid <= 4; pid++)
		add(f, pid, true);
	refresh(f, SECOND);
	two = f->list.items[1];
	assert_int_equal(two->id.pid, 2);
	f->rows.count = 0;
	add(f, 2, true);
	add(f, 3, true)->start = 8; /* another one */
	add(f, 9, true);
	refresh(f, SECOND);
	assert_ptr_equal(f->list.items[0], two);
	assert_int_equal(f->list.items[1]->id.start, 8);
	assert_int_equal(f->list.items[2]->id.pid, 9);
	f->rows.count = 0;
	refresh(f, SECOND);
	assert_int_equal(f->list.count, 0);
}

static void what_it_was_stays_when_it_dies(void **state)
{
	struct fixture *f = *state;

	put(f, 1, "cmdline", "server");
	add(f, 1, true)->arg_start = 3;
	refresh(f, SECOND);
	put(f, 1, "cmdline", "");
	f->rows.items[0].state = 'Z';
	f->rows.items[0].arg_start = 0;
	refresh(f, 20 * SECOND);
	assert_string_equal(f->list.items[0]->command, "server");
}

static void details_of_proc_are_read(void **state)
{
	struct fixture *f = *state;

	put(f, 5, "cmdline", "x");
	put(f, 5, "cgroup", "0::/lxc.payload.web\n");
	put(f, 5, "status", "Name:\tx\\nNSpid:\t9\nNSpid:\t500\t20\t3\nSigIgn:\t0000000000010000\n");
	add(f, 5, false);
	add(f, 6, false)->parent = 5;
	put(f, 6, "cmdline", "");
	f->rows.items[1].state = 'Z';
	refresh(f, SECOND);
	assert_int_equal(f->list.items[0]->inner_pid, 3);
	assert_int_equal(f->list.items[0]->uid, geteuid());
	assert_string_equal(f->list.items[0]->cgroup.path, "/lxc.payload.web");
	assert_string_equal(f->list.items[0]->cgroup.container, "lxc web");
	assert_true(f->list.items[0]->ignores_children);
	assert_false(f->list.items[1]->ignores_children);
}

static void only_parents_of_zombies_are_asked_what_they_ignore(void **state)
{
	struct fixture *f = *state;

	put(f, 5, "status", "NSpid:\t5\nSigIgn:\t0000000000010000\n");
	add(f, 5, false);
	add(f, 6, false)->parent = 5;
	refresh(f, SECOND);
	assert_false(f->list.items[0]->ignores_children);
}

static void status_fields_are_parsed(void **state)
{
	(void)state;
	assert_int_equal(proc_status_inner_pid("Name:\tx\nNSpid:\t12\n"), 12);
	assert_int_equal(proc_status_inner_pid("Name:\tx\nNSpid:\t12\t1\nNSpgid:\t4\t5\n"), 1);
	assert_int_equal(proc_status_inner_pid("Name:\tx\nNSpid:\n7\n"), 0);
	assert_int_equal(proc_status_inner_pid("Name:\tx\nNSpid:\tx\n"), 0);
	assert_int_equal(proc_status_inner_pid("Name:\tx\nNSpid:\t99999999999999999999999\n"), 0);
	assert_int_equal(proc_status_inner_pid(""), 0);
	assert_true(proc_status_ignores_children("a\nSigIgn:\tffffffffffffffff\n"));
	assert_false(proc_status_ignores_children("a\nSigIgn:\t0000000000008000\n"));
	assert_false(proc_status_ignores_children("a\nSigBlk:\tffffffffffffffff\n"));
	assert_false(proc_status_ignores_children("a\nSigIgn:\n"));
}

/* ---- where it sleeps --------------------------------------------------------------- */

static const char *inside(const struct fixture *f, size_t i)
{
	static char text[24];

	proc_inside_of(f->list.items[i], &f->rows.items[i], text, sizeof(text));
	return text;
}

static void a_vague_call_is_looked_into_once_per_sleep(void **state)
{
	struct fixture *f = *state;

	put(f, 1, "wchan", "pipe_read");
	put(f, 2, "wchan", "do_sys_pause");
	add(f, 1, true);
	add(f, 2, true)->syscall = CALL_PAUSE;
	refresh(f, SECOND);
#ifdef __x86_64__
	assert_string_equal(inside(f, 1), "pause");
#endif
	assert_string_equal(inside(f, 0), "pipe_read");
	put(f, 1, "wchan", "elsewhere");
	refresh(f, SECOND);
	assert_string_equal(inside(f, 0), "pipe_read"); /* the same sleep: not asked */
	f->rows.items[0].since_raw++;
	refresh(f, SECOND);
	assert_string_equal(inside(f, 0), "elsewhere");
	f->rows.items[0].since_raw++;
	f->rows.items[0].since_ns = f->now_ns + SECOND; /* has just fallen asleep */
	refresh(f, SECOND);
#ifdef __x86_64__
	assert_string_equal(inside(f, 0), "read");
#endif
	f->rows.items[0].state = 'R';
	assert_string_equal(inside(f, 0), "");
}

static void one_pass_asks_a_bounded_number(void **state)
{
	struct fixture *f = *state;
	size_t known = 0;

	for (uint32_t pid = 1; pid <= PROC_INSIDE_READS + 100; pid++) {
		put(f, pid, "wchan", "pipe_read");
		add(f, pid, true);
	}
	refresh(f, SECOND);
	for (size_t i = 0; i < f->list.count; i++)
		known += f->list.items[i]->inside[0] != '\0';
	assert_int_equal(known, PROC_INSIDE_READS);
	refresh(f, SECOND);
	for (size_t i = 0; i < f->list.count; i++)
		assert_string_equal(inside(f, i), "pipe_read");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(no_refresh_reads_more_than_its_share_again),
		TEST(who_has_not_run_is_not_read_again),
		TEST(the_list_follows_births_deaths_and_reuse),
		TEST(what_it_was_stays_when_it_dies),
		TEST(details_of_proc_are_read),
		TEST(only_parents_of_zombies_are_asked_what_they_ignore),
		cmocka_unit_test(status_fields_are_parsed),
		TEST(a_vague_call_is_looked_into_once_per_sleep),
		TEST(one_pass_asks_a_bounded_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
