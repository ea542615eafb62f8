/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal.h - storing many bytes so that they are there whole or not at all, whoever is
 * killed when.
 *
 * What is to be stored is first written beside the value, then declared complete by one
 * store (the object's latch, MPT_JOURNAL_*), then copied over the value.  All of it by
 * the holder of the lock that guards the value:
 *
 *   killed while the journal is filled    the value is the old one
 *   killed while it is copied             who takes the lock over copies it again
 *
 * Who takes a lock over settles the journals of all objects it guards, before anybody
 * can look at them.
 */
#ifndef MPT_JOURNAL_H
#define MPT_JOURNAL_H

#include "libtrace/object.h"

/* Bytes of storage for a value of `size` bytes and its journal.  A value of one word needs
 * none: it is stored by one instruction (guarded_put). */
uint64_t journal_room(uint64_t size);

/* Is a store at work?  To the holder of the lock that is what a dead one left, or his own
 * below a signal handler. */
static inline bool journal_busy(const struct mpt_wire_object *object)
{
	return load64(&object->latch) != 0;
}

void journal_store(const struct member *me, struct mpt_wire_object *object, uint8_t *at,
		   const void *data, uint64_t size);

/* Settles what others left; the caller has just taken this lock from a dead holder, or
 * found a journal busy.  Idempotent.  False: one of them is the caller's own. */
bool journal_settle(struct member *me, const struct handle *lock);

#endif
