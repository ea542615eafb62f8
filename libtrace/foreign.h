/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * foreign.h - opening what another process has open.
 */
#ifndef MPT_FOREIGN_H
#define MPT_FOREIGN_H

#include <sys/stat.h>

/* Opens, for reading and writing, the regular file that process `pid` has as descriptor
 * `fd`; only one of our own user: whoever owns the file can write into everybody who
 * maps it, so that root, too, takes only its own.  The caller checks which file it is
 * and closes the descriptor.
 *   st  filled in
 * Returns a close-on-exec descriptor; -ENOENT no such process or descriptor; -EACCES;
 * -EPROTO no regular file; -EMFILE, -ENFILE, -ENOMEM.  Changes errno. */
int foreign_open(int pid, int fd, struct stat *st);

#endif
