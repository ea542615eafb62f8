/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait.h - waiting for any of several things at once.
 *
 * Semantics of Python's multiprocessing.connection.wait.  Beyond it: queues may be
 * waited for, in any mix with processes, pipes and descriptors.
 */
#ifndef MPTRACE_WAIT_H
#define MPTRACE_WAIT_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_process;
struct mpt_pipe;
struct mpt_queue;
struct mpt_simplequeue;

enum mpt_wait_for {
	MPT_WAIT_PROCESS,     /* its end: joining would not block */
	MPT_WAIT_PIPE,	      /* a message or EOF: as mpt_pipe_poll says */
	MPT_WAIT_QUEUE,	      /* a message; joinable queues, too */
	MPT_WAIT_SIMPLEQUEUE, /* a message */
	MPT_WAIT_DESCRIPTOR,  /* any of this process: input, its end or an error */
};

struct mpt_wait_item {
	enum mpt_wait_for kind;
	union {
		struct mpt_process *process;
		struct mpt_pipe *pipe;
		struct mpt_queue *queue;
		struct mpt_simplequeue *simplequeue;
		int descriptor;
	} of;
	bool ready; /* result */
};

static inline struct mpt_wait_item mpt_wait_process(struct mpt_process *process)
{
	struct mpt_wait_item item;

	item.kind = MPT_WAIT_PROCESS;
	item.of.process = process;
	item.ready = false;
	return item;
}

static inline struct mpt_wait_item mpt_wait_pipe(struct mpt_pipe *end)
{
	struct mpt_wait_item item;

	item.kind = MPT_WAIT_PIPE;
	item.of.pipe = end;
	item.ready = false;
	return item;
}

static inline struct mpt_wait_item mpt_wait_queue(struct mpt_queue *queue)
{
	struct mpt_wait_item item;

	item.kind = MPT_WAIT_QUEUE;
	item.of.queue = queue;
	item.ready = false;
	return item;
}

static inline struct mpt_wait_item mpt_wait_descriptor(int descriptor)
{
	struct mpt_wait_item item;

	item.kind = MPT_WAIT_DESCRIPTOR;
	item.of.descriptor = descriptor;
	item.ready = false;
	return item;
}

/* Waits until at least one of the items is ready.
 *   items  `ready` is set in exactly those that are; the same thing may be there twice.
 *	    Handles must not be destroyed meanwhile
 * Returns how many are ready; -EAGAIN (timeout 0) or -ETIMEDOUT: none; -EINVAL no items, an
 * unknown kind, no handle.  An item that cannot be waited for is an error, and is then the
 * one that is `ready`: -ESHUTDOWN closed, or its object destroyed; -ECHILD not started, or
 * not this process's child; -EBADF no such descriptor, or an end that only sends.
 * -ENOMEM more than a hundred items and no memory for them; -ENOSPC.
 * Blocks up to timeout_ns.  Signals do not end the wait.  What is ready may be taken by
 * another process before this one comes to take it: then a get with timeout 0 says
 * -EAGAIN.  [connection.wait] */
MPT_API int mpt_wait(struct mpt_wait_item *items, size_t count, uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif
#endif
