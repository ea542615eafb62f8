/* SPDX-License-Identifier: BSD-2-Clause */
/* decode_object.c - object slots to facts; see decode.h. */
#include "mpstat/collector/decode.h"

#include "libtrace/contract/wire_heap.h"

#include "mpstat/model/kind.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(MPT_HIST_BUCKETS == FACT_HIST_BUCKETS, "wire and facts agree");
_Static_assert(sizeof(struct mpt_wire_hist) == sizeof(struct fact_hist), "wire and facts agree");

static void fill_hist(const struct mpt_wire_hist *h, struct fact_hist *out)
{
	memcpy(out, h, sizeof(*out));
}

static void fill_side(const struct mpt_wire_side *s, struct fact_side *out)
{
	out->count = s->index;
	out->bytes = s->bytes;
	out->waits = s->waits;
	out->wait_ns = s->wait_ns;
	out->wait_max_ns = s->wait_max_ns;
	out->timeouts = s->timeouts;
	fill_hist(&s->wait, &out->wait);
}

static void fill_owner(const struct mpt_wire_object *o, struct fact_object *out)
{
	uint32_t word = o->take.lock & ~MPT_LOCK_WAITERS;

	out->hold_ns = o->hold_ns;
	out->hold_max_ns = o->hold_max_ns;
	out->held = word != 0;
	if (!out->held)
		return;
	out->owner_slot = MPT_LOCK_SLOT(word);
	out->owner_generation = MPT_LOCK_GENERATION(word);
	out->owner_since_ns = o->owner_since_ns;
	out->owner_times = 1ull + o->owner_again;
}

/* When the oldest message was put: its descriptor is the one to be taken next. */
static uint64_t oldest(const struct decode *d, const struct mpt_wire_object *o)
{
	struct mpt_wire_message message;
	uint64_t at;

	if (o->slots == 0 || o->slots > UINT32_MAX || o->give.index <= o->take.index ||
	    !segment_extent(d->segment, o->extent, o->slots * sizeof(message), &at))
		return 0;
	at += o->take.index % o->slots * sizeof(message);
	if (!segment_read(d->segment, at, &message, sizeof(message)))
		return 0;
	return message.time_ns;
}

/* What its storage says of itself; nothing when that is not there. */
static void fill_items(const struct decode *d, const struct mpt_wire_object *o,
		       struct fact_object *out)
{
	struct mpt_wire_heap heap;
	uint64_t at;

	if (!segment_extent(d->segment, o->extent, sizeof(heap), &at) ||
	    !segment_read(d->segment, at, &heap, sizeof(heap)) || !heap.layout)
		return;
	out->containers = heap.containers;
	out->items = heap.items;
	out->used_bytes = heap.used;
	out->collected = heap.collected;
	out->changes = heap.changes;
	for (size_t i = 0; i < MPT_HEAP_STRIPES; i++)
		out->changes += heap.stripe[i].changes;
	for (size_t i = 0; i < MPT_HEAP_TALLIES; i++)
		out->reads += heap.tally[i].reads;
}

/* Processes on the list that are what they were, each counted once. */
static uint64_t mapped_by(const struct decode *d, const struct mpt_wire_object *o)
{
	uint8_t seen[(UINT16_MAX + 1) / 8] = { 0 };
	uint64_t list[MPT_HOLDERS], at, count = 0;

	if (!o->extent || !segment_extent(d->segment, o->extent, sizeof(list), &at) ||
	    !segment_read(d->segment, at, list, sizeof(list)))
		return 0;
	for (size_t i = 0; i < MPT_HOLDERS; i++) {
		uint32_t slot = MPT_HOLDER_SLOT(list[i]);

		if (!list[i] || seen[slot / 8] & 1u << slot % 8 || !decode_is_member(d, slot) ||
		    d->snapshot->processes[slot].generation != MPT_HOLDER_GENERATION(list[i]))
			continue;
		seen[slot / 8] |= (uint8_t)(1u << slot % 8);
		count++;
	}
	return count;
}

static void fill_guard(const struct decode *d, uint32_t slot, const struct mpt_wire_object *o,
		       struct fact_object *out)
{
	out->unguarded = o->pair == MPT_REF_NONE;
	if (o->pair != slot && o->pair < d->snapshot->object_count)
		out->guard = (struct object_id){ d->domain, (uint32_t)o->pair,
						 o->pair_generation };
}

static void fill_site(const struct mpt_wire_object *o, struct fact_object *out)
{
	char module[sizeof(o->site_module) + 1];

	if (text_clean(module, sizeof(module), o->site_module, sizeof(o->site_module)) == 0)
		return;
	snprintf(out->site, sizeof(out->site), "%s+0x%llx", module,
		 (unsigned long long)o->site_offset);
}

static void fill_lock(const struct decode *d, const struct mpt_wire_object *o,
		      struct fact_object *out)
{
	if (o->pair < d->snapshot->object_count)
		out->lock = (struct object_id){ d->domain, (uint32_t)o->pair, o->pair_generation };
}

static void fill_object(const struct decode *d, uint32_t slot, struct fact_object *out)
{
	const struct mpt_wire_object *o = &d->snapshot->objects[slot];
	uint32_t traits = kind_traits(o->kind);

	out->id = (struct object_id){ d->domain, slot, o->generation };
	out->kind = o->kind;
	text_clean(out->name, sizeof(out->name), o->name, sizeof(o->name));
	fill_site(o, out);
	out->creator = decode_process_id(d, o->creator);
	out->created_ns = o->created_ns;
	out->capacity = o->capacity;
	out->capacity_bytes = o->capacity_bytes;
	out->lost = o->lost + (traits & MPT_T_ENDS ? o->missing : 0);
	out->recovered = o->recovered;
	out->recovered_pid = decode_pid(d, o->recovered_pid);
	out->recovered_ns = o->recovered_ns;
	if (traits & MPT_T_OWNER)
		fill_owner(o, out);
	if (traits & MPT_T_DEPTH && !(traits & MPT_T_WORKERS))
		out->oldest_ns = oldest(d, o);
	if (traits & MPT_T_UNITS) {
		out->units = o->slots;
		out->abandoned = o->give.bytes;
	}
	if (traits & MPT_T_UNFINISHED) {
		out->finishes = o->finish.index;
		out->abandoned = o->finish.bytes;
	}
	if (traits & MPT_T_FLAG) {
		out->set = o->latch & MPT_LATCH_SET;
		out->sets = MPT_LATCH_COUNT(o->latch);
	}
	if (traits & MPT_T_PARTIES) {
		out->broken = o->latch & MPT_GATE_BROKEN;
		out->arrived = MPT_GATE_COUNT(o->latch);
	}
	if (traits & MPT_T_SLEEPERS)
		fill_lock(d, o, out);
	if (traits & MPT_T_ITEMS)
		fill_items(d, o, out);
	if (traits & MPT_T_MAPPED)
		out->mapped_by = mapped_by(d, o);
	if (traits & MPT_T_SIZE && traits & MPT_T_OWNER)
		fill_guard(d, slot, o, out);
	fill_side(&o->take, &out->take);
	fill_side(&o->give, &out->give);
	fill_hist(&o->hold, &out->hold);
	if (traits & MPT_T_WORKERS)
		decode_pool(d, o, out);
}

int decode_objects(const struct decode *d)
{
	uint64_t *pending = decode_pending_losses(d);
	struct fact fact;

	if (!pending)
		return -ENOMEM;
	for (uint32_t i = 0; i < d->snapshot->object_count; i++) {
		if (!decode_has_object(d, i))
			continue;
		decode_begin(d, &fact, FACT_OBJECT);
		fill_object(d, i, &fact.u.object);
		fact.u.object.lost += pending[i];
		decode_emit(d, &fact);
	}
	free(pending);
	return 0;
}
