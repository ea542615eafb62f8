/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * domain.h - the family of processes that share objects.
 *
 * The first object or process made creates the program's domain; forked
 * children are in it.  Nothing here is needed for parent and children: it is
 * for programs that start separately and want to meet by name.
 *
 * Objects of another program are opened as "domain/object", for example
 * mpt_queue_open(&q, "webapp/jobs"), which joins the domain "webapp" first.
 * A process is in one domain only.
 */
#ifndef MPTRACE_DOMAIN_H
#define MPTRACE_DOMAIN_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Gives this program's domain an exclusive name on this machine (network
 * namespace), for others to join.  Environment MPTRACE_NAME does the same at
 * creation, silently keeping the domain unpublished when the name is taken.
 *   name     1 to 47 bytes, no '/'
 * Returns 0, also when it has the name already; -EEXIST another living domain has
 * it; -EBADF the program has closed the library's descriptors; -EINVAL.
 * The name is taken while this process or a child forked later lives.
 * Does not block. */
MPT_API int mpt_domain_publish(const char *name);

/* Joins the domain that somebody published as `name`.
 *   timeout_ns  how long to wait for it to appear
 * Returns 0; -EAGAIN, -ETIMEDOUT no such domain; -EBUSY this process is in
 * another domain already; -EACCES it belongs to another user (root, too, joins
 * only its own); -EPROTO it speaks another version or is no domain; -ENOSPC,
 * -ENOMEM.  Joining the own domain again is 0. */
MPT_API int mpt_domain_join(const char *name, uint64_t timeout_ns);

#ifdef __cplusplus
}
#endif
#endif
