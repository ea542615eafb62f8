/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_unix.h - the unix sockets of our network namespace, and to which each is
 * connected.
 *
 * Owns: asking the kernel (sock_diag(7)), which everybody may.  Nothing here blocks.
 */
#ifndef MPSTAT_COLLECTOR_BLOCKED_UNIX_H
#define MPSTAT_COLLECTOR_BLOCKED_UNIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unix_socket {
	uint32_t inode, peer; /* peer 0: none */
	/* Listening: connections that wait, and how many may; else bytes to be read. */
	uint32_t queue, limit;
	bool listens, datagram;
};

struct unix_table {
	struct unix_socket *items; /* sorted by inode */
	size_t count, room;
};

/* Fills it anew; 0 or a negative errno. */
int unix_table_read(struct unix_table *table);
const struct unix_socket *unix_table_find(const struct unix_table *table, uint64_t inode);
void unix_table_free(struct unix_table *table);

#endif
