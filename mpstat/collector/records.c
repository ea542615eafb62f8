/* SPDX-License-Identifier: BSD-2-Clause */
/* records.c - see records.h. */
#include "mpstat/collector/records.h"

#include "libtrace/contract/ring.h"
#include "libtrace/contract/vocab.h"
#include "mpstat/util/vec.h"

#include <stddef.h>
#include <string.h>

#define PACKET_LEAST 128u
#define PACKET_MOST (16u << 20)
#define HEAD_MOST (1ull << 62) /* no thread lives long enough: a lie, and sums would wrap */
/* An object made less than this after a record may still be what the record is
 * about: the two times come from two clocks. */
#define CLOCK_SLACK_NS 1000000u

/* One thread's ring, as checked from the private copy of its slot. */
struct ring {
	const struct decode *d;
	const struct mpt_wire_thread *thread;
	uint32_t slot;
	uint64_t at; /* of the first packet in the segment */
	uint64_t per_packet;
	uint64_t corrupt;
};

static bool power_of_two(uint32_t n)
{
	return n && !(n & (n - 1));
}

static bool ring_of(struct ring *r, const struct decode *d, uint32_t slot)
{
	const struct mpt_wire_thread *t = &d->snapshot->threads[slot];
	const uint64_t ledger = MPT_USES_BLOCKS * MPT_BLOCK;

	*r = (struct ring){ .d = d, .thread = t, .slot = slot };
	if (!t->extent || !power_of_two(t->packet_size) || t->packet_size < PACKET_LEAST ||
	    t->packet_size > PACKET_MOST || !power_of_two(t->packets) || t->head > HEAD_MOST)
		return false;
	r->per_packet = mpt_ring_per_packet(t->packet_size);
	if (!segment_extent(d->segment, t->extent,
			    ledger + (uint64_t)t->packets * t->packet_size, &r->at))
		return false;
	r->at += ledger;
	return true;
}

static void tell_loss(const struct decode *d, enum fact_loss_cause cause, uint64_t count)
{
	struct fact fact;

	if (!count)
		return;
	decode_begin(d, &fact, FACT_LOSS);
	fact.u.loss = (struct fact_loss){ cause, d->domain, count };
	decode_emit(d, &fact);
}

/* ---- one packet ------------------------------------------------------------ */

/* Generation of what the record is about; 0 when the slot was given to another
 * object since. */
static uint32_t generation_of(const struct decode *d, const struct mpt_record *r)
{
	const struct snapshot *s = d->snapshot;
	uint32_t slot = r->object & ~MPT_REF_PROCESS;
	const struct mpt_wire_object *o;

	if (r->object & MPT_REF_PROCESS)
		return slot < s->process_count ? s->processes[slot].generation : 0;
	if (slot >= s->object_count)
		return 0;
	o = &s->objects[slot];
	return r->time >= o->created_ns || o->created_ns - r->time < CLOCK_SLACK_NS ?
		       o->generation :
		       0;
}

static int keep(struct records *all, struct ring *r, const struct mpt_record *record, size_t count)
{
	int rc = VEC_RESERVE(&all->entries, all->entries.count + count);

	if (rc < 0)
		return rc;
	for (; count > 0; count--, record++) {
		struct record_entry *e = &all->entries.items[all->entries.count];

		if (MPT_OP_KIND(record->op) == 0 || record->time == 0) {
			r->corrupt++;
			continue;
		}
		e->record = *record;
		e->generation = generation_of(r->d, record);
		all->entries.count++;
	}
	return 0;
}

/* Copies packet `number` up to record `end` (a number within it) and keeps what is
 * not before `from`.  Returns how many records from `from` on were intact, or -ENOMEM. */
static int64_t copy_packet(struct records *all, struct ring *r, uint64_t from, uint64_t end)
{
	const struct mpt_wire_thread *t = r->thread;
	uint64_t number = from / r->per_packet, first = number * r->per_packet;
	uint64_t at = r->at + (number & (t->packets - 1)) * t->packet_size;
	size_t size = sizeof(struct mpt_wire_packet) + (end - first) * sizeof(struct mpt_record);
	struct mpt_wire_packet again;
	int64_t valid;

	if (vec_reserve((void **)&all->packet, &all->packet_room, size, 1) < 0)
		return -ENOMEM;
	if (!segment_read(r->d->segment, at, all->packet, size) ||
	    !segment_read(r->d->segment, at, &again, sizeof(again)))
		return 0;
	valid = mpt_ring_valid((struct mpt_wire_packet *)(void *)all->packet, &again, number,
			       end, t->packet_size);
	if (valid < (int64_t)(end - first))
		return 0;
	if (keep(all, r, (struct mpt_record *)(void *)(all->packet + sizeof(again)) + (from - first),
		 end - from) < 0)
		return -ENOMEM;
	return (int64_t)(end - from);
}

/* ---- one ring ---------------------------------------------------------------- */

/* Was the ring given to another thread while we read?  Its taker clears the extent
 * first. */
static bool still_its(const struct ring *r)
{
	const struct mpt_wire_section *s = &r->d->segment->header.section[MPT_SEC_THREADS];
	struct mpt_wire_thread now;

	return segment_read(r->d->segment, s->offset + (uint64_t)s->stride * r->slot, &now,
			    sizeof(now)) &&
	       now.generation == r->thread->generation && now.extent == r->thread->extent;
}

static int add_run(struct records *all, const struct ring *r, size_t first)
{
	int rc = VEC_RESERVE(&all->runs, all->runs.count + 1);

	if (rc == 0)
		rc = vec_reserve((void **)&all->heap, &all->heap_room, all->runs.count + 1,
				 sizeof(*all->heap));
	if (rc == 0)
		all->runs.items[all->runs.count++] = (struct record_run){
			.domain = r->d->domain,
			.process = decode_process_id(r->d, r->thread->process),
			.tid = r->thread->tid,
			.next = first,
			.end = all->entries.count,
		};
	return rc;
}

/* Reads records [c->next, end) into `all`; c->next moves to `end`. */
static int read_ring(struct records *all, struct cursor *c, struct ring *r, uint64_t end)
{
	uint64_t n = mpt_ring_oldest(r->thread->head, r->thread->packet_size, r->thread->packets);
	uint64_t whole, lost, told = 0;
	size_t first = all->entries.count;
	int64_t got;

	if (n < c->next)
		n = c->next;
	for (; n < end; n = whole) {
		whole = (n / r->per_packet + 1) * r->per_packet;
		whole = whole < end ? whole : end;
		got = copy_packet(all, r, n, whole);
		if (got < 0)
			return (int)got;
		told += (uint64_t)got;
	}
	if (!still_its(r)) {
		all->entries.count = first;
		told = r->corrupt = 0;
	}
	lost = end - c->next - told;
	c->next = end;
	tell_loss(r->d, FACT_LOSS_OVERWRITTEN, lost);
	tell_loss(r->d, FACT_LOSS_CORRUPT, r->corrupt);
	return all->entries.count > first ? add_run(all, r, first) : 0;
}

/* ---- all rings of a domain ------------------------------------------------------ */

static int fit_cursors(struct cursors *cursors, size_t count)
{
	int rc = VEC_RESERVE(cursors, count);

	if (rc == 0 && count > cursors->count) {
		memset(cursors->items + cursors->count, 0,
		       (count - cursors->count) * sizeof(*cursors->items));
		cursors->count = count;
	}
	return rc;
}

/* Another incarnation of the slot starts from its first record. */
static void follow(struct cursor *c, const struct mpt_wire_thread *t)
{
	if (c->generation != t->generation)
		*c = (struct cursor){ .generation = t->generation };
	if (c->next > t->head)
		c->next = t->head; /* a lie: nothing is told twice */
}

static bool has_news(const struct decode *d, const struct cursors *cursors, uint32_t slot)
{
	const struct mpt_wire_thread *t = &d->snapshot->threads[slot];

	return decode_has_thread(d, t) && t->head > cursors->items[slot].next;
}

/* What each thread may have of this refresh, so that one does not starve the others. */
static uint64_t share(const struct records *all, const struct decode *d,
		      const struct cursors *cursors)
{
	uint64_t wanting = 0, left = 0;

	for (uint32_t i = 0; i < d->snapshot->thread_count; i++)
		wanting += has_news(d, cursors, i);
	if (all->entries.count < RECORDS_PER_REFRESH)
		left = RECORDS_PER_REFRESH - all->entries.count;
	return wanting ? left / wanting + 1 : 0;
}

static int read_thread(struct records *all, struct cursor *c, const struct decode *d,
		       uint32_t slot, uint64_t most)
{
	const struct mpt_wire_thread *t = &d->snapshot->threads[slot];
	uint64_t from, oldest;
	struct ring r;

	if (!ring_of(&r, d, slot)) {
		/* Its ring was given to another thread, or is a lie. */
		tell_loss(d, t->extent ? FACT_LOSS_CORRUPT : FACT_LOSS_OVERWRITTEN,
			  t->head - c->next);
		c->next = t->head;
		return 0;
	}
	oldest = mpt_ring_oldest(t->head, t->packet_size, t->packets);
	from = c->next > oldest ? c->next : oldest;
	return read_ring(all, c, &r, t->head - from <= most ? t->head : from + most);
}

static void tell_reentered(struct cursor *c, const struct decode *d,
			   const struct mpt_wire_thread *t)
{
	if (t->lost_reentered > c->reentered)
		tell_loss(d, FACT_LOSS_REENTERED, t->lost_reentered - c->reentered);
	c->reentered = t->lost_reentered;
}

int records_collect(struct records *all, struct cursors *cursors, const struct decode *d)
{
	const struct snapshot *s = d->snapshot;
	uint64_t most;
	int rc = fit_cursors(cursors, s->thread_count);

	if (rc < 0)
		return rc;
	for (uint32_t i = 0; i < s->thread_count; i++)
		if (decode_has_thread(d, &s->threads[i])) {
			follow(&cursors->items[i], &s->threads[i]);
			tell_reentered(&cursors->items[i], d, &s->threads[i]);
		}
	most = share(all, d, cursors);
	for (uint32_t i = 0; rc == 0 && i < s->thread_count; i++)
		if (has_news(d, cursors, i))
			rc = read_thread(all, &cursors->items[i], d, i, most);
	return rc;
}

/* ---- in order of time ----------------------------------------------------------- */

static uint64_t time_of(const struct records *all, size_t run)
{
	return all->entries.items[all->runs.items[run].next].record.time;
}

/* Of equal times the run collected first comes first: the same every time. */
static bool before(const struct records *all, size_t a, size_t b)
{
	uint64_t x = time_of(all, a), y = time_of(all, b);

	return x != y ? x < y : a < b;
}

/* A heap of run numbers, the earliest on top. */
static void sift(const struct records *all, size_t *heap, size_t count, size_t i)
{
	for (;;) {
		size_t least = i, left = 2 * i + 1, saved = heap[i];

		if (left < count && before(all, heap[left], heap[least]))
			least = left;
		if (left + 1 < count && before(all, heap[left + 1], heap[least]))
			least = left + 1;
		if (least == i)
			return;
		heap[i] = heap[least];
		heap[least] = saved;
		i = least;
	}
}

static void tell_one(const struct record_run *run, const struct record_entry *e,
		     const struct fact_sink *sink, struct fact *fact)
{
	fact->time_ns = e->record.time;
	fact->u.record = (struct fact_record){
		.process = run->process,
		.tid = run->tid,
		.domain = run->domain,
		.object = { run->domain, e->record.object, e->generation },
		.op = e->record.op,
		.phase = e->record.phase,
		.flags = e->record.flags,
		.value = e->record.value,
		.span = e->record.span,
	};
	sink->apply(sink->arg, fact);
}

static void tell_merged(struct records *all, const struct fact_sink *sink, struct fact *fact)
{
	size_t count = all->runs.count, *heap = all->heap;

	for (size_t i = 0; i < count; i++)
		heap[i] = i;
	for (size_t i = count / 2; i-- > 0;)
		sift(all, heap, count, i);
	while (count > 0) {
		struct record_run *run = &all->runs.items[heap[0]];

		tell_one(run, &all->entries.items[run->next++], sink, fact);
		if (run->next == run->end)
			heap[0] = heap[--count];
		if (count > 0)
			sift(all, heap, count, 0);
	}
}

void records_tell(struct records *all, uint64_t now_ns, const struct fact_sink *sink)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = FACT_RECORD;
	fact.source = FACT_FROM_SEGMENT;
	fact.time_ns = now_ns;
	tell_merged(all, sink, &fact);
	all->entries.count = 0;
	all->runs.count = 0;
}

void records_free(struct records *all)
{
	free(all->entries.items);
	free(all->runs.items);
	free(all->packet);
	free(all->heap);
	memset(all, 0, sizeof(*all));
}

void cursors_free(struct cursors *cursors)
{
	free(cursors->items);
	memset(cursors, 0, sizeof(*cursors));
}
