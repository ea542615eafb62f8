/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain.h - the segment this process is a member of.
 *
 * Owns: making, mapping, joining and publishing it; where its tables are.
 * Does not own: what is in the slots (member.h, object.h), the arena (arena.h).
 *
 * A process has at most one domain.  It stays mapped until the process ends:
 * robust mutexes live in it, and the kernel may look at them at any time.
 */
#ifndef MPT_DOMAIN_H
#define MPT_DOMAIN_H

#include "libtrace/atomic.h"
#include "libtrace/contract/wire.h"

#include <stdbool.h>

struct domain {
	int fd; /* -1 when the program closed it behind our back */
	uint64_t inode; /* of the segment: tells it from others in /proc/PID/maps */
	int keep_error;	/* why MPTRACE_OUT was not followed, 0: it was, or is not set */
	uint64_t size;
	uint64_t ring_bytes; /* wanted per thread; 0: records are off */
	struct mpt_wire_header *header;
	struct mpt_wire_process *processes;
	struct mpt_wire_thread *threads;
	struct mpt_wire_object *objects;
	uint8_t *arena;
};

/* Valid once domain_need() has returned 0; then never changes. */
extern struct domain domain;

/* Makes the domain unless there is one.  0, -ENOMEM, -ENOSPC, -EFBIG, -EMFILE. */
int domain_need(void);
bool domain_exists(void);

/* The mutex over slots and arena, for rare operations only.  Bounded: a stopped
 * member cannot hold others for ever.  0 or -ETIMEDOUT. */
int domain_lock(void);
void domain_unlock(void);

/* Makes sure that writing to [at, at + size) cannot fail for lack of memory.
 * 0, -ENOMEM, -ENOSPC. */
int domain_populate(void *at, uint64_t size);

/* For join.c: takes part in the one-time setting up.  enter/leave serialise it;
 * map fills in `domain`, ready makes it visible. */
void domain_enter(void);
void domain_leave(void);
int domain_map(int fd, uint64_t size);
void domain_ready(void);

/* Announces this process so that viewers and joiners find the domain: an abstract
 * socket that vanishes with the process.  Best effort, silent. */
void domain_announce(void);

/* "domain/object": joins the domain if needed and returns the object part, or
 * a negative errno in *error and NULL. */
const char *domain_of_path(const char *path, int *error);

#endif
