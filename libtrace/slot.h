/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slot.h - which slot a process or thread gets.
 *
 * Owns: the choice, and what must be remembered of a thread before its slot is another's.
 * Does not own: what is in a slot (member.c), slots of objects (object.c).
 */
#ifndef MPT_SLOT_H
#define MPT_SLOT_H

#include "libtrace/domain.h"

/* A slot to be filled in; it is nobody's until its state is stored.  The caller holds
 * domain_lock.  0, -ENOSPC, -ENOMEM. */
int slot_take_process(uint32_t *slot);
int slot_take_thread(uint32_t *slot);

/* Did the thread die inside an operation that nobody has settled yet?  Its ledger is
 * needed until then.  The caller holds domain_lock. */
bool slot_unsettled(const struct mpt_wire_thread *thread);

#endif
