/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * losses.h - lost records of the targets, not of the whole machine.
 *
 * Owns: a sum per domain and cause.  Does not own: counting them (collector/),
 * the sums over everything (model/).
 */
#ifndef MPSTAT_COMMANDS_LOSSES_H
#define MPSTAT_COMMANDS_LOSSES_H

#include "mpstat/model/model.h"

#include <stdbool.h>

struct losses {
	struct domain_losses *domains;
	size_t count, room;
	uint64_t unplaced[FACT_LOSS_CAUSES]; /* no memory to tell of which domain */
};

void losses_free(struct losses *losses);

/* Takes a FACT_LOSS. */
void losses_add(struct losses *losses, const struct fact_loss *loss);

/* After a tick: which domains belong to the targets.  One that once did stays,
 * also when it is gone. */
void losses_settle(struct losses *losses, const struct model *model);

/* Of all domains, or of those that belong to the targets; what could not be placed
 * counts in either case. */
uint64_t losses_sum(const struct losses *losses, enum fact_loss_cause cause, bool targets_only);

#endif
