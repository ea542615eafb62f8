/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ledger.h - put = got + queued + lost, per object and per process.
 *
 * Owns: the arithmetic on an object's counters, with claims that make no sense
 * clamped.  `take.count` includes what was lost: a message taken by a consumer
 * that died before it had it.
 */
#ifndef MPSTAT_MODEL_LEDGER_H
#define MPSTAT_MODEL_LEDGER_H

#include "mpstat/model/model.h"

#define LEDGER_REST "ended processes"

/* Units put in, ever. */
uint64_t ledger_puts(const struct object *object);
/* Units that reached somebody. */
uint64_t ledger_gets(const struct object *object);
/* Units taken by members that died before they had them. */
uint64_t ledger_lost(const struct object *object);
/* Units in the object now; bytes of them. */
uint64_t ledger_depth(const struct object *object);
uint64_t ledger_depth_bytes(const struct object *object);

/* UNITS kinds: those that can be taken now, and those that are out. */
uint64_t ledger_units_free(const struct object *object);
uint64_t ledger_units_out(const struct object *object);
/* UNFINISHED kinds: units given and not finished. */
uint64_t ledger_unfinished(const struct object *object);

/* The ledger row of processes that have no row of their own any more? */
bool use_is_rest(const struct use *use);
/* What a row's process really got. */
uint64_t use_gets(const struct use *use);
/* UNITS and UNFINISHED kinds: what it has taken and not given back (finished). */
uint64_t use_out(const struct use *use);
/* Outside of any domain: "reads and writes", "writes". */
const char *use_ends(const struct use *use);
/* Is the object of such a kind? */
bool use_counts_out(const struct use *use);

#endif
