/* SPDX-License-Identifier: BSD-2-Clause */
/* decode.c - what the decode_x.c share, and the domain itself; see decode.h. */
#include "mpstat/collector/decode.h"

#include "libtrace/contract/vocab.h"
#include "mpstat/util/text.h"

#include <stddef.h>
#include <string.h>

/* Clearing only what the type uses: objects are large, records are many. */
void decode_begin(const struct decode *d, struct fact *fact, enum fact_type type)
{
	static const size_t sizes[] = {
		[FACT_DOMAIN] = sizeof(fact->u.domain), [FACT_PROCESS] = sizeof(fact->u.process),
		[FACT_THREAD] = sizeof(fact->u.thread), [FACT_OBJECT] = sizeof(fact->u.object),
		[FACT_USE] = sizeof(fact->u.use),	[FACT_RECORD] = sizeof(fact->u.record),
		[FACT_LOSS] = sizeof(fact->u.loss),
	};

	memset(fact, 0, offsetof(struct fact, u) + sizes[type]);
	fact->type = type;
	fact->source = FACT_FROM_SEGMENT;
	fact->time_ns = d->now_ns;
}

void decode_emit(const struct decode *d, const struct fact *fact)
{
	d->sink->apply(d->sink->arg, fact);
}

static const struct claim *claim_of(const struct decode *d, uint32_t slot)
{
	return slot < d->snapshot->process_count ? &d->claims->items[slot] : NULL;
}

bool decode_has_process(const struct decode *d, uint32_t slot)
{
	const struct claim *c = claim_of(d, slot);

	return c && (c->verdict == CLAIM_ALIVE || c->verdict == CLAIM_GONE);
}

struct process_id decode_process_id(const struct decode *d, uint32_t slot)
{
	const struct claim *c = claim_of(d, slot);

	if (!decode_has_process(d, slot))
		return (struct process_id){ 0, 0 };
	return (struct process_id){ c->pid ? c->pid : c->claimed_pid, c->start };
}

uint32_t decode_pid(const struct decode *d, uint32_t claimed)
{
	for (size_t i = 0; claimed && i < d->claims->count; i++) {
		const struct claim *c = &d->claims->items[i];

		if (c->claimed_pid == claimed && c->pid && c->verdict != CLAIM_NONE)
			return c->pid;
	}
	return claimed;
}

bool decode_is_member(const struct decode *d, uint32_t slot)
{
	const struct claim *c = claim_of(d, slot);
	const struct mpt_wire_process *p;

	if (!c || c->verdict != CLAIM_ALIVE)
		return false;
	p = &d->snapshot->processes[slot];
	return p->state != MPT_SLOT_DEAD && !(p->flags & MPT_PROC_EXEC);
}

bool decode_has_thread(const struct decode *d, const struct mpt_wire_thread *t)
{
	return t->state >= MPT_SLOT_LIVE && t->state <= MPT_SLOT_DEAD &&
	       snapshot_process_of(d->snapshot, t) && decode_has_process(d, t->process);
}

bool decode_thread_ended(const struct decode *d, const struct mpt_wire_thread *t)
{
	return t->state != MPT_SLOT_LIVE || !decode_is_member(d, t->process);
}

/* Retired objects are told only of a domain whose story is over. */
bool decode_has_object(const struct decode *d, uint32_t slot)
{
	const struct mpt_wire_object *o;

	if (slot >= d->snapshot->object_count)
		return false;
	o = &d->snapshot->objects[slot];
	if (o->kind == MPT_KIND_NONE)
		return false;
	return o->state == MPT_SLOT_LIVE || (d->post_mortem && o->state == MPT_SLOT_ENDED);
}

static uint64_t rings_bytes(const struct snapshot *s)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->thread_count; i++)
		if (s->threads[i].extent)
			sum += (uint64_t)s->threads[i].packet_size * s->threads[i].packets;
	return sum;
}

void decode_domain(const struct decode *d)
{
	const struct mpt_wire_header *h = &d->segment->header;
	struct fact fact;
	struct fact_domain *out = &fact.u.domain;

	decode_begin(d, &fact, FACT_DOMAIN);
	out->domain = d->domain;
	text_clean(out->name, sizeof(out->name), h->name, sizeof(h->name));
	out->creator_pid = decode_pid(d, h->creator_pid);
	out->created_ns = h->created_ns;
	out->size_bytes = d->segment->allocated;
	out->rings_bytes = rings_bytes(d->snapshot);
	out->deaths = h->deaths;
	out->records_off = h->flags & MPT_SEG_NO_RINGS;
	out->post_mortem = d->post_mortem;
	out->published = d->published;
	decode_emit(d, &fact);
}
