/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kill.c - pidfd first, then the start time, then the signal.
 *
 * Owns: that order.  Does not own: which signals are offered.
 */
#include "mpstat/commands/kill.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The value after `skip` more spaces. */
static const char *skip_fields(const char *at, int skip)
{
	while (at && skip-- > 0) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	return at;
}

int kill_start_time(uint32_t pid, uint64_t *start)
{
	char path[32], text[1024];
	const char *at;
	ssize_t got;
	int fd, error;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	got = read(fd, text, sizeof(text) - 1);
	error = errno;
	close(fd);
	if (got < 0)
		return -error;
	text[got] = '\0';
	/* Field 2 is a name that may hold anything: count from its last ')'. */
	at = strrchr(text, ')');
	at = skip_fields(at, 20);
	if (!at)
		return -EPROTO;
	*start = strtoull(at, NULL, 10);
	return 0;
}

static int send_to(int pidfd, struct process_id id, int signal)
{
	uint64_t start;
	int error = kill_start_time(id.pid, &start);

	if (error)
		return error;
	/* The descriptor was opened before: if the process seen now is the one
	 * wanted, the descriptor cannot be of a later one, and of an earlier one
	 * only if that is dead, which the kernel answers by ESRCH. */
	if (start != id.start)
		return -ESRCH;
	if (syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0u) < 0)
		return -errno;
	return 0;
}

int kill_process(void *arg, struct process_id id, int signal)
{
	int pidfd, result;

	(void)arg;
	pidfd = (int)syscall(SYS_pidfd_open, (pid_t)id.pid, 0u);
	if (pidfd < 0)
		return -errno;
	result = send_to(pidfd, id, signal);
	close(pidfd);
	return result;
}
