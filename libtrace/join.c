/* SPDX-License-Identifier: BSD-2-Clause */
/* join.c - see join.h. */
#include "libtrace/join.h"

#include "libtrace/contract/wire.h"
#include "libtrace/descriptor.h"
#include "libtrace/domain.h"
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

static void member_name(char *out, size_t size)
{
	char hex[33];

	for (int i = 0; i < 16; i++)
		snprintf(hex + 2 * i, 3, "%02x", domain.header->domain_id[i]);
	snprintf(out, size, "%s/%d/%d", hex, getpid(), domain.fd);
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
	member_name(who, sizeof(who));
	snprintf(name, sizeof(name), MEMBER_PREFIX "%s", who);
	announced = bind_name(name);
}

int join_publish(const char *name)
{
	char who[80], full[sizeof(((struct sockaddr_un *)0)->sun_path)];
	int exclusive, told;

	snprintf(full, sizeof(full), NAME_PREFIX "%s", name);
	exclusive = bind_name(full);
	if (exclusive < 0)
		return exclusive == -EADDRINUSE ? -EEXIST : exclusive;
	/* Name and address do not fit one socket name of 107 bytes together with a
	 * 47-byte name, so the id is shortened: it only has to be found. */
	member_name(who, sizeof(who));
	snprintf(full, sizeof(full), NAME_PREFIX "%s/%.8s%s", name, who, strchr(who, '/'));
	told = bind_name(full);
	if (told < 0) {
		close(exclusive);
		return told;
	}
	return 0;
}

/* ---- joining --------------------------------------------------------------- */

/* Where a published domain can be opened. */
struct address {
	int pid, fd;
};

static bool parse_line(const char *line, const char *name, struct address *out)
{
	char prefix[80];
	const char *p;

	snprintf(prefix, sizeof(prefix), "@" NAME_PREFIX "%s/", name);
	p = strstr(line, prefix);
	return p && sscanf(p + strlen(prefix), "%*8[0-9a-f]/%d/%d", &out->pid, &out->fd) == 2;
}

static int look_up(const char *name, struct address *out)
{
	FILE *f = fopen("/proc/net/unix", "re");
	char line[512];
	bool found = false;

	if (!f)
		return -errno;
	while (!found && fgets(line, sizeof(line), f))
		found = parse_line(line, name, out);
	fclose(f);
	return found ? 0 : -ENOENT;
}

/* The other program is of our user or we could not open it; still, look before we
 * map: a header that lies would send every later access astray. */
static int check_header(const struct mpt_wire_header *h, uint64_t file_size)
{
	if (h->magic != MPT_WIRE_MAGIC || h->state != MPT_SEG_LIVE)
		return -EPROTO;
	if (h->major != MPT_WIRE_MAJOR || h->total_size != file_size || file_size > SEGMENT_MOST)
		return -EPROTO;
	for (int i = MPT_SEC_PROCESSES; i <= MPT_SEC_ARENA; i++) {
		const struct mpt_wire_section *s = &h->section[i];

		if (s->offset > file_size || s->used > s->count ||
		    (uint64_t)s->stride * s->count > file_size - s->offset)
			return -EPROTO;
	}
	return h->section[MPT_SEC_PROCESSES].stride == sizeof(struct mpt_wire_process) &&
			       h->section[MPT_SEC_THREADS].stride == sizeof(struct mpt_wire_thread) &&
			       h->section[MPT_SEC_OBJECTS].stride == sizeof(struct mpt_wire_object) ?
		       0 :
		       -EPROTO;
}

static int open_checked(const struct address *a, uint64_t *size)
{
	char path[64];
	struct mpt_wire_header header;
	struct stat st;
	int fd, rc = -EPROTO;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", a->pid, a->fd);
	fd = descriptor_high(open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK));
	if (fd < 0)
		return errno == ENOENT ? -ENOENT : -errno;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    pread(fd, &header, sizeof(header), 0) == (ssize_t)sizeof(header))
		rc = check_header(&header, (uint64_t)st.st_size);
	if (rc < 0) {
		close(fd);
		return rc;
	}
	*size = (uint64_t)st.st_size;
	return fd;
}

static int join_once(const char *name)
{
	struct address a;
	uint64_t size;
	int fd, rc = look_up(name, &a);

	if (rc < 0)
		return rc;
	fd = open_checked(&a, &size);
	if (fd < 0)
		return fd;
	domain_enter();
	rc = domain_exists() ? -EBUSY : domain_map(fd, size);
	if (rc == 0)
		domain_ready();
	else
		close(fd);
	domain_leave();
	return rc;
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

int join_by_name(const char *name, uint64_t timeout_ns)
{
	int saved = errno, rc;

	if (!object_name_valid(name))
		return -EINVAL;
	if (domain_exists())
		rc = strcmp(domain.header->name, name) == 0 ? 0 : -EBUSY;
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
