/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * discover.h - getting hold of a domain's segment.
 *
 * Owns: opening what a member announced, what a user named, or what a search
 * of descriptors found, so that nothing bad can be opened.  Does not own: the
 * list of announcements (announced.h), what is in the segment (segment.h).
 *
 * Names and numbers come from anybody.  So a thing is looked at (O_PATH) before
 * it is opened: never a device, FIFO, socket, symbolic link or a file with a
 * second name, and nothing here can block or have a side effect.
 */
#ifndef MPSTAT_COLLECTOR_DISCOVER_H
#define MPSTAT_COLLECTOR_DISCOVER_H

#include "mpstat/collector/announced.h"
#include "mpstat/collector/segment.h"

/* Candidates tried for one domain before it is given up (until the next refresh). */
#define DISCOVER_TRIES 64

/* Opens the segment of one announced member, read-only.  A descriptor the caller
 * closes, or a negative errno with a sentence: what, why, what to do.
 * -ENOENT, -ESRCH: the pid is not of our namespace or has no such descriptor. */
int discover_member(int proc, const struct announced *member, struct err *err);

/* Opens the first of `count` members (all of one domain) that leads to a segment of
 * that domain; members of the viewer's own user come first, then root's.
 * *pid is who it was.  A descriptor the caller closes, or a negative errno. */
int discover_domain(int proc, const struct announced *members, size_t count, uint32_t *pid,
		    struct err *err);

/* Opens a kept segment by name.  A descriptor, or a negative errno with a sentence. */
int discover_file(const char *path, struct err *err);

/* Does the process have this file open for writing, as members have?  -errno when that
 * is not ours to see. */
int discover_holds(int proc, uint32_t pid, uint64_t device, uint64_t inode);

/*
 * Searches descriptors for segments that are not announced here: those of
 * other network namespaces, or (`everywhere`) of any process.  Costs a stat per
 * process and, where it searches, a readlink per descriptor.  What is open for reading
 * only is a viewer's, and no sign of life.  `found` is called once per file with a
 * descriptor that becomes its own; false ends the search.  Returns how many descriptors
 * were left out beyond a bound of different files.
 */
struct discover_found {
	int fd;
	uint32_t pid;
	const struct segment *segment; /* loaded and SEG_OK */
};
size_t discover_search(int proc, bool everywhere,
		       bool (*found)(void *arg, const struct discover_found *what), void *arg);

#endif
