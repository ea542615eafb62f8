/* SPDX-License-Identifier: BSD-2-Clause */
/* snapshot.c - see snapshot.h. */
#include "mpstat/collector/snapshot.h"

#include "mpstat/util/vec.h"

#include <string.h>

#define CHUNK (128u << 10)

struct table {
	const struct segment *segment;
	const struct mpt_wire_section *section;
	uint32_t size; /* bytes of a slot that we know */
};

/* Copies slots [first, first + count), packed to what we know of them; what an older library
 * does not have is 0. */
static bool read_slots(const struct table *t, uint32_t first, uint32_t count, uint8_t *to)
{
	uint64_t stride = t->section->stride;
	uint64_t at = t->section->offset + stride * first;
	uint32_t has = stride < t->size ? (uint32_t)stride : t->size;
	uint32_t step = (uint32_t)(CHUNK / stride), i, n;
	uint8_t chunk[CHUNK];

	if (stride == t->size)
		return segment_read(t->segment, at, to, (size_t)count * t->size);
	for (; count > 0; count -= n, at += stride * n) {
		n = step == 0 ? 1 : count < step ? count : step;
		if (!segment_read(t->segment, at, chunk, (size_t)(stride * (n - 1) + has)))
			return false;
		for (i = 0; i < n; i++, to += t->size) {
			memcpy(to, chunk + stride * i, has);
			memset(to + has, 0, t->size - has);
		}
	}
	return true;
}

/* Reads the used slots of a table into *items. */
static int read_table(struct table *t, void **items, size_t *room, uint32_t *count,
		      uint32_t *left_out)
{
	uint32_t used = t->section->used;
	int rc;

	*count = 0;
	if (used > SNAPSHOT_SLOTS) {
		*left_out += used - SNAPSHOT_SLOTS;
		used = SNAPSHOT_SLOTS;
	}
	rc = vec_reserve(items, room, used, t->size);
	if (rc < 0)
		return rc;
	if (!read_slots(t, 0, used, *items))
		return -EIO;
	*count = used;
	return 0;
}

/* ---- wait states ------------------------------------------------------- */

static bool waits(const struct mpt_wire_wait *w)
{
	return w->since_ns != 0 || (w->seq & 1);
}

/* Two copies with the same even seq have had no change between them. */
static bool still(const struct mpt_wire_thread *before, const struct mpt_wire_thread *after)
{
	return !(before->wait.seq & 1) &&
	       memcmp(&before->wait, &after->wait, sizeof(before->wait)) == 0 &&
	       memcmp(&before->any, &after->any, sizeof(before->any)) == 0;
}

static void take_wait(struct mpt_wire_thread *to, const struct mpt_wire_thread *from)
{
	to->wait = from->wait;
	to->any = from->any;
}

/* Reads one wait state until it holds still. */
static bool settle_wait(const struct table *t, uint32_t slot, struct mpt_wire_thread *out)
{
	struct mpt_wire_thread now, again;

	for (int i = 0; i < SNAPSHOT_RETRIES; i++) {
		if (!read_slots(t, slot, 1, (uint8_t *)&now) ||
		    !read_slots(t, slot, 1, (uint8_t *)&again))
			break;
		take_wait(out, &now);
		if (!waits(&now.wait) || still(&now, &again))
			return true;
	}
	memset(&out->wait, 0, sizeof(out->wait));
	return false;
}

/* Compares [first, first + count) with a second copy, made after the first. */
static bool settle_range(struct snapshot *s, const struct table *t, uint32_t first, uint32_t count)
{
	static const uint32_t most = CHUNK / sizeof(struct mpt_wire_thread);
	struct mpt_wire_thread again[CHUNK / sizeof(struct mpt_wire_thread)];

	if (count > most || !read_slots(t, first, count, (uint8_t *)again))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct mpt_wire_thread *thread = &s->threads[first + i];

		if (waits(&thread->wait) && !still(thread, &again[i]) &&
		    !settle_wait(t, first + i, thread))
			s->unstable++;
	}
	return true;
}

/* Only those that wait need a second look: "not waiting" is one word. */
static bool settle_waits(struct snapshot *s, const struct table *t)
{
	const uint32_t most = CHUNK / sizeof(struct mpt_wire_thread);
	uint32_t first = 0, end;

	while (first < s->thread_count) {
		if (!waits(&s->threads[first].wait)) {
			first++;
			continue;
		}
		end = first + most < s->thread_count ? first + most : s->thread_count;
		while (!waits(&s->threads[end - 1].wait))
			end--;
		if (!settle_range(s, t, first, end - first))
			return false;
		first = end;
	}
	return true;
}

static int explain(int rc, struct err *err)
{
	if (rc == -ENOMEM)
		return err_set(err, rc, "is left out: no memory for a copy of its tables");
	return rc < 0 ? err_set(err, rc, "cannot be read: it was cut short just now") : 0;
}

int snapshot_load_processes(struct snapshot *s, const struct segment *segment, struct err *err)
{
	struct table p = { segment, &segment->header.section[MPT_SEC_PROCESSES],
			   sizeof(*s->processes) };

	s->thread_count = s->object_count = s->unstable = s->left_out = 0;
	return explain(read_table(&p, (void **)&s->processes, &s->process_room,
				  &s->process_count, &s->left_out),
		       err);
}

int snapshot_load_rest(struct snapshot *s, const struct segment *segment, struct err *err)
{
	const struct mpt_wire_section *section = segment->header.section;
	struct table t = { segment, &section[MPT_SEC_THREADS], sizeof(*s->threads) };
	struct table o = { segment, &section[MPT_SEC_OBJECTS], sizeof(*s->objects) };
	int rc = read_table(&t, (void **)&s->threads, &s->thread_room, &s->thread_count,
			    &s->left_out);

	if (rc == 0)
		rc = read_table(&o, (void **)&s->objects, &s->object_room, &s->object_count,
				&s->left_out);
	if (rc == 0 && !settle_waits(s, &t))
		rc = -EIO;
	return explain(rc, err);
}

void snapshot_free(struct snapshot *s)
{
	free(s->processes);
	free(s->threads);
	free(s->objects);
	memset(s, 0, sizeof(*s));
}

const struct mpt_wire_process *snapshot_process_of(const struct snapshot *s,
						   const struct mpt_wire_thread *thread)
{
	const struct mpt_wire_process *p;

	if (thread->process >= s->process_count)
		return NULL;
	p = &s->processes[thread->process];
	return p->generation == thread->process_generation ? p : NULL;
}
