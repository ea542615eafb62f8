/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_load_test.c - programs that start processes while they are being loaded, or start
 * themselves: without end they would be a fork bomb (158).
 *
 * This program does so when the environment says where to count.
 */
#include "tests/api/process_support.h"

#include <fcntl.h>
#include <sys/stat.h>

#define BRANCHES 2
/* The one a test starts, and below it as many generations as are allowed. */
#define MOST ((1 << (MPT_PROCESS_NESTED + 2)) - 1)

static void count(const char *file, char what)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, &what, 1) != 1)
		_exit(96);
	close(fd);
}

static int is_a_function(void *file)
{
	count(file, 'f');
	return 0;
}

/* With these arguments once more. */
static int start_myself(char **argv)
{
	struct mpt_process *p;
	int rc = mpt_process_create_program(&p, (const char *const *)argv, NULL);

	if (rc == 0)
		rc = mpt_process_start(p);
	if (rc == 0)
		mpt_process_join(p, MPT_FOREVER);
	mpt_process_destroy(p);
	return rc;
}

__attribute__((constructor)) static void multiply(int argc, char **argv, char **envp)
{
	const char *file = getenv("MPT_TEST_COUNT");
	int rc;

	(void)argc;
	(void)envp; /* getenv() works already */
	if (!file)
		return;
	count(file, 'p');
	argv[0] = "/proc/self/exe";
	process_end(process_run(is_a_function, (void *)(uintptr_t)file, NULL));
	for (int i = 0; i < BRANCHES; i++) {
		rc = start_myself(argv);
		if (rc != 0)
			count(file, rc == -ELOOP ? 'e' : '?');
	}
	_exit(0);
}

static size_t counted(const char *text, char what)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == what;
	return n;
}

static void read_counts(const char *file, char *text, size_t size)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	assert_true(n >= 0);
	text[n] = '\0';
	close(fd);
	unlink(file);
}

static void b158_a_program_that_starts_processes_at_load_time_ends(void **state)
{
	static char text[1 << 20];
	char file[] = "/tmp/mpt-load-XXXXXX", variable[60];
	const char *env[] = { variable, NULL }, *argv[] = { "/proc/self/exe", "again", NULL };
	struct mpt_process_options options = { .env = env };
	struct mpt_process *p;

	(void)state;
	close(mkstemp(file));
	snprintf(variable, sizeof(variable), "MPT_TEST_COUNT=%s", file);
	assert_int_equal(mpt_process_create_program(&p, argv, &options), 0);
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(process_end(p), 0);
	read_counts(file, text, sizeof(text));
	assert_int_equal(counted(text, '?'), 0);
	/* The first one and its descendants of four generations, two children each. */
	assert_int_equal(counted(text, 'p'), MOST / 2);
	assert_int_equal(counted(text, 'f'), MOST / 2); /* a fork loads nothing */
	assert_int_equal(counted(text, 'e'), MOST / 2 + 1);
}

/* The same from outside of the library: it counts from there. */
static void b158_also_when_the_first_one_was_started_otherwise(void **state)
{
	static char text[1 << 20];
	char file[] = "/tmp/mpt-load-XXXXXX", variable[60];
	const char *env[] = { variable, NULL };

	(void)state;
	close(mkstemp(file));
	snprintf(variable, sizeof(variable), "MPT_TEST_COUNT=%s", file);
	assert_int_equal(end_of(program("again", "", env)), 0);
	read_counts(file, text, sizeof(text));
	assert_in_range(counted(text, 'p'), MOST / 2, MOST);
	assert_int_equal(counted(text, '?'), 0);
}

/* What is told how deep it is may be as deep as it likes. */
static void descend(const char *left)
{
	char less[12];
	const char *argv[] = { "/proc/self/exe", "descend", less, NULL };

	snprintf(less, sizeof(less), "%d", atoi(left) - 1);
	if (atoi(left) > 0)
		child_claims(start_myself((char **)(uintptr_t)argv) == 0);
}

static void recursion_with_other_arguments_is_not_limited(void **state)
{
	(void)state;
	assert_ends_well(program("descend", "12", NULL));
}

int main(int argc, char **argv)
{
	static const struct role roles[] = { { "descend", descend } };
	const struct CMUnitTest tests[] = {
		process_test(b158_a_program_that_starts_processes_at_load_time_ends),
		process_test(b158_also_when_the_first_one_was_started_otherwise),
		process_test(recursion_with_other_arguments_is_not_limited),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
