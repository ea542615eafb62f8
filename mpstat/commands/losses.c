/* SPDX-License-Identifier: BSD-2-Clause */
/* losses.c - see losses.h. */
#include "mpstat/commands/losses.h"

#include "mpstat/export/rows.h"
#include "mpstat/util/vec.h"

#include <stdlib.h>
#include <string.h>

struct domain_losses {
	uint64_t domain;
	uint64_t lost[FACT_LOSS_CAUSES];
	bool target;
};

void losses_free(struct losses *losses)
{
	free(losses->domains);
	memset(losses, 0, sizeof(*losses));
}

/* Its entry, a new one if need be; NULL without memory.  Few domains ever lose
 * anything, so a walk finds it. */
static struct domain_losses *entry_of(struct losses *losses, uint64_t domain)
{
	struct domain_losses *entry;
	size_t i;

	for (i = 0; i < losses->count; i++)
		if (losses->domains[i].domain == domain)
			return &losses->domains[i];
	if (vec_reserve((void **)&losses->domains, &losses->room, losses->count + 1,
			sizeof(*entry)) < 0)
		return NULL;
	entry = &losses->domains[losses->count++];
	memset(entry, 0, sizeof(*entry));
	entry->domain = domain;
	return entry;
}

void losses_add(struct losses *losses, const struct fact_loss *loss)
{
	struct domain_losses *entry;

	if ((unsigned)loss->cause >= FACT_LOSS_CAUSES)
		return;
	entry = entry_of(losses, loss->domain);
	if (entry)
		entry->lost[loss->cause] += loss->count;
	else
		losses->unplaced[loss->cause] += loss->count;
}

void losses_settle(struct losses *losses, const struct model *model)
{
	const struct domain *domain = NULL;
	size_t i;

	while (losses->count > 0 && (domain = model_next_domain(model, domain)))
		for (i = 0; i < losses->count; i++)
			if (losses->domains[i].domain == domain->id && !losses->domains[i].target)
				losses->domains[i].target = rows_domain_matched(model, domain);
}

uint64_t losses_sum(const struct losses *losses, enum fact_loss_cause cause, bool targets_only)
{
	uint64_t sum = losses->unplaced[cause];
	size_t i;

	for (i = 0; i < losses->count; i++)
		if (losses->domains[i].target || !targets_only)
			sum += losses->domains[i].lost[cause];
	return sum;
}
