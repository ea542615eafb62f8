/* SPDX-License-Identifier: BSD-2-Clause */
/* memory_file.c - the file behind a shared memory; see memory.h. */
#include "libtrace/memory.h"

#include "libtrace/descriptor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* Filling is done in steps: a signal undoes the one it comes into, and no more. */
#define STEP (2ull << 20)

/* ---- may we have so much? ------------------------------------------------------------ */

/* Growing a file past RLIMIT_FSIZE would kill the program by SIGXFSZ. */
static int limit_allows(uint64_t size)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < size ? -EFBIG : 0;
}

static uint64_t kilobytes(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

/* The kernel would rather kill somebody than refuse us: so ask first.  When it does not
 * say, go on. */
static int machine_has(uint64_t size)
{
	int fd = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
	char text[4096];
	uint64_t room;
	ssize_t n;

	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	room = kilobytes(text, "\nMemAvailable:") << 10;
	if (!room)
		return 0;
	room += kilobytes(text, "\nSwapFree:") << 10;
	return size > room - room / 16 ? -ENOMEM : 0;
}

/* ---- making -------------------------------------------------------------------------- */

/* So that no page has to be found when it is touched: then there might be none. */
static int fill(int fd, uint64_t size)
{
	uint64_t at = 0, n;

	while (at < size) {
		n = size - at < STEP ? size - at : STEP;
		if (fallocate(fd, 0, (off_t)at, (off_t)n) == 0)
			at += n;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

static int lay_out(int fd, uint64_t size, struct memory_id *id)
{
	struct stat st;
	int rc;

	if (ftruncate(fd, (off_t)size) < 0)
		return -errno;
	rc = fill(fd, size);
	if (rc < 0)
		return rc;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0 ||
	    fstat(fd, &st) < 0)
		return -errno;
	*id = (struct memory_id){ st.st_dev, st.st_ino, size };
	return 0;
}

int memory_make(const char *name, uint64_t size, struct memory_id *id)
{
	char label[sizeof(MEMORY_LABEL) + MPT_NAME_MAX];
	int fd, rc = limit_allows(size);

	if (rc == 0)
		rc = machine_has(size);
	if (rc < 0)
		return rc;
	snprintf(label, sizeof(label), MEMORY_LABEL "%s", name ? name : "");
	fd = descriptor_high(memfd_create(label, MFD_CLOEXEC | MFD_ALLOW_SEALING));
	if (fd < 0)
		return -errno;
	rc = lay_out(fd, size, id);
	if (rc == 0)
		return fd;
	close(fd);
	return rc;
}

/* ---- checking ------------------------------------------------------------------------- */

static bool is_file(const struct stat *st, const struct memory_id *id)
{
	return S_ISREG(st->st_mode) && st->st_dev == id->device && st->st_ino == id->inode;
}

bool memory_is(int fd, const struct memory_id *id)
{
	struct stat st;

	return fstat(fd, &st) == 0 && is_file(&st, id);
}

int memory_check(int fd, const struct memory_id *id)
{
	struct stat st;
	int seals;

	if (fstat(fd, &st) < 0 || !is_file(&st, id) || st.st_size < 0 ||
	    (uint64_t)st.st_size < id->size)
		return -EPROTO;
	seals = fcntl(fd, F_GET_SEALS);
	if (seals < 0 || !(seals & F_SEAL_SHRINK))
		return -EPROTO;
	return (uint64_t)st.st_blocks * 512 < id->size ? fill(fd, id->size) : 0;
}
