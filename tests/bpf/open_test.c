/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * open_test.c - opening eBPF: rights, verdicts, nothing left open.
 *
 * Owns: kernel_open and kernel_part.  The first test is about rights: opening gives
 * them up, so what comes later could not lend them.
 */
#include "tests/bpf/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* -- Rights --------------------------------------------------------------------------- */

#define BOTH ((1u << (CAP_BPF - 32)) | (1u << (CAP_PERFMON - 32)))

static int set_rights(uint32_t high)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}, {0}};

	data[1].effective = data[1].permitted = data[1].inheritable = high;
	return (int)syscall(SYS_capset, &head, data);
}

static uint32_t rights_left(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}, {0}};

	syscall(SYS_capget, &head, data);
	return data[1].effective | data[1].permitted | data[1].inheritable;
}

static int become_nobody(uint32_t rights)
{
	return prctl(PR_SET_KEEPCAPS, 1) || setgid(65534) || setuid(65534) || set_rights(rights);
}

static void count_process(void *arg, const struct task_process *row)
{
	(void)row;
	++*(size_t *)arg;
}

static int leave(void *arg)
{
	(void)arg;
	return 0;
}

/* As somebody with the two rights and no other: opens, then has none and still sees. */
static int work_without_rights(void *arg)
{
	size_t processes = 0;
	struct kernel_task_calls calls = {.process = count_process, .arg = &processes};
	struct err err = {0};
	struct watch *watch;
	void *state;
	pid_t pid;

	(void)arg;
	if (become_nobody(BOTH) || watch_open(&state) || !state)
		return 99;
	watch = state;
	if (rights_left() & BOTH)
		return 2;
	if (kernel_tasks(watch->kernel, &calls, &err) || !processes)
		return 3;
	pid = child_start(leave, NULL);
	if (child_end(pid) || watch_count(watch, LIFE_EXIT, pid) != 1)
		return 4;
	watch_close(&state);
	return 0;
}

static void two_rights_are_enough_and_are_given_up(void **state)
{
	struct err err = {0};
	struct kernel *kernel;
	int status = child_end(child_start(work_without_rights, NULL));

	(void)state;
	if (status == 99 << 8 && kernel_open(&kernel, &err)) {
		print_message("# note: no eBPF here: %s\n", err.text);
		skip();
	}
	assert_int_equal(status, 0);
}

static int open_with(uint32_t rights, const char *words)
{
	struct kernel *kernel;
	struct err err = {0};

	if (become_nobody(rights))
		return 99;
	if (kernel_open(&kernel, &err) != -EPERM || kernel)
		return 2;
	return strstr(err.text, words) && strstr(err.text, "setcap") ? 0 : 3;
}

static int open_without_rights(void *arg)
{
	(void)arg;
	return open_with(0, "right CAP_BPF and CAP_PERFMON:");
}

static int open_with_one_right(void *arg)
{
	(void)arg;
	return open_with(1u << (CAP_BPF - 32), "right CAP_PERFMON:");
}

static void a_missing_right_is_named(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		print_message("# note: not root, no rights to give away\n");
		skip();
	}
	assert_int_equal(child_end(child_start(open_without_rights, NULL)), 0);
	assert_int_equal(child_end(child_start(open_with_one_right, NULL)), 0);
}

/* -- Opening --------------------------------------------------------------------------- */

static void every_part_says_what_it_gives(void **state)
{
	struct watch *watch = watch_of(state);
	const struct kernel_part *part;
	size_t i;

	for (i = 0; (part = kernel_part(watch->kernel, i)); i++) {
		assert_true(part->works || part->why[0]);
		assert_true(strlen(part->gives) > 10);
		assert_int_equal(kernel_has(watch->kernel, part->name), part->works);
		assert_string_equal(kernel_part(NULL, i)->name, part->name);
		assert_false(kernel_part(NULL, i)->works);
		assert_false(kernel_has(NULL, part->name));
	}
	assert_int_equal(i, 8);
	assert_false(kernel_has(watch->kernel, "teapot"));
	assert_true(kernel_has(watch->kernel, "tasks"));
}

static size_t descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(dir);
	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static void opening_and_closing_leaves_nothing_open(void **state)
{
	size_t before = descriptors();

	(void)state;
	for (int i = 0; i < 50; i++) {
		void *watch;

		assert_int_equal(watch_open(&watch), 0);
		if (!watch)
			skip();
		assert_true(descriptors() <= before + 9);
		watch_close(&watch);
		assert_int_equal(descriptors(), before);
	}
	kernel_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_rights_are_enough_and_are_given_up),
		cmocka_unit_test(a_missing_right_is_named),
		cmocka_unit_test(opening_and_closing_leaves_nothing_open),
		cmocka_unit_test_setup_teardown(every_part_says_what_it_gives, watch_open,
						watch_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
