/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_world.h - a small manager for tests that kill, and every call that changes it.
 */
#ifndef TESTS_API_MANAGER_WORLD_H
#define TESTS_API_MANAGER_WORLD_H

#include "tests/api/manager_check.h"

#define WORLD "world"

struct world {
	struct mpt_manager *manager;
	struct mpt_dict *dict, *other;
	struct mpt_list *list;
	uint64_t used, containers; /* as world_new left it */
};

struct operation {
	const char *name;
	void (*act)(struct world *w); /* in a child */
	bool invisible;		      /* dict, list and names are the same after it */
};

struct operations {
	const char *title;
	const struct operation *all;
	size_t count;
};

/* In groups. */
extern const struct operations world_operations[];
extern const size_t world_groups;

struct world *world_new(void);
void world_end(struct world *w);
/* As it was; what the dead had made goes, and nothing is lost. */
void world_prepare(struct world *w);
/* In a child: its handles are its own from now on. */
void world_warm(void *world);

#endif
