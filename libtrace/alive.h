/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * alive.h - is another member still there?
 *
 * First witness: the life mutex in the process slot, robust, held by the thread
 * that attached.  EBUSY: alive (a few ns).  EOWNERDEAD: that thread is gone
 * without leaving: the process died or called exec.  Free: the thread ended in
 * order, or an earlier look found it dead.
 * Second witness, when nobody holds the mutex: pidfd and start time, which a reused
 * pid does not have.  Third, as exec keeps both: whether the pid still maps this
 * very segment, and not as a newer member.
 */
#ifndef MPT_ALIVE_H
#define MPT_ALIVE_H

#include "libtrace/contract/wire.h"

/* Takes the life mutex for the calling thread, until the kernel lets go of it for us.
 * It is made when the slot is used for the first time and never again: a checker may
 * hold it for a moment, and then the kernel's list of what *that* thread holds runs
 * through it.  0 or -ETIMEDOUT. */
int alive_hold_life(struct mpt_wire_process *process);
/* The attaching thread ends, the process does not: unless another thread holds it. */
void alive_release_life(struct mpt_wire_process *process);

#endif
