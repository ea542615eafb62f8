/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene.h - a small busy program as facts, for the tests of view/.
 *
 * One domain "shop": a main process with two producers, two consumers and two
 * transfers; queue "jobs" full, pipe "ctl" empty, locks "ledger", "account-a",
 * "account-b".  From the third refresh on the transfers are in a deadlock.
 */
#ifndef TESTS_UNIT_SCENE_H
#define TESTS_UNIT_SCENE_H

#include "mpstat/model/model.h"

#define SCENE_MAIN 4242u /* pids count on from here */
#define SCENE_DOMAIN 0x5ce9e5ce9e000001ull

struct scene {
	struct model *model;
	uint64_t now_ns;
	unsigned refreshes;
	unsigned gone;	  /* pid that is left out of the facts; 0: none */
	unsigned ended;	  /* pid that has ended, with exit_code, in the third second; 0: none */
	int exit_code;
	unsigned more;	  /* idle processes besides, below the main one */
	const char *name; /* of the first producer; NULL: "producer-1" */
	bool records;	  /* three more at each refresh */
};

/* An empty model, no refresh yet. */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* One second later: tells all facts and ticks.  Fits view_config.refresh. */
void scene_refresh(void *scene);

#endif
