/* SPDX-License-Identifier: BSD-2-Clause */
/* proc.c - see proc.h. */
#include "mpstat/collector/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Numbers of the fields in proc(5), counted from 1. */
enum stat_field {
	FIELD_STATE = 3,
	FIELD_PPID = 4,
	FIELD_PGRP = 5,
	FIELD_SESSION = 6,
	FIELD_FLAGS = 9,
	FIELD_UTIME = 14,
	FIELD_STIME = 15,
	FIELD_THREADS = 20,
	FIELD_START = 22,
	FIELD_RSS = 24,
	FIELD_ARG_START = 48,
	FIELD_EXIT_CODE = 52,
	FIELD_COUNT = 53,
};

/* Negative numbers come out as their two's complement. */
static bool parse_number(const char **at, const char *end, uint64_t *out)
{
	const char *p = *at;
	bool negative = false;
	uint64_t n = 0;

	while (p < end && *p == ' ')
		p++;
	if (p < end && *p == '-') {
		negative = true;
		p++;
	}
	if (p == end || *p < '0' || *p > '9')
		return false;
	for (; p < end && *p >= '0' && *p <= '9'; p++)
		n = n * 10 + (uint64_t)(*p - '0');
	*at = p;
	*out = negative ? -n : n;
	return true;
}

static int parse_fields(const char *p, const char *end, uint64_t field[FIELD_COUNT])
{
	int n = FIELD_PPID;

	memset(field, 0, FIELD_COUNT * sizeof(*field));
	while (n < FIELD_COUNT && parse_number(&p, end, &field[n]))
		n++;
	return n;
}

static const char *find_last(const char *text, size_t size, char c)
{
	return memrchr(text, c, size);
}

/* The name is everything between the first and the *last* parenthesis: it may
 * itself hold any of ") \n(". */
bool proc_stat_parse(const char *text, size_t size, struct proc_stat *out)
{
	const char *end = text + size, *open = memchr(text, '(', size);
	const char *close = find_last(text, size, ')');
	uint64_t field[FIELD_COUNT], pid;
	size_t length;

	memset(out, 0, sizeof(*out));
	if (!open || !close || close < open || end - close < 4 || close[1] != ' ')
		return false;
	if (!parse_number(&text, open, &pid) || pid == 0 || pid > INT32_MAX)
		return false;
	if (parse_fields(close + 3, end, field) <= FIELD_RSS)
		return false;
	length = (size_t)(close - open - 1);
	if (length >= sizeof(out->comm))
		length = sizeof(out->comm) - 1;
	memcpy(out->comm, open + 1, length);
	out->pid = (uint32_t)pid;
	out->state = close[2];
	out->parent = (uint32_t)field[FIELD_PPID];
	out->group = (uint32_t)field[FIELD_PGRP];
	out->session = (uint32_t)field[FIELD_SESSION];
	out->flags = field[FIELD_FLAGS];
	out->cpu_ticks = field[FIELD_UTIME] + field[FIELD_STIME];
	out->threads = field[FIELD_THREADS];
	out->start = field[FIELD_START];
	out->rss_pages = field[FIELD_RSS];
	out->arg_start = field[FIELD_ARG_START];
	out->exit_status = (int)field[FIELD_EXIT_CODE];
	return true;
}

int proc_open(const char *root, struct err *err)
{
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC), code = -errno;

	if (fd < 0)
		return err_set(err, code,
			       "%s cannot be opened: %s; processes are not visible without it",
			       root, strerror(-code));
	return fd;
}

ssize_t proc_read_at(int directory, const char *path, char *buf, size_t size)
{
	int fd = openat(directory, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	buf[n > 0 ? n : 0] = '\0';
	close(fd);
	return n;
}

ssize_t proc_read(int proc, uint32_t pid, const char *file, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "%u/%s", pid, file);
	return proc_read_at(proc, path, buf, size);
}

int proc_stat_read(int proc, uint32_t pid, struct proc_stat *out)
{
	char text[1536];
	ssize_t n = proc_read(proc, pid, "stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	return proc_stat_parse(text, (size_t)n, out) ? 0 : -EPROTO;
}

int proc_uid(int proc, uint32_t pid, uint32_t *uid)
{
	char path[16];
	struct stat st;

	snprintf(path, sizeof(path), "%u", pid);
	if (fstatat(proc, path, &st, 0) < 0)
		return -errno;
	*uid = st.st_uid;
	return 0;
}

/* The name is told first, but on one line: newlines in it are escaped. */
static const char *status_field(const char *text, const char *field)
{
	const char *at = strstr(text, field);

	return at ? at + strlen(field) : NULL;
}

uint32_t proc_status_inner_pid(const char *text)
{
	const char *at = status_field(text, "\nNSpid:"), *end;
	unsigned long pid = 0;

	if (!at)
		return 0;
	end = at + strcspn(at, "\n");
	/* One number per namespace from ours down to its own. */
	while (at < end && (*at == ' ' || *at == '\t')) {
		char *stop;

		pid = strtoul(at, &stop, 10);
		if (stop == at || stop > end)
			break;
		at = stop;
	}
	return pid <= INT32_MAX ? (uint32_t)pid : 0;
}

bool proc_status_ignores_children(const char *text)
{
	const char *at = status_field(text, "\nSigIgn:");

	return at && strtoull(at, NULL, 16) & 1ull << (SIGCHLD - 1);
}

uint32_t proc_pid_of(const char *name)
{
	uint32_t pid = 0;

	for (; *name >= '0' && *name <= '9' && pid < 100000000; name++)
		pid = pid * 10 + (uint32_t)(*name - '0');
	return *name ? 0 : pid;
}

/* A thread's number opens under /proc as well, unlisted: its Tgid is another. */
static bool is_process(int proc, uint32_t pid)
{
	char text[4096], *tgid;
	ssize_t n = proc_read(proc, pid, "status", text, sizeof(text));

	if (n < 0)
		return n != -ENOENT && n != -ESRCH;
	tgid = strstr(text, "\nTgid:");
	return !tgid || strtoul(tgid + 6, NULL, 10) == pid;
}

bool proc_exists(const char *root, uint32_t pid)
{
	struct err err = { 0 };
	int proc = proc_open(root, &err);
	uint32_t uid;
	bool exists;

	if (proc < 0)
		return false;
	exists = pid && proc_uid(proc, pid, &uid) == 0 && is_process(proc, pid);
	close(proc);
	return exists;
}
