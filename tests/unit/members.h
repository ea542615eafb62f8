/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * members.h - real processes that announce a fake segment, and the segment source
 * that looks for them.  Header only: several test programs use it.
 */
#ifndef TESTS_UNIT_MEMBERS_H
#define TESTS_UNIT_MEMBERS_H

#include "tests/unit/child.h"
#include "tests/unit/fact_log.h"
#include "tests/unit/fake_segment.h"

#include "mpstat/collector/segment.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cmocka.h>

extern const struct source source_segment;

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
	MEMBER_VIEWER,	   /* announces nothing and has it open for reading only */
	MEMBER_ELSEWHERE,  /* in a network namespace of its own */
	MEMBER_FIFO,	   /* announces a FIFO */
	MEMBER_HIDDEN,	   /* of another user */
};

static int open_for_reading(int fd)
{
	char path[40];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* In the child.  Leaves by _exit. */
static void be_member(enum member_kind kind, const struct fake *fake, int ready, int control)
{
	char name[64], byte = 'x';
	int fd = fake->fd, ends[2];

	if (kind == MEMBER_ELSEWHERE && unshare(CLONE_NEWNET) < 0)
		byte = 'n';
	if (kind == MEMBER_HIDDEN && setresuid(65534, 65534, 65534) < 0)
		byte = 'n';
	if (kind == MEMBER_VIEWER && open_for_reading(fd) < 0)
		byte = 'n';
	if (kind == MEMBER_WITHOUT_FD || kind == MEMBER_VIEWER)
		close(fd);
	if (kind == MEMBER_WITHOUT_FD)
		fd = 999;
	if (kind == MEMBER_FIFO && pipe(ends) == 0) {
		close(fd); /* or the search would find it */
		fd = ends[0];
	}
	for (int i = 0; i < 16; i++)
		snprintf(name + 2 * i, 3, "%02x", fake->header->domain_id[i]);
	if (kind != MEMBER_SILENT && kind != MEMBER_VIEWER && announce(name, getpid(), fd) < 0)
		byte = 'n';
	if (write(ready, &byte, 1) == 1)
		while (read(control, &byte, 1) > 0)
			;
	_exit(0);
}

/* False: this machine cannot make such a member. */
FAKE_UNUSED static bool member_start(struct member *m, enum member_kind kind,
				     const struct fake *fake)
{
	int ready[2], control[2];
	char byte = 'n';

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	assert_int_equal(pipe2(control, O_CLOEXEC), 0);
	m->pid = child_fork();
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

FAKE_UNUSED static void member_stop(struct member *m)
{
	close(m->control);
	child_kill(m->pid);
}

static const struct fake_shape shape = { .processes = 1,
					 .threads = 1,
					 .objects = 2,
					 .packet_size = 512,
					 .packets = 4,
					 .storage_blocks = 1 };

/* A segment of its own: other programs of libmptrace may run on the machine. */
FAKE_UNUSED static void fake_segment(struct fake *fake)
{
	assert_true(fake_make(fake, &shape));
	fake->header->domain_id[0] = (uint8_t)getpid();
	fake->header->domain_id[1] = (uint8_t)(getpid() >> 8);
	fake->header->domain_id[15] ^= 0x55;
	snprintf(fake->header->name, sizeof(fake->header->name), "fake-%d", getpid());
}

struct seen {
	void *state;
	struct source_options options;
	struct fact_log facts;
	uint64_t domain, now;
};

FAKE_UNUSED static void seen_open_at(struct seen *s, const struct fake *fake, const char *at)
{
	struct err err = { 0 };

	memset(s, 0, sizeof(*s));
	s->options.proc = at;
	s->options.records = true;
	s->domain = segment_domain(fake->header);
	s->now = 1000000000;
	assert_int_equal(source_segment.open(&s->state, &s->options, &err), 0);
}

FAKE_UNUSED static void seen_open(struct seen *s, const struct fake *fake)
{
	seen_open_at(s, fake, "/proc");
}

FAKE_UNUSED static void seen_read(struct seen *s)
{
	struct fact_sink sink = fact_log_sink(&s->facts);

	s->facts.count = 0;
	s->now += 1000000000;
	source_segment.read(s->state, s->now, &sink);
}

/* Was our domain told? */
FAKE_UNUSED static bool seen_domain(const struct seen *s)
{
	for (size_t i = 0; i < s->facts.count; i++)
		if (s->facts.items[i].type == FACT_DOMAIN &&
		    s->facts.items[i].u.domain.domain == s->domain)
			return true;
	return false;
}

FAKE_UNUSED static size_t seen_records(const struct seen *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->facts.count; i++)
		n += s->facts.items[i].type == FACT_RECORD &&
		     s->facts.items[i].u.record.domain == s->domain;
	return n;
}

/* Is there a note with these words? */
FAKE_UNUSED static bool seen_note(const struct seen *s, const char *words)
{
	const char *note;

	for (size_t i = 0; (note = source_segment.note(s->state, i)) != NULL; i++)
		if (strstr(note, words))
			return true;
	return false;
}

FAKE_UNUSED static void seen_close(struct seen *s)
{
	source_segment.close(s->state);
	fact_log_free(&s->facts);
}

FAKE_UNUSED static int open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* ---- a place for files ------------------------------------------------------- */

struct place {
	char dir[64];
	char path[80];
};

FAKE_UNUSED static void place_make(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(p->dir, sizeof(p->dir), "%.40s/kept.XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
	snprintf(p->path, sizeof(p->path), "%s/a.mptrace", p->dir);
}

FAKE_UNUSED static void place_remove(struct place *p)
{
	if (unlink(p->path) < 0)
		rmdir(p->path);
	assert_int_equal(rmdir(p->dir), 0);
}

#endif
