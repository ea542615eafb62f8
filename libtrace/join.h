/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * join.h - how separately started programs meet: sockets in the abstract
 * namespace, which the kernel removes with their last holder.
 *
 *   @mptrace.1/<domain id>/<pid>/<fd>    one per member process: "here is a
 *                                        domain, /proc/PID/fd/FD is it"
 *   @mptrace.name/<name>/<domain id>/<pid>/<fd>   bound beside ...
 *   @mptrace.name/<name>                 ... this one, which makes it exclusive
 *
 * Nobody ever connects to them; /proc/net/unix lists them all.
 */
#ifndef MPT_JOIN_H
#define MPT_JOIN_H

#include "libtrace/contract/wire.h"

/* Exclusive name for the domain.  0, -EEXIST, -errno. */
int join_publish(const char *name);

/* Joins a published domain.  See mpt_domain_join. */
int join_by_name(const char *name, uint64_t timeout_ns);

/* A domain's id in hex, with the NUL. */
void join_id(char hex[33], const struct mpt_wire_header *header);

/* Where a program was told that its parent's domain is. */
struct join_place {
	int pid, fd; /* /proc/PID/fd/FD */
	char id[33]; /* hex; other members have it, too */
};

/* Opens that domain, of our user, and checks it.  A descriptor, with *header filled in;
 * -ENOENT, -EACCES, -EPROTO. */
int join_open(const struct join_place *place, struct mpt_wire_header *header);
/* Makes it this process's domain; fd is kept, or closed when that fails.  0, -EBUSY,
 * -ENOMEM. */
int join_enter(int fd, uint64_t size);

#endif
