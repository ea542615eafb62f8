/* SPDX-License-Identifier: BSD-2-Clause */
/* note_test.c - marks of the program's own among its records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <mptrace/mptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t records(void)
{
	struct mpt_trace_info status;

	assert_int_equal(mpt_trace_status(&status), 0);
	return status.records;
}

static void each_mark_is_one_record(void **state)
{
	struct mpt_note *note;
	uint64_t before;

	(void)state;
	assert_int_equal(mpt_note_create(&note, "request"), 0);
	before = records();
	for (uint64_t i = 0; i < 23; i++)
		assert_int_equal(mpt_note_mark(note, i), 0);
	assert_int_equal(records() - before, 23);
	mpt_note_destroy(note);
}

static void a_name_is_exclusive_and_checked(void **state)
{
	struct mpt_note *note, *again;

	(void)state;
	assert_int_equal(mpt_note_create(&note, "once"), 0);
	assert_int_equal(mpt_note_create(&again, "once"), -EEXIST);
	assert_null(again);
	assert_int_equal(mpt_note_create(&again, "a/b"), -EINVAL);
	assert_int_equal(mpt_note_create(&again, ""), -EINVAL);
	mpt_note_destroy(note);
	mpt_note_destroy(NULL);
}

static void a_forked_child_marks_too_until_the_creator_destroys(void **state)
{
	int status, marked[2], gone[2];
	struct mpt_note *note;
	pid_t child;
	char c;

	(void)state;
	assert_int_equal(pipe(marked), 0);
	assert_int_equal(pipe(gone), 0);
	assert_int_equal(mpt_note_create(&note, "shared"), 0);
	child = fork();
	if (child == 0) {
		bool good = mpt_note_mark(note, 1) == 0;

		close(gone[1]);
		good = write(marked[1], "m", 1) == 1 && good;
		good = read(gone[0], &c, 1) == 0 && good;
		_exit(good && mpt_note_mark(note, 2) == -ESHUTDOWN ? 0 : 1);
	}
	assert_int_equal(read(marked[0], &c, 1), 1);
	mpt_note_destroy(note);
	close(gone[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(gone[0]);
	close(marked[0]);
	close(marked[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_mark_is_one_record),
		cmocka_unit_test(a_name_is_exclusive_and_checked),
		cmocka_unit_test(a_forked_child_marks_too_until_the_creator_destroys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
