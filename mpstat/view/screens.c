/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * screens.c - the list of screens, in the order of their tabs.
 */
#include "mpstat/view/screen.h"

#include <string.h>

#define SCREENS(X) \
	X(processes) \
	X(queues) \
	X(locks) \
	X(findings) \
	X(records) \
	X(ended) \
	X(graph) \
	X(process) \
	X(workers) \
	X(object) \
	X(finding) \
	X(help)

#define DECLARE(name) extern const struct screen screen_##name;
SCREENS(DECLARE)
#undef DECLARE

#define ROW(name) &screen_##name,
const struct screen *const screens[] = {SCREENS(ROW) NULL};
#undef ROW

const struct screen *screen_find(const char *name)
{
	for (size_t i = 0; name && screens[i]; i++)
		if (!strcmp(screens[i]->name, name))
			return screens[i];
	return NULL;
}
