/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene_family.c - the part of the scene that is told by /proc and the kernel:
 * workers, a zombie, an orphan, ends.  See scene.h.
 */
#include "tests/unit/scene.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#define SECOND 1000000000ull
#define INIT 1u
#define BASH 4200u
#define STARTER 4260u
#define LOGGER 4261u
#define JOB 4262u
#define FETCH 4263u

static struct process_id id_of(uint32_t pid)
{
	return (struct process_id){pid, 77};
}

static void apply(struct scene *scene, struct fact fact, enum fact_source source)
{
	fact.source = source;
	fact.time_ns = scene->now_ns;
	model_apply(scene->model, &fact);
}

static void tell_as(struct scene *scene, uint32_t pid, uint32_t parent, const char *name,
		    char state)
{
	struct fact fact = {.type = FACT_PROCESS};
	struct fact_process *p = &fact.u.process;

	p->id = id_of(pid);
	p->parent = parent ? id_of(parent) : (struct process_id){0, 0};
	snprintf(p->name, sizeof(p->name), "%s", name);
	if (state != 'Z')
		snprintf(p->command, sizeof(p->command), "/usr/bin/%s --serve", name);
	p->state = state;
	p->uid = 1000;
	p->cpu_ns = scene->refreshes * 10000000ull;
	p->rss_bytes = state == 'Z' ? 0 : 5 << 20;
	p->threads = 1;
	p->reaper_known = true;
	p->started_ns = pid > SCENE_POOL + SCENE_WORKERS ? 1003 * SECOND : 970 * SECOND;
	p->exit_code = FACT_EXIT_UNKNOWN;
	if (state == 'S')
		snprintf(p->inside, sizeof(p->inside), pid >= SCENE_POOL ? "anon_pipe_read" : "do_wait");
	if (pid == SCENE_POOL) {
		p->subreaper = true;
		p->inner_pid = 7;
		snprintf(p->cgroup, sizeof(p->cgroup), "/system.slice/shop.service");
		snprintf(p->container, sizeof(p->container), "docker 1f2e3d4c5b6a");
	}
	apply(scene, fact, FACT_FROM_PROC);
}

static void tell_exit(struct scene *scene, uint32_t pid, const char *name, int32_t code)
{
	struct fact fact = {.type = FACT_LIFE};
	struct fact_life *life = &fact.u.life;

	life->what = FACT_LIFE_EXIT;
	life->process = id_of(pid);
	life->other = id_of(pid > SCENE_POOL ? SCENE_POOL : SCENE_MAIN);
	snprintf(life->name, sizeof(life->name), "%s", name);
	life->exit_code = code;
	apply(scene, fact, FACT_FROM_KERNEL);
}

static void tell_kill(struct scene *scene)
{
	struct fact fact = {.type = FACT_LIFE};
	struct fact_life *life = &fact.u.life;

	life->what = FACT_LIFE_SIGNAL;
	life->origin = FACT_ORIGIN_PROCESS;
	life->signal = SIGKILL;
	life->process = id_of(STARTER);
	life->other = id_of(BASH);
	strcpy(life->name, "starter");
	strcpy(life->other_name, "bash");
	apply(scene, fact, FACT_FROM_KERNEL);
	tell_exit(scene, STARTER, "starter", -SIGKILL);
}

static void tell_events(struct scene *scene)
{
	if (scene->refreshes == 2)
		tell_exit(scene, FETCH, "fetch", 0);
	if (scene->refreshes != 3)
		return;
	tell_kill(scene);
	tell_exit(scene, JOB, "job", 3);
	tell_exit(scene, SCENE_POOL + 1, "worker", 1);
}

static void tell_pool(struct scene *scene)
{
	unsigned first = scene->refreshes < 3 ? 1 : 2;
	unsigned count = scene->workers ? scene->workers : SCENE_WORKERS;

	tell_as(scene, SCENE_POOL, SCENE_MAIN, "pool", 'S');
	for (unsigned i = first; i < first + count; i++)
		tell_as(scene, SCENE_POOL + i, SCENE_POOL, "worker", i == 5 ? 'R' : 'S');
	for (unsigned i = 0; i < scene->below; i++)
		tell_as(scene, SCENE_POOL + 100 + i, SCENE_POOL + 5, "sub", 'S');
}

/* /proc shows those of the domain too, by other words for some. */
static void tell_people(struct scene *scene)
{
	for (uint32_t pid = SCENE_MAIN; pid < SCENE_MAIN + 7; pid++)
		if (pid != scene->gone && pid != scene->ended)
			tell_as(scene, pid, pid == SCENE_MAIN ? BASH : SCENE_MAIN, "shop", 'S');
}

void scene_family(struct scene *scene)
{
	bool late = scene->refreshes >= 3;

	tell_events(scene);
	apply(scene, (struct fact){.type = FACT_SNAPSHOT_BEGIN}, FACT_FROM_PROC);
	tell_as(scene, INIT, 0, "init", 'S');
	tell_as(scene, BASH, INIT, "bash", 'S');
	tell_people(scene);
	if (scene->refreshes < 2)
		tell_as(scene, FETCH, SCENE_MAIN, "fetch", 'R');
	if (!late)
		tell_as(scene, STARTER, SCENE_MAIN, "starter", 'S');
	tell_as(scene, LOGGER, late ? INIT : STARTER, "logger", 'S');
	tell_as(scene, JOB, SCENE_MAIN, "job", late ? 'Z' : 'R');
	tell_pool(scene);
	apply(scene, (struct fact){.type = FACT_SNAPSHOT_END}, FACT_FROM_PROC);
}
