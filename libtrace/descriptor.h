/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * descriptor.h - descriptors of the library stay out of the way of the program's.
 */
#ifndef MPT_DESCRIPTOR_H
#define MPT_DESCRIPTOR_H

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/*
 * Moves a new descriptor above 0, 1 and 2.  A program that runs with these closed
 * still writes to stdout and stderr, and opens them again some day: neither may
 * hit the library's segment or sockets.
 *   fd  the result of a call that opens, or -1 with errno
 * Returns a close-on-exec descriptor, or -1 with errno.
 */
static inline int descriptor_high(int fd)
{
	int high, error;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	error = errno;
	close(fd);
	errno = error;
	return high;
}

#endif
