/* SPDX-License-Identifier: BSD-2-Clause */
/* losses.c - see losses.h. */
#include "mpstat/commands/losses.h"

#include "mpstat/export/rows.h"
#include "mpstat/util/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct domain_losses {
	uint64_t domain;
	uint64_t waiting[FACT_LOSS_CAUSES];
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

int losses_hold(struct losses *losses, const struct fact_loss *loss)
{
	struct domain_losses *entry = entry_of(losses, loss->domain);

	if (!entry || (unsigned)loss->cause >= FACT_LOSS_CAUSES)
		return -ENOMEM;
	entry->waiting[loss->cause] += loss->count;
	return 0;
}

static void release(struct domain_losses *entry, struct model *model)
{
	struct fact fact;
	int cause;

	for (cause = 0; cause < FACT_LOSS_CAUSES; cause++) {
		if (!entry->waiting[cause])
			continue;
		memset(&fact, 0, sizeof(fact));
		fact.type = FACT_LOSS;
		fact.source = FACT_FROM_SEGMENT;
		fact.time_ns = model_now(model);
		fact.u.loss.cause = (enum fact_loss_cause)cause;
		fact.u.loss.domain = entry->domain;
		fact.u.loss.count = entry->waiting[cause];
		model_apply(model, &fact);
		entry->waiting[cause] = 0;
	}
}

void losses_release(struct losses *losses, struct model *model)
{
	const struct domain *domain = NULL;
	size_t i;

	while (losses->count > 0 && (domain = model_next_domain(model, domain)))
		for (i = 0; i < losses->count; i++)
			if (losses->domains[i].domain == domain->id && !losses->domains[i].target)
				losses->domains[i].target = rows_domain_matched(model, domain);
	for (i = 0; i < losses->count; i++)
		if (losses->domains[i].target)
			release(&losses->domains[i], model);
}
