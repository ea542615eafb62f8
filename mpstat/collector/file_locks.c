/* SPDX-License-Identifier: BSD-2-Clause */
/* file_locks.c - see file_locks.h. */
#include "mpstat/collector/file_locks.h"

#include "mpstat/util/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* "12: -> POSIX  ADVISORY  WRITE 4711 00:1a:5678 0 EOF"; pid -1: of an open file. */
static bool parse(const char *line, struct file_lock *lock)
{
	unsigned int major, minor;
	int used = 0, pid;
	const char *rest;

	if (sscanf(line, "%" SCNu64 ": %n", &lock->number, &used) != 1 || !used)
		return false;
	rest = line + used;
	lock->waits = !strncmp(rest, "->", 2);
	if (lock->waits)
		rest += 2;
	if (sscanf(rest, "%*s %*s %*s %d %x:%x:%" SCNu64, &pid, &major, &minor, &lock->inode) != 4)
		return false;
	lock->pid = pid > 0 ? (uint32_t)pid : 0;
	lock->device = makedev(major, minor);
	return true;
}

void file_locks_read(struct file_locks *locks, const char *proc)
{
	char path[256], line[256];
	struct file_lock lock;
	FILE *file;

	locks->count = 0;
	locks->read = true;
	snprintf(path, sizeof(path), "%s/locks", proc);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file))
		if (parse(line, &lock) && !VEC_RESERVE(locks, locks->count + 1))
			locks->items[locks->count++] = lock;
	if (file)
		fclose(file);
}

static const struct file_lock *find_holder(const struct file_locks *locks, uint64_t number)
{
	for (size_t i = 0; i < locks->count; i++)
		if (locks->items[i].number == number && !locks->items[i].waits)
			return &locks->items[i];
	return NULL;
}

const struct file_lock *file_locks_blocking(const struct file_locks *locks, uint32_t pid,
					    uint64_t device, uint64_t inode)
{
	for (size_t i = 0; i < locks->count; i++) {
		const struct file_lock *lock = &locks->items[i];

		if (lock->waits && lock->pid == pid && lock->inode == inode &&
		    lock->device == device)
			return find_holder(locks, lock->number);
	}
	return NULL;
}

void file_locks_free(struct file_locks *locks)
{
	free(locks->items);
	memset(locks, 0, sizeof(*locks));
}
