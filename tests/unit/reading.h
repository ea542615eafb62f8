/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reading.h - one pass of the collector over a descriptor, without discovery.
 *
 * bytes -> facts, as source_segment.c does it for each domain.  Header only.
 */
#ifndef TESTS_UNIT_READING_H
#define TESTS_UNIT_READING_H

#include "mpstat/collector/records.h"

#include <string.h>

struct reading {
	struct segment segment;
	struct snapshot snapshot;
	struct claims claims;
	struct cursors cursors;
	struct records records;
	struct decode decode;
	struct fact_sink sink;
	struct err err;
	int proc; /* open procfs */
	struct announced announced[1];
	size_t announced_count;
	uint64_t pidns; /* inode of our pid namespace; 0: not compared */
	bool post_mortem;
};

static inline void reading_free(struct reading *r)
{
	snapshot_free(&r->snapshot);
	claims_free(&r->claims);
	cursors_free(&r->cursors);
	records_free(&r->records);
}

/* Reads the segment behind fd up to private copies.  False: r->err says why not. */
static inline enum segment_verdict reading_load(struct reading *r, int fd)
{
	enum segment_verdict verdict;
	struct claim_context context = { .proc = r->proc,
					 .segment = &r->segment,
					 .snapshot = &r->snapshot,
					 .same_boot = true,
					 .announced = r->announced,
					 .announced_count = r->announced_count,
					 .pidns = r->pidns };

	memset(&r->err, 0, sizeof(r->err));
	verdict = segment_load(&r->segment, fd, &r->err);
	if (verdict != SEG_OK)
		return verdict;
	if (snapshot_load_processes(&r->snapshot, &r->segment, &r->err) < 0 ||
	    claims_check(&r->claims, &context) < 0 ||
	    snapshot_load_rest(&r->snapshot, &r->segment, &r->err) < 0)
		return SEG_CORRUPT;
	r->decode = (struct decode){ .segment = &r->segment,
				     .snapshot = &r->snapshot,
				     .claims = &r->claims,
				     .sink = &r->sink,
				     .domain = segment_domain(&r->segment.header),
				     .post_mortem = r->post_mortem };
	return SEG_OK;
}

/* The same, and tells everything. */
static inline enum segment_verdict reading_tell(struct reading *r, int fd)
{
	enum segment_verdict verdict = reading_load(r, fd);

	if (verdict != SEG_OK)
		return verdict;
	decode_domain(&r->decode);
	decode_processes(&r->decode);
	decode_threads(&r->decode);
	decode_objects(&r->decode);
	decode_uses(&r->decode);
	records_collect(&r->records, &r->cursors, &r->decode);
	records_tell(&r->records, 0, &r->sink);
	return SEG_OK;
}

#endif
