/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * decode_pool.c - pools: what is in their storage, and what their workers are doing; see
 * decode.h.
 */
#include "mpstat/collector/decode.h"

#include "libtrace/contract/wire_pool.h"
#include "mpstat/model/kind.h"
#include "mpstat/util/text.h"

#include <string.h>

#define SEATS_MOST 4096u /* looked at */

/* The head of the storage, and where that lies.  False: there is none, or it makes no
 * sense. */
static bool read_pool(const struct decode *d, const struct mpt_wire_object *o,
		      struct mpt_wire_pool *pool, uint64_t *at)
{
	const uint64_t far = 1ull << 40;

	if (!segment_extent(d->segment, o->extent, sizeof(*pool), at) ||
	    !segment_read(d->segment, *at, pool, sizeof(*pool)))
		return false;
	return pool->names_at < far && pool->seats_at < far &&
	       pool->seat_stride >= sizeof(struct mpt_wire_pool_seat);
}

/* Copies `size` bytes that are at `offset` of the storage. */
static bool read_part(const struct decode *d, const struct mpt_wire_object *o, uint64_t offset,
		      void *to, size_t size)
{
	uint64_t at;

	return segment_extent(d->segment, o->extent, offset + size, &at) &&
	       segment_read(d->segment, at + offset, to, size);
}

static void add_seats(const struct decode *d, const struct mpt_wire_object *o,
		      const struct mpt_wire_pool *pool, struct fact_object *out)
{
	uint32_t seats = pool->seats < SEATS_MOST ? pool->seats : SEATS_MOST;
	struct mpt_wire_pool_seat seat;

	for (uint32_t i = 0; i < seats; i++) {
		if (!read_part(d, o, pool->seats_at + (uint64_t)i * pool->seat_stride, &seat,
			       sizeof(seat)))
			return;
		out->tasks_done += seat.finished;
		out->tasks_failed += seat.failed;
	}
}

void decode_pool(const struct decode *d, const struct mpt_wire_object *o, struct fact_object *out)
{
	struct mpt_wire_pool pool;
	uint64_t at;

	if (!read_pool(d, o, &pool, &at))
		return;
	/* Both ends move while they are copied: what was claimed had been submitted. */
	out->take.count = pool.head + pool.skipped;
	out->give.count = pool.submitted > out->take.count ? pool.submitted : out->take.count;
	out->lost = pool.lost < out->take.count ? pool.lost : out->take.count;
	out->workers_wanted = pool.seats;
	out->terminated = pool.stage >= MPT_POOL_TERMINATED;
	out->workers_lost = pool.lost_workers;
	out->run_max_ns = pool.run_max_ns;
	memcpy(&out->run, &pool.run, sizeof(out->run));
	add_seats(d, o, &pool, out);
}

/* ---- workers ------------------------------------------------------------------------- */

static const struct mpt_wire_object *pool_of(const struct decode *d, uint32_t slot,
					     uint32_t generation)
{
	const struct mpt_wire_object *o;

	if (!decode_has_object(d, slot))
		return NULL;
	o = &d->snapshot->objects[slot];
	return o->generation == generation && kind_has(o->kind, MPT_T_WORKERS) ? o : NULL;
}

static void name_task(const struct decode *d, const struct mpt_wire_object *o, uint16_t function,
		      struct fact_thread *out)
{
	struct mpt_wire_pool pool;
	char name[MPT_NAME_MAX];
	uint64_t at;

	if (!read_pool(d, o, &pool, &at) || function >= pool.functions ||
	    !read_part(d, o, pool.names_at + (uint64_t)function * sizeof(name), name, sizeof(name)))
		return;
	text_clean(out->task, sizeof(out->task), name, sizeof(name));
}

void decode_work(const struct decode *d, const struct mpt_wire_thread *t, struct fact_thread *out)
{
	const struct mpt_wire_work *w = &t->work;
	uint32_t slot = (uint32_t)t->serves - 1, generation = (uint32_t)(t->serves >> 32);
	const struct mpt_wire_object *o;

	if (t->serves && pool_of(d, slot, generation))
		out->serves = (struct object_id){ d->domain, slot, generation };
	/* Changing this moment: the next look will see. */
	if (w->since_ns == 0 || (w->seq & 1))
		return;
	o = pool_of(d, w->object, w->object_generation);
	if (!o)
		return;
	out->task_object = (struct object_id){ d->domain, w->object, w->object_generation };
	out->task_since_ns = w->since_ns;
	out->task_number = w->number;
	out->task_awaited = w->flags & MPT_WORK_AWAITS;
	name_task(d, o, w->function, out);
}
