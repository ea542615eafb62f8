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

#include <stdint.h>

/* Exclusive name for the domain.  0, -EEXIST, -errno. */
int join_publish(const char *name);

/* Joins a published domain.  See mpt_domain_join. */
int join_by_name(const char *name, uint64_t timeout_ns);

#endif
