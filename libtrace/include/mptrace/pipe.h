/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe.h - two connected ends that carry whole messages.
 *
 * Semantics of Python's multiprocessing.Pipe and Connection.  Each process
 * closes the end it does not use: an end reads EOF (-EPIPE) only when every
 * process has closed the other one.
 *
 * Stronger: any number of processes and threads may send and receive on one end;
 * messages of one sender stay in order; nobody's death damages a message of others,
 * blocks anybody, or makes the counts wrong.  A forked child has the ends its
 * parent has open; who created a pipe does not matter.
 */
#ifndef MPTRACE_PIPE_H
#define MPTRACE_PIPE_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_pipe; /* one end */

struct mpt_pipe_options {
	const char *name;   /* 1 to 43 bytes without '/'; NULL: "pipe-N".  The directions of
			     * a duplex pipe show as "NAME>" (first to second), "NAME<" */
	bool simplex;	    /* first end only receives, second only sends */
	unsigned int flags; /* 0 or MPT_INTERRUPTIBLE */
};

/* Makes two connected ends; options NULL: duplex.
 * Returns 0; -EINVAL; -EEXIST name in use; -EMFILE; -ENOSPC; -ENOMEM.  The caller
 * ends both with mpt_pipe_destroy.  Does not block.  [Pipe()] */
MPT_API int mpt_pipe_create(struct mpt_pipe **first, struct mpt_pipe **second,
			    const struct mpt_pipe_options *options);

/* Sends one message of any size, whole: 0 bytes is a message too.
 * Returns 0; -EAGAIN, -ETIMEDOUT: nothing was or will be received; -EPIPE the other
 * end is closed everywhere; -EBADF this end only receives; -ESHUTDOWN; -EINTR (nothing
 * was or will be received); -ENOMEM the kernel's; -EINVAL.
 * Blocks up to timeout_ns while the kernel's buffer is full or another's long message
 * is on its way.  0 is of no use for a message larger than the kernel's buffer
 * (some 100 KiB) unless somebody is receiving.
 * [Connection.send_bytes] */
MPT_API int mpt_pipe_send(struct mpt_pipe *end, const void *data, size_t size,
			  uint64_t timeout_ns);

/* Sends `count` bytes of data[0..size) from offset on.  -EINVAL, nothing sent, when
 * they do not lie within it.  [send_bytes(buf, offset, size)] */
MPT_API int mpt_pipe_send_part(struct mpt_pipe *end, const void *data, size_t size, size_t offset,
			       size_t count, uint64_t timeout_ns);

/* Receives one message into buffer.
 * Returns its size; -EAGAIN, -ETIMEDOUT none yet; -EMSGSIZE the buffer is too small:
 * the message is kept, mpt_pipe_next_size tells what is needed; -EPIPE the other end
 * is closed everywhere and nothing is left; -EBADMSG a message was cut short by the
 * death of its sender (the next call goes on after it); -EBADF this end only
 * sends; -ESHUTDOWN; -EINTR; -ENOMEM no memory to keep a part of it in; -EINVAL.
 * Blocks up to timeout_ns.  When time runs out in the middle of a long message, what
 * has come is kept for this process's next call, and other processes wait: they
 * get -EAGAIN or -ETIMEDOUT until the message is received, or this process closes the
 * end or dies, which loses the message.
 * [Connection.recv_bytes_into] */
MPT_API ssize_t mpt_pipe_recv(struct mpt_pipe *end, void *buffer, size_t size,
			      uint64_t timeout_ns);
/* The same, into buffer[offset..size).  -EINVAL when offset > size. */
MPT_API ssize_t mpt_pipe_recv_at(struct mpt_pipe *end, void *buffer, size_t size, size_t offset,
				 uint64_t timeout_ns);

/* Size of the next message, bytes; -EAGAIN none, or another process is in the middle of
 * one; -EPIPE, -EBADF, -ESHUTDOWN.  Another receiver may take it meanwhile.  Does not
 * block. */
MPT_API ssize_t mpt_pipe_next_size(struct mpt_pipe *end);

/* 1 a message, more of one half received, or EOF is there, and stays so until received;
 * 0 not within timeout_ns; -EBADF this end only sends; -ESHUTDOWN; -EINTR.
 * Of a long message the beginning is seen: if its sender gives it up or dies in the
 * middle, receiving finds nothing (-EAGAIN) or says -EBADMSG.  [Connection.poll] */
MPT_API int mpt_pipe_poll(struct mpt_pipe *end, uint64_t timeout_ns);

/* The end's descriptor, for poll(2) only; owned by the end.  -ESHUTDOWN. */
MPT_API int mpt_pipe_fd(const struct mpt_pipe *end);

/* Closes this process's copy of the end: calls return -ESHUTDOWN, also those that are
 * blocked in another thread (within half a second).  Twice is harmless.  Returns 0. */
MPT_API int mpt_pipe_close(struct mpt_pipe *end);

/* Closes and frees the handle.  NULL is fine. */
MPT_API void mpt_pipe_destroy(struct mpt_pipe *end);

#ifdef __cplusplus
}
#endif
#endif
