/* SPDX-License-Identifier: BSD-2-Clause */
/* detect_back_pressure.c - producers that have not got rid of their work for long. */
#include "mpstat/model/detect_level.h"

static void check(const struct model *model, struct findings *out)
{
	static const struct level level = {
		.detector = &detect_back_pressure,
		.give = true,
		.advice = "The consumers are too few, too slow, or wait themselves: look at what "
			  "they are doing. A larger capacity only delays this.",
	};

	detect_level(model, out, &level);
}

const struct detector detect_back_pressure = {
	.name = "back-pressured-producer",
	.help = "producers that have waited long at a full queue or pipe",
	.check = check,
};
