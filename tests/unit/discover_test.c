/* SPDX-License-Identifier: BSD-2-Clause */
/* discover_test.c - what may be opened, and where a segment is found. */
#include "mpstat/collector/discover.h"

#include "tests/unit/members.h"

#include <sys/stat.h>

static int proc;

/* ---- what may be opened ------------------------------------------------------------ */

static void expect_refused(const char *path, const char *words)
{
	struct err err = { 0 };

	assert_true(discover_file(path, &err) < 0);
	if (!strstr(err.text, words))
		fail_msg("\"%s\" lacks \"%s\"", err.text, words);
}

static void only_a_regular_file_with_one_name_is_opened(void **state)
{
	char other[90];
	struct place p;
	struct err err = { 0 };
	int fd;

	(void)state;
	place_make(&p);
	snprintf(other, sizeof(other), "%s.2", p.path);
	expect_refused(p.path, "No such file");
	assert_int_equal(mkfifo(p.path, 0644), 0); /* opening it would block */
	expect_refused(p.path, "not a regular file");
	unlink(p.path);
	assert_int_equal(symlink("/etc/passwd", p.path), 0);
	expect_refused(p.path, "symbolic link");
	unlink(p.path);
	assert_int_equal(mkdir(p.path, 0755), 0);
	expect_refused(p.path, "not a regular file");
	rmdir(p.path);
	expect_refused("/dev/null", "not a regular file");
	close(open(p.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	assert_int_equal(link(p.path, other), 0);
	expect_refused(p.path, "hard links");
	unlink(other);
	fd = discover_file(p.path, &err);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	close(fd);
	place_remove(&p);
}

/* ---- members -------------------------------------------------------------- */

static void another_member_is_asked_when_one_cannot_be(void **state)
{
	struct member without, good;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&without, MEMBER_WITHOUT_FD, &fake));
	assert_true(member_start(&good, MEMBER_GOOD, &fake));
	seen_open(&s, &fake);
	seen_read(&s);
	assert_true(seen_domain(&s));
	member_stop(&good);
	seen_read(&s); /* announced still, and the descriptor is ours */
	assert_true(seen_domain(&s));
	seen_close(&s);
	member_stop(&without);
	fake_free(&fake);
}

static void a_descriptor_that_moved_is_found_by_search(void **state)
{
	struct member without, silent;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&silent, MEMBER_SILENT, &fake));
	assert_true(member_start(&without, MEMBER_WITHOUT_FD, &fake));
	seen_open(&s, &fake);
	seen_read(&s);
	assert_true(seen_domain(&s));
	seen_close(&s);
	member_stop(&without);
	member_stop(&silent);
	fake_free(&fake);
}

/* Two viewers would keep a dead domain alive for each other. */
static void a_viewers_descriptor_is_not_found_by_search(void **state)
{
	struct member without, viewer;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&viewer, MEMBER_VIEWER, &fake));
	assert_true(member_start(&without, MEMBER_WITHOUT_FD, &fake));
	seen_open(&s, &fake);
	seen_read(&s);
	assert_false(seen_domain(&s));
	assert_true(seen_note(&s, "has no descriptor 999 any more"));
	seen_close(&s);
	member_stop(&without);
	member_stop(&viewer);
	fake_free(&fake);
}

static void a_domain_of_another_network_namespace_is_found_by_search(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	fake_process(&fake, 0)->pid = fake_process(&fake, 0)->inner_pid = 0;
	if (!member_start(&m, MEMBER_ELSEWHERE, &fake)) {
		member_stop(&m);
		fake_free(&fake);
		skip(); /* no right to make one */
	}
	fake_process(&fake, 0)->pid = fake_process(&fake, 0)->inner_pid = (uint32_t)m.pid;
	fake_process(&fake, 0)->start_ticks = fake_start_ticks(m.pid);
	seen_open(&s, &fake);
	for (int i = 0; i < 3; i++) {
		seen_read(&s);
		assert_true(seen_domain(&s));
	}
	member_stop(&m);
	seen_read(&s);
	assert_true(seen_domain(&s)); /* the last look */
	seen_read(&s);
	assert_false(seen_domain(&s));
	seen_close(&s);
	fake_free(&fake);
}

static void a_file_of_another_user_is_refused(void **state)
{
	struct announced a = { .fd = -1 };
	struct member m;
	struct fake fake;
	struct err err = { 0 };
	int fd;

	(void)state;
	if (geteuid() != 0)
		skip();
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_HIDDEN, &fake));
	a.pid = (uint32_t)m.pid;
	a.fd = fake.fd;
	fd = discover_member(proc, &a, &err);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(fchown(fake.fd, 1234, 1234), 0);
	assert_true(discover_member(proc, &a, &err) < 0);
	assert_non_null(strstr(err.text, "belongs to user 1234 but is announced by process"));
	member_stop(&m);
	fake_free(&fake);
}

static void a_segment_of_another_domain_is_not_taken(void **state)
{
	uint8_t id[16];
	struct member m;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	memcpy(id, fake.header->domain_id, 16);
	fake.header->domain_id[7] ^= 1; /* announced like this ... */
	assert_true(member_start(&m, MEMBER_GOOD, &fake));
	memcpy(fake.header->domain_id, id, 16); /* ... but it is that */
	seen_open(&s, &fake);
	seen_read(&s);
	assert_true(seen_note(&s, "is another domain"));
	seen_close(&s);
	member_stop(&m);
	fake_free(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_a_regular_file_with_one_name_is_opened),
		cmocka_unit_test(another_member_is_asked_when_one_cannot_be),
		cmocka_unit_test(a_descriptor_that_moved_is_found_by_search),
		cmocka_unit_test(a_viewers_descriptor_is_not_found_by_search),
		cmocka_unit_test(a_domain_of_another_network_namespace_is_found_by_search),
		cmocka_unit_test(a_file_of_another_user_is_refused),
		cmocka_unit_test(a_segment_of_another_domain_is_not_taken),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
