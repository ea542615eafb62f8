/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * arena.h - runs of blocks for rings and message storage.
 *
 * There is no allocation map that a killed process could leave wrong: the
 * slots say who has what, and a free run is found by looking at all of them.
 * An extent is taken by the one store of its word into a slot.
 */
#ifndef MPT_ARENA_H
#define MPT_ARENA_H

#include <stdbool.h>
#include <stdint.h>

/* Finds `bytes` of zeroed, populated memory and stores it in *word, which lies in
 * a slot.  Takes the rings of ended threads when nothing else is left.  The
 * caller holds domain_lock.  0, -ENOSPC, -ENOMEM. */
int arena_take(uint64_t *word, uint64_t bytes);
/* The same for the ledger and ring of a thread, without looking at every slot: from memory that
 * was never used, and when there is none any more, that of one who has ended and had as
 * much.  Only when there is no such one either, all slots are looked at. */
int arena_take_ring(uint64_t *word, uint64_t bytes);
/* `extent` was that of the thread whose slot it is now; true: it is as long as is wished, and
 * has been taken over. */
bool arena_inherit(uint64_t *word, uint64_t extent, uint64_t bytes);

/* Where an extent lies in this process, and how long it is. */
void *arena_at(uint64_t word);
uint64_t arena_bytes(uint64_t word);
/* Does the extent lie within the arena, and has it that many bytes?  For words that
 * other programs wrote. */
bool arena_has(uint64_t word, uint64_t bytes);

#endif
