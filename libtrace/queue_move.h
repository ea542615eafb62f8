/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue_move.h - messages into and out of a queue's storage.
 *
 * Two independent sides.  Producers share give.lock, consumers share take.lock;
 * a producer and a consumer meet only in the two index words:
 *
 *   give.index   messages ever put    commit word of put
 *   take.index   messages ever taken  commit word of get
 *
 * Everything else is derived from them: depth, the bytes in use (from the
 * descriptors of the oldest and the newest message), and, after a death,
 * whether the dead one's message is in or out.  Long messages (MPT_LONG) are copied
 * without either lock; whose their bytes are is said by rows of a table (queue_long.h).
 */
#ifndef MPT_QUEUE_MOVE_H
#define MPT_QUEUE_MOVE_H

#include "libtrace/side.h"

#include <mptrace/queue.h>

struct mpt_queue {
	struct handle handle;
	struct mpt_wire_message *messages; /* [slot_mask + 1] */
	struct mpt_wire_longs *longs;	   /* these two only when bytes >= MPT_LONG */
	struct mpt_wire_long *rows;	   /* [bytes / MPT_LONG] */
	uint8_t *ring;			   /* [bytes] */
	uint64_t capacity, slot_mask;
	uint64_t bytes; /* a power of two */
	mpt_queue_hook *on_reject;
	void *on_reject_arg;
};

/* The op of a queue of either kind; they have the same numbers. */
static inline uint16_t queue_op(const struct mpt_queue *q, enum mpt_op op)
{
	return (uint16_t)MPT_OP_ID(q->handle.object->kind, op & 0xff);
}

_Static_assert((MPT_OP_QUEUE_PUT & 0xff) == (MPT_OP_JOINABLEQUEUE_PUT & 0xff) &&
		       (MPT_OP_QUEUE_GET & 0xff) == (MPT_OP_JOINABLEQUEUE_GET & 0xff) &&
		       (MPT_OP_QUEUE_CLOSE & 0xff) == (MPT_OP_JOINABLEQUEUE_CLOSE & 0xff),
	       "queue.h: op numbers of the kinds of queues");

/* put: what to copy in.  get: where to copy to and the room there; size becomes the
 * message's. */
struct message {
	void *data;
	size_t size;
	struct mpt_wire_long *row; /* of a long message once it has one */
};

/* mpt_queue_create, called by the program at `site`. */
int queue_create(struct mpt_queue **out, const struct mpt_queue_options *options, void *site);

int queue_put(struct mpt_queue *queue, struct member *me, struct message *message,
	      uint64_t timeout_ns);
int queue_get(struct mpt_queue *queue, struct member *me, struct message *message,
	      uint64_t timeout_ns);
/* Size of the oldest message or -EAGAIN. */
ssize_t queue_peek(struct mpt_queue *queue, struct member *me);

/* After a full barrier that followed what givers wait for.  Those that need bytes may
 * sleep behind one that needs more: wake them all. */
static inline void queue_wake_givers(struct mpt_wire_object *o)
{
	if (unlikely(load32(&o->take.want) == load32(&o->take.seq)))
		eventcount_wake_slow(&o->take.seq, &o->take.want,
				     load32(&o->give.hint) & MPT_HINT_BYTES ? INT_MAX : 1);
}

#endif
