/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * units.h - units that are out: taken, and not given back (Semaphore) or finished
 * (JoinableQueue); and giving back for the dead.
 *
 * The ledger says how many each process has out.  When a process dies, what it had out
 * is given back in its name, but never more than no living process can account for:
 *
 *   out = taken - given back                          of all, by the two indices
 *   for the dead = min(out - sum of what living processes have out, the dead's own)
 *
 * So a semaphore that some only acquire and others only release (a signal) never gets
 * anything back: nobody has a unit of it out.  A unit given back by a process that has none
 * out is counted in a row of its own (FOREIGN): it was another's, and must not hide one that
 * this process takes later.  Where in doubt, too little is given back, never too much.
 */
#ifndef MPT_UNITS_H
#define MPT_UNITS_H

#include "libtrace/object.h"

/* This process has taken a unit. */
void units_took(struct handle *handle, const struct member *me);

/* This process gives a unit back: the ledger row that counts it.  `finish`: 0 or
 * MPT_REF_FINISH.  NULL: there is no room for one. */
struct mpt_wire_use *units_row(struct handle *handle, struct member *me, uint32_t finish);

/* Had any dead process units out, as far as a look without a lock tells? */
bool units_of_dead(const struct handle *handle, struct mpt_wire_side *back);

/* Gives back in `back` (give, or finish of UNFINISHED kinds) what the dead had out.  The
 * caller holds take and `back`.  Idempotent: may be killed anywhere.  Returns how many
 * units. */
uint64_t units_reclaim(struct member *me, const struct handle *handle, struct mpt_wire_side *back);

/* Takes take and `back`, in that order, and reclaims.  For waiters that hold neither.  Does
 * not wait longer than a moment: then, and when there is nothing to do, 0. */
uint64_t units_look_for_dead(struct handle *handle, struct member *me, struct mpt_wire_side *back,
			     const struct blocking *how);

/* Did somebody die while giving back for the thread in this slot, and nobody has settled that
 * yet?  Its ledger is needed until then.  Under domain_lock. */
bool units_named(uint32_t slot);

/* The thread's slot or ledger goes to another: what it had out is remembered in its objects
 * (owed) when its process is dead.  Under domain_lock. */
void units_bequeath(struct mpt_wire_thread *thread);

#endif
