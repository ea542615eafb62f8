/* SPDX-License-Identifier: BSD-2-Clause */
/* pipe_frame.c - see pipe_frame.h. */
#include "libtrace/pipe_frame.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

/* The kernel doubles it for its own overhead, and allows less where
 * net.core.wmem_max is less. */
#define BUFFER_BYTES (256 << 10)

/* A writer that waits is woken when three quarters of the buffer are free again,
 * so a frame must be a small part of it for reader and writer to overlap. */
#define FRAMES_IN_BUFFER 8u

int pipe_frame_pair(int ends[2], uint32_t *room)
{
	int bytes = BUFFER_BYTES, saved = errno;
	socklen_t size = sizeof(bytes);

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
		int rc = errno == ENFILE ? -EMFILE : errno == ENOBUFS ? -ENOMEM : -errno;

		errno = saved;
		return rc;
	}
	for (int i = 0; i < 2; i++)
		setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	if (getsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bytes, &size) < 0)
		bytes = 4096;
	*room = (uint32_t)bytes / FRAMES_IN_BUFFER;
	if (*room > PIPE_FRAME_MOST)
		*room = PIPE_FRAME_MOST;
	errno = saved;
	return 0;
}

/* A peer that closed with something unread leaves ECONNRESET to be told once. */
static bool again(void)
{
	return errno == EINTR || errno == ECONNRESET;
}

static int send_error(int error)
{
	switch (error) {
	case EAGAIN:
		return -EAGAIN;
	case EPIPE:
	case ENOTCONN:
	case ECONNREFUSED:
		return -EPIPE;
	case ENOBUFS:
		return -ENOMEM;
	default:
		return -error;
	}
}

int pipe_frame_send(int fd, const struct pipe_frame *frame, const void *payload)
{
	struct iovec parts[] = {
		{ (void *)(uintptr_t)frame, sizeof(*frame) },
		{ (void *)(uintptr_t)payload, frame->size },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int saved = errno, rc = 0;
	ssize_t n;

	do
		n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && again());
	if (n < 0)
		rc = send_error(errno);
	errno = saved;
	return rc;
}

static bool valid(const struct pipe_frame *f, size_t length)
{
	return length >= sizeof(*f) && f->magic == PIPE_FRAME_MAGIC &&
	       length - sizeof(*f) == f->size && f->size <= f->total &&
	       ((f->flags & PIPE_FIRST) == 0 ||
		((f->flags & PIPE_LAST) != 0) == (f->size == f->total));
}

int pipe_frame_peek(int fd, struct pipe_frame *frame)
{
	int saved = errno, rc = 1;
	ssize_t n;

	for (;;) {
		n = recv(fd, frame, sizeof(*frame), MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
		if (n < 0 && again())
			continue;
		if (n <= 0 || valid(frame, (size_t)n))
			break;
		pipe_frame_drop(fd);
	}
	if (n == 0)
		rc = -EPIPE;
	else if (n < 0)
		rc = errno == EAGAIN ? 0 : -errno;
	errno = saved;
	return rc;
}

int pipe_frame_take(int fd, const struct pipe_frame *frame, void *payload)
{
	struct pipe_frame header;
	struct iovec parts[] = { { &header, sizeof(header) }, { payload, frame->size } };
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	int saved = errno, rc = -EBADMSG;
	ssize_t n;

	do
		n = recvmsg(fd, &message, MSG_DONTWAIT);
	while (n < 0 && again());
	if (n == (ssize_t)(sizeof(header) + frame->size) &&
	    memcmp(&header, frame, sizeof(header)) == 0)
		rc = 0;
	else if (n < 0 && errno != EAGAIN && errno != EFAULT)
		rc = -errno;
	errno = saved;
	return rc;
}

void pipe_frame_drop(int fd)
{
	int saved = errno;
	char none;

	while (recv(fd, &none, 0, MSG_DONTWAIT) < 0 && again())
		;
	errno = saved;
}

int pipe_frame_wait(int fd, short events, struct slice *slice, uint64_t deadline)
{
	uint64_t ns = slice->next_ns ? slice->next_ns : SLICE_FIRST_NS, now;
	struct pollfd p = { .fd = fd, .events = events };
	struct timespec t;
	int saved = errno, rc;

	slice->next_ns = ns * 2 < SLICE_LAST_NS ? ns * 2 : SLICE_LAST_NS;
	if (deadline != MPT_FOREVER) {
		now = futex_now();
		if (now >= deadline)
			return -ETIMEDOUT;
		if (deadline - now < ns)
			ns = deadline - now;
	}
	t.tv_sec = (time_t)(ns / 1000000000u);
	t.tv_nsec = (long)(ns % 1000000000u);
	rc = ppoll(&p, 1, &t, NULL);
	rc = rc > 0 ? 0 : rc == 0 ? -ETIMEDOUT : -errno;
	errno = saved;
	return rc;
}

bool pipe_frame_alone(int fd)
{
	struct pollfd p = { .fd = fd };
	int saved = errno, rc = poll(&p, 1, 0);

	errno = saved;
	return rc > 0 && (p.revents & (POLLHUP | POLLNVAL));
}
