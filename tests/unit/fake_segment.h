/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fake_segment.h - a segment in a memfd, built by the test itself.
 *
 * Owns: a small valid segment with processes, threads, objects, ledgers and
 * rings, mapped so that a test can lie in any byte of it.  Does not own: what
 * the collector makes of it.  Header only: several test programs use it.
 */
#ifndef TESTS_UNIT_FAKE_SEGMENT_H
#define TESTS_UNIT_FAKE_SEGMENT_H

#include "libtrace/contract/ring.h"
#include "libtrace/contract/vocab.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define FAKE_UNUSED __attribute__((unused))

struct fake_shape {
	uint32_t processes, threads, objects; /* slots, all in use */
	uint32_t packet_size, packets;	      /* per thread; 0: no rings */
	uint32_t storage_blocks;	      /* per object */
	uint32_t wider; /* bytes that a newer minor version added to each slot */
	bool old;	/* objects as the first minor version had them */
};

struct fake {
	int fd;
	size_t size;
	uint8_t *bytes; /* mapped: what is written here is in the segment */
	struct mpt_wire_header *header;
	struct fake_shape shape;
};

static const uint8_t fake_id[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static inline void *fake_slot(const struct fake *f, enum mpt_section section, uint32_t slot)
{
	const struct mpt_wire_section *s = &f->header->section[section];

	return f->bytes + s->offset + (uint64_t)s->stride * slot;
}

static inline struct mpt_wire_process *fake_process(const struct fake *f, uint32_t slot)
{
	return fake_slot(f, MPT_SEC_PROCESSES, slot);
}

static inline struct mpt_wire_thread *fake_thread(const struct fake *f, uint32_t slot)
{
	return fake_slot(f, MPT_SEC_THREADS, slot);
}

static inline struct mpt_wire_object *fake_object(const struct fake *f, uint32_t slot)
{
	return fake_slot(f, MPT_SEC_OBJECTS, slot);
}

static inline void *fake_arena(const struct fake *f, uint64_t extent)
{
	return f->bytes + f->header->section[MPT_SEC_ARENA].offset +
	       (uint64_t)(uint32_t)extent * MPT_BLOCK;
}

static inline struct mpt_wire_use *fake_uses(const struct fake *f, uint32_t thread)
{
	return fake_arena(f, fake_thread(f, thread)->extent);
}

static inline uint32_t fake_ring_blocks(const struct fake_shape *shape)
{
	return MPT_USES_BLOCKS + (shape->packet_size * shape->packets + MPT_BLOCK - 1) / MPT_BLOCK;
}

/* Tables from page 1 on, each on a page of its own; block 0 of the arena is never used,
 * then one extent per thread, then one per object. */
static void fake_lay_out(struct fake *f, struct mpt_wire_header *h)
{
	const struct fake_shape *s = &f->shape;
	const struct mpt_wire_section sections[] = {
		[MPT_SEC_PROCESSES] = { .stride = sizeof(struct mpt_wire_process) + s->wider,
					.count = s->processes },
		[MPT_SEC_THREADS] = { .stride = sizeof(struct mpt_wire_thread) + s->wider,
				      .count = s->threads },
		[MPT_SEC_OBJECTS] = { .stride = (s->old ? MPT_WIRE_OBJECT_1_0
							: sizeof(struct mpt_wire_object)) +
						 s->wider,
				      .count = s->objects },
		[MPT_SEC_ARENA] = { .stride = MPT_BLOCK,
				    .count = 1 + s->threads * fake_ring_blocks(s) +
					     s->objects * s->storage_blocks },
	};
	uint64_t at = MPT_BLOCK;

	for (int i = 0; i <= MPT_SEC_ARENA; i++) {
		h->section[i] = sections[i];
		h->section[i].used = sections[i].count;
		h->section[i].offset = at;
		at += (uint64_t)sections[i].stride * sections[i].count;
		at = (at + MPT_BLOCK - 1) / MPT_BLOCK * MPT_BLOCK;
	}
	h->total_size = at;
}

static void fake_fill_header(struct mpt_wire_header *h, const struct fake_shape *shape)
{
	h->magic = MPT_WIRE_MAGIC;
	h->major = MPT_WIRE_MAJOR;
	h->minor = MPT_WIRE_MINOR + (shape->wider != 0);
	h->header_size = sizeof(*h) + (shape->wider < 1024 ? shape->wider : 1024);
	h->state = MPT_SEG_LIVE;
	memcpy(h->domain_id, fake_id, sizeof(fake_id));
	h->created_ns = 1000;
	h->creator_pid = (uint32_t)getpid();
	h->creator_uid = (uint32_t)geteuid();
	snprintf(h->name, sizeof(h->name), "fake");
}

/* Start time of this process, as /proc has it. */
FAKE_UNUSED static uint64_t fake_start_ticks(int pid)
{
	char path[64], text[1024] = "", *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (f) {
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
	}
	p = strrchr(text, ')');
	for (int field = 2; p && field < 22; field++)
		p = strchr(p + 1, ' ');
	return p ? strtoull(p, NULL, 10) : 0;
}

/* More than any pid can be (2^22), so that nobody has it. */
#define FAKE_PID(slot) (5000000u + (slot))

/* Slot 0 is this process itself, the others are FAKE_PID. */
static void fake_fill_processes(struct fake *f)
{
	for (uint32_t i = 0; i < f->shape.processes; i++) {
		struct mpt_wire_process *p = fake_process(f, i);

		p->state = MPT_SLOT_LIVE;
		p->generation = 1;
		p->pid = p->inner_pid = i == 0 ? (uint32_t)getpid() : FAKE_PID(i);
		p->start_ticks = i == 0 ? fake_start_ticks(getpid()) : 5000 + i;
		p->parent = i == 0 ? MPT_REF_NONE : 0;
		p->parent_pid = i == 0 ? (uint32_t)getppid() : (uint32_t)getpid();
		p->uid = (uint32_t)geteuid();
		p->exit_code = MPT_EXIT_UNKNOWN;
		snprintf(p->name, sizeof(p->name), "process-%u", i);
	}
}

/* Thread i is of process i modulo their number. */
static void fake_fill_threads(struct fake *f)
{
	uint32_t blocks = fake_ring_blocks(&f->shape);

	for (uint32_t i = 0; i < f->shape.threads; i++) {
		struct mpt_wire_thread *t = fake_thread(f, i);
		struct mpt_wire_use *uses;

		t->state = MPT_SLOT_LIVE;
		t->generation = 1;
		t->process = i % f->shape.processes;
		t->process_generation = 1;
		t->tid = 2000 + i;
		t->extent = (uint64_t)blocks << 32 | (1 + i * blocks);
		t->packet_size = f->shape.packet_size;
		t->packets = f->shape.packets;
		snprintf(t->name, sizeof(t->name), "thread-%u", i % 1000);
		uses = fake_uses(f, i);
		for (size_t k = 0; k < MPT_USES; k++)
			uses[k].object = MPT_REF_NONE;
	}
}

/* Even slots are queues, odd ones locks. */
static void fake_fill_objects(struct fake *f)
{
	const struct fake_shape *s = &f->shape;
	uint32_t first = 1 + s->threads * fake_ring_blocks(s);

	for (uint32_t i = 0; i < s->objects; i++) {
		struct mpt_wire_object *o = fake_object(f, i);

		o->state = MPT_SLOT_LIVE;
		o->generation = 1;
		o->kind = i % 2 ? MPT_KIND_LOCK : MPT_KIND_QUEUE;
		o->created_ns = 1000;
		o->pair = MPT_REF_NONE;
		snprintf(o->name, sizeof(o->name), "object-%u", i);
		if (i % 2 || !s->storage_blocks)
			continue;
		o->capacity = 8;
		o->slots = 8;
		o->capacity_bytes = 1024;
		o->extent = (uint64_t)s->storage_blocks << 32 | (first + i * s->storage_blocks);
	}
}

/* False: no memory.  fake_free() it. */
static bool fake_make(struct fake *f, const struct fake_shape *shape)
{
	struct mpt_wire_header h;

	memset(f, 0, sizeof(*f));
	memset(&h, 0, sizeof(h));
	f->shape = *shape;
	fake_fill_header(&h, shape);
	fake_lay_out(f, &h);
	f->size = h.total_size;
	f->fd = memfd_create("mptrace:fake", MFD_CLOEXEC);
	if (f->fd < 0 || ftruncate(f->fd, (off_t)f->size) < 0)
		return false;
	f->bytes = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, f->fd, 0);
	if (f->bytes == MAP_FAILED)
		return false;
	f->header = (struct mpt_wire_header *)(void *)f->bytes;
	*f->header = h;
	fake_fill_processes(f);
	fake_fill_threads(f);
	fake_fill_objects(f);
	return true;
}

FAKE_UNUSED static void fake_free(struct fake *f)
{
	munmap(f->bytes, f->size);
	close(f->fd);
}

/* ---- a thread's ring, written as libmptrace does --------------------------------- */

struct fake_ring {
	struct mpt_ring ring;
	struct mpt_wire_packet like;
};

FAKE_UNUSED static void fake_ring_open(struct fake_ring *r, const struct fake *f, uint32_t thread)
{
	struct mpt_wire_thread *t = fake_thread(f, thread);

	memset(r, 0, sizeof(*r));
	r->ring.head = (_Atomic uint64_t *)&t->head;
	r->ring.base = (uint8_t *)fake_arena(f, t->extent) + MPT_USES_BLOCKS * MPT_BLOCK;
	r->ring.packet_size = t->packet_size;
	r->ring.packets = t->packets;
	r->like.tid = t->tid;
	memcpy(r->like.uuid, fake_id, sizeof(fake_id));
}

FAKE_UNUSED static void fake_ring_put(struct fake_ring *r, const struct mpt_record *record)
{
	struct mpt_record *slot = mpt_ring_slot(&r->ring);

	if (!slot) {
		mpt_ring_turn(&r->ring, &r->like, record->time, 0);
		slot = mpt_ring_slot(&r->ring);
	}
	*slot = *record;
	mpt_ring_publish(&r->ring);
}

#endif
