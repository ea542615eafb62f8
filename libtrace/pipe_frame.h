/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_frame.h - frames on the socket under a pipe.
 *
 * Owns: everything a pipe asks of the kernel.  Does not own: what a frame means
 * for the message it is a part of (pipe_send.c, pipe_recv.c).
 *
 * The socket is SOCK_SEQPACKET: a frame is in it whole or not at all, wherever
 * its sender is killed.  A message is one frame, or a FIRST, any number of
 * others and a LAST, between which the socket holds no other message's frames.
 * What is no frame was written by a stranger and is dropped.
 *
 * All functions return a negative errno or what they say; errno is kept.
 */
#ifndef MPT_PIPE_FRAME_H
#define MPT_PIPE_FRAME_H

#include "libtrace/futex.h"

#include <stdint.h>

#define PIPE_FRAME_MAGIC 0x3145504du /* "MPE1" */
#define PIPE_FRAME_MOST (32u << 10)  /* payload of one frame, bytes */

enum pipe_frame_flag {
	PIPE_FIRST = 1 << 0,
	PIPE_LAST = 1 << 1,
};

/* The header each frame starts with. */
struct pipe_frame {
	uint32_t magic;
	uint32_t flags;
	uint32_t size; /* payload in this frame, bytes */
	uint32_t pid;  /* of the sender, as the domain knows it */
	uint64_t number; /* of the message in its direction, from 0 */
	uint64_t total;	 /* payload of the message */
	uint64_t time;	 /* when the message was sent, ns */
};
_Static_assert(sizeof(struct pipe_frame) == 40, "pipe: frame header size");

/* A connected pair; *room is the payload a frame may carry.  0, -EMFILE, -ENOMEM. */
int pipe_frame_pair(int ends[2], uint32_t *room);

/* 0; -EAGAIN the kernel's buffer is full; -EPIPE; -ENOMEM.  Does not block. */
int pipe_frame_send(int fd, const struct pipe_frame *frame, const void *payload);

/* Looks at the next frame and leaves it there.  1; 0 nothing is there; -EPIPE
 * nothing is and nothing will be.  Does not block. */
int pipe_frame_peek(int fd, struct pipe_frame *frame);

/* Takes the frame that was peeked at, frame->size bytes to payload.  0; -EBADMSG a
 * stranger took it, or it could not be copied out; another error of the kernel's, and it
 * is there still. */
int pipe_frame_take(int fd, const struct pipe_frame *frame, void *payload);
void pipe_frame_drop(int fd);

/* Sleeps until poll(2)'s `events` or the end of the peer, a slice at most.  0;
 * -ETIMEDOUT the slice ended; -EINTR. */
int pipe_frame_wait(int fd, short events, struct slice *slice, uint64_t deadline);

/* Is the other end closed in every process? */
bool pipe_frame_alone(int fd);

#endif
