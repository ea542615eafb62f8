/* SPDX-License-Identifier: BSD-2-Clause */
/* foreign.c - see foreign.h. */
#include "libtrace/foreign.h"

#include "libtrace/descriptor.h"

#include <stdio.h>

/* First by O_PATH, which does nothing to whatever it is. */
int foreign_open(int pid, int fd, struct stat *st)
{
	char path[64];
	int look, found;

	snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
	look = descriptor_high(open(path, O_PATH | O_CLOEXEC));
	if (look < 0)
		return -errno;
	found = fstat(look, st) < 0 ? -errno : S_ISREG(st->st_mode) ? 0 : -EPROTO;
	if (found == 0 && st->st_uid != geteuid())
		found = -EACCES;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", look);
	if (found == 0)
		found = descriptor_high(open(path, O_RDWR | O_CLOEXEC));
	found = found == -1 ? -errno : found;
	close(look);
	return found;
}
