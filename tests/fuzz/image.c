/* SPDX-License-Identifier: BSD-2-Clause */
/* image.c - see image.h. */
#include "tests/fuzz/image.h"

#include "libtrace/contract/wire_heap.h"
#include "libtrace/contract/wire_pool.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/tree.h"
#include "tests/unit/fake_segment.h"

#define THREADS 8u
#define STORAGE_BLOCKS 3u /* of an object; inputs change the first */
#define RING_BLOCKS 2u /* of a thread: ledger and packets */
#define START(slot) (5000u + (slot)) /* ticks */

static struct fake fake;
static uint8_t *pristine;

/* The object in slot i is of this kind. */
static const uint16_t kinds[] = {
	MPT_KIND_QUEUE,	   MPT_KIND_LOCK,      MPT_KIND_LOCK,	 MPT_KIND_PIPE,
	MPT_KIND_PIPE,	   MPT_KIND_RLOCK,     MPT_KIND_EVENT,	 MPT_KIND_BARRIER,
	MPT_KIND_SEMAPHORE, MPT_KIND_CONDITION, MPT_KIND_VALUE,	 MPT_KIND_ARRAY,
	MPT_KIND_MEMORY,   MPT_KIND_POOL,      MPT_KIND_MANAGER, MPT_KIND_JOINABLEQUEUE,
	MPT_KIND_NOTE,
};
#define OBJECTS (sizeof(kinds) / sizeof(kinds[0]))
enum { QUEUE, LOCK_A, LOCK_B, PIPE_IN, PIPE_OUT, RLOCK, EVENT, BARRIER, SEMAPHORE, CONDITION,
       VALUE, ARRAY, MEMORY, POOL, MANAGER, JOINABLE };
_Static_assert(POOL == IMAGE_POOL, "as it is told");

/* ---- objects ----------------------------------------------------------------------------- */

static void *storage(uint32_t slot)
{
	return fake_arena(&fake, fake_object(&fake, slot)->extent);
}

static void fill_queue(uint32_t slot)
{
	struct mpt_wire_object *o = fake_object(&fake, slot);
	struct mpt_wire_message *m = storage(slot);

	o->capacity = o->slots = 8;
	o->capacity_bytes = 1024;
	o->give.index = 12;
	o->take.index = 9;
	o->finish.index = 3;
	for (uint32_t i = 0; i < 8; i++)
		m[i] = (struct mpt_wire_message){ 64 * i, 100000 + i, 64, i % THREADS };
}

static void fill_pool(uint32_t slot)
{
	struct mpt_wire_pool *p = storage(slot);

	*p = (struct mpt_wire_pool){ .seats = 2, .functions = 2, .slots = 4, .ring_slots = 8,
				     .seat_stride = 192, .names_at = 1024, .seats_at = 2048,
				     .head = 17, .tail = 20, .submitted = 23, .run_max_ns = 99 };
	snprintf((char *)p + 1024, MPT_NAME_MAX, "resize");
	snprintf((char *)p + IMAGE_POOL_NAME, MPT_NAME_MAX, "store");
}

static void fill_manager(uint32_t slot)
{
	struct mpt_wire_heap *heap = storage(slot);

	*heap = (struct mpt_wire_heap){ .layout = 1, .bytes = 12288, .used = 900,
					.containers = 3, .items = 7, .changes = 11 };
}

static void fill_memory(uint32_t slot)
{
	uint64_t *list = storage(slot);

	list[0] = MPT_HOLDER(0, 1, 5);
	list[1] = MPT_HOLDER(1, 1, 6);
	fake_object(&fake, slot)->capacity_bytes = 4096;
}

/* What goes with what. */
static void pair(uint32_t slot, uint32_t with)
{
	struct mpt_wire_object *o = fake_object(&fake, slot);

	o->pair = with;
	o->pair_generation = 1;
}

static void fill_objects(void)
{
	uint32_t first = 1 + THREADS * RING_BLOCKS;

	for (uint32_t i = 0; i < OBJECTS; i++) {
		struct mpt_wire_object *o = fake_object(&fake, i);

		o->kind = kinds[i];
		o->capacity = o->capacity_bytes = 0;
		o->slots = 4;
		o->extent = (uint64_t)STORAGE_BLOCKS << 32 | (first + i * STORAGE_BLOCKS);
		o->creator = i % IMAGE_PROCESSES;
		o->site_offset = 0x1234;
		snprintf(o->site_module, sizeof(o->site_module), "module");
	}
	fill_queue(QUEUE);
	fill_queue(JOINABLE);
	fill_pool(POOL);
	fill_manager(MANAGER);
	fill_memory(MEMORY);
	pair(PIPE_IN, PIPE_OUT);
	pair(PIPE_OUT, PIPE_IN);
	pair(CONDITION, RLOCK);
	pair(VALUE, VALUE);
	pair(ARRAY, LOCK_A);
}

/* ---- members ----------------------------------------------------------------------------- */

static void waits(uint32_t thread, uint16_t op, uint32_t object)
{
	fake_thread(&fake, thread)->wait = (struct mpt_wire_wait){
		.op = op, .object = object, .object_generation = 1, .since_ns = 1000000 + thread
	};
}

static void holds(uint32_t thread, uint32_t object)
{
	fake_object(&fake, object)->take.lock = MPT_LOCK_WORD(thread, 1) | MPT_LOCK_WAITERS;
	fake_object(&fake, object)->owner_since_ns = 900000;
}

/* Two in a deadlock, one in line, one for a child, one for any of three, a worker. */
static void fill_waits(void)
{
	struct mpt_wire_thread *any = fake_thread(&fake, 4), *worker = fake_thread(&fake, 5);

	holds(0, LOCK_A);
	holds(1, LOCK_B);
	waits(0, MPT_OP_LOCK_ACQUIRE, LOCK_B);
	waits(1, MPT_OP_LOCK_ACQUIRE, LOCK_A);
	waits(2, MPT_OP_QUEUE_GET, QUEUE);
	waits(3, MPT_OP_PROCESS_JOIN, MPT_REF_PROCESS | 1);
	waits(4, MPT_OP_WAIT_ANY, MPT_REF_NONE);
	any->any.count = 3;
	any->any.ref[0].object = QUEUE;
	any->any.ref[1].object = MPT_REF_PROCESS | 2;
	any->any.ref[2].object = MPT_REF_NONE;
	any->any.ref[0].generation = any->any.ref[1].generation = 1;
	worker->serves = 1ull << 32 | (POOL + 1);
	worker->work = (struct mpt_wire_work){ .function = 1, .object = POOL,
					       .object_generation = 1, .number = 7,
					       .since_ns = 500000 };
	waits(6, MPT_OP_CONDITION_WAIT, CONDITION);
	waits(7, MPT_OP_SEMAPHORE_ACQUIRE, SEMAPHORE);
}

/* A few uses of each object, an operation half done, some records. */
static void fill_ledger(uint32_t thread)
{
	struct mpt_wire_use *uses = fake_uses(&fake, thread);
	struct mpt_wire_oprec *oprec = &fake_thread(&fake, thread)->oprec[0];
	struct fake_ring ring;

	for (uint32_t i = 0; i < OBJECTS; i++)
		uses[i] = (struct mpt_wire_use){ .object = i, .object_generation = 1,
						 .gives = 2, .takes = 1, .last_ns = 800000 };
	uses[OBJECTS] = (struct mpt_wire_use){ .object = MPT_REF_FINISH | JOINABLE,
					       .object_generation = 1, .gives = 1 };
	*oprec = (struct mpt_wire_oprec){ .phase = MPT_OPREC_COMMITTED, .op = MPT_OP_QUEUE_GET,
					  .object = QUEUE, .object_generation = 1, .count = 2 };
	fake_ring_open(&ring, &fake, thread);
	for (uint64_t n = 0; n < 20 + thread; n++)
		fake_ring_put(&ring, &(struct mpt_record){ .time = 700000 + n,
							   .op = MPT_OP_QUEUE_PUT,
							   .object = QUEUE, .value = n });
}

static void fill_processes(void)
{
	for (uint32_t i = 0; i < IMAGE_PROCESSES; i++) {
		struct mpt_wire_process *p = fake_process(&fake, i);
		uint32_t parent = i ? IMAGE_PID : 1;

		p->pid = p->inner_pid = IMAGE_PID + i;
		p->start_ticks = START(i);
		p->parent_pid = parent;
		tree_put_stat(p->pid, parent, p->start_ticks, "member");
	}
	fake.header->creator_pid = IMAGE_PID;
}

static void image_make(void)
{
	const struct fake_shape shape = { .processes = IMAGE_PROCESSES, .threads = THREADS,
					  .objects = OBJECTS, .packet_size = 512, .packets = 4,
					  .storage_blocks = STORAGE_BLOCKS };

	FUZZ_CLAIM(fake_make(&fake, &shape), "no memory");
	FUZZ_CLAIM(fake_ring_blocks(&shape) == RING_BLOCKS, "as the parts say");
	fill_processes();
	fill_objects();
	fill_waits();
	for (uint32_t i = 0; i < THREADS; i++)
		fill_ledger(i);
	pristine = malloc(fake.size);
	FUZZ_CLAIM(pristine, "no memory");
	memcpy(pristine, fake.bytes, fake.size);
}

int image_fd(void)
{
	if (!pristine)
		image_make();
	return fake.fd;
}

/* ---- patches ----------------------------------------------------------------------------- */

/* A part is every step-th slot of a section. */
static const struct {
	enum mpt_section section;
	uint32_t first, step, count;
} parts[] = {
	[IMAGE_PROCESS] = { MPT_SEC_PROCESSES, 0, 1, IMAGE_PROCESSES },
	[IMAGE_THREAD] = { MPT_SEC_THREADS, 0, 1, THREADS },
	[IMAGE_OBJECT] = { MPT_SEC_OBJECTS, 0, 1, OBJECTS },
	[IMAGE_USES] = { MPT_SEC_ARENA, 1, RING_BLOCKS, THREADS },
	[IMAGE_PACKETS] = { MPT_SEC_ARENA, 1 + MPT_USES_BLOCKS, RING_BLOCKS, THREADS },
	[IMAGE_STORAGE] = { MPT_SEC_ARENA, 1 + THREADS * RING_BLOCKS, STORAGE_BLOCKS, OBJECTS },
};

uint8_t *image_part(enum image_part part, uint32_t slot, size_t *size)
{
	/* The section table as it is without patches. */
	const struct mpt_wire_header *h = (const void *)pristine;
	const struct mpt_wire_section *s = &h->section[parts[part].section];

	if (part == IMAGE_HEADER) {
		*size = sizeof(*h);
		return fake.bytes;
	}
	slot = parts[part].first + slot % parts[part].count * parts[part].step;
	*size = s->stride;
	return fake.bytes + s->offset + (uint64_t)s->stride * slot;
}

#define PATCHES 64u

static struct {
	size_t at, size;
} patches[PATCHES];
static size_t patch_count;

void image_patch(uint8_t *part, size_t room, size_t offset, const void *bytes, size_t size)
{
	offset %= room;
	size = size < room - offset ? size : room - offset;
	if (patch_count == PATCHES || size == 0)
		return;
	patches[patch_count].at = (size_t)(part + offset - fake.bytes);
	patches[patch_count++].size = size;
	memcpy(part + offset, bytes, size);
}

void image_restore(void)
{
	for (size_t i = 0; i < patch_count; i++)
		memcpy(fake.bytes + patches[i].at, pristine + patches[i].at, patches[i].size);
	patch_count = 0;
}
