/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain_hostile_test.c - names behind which there is no domain, or one that lies:
 * joining fails with a reason, and never harms the program.
 *
 * A socket with the right name is all it takes to plant a segment.
 */
#include "tests/api/support.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define SEGMENT (1u << 20)

static int bind_abstract(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	child_claims(n < sizeof(a.sun_path) - 1);
	memcpy(a.sun_path + 1, name, n);
	child_claims(bind(fd, (struct sockaddr *)&a,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n)) == 0);
	return fd;
}

/* Publishes descriptor `fd` of process `pid` as the domain `name`. */
static void plant(const char *name, int pid, int fd, int sockets[2])
{
	char path[108];

	snprintf(path, sizeof(path), "mptrace.name/%s", name);
	sockets[0] = bind_abstract(path);
	snprintf(path, sizeof(path), "mptrace.name/%s/0123abcd/%d/%d", name, pid, fd);
	sockets[1] = bind_abstract(path);
}

static int join_planted(int fd)
{
	int sockets[2], rc;
	char name[48];

	snprintf(name, sizeof(name), "planted-%d", getpid());
	plant(name, getpid(), fd, sockets);
	rc = mpt_domain_join(name, 0);
	close(sockets[0]);
	close(sockets[1]);
	child_claims(segment() == NULL);
	return rc;
}

static int memfd_of(const void *content, size_t size, size_t total)
{
	int fd = memfd_create("mptrace-not", MFD_CLOEXEC);

	child_claims(fd >= 0 && ftruncate(fd, (off_t)total) == 0);
	child_claims(size == 0 || pwrite(fd, content, size, 0) == (ssize_t)size);
	return fd;
}

static int join_content(const void *content, size_t size, size_t total)
{
	int fd = memfd_of(content, size, total), rc = join_planted(fd);

	close(fd);
	return rc;
}

/* ---- not a segment ------------------------------------------------------------------- */

static void role_meets_garbage(const char *unused)
{
	uint8_t noise[4096];
	unsigned int seed = 1;

	(void)unused;
	child_claims(join_content("", 0, 0) == -EPROTO);
	child_claims(join_content("", 0, 1) == -EPROTO);
	child_claims(join_content("", 0, sizeof(struct mpt_wire_header) - 1) == -EPROTO);
	child_claims(join_content("", 0, SEGMENT) == -EPROTO);
	for (int round = 0; round < 50; round++) {
		for (size_t i = 0; i < sizeof(noise); i++)
			noise[i] = (uint8_t)(rand_r(&seed) >> 7);
		if (round % 2)
			memcpy(noise, &(uint64_t){ MPT_WIRE_MAGIC }, 8);
		child_claims(join_content(noise, sizeof(noise), SEGMENT) == -EPROTO);
	}
}

static void role_meets_no_regular_file(const char *unused)
{
	int ends[2], fds[] = { open("/dev/zero", O_RDWR), open("/tmp", O_RDONLY), -1, -1, 999 };

	(void)unused;
	child_claims(pipe(ends) == 0);
	fds[2] = ends[0];
	fds[3] = socket(AF_UNIX, SOCK_STREAM, 0);
	for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		child_claims(join_planted(fds[i]) < 0);
	child_claims(join_planted(fds[4]) == -EAGAIN); /* nobody there: as if not published */
}

/* ---- a segment that lies ------------------------------------------------------------------ */

static struct mpt_wire_header honest(void)
{
	static const uint32_t strides[] = { sizeof(struct mpt_wire_process),
					    sizeof(struct mpt_wire_thread),
					    sizeof(struct mpt_wire_object), MPT_BLOCK };
	struct mpt_wire_header h = { .magic = MPT_WIRE_MAGIC,
				     .major = MPT_WIRE_MAJOR,
				     .minor = MPT_WIRE_MINOR,
				     .header_size = sizeof(h),
				     .total_size = SEGMENT,
				     .state = MPT_SEG_LIVE };

	for (int i = 0; i < 4; i++)
		h.section[i] = (struct mpt_wire_section){ .offset = MPT_BLOCK * 16u * (i + 1u),
							  .stride = strides[i],
							  .count = 8 };
	return h;
}

struct lie {
	const char *what;
	void (*tell)(struct mpt_wire_header *h);
};

#define LIE(name, statement)                             \
	static void name(struct mpt_wire_header *h)      \
	{                                                \
		statement;                               \
	}
LIE(another_major, h->major++)
LIE(an_earlier_minor, h->minor--)
LIE(a_later_minor, h->minor++)
LIE(not_ready, h->state = MPT_SEG_NEW)
LIE(size_of_another, h->total_size = SEGMENT * 2)
LIE(size_zero, h->total_size = 0)
LIE(far_section, h->section[0].offset = UINT64_MAX - 64)
LIE(section_in_header, h->section[1].offset = 0)
LIE(crooked_section, h->section[2].offset += 4)
LIE(endless_section, h->section[2].count = UINT32_MAX)
LIE(more_used_than_there_are, h->section[1].used = 9)
LIE(other_stride, h->section[0].stride = 8)
LIE(other_blocks, h->section[3].stride = 1)
LIE(no_arena, h->section[3].count = 0)

static void role_meets_lies(const char *unused)
{
	static const struct lie lies[] = {
		{ "another_major", another_major },
		{ "an_earlier_minor", an_earlier_minor },
		{ "a_later_minor", a_later_minor },
		{ "not_ready", not_ready },
		{ "size_of_another", size_of_another },
		{ "size_zero", size_zero },
		{ "far_section", far_section },
		{ "section_in_header", section_in_header },
		{ "crooked_section", crooked_section },
		{ "endless_section", endless_section },
		{ "more_used_than_there_are", more_used_than_there_are },
		{ "other_stride", other_stride },
		{ "other_blocks", other_blocks },
		{ "no_arena", no_arena },
	};
	struct mpt_wire_header h;
	struct mpt_queue *q;

	(void)unused;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		h = honest();
		lies[i].tell(&h);
		if (join_content(&h, sizeof(h), SEGMENT) != -EPROTO)
			child_refutes(__FILE__, __LINE__, lies[i].what);
	}
	/* After all this the program can still have a domain of its own. */
	child_claims(mpt_queue_create(&q, NULL) == 0);
	mpt_queue_destroy(q);
}

/* ---- of another user ------------------------------------------------------------------------ */

#define NOBODY 65534

static void become_nobody(void)
{
	child_claims(setgroups(0, NULL) == 0);
	child_claims(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	child_claims(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static void nobody_joins(void *name)
{
	become_nobody();
	child_claims(mpt_domain_join(name, 0) == -EACCES);
}

static void role_publishes(const char *name)
{
	child_claims(mpt_domain_publish(name) == 0);
	for (;;)
		pause();
}

static bool is_joinable(char *name)
{
	return system(name) == 0;
}

static void a_domain_of_another_user_is_refused(void **state)
{
	char name[48], grep[120];
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(name, sizeof(name), "roots-%d", getpid());
	snprintf(grep, sizeof(grep), "grep -q '@mptrace.name/%s/' /proc/net/unix", name);
	pid = program("role_publishes", name, NULL);
	assert_eventually(is_joinable(grep));
	assert_ends_well(child(nobody_joins, name));
	kill_child(pid);
}

struct planter {
	char name[48];
	uint32_t planted;
};

static void nobody_plants(void *arg)
{
	struct mpt_wire_header h = honest();
	struct planter *p = arg;
	int sockets[2];

	become_nobody();
	plant(p->name, getpid(), memfd_of(&h, sizeof(h), SEGMENT), sockets);
	reach(&p->planted);
	for (;;)
		pause();
}

/* Who can open everything must still not work in memory that another one controls. */
static void role_joins_what_nobody_planted(const char *name)
{
	child_claims(mpt_domain_join(name, 0) == -EACCES);
	child_claims(segment() == NULL);
}

static void root_does_not_join_what_another_user_planted(void **state)
{
	struct planter *p = shared(sizeof(*p));
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	snprintf(p->name, sizeof(p->name), "nobodys-%d", getpid());
	pid = child(nobody_plants, p);
	assert_eventually(reached(&p->planted));
	assert_ends_well(program("role_joins_what_nobody_planted", p->name, NULL));
	kill_child(pid);
}

/* ---- the tests ---------------------------------------------------------------------------------- */

static void garbage_behind_a_name_is_no_domain(void **state)
{
	(void)state;
	assert_ends_well(program("role_meets_garbage", NULL, NULL));
}

static void pipes_devices_and_directories_are_no_domain(void **state)
{
	(void)state;
	assert_ends_well(program("role_meets_no_regular_file", NULL, NULL));
}

static void a_segment_that_lies_about_itself_is_refused(void **state)
{
	(void)state;
	assert_ends_well(program("role_meets_lies", NULL, NULL));
}

#define ROLE(name) { #name, name }

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		ROLE(role_meets_garbage),
		ROLE(role_meets_no_regular_file),
		ROLE(role_meets_lies),
		ROLE(role_publishes),
		ROLE(role_joins_what_nobody_planted),
	};
	const struct CMUnitTest tests[] = {
		api_test(garbage_behind_a_name_is_no_domain),
		api_test(pipes_devices_and_directories_are_no_domain),
		api_test(a_segment_that_lies_about_itself_is_refused),
		api_test(a_domain_of_another_user_is_refused),
		api_test(root_does_not_join_what_another_user_planted),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
