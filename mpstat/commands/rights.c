/* SPDX-License-Identifier: BSD-2-Clause */
/* rights.c - see rights.h. */
#include "mpstat/commands/rights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint64_t rights_now(void)
{
	static const char key[] = "CapEff:";
	char line[256];
	uint64_t rights = 0;
	FILE *file = fopen("/proc/self/status", "re");

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, key, strlen(key)) == 0)
			rights = strtoull(line + strlen(key), NULL, 16);
	if (file)
		fclose(file);
	return rights;
}
