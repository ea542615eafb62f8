/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ring.h - both ends of a thread's ring, and the only place where the order
 * of its stores and loads is decided.
 *
 * One writer: the thread.  Any number of readers, who only copy and are never
 * waited for.  The ring overwrites its oldest packet.
 *
 * Record number n (counted from 0) lies in packet n / per_packet; packet p
 * lies at index p % packets and carries packet_seq_num p + 1.  So a reader
 * that knows `head` knows exactly which records exist, and one that finds
 * another sequence number knows exactly how many it has lost.
 *
 * Writer                                   Reader
 *   turn: seq = 0; release fence             head: load-acquire
 *         header; seq = p + 1 (release)      copy the packet
 *   put:  fill the record                    copy its header again
 *         head = n + 1 (release)             both seq == p + 1, else overwritten
 *
 * A writer killed between "fill" and "head" leaves a record nobody counts: it
 * never happened.  Killed inside turn, it leaves seq 0: that packet is empty.
 */
#ifndef MPT_CONTRACT_RING_H
#define MPT_CONTRACT_RING_H

#include "libtrace/contract/wire.h"

#include <stdatomic.h>
#include <stdbool.h>

static inline uint32_t mpt_ring_per_packet(uint32_t packet_size)
{
	return (packet_size - (uint32_t)sizeof(struct mpt_wire_packet)) /
	       (uint32_t)sizeof(struct mpt_record);
}

/* ---- writer ---------------------------------------------------------- */

/* Lives in the writer's own memory. */
struct mpt_ring {
	struct mpt_record *next, *end; /* in the open packet */
	_Atomic uint64_t *head;	       /* mpt_wire_thread.head */
	struct mpt_wire_packet *open;
	uint8_t *base;
	uint32_t packet_size;
	uint32_t packets; /* a power of two */
	uint64_t count;	  /* what *head holds: nobody else writes it */
};

/* The slot for the next record, NULL when mpt_ring_turn() must be called. */
static inline struct mpt_record *mpt_ring_slot(const struct mpt_ring *r)
{
	return r->next < r->end ? r->next : NULL;
}

/* Publishes the record filled in at mpt_ring_slot(). */
static inline void mpt_ring_publish(struct mpt_ring *r)
{
	r->next++;
	atomic_store_explicit(r->head, ++r->count, memory_order_release);
}

/* Closes the open packet and opens the next one, the oldest.  `like` gives
 * uuid, stream, pid and tid; `now` is the time of the record to come. */
static inline void mpt_ring_turn(struct mpt_ring *r, const struct mpt_wire_packet *like,
				 uint64_t now, uint64_t discarded)
{
	uint32_t per = mpt_ring_per_packet(r->packet_size);
	uint64_t number = r->count / per;
	struct mpt_wire_packet *p;

	p = (struct mpt_wire_packet *)(r->base + (number & (r->packets - 1)) * r->packet_size);
	if (r->open) {
		r->open->timestamp_end = r->next[-1].time;
		r->open->content_size = (sizeof(*p) + (uint64_t)per * sizeof(*r->next)) * 8;
		r->open->events_discarded = discarded;
	}
	atomic_store_explicit((_Atomic uint64_t *)&p->packet_seq_num, 0, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	p->magic = MPT_CTF_MAGIC;
	for (int i = 0; i < 16; i++)
		p->uuid[i] = like->uuid[i];
	p->stream_id = 0;
	p->timestamp_begin = now;
	p->timestamp_end = 0;
	p->content_size = 0;
	p->packet_size = (uint64_t)r->packet_size * 8;
	p->events_discarded = discarded;
	p->pid = like->pid;
	p->tid = like->tid;
	r->open = p;
	r->next = (struct mpt_record *)(void *)(p + 1);
	r->end = r->next + per;
	atomic_store_explicit((_Atomic uint64_t *)&p->packet_seq_num, number + 1,
			      memory_order_release);
}

/* ---- reader: on private copies only ---------------------------------- */

/* How many records of packet `number` are complete, given a copy of the whole
 * packet, a copy of its header made afterwards, and a `head` loaded before
 * both.  -1: overwritten meanwhile (or never written). */
static inline int64_t mpt_ring_valid(const struct mpt_wire_packet *copy,
				     const struct mpt_wire_packet *again, uint64_t number,
				     uint64_t head, uint32_t packet_size)
{
	uint64_t per = mpt_ring_per_packet(packet_size);

	if (copy->magic != MPT_CTF_MAGIC || copy->packet_seq_num != number + 1 ||
	    again->packet_seq_num != number + 1 || head < number * per)
		return -1;
	return (int64_t)(head - number * per < per ? head - number * per : per);
}

/* The oldest record number a ring of this shape can still hold at `head`. */
static inline uint64_t mpt_ring_oldest(uint64_t head, uint32_t packet_size, uint32_t packets)
{
	uint64_t per = mpt_ring_per_packet(packet_size);
	uint64_t open = head / per;

	return open < packets ? 0 : (open - packets + 1) * per;
}

#endif
