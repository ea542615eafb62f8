/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * exporters.c - the list of exporters, one row each.
 *
 * Owns: the list.  Does not own: any format.
 */
#include "mpstat/export/exporter.h"

#include <string.h>

extern const struct exporter export_text;
extern const struct exporter export_json;

const struct exporter *const exporters[] = {&export_text, &export_json, NULL};

const struct exporter *exporter_find(const char *name)
{
	size_t i;

	for (i = 0; exporters[i]; i++)
		if (strcmp(exporters[i]->name, name) == 0)
			return exporters[i];
	return NULL;
}
