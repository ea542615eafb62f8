/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * target.c - no such process, hidden, a thread, another user's.
 *
 * Owns: telling these apart.  Does not own: what is done without the right.
 */
#include "mpstat/commands/target.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *target_user(uint32_t uid, char *buf, unsigned size)
{
	struct passwd entry, *found = NULL;
	char room[1024];

	if (getpwuid_r(uid, &entry, room, sizeof(room), &found) == 0 && found)
		snprintf(buf, size, "%s", found->pw_name);
	else
		snprintf(buf, size, "%u", uid);
	return buf;
}

static int missing(uint32_t pid, struct err *err)
{
	if (access("/proc/self/stat", R_OK) < 0)
		return err_set(err, -EACCES,
			       "cannot look at process %u: /proc is not mounted; "
			       "mount -t proc proc /proc",
			       pid);
	if (kill((pid_t)pid, 0) == 0 || errno == EPERM)
		return err_set(err, -EACCES,
			       "process %u exists, but /proc hides it (mounted with hidepid); "
			       "run as its user or as root",
			       pid);
	return err_set(err, -ESRCH,
		       "there is no process %u: it has ended, or the number is of another "
		       "container; ps shows what runs",
		       pid);
}

/* A word of /proc/PID/status as a number, or 0. */
static uint32_t status_number(uint32_t pid, const char *key)
{
	char path[40], line[256];
	uint32_t number = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%u/status", pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0) {
			number = (uint32_t)strtoul(line + strlen(key), NULL, 10);
			break;
		}
	if (file)
		fclose(file);
	return number;
}

int target_check(uint32_t pid, struct err *err)
{
	char path[40], user[64], self[64];
	struct stat owner;
	uint32_t leader;
	DIR *files;

	snprintf(path, sizeof(path), "/proc/%u/fd", pid);
	files = opendir(path);
	if (files) {
		closedir(files);
		leader = status_number(pid, "Tgid:");
		if (leader == 0 || leader == pid)
			return 0;
		return err_set(err, -ESRCH, "%u is a thread of process %u; use -p %u", pid, leader,
			       leader);
	}
	if (errno == ENOENT)
		return missing(pid, err);
	if (errno != EACCES && errno != EPERM)
		return err_set(err, -errno, "cannot look at process %u: %s", pid, strerror(errno));
	snprintf(path, sizeof(path), "/proc/%u", pid);
	if (stat(path, &owner) < 0)
		return missing(pid, err);
	return err_set(err, -EACCES,
		       "no right to look into process %u: it belongs to %s and this is %s; "
		       "run as that user or as root",
		       pid, target_user(owner.st_uid, user, sizeof(user)),
		       target_user(geteuid(), self, sizeof(self)));
}
