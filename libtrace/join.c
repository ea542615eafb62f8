/* SPDX-License-Identifier: BSD-2-Clause */
/* join.c - see join.h. */
#include "libtrace/join.h"

#include "libtrace/contract/wire.h"
#include "libtrace/descriptor.h"
#include "libtrace/domain.h"
#include "libtrace/foreign.h"
#include "libtrace/futex.h"
#include "libtrace/object.h"

#include <fcntl.h>
#include <mptrace/domain.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define MEMBER_PREFIX "mptrace.1/"
#define NAME_PREFIX "mptrace.name/"
#define SEGMENT_MOST (1ull << 30)
#define ID_SHORT 8 /* hex digits of a domain's id in a published address */

/* ---- sockets ------------------------------------------------------------- */

/* A socket bound to an abstract name; it says everything by existing.  Closes
 * itself on exec.  Descriptor or -errno. */
static int bind_name(const char *name)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = strlen(name);
	int fd;

	if (n >= sizeof(a.sun_path))
		return -ENAMETOOLONG;
	memcpy(a.sun_path + 1, name, n);
	fd = descriptor_high(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&a, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + n))) {
		n = (size_t)errno;
		close(fd);
		return -(int)n;
	}
	return fd;
}

void join_id(char hex[33], const struct mpt_wire_header *header)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++) {
		*hex++ = digits[header->domain_id[i] >> 4];
		*hex++ = digits[header->domain_id[i] & 15];
	}
	*hex = '\0';
}

/* "Here it is": id, pid, descriptor.  False: the program has closed the segment's
 * descriptor, which may be another file by now. */
static bool member_name(char *out, size_t size)
{
	struct stat st;
	char hex[33];

	if (fstat(domain.fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_ino != domain.inode)
		return false;
	join_id(hex, domain.header);
	snprintf(out, size, "%s/%d/%d", hex, getpid(), domain.fd);
	return true;
}

/* Is fd still the socket we bound?  The program may have closed it and opened
 * something else under its number. */
static bool still_ours(int fd)
{
	struct sockaddr_un a;
	socklen_t n = sizeof(a);

	return getsockname(fd, (struct sockaddr *)&a, &n) == 0 && a.sun_family == AF_UNIX &&
	       n > offsetof(struct sockaddr_un, sun_path) + sizeof(MEMBER_PREFIX) &&
	       memcmp(a.sun_path + 1, MEMBER_PREFIX, sizeof(MEMBER_PREFIX) - 1) == 0;
}

void domain_announce(void)
{
	static int announced = -1; /* inherited by fork: then the parent's */
	char who[80], name[100];

	if (announced >= 0 && still_ours(announced))
		close(announced);
	announced = -1;
	if (!member_name(who, sizeof(who)))
		return;
	snprintf(name, sizeof(name), MEMBER_PREFIX "%s", who);
	announced = bind_name(name);
}

/* ---- looking up ------------------------------------------------------------ */

/* Where a domain can be opened, and the beginning of its id in hex. */
struct address {
	int pid, fd;
	char id[ID_SHORT + 1];
};

/* What follows `prefix` in the line's name, the eighth column; NULL: another name. */
static const char *after_prefix(const char *line, const char *prefix)
{
	const char *at = strchr(line, '@');
	size_t n = strlen(prefix);

	return at && strncmp(at + 1, prefix, n) == 0 ? at + 1 + n : NULL;
}

/* "<id>/<pid>/<fd>", the id perhaps shortened. */
static bool parse_address(const char *text, struct address *out)
{
	size_t n = text ? strspn(text, "0123456789abcdef") : 0;

	if (n < ID_SHORT)
		return false;
	memcpy(out->id, text, ID_SHORT);
	out->id[ID_SHORT] = '\0';
	return sscanf(text + n, "/%d/%d", &out->pid, &out->fd) == 2;
}

/* Calls visit for each address announced under prefix until it returns no error; else
 * returns the first error but -ENOENT. */
static int each_address(const char *prefix, int (*visit)(const struct address *, void *),
			void *arg)
{
	FILE *f = fopen("/proc/net/unix", "re");
	struct address a;
	char line[512];
	int rc = -ENOENT, one;

	if (!f)
		return -errno;
	while (rc < 0 && fgets(line, sizeof(line), f)) {
		if (!parse_address(after_prefix(line, prefix), &a))
			continue;
		one = visit(&a, arg);
		if (one >= 0 || rc == -ENOENT)
			rc = one;
	}
	if (rc == -ENOENT && ferror(f)) /* not found is what was not seen */
		rc = -errno;
	fclose(f);
	return rc;
}

/* ---- publishing ------------------------------------------------------------ */

static int is_ours(const struct address *a, void *who)
{
	return strncmp(a->id, who, ID_SHORT) == 0 ? 0 : -ENOENT;
}

int join_publish(const char *name)
{
	char who[80], full[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int exclusive, told;

	if (!member_name(who, sizeof(who)))
		return -EBADF;
	snprintf(full, sizeof(full), NAME_PREFIX "%s", name);
	exclusive = bind_name(full);
	/* Name and address do not fit one socket name of 107 bytes together with a
	 * 47-byte name, so the id is shortened: it only has to be found. */
	snprintf(full, sizeof(full), NAME_PREFIX "%s/", name);
	if (exclusive == -EADDRINUSE)
		return each_address(full, is_ours, who) == 0 ? 0 : -EEXIST;
	if (exclusive < 0)
		return exclusive;
	snprintf(full, sizeof(full), NAME_PREFIX "%s/%.*s%s", name, ID_SHORT, who,
		 strchr(who, '/'));
	told = bind_name(full);
	if (told < 0) {
		close(exclusive);
		return told;
	}
	return 0;
}

/* ---- joining --------------------------------------------------------------- */

static bool section_fits(const struct mpt_wire_section *s, uint64_t from, uint64_t file_size)
{
	return s->offset >= from && s->offset % MPT_BLOCK == 0 && s->offset <= file_size &&
	       s->used <= s->count && (uint64_t)s->stride * s->count <= file_size - s->offset;
}

/* The segment is of our user; still, look before we map: a header that lies would
 * send every later access astray. */
static int check_header(const struct mpt_wire_header *h, uint64_t file_size)
{
	static const uint32_t strides[] = {
		[MPT_SEC_PROCESSES] = sizeof(struct mpt_wire_process),
		[MPT_SEC_THREADS] = sizeof(struct mpt_wire_thread),
		[MPT_SEC_OBJECTS] = sizeof(struct mpt_wire_object),
		[MPT_SEC_ARENA] = MPT_BLOCK,
	};
	uint64_t from = MPT_BLOCK;

	if (h->magic != MPT_WIRE_MAGIC || h->state != MPT_SEG_LIVE)
		return -EPROTO;
	if (h->major != MPT_WIRE_MAJOR || h->minor != MPT_WIRE_MINOR)
		return -EPROTO;
	if (h->total_size != file_size || file_size > SEGMENT_MOST)
		return -EPROTO;
	for (int i = MPT_SEC_PROCESSES; i <= MPT_SEC_ARENA; i++) {
		const struct mpt_wire_section *s = &h->section[i];

		if (s->stride != strides[i] || s->count == 0 || !section_fits(s, from, file_size))
			return -EPROTO;
		from = s->offset + (uint64_t)s->stride * s->count;
	}
	return 0;
}

/* A search through the addresses. */
struct search {
	char id[ID_SHORT + 1]; /* in: only this domain; out: of one whose opener is gone */
	bool by_id;
	struct mpt_wire_header header; /* of the one found */
};

static int open_checked(const struct address *a, void *arg)
{
	struct search *search = arg;
	struct mpt_wire_header *header = &search->header;
	struct stat st;
	int fd, rc = -EPROTO;
	ssize_t n;

	if (search->by_id && strcmp(search->id, a->id) != 0)
		return -ENOENT;
	fd = foreign_open(a->pid, a->fd, &st);
	if (fd == -ENOENT)
		memcpy(search->id, a->id, sizeof(search->id));
	if (fd < 0)
		return fd;
	n = pread(fd, header, sizeof(*header), 0);
	if (n < 0)
		rc = -errno;
	else if (n == (ssize_t)sizeof(*header))
		rc = check_header(header, (uint64_t)st.st_size);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	return fd;
}

/* Where the publisher says, or, when he has died, at any member of his domain. */
static int open_published(const char *name, uint64_t *size)
{
	struct search search = { .by_id = false };
	char prefix[sizeof(NAME_PREFIX) + MPT_NAME_MAX + 1];
	int fd;

	snprintf(prefix, sizeof(prefix), NAME_PREFIX "%s/", name);
	fd = each_address(prefix, open_checked, &search);
	search.by_id = true;
	if (fd == -ENOENT && search.id[0])
		fd = each_address(MEMBER_PREFIX, open_checked, &search);
	*size = search.header.total_size;
	return fd;
}

int join_enter(int fd, uint64_t size)
{
	int rc;

	domain_enter();
	rc = domain_exists() ? -EBUSY : domain_map(fd, size);
	if (rc == 0)
		domain_ready();
	else
		close(fd);
	domain_leave();
	return rc;
}

static int join_once(const char *name)
{
	uint64_t size;
	int fd = open_published(name, &size);

	return fd < 0 ? fd : join_enter(fd, size);
}

/* As told, or, when that process has died or closed it, at any member. */
int join_open(const struct join_place *place, struct mpt_wire_header *header)
{
	struct search search = { .by_id = true };
	struct address told = { .pid = place->pid, .fd = place->fd };
	char id[33];
	int fd;

	memcpy(search.id, place->id, ID_SHORT);
	memcpy(told.id, place->id, ID_SHORT);
	fd = open_checked(&told, &search);
	if (fd < 0)
		fd = each_address(MEMBER_PREFIX, open_checked, &search);
	if (fd < 0)
		return fd;
	join_id(id, &search.header);
	if (strcmp(id, place->id) != 0) {
		close(fd);
		return -ENOENT;
	}
	*header = search.header;
	return fd;
}

/* Polls: nobody wakes us when a name appears. */
static int join_within(const char *name, uint64_t deadline)
{
	static const struct timespec pause = { 0, 5000000 };
	int rc = join_once(name);

	while (rc == -ENOENT && deadline && futex_now() < deadline) {
		nanosleep(&pause, NULL);
		rc = join_once(name);
	}
	if (rc == -ENOENT)
		rc = deadline ? -ETIMEDOUT : -EAGAIN;
	return rc == -EPERM ? -EACCES : rc;
}

static int is_ours_or_not(const struct address *a, void *id)
{
	return strncmp(a->id, id, ID_SHORT) == 0 ? 0 : -EBUSY;
}

/* We are in a domain: is it that one?  Who published the name decides; a domain may be
 * called so and not have got the name, as two runs of a program are. */
static int joined_already(const char *name)
{
	char prefix[sizeof(NAME_PREFIX) + MPT_NAME_MAX + 1], id[33];
	int rc;

	join_id(id, domain.header);
	snprintf(prefix, sizeof(prefix), NAME_PREFIX "%s/", name);
	rc = each_address(prefix, is_ours_or_not, id);
	if (rc == 0 || rc == -EBUSY)
		return rc;
	return strcmp(domain.header->name, name) == 0 ? 0 : -EBUSY;
}

int join_by_name(const char *name, uint64_t timeout_ns)
{
	int saved = errno, rc;

	if (!object_name_valid(name))
		return -EINVAL;
	if (domain_exists())
		rc = joined_already(name);
	else
		rc = join_within(name, deadline_after(timeout_ns));
	errno = saved;
	return rc;
}

const char *domain_of_path(const char *path, int *error)
{
	char name[MPT_NAME_MAX];
	const char *slash = strchr(path, '/');

	if (!slash) {
		*error = domain_exists() ? 0 : -ENOENT;
		return *error ? NULL : path;
	}
	if (slash - path >= MPT_NAME_MAX) {
		*error = -EINVAL;
		return NULL;
	}
	memcpy(name, path, (size_t)(slash - path));
	name[slash - path] = '\0';
	*error = join_by_name(name, 0);
	return *error < 0 ? NULL : slash + 1;
}

/* ---- public ------------------------------------------------------------------ */

int mpt_domain_publish(const char *name)
{
	struct member *me;
	int saved = errno, rc;

	if (!name || !object_name_valid(name))
		return -EINVAL;
	me = member_get(&rc);
	if (!me)
		return rc;
	rc = join_publish(name);
	if (rc == 0 && domain_lock() == 0) {
		snprintf(domain.header->name, sizeof(domain.header->name), "%s", name);
		domain_unlock();
	}
	errno = saved;
	return rc;
}

int mpt_domain_join(const char *name, uint64_t timeout_ns)
{
	int rc;

	if (!name)
		return -EINVAL;
	rc = join_by_name(name, timeout_ns);
	return rc < 0 ? rc : member_get(&rc) ? 0 : rc;
}
