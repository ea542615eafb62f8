/* SPDX-License-Identifier: BSD-2-Clause */
/* identity.c - see identity.h. */
#include "libtrace/identity.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define PIDFS_MAGIC 0x50494446 /* "PIDF": pidfds have inodes of their own */

/* Are the pids in /proc those of our namespace?  Not when we were put into another one
 * and /proc was not mounted again: then /proc/PID is somebody else. */
static bool proc_is_ours(void)
{
	char self[24];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (n <= 0)
		return false;
	self[n] = '\0';
	return strtol(self, NULL, 10) == getpid();
}

/* Reads a small file of /proc.  Bytes read, or -errno; NUL-terminated. */
static ssize_t read_proc(uint32_t pid, const char *file, char *buf, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	if (pid == (uint32_t)getpid())
		snprintf(path, sizeof(path), "/proc/self/%s", file);
	else if (proc_is_ours())
		snprintf(path, sizeof(path), "/proc/%u/%s", pid, file);
	else
		return -ENOENT;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	else
		buf[n] = '\0';
	close(fd);
	return n;
}

/* State letter and start time of a stat line; false when it is none.  A first thread that
 * has ended is a zombie too, but its process lives as long as there are others. */
static bool parse_stat(const char *stat, char *state, uint64_t *start)
{
	const char *p = strrchr(stat, ')');
	unsigned long threads = 1;

	if (!p || p[1] != ' ')
		return false;
	*state = p[2];
	p += 2;
	for (int field = 4; field <= 22; field++) {
		p = strchr(p, ' ');
		if (!p)
			return false;
		p++;
		if (field == 20)
			threads = strtoul(p, NULL, 10);
	}
	*start = strtoull(p, NULL, 10);
	if (*state == 'Z' && threads > 1)
		*state = 'S';
	return true;
}

uint64_t identity_start_ticks(uint32_t pid)
{
	char stat[1024], state;
	int saved = errno;
	uint64_t start = 0;

	if (read_proc(pid, "stat", stat, sizeof(stat)) <= 0 || !parse_stat(stat, &state, &start))
		start = 0;
	errno = saved;
	return start;
}

static int open_pidfd(uint32_t pid)
{
	return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
}

static uint64_t inode_of(int pidfd)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(pidfd, &fs) < 0 || fs.f_type != PIDFS_MAGIC || fstat(pidfd, &st) < 0)
		return 0;
	return st.st_ino;
}

uint64_t identity_pidfd_inode(uint32_t pid)
{
	int saved = errno, fd = open_pidfd(pid);
	uint64_t inode = 0;

	if (fd >= 0) {
		inode = inode_of(fd);
		close(fd);
	}
	errno = saved;
	return inode;
}

static uint64_t pidns;

uint64_t identity_pidns(void)
{
	if (!pidns)
		identity_renew_pidns();
	return pidns;
}

uint64_t identity_pidns_now(void)
{
	int saved = errno;
	struct stat st = { 0 };

	if (stat("/proc/self/ns/pid", &st) < 0)
		st.st_ino = 0;
	errno = saved;
	return st.st_ino;
}

void identity_renew_pidns(void)
{
	uint64_t now = identity_pidns_now();

	if (now)
		pidns = now;
}

uint32_t identity_outer_pid(void)
{
	char status[4096], *line;
	int saved = errno;
	uint32_t pid = (uint32_t)getpid();

	if (read_proc(pid, "status", status, sizeof(status)) > 0) {
		line = strstr(status, "\nNSpid:");
		if (line)
			pid = (uint32_t)strtoul(line + 7, NULL, 10);
	}
	errno = saved;
	return pid ? pid : (uint32_t)getpid();
}

/* By pidfd: exact where pidfds have inodes.  0 dead, 1 alive, 2 alive but perhaps
 * another incarnation, -1 cannot tell. */
static int alive_by_pidfd(uint32_t pid, uint64_t inode)
{
	struct pollfd p = { .fd = open_pidfd(pid), .events = POLLIN };
	uint64_t now;
	int alive;

	if (p.fd < 0)
		return errno == ESRCH ? 0 : -1;
	now = inode_of(p.fd);
	if (inode && now)
		alive = now == inode && poll(&p, 1, 0) == 0;
	else
		alive = poll(&p, 1, 0) > 0 ? 0 : 2;
	close(p.fd);
	return alive;
}

bool identity_alive(uint32_t pid, uint64_t start_ticks, uint64_t pidfd_inode)
{
	char stat[1024], state = 'R';
	int saved = errno, alive = alive_by_pidfd(pid, pidfd_inode);
	uint64_t start = start_ticks;
	ssize_t n;

	if (alive != 0 && alive != 1) {
		n = read_proc(pid, "stat", stat, sizeof(stat));
		if (n > 0)
			parse_stat(stat, &state, &start);
		if (alive < 0)
			alive = (kill((pid_t)pid, 0) == 0 || errno == EPERM) && state != 'Z' &&
				state != 'X';
		if (start_ticks && start != start_ticks)
			alive = 0;
	}
	errno = saved;
	return alive != 0;
}

/* "addr perms offset dev inode path".  The device is not compared: some file systems
 * show another one here than to stat(). */
static bool is_segment(const char *line, uint64_t inode, bool file)
{
	unsigned long long found;

	return (file || strstr(line, "/memfd:mptrace:")) &&
	       sscanf(line, "%*s %*s %*s %*s %llu", &found) == 1 && found == inode;
}

/* 1 mapped, 0 not, -1 cannot tell: unreadable, or a thread that has ended and shows
 * an empty file. */
static int task_maps(uint32_t pid, const char *task, uint64_t inode, bool file)
{
	char path[300], line[4352];
	int found = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%u/task/%s/maps", pid, task);
	f = fopen(path, "re");
	while (f && found < 1 && fgets(line, sizeof(line), f))
		found = is_segment(line, inode, file);
	if (f && found == 0 && ferror(f))
		found = -1;
	if (f)
		fclose(f);
	return found;
}

bool identity_maps(uint32_t pid, uint64_t inode, bool file)
{
	int saved = errno, found = -1;
	const struct dirent *entry;
	char path[64];
	DIR *tasks;

	/* All threads map the same, but the first one may have ended before the others. */
	snprintf(path, sizeof(path), "/proc/%u/task", pid);
	tasks = proc_is_ours() ? opendir(path) : NULL;
	while (tasks && found < 0 && (entry = readdir(tasks)) != NULL)
		if (entry->d_name[0] != '.')
			found = task_maps(pid, entry->d_name, inode, file);
	if (tasks)
		closedir(tasks);
	errno = saved;
	return found != 0;
}
