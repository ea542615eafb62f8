/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * connector.h - births and deaths from the netlink process connector.
 *
 * Owns: the socket, its messages, what is remembered of each process because a
 * message tells numbers only.  Does not own: when it is used (source_life.c: where
 * eBPF is not to be had).
 *
 * It tells FACT_LIFE fork, exec and exit.  It cannot tell who sent a signal.  The
 * kernel tells it to the first pid namespace only.  What the socket has no room
 * for is lost; how much that was, nobody knows.
 * Format: linux/cn_proc.h, linux/connector.h.
 */
#ifndef MPSTAT_COLLECTOR_CONNECTOR_H
#define MPSTAT_COLLECTOR_CONNECTOR_H

#include "mpstat/collector/source.h"
#include "mpstat/util/err.h"

#include <stddef.h>
#include <stdint.h>

struct connector;

/* Subscribes.  `proc` is the root of procfs.  0, or a negative errno and a sentence
 * (-EPERM: no CAP_NET_ADMIN, which is needed before Linux 6.6; -EOPNOTSUPP: the kernel does not answer).  Reads
 * /proc/PID/stat of everybody once.  The caller ends it with connector_close. */
int connector_open(struct connector **out, const char *proc, struct err *err);
void connector_close(struct connector *connector); /* NULL is fine */

/* Tells what has happened since the last call.  How many times the socket was full
 * (each: one or more messages lost).  Does not block. */
uint64_t connector_drain(struct connector *connector, const struct fact_sink *sink);

/* Takes in one datagram; for tests.  Ignores what makes no sense. */
void connector_take(struct connector *connector, const void *bytes, size_t size,
		    const struct fact_sink *sink);

/* Tells the ends that the datagrams taken so far amount to; for tests. */
void connector_settle(struct connector *connector, const struct fact_sink *sink);

/* A connector without socket, which connector_take feeds; for tests. */
struct connector *connector_new(const char *proc, struct err *err);

#endif
