/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain_test.c - programs that start separately and meet by name.
 *
 * The other programs are this one again, in another role.  Does not own: segments that
 * lie (domain_hostile_test.c).
 */
#include "tests/api/support.h"

#include <fcntl.h>
#include <sys/stat.h>

static const char *domain_name(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "domain-test-%d", getpid());
	return name;
}

static const char *in_domain(const char *object)
{
	static char path[80];

	snprintf(path, sizeof(path), "%s/%s", domain_name(), object);
	return path;
}

static int publish_once(void **state)
{
	(void)state;
	return mpt_domain_publish(domain_name());
}

static struct mpt_queue *queue_named(const char *name)
{
	struct mpt_queue_options options = { .name = name, .maxsize = 4 };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	return q;
}

/* ---- meeting -------------------------------------------------------------------------- */

#define LETTERS 3000u

static void role_puts_letters(const char *path)
{
	struct mpt_queue *q;

	child_claims(mpt_queue_open(&q, path, 0) == 0);
	for (uint32_t i = 0; i < LETTERS; i++)
		child_claims(mpt_queue_put(q, &i, sizeof(i), GUARD_NS) == 0);
	mpt_queue_destroy(q);
}

static void programs_exchange_exactly_what_was_put(void **state)
{
	struct mpt_queue *q = queue_named("letters");
	const struct mpt_wire_object *o = segment_object("letters");
	pid_t pid = program("role_puts_letters", in_domain("letters"), NULL);
	struct ledger sum;
	uint32_t n;

	(void)state;
	for (uint32_t i = 0; i < LETTERS; i++) {
		assert_int_equal(mpt_queue_get(q, &n, sizeof(n), GUARD_NS), sizeof(n));
		assert_int_equal(n, i);
	}
	assert_ends_well(pid);
	assert_int_equal(mpt_queue_get(q, &n, sizeof(n), 0), -EAGAIN);
	sum = segment_ledger(o);
	assert_int_equal(sum.gives, LETTERS);
	assert_int_equal(sum.takes, LETTERS);
	assert_int_equal(segment_process(pid)->inner_pid, pid);
	mpt_queue_destroy(q);
}

static void role_counts_under_lock(const char *path)
{
	struct mpt_queue *q;
	struct mpt_lock *lock;
	char lock_path[100];
	uint32_t n;

	child_claims(mpt_queue_open(&q, path, 0) == 0);
	snprintf(lock_path, sizeof(lock_path), "%s lock", path);
	child_claims(mpt_lock_open(&lock, lock_path, 0) == 0);
	for (int i = 0; i < 500; i++)
		MPT_WITH_LOCK (lock) {
			child_claims(mpt_queue_get(q, &n, sizeof(n), 0) == sizeof(n));
			n++;
			child_claims(mpt_queue_put(q, &n, sizeof(n), 0) == 0);
		}
}

static void a_lock_excludes_between_programs(void **state)
{
	struct mpt_queue *q = queue_named("sum");
	struct mpt_lock *lock;
	uint32_t n = 0;
	pid_t pids[3];

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, "sum lock", 0), 0);
	assert_int_equal(mpt_queue_put(q, &n, sizeof(n), 0), 0);
	for (int i = 0; i < 3; i++)
		pids[i] = program("role_counts_under_lock", in_domain("sum"), NULL);
	for (int i = 0; i < 3; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(mpt_queue_get(q, &n, sizeof(n), 0), sizeof(n));
	assert_int_equal(n, 1500);
	mpt_queue_destroy(q);
	mpt_lock_destroy(lock);
}

/* ---- not meeting ------------------------------------------------------------------------ */

static void role_opens_wrongly(const char *domain)
{
	struct mpt_queue *q;
	struct mpt_lock *lock;
	char path[100];

	child_claims(mpt_queue_open(&q, "no domain yet", 0) == -ENOENT && !q);
	snprintf(path, sizeof(path), "%s/no such queue", domain);
	child_claims(mpt_queue_open(&q, path, 0) == -ENOENT && !q);
	snprintf(path, sizeof(path), "%s/a queue", domain);
	child_claims(mpt_lock_open(&lock, path, 0) == -EINVAL && !lock);
	child_claims(mpt_queue_open(&q, path, 4) == -EINVAL);
	child_claims(mpt_queue_open(&q, path, 0) == 0);
	child_claims(mpt_queue_open(&q, "a queue", 0) == 0);
	child_claims(mpt_queue_open(&q, "nobody's/a queue", 0) == -EBUSY);
	child_claims(mpt_domain_join("nobody's", 0) == -EBUSY);
	child_claims(mpt_domain_join(domain, 0) == 0);
	snprintf(path, sizeof(path), "%s/", domain);
	child_claims(mpt_queue_open(&q, path, 0) == -EINVAL);
}

static void a_wrong_name_or_kind_is_refused(void **state)
{
	struct mpt_queue *q = queue_named("a queue"), *again = q;
	struct mpt_queue_options same = { .name = "a queue" };

	(void)state;
	assert_ends_well(program("role_opens_wrongly", domain_name(), NULL));
	assert_int_equal(mpt_queue_create(&again, &same), -EEXIST);
	assert_null(again);
	mpt_queue_destroy(q);
	assert_int_equal(mpt_queue_create(&q, &same), 0);
	mpt_queue_destroy(q);
}

static void role_finds_no_domain(const char *name)
{
	uint64_t start = now_ns();
	struct mpt_queue *q;

	child_claims(mpt_domain_join(NULL, 0) == -EINVAL);
	child_claims(mpt_domain_join("", 0) == -EINVAL);
	child_claims(mpt_domain_join("a/b", 0) == -EINVAL);
	child_claims(mpt_queue_open(&q, "/x", 0) == -EINVAL);
	child_claims(mpt_domain_join(name, 0) == -EAGAIN);
	child_claims(mpt_queue_open(&q, "nobody's/x", 0) == -EAGAIN);
	child_claims(mpt_domain_join(name, MPT_MS(120)) == -ETIMEDOUT);
	child_claims(now_ns() - start >= MPT_MS(120));
	/* And nothing was half made: */
	child_claims(segment() == NULL);
	child_claims(mpt_queue_create(&q, NULL) == 0);
}

static void joining_waits_for_a_name_as_long_as_told(void **state)
{
	(void)state;
	assert_ends_well(program("role_finds_no_domain", "nobody's", NULL));
}

static void role_joins_late(const char *name)
{
	child_claims(mpt_domain_join(name, MPT_FOREVER) == 0);
	child_claims(mpt_domain_join(name, 0) == 0);
}

static void role_publishes_and_stays(const char *name)
{
	child_claims(mpt_domain_publish(name) == 0);
	for (;;)
		pause();
}

/* What role_publishes_and_stays holds while it lives. */
static bool is_published(const char *name)
{
	FILE *f = fopen("/proc/net/unix", "r");
	char line[512], wanted[100];
	bool found = false;

	snprintf(wanted, sizeof(wanted), "@mptrace.name/%s\n", name);
	while (f && !found && fgets(line, sizeof(line), f))
		found = strstr(line, wanted) != NULL;
	if (f)
		fclose(f);
	return found;
}

static void one_who_waits_for_a_name_gets_it_when_it_is_published(void **state)
{
	char name[48];
	pid_t waiter, publisher;

	(void)state;
	snprintf(name, sizeof(name), "late-%d", getpid());
	waiter = program("role_joins_late", name, NULL);
	publisher = program("role_publishes_and_stays", name, NULL);
	assert_ends_well(waiter);
	kill_child(publisher);
}

/* Two runs of a program, or a name inherited: the second is not in the first's domain. */
static void role_is_only_called_so(const char *name)
{
	struct mpt_lock *lock;
	struct mpt_trace_info status;

	child_claims(mpt_lock_create(&lock, "own", 0) == 0);
	child_claims(mpt_trace_status(&status) == 0 && strcmp(status.domain, name) == 0);
	child_claims(mpt_domain_join(name, 0) == -EBUSY);
	mpt_lock_destroy(lock);
}

static void a_domain_of_the_same_name_is_not_the_published_one(void **state)
{
	char name[48], variable[64];
	const char *const env[] = { variable, NULL };
	pid_t publisher;

	(void)state;
	snprintf(name, sizeof(name), "twice-%d", getpid());
	snprintf(variable, sizeof(variable), "MPTRACE_NAME=%s", name);
	publisher = program("role_publishes_and_stays", name, NULL);
	assert_eventually(is_published(name));
	assert_ends_well(program("role_is_only_called_so", name, env));
	kill_child(publisher);
}

/* ---- names -------------------------------------------------------------------------------- */

static void role_publishes_a_taken_name(const char *name)
{
	child_claims(mpt_domain_publish(name) == -EEXIST);
	child_claims(mpt_domain_publish("") == -EINVAL);
	child_claims(mpt_domain_publish(NULL) == -EINVAL);
	child_claims(mpt_domain_publish("a/b") == -EINVAL);
	child_claims(mpt_domain_publish("123456789012345678901234567890123456789012345678") ==
		     -EINVAL);
}

static void a_name_is_exclusive_while_its_domain_lives(void **state)
{
	char name[48];
	pid_t pid;

	(void)state;
	assert_ends_well(program("role_publishes_a_taken_name", domain_name(), NULL));
	assert_int_equal(mpt_domain_publish(domain_name()), 0); /* it is ours */
	snprintf(name, sizeof(name), "exclusive-%d", getpid());
	pid = program("role_publishes_and_stays", name, NULL);
	assert_eventually(is_published(name));
	assert_ends_well(program("role_publishes_a_taken_name", name, NULL));
	kill_child(pid);
	assert_false(is_published(name));
	pid = program("role_publishes_and_stays", name, NULL);
	assert_eventually(is_published(name));
	kill_child(pid);
}

static void role_is_named_by_the_environment(const char *name)
{
	struct mpt_trace_info info;

	child_claims(mpt_trace_status(&info) == 0);
	child_claims(strcmp(info.domain, name) == 0);
	child_claims(is_published(name));
}

static void role_has_the_programs_name(const char *unused)
{
	struct mpt_trace_info info;

	(void)unused;
	child_claims(mpt_trace_status(&info) == 0);
	child_claims(strcmp(info.domain, "api-test") == 0);
}

static void the_environment_names_a_domain_and_publishes_it(void **state)
{
	char variable[64], taken[64];
	const char *const env[] = { variable, NULL }, *const taken_env[] = { taken, NULL };
	static const char *const senseless[] = { "MPTRACE_NAME=a/b", NULL };

	(void)state;
	snprintf(variable, sizeof(variable), "MPTRACE_NAME=env-%d", getpid());
	assert_ends_well(program("role_is_named_by_the_environment", variable + 13, env));
	/* Taken: silently unpublished. */
	snprintf(taken, sizeof(taken), "MPTRACE_NAME=%s", domain_name());
	assert_ends_well(program("role_is_named_by_the_environment", domain_name(), taken_env));
	assert_ends_well(program("role_has_the_programs_name", NULL, senseless));
	assert_ends_well(program("role_has_the_programs_name", NULL, NULL));
}

/* ---- the publisher's end ---------------------------------------------------------------------- */

struct family {
	char name[48];
	uint32_t born, done;
};

static void lives_on(void *arg)
{
	struct family *f = arg;
	struct mpt_queue_options options = { .name = "heirloom" };
	struct mpt_queue *q;
	char byte;

	child_claims(mpt_queue_create(&q, &options) == 0);
	reach(&f->born);
	child_claims(mpt_queue_get(q, &byte, 1, GUARD_NS) == 1 && byte == 'h');
	reach(&f->done);
}

static void role_publishes_and_dies(const char *name)
{
	struct family *f = shared(sizeof(*f));

	child_claims(mpt_domain_publish(name) == 0);
	if (fork() == 0) {
		lives_on(f);
		_exit(0);
	}
	child_claims_eventually(reached(&f->born));
	kill(getpid(), SIGKILL);
}

static void role_gives_the_heir_a_byte(const char *name)
{
	struct mpt_queue *q;
	char path[100];

	snprintf(path, sizeof(path), "%s/heirloom", name);
	child_claims(mpt_queue_open(&q, path, 0) == 0);
	child_claims(mpt_queue_put(q, "h", 1, 0) == 0);
}

static void a_domain_can_be_joined_after_its_publisher_was_killed(void **state)
{
	char name[48];

	(void)state;
	snprintf(name, sizeof(name), "heirs-%d", getpid());
	assert_int_equal(end_of(program("role_publishes_and_dies", name, NULL)), -SIGKILL);
	assert_true(is_published(name));
	assert_ends_well(program("role_gives_the_heir_a_byte", name, NULL));
	assert_eventually(!is_published(name));
}

/* ---- descriptors ----------------------------------------------------------------------------- */

static void uses_queue(void *arg)
{
	char byte;

	child_claims(mpt_queue_put(arg, "c", 1, 0) == 0);
	child_claims(mpt_queue_get(arg, &byte, 1, 0) == 1);
}

static void role_closes_everything(const char *file)
{
	struct mpt_queue *q, *later;
	struct stat before, after;
	int fds[40];

	child_claims(mpt_queue_create(&q, NULL) == 0);
	child_claims(close_range(3, ~0u, 0) == 0);
	/* What the program opens now gets the numbers that were the library's. */
	for (int i = 0; i < 40; i++)
		child_claims((fds[i] = open(file, O_RDWR)) >= 0);
	child_claims(fstat(fds[0], &before) == 0);
	uses_queue(q);
	child_claims(mpt_queue_create(&later, NULL) == 0);
	uses_queue(later);
	child_claims(end_of(child(uses_queue, q)) == 0);
	child_claims(mpt_domain_publish("closed-everything") <= 0);
	for (int i = 0; i < 40; i++)
		child_claims(fcntl(fds[i], F_GETFD) >= 0);
	child_claims(fstat(fds[0], &after) == 0);
	child_claims(before.st_size == after.st_size && before.st_ino == after.st_ino);
}

static void a_program_that_closes_all_descriptors_goes_on(void **state)
{
	char path[] = "/tmp/domain-test-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "the program's own", 17), 17);
	assert_ends_well(program("role_closes_everything", path, NULL));
	close(fd);
	unlink(path);
}

#define ROLE(name) { #name, name }

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		ROLE(role_puts_letters),
		ROLE(role_counts_under_lock),
		ROLE(role_opens_wrongly),
		ROLE(role_finds_no_domain),
		ROLE(role_joins_late),
		ROLE(role_publishes_and_stays),
		ROLE(role_publishes_a_taken_name),
		ROLE(role_is_only_called_so),
		ROLE(role_is_named_by_the_environment),
		ROLE(role_has_the_programs_name),
		ROLE(role_publishes_and_dies),
		ROLE(role_gives_the_heir_a_byte),
		ROLE(role_closes_everything),
	};
	const struct CMUnitTest tests[] = {
		api_test(programs_exchange_exactly_what_was_put),
		api_test(a_lock_excludes_between_programs),
		api_test(a_wrong_name_or_kind_is_refused),
		api_test(joining_waits_for_a_name_as_long_as_told),
		api_test(one_who_waits_for_a_name_gets_it_when_it_is_published),
		api_test(a_domain_of_the_same_name_is_not_the_published_one),
		api_test(a_name_is_exclusive_while_its_domain_lives),
		api_test(the_environment_names_a_domain_and_publishes_it),
		api_test(a_domain_can_be_joined_after_its_publisher_was_killed),
		api_test(a_program_that_closes_all_descriptors_goes_on),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, publish_once, NULL);
}
