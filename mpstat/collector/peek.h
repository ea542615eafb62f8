/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peek.h - memory of another process, where it is there already.
 *
 * Owns: the two files it takes.  A page that would have to be fetched first (from a disk, or
 * by a server in user space that may never answer) is not read: nobody who looks waits for
 * whom he looks at.
 */
#ifndef MPSTAT_COLLECTOR_PEEK_H
#define MPSTAT_COLLECTOR_PEEK_H

#include <stddef.h>
#include <stdint.h>

struct peek {
	int mem, pagemap; /* -1: not opened yet, or not ours to read */
};

#define PEEK_CLOSED { .mem = -1, .pagemap = -1 }

/* `directory` is that of the process in procfs; what cannot be opened reads nothing. */
void peek_open(struct peek *peek, int directory);
void peek_close(struct peek *peek);

/* How many bytes from `address` on were read: all, those up to the end of a page, or none. */
size_t peek_read(const struct peek *peek, uint64_t address, void *to, size_t size);

#endif
