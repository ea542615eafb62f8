/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_inherit_test.c - what a child gets from its parent and what it does not:
 * descriptors, output, locks.
 */
#include "tests/api/process_support.h"

#include <fcntl.h>

/* ---- descriptors --------------------------------------------------------------------------- */

static int count_descriptors(void *count)
{
	*(unsigned int *)count = process_descriptors();
	return 0;
}

static void b20_descriptors_do_not_grow_with_siblings(void **state)
{
	unsigned int *alone = shared(2 * sizeof(*alone)), *among = alone + 1;
	struct mpt_process *sibling[20];

	(void)state;
	assert_int_equal(process_end(process_run(count_descriptors, alone, NULL)), 0);
	for (int i = 0; i < 20; i++)
		sibling[i] = process_run(process_pause, NULL, NULL);
	assert_int_equal(process_end(process_run(count_descriptors, among, NULL)), 0);
	for (int i = 0; i < 20; i++)
		process_kill_and_free(sibling[i]);
	assert_true(*alone > 0);
	assert_int_equal(*among, *alone);
}

/* Started from several threads at once, none inherits another's half-opened things. */
static unsigned int *counts; /* shared */

static void *start_some(void *first)
{
	unsigned int *count = first;
	struct mpt_process *p[10];

	for (int i = 0; i < 10; i++)
		p[i] = process_run(count_descriptors, &count[i], NULL);
	for (int i = 0; i < 10; i++)
		child_claims(process_end(p[i]) == 0);
	return NULL;
}

static void b20_nor_with_threads_that_start_at_the_same_time(void **state)
{
	pthread_t t[4];

	(void)state;
	counts = shared(41 * sizeof(*counts));
	assert_int_equal(process_end(process_run(count_descriptors, &counts[40], NULL)), 0);
	for (int i = 0; i < 4; i++)
		t[i] = thread(start_some, &counts[10 * i]);
	for (int i = 0; i < 4; i++)
		join_thread(t[i]);
	for (int i = 0; i < 40; i++)
		assert_int_equal(counts[i], counts[40]);
}

/* ---- standard descriptors --------------------------------------------------------------------- */

static int print_to_nowhere(void *unused)
{
	(void)unused;
	close(0);
	close(1);
	close(2);
	printf("lost\n");
	fprintf(stderr, "lost\n");
	return process_end(process_run(process_return, (void *)6, NULL));
}

static int print_and_fail(void *unused)
{
	(void)unused;
	printf("lost\n");
	return -EIO;
}

/* Runs as a program of its own, which has no domain yet: whatever the library opens
 * must not become a standard descriptor that the program then writes to. */
static void without_standard_descriptors(const char *unused)
{
	(void)unused;
	close(0);
	close(1);
	close(2);
	if (process_end(process_run(print_and_fail, NULL, NULL)) != 1)
		_exit(11);
	printf("lost\n");
	fprintf(stderr, "lost\n");
	fflush(NULL);
	if (fcntl(0, F_GETFD) >= 0 || fcntl(1, F_GETFD) >= 0 || fcntl(2, F_GETFD) >= 0)
		_exit(12);
	if (process_end(process_run(print_to_nowhere, NULL, NULL)) != 6)
		_exit(13);
	_exit(segment()->magic == MPT_WIRE_MAGIC ? 0 : 14);
}

static void b22_a_child_works_without_standard_descriptors(void **state)
{
	(void)state;
	assert_int_equal(process_end(process_run(print_to_nowhere, NULL, NULL)), 6);
	assert_ends_well(program("without_standard_descriptors", NULL, NULL));
}

/* What was printed before fork comes out once, what a child prints comes out. */
static int print_child(void *unused)
{
	(void)unused;
	printf("child\n");
	return 0;
}

static void print_parent(void *fd)
{
	struct mpt_process *p;

	dup2(*(int *)fd, STDOUT_FILENO);
	printf("parent\n");
	p = process_run(print_child, NULL, NULL);
	child_claims(process_end(p) == 0);
	fflush(stdout);
}

static void b22_output_is_neither_lost_nor_doubled(void **state)
{
	char said[64] = "";
	int ends[2];

	(void)state;
	fflush(NULL);
	assert_int_equal(pipe(ends), 0);
	assert_ends_well(child(print_parent, &ends[1]));
	assert_int_equal(read(ends[0], said, sizeof(said) - 1), 13);
	assert_string_equal(said, "parent\nchild\n");
	close(ends[0]);
	close(ends[1]);
}

/* ---- threads of the parent ------------------------------------------------------------------------ */

static int tell_thread_id(void *tid)
{
	*(pid_t *)tid = gettid();
	return 0;
}

static void b23_the_childs_main_thread_has_an_id_of_its_own(void **state)
{
	pid_t *tid = shared(sizeof(*tid)), pid;
	struct mpt_process *p = process_run(tell_thread_id, tid, NULL);

	(void)state;
	pid = mpt_process_pid(p);
	assert_int_equal(process_end(p), 0);
	assert_int_not_equal(*tid, gettid());
	assert_int_equal(*tid, pid);
}

static struct {
	uint32_t stop, turning;
	struct mpt_process *victim;
} busy;

/* The C library keeps its own locks usable in a child; the allocator of gcc 12's
 * sanitizers does not. */
static void use_locks_of_the_c_library(void)
{
	if (SANITIZED)
		return;
	free(malloc(100));
	fclose(fopen("/dev/null", "we"));
}

/* Takes and frees, without a pause, every lock a start could meet. */
static void *keep_locks_busy(void *unused)
{
	for (bool first = true; !reached(&busy.stop); first = false) {
		mpt_process_active_children(NULL, 0);
		mpt_process_alive(busy.victim);
		mpt_process_join(busy.victim, 0);
		use_locks_of_the_c_library();
		if (first)
			reach(&busy.turning);
	}
	return unused;
}

static int use_those_locks(void *unused)
{
	(void)unused;
	use_locks_of_the_c_library();
	child_claims(mpt_process_join(busy.victim, 0) == -ECHILD);
	return process_end(process_run(process_return, (void *)9, NULL));
}

static void b24_locks_of_other_threads_do_not_hang_the_child(void **state)
{
	pthread_t t[3];

	(void)state;
	busy.stop = 0;
	busy.turning = 0;
	busy.victim = process_run(process_pause, NULL, NULL);
	for (int i = 0; i < 3; i++)
		t[i] = thread(keep_locks_busy, NULL);
	assert_eventually(__atomic_load_n(&busy.turning, __ATOMIC_SEQ_CST) == 3);
	for (int i = 0; i < 50; i++)
		assert_int_equal(process_end(process_run(use_those_locks, NULL, NULL)), 9);
	reach(&busy.stop);
	for (int i = 0; i < 3; i++)
		join_thread(t[i]);
	process_kill_and_free(busy.victim);
}

/* The lock of a stream somebody reads from is held until there is input. */
static void *read_a_line(void *stream)
{
	char line[10];

	return fgets(line, sizeof(line), stream);
}

static void b24_a_thread_that_waits_for_input_does_not_hang_the_start(void **state)
{
	int ends[2];
	FILE *input;
	pthread_t t;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	input = fdopen(ends[0], "r");
	t = thread(read_a_line, input);
	assert_eventually(ftrylockfile(input) != 0 || (funlockfile(input), false));
	assert_int_equal(process_end(process_run(process_return, (void *)4, NULL)), 4);
	assert_int_equal(write(ends[1], "\n", 1), 1);
	join_thread(t);
	fclose(input);
	close(ends[1]);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		{ "without_standard_descriptors", without_standard_descriptors },
	};
	const struct CMUnitTest tests[] = {
		process_test(b20_descriptors_do_not_grow_with_siblings),
		process_test(b20_nor_with_threads_that_start_at_the_same_time),
		process_test(b22_a_child_works_without_standard_descriptors),
		process_test(b22_output_is_neither_lost_nor_doubled),
		process_test(b23_the_childs_main_thread_has_an_id_of_its_own),
		process_test(b24_locks_of_other_threads_do_not_hang_the_child),
		process_test(b24_a_thread_that_waits_for_input_does_not_hang_the_start),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
