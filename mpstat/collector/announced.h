/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * announced.h - the members of domains that say so by an abstract socket.
 *
 * A member holds a socket named "@mptrace.1/<32 hex digits>/<pid>/<fd>"; it
 * vanishes with its last holder.  One read of /proc/net/unix lists them all,
 * whoever they belong to.  Owns: reading and parsing that list.  Does not own:
 * believing it (discover.c): anybody may bind any such name.
 */
#ifndef MPSTAT_COLLECTOR_ANNOUNCED_H
#define MPSTAT_COLLECTOR_ANNOUNCED_H

#include "mpstat/util/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct announced {
	uint8_t domain[16];
	uint32_t pid; /* as the member sees itself */
	int fd;	      /* in that process */
};

/* "@mptrace.name/<name>/<8 hex digits of the domain>/<pid>/<fd>": it can be joined
 * by name. */
struct published {
	uint8_t domain[4]; /* the first bytes */
};

struct announced_list {
	struct announced *items; /* sorted by domain, then pid */
	size_t count, room;
	struct {
		struct published *items;
		size_t count, room;
	} published;
	size_t left_out; /* beyond ANNOUNCED_MAX */
};

#define ANNOUNCED_MAX (1u << 20)

/* Parses one line of /proc/net/unix (without its newline).  False: it announces
 * no member; publishes no domain. */
bool announced_parse(const char *line, size_t size, struct announced *out);
bool announced_parse_published(const char *line, size_t size, struct published *out);

/* Index of the first member whose domain is not before `domain`. */
size_t announced_from(const struct announced_list *list, const uint8_t domain[16]);

/* The members of a domain: how many, and the first in *first; 0: none. */
size_t announced_members(const struct announced_list *list, const uint8_t domain[16],
			 const struct announced **first);

/* Is the domain with this id published? */
bool announced_is_published(const struct announced_list *list, const uint8_t domain[16]);

/* Fills the list from `proc` (an open procfs).  0 or a negative errno with a
 * sentence in err; the list is then empty. */
int announced_read(int proc, struct announced_list *list, struct err *err);

void announced_free(struct announced_list *list);

#endif
