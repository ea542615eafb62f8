/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * file_locks.h - who keeps whom from locking a file, as /proc/locks has it.
 *
 * Owns: one reading of that file.  Does not own: what a wait is (wait_lock.c).
 */
#ifndef MPSTAT_COLLECTOR_FILE_LOCKS_H
#define MPSTAT_COLLECTOR_FILE_LOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct file_lock {
	uint64_t number; /* of the lock; of one that waits: of the lock it waits for */
	bool waits;
	uint32_t pid; /* 0: of an open file, not of a process */
	uint64_t device, inode;
};

struct file_locks {
	struct file_lock *items; /* as they come: a lock, then who waits for it */
	size_t count, room;
	bool read;
};

/* Reads anew; what cannot be read is empty. */
void file_locks_read(struct file_locks *locks, const char *proc);

/* The lock that keeps `pid` from locking that file; NULL: none is seen. */
const struct file_lock *file_locks_blocking(const struct file_locks *locks, uint32_t pid,
					    uint64_t device, uint64_t inode);

void file_locks_free(struct file_locks *locks);

#endif
