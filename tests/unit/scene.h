/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene.h - a small busy program as facts, for the tests of view/.
 *
 * One domain "shop": a main process with two producers, two consumers and two
 * transfers; queue "jobs" full, pipe "ctl" empty, locks "ledger", "account-a",
 * "account-b".  From the third refresh on the transfers are in a deadlock.
 * With `family`: a pool of workers, a zombie, an orphan and two that ended besides.
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
	const char *all_name; /* of everybody but the main one; NULL: their own */
	bool records;	  /* three more at each refresh */
	bool family;	  /* the pool and the others of scene_family.c */
	unsigned workers; /* of the pool; 0: SCENE_WORKERS */
	unsigned below;	  /* "sub" processes below the pool's fifth worker */
};

#define SCENE_POOL 4280u /* its workers count on from here */
#define SCENE_WORKERS 12

/* An empty model, no refresh yet. */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* scene_family.c: as /proc and the kernel tell it, everybody of the scene and
 *   4280    a pool "pool" with twelve workers "worker"; from the third refresh on the first
 *	     one has failed and another has taken its place
 *   4260    "starter", killed by bash after two refreshes; its child 4261, "logger", is
 *	     adopted by init
 *   4262    "job", a zombie from the third refresh on: exit code 3
 *   4263    "fetch", which ends well after one */
void scene_family(struct scene *scene);

/* One second later: tells all facts and ticks.  Fits view_config.refresh. */
void scene_refresh(void *scene);

#endif
