/* SPDX-License-Identifier: BSD-2-Clause */
/* segment.c - see segment.h. */
#include "mpstat/collector/segment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What this reader knows of each section; newer ones are not looked at. */
static const struct {
	const char *name;
	uint32_t size;
} known[] = {
	[MPT_SEC_PROCESSES] = { "processes", sizeof(struct mpt_wire_process) },
	[MPT_SEC_THREADS] = { "threads", sizeof(struct mpt_wire_thread) },
	[MPT_SEC_OBJECTS] = { "objects", MPT_WIRE_OBJECT_1_0 },
	[MPT_SEC_ARENA] = { "arena", MPT_BLOCK },
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

static const char *const verdict_names[] = {
	[SEG_OK] = "ok",	     [SEG_NOT_YET] = "not yet", [SEG_NOT_OURS] = "not ours",
	[SEG_TOO_NEW] = "too new", [SEG_CORRUPT] = "corrupt",
};

const char *segment_verdict_name(enum segment_verdict verdict)
{
	return verdict_names[verdict];
}

bool segment_read(const struct segment *segment, uint64_t offset, void *to, size_t size)
{
	uint8_t *at = to;
	ssize_t n;

	if (offset > segment->limit || size > segment->limit - offset)
		return false;
	while (size > 0) {
		n = pread(segment->fd, at, size, (off_t)offset);
		if (n <= 0) {
			if (n < 0 && errno == EINTR)
				continue;
			return false;
		}
		at += n;
		offset += (uint64_t)n;
		size -= (size_t)n;
	}
	return true;
}

uint64_t segment_domain(const struct mpt_wire_header *header)
{
	uint64_t id;

	memcpy(&id, header->domain_id, sizeof(id));
	return id;
}

bool segment_extent(const struct segment *segment, uint64_t word, uint64_t need, uint64_t *offset)
{
	const struct mpt_wire_section *arena = &segment->header.section[MPT_SEC_ARENA];
	uint64_t first = (uint32_t)word, blocks = word >> 32;

	if (first >= arena->count || blocks > arena->count - first || need > blocks * MPT_BLOCK)
		return false;
	*offset = arena->offset + first * MPT_BLOCK;
	return true;
}

/* ---- the header -------------------------------------------------------- */

static enum segment_verdict judge_magic(const struct mpt_wire_header *h, size_t got,
					struct err *err)
{
	if (h->magic == 0) { /* stored when nearly all the rest is there */
		err_set(err, -EAGAIN, "is empty: still being laid out, or never was");
		return SEG_NOT_YET;
	}
	if (got < sizeof(h->magic) || h->magic != MPT_WIRE_MAGIC) {
		err_set(err, -EINVAL, "is not a segment of libmptrace");
		return SEG_NOT_OURS;
	}
	if (got < offsetof(struct mpt_wire_header, header_size)) {
		err_set(err, -EINVAL, "is cut short within its header");
		return SEG_CORRUPT;
	}
	if (h->major > MPT_WIRE_MAJOR) {
		err_set(err, -EPROTO,
			"is of format %u, this mpstat reads format %u: use the mpstat "
			"that came with the program's libmptrace",
			h->major, MPT_WIRE_MAJOR);
		return SEG_TOO_NEW;
	}
	if (h->major < MPT_WIRE_MAJOR) {
		err_set(err, -EPROTO, "is of format %u, which is no longer read", h->major);
		return SEG_NOT_OURS;
	}
	return SEG_OK;
}

static int section_corrupt(struct err *err, size_t i, const char *what)
{
	return err_set(err, -EINVAL, "contradicts itself: table of %s %s", known[i].name, what);
}

static int judge_section(const struct mpt_wire_header *h, size_t i, struct err *err)
{
	const struct mpt_wire_section *s = &h->section[i];
	uint64_t size = (uint64_t)s->stride * s->count;

	if (s->stride < known[i].size)
		return section_corrupt(err, i, "has slots that are too small");
	/* Extents are runs of blocks: they know no other size. */
	if (i == MPT_SEC_ARENA && s->stride != MPT_BLOCK)
		return section_corrupt(err, i, "has blocks of another size");
	if (s->offset < h->header_size || s->offset > h->total_size ||
	    size > h->total_size - s->offset)
		return section_corrupt(err, i, "lies outside of the segment");
	return 0;
}

static int judge_overlap(const struct mpt_wire_header *h, struct err *err)
{
	for (size_t i = 0; i < KNOWN; i++)
		for (size_t j = 0; j < i; j++) {
			const struct mpt_wire_section *a = &h->section[i], *b = &h->section[j];

			if (a->count && b->count &&
			    a->offset < b->offset + (uint64_t)b->stride * b->count &&
			    b->offset < a->offset + (uint64_t)a->stride * a->count)
				return section_corrupt(err, i, "overlaps another");
		}
	return 0;
}

static int judge_sections(const struct mpt_wire_header *h, struct err *err)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < KNOWN; i++)
		rc = judge_section(h, i, err);
	return rc == 0 ? judge_overlap(h, err) : rc;
}

/* `size`: of the file. */
static enum segment_verdict judge(const struct mpt_wire_header *h, uint64_t size, struct err *err)
{
	if (h->state == MPT_SEG_NEW) {
		err_set(err, -EAGAIN, "is still being laid out");
		return SEG_NOT_YET;
	}
	if (h->header_size < sizeof(*h))
		err_set(err, -EINVAL, "contradicts itself: its header is too small");
	else if (h->total_size > size)
		err_set(err, -EINVAL, "is cut short: %llu of %llu bytes are there",
			(unsigned long long)size, (unsigned long long)h->total_size);
	else if (judge_sections(h, err) == 0)
		return SEG_OK;
	return SEG_CORRUPT;
}

/* Slots in use and readable; `used` is a claim. */
static void settle_sections(struct mpt_wire_header *h, uint64_t limit)
{
	for (size_t i = 0; i < KNOWN; i++) {
		struct mpt_wire_section *s = &h->section[i];
		uint64_t fit = s->offset < limit ? (limit - s->offset) / s->stride : 0;

		if (s->count > fit)
			s->count = (uint32_t)fit;
		if (s->used > s->count)
			s->used = s->count;
	}
}

static int look_at_file(struct segment *segment, uint64_t *size, struct err *err)
{
	struct stat st;

	if (fstat(segment->fd, &st) < 0)
		return err_set(err, -errno, "cannot be looked at: %s", strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(err, -EINVAL, "is not a regular file");
	*size = (uint64_t)st.st_size;
	segment->limit = *size < SEGMENT_READ_LEAST ? *size : SEGMENT_READ_LEAST;
	segment->allocated = (uint64_t)st.st_blocks * 512;
	segment->device = st.st_dev;
	segment->inode = st.st_ino;
	segment->uid = st.st_uid;
	return 0;
}

enum segment_verdict segment_load(struct segment *segment, int fd, struct err *err)
{
	struct mpt_wire_header *h = &segment->header;
	enum segment_verdict verdict;
	uint64_t size = 0;
	size_t got;

	memset(segment, 0, sizeof(*segment));
	segment->fd = fd;
	if (look_at_file(segment, &size, err) < 0)
		return SEG_NOT_OURS;
	got = size < sizeof(*h) ? (size_t)size : sizeof(*h);
	if (!segment_read(segment, 0, h, got)) {
		err_set(err, -EIO, "cannot be read, or was cut short just now");
		return SEG_CORRUPT;
	}
	verdict = judge_magic(h, got, err);
	if (verdict == SEG_OK && got < sizeof(*h)) {
		err_set(err, -EINVAL, "is cut short within its header");
		return SEG_CORRUPT;
	}
	if (verdict == SEG_OK)
		verdict = judge(h, size, err);
	if (verdict != SEG_OK)
		return verdict;
	if (h->total_size > segment->limit)
		segment->limit = h->total_size < SEGMENT_READ_MOST ? h->total_size :
								     SEGMENT_READ_MOST;
	settle_sections(h, segment->limit);
	return SEG_OK;
}
