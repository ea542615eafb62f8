/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simplequeue.h - a queue without bound and timeout.
 *
 * Semantics of Python's multiprocessing.SimpleQueue: put and get wait as long as it takes.
 * It is a Queue (queue.h) in everything else, and mpstat shows it as one; it holds
 * MPT_QUEUE_MAX messages and what fits in its bytes, then put waits.
 */
#ifndef MPTRACE_SIMPLEQUEUE_H
#define MPTRACE_SIMPLEQUEUE_H

#include <mptrace/queue.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_simplequeue;

/* Makes an empty queue.
 *   out    the handle; the caller ends it with mpt_simplequeue_destroy
 *   name   1 to 47 bytes without '/', unique in the domain; NULL: "queue-N"
 * Returns 0; -EINVAL; -EEXIST; -ENOSPC; -ENOMEM.  Does not block.  [SimpleQueue()] */
MPT_API int mpt_simplequeue_create(struct mpt_simplequeue **out, const char *name);

/* Opens one by name (see mpt_lock_open).  Returns 0; -ENOENT; -EINVAL; -ENOMEM. */
MPT_API int mpt_simplequeue_open(struct mpt_simplequeue **out, const char *name);

/* Appends a copy of size bytes.
 * Returns 0; MPT_RECOVERED; -EMSGSIZE never fits; -ESHUTDOWN; -EINVAL; -EDEADLK (queue.h).
 * Blocks while there is no room.  [SimpleQueue.put] */
MPT_API int mpt_simplequeue_put(struct mpt_simplequeue *queue, const void *data, size_t size);

/* Takes the oldest message.
 * Returns its size; -EMSGSIZE the buffer is too small, the message stays; -ESHUTDOWN;
 * -EINVAL; -EDEADLK.  Blocks while the queue is empty.  [SimpleQueue.get] */
MPT_API ssize_t mpt_simplequeue_get(struct mpt_simplequeue *queue, void *buffer, size_t size);

/* Size of the oldest message, bytes; -EAGAIN empty; -ESHUTDOWN. */
MPT_API ssize_t mpt_simplequeue_next_size(struct mpt_simplequeue *queue);

/* 1, 0, or -ESHUTDOWN.  [SimpleQueue.empty] */
MPT_API int mpt_simplequeue_empty(const struct mpt_simplequeue *queue);

/* This process uses the queue no more, neither end: calls return -ESHUTDOWN.  Twice is
 * harmless.  Returns 0.  [SimpleQueue.close] */
MPT_API int mpt_simplequeue_close(struct mpt_simplequeue *queue);

/* Frees the handle.  When the process that created the queue does so, the queue
 * ends for everybody, with what is in it.  NULL is fine. */
MPT_API void mpt_simplequeue_destroy(struct mpt_simplequeue *queue);

#ifdef __cplusplus
}
#endif
#endif
