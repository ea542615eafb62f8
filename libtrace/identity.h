/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * identity.h - which process a pid really is, asked from the kernel.
 *
 * All functions keep errno, need no permanent descriptor, and answer "alive" when
 * the kernel cannot be asked (no descriptors left, no /proc): a false death
 * would corrupt, a late one only delays.
 */
#ifndef MPT_IDENTITY_H
#define MPT_IDENTITY_H

#include <stdbool.h>
#include <stdint.h>

/* Field 22 of /proc/PID/stat; 0 unknown. */
uint64_t identity_start_ticks(uint32_t pid);
/* Inode of the pid's pidfd where it identifies the incarnation (Linux 6.9), else 0. */
uint64_t identity_pidfd_inode(uint32_t pid);
/* Inode of our pid namespace; 0 unknown.  Kept: a process never changes its own, but a
 * forked child may have been put into another one and must renew it. */
uint64_t identity_pidns(void);
void identity_renew_pidns(void);
uint64_t identity_pidns_now(void); /* looked up, not kept */
/* Our pid in the outermost namespace /proc shows, else getpid(). */
uint32_t identity_outer_pid(void);
/* Is this incarnation running (not a zombie)? */
bool identity_alive(uint32_t pid, uint64_t start_ticks, uint64_t pidfd_inode);
/* Does it map the segment of this inode (not after exec)?  True when unreadable.
 *   file  it is a file, which the user may have renamed, and not a memfd */
bool identity_maps(uint32_t pid, uint64_t inode, bool file);

#endif
