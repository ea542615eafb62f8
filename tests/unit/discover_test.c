/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discover_test.c - finding segments: the list of sockets, what may be opened,
 * domains that come and go.
 */
#include "tests/unit/fact_log.h"
#include "tests/unit/fake_segment.h"

#include "mpstat/collector/announced.h"
#include "mpstat/collector/discover.h"
#include "mpstat/collector/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>

#include <cmocka.h>

#define ID "0102030405060708090a0b0c0d0e0f10" /* fake_id */
#define LINE "00000000f8a1b2c3: 00000002 00000000 00000000 0002 01 12345 "

extern const struct source source_segment;

static int proc;

/* ---- the list of sockets ----------------------------------------------------- */

static bool parses(const char *line, struct announced *out)
{
	return announced_parse(line, strlen(line), out);
}

static void an_announcement_is_parsed(void **state)
{
	struct announced a;

	(void)state;
	assert_true(parses(LINE "@mptrace.1/" ID "/1234/56", &a));
	assert_memory_equal(a.domain, fake_id, 16);
	assert_int_equal(a.pid, 1234);
	assert_int_equal(a.fd, 56);
	assert_true(parses(LINE "@mptrace.1/" ID "/2147483647/0", &a));
	assert_int_equal(a.pid, 2147483647);
	assert_int_equal(a.fd, 0);
}

static void other_lines_announce_nothing(void **state)
{
	static const char *const lines[] = {
		"",
		"@",
		"Num       RefCount Protocol Flags    Type St Inode Path",
		LINE,
		LINE "/run/dbus/@mptrace.1/" ID "/1/2",
		LINE "/tmp/x @mptrace.1/" ID "/1/2x",
		"@mptrace.1/" ID "/1/2",
		LINE "@mptrace.1",
		LINE "@mptrace.1/",
		LINE "@mptrace.1/" ID,
		LINE "@mptrace.1/" ID "/",
		LINE "@mptrace.1/" ID "/1",
		LINE "@mptrace.1/" ID "/1/",
		LINE "@mptrace.1/" ID "/1/2/",
		LINE "@mptrace.1/" ID "/1/2 ",
		LINE "@mptrace.1/" ID "/1/2@",
		LINE "@mptrace.1/" ID "/0/2",
		LINE "@mptrace.1/" ID "/-1/2",
		LINE "@mptrace.1/" ID "/+1/2",
		LINE "@mptrace.1/" ID "/01/2",
		LINE "@mptrace.1/" ID "/1/02",
		LINE "@mptrace.1/" ID "/1/-2",
		LINE "@mptrace.1/" ID "/2147483648/2",
		LINE "@mptrace.1/" ID "/18446744073709551617/2",
		LINE "@mptrace.1/" ID "/1/99999999999999999999999",
		LINE "@mptrace.1/0102030405060708090a0b0c0d0e0f1/1/2",
		LINE "@mptrace.1/0102030405060708090a0b0c0d0e0f100/1/2",
		LINE "@mptrace.1/0102030405060708090A0B0C0D0E0F10/1/2",
		LINE "@mptrace.1/0102030405060708090a0b0c0d0e0f1g/1/2",
		LINE "@mptrace.2/" ID "/1/2",
		LINE "@mptrace.name/web/01020304/1/2",
	};
	struct announced a;

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (parses(lines[i], &a))
			fail_msg("taken for an announcement: %s", lines[i]);
}

static void a_published_name_is_parsed(void **state)
{
	static const char *const bad[] = {
		LINE "@mptrace.name/web",	     LINE "@mptrace.name/web/01020304",
		LINE "@mptrace.name/web/0102030/1/2", LINE "@mptrace.name/web/01020304/1",
		LINE "@mptrace.name/01020304/1/2",
	};
	static const char good[] = LINE "@mptrace.name/my web \x1b@1/01020304/12/3";
	struct published p;

	(void)state;
	assert_true(announced_parse_published(good, sizeof(good) - 1, &p));
	assert_memory_equal(p.domain, fake_id, 4);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(announced_parse_published(bad[i], strlen(bad[i]), &p));
}

/* ---- a tree that looks like /proc ------------------------------------------------ */

struct tree {
	char root[64];
	int fd;
};

static void tree_make(struct tree *t)
{
	const char *tmp = getenv("TMPDIR");
	char path[128];

	snprintf(t->root, sizeof(t->root), "%.40s/tree.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(t->root));
	snprintf(path, sizeof(path), "%s/net", t->root);
	assert_int_equal(mkdir(path, 0755), 0);
	t->fd = open(t->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(t->fd >= 0);
}

static void tree_write(const struct tree *t, const char *name, const char *text, size_t size)
{
	int fd = openat(t->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, size), size);
	close(fd);
}

static void tree_remove(struct tree *t)
{
	unlinkat(t->fd, "net/unix", 0);
	unlinkat(t->fd, "net", AT_REMOVEDIR);
	close(t->fd);
	assert_int_equal(rmdir(t->root), 0);
}

static void the_list_is_sorted_and_complete(void **state)
{
	struct announced_list list = { 0 };
	struct err err = { 0 };
	struct tree t;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	fprintf(f, "Num       RefCount Protocol Flags    Type St Inode Path\n");
	for (int i = 5000; i > 0; i--) {
		fprintf(f, LINE "@mptrace.1/%032x/%d/3\n", i % 7, i);
		fprintf(f, LINE "\n" LINE "/run/x\n");
	}
	fprintf(f, LINE "@mptrace.name/n/00000000/5/3\n");
	for (int i = 0; i < 100000; i++)
		fputc('x', f); /* a line longer than any buffer */
	fprintf(f, "\n" LINE "@mptrace.1/%032x/9999/3", 0); /* without its newline */
	fclose(f);
	tree_make(&t);
	tree_write(&t, "net/unix", text, size);
	assert_int_equal(announced_read(t.fd, &list, &err), 0);
	assert_int_equal(list.count, 5001);
	for (size_t i = 1; i < list.count; i++) {
		int order = memcmp(list.items[i - 1].domain, list.items[i].domain, 16);

		assert_true(order < 0 ||
			    (order == 0 && list.items[i - 1].pid < list.items[i].pid));
	}
	assert_int_equal(list.items[0].pid, 7);
	assert_true(announced_is_published(&list, list.items[0].domain));
	assert_int_equal(announced_read(t.fd, &list, &err), 0);
	assert_int_equal(list.count, 5001);
	announced_free(&list);
	free(text);
	tree_remove(&t);
}

static void a_missing_list_is_said(void **state)
{
	struct announced_list list = { 0 };
	struct err err = { 0 };
	struct tree t;

	(void)state;
	tree_make(&t);
	assert_int_equal(announced_read(t.fd, &list, &err), -ENOENT);
	assert_non_null(strstr(err.text, "list of sockets"));
	announced_free(&list);
	tree_remove(&t);
}

/* ---- what may be opened ------------------------------------------------------------ */

struct place {
	char dir[64];
	char path[80];
};

static void place_make(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%.40s/kept.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/a.mptrace", p->dir);
}

static void place_remove(struct place *p)
{
	if (unlink(p->path) < 0)
		rmdir(p->path);
	assert_int_equal(rmdir(p->dir), 0);
}

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

/* ---- members ------------------------------------------------------------------------ */

/* A process that announces a segment, and goes when its parent says so or dies. */
struct member {
	pid_t pid;
	int control; /* closing it ends the member */
};

static int announce(const char *id, int pid, int fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int n = snprintf(a.sun_path + 1, sizeof(a.sun_path) - 1, "mptrace.1/%s/%d/%d", id, pid, fd);
	int s = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (s < 0 || bind(s, (struct sockaddr *)&a,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)))
		return -1;
	return s;
}

enum member_kind {
	MEMBER_GOOD,
	MEMBER_WITHOUT_FD, /* announces a descriptor it does not have */
	MEMBER_SILENT,	   /* announces nothing */
	MEMBER_ELSEWHERE,  /* in a network namespace of its own */
	MEMBER_FIFO,	   /* announces a FIFO */
	MEMBER_HIDDEN,	   /* of another user */
};

/* In the child.  Leaves by _exit. */
static void be_member(enum member_kind kind, const struct fake *fake, int ready, int control)
{
	char name[64], byte = 'x';
	int fd = fake->fd, ends[2];

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (kind == MEMBER_ELSEWHERE && unshare(CLONE_NEWNET) < 0)
		byte = 'n';
	if (kind == MEMBER_HIDDEN && setresuid(65534, 65534, 65534) < 0)
		byte = 'n';
	if (kind == MEMBER_WITHOUT_FD)
		fd = 999;
	if (kind == MEMBER_FIFO && pipe(ends) == 0) {
		close(fd); /* or the search would find it */
		fd = ends[0];
	}
	for (int i = 0; i < 16; i++)
		snprintf(name + 2 * i, 3, "%02x", fake->header->domain_id[i]);
	if (kind != MEMBER_SILENT && announce(name, getpid(), fd) < 0)
		byte = 'n';
	if (write(ready, &byte, 1) == 1)
		while (read(control, &byte, 1) > 0)
			;
	_exit(0);
}

/* False: this machine cannot make such a member. */
static bool member_start(struct member *m, enum member_kind kind, const struct fake *fake)
{
	int ready[2], control[2];
	char byte = 'n';

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(control, O_CLOEXEC), 0);
	m->pid = fork();
	if (m->pid == 0) {
		close(control[1]);
		be_member(kind, fake, ready[1], control[0]);
	}
	close(control[0]);
	close(ready[1]);
	m->control = control[1];
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	return byte == 'x';
}

static void member_stop(struct member *m)
{
	close(m->control);
	kill(m->pid, SIGKILL);
	waitpid(m->pid, NULL, 0);
}

static const struct fake_shape shape = { .processes = 1,
					 .threads = 1,
					 .objects = 2,
					 .packet_size = 512,
					 .packets = 4,
					 .storage_blocks = 1 };

/* A segment of its own: other programs of libmptrace may run on the machine. */
static void fake_segment(struct fake *fake)
{
	assert_true(fake_make(fake, &shape));
	fake->header->domain_id[0] = (uint8_t)getpid();
	fake->header->domain_id[1] = (uint8_t)(getpid() >> 8);
	fake->header->domain_id[15] ^= 0x55;
}

struct seen {
	void *state;
	struct source_options options;
	struct fact_log facts;
	uint64_t domain, now;
};

static void seen_open(struct seen *s, const struct fake *fake)
{
	struct err err = { 0 };

	memset(s, 0, sizeof(*s));
	s->options.proc = "/proc";
	s->options.records = true;
	s->domain = segment_domain(fake->header);
	s->now = 1000000000;
	assert_int_equal(source_segment.open(&s->state, &s->options, &err), 0);
}

static void seen_read(struct seen *s)
{
	struct fact_sink sink = fact_log_sink(&s->facts);

	s->facts.count = 0;
	s->now += 1000000000;
	source_segment.read(s->state, s->now, &sink);
}

/* Was our domain told? */
static bool seen_domain(const struct seen *s)
{
	for (size_t i = 0; i < s->facts.count; i++)
		if (s->facts.items[i].type == FACT_DOMAIN &&
		    s->facts.items[i].u.domain.domain == s->domain)
			return true;
	return false;
}

static size_t seen_records(const struct seen *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->facts.count; i++)
		n += s->facts.items[i].type == FACT_RECORD &&
		     s->facts.items[i].u.record.domain == s->domain;
	return n;
}

/* Is there a note with these words? */
static bool seen_note(const struct seen *s, const char *words)
{
	const char *note;

	for (size_t i = 0; (note = source_segment.note(s->state, i)) != NULL; i++)
		if (strstr(note, words))
			return true;
	return false;
}

static void seen_close(struct seen *s)
{
	source_segment.close(s->state);
	fact_log_free(&s->facts);
}

static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void an_announced_domain_is_told_until_it_ends(void **state)
{
	int descriptors = open_descriptors();
	struct fake_ring ring;
	struct member m;
	struct fake fake;
	struct seen s;

	(void)state;
	fake_segment(&fake);
	fake_ring_open(&ring, &fake, 0);
	seen_open(&s, &fake);
	seen_read(&s);
	assert_false(seen_domain(&s));
	assert_true(member_start(&m, MEMBER_GOOD, &fake));
	for (int i = 0; i < 3; i++) {
		seen_read(&s);
		assert_true(seen_domain(&s));
	}
	fake_ring_put(&ring, &(struct mpt_record){ .time = 1, .op = MPT_OP_QUEUE_PUT });
	member_stop(&m);
	seen_read(&s); /* the last look: nothing of the end is missed */
	assert_true(seen_domain(&s));
	assert_int_equal(seen_records(&s), 1);
	seen_read(&s);
	assert_false(seen_domain(&s));
	seen_close(&s);
	fake_free(&fake);
	assert_int_equal(open_descriptors(), descriptors);
}

static void a_snapshot_has_a_beginning_an_end_and_a_state(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;
	const struct fact *last;

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_GOOD, &fake));
	seen_open(&s, &fake);
	seen_read(&s);
	assert_int_equal(s.facts.items[0].type, FACT_SNAPSHOT_BEGIN);
	last = &s.facts.items[s.facts.count - 1];
	assert_int_equal(last->type, FACT_SOURCE);
	assert_true(last->u.source.ok);
	assert_string_equal(last->u.source.name, "segment");
	assert_non_null(strstr(last->u.source.text, "domain"));
	assert_int_equal(fact_log_count(&s.facts, FACT_SNAPSHOT_END), 1);
	seen_close(&s);
	member_stop(&m);
	fake_free(&fake);
}

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

/* The announcement leads nowhere, but somebody has the memfd open. */
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

static void what_cannot_be_opened_is_one_sentence(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;
	char pid[32];

	(void)state;
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_FIFO, &fake));
	snprintf(pid, sizeof(pid), "process %d", m.pid);
	seen_open(&s, &fake);
	seen_read(&s);
	assert_false(seen_domain(&s));
	assert_true(seen_note(&s, pid));
	assert_true(seen_note(&s, "not a regular file"));
	seen_close(&s);
	member_stop(&m);
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

/* As an ordinary user: what, why, what to do. */
static void no_right_is_said_with_what_to_do(void **state)
{
	struct member m;
	struct fake fake;
	struct seen s;
	int status;
	pid_t viewer;

	(void)state;
	if (geteuid() != 0)
		skip();
	fake_segment(&fake);
	assert_true(member_start(&m, MEMBER_GOOD, &fake)); /* root's */
	viewer = fork();
	if (viewer == 0) {
		bool said;

		if (setresuid(65534, 65534, 65534) < 0)
			_exit(9);
		seen_open(&s, &fake);
		seen_read(&s);
		said = !seen_domain(&s) && seen_note(&s, "Permission denied") &&
		       seen_note(&s, "belongs to user 0; run as that user or as root");
		_exit(said ? 0 : 1);
	}
	waitpid(viewer, &status, 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	member_stop(&m);
	fake_free(&fake);
}

/* A member that gave up root announces root's segment: fine.  One user's process with
 * another's file: a trick. */
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

static void a_damaged_domain_does_not_hide_the_others(void **state)
{
	struct member m1, m2;
	struct fake good, bad;
	struct seen s;

	(void)state;
	fake_segment(&good);
	fake_segment(&bad);
	bad.header->domain_id[14] ^= 0x77;
	assert_true(member_start(&m1, MEMBER_GOOD, &good));
	assert_true(member_start(&m2, MEMBER_GOOD, &bad));
	seen_open(&s, &good);
	seen_read(&s);
	assert_true(seen_domain(&s));
	assert_false(seen_note(&s, "domain 'fake' of process"));
	bad.header->section[MPT_SEC_THREADS].offset = 1ull << 40;
	seen_read(&s);
	assert_true(seen_domain(&s));
	assert_true(seen_note(&s, "domain 'fake' of process"));
	assert_true(seen_note(&s, "contradicts itself"));
	bad.header->major = 9;
	seen_read(&s);
	assert_true(seen_domain(&s));
	assert_true(seen_note(&s, "is of format 9"));
	assert_int_equal(fact_log_count(&s.facts, FACT_SNAPSHOT_END), 1);
	seen_close(&s);
	member_stop(&m1);
	member_stop(&m2);
	fake_free(&good);
	fake_free(&bad);
}

/* ---- kept files ------------------------------------------------------------------------ */

static void a_kept_file_is_read_as_a_story_that_is_over(void **state)
{
	const char *files[2];
	struct place p;
	struct fake fake;
	struct seen s;
	int fd;

	(void)state;
	place_make(&p);
	fake_segment(&fake);
	fake_process(&fake, 0)->pid = 4000000; /* more than there can be */
	fake_object(&fake, 0)->state = MPT_SLOT_ENDED;
	fd = open(p.path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, fake.bytes, fake.size), fake.size);
	close(fd);
	seen_open(&s, &fake);
	files[0] = files[1] = p.path; /* named twice: told once */
	s.options.files = files;
	s.options.file_count = 2;
	s.options.only_files = true;
	for (int i = 0; i < 3; i++) {
		seen_read(&s);
		assert_int_equal(fact_log_count(&s.facts, FACT_DOMAIN), 1);
		assert_true(fact_log_get(&s.facts, FACT_DOMAIN, 0)->u.domain.post_mortem);
		assert_int_equal(fact_log_count(&s.facts, FACT_OBJECT), 2);
		assert_true(fact_log_get(&s.facts, FACT_PROCESS, 0)->u.process.ended);
	}
	seen_close(&s);
	fake_free(&fake);
	place_remove(&p);
}

static void a_file_that_is_none_is_one_sentence(void **state)
{
	const char *files[3];
	const struct fact *source;
	struct place p;
	struct fake fake;
	struct seen s;

	(void)state;
	place_make(&p);
	fake_segment(&fake);
	assert_int_equal(mkfifo(p.path, 0600), 0);
	seen_open(&s, &fake);
	files[0] = p.path;
	files[1] = "/nowhere/\033[31mx.mptrace";
	files[2] = "/proc/self/status"; /* regular, and not ours */
	s.options.files = files;
	s.options.file_count = 3;
	s.options.only_files = true;
	seen_read(&s);
	assert_true(seen_note(&s, "a.mptrace is not a regular file"));
	assert_true(seen_note(&s, "/nowhere/?[31mx.mptrace cannot be opened: No such file"));
	assert_true(seen_note(&s, "status is"));
	source = fact_log_get(&s.facts, FACT_SOURCE, 0);
	assert_false(source->u.source.ok);
	assert_non_null(strstr(source->u.source.text, "and 2 more"));
	seen_close(&s);
	fake_free(&fake);
	place_remove(&p);
}

static void without_proc_the_source_is_missing_with_a_reason(void **state)
{
	struct source_options options = { .proc = "/nowhere" };
	struct err err = { 0 };
	void *source = NULL;

	(void)state;
	assert_true(source_segment.open(&source, &options, &err) < 0);
	assert_non_null(strstr(err.text, "/nowhere cannot be opened"));
}

static void without_the_list_of_sockets_the_source_says_so(void **state)
{
	struct source_options options = { 0 };
	struct fact_log facts = { 0 };
	struct fact_sink sink = fact_log_sink(&facts);
	struct err err = { 0 };
	struct tree t;
	void *source = NULL;

	(void)state;
	tree_make(&t);
	options.proc = t.root;
	assert_int_equal(source_segment.open(&source, &options, &err), 0);
	source_segment.read(source, 1, &sink);
	assert_false(fact_log_get(&facts, FACT_SOURCE, 0)->u.source.ok);
	assert_non_null(strstr(fact_log_get(&facts, FACT_SOURCE, 0)->u.source.text,
			       "list of sockets"));
	source_segment.close(source);
	fact_log_free(&facts);
	tree_remove(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_announcement_is_parsed),
		cmocka_unit_test(other_lines_announce_nothing),
		cmocka_unit_test(a_published_name_is_parsed),
		cmocka_unit_test(the_list_is_sorted_and_complete),
		cmocka_unit_test(a_missing_list_is_said),
		cmocka_unit_test(only_a_regular_file_with_one_name_is_opened),
		cmocka_unit_test(an_announced_domain_is_told_until_it_ends),
		cmocka_unit_test(a_snapshot_has_a_beginning_an_end_and_a_state),
		cmocka_unit_test(another_member_is_asked_when_one_cannot_be),
		cmocka_unit_test(a_descriptor_that_moved_is_found_by_search),
		cmocka_unit_test(what_cannot_be_opened_is_one_sentence),
		cmocka_unit_test(a_domain_of_another_network_namespace_is_found_by_search),
		cmocka_unit_test(no_right_is_said_with_what_to_do),
		cmocka_unit_test(a_file_of_another_user_is_refused),
		cmocka_unit_test(a_segment_of_another_domain_is_not_taken),
		cmocka_unit_test(a_damaged_domain_does_not_hide_the_others),
		cmocka_unit_test(a_kept_file_is_read_as_a_story_that_is_over),
		cmocka_unit_test(a_file_that_is_none_is_one_sentence),
		cmocka_unit_test(without_proc_the_source_is_missing_with_a_reason),
		cmocka_unit_test(without_the_list_of_sockets_the_source_says_so),
	};

	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
