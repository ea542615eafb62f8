/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * losses.h - lost records of the targets, not of the whole machine.
 *
 * With -p or -g, rings of other programs are read as well, and what they lose is
 * nobody's concern; but which domains belong to the targets is known only after
 * a tick.  So losses wait here until then.  Owns: what waits.  Does not own:
 * counting losses (collector/), their sums (model/).
 */
#ifndef MPSTAT_COMMANDS_LOSSES_H
#define MPSTAT_COMMANDS_LOSSES_H

#include "mpstat/model/model.h"

struct losses {
	struct domain_losses *domains;
	size_t count, room;
};

void losses_free(struct losses *losses);

/* Takes a FACT_LOSS; -ENOMEM: it did not. */
int losses_hold(struct losses *losses, const struct fact_loss *loss);

/* After a tick: tells the model what the targets' domains have lost.  A domain
 * that once belonged to them always does. */
void losses_release(struct losses *losses, struct model *model);

#endif
