/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_left_out.c - what this viewer does not show, or not by name. */
#include "mpstat/model/detect.h"

#include <stdio.h>

static void add_finding(struct findings *out, uint64_t count, const char *one, const char *many,
			const char *advice)
{
	struct finding *finding = count ? findings_add(out, &detect_left_out) : NULL;

	if (!finding)
		return;
	snprintf(finding->sentence, sizeof(finding->sentence), "%llu %s",
		 (unsigned long long)count, count == 1 ? one : many);
	snprintf(finding->advice, sizeof(finding->advice), "%s", advice);
}

static void check(const struct model *model, struct findings *out)
{
	add_finding(out, model_rejected(model),
		    "claim of an observed program made no sense and was corrected or left out",
		    "claims of observed programs made no sense and were corrected or left out",
		    "A counter read while it changed is harmless; many of them mean a damaged or "
		    "forged segment: see `doctor`.");
	add_finding(out, model_left_out(model), "entity was left out: a bound or memory ran out",
		    "entities were left out: a bound or memory ran out",
		    "Look at less: -p PID or -g GROUP.");
	add_finding(out, model_unknown(model),
		    "object or record is of a kind that this version does not know",
		    "objects or records are of a kind that this version does not know",
		    "They are shown by number. The program uses a newer libmptrace: update mpstat.");
}

const struct detector detect_left_out = {
	.name = "left-out",
	.help = "claims that made no sense, bounds that were reached, kinds not known",
	.check = check,
};
