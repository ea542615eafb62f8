/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace_test.c - records: how many, switched off, how large, kept or not; and what
 * happens when the machine refuses memory, descriptors or room.
 *
 * Each test runs as a program of its own: the environment is read once.
 */
#include "tests/api/support.h"

#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct mpt_trace_info status(void)
{
	struct mpt_trace_info info;

	child_claims(mpt_trace_status(&info) == 0);
	return info;
}

static struct mpt_queue *small_queue(void)
{
	struct mpt_queue_options options = { .maxsize = 4, .bytes = 4096 };
	struct mpt_queue *q;

	child_claims(mpt_queue_create(&q, &options) == 0);
	return q;
}

static void claims_works(struct mpt_queue *q)
{
	char byte;

	child_claims(mpt_queue_put(q, "x", 1, 0) == 0);
	child_claims(mpt_queue_get(q, &byte, 1, 0) == 1);
}

static void in_child(void *q)
{
	claims_works(q);
}

/* ---- how many -------------------------------------------------------------------------- */

static void role_each_operation_is_one_record(const char *unused)
{
	struct mpt_queue *q = small_queue();
	struct mpt_lock *lock;
	uint64_t before;
	char byte;

	(void)unused;
	child_claims(mpt_trace_status(NULL) == -EINVAL);
	child_claims(mpt_lock_create(&lock, NULL, 0) == 0);
	before = status().records;
	for (int i = 0; i < 23; i++) {
		child_claims(mpt_queue_put(q, "x", 1, 0) == 0);
		if (i < 17)
			child_claims(mpt_queue_get(q, &byte, 1, 0) == 1);
		else if (i < 22)
			child_claims(mpt_queue_get(q, &byte, 1, 0) == 1);
	}
	child_claims(status().records - before == 23 + 22);
	before = status().records;
	for (int i = 0; i < 5; i++) {
		child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == 0);
		child_claims(mpt_lock_release(lock) == 0);
	}
	child_claims(status().records - before == 5);
	/* Failed at once: one record; after blocking: begin and end. */
	child_claims(mpt_queue_get(q, &byte, 1, 0) == 1);
	before = status().records;
	child_claims(mpt_queue_get(q, &byte, 1, 0) == -EAGAIN);
	child_claims(mpt_queue_get(q, &byte, 1, MPT_MS(1)) == -ETIMEDOUT);
	child_claims(status().records - before == 3);
	child_claims(status().lost == 0);
}

/* ---- switched off ------------------------------------------------------------------------ */

static void dies_holding(void *lock)
{
	child_claims(mpt_lock_acquire(lock, 0) == 0);
	kill(getpid(), SIGKILL);
}

static void role_is_switched_off(const char *unused)
{
	struct mpt_queue *q = small_queue();
	struct mpt_lock *lock;
	struct mpt_trace_info info;

	(void)unused;
	claims_works(q);
	info = status();
	child_claims(!info.on && info.error == 0);
	child_claims(info.records == 0 && info.ring_bytes == 0);
	child_claims(mpt_lock_create(&lock, NULL, 0) == 0);
	child_claims(end_of(child(dies_holding, lock)) == -SIGKILL);
	child_claims(mpt_lock_acquire(lock, GUARD_NS) == MPT_RECOVERED);
	child_claims(end_of(child(in_child, q)) == 0);
}

/* ---- how large ---------------------------------------------------------------------------- */

static void role_has_a_ring_of(const char *bytes)
{
	struct mpt_queue *q = small_queue();
	struct mpt_trace_info info;

	for (int i = 0; i < 20000; i++) /* around some of the rings */
		claims_works(q);
	info = status();
	child_claims(info.on && info.error == 0);
	child_claims(info.ring_bytes == strtoull(bytes, NULL, 10));
}

static void rings_are_as_large_as_told(void **state)
{
	static const struct {
		const char *variable, *bytes;
	} sizes[] = {
		{ "MPTRACE_RING=8K", "8192" },
		{ "MPTRACE_RING=65536", "65536" },
		{ "MPTRACE_RING=1M", "1048576" },
		{ "MPTRACE_RING=16m", "16777216" },
		{ "MPTRACE_RING=12K", "8192" },
		{ "MPTRACE_RING=1", "8192" },
		{ "MPTRACE_RING=99999999999M", "16777216" },
		{ "MPTRACE_RING=", "65536" },
		{ "MPTRACE_RING=many", "65536" },
		{ "MPTRACE_RING=8Kx", "65536" },
		{ "MPTRACE_RING=-8K", "65536" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		const char *env[] = { sizes[i].variable, NULL };

		assert_ends_well(program("role_has_a_ring_of", sizes[i].bytes, env));
	}
}

/* Rings get smaller, then none, before anything fails. */
static void *uses_in_thread(void *q)
{
	claims_works(q);
	return NULL;
}

static void role_rings_shrink(const char *unused)
{
	struct mpt_queue *q = small_queue();

	(void)unused;
	child_claims(status().ring_bytes == 256 << 10);
	for (int i = 0; i < 100; i++)
		join_thread(thread(uses_in_thread, q));
	child_claims(status().on);
}

/* ---- kept or not ---------------------------------------------------------------------------- */

static void role_works(const char *unused)
{
	struct mpt_queue *q = small_queue();

	(void)unused;
	claims_works(q);
	child_claims(status().error == 0);
	child_claims(end_of(child(in_child, q)) == 0);
}

static int files_in(const char *dir, char *one)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int n = 0;

	while (d && (e = readdir(d)) != NULL)
		if (strstr(e->d_name, "mptrace") || strstr(e->d_name, "api-test")) {
			n++;
			if (one)
				snprintf(one, 600, "%s/%s", dir, e->d_name);
		}
	if (d)
		closedir(d);
	return n;
}

static bool announced_by(pid_t pid)
{
	FILE *f = fopen("/proc/net/unix", "r");
	char line[512], part[32];
	bool found = false;

	snprintf(part, sizeof(part), "/%d/", pid);
	while (f && fgets(line, sizeof(line), f))
		found |= strstr(line, "@mptrace") && strstr(line, part);
	if (f)
		fclose(f);
	return found;
}

static void role_stays(const char *unused)
{
	struct mpt_queue *q = small_queue();
	char byte;

	(void)unused;
	mpt_queue_get(q, &byte, 1, MPT_FOREVER);
}

static void nothing_is_left_after_a_kill(void **state)
{
	int shm = files_in("/dev/shm", NULL), tmp = files_in("/tmp", NULL);
	pid_t pid = program("role_stays", NULL, NULL);

	(void)state;
	assert_eventually(announced_by(pid));
	kill_child(pid);
	assert_false(announced_by(pid));
	assert_int_equal(files_in("/dev/shm", NULL), shm);
	assert_true(files_in("/tmp", NULL) <= tmp);
}

static void with_mptrace_out_a_file_is_kept(void **state)
{
	char dir[] = "/tmp/trace-test-XXXXXX", variable[64], path[600], again[600];
	const char *const env[] = { variable, NULL };
	struct mpt_wire_header h;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(variable, sizeof(variable), "MPTRACE_OUT=%s", dir);
	assert_ends_well(program("role_works", NULL, env));
	assert_int_equal(files_in(dir, path), 1);
	fd = open(path, O_RDONLY);
	assert_int_equal(read(fd, &h, sizeof(h)), sizeof(h));
	close(fd);
	assert_true(h.magic == MPT_WIRE_MAGIC && h.state == MPT_SEG_LIVE);
	assert_true(h.flags & MPT_SEG_FILE);
	assert_string_equal(h.name, "api-test");
	assert_int_equal(h.section[MPT_SEC_PROCESSES].used, 2);
	unlink(path);
	/* Killed: kept as well, that is what it is for. */
	assert_int_equal(files_in(dir, NULL), 0);
	kill_child(program("role_stays", NULL, env));
	files_in(dir, again);
	unlink(again);
	rmdir(dir);
}

static void role_execs_with_the_same_pid(const char *rest)
{
	char next[16];

	claims_works(small_queue());
	child_claims(status().error == 0);
	if (atoi(rest) == 0)
		return;
	snprintf(next, sizeof(next), "%d", atoi(rest) - 1);
	execl("/proc/self/exe", "api-test", "role_execs_with_the_same_pid", next, (char *)NULL);
	_exit(97);
}

static void each_program_of_a_pid_keeps_a_file_of_its_own(void **state)
{
	char dir[] = "/tmp/trace-test-XXXXXX", variable[64], path[600];
	const char *const env[] = { variable, NULL };

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(variable, sizeof(variable), "MPTRACE_OUT=%s", dir);
	assert_ends_well(program("role_execs_with_the_same_pid", "3", env));
	assert_int_equal(files_in(dir, path), 4);
	while (files_in(dir, path))
		unlink(path);
	rmdir(dir);
}

static void role_works_but_is_not_kept(const char *error)
{
	struct mpt_queue *q = small_queue();
	struct mpt_trace_info info;

	claims_works(q);
	info = status();
	child_claims(info.on && info.error == -atoi(error));
	child_claims(end_of(child(in_child, q)) == 0);
}

static void what_cannot_be_kept_works_without(void **state)
{
	static const char *const missing[] = { "MPTRACE_OUT=/nowhere/at/all", NULL };
	static const char *const no_directory[] = { "MPTRACE_OUT=/dev/null", NULL };
	char error[8];

	(void)state;
	snprintf(error, sizeof(error), "%d", ENOENT);
	assert_ends_well(program("role_works_but_is_not_kept", error, missing));
	snprintf(error, sizeof(error), "%d", ENOTDIR);
	assert_ends_well(program("role_works_but_is_not_kept", error, no_directory));
}

/* ---- refused ---------------------------------------------------------------------------------- */

static void limit(int which, rlim_t n)
{
	struct rlimit l = { n, n };

	child_claims(setrlimit(which, &l) == 0);
}

static void role_file_size_is_limited(const char *unused)
{
	struct mpt_queue *q;

	(void)unused;
	limit(RLIMIT_FSIZE, 100 << 10);
	child_claims(mpt_queue_create(&q, NULL) == -EFBIG && !q);
	child_claims(segment() == NULL);
}

static void role_file_size_is_limited_to_less(const char *unused)
{
	struct mpt_queue *q;

	(void)unused;
	limit(RLIMIT_FSIZE, 3 << 20);
	q = small_queue();
	claims_works(q);
	child_claims(segment()->total_size == 3 << 20);
	child_claims(mpt_queue_create(&q, NULL) == -ENOSPC);
}

static void role_address_space_is_limited(const char *unused)
{
	struct mpt_queue *q;

	(void)unused;
	limit(RLIMIT_AS, 40 << 20);
	child_claims(mpt_queue_create(&q, NULL) == -ENOMEM && !q);
	child_claims(segment() == NULL);
}

static void role_descriptors_run_out(const char *unused)
{
	struct mpt_queue *q;
	int fds[64], n = 0;

	(void)unused;
	limit(RLIMIT_NOFILE, 40);
	while ((fds[n] = dup(0)) >= 0)
		n++;
	child_claims(mpt_queue_create(&q, NULL) == -EMFILE && !q);
	while (n > 0)
		close(fds[--n]);
	q = small_queue();
	claims_works(q);
	while ((fds[n] = dup(0)) >= 0)
		n++;
	/* Without a single descriptor left what exists goes on, children included. */
	claims_works(q);
	child_claims(end_of(child(in_child, q)) == 0);
	claims_works(small_queue());
}

/* Nothing that is mounted now is seen outside.  In a chroot "/" may be no mount, then it
 * depends on the one below. */
static bool keeps_mounts_private(void)
{
	char line[1024];
	bool shared;
	FILE *mounts;

	if (unshare(CLONE_NEWNS) != 0)
		return false;
	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return true;
	mounts = fopen("/proc/self/mountinfo", "re");
	shared = !mounts;
	while (mounts && fgets(line, sizeof(line), mounts))
		shared = shared || strstr(line, " shared:");
	if (mounts)
		fclose(mounts);
	return !shared;
}

static void role_mounts(const char *unused)
{
	(void)unused;
	child_claims(keeps_mounts_private());
}

/* Less and less room on the file system: an error or work, never SIGBUS. */
static void role_room_runs_out(const char *kilobytes)
{
	struct mpt_queue_options large = { .maxsize = 1024, .bytes = 512 << 10 };
	char options[32];
	struct mpt_queue *q;
	int rc = 0, made = 0;

	child_claims(keeps_mounts_private());
	snprintf(options, sizeof(options), "size=%sk", kilobytes);
	child_claims(mount("mptrace-test", "/mnt", "tmpfs", 0, options) == 0);
	setenv("MPTRACE_OUT", "/mnt", 1);
	while (made < 100 && (rc = mpt_queue_create(&q, &large)) == 0) {
		made++;
		for (int i = 0; i < 100; i++)
			claims_works(q);
		child_claims(end_of(child(in_child, q)) == 0);
	}
	child_claims(rc == 0 || rc == -ENOSPC);
	child_claims(atoi(kilobytes) < 4096 || made > 0);
	child_claims(mpt_queue_create(&q, &large) == rc || made == 100);
}

static void a_full_file_system_is_an_error_never_a_signal(void **state)
{
	static const char *const sizes[] = { "4", "8", "16", "64", "256", "1024", "4096" };

	(void)state;
	if (geteuid() != 0 || end_of(program("role_mounts", NULL, NULL)) != 0)
		skip();
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_ends_well(program("role_room_runs_out", sizes[i], NULL));
}

/* ---- the tests ---------------------------------------------------------------------------------- */

static void run_role(const char *role, const char *variable)
{
	const char *env[] = { variable, NULL };

	assert_ends_well(program(role, NULL, env));
}

static void each_operation_is_one_record(void **state)
{
	(void)state;
	run_role("role_each_operation_is_one_record", NULL);
}

static void switched_off_everything_works_unrecorded(void **state)
{
	(void)state;
	run_role("role_is_switched_off", "MPTRACE=0");
}

static void rings_of_ended_threads_make_room_for_others(void **state)
{
	static const char *const env[] = { "MPTRACE_SIZE=2M", "MPTRACE_RING=256K", NULL };

	(void)state;
	assert_ends_well(program("role_rings_shrink", NULL, env));
}

static void a_small_file_size_limit_is_an_error_or_a_smaller_domain(void **state)
{
	(void)state;
	run_role("role_file_size_is_limited", NULL);
	run_role("role_file_size_is_limited_to_less", NULL);
}

static void a_small_address_space_is_an_error(void **state)
{
	(void)state;
	if (SANITIZED)
		skip();
	run_role("role_address_space_is_limited", NULL);
}

static void without_descriptors_creation_fails_and_use_goes_on(void **state)
{
	(void)state;
	run_role("role_descriptors_run_out", NULL);
}

#define ROLE(name) { #name, name }

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		ROLE(role_each_operation_is_one_record),
		ROLE(role_is_switched_off),
		ROLE(role_has_a_ring_of),
		ROLE(role_rings_shrink),
		ROLE(role_mounts),
		ROLE(role_works),
		ROLE(role_stays),
		ROLE(role_execs_with_the_same_pid),
		ROLE(role_works_but_is_not_kept),
		ROLE(role_file_size_is_limited),
		ROLE(role_file_size_is_limited_to_less),
		ROLE(role_address_space_is_limited),
		ROLE(role_descriptors_run_out),
		ROLE(role_room_runs_out),
	};
	const struct CMUnitTest tests[] = {
		api_test(each_operation_is_one_record),
		api_test(switched_off_everything_works_unrecorded),
		api_test(rings_are_as_large_as_told),
		api_test(rings_of_ended_threads_make_room_for_others),
		api_test(nothing_is_left_after_a_kill),
		api_test(with_mptrace_out_a_file_is_kept),
		api_test(each_program_of_a_pid_keeps_a_file_of_its_own),
		api_test(what_cannot_be_kept_works_without),
		api_test(a_small_file_size_limit_is_an_error_or_a_smaller_domain),
		api_test(a_small_address_space_is_an_error),
		api_test(without_descriptors_creation_fails_and_use_goes_on),
		api_test(a_full_file_system_is_an_error_never_a_signal),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
