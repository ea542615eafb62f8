/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain.c - making and mapping the segment; see domain.h.
 *
 * Does not own: finding another program's segment (join.c).
 */
#include "libtrace/domain.h"

#include "libtrace/clock.h"
#include "libtrace/descriptor.h"
#include "libtrace/env.h"
#include "libtrace/futex.h"
#include "libtrace/join.h"
#include "libtrace/robust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PROCESS_SLOTS 4096u
#define THREAD_SLOTS 8192u
#define OBJECT_SLOTS 2048u
#define LOCK_PATIENCE_NS 10000000000ull /* a stopped member may hold us up this long */

struct domain domain = { .fd = -1 };

/* Serialises creation within the process; fork-safe because the child of a
 * creating process starts over (domain_reset_lock). */
static pthread_mutex_t creating = PTHREAD_MUTEX_INITIALIZER;
static uint32_t mapped; /* A: the domain above is complete */

bool domain_exists(void)
{
	return load32_acquire(&mapped);
}

/* ---- layout ----------------------------------------------------------- */

static void lay_out(struct mpt_wire_header *h, uint64_t size)
{
	static const struct {
		uint32_t stride, count;
	} tables[] = {
		[MPT_SEC_PROCESSES] = { sizeof(struct mpt_wire_process), PROCESS_SLOTS },
		[MPT_SEC_THREADS] = { sizeof(struct mpt_wire_thread), THREAD_SLOTS },
		[MPT_SEC_OBJECTS] = { sizeof(struct mpt_wire_object), OBJECT_SLOTS },
	};
	/* Small domains get fewer slots: tables take at most half of the segment. */
	uint32_t shrink = size < (32u << 20) ? (uint32_t)((32u << 20) / size) : 1;
	uint64_t at = MPT_BLOCK;

	for (int i = MPT_SEC_PROCESSES; i <= MPT_SEC_OBJECTS; i++) {
		h->section[i].offset = at;
		h->section[i].stride = tables[i].stride;
		h->section[i].count = tables[i].count / shrink;
		at += (uint64_t)h->section[i].stride * h->section[i].count;
		at = (at + MPT_BLOCK - 1) / MPT_BLOCK * MPT_BLOCK;
	}
	h->section[MPT_SEC_ARENA].offset = at;
	h->section[MPT_SEC_ARENA].stride = MPT_BLOCK;
	h->section[MPT_SEC_ARENA].count = (uint32_t)((size - at) / MPT_BLOCK);
	h->section[MPT_SEC_ARENA].used = h->section[MPT_SEC_ARENA].count;
}

static void point_into(void *base)
{
	struct mpt_wire_header *h = base;
	uint8_t *bytes = base;

	domain.header = h;
	domain.processes = (void *)(bytes + h->section[MPT_SEC_PROCESSES].offset);
	domain.threads = (void *)(bytes + h->section[MPT_SEC_THREADS].offset);
	domain.objects = (void *)(bytes + h->section[MPT_SEC_OBJECTS].offset);
	domain.arena = bytes + h->section[MPT_SEC_ARENA].offset;
	domain.size = h->total_size;
	domain.ring_bytes = h->flags & MPT_SEG_NO_RINGS ? 0 : env_ring_bytes();
}

static void read_boot_id(uint8_t id[16])
{
	char text[40] = "", *p = text;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, text, sizeof(text) - 1) > 0)
		for (int i = 0; i < 16 && *p; i++, p += 2) {
			p += *p == '-';
			sscanf(p, "%2hhx", &id[i]);
		}
	close(fd);
}

/* ---- memory ------------------------------------------------------------ */

/* For kernels before 5.14, which cannot populate a mapping and report failure. */
static int populate_by_file(const uint8_t *at, uint64_t size)
{
	const uint8_t *base = (const uint8_t *)domain.header;
	struct stat st;

	/* The program may have closed it and opened a file of its own under the number. */
	if (fstat(domain.fd, &st) < 0 || st.st_ino != domain.inode)
		return 0;
	if (fallocate(domain.fd, 0, at - base, (off_t)size) == 0)
		return 0;
	return errno == EOPNOTSUPP || errno == EBADF ? 0 : -errno;
}

int domain_populate(void *at, uint64_t size)
{
	uintptr_t first = (uintptr_t)at / MPT_BLOCK * MPT_BLOCK;
	uintptr_t end = ((uintptr_t)at + size + MPT_BLOCK - 1) / MPT_BLOCK * MPT_BLOCK;
	int saved = errno, rc = 0;

	while (madvise((void *)first, end - first, MADV_POPULATE_WRITE) != 0) {
		rc = errno == EINVAL ? populate_by_file((void *)first, end - first) : -errno;
		if (rc == -EFAULT)
			rc = -ENOSPC; /* the touch would have been SIGBUS */
		if (rc != -EINTR && rc != -EAGAIN)
			break;
		rc = 0;
	}
	errno = saved;
	return rc;
}

int domain_map(int fd, uint64_t size)
{
	void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
	struct stat st;

	if (base == MAP_FAILED)
		return -errno;
	/* A core dump needs no copy of it, and holes must not be filled by one. */
	madvise(base, size, MADV_DONTDUMP);
	domain.fd = fd;
	domain.inode = fstat(fd, &st) == 0 ? st.st_ino : 0;
	domain.header = base;
	domain.size = size;
	return 0;
}

void domain_ready(void)
{
	point_into(domain.header);
	clock_start();
	store32_release(&mapped, 1);
}

static int init_mutex(uint8_t *at)
{
	pthread_mutexattr_t attr;
	int rc;

	_Static_assert(sizeof(pthread_mutex_t) <= 40, "wire: room for a mutex");
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	rc = pthread_mutex_init((pthread_mutex_t *)(void *)at, &attr);
	pthread_mutexattr_destroy(&attr);
	return -rc;
}

static int fill_header(const char *name, uint32_t flags)
{
	struct mpt_wire_header *h = domain.header;
	struct timespec wall;
	int rc = domain_populate(h, MPT_BLOCK);

	if (rc < 0)
		return rc;
	clock_gettime(CLOCK_REALTIME, &wall);
	h->major = MPT_WIRE_MAJOR;
	h->minor = MPT_WIRE_MINOR;
	h->header_size = sizeof(*h);
	h->total_size = domain.size;
	h->flags = flags | (clock_has_tsc() ? MPT_SEG_TSC : 0) |
		   (env_records() ? 0 : MPT_SEG_NO_RINGS);
	if (getrandom(h->domain_id, sizeof(h->domain_id), GRND_NONBLOCK) < 0)
		memcpy(h->domain_id, &wall, sizeof(h->domain_id));
	read_boot_id(h->boot_id);
	h->created_ns = futex_now();
	h->created_realtime_ns = (uint64_t)wall.tv_sec * 1000000000u + (uint64_t)wall.tv_nsec;
	h->creator_pid = (uint32_t)getpid();
	h->creator_uid = (uint32_t)geteuid();
	snprintf(h->name, sizeof(h->name), "%s", name);
	lay_out(h, domain.size);
	rc = init_mutex(h->lock);
	h->magic = MPT_WIRE_MAGIC;
	store32_release(&h->state, MPT_SEG_LIVE);
	return rc;
}

/* ---- creation ----------------------------------------------------------- */

/* Growing a file past RLIMIT_FSIZE would kill the program by SIGXFSZ. */
static int wanted_size(uint64_t *size)
{
	struct rlimit limit;

	*size = env_domain_bytes();
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < *size)
		*size = limit.rlim_cur / MPT_BLOCK * MPT_BLOCK;
	return *size < ENV_DOMAIN_LEAST ? -EFBIG : 0;
}

static int open_memory(const char *name)
{
	char label[sizeof("mptrace:") + MPT_NAME_MAX];
	int fd;

	snprintf(label, sizeof(label), "mptrace:%s", name);
	fd = descriptor_high(memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING));
	return fd < 0 ? -errno : fd;
}

/* A file of its own; exec keeps the pid, so the first name may be in use. */
static int open_file(const char *dir, const char *name, char path[PATH_MAX])
{
	char number[8] = "";
	int fd;

	for (int n = 2; n < 100; n++) {
		if ((size_t)snprintf(path, PATH_MAX, "%s/%s-%d%s.mptrace", dir, name, getpid(),
				     number) >= PATH_MAX)
			return -ENAMETOOLONG;
		fd = descriptor_high(open(
			path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
		if (fd >= 0 || errno != EEXIST)
			return fd < 0 ? -errno : fd;
		snprintf(number, sizeof(number), "-%d", n);
	}
	return -EEXIST;
}

/* Lays a domain out in fd, which is closed when that fails. */
static int create_in(int fd, const char *name, uint64_t size, uint32_t flags)
{
	int rc = ftruncate(fd, (off_t)size) < 0 ? -errno : 0;

	if (rc == 0)
		rc = domain_map(fd, size);
	if (rc == 0)
		rc = fill_header(name, flags);
	if (rc == 0) {
		/* Nobody can pull the memory away under a mapping (not for files). */
		fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
		return 0;
	}
	if (domain.header)
		munmap(domain.header, size);
	domain.header = NULL;
	domain.fd = -1;
	close(fd);
	return rc;
}

static int create_kept(const char *dir, const char *name, uint64_t size)
{
	char path[PATH_MAX];
	int fd = open_file(dir, name, path), rc;

	if (fd < 0)
		return fd;
	rc = create_in(fd, name, size, MPT_SEG_FILE);
	if (rc < 0)
		unlink(path);
	return rc;
}

/* A file that cannot be kept is no reason for the program not to work: it is said in
 * mpt_trace_status(). */
static int create(void)
{
	const char *dir = env_keep_directory();
	char name[MPT_NAME_MAX];
	uint64_t size;
	int fd, rc = wanted_size(&size);

	if (rc < 0)
		return rc;
	env_domain_name(name);
	if (dir)
		domain.keep_error = create_kept(dir, name, size);
	if (!dir || domain.keep_error < 0) {
		fd = open_memory(name);
		rc = fd < 0 ? fd : create_in(fd, name, size, 0);
	}
	if (rc == 0)
		domain_ready();
	return rc;
}

/* The child of a process that was creating its domain must not find the lock
 * taken by a thread it does not have. */
static void reset_lock(void)
{
	pthread_mutex_init(&creating, NULL);
}

static void register_fork_handler(void)
{
	pthread_atfork(NULL, NULL, reset_lock);
}

void domain_enter(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, register_fork_handler);
	pthread_mutex_lock(&creating);
}

void domain_leave(void)
{
	pthread_mutex_unlock(&creating);
}

int domain_need(void)
{
	int saved = errno, rc = 0;

	if (domain_exists())
		return 0;
	domain_enter();
	if (!domain_exists())
		rc = create();
	domain_leave();
	if (rc == 0 && env_domain_named())
		join_publish(domain.header->name); /* best effort: see domain.h of the API */
	errno = saved;
	return rc;
}

/* ---- the domain's mutex -------------------------------------------------- */

int domain_lock(void)
{
	/* Should a holder have died: every change under this mutex becomes real by one store,
	 * or is in an operation record, so there is nothing to repair here. */
	return robust_lock((pthread_mutex_t *)(void *)domain.header->lock, LOCK_PATIENCE_NS);
}

void domain_unlock(void)
{
	pthread_mutex_unlock((pthread_mutex_t *)(void *)domain.header->lock);
}
