/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lives.h - who has which number: what the process connector does not say.
 *
 * Owns: identity, name, user of the processes seen, bounded in number; reading
 * them from /proc at their birth.  Does not own: the messages (connector.c).
 */
#ifndef MPSTAT_COLLECTOR_LIVES_H
#define MPSTAT_COLLECTOR_LIVES_H

#include "mpstat/collector/ticks.h"
#include "mpstat/model/fact.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More than this many at once: the one born first (as far as known) is forgotten. */
#define LIVES_MAX 65536

struct life {
	struct process_id id, parent; /* parent: at birth; pid 0: unknown */
	char name[16]; /* raw bytes */
	uint32_t uid, session, group;
	bool leader_gone; /* its first thread has ended; perhaps others go on */
	bool queued;	  /* to be looked at whether it has ended (connector.c) */
	/* What the messages of its threads' ends say of its own, so far. */
	uint64_t end_time; /* as in the message */
	uint32_t end_status, end_parent;
};

struct lives;

struct lives *lives_new(int proc, const struct ticks *ticks); /* NULL: no memory */
void lives_free(struct lives *lives);			      /* NULL is fine */

/* Everybody who is there now. */
void lives_read_all(struct lives *lives);

/* The process that has the number now, as remembered, else from /proc; NULL: nobody
 * knows.  Valid until the next call. */
struct life *lives_find(struct lives *lives, uint32_t pid);

/* The same, but only who is remembered. */
struct life *lives_remembered(struct lives *lives, uint32_t pid);

/* A process was born at boot_ns (CLOCK_BOOTTIME) of `parent` (NULL: unknown); when
 * it is gone already its identity is that moment and the rest is its parent's.
 * NULL: no memory. */
struct life *lives_born(struct lives *lives, uint32_t pid, uint64_t boot_ns,
			const struct life *parent);

/* Reads again what an exec has changed. */
void lives_renew(struct lives *lives, struct life *life);

/* Is the process still there with threads besides the first? */
bool lives_goes_on(struct lives *lives, const struct life *life);

void lives_forget(struct lives *lives, struct life *life);

size_t lives_count(const struct lives *lives);

#endif
