/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.h - a first-in first-out queue of messages between processes.
 *
 * Semantics of Python's multiprocessing.Queue and JoinableQueue.  Deliberately stronger: a put
 * is committed when it returns (there is no feeder thread, nothing to join, a
 * process may exit right after), the size is exact, order holds over all
 * producers, and a killed producer or consumer never damages the queue: a
 * message is in it whole or not at all.
 *
 * A message of 64 KiB or more is copied, in and out, while others put and get: nobody waits
 * for somebody else's copy.  It takes its place in the order when it is whole, and its
 * bytes are in use from before the one copy until after the other, also while its
 * producer or consumer is stopped there; of one killed there they come back.
 */
#ifndef MPTRACE_QUEUE_H
#define MPTRACE_QUEUE_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_queue;

#define MPT_QUEUE_MAX 65536 /* most messages a queue can hold */

struct mpt_queue_options {
	const char *name;   /* 1 to 47 bytes without '/', unique; NULL: "queue-N" */
	int64_t maxsize;    /* messages; <= 0: MPT_QUEUE_MAX */
	size_t bytes;	    /* room for payload; 0: 64 bytes per message, at least 256 KiB */
	unsigned int flags; /* 0 or MPT_INTERRUPTIBLE */
	bool joinable;	    /* counts unfinished tasks: JoinableQueue; NULL name: "joinablequeue-N" */
};

/* Makes an empty queue.  options NULL: all defaults.
 * Returns 0; -EINVAL; -EEXIST name in use; -ENOSPC the domain has no room
 * (see MPTRACE_SIZE); -ENOMEM.  The caller ends it with mpt_queue_destroy.
 * Does not block.  [Queue()] */
MPT_API int mpt_queue_create(struct mpt_queue **out, const struct mpt_queue_options *options);

/* Opens a queue by "name" or "domain/name"; see mpt_lock_open. */
MPT_API int mpt_queue_open(struct mpt_queue **out, const char *name, unsigned int flags);

/* Appends a copy of size bytes (0 is a message too).
 * Returns 0; MPT_RECOVERED: done, after a producer had died inside a put (not while its
 * long message was copied: then it held nothing);
 * -EAGAIN full; -ETIMEDOUT still full; -EMSGSIZE larger than the queue's bytes
 * (never fits; the error hook is called); -ESHUTDOWN; -EINTR; -EINVAL; -EDEADLK
 * called by a signal handler that interrupted the same side of this queue (in the middle of
 * a long message's copy it may).  A long message for which there is no slot any more when
 * it is copied waits for one, up to timeout_ns in all, and else is not put.
 * Blocks up to timeout_ns while there is no room.  [Queue.put] */
MPT_API int mpt_queue_put(struct mpt_queue *queue, const void *data, size_t size,
			  uint64_t timeout_ns);

/* Takes the oldest message.
 *   buffer, size  where it goes; size in bytes
 * Returns its size; -EAGAIN empty; -ETIMEDOUT still empty; -EMSGSIZE the buffer is
 * too small: the message stays the oldest, mpt_queue_next_size tells what is
 * needed; -ESHUTDOWN; -EINTR; -EINVAL; -EDEADLK as for put.
 * Blocks up to timeout_ns while the queue is empty.  [Queue.get] */
MPT_API ssize_t mpt_queue_get(struct mpt_queue *queue, void *buffer, size_t size,
			      uint64_t timeout_ns);

/* Size of the oldest message, bytes; -EAGAIN empty; -ESHUTDOWN.  Another
 * consumer may take it meanwhile. */
MPT_API ssize_t mpt_queue_next_size(struct mpt_queue *queue);

/* An item that has to be turned into bytes first.  `encode` writes at most size
 * bytes to buffer and returns how many the item takes (when more than size, it is
 * called again with a larger buffer), or a negative errno: then nothing is put.
 * It runs before the queue is locked. */
struct mpt_queue_item {
	const void *item;
	ssize_t (*encode)(const void *item, void *buffer, size_t size);
};
MPT_API int mpt_queue_put_item(struct mpt_queue *queue, const struct mpt_queue_item *item,
			       uint64_t timeout_ns);

/* Called, in the thread that put, with each item that was rejected (too large,
 * or encode failed): its bytes, or the item itself with size 0.  One hook per
 * handle; NULL removes it.  [Queue._on_queue_feeder_error] */
typedef void mpt_queue_hook(struct mpt_queue *queue, const void *item, size_t size, int error,
			    void *arg);
MPT_API void mpt_queue_on_reject(struct mpt_queue *queue, mpt_queue_hook *hook, void *arg);

/* Messages in the queue now, exactly; or -ESHUTDOWN.  [Queue.qsize] */
MPT_API ssize_t mpt_queue_size(const struct mpt_queue *queue);
/* 1, 0, or -ESHUTDOWN.  [Queue.empty, Queue.full] */
MPT_API int mpt_queue_empty(const struct mpt_queue *queue);
MPT_API int mpt_queue_full(const struct mpt_queue *queue);
/* The bounds in force: messages, and bytes of payload. */
MPT_API size_t mpt_queue_maxsize(const struct mpt_queue *queue);
MPT_API size_t mpt_queue_bytes(const struct mpt_queue *queue);

/* ---- joinable queues: -EINVAL for others -------------------------------------------- */

/* A task got from the queue is done; the caller need not be who got it.
 * Returns 0; -ERANGE more often than messages were put; -ESHUTDOWN; -EDEADLK as for put.
 * Does not block.  [JoinableQueue.task_done] */
MPT_API int mpt_queue_task_done(struct mpt_queue *queue);

/* Waits until every message ever put is done.
 * Returns 0; MPT_RECOVERED: none is left, but some were given up meanwhile because the
 * process that had got them died before task_done (mpt_queue_abandoned); -EAGAIN (timeout 0),
 * -ETIMEDOUT some are unfinished; -ESHUTDOWN; -EINTR.
 * Blocks up to timeout_ns.  [JoinableQueue.join] */
MPT_API int mpt_queue_join(struct mpt_queue *queue, uint64_t timeout_ns);

/* Messages put and not done yet, in the queue or at work; or -ESHUTDOWN.  Those of the
 * dead count until a join has found them. */
MPT_API ssize_t mpt_queue_unfinished(const struct mpt_queue *queue);

/* Messages ever given up because who had got them died; or -ESHUTDOWN.  mpstat shows whose
 * they were. */
MPT_API ssize_t mpt_queue_abandoned(const struct mpt_queue *queue);

/* This process uses the queue no more: calls return -ESHUTDOWN, here only.
 * Closing twice is harmless.  Returns 0.  [Queue.close] */
MPT_API int mpt_queue_close(struct mpt_queue *queue);

/* Frees the handle.  When the process that created the queue does so, the queue
 * ends for everybody, with what is in it.  NULL is fine. */
MPT_API void mpt_queue_destroy(struct mpt_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
