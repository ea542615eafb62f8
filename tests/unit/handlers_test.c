/* SPDX-License-Identifier: BSD-2-Clause */
/* handlers_test.c - which handlers of signals a process has. */
#include "mpstat/collector/handlers.h"
#include "tests/unit/tell.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void do_nothing(int number)
{
	(void)number;
}

/* A child with a handler of that signal, 0: of none, as handlers_of sees it. */
static enum fact_handlers seen_with(int number)
{
	struct handlers handlers = { 0 };
	enum fact_handlers seen;
	int ready[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		for (int i = 1; i < 32; i++)
			signal(i, SIG_DFL); /* cmocka has some */
		if (number)
			signal(number, do_nothing);
		if (write(ready[1], "", 1) == 1)
			pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	handlers_begin(&handlers);
	seen = handlers_of(&handlers, "/proc", (uint32_t)pid, 1, 1);
	handlers_free(&handlers);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(ready[0]);
	close(ready[1]);
	return seen;
}

static void handlers_of_keys_and_of_others_are_told_apart(void **state)
{
	(void)state;
	assert_int_equal(seen_with(0), FACT_HANDLERS_NONE);
	assert_int_equal(seen_with(SIGINT), FACT_HANDLERS_KEYS);
	assert_int_equal(seen_with(SIGALRM), FACT_HANDLERS_OTHERS);
	assert_int_equal(seen_with(SIGTERM), FACT_HANDLERS_OTHERS);
}

/* It cannot do anything for a thread that waits. */
static void a_handler_of_a_fault_does_not_count(void **state)
{
	(void)state;
	assert_int_equal(seen_with(SIGSEGV), FACT_HANDLERS_NONE);
}

static void of_a_process_that_cannot_be_read_anything_is_possible(void **state)
{
	struct handlers handlers = { 0 };

	(void)state;
	handlers_begin(&handlers);
	assert_int_equal(handlers_of(&handlers, "/nowhere", 1, 1, 1), FACT_HANDLERS_OTHERS);
	handlers_free(&handlers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(handlers_of_keys_and_of_others_are_told_apart),
		cmocka_unit_test(a_handler_of_a_fault_does_not_count),
		cmocka_unit_test(of_a_process_that_cannot_be_read_anything_is_possible),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
