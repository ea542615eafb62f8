/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_starved.c - consumers that have had nothing to do for long. */
#include "mpstat/model/detect_level.h"

static void check(const struct model *model, struct findings *out)
{
	static const struct level level = {
		.detector = &detect_starved,
		.give = false,
		.advice = "Normal when there is no work. Else look at who should put: what is it "
			  "waiting for?",
	};

	detect_level(model, out, &level);
}

const struct detector detect_starved = {
	.name = "starved-consumer",
	.help = "consumers that have waited long at an empty queue or pipe",
	.check = check,
};
