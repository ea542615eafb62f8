/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.c - Queue: handles, sizes, items; see mptrace/queue.h.
 *
 * Does not own: moving messages (queue_move.c).
 */
#include "libtrace/queue_move.h"

#include "libtrace/arena.h"
#include "libtrace/units.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_PER_MESSAGE 64u
#define BYTES_LEAST (256u << 10)
#define BYTES_MOST (1ull << 30)
#define LINE 64u /* cache line: the byte ring starts on one */

static uint64_t descriptor_bytes(uint64_t slots)
{
	return (slots * sizeof(struct mpt_wire_message) + LINE - 1) / LINE * LINE;
}

static uint64_t long_table_bytes(uint64_t bytes)
{
	uint64_t rows = bytes / MPT_LONG;

	return rows ? sizeof(struct mpt_wire_longs) + rows * sizeof(struct mpt_wire_long) : 0;
}

/* So that positions are found by a mask, not a division. */
static uint64_t power_of_two(uint64_t n)
{
	return n < 2 ? 1 : 1ull << (64 - __builtin_clzll(n - 1));
}

/* Where the storage lies in this process. */
static void find_storage(struct mpt_queue *q)
{
	uint8_t *at = arena_at(load64(&q->handle.object->extent));

	q->capacity = q->handle.object->capacity;
	q->slot_mask = q->handle.object->slots - 1;
	q->bytes = q->handle.object->capacity_bytes;
	q->messages = (struct mpt_wire_message *)(void *)at;
	at += descriptor_bytes(q->slot_mask + 1);
	q->longs = (struct mpt_wire_longs *)(void *)at;
	q->rows = (struct mpt_wire_long *)(void *)(q->longs + 1);
	q->ring = at + long_table_bytes(q->bytes);
}

static int finish(struct mpt_queue **out, struct mpt_queue *q, int rc)
{
	if (rc < 0) {
		free(q);
		return rc;
	}
	find_storage(q);
	*out = q;
	return 0;
}

static int create(struct mpt_queue **out, const struct mpt_queue_options *o, void *site)
{
	struct object_wish wish = { .site = site };
	struct mpt_queue *q;

	wish.kind = o->joinable ? MPT_KIND_JOINABLEQUEUE : MPT_KIND_QUEUE;

	wish.name = o->name;
	wish.flags = o->flags;
	wish.capacity = o->maxsize <= 0 ? MPT_QUEUE_MAX : (uint64_t)o->maxsize;
	wish.capacity_bytes = o->bytes ? o->bytes : wish.capacity * BYTES_PER_MESSAGE;
	if (!o->bytes && wish.capacity_bytes < BYTES_LEAST)
		wish.capacity_bytes = BYTES_LEAST;
	if (wish.capacity > MPT_QUEUE_MAX || wish.capacity_bytes > BYTES_MOST)
		return -EINVAL;
	wish.capacity_bytes = power_of_two(wish.capacity_bytes);
	wish.slots = power_of_two(wish.capacity);
	wish.storage = descriptor_bytes(wish.slots) + long_table_bytes(wish.capacity_bytes) +
		       wish.capacity_bytes;
	q = calloc(1, sizeof(*q));
	return q ? finish(out, q, object_create(&q->handle, &wish)) : -ENOMEM;
}

int queue_create(struct mpt_queue **out, const struct mpt_queue_options *options, void *site)
{
	static const struct mpt_queue_options defaults;
	int saved = errno, rc;

	if (!out)
		return -EINVAL;
	*out = NULL;
	rc = create(out, options ? options : &defaults, site);
	errno = saved;
	return rc;
}

int mpt_queue_create(struct mpt_queue **out, const struct mpt_queue_options *options)
{
	return queue_create(out, options, __builtin_return_address(0));
}

int mpt_queue_open(struct mpt_queue **out, const char *name, unsigned int flags)
{
	struct mpt_queue *q;
	int saved = errno, rc = -ENOMEM;

	if (!out)
		return -EINVAL;
	*out = NULL;
	q = calloc(1, sizeof(*q));
	if (q)
		rc = object_open(&q->handle, MPT_KIND_QUEUE, name, flags);
	if (q && rc == -EINVAL)
		rc = object_open(&q->handle, MPT_KIND_JOINABLEQUEUE, name, flags);
	if (q)
		rc = finish(out, q, rc);
	errno = saved;
	return rc;
}

/* ---- putting ---------------------------------------------------------------- */

static int reject(struct mpt_queue *q, const void *item, size_t size, int error)
{
	if (q->on_reject)
		q->on_reject(q, item, size, error, q->on_reject_arg);
	return error;
}

int mpt_queue_put(struct mpt_queue *q, const void *data, size_t size, uint64_t timeout_ns)
{
	struct member *me;
	int rc;

	if (unlikely(!data && size))
		return -EINVAL;
	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(&q->handle)))
		return -ESHUTDOWN;
	if (unlikely(size > q->bytes || size > UINT32_MAX))
		return reject(q, data, size, -EMSGSIZE);
	return queue_put(q, me, &(struct message){ .data = (void *)(uintptr_t)data, .size = size },
			 timeout_ns);
}

/* Encodes into memory of our own: nothing of the queue is held while user code
 * runs.  Returns the size, or a negative errno; *buffer is the caller's to free. */
static ssize_t encode(const struct mpt_queue_item *item, size_t most, void **buffer)
{
	size_t room = 4096;
	ssize_t n;

	for (;;) {
		void *bigger = realloc(*buffer, room);

		if (!bigger)
			return -ENOMEM;
		*buffer = bigger;
		n = item->encode(item->item, *buffer, room);
		if (n < 0 || (size_t)n <= room)
			return n;
		if ((size_t)n > most)
			return -EMSGSIZE;
		room = (size_t)n;
	}
}

int mpt_queue_put_item(struct mpt_queue *q, const struct mpt_queue_item *item,
		       uint64_t timeout_ns)
{
	void *buffer = NULL;
	int saved = errno, rc;
	ssize_t n;

	if (!item || !item->encode)
		return -EINVAL;
	if (!handle_usable(&q->handle))
		return -ESHUTDOWN;
	n = encode(item, q->bytes, &buffer);
	if (n < 0)
		rc = reject(q, item->item, 0, (int)n);
	else
		rc = mpt_queue_put(q, buffer, (size_t)n, timeout_ns);
	free(buffer);
	errno = saved;
	return rc;
}

void mpt_queue_on_reject(struct mpt_queue *q, mpt_queue_hook *hook, void *arg)
{
	q->on_reject = hook;
	q->on_reject_arg = arg;
}

/* ---- getting ----------------------------------------------------------------- */

ssize_t mpt_queue_get(struct mpt_queue *q, void *buffer, size_t size, uint64_t timeout_ns)
{
	struct message m = { .data = buffer, .size = size };
	struct member *me;
	int rc;

	if (unlikely(!buffer && size))
		return -EINVAL;
	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(&q->handle)))
		return -ESHUTDOWN;
	rc = queue_get(q, me, &m, timeout_ns);
	if (unlikely(rc < 0))
		return rc;
	if (q->handle.object->kind == MPT_KIND_JOINABLEQUEUE)
		units_took(&q->handle, me);
	return (ssize_t)m.size;
}

ssize_t mpt_queue_next_size(struct mpt_queue *q)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	return handle_usable(&q->handle) ? queue_peek(q, me) : -ESHUTDOWN;
}

/* ---- looking ------------------------------------------------------------------ */

/* take first: what is put between the two loads only makes the answer larger, and it is
 * clamped, so the size is one that the queue had. */
ssize_t mpt_queue_size(const struct mpt_queue *q)
{
	const struct mpt_wire_object *o = q->handle.object;
	uint64_t taken, given, n;

	if (!handle_usable(&q->handle))
		return -ESHUTDOWN;
	do {
		taken = load64_acquire(&o->take.index);
		given = load64_acquire(&o->give.index);
	} while (taken != load64_acquire(&o->take.index));
	n = given - taken;
	return (ssize_t)(n < q->capacity ? n : q->capacity);
}

int mpt_queue_empty(const struct mpt_queue *q)
{
	ssize_t n = mpt_queue_size(q);

	return n < 0 ? (int)n : n == 0;
}

int mpt_queue_full(const struct mpt_queue *q)
{
	ssize_t n = mpt_queue_size(q);

	return n < 0 ? (int)n : (uint64_t)n == q->capacity;
}

size_t mpt_queue_maxsize(const struct mpt_queue *q)
{
	return q->capacity;
}

size_t mpt_queue_bytes(const struct mpt_queue *q)
{
	return q->bytes;
}

int mpt_queue_close(struct mpt_queue *q)
{
	return handle_close(&q->handle, queue_op(q, MPT_OP_QUEUE_CLOSE));
}

void mpt_queue_destroy(struct mpt_queue *q)
{
	int saved = errno;

	if (!q)
		return;
	object_destroy(&q->handle);
	free(q);
	errno = saved;
}
