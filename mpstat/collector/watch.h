/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - the domains that are read now.
 *
 * Owns: noticing domains that come and go, their descriptors, what is
 * remembered of each between two refreshes.  Does not own: opening (discover.h),
 * reading (source_segment.c).
 *
 * A descriptor stays open while the domain is announced.  One that is not announced
 * any more is read once more, so that nothing of its end is missed, and then
 * dropped.
 */
#ifndef MPSTAT_COLLECTOR_WATCH_H
#define MPSTAT_COLLECTOR_WATCH_H

#include "mpstat/collector/announced.h"
#include "mpstat/collector/notes.h"
#include "mpstat/collector/records.h"

/* No memory must not end the program: add() looks. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/* Domains read at once: each takes a descriptor.  Of a small limit on those, others of our
 * sources need some, too. */
#define WATCH_DOMAINS 4096
#define WATCH_DESCRIPTORS_LEFT 64
/* Domains tried to open per refresh: a flood of false announcements must not
 * keep us from reading the true ones.  The next refresh goes on where this one
 * stopped. */
#define WATCH_ATTEMPTS 512
#define WATCH_FAILURES 16 /* told one by one; the others are counted */

/* An announced domain that could not be opened. */
struct watch_failure {
	uint8_t id[16];
	bool denied; /* for lack of rights: nobody else can be asked */
	char text[NOTE_TEXT];
};

struct watched {
	uint8_t id[16];
	int fd;
	uint32_t pid;	  /* through whom it was found; 0: a file */
	const char *path; /* of a kept file, not owned; NULL: none */
	bool searched;	  /* found by search: it lasts while a member lives */
	bool staying;	  /* seen in this refresh, or not known to be gone */
	bool published;
	const struct announced *announced; /* its members in watch.announced, by pid */
	size_t announced_count;
	struct claims claims;
	struct cursors cursors;
	UT_hash_handle hh;
};

struct watch {
	const struct source_options *options;
	int proc; /* open procfs, not owned */
	struct watched *domains;
	struct announced_list announced;
	struct {
		struct watch_failure items[WATCH_FAILURES];
		size_t count, left_out;
	} failures; /* of this refresh */
	uint8_t resume[16];	/* id from which on to try unknown domains */
	bool missing;		/* one of them may be found elsewhere */
	uint64_t search_ns;	/* when to search other network namespaces again */
	uint64_t everywhere_ns; /* when to search everywhere, if something is missing */
	size_t most;	 /* domains to be read at once */
	size_t too_many; /* domains beyond that in this refresh */
};

/* Brings the set up to date; what could not be opened goes to the notes.  0, or a negative
 * errno with a sentence when nothing can be found. */
int watch_refresh(struct watch *watch, uint64_t now_ns, struct notes *notes, struct err *err);

/* Drops what this refresh did not see.  To be called after reading. */
void watch_expire(struct watch *watch);

void watch_free(struct watch *watch);

#endif
