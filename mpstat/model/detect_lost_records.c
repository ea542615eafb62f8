/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_lost_records.c - history that this viewer has not seen. */
#include "mpstat/model/detect.h"

#include <stdio.h>

static const struct {
	enum fact_loss_cause cause;
	const char *words;
} causes[] = {
	{FACT_LOSS_OVERWRITTEN, "overwritten before they were read"},
	{FACT_LOSS_REENTERED, "refused because a signal handler interrupted their writer"},
	{FACT_LOSS_CORRUPT, "unreadable"},
};

#define CAUSES (sizeof(causes) / sizeof(causes[0]))

static void check_records(const struct model *model, struct findings *out)
{
	struct finding *finding;
	uint64_t all = 0;

	for (size_t i = 0; i < CAUSES; i++) {
		if (__builtin_add_overflow(all, model_lost(model, causes[i].cause), &all))
			all = UINT64_MAX;
	}
	if (!all)
		return;
	finding = findings_add(out, &detect_lost_records);
	if (!finding)
		return;
	snprintf(finding->sentence, sizeof(finding->sentence),
		 "%llu record%s could not be shown", (unsigned long long)all, detect_plural(all));
	for (size_t i = 0; i < CAUSES; i++) {
		uint64_t count = model_lost(model, causes[i].cause);

		if (count)
			detect_evidence(finding, "%llu %s", (unsigned long long)count,
					causes[i].words);
	}
	snprintf(finding->advice, sizeof(finding->advice),
		 "State and counters are exact all the same. Refresh more often, or start the "
		 "program with a larger MPTRACE_RING.");
}

static void check_life(const struct model *model, struct findings *out)
{
	uint64_t count = model_lost(model, FACT_LOSS_LIFE);
	struct finding *finding = count ? findings_add(out, &detect_lost_records) : NULL;

	if (!finding)
		return;
	snprintf(finding->sentence, sizeof(finding->sentence),
		 "%llu birth%s, death%s or signal%s could not be shown: they came faster than they "
		 "were read",
		 (unsigned long long)count, detect_plural(count), detect_plural(count),
		 detect_plural(count));
	snprintf(finding->advice, sizeof(finding->advice),
		 "Who lives is exact all the same; first parents, causes of death and processes "
		 "that lived only for a moment may be missing. Refresh more often.");
}

static void check(const struct model *model, struct findings *out)
{
	check_records(model, out);
	check_life(model, out);
}

const struct detector detect_lost_records = {
	.name = "lost-records",
	.help = "records, births, deaths and signals that were lost before they were read",
	.check = check,
};
