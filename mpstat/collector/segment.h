/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * segment.h - a domain's segment as a file that somebody else is writing.
 *
 * Owns: reading bytes by copy, within bounds; judging the header.  Does not
 * own: finding it (discover.h), what is in its tables (snapshot.h).
 *
 * Whoever wrote the segment may lie, and may change it between two reads.
 * So everything is judged and used from one private copy, nothing is mapped,
 * nothing is locked, nothing is written.  A file cut short meanwhile is a
 * short read, never SIGBUS.
 */
#ifndef MPSTAT_COLLECTOR_SEGMENT_H
#define MPSTAT_COLLECTOR_SEGMENT_H

#include "libtrace/contract/wire.h"
#include "mpstat/util/err.h"

#include <stdbool.h>
#include <sys/types.h>

/* How much of a segment is looked at: what it says it has, within reason. */
#define SEGMENT_READ_LEAST (64ull << 20)
#define SEGMENT_READ_MOST (1ull << 30)

enum segment_verdict {
	SEG_OK,
	SEG_NOT_YET,  /* being laid out: look again later */
	SEG_NOT_OURS, /* something else */
	SEG_TOO_NEW,  /* another major version */
	SEG_CORRUPT,  /* ours, but it contradicts itself */
};

struct segment {
	int fd;		/* not owned */
	uint64_t limit; /* bytes that may be read */
	uint64_t allocated; /* bytes of memory or disk it takes */
	uint64_t device, inode;
	uint32_t uid; /* of the file */
	struct mpt_wire_header header; /* private copy */
};

/* Looks at the file behind fd.  When the verdict is not SEG_OK, err has the
 * sentence (without the segment's name).  Does not block on regular files. */
enum segment_verdict segment_load(struct segment *segment, int fd, struct err *err);

/* Copies [offset, offset + size) or nothing. */
bool segment_read(const struct segment *segment, uint64_t offset, void *to, size_t size);

/* The first 8 bytes of the id: what facts call the domain. */
uint64_t segment_domain(const struct mpt_wire_header *header);

/* Where an extent word points, when it lies within the arena and is at least
 * `need` bytes long.  False: it does not. */
bool segment_extent(const struct segment *segment, uint64_t word, uint64_t need, uint64_t *offset);

/* "corrupt": for tests and doctor. */
const char *segment_verdict_name(enum segment_verdict verdict);

#endif
