/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scene.c - see scene.h.
 */
#include "tests/unit/scene.h"

#include "libtrace/contract/vocab.h"

#include <stdio.h>
#include <string.h>

#define SECOND 1000000000ull
#define START (1000 * SECOND)

enum { MAIN, PRODUCER1, PRODUCER2, CONSUMER1, CONSUMER2, TRANSFER1, TRANSFER2, PEOPLE };
enum { JOBS, CTL, LEDGER, ACCOUNT_A, ACCOUNT_B };

static void apply(struct scene *scene, struct fact fact)
{
	if (!fact.source)
		fact.source = FACT_FROM_SEGMENT;
	fact.time_ns = scene->now_ns;
	model_apply(scene->model, &fact);
}

static struct object_id object_id(unsigned slot)
{
	return (struct object_id){SCENE_DOMAIN, slot, 1};
}

static void tell_process(struct scene *scene, unsigned who, const char *name)
{
	struct fact fact = {.type = FACT_PROCESS};
	struct fact_process *p = &fact.u.process;

	p->id = (struct process_id){SCENE_MAIN + who, 77};
	if (who != MAIN)
		p->parent = (struct process_id){SCENE_MAIN, 77};
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(p->command, sizeof(p->command), "./shop --role %s", name);
	p->state = who == CONSUMER1 ? 'R' : 'S';
	p->uid = 1000;
	p->cpu_ns = scene->refreshes * (who == CONSUMER1 ? 250000000ull : 4000000ull);
	p->rss_bytes = (3 + who) << 20;
	p->threads = 1;
	p->reaper_known = true;
	p->started_ns = START - 60 * SECOND;
	p->domain = SCENE_DOMAIN;
	p->slot = who;
	p->generation = 1;
	p->exit_code = FACT_EXIT_UNKNOWN;
	if (SCENE_MAIN + who == scene->ended) {
		p->ended = true;
		p->ended_ns = START + 3 * SECOND;
		p->exit_code = scene->exit_code;
	}
	apply(scene, fact);
}

static void tell_thread(struct scene *scene, unsigned who, uint16_t op, unsigned object)
{
	struct fact fact = {.type = FACT_THREAD};
	struct fact_thread *t = &fact.u.thread;

	t->process = (struct process_id){SCENE_MAIN + who, 77};
	t->tid = SCENE_MAIN + who;
	t->domain = SCENE_DOMAIN;
	t->slot = who;
	t->generation = 1;
	snprintf(t->name, sizeof(t->name), "main");
	t->wait_op = op;
	if (op) {
		t->wait_object = object_id(object);
		t->wait_since_ns = START + SECOND / 2;
	}
	t->records = 100;
	apply(scene, fact);
}

static struct fact object_fact(unsigned slot, uint16_t kind, const char *name)
{
	struct fact fact = {.type = FACT_OBJECT};
	struct fact_object *o = &fact.u.object;

	o->id = object_id(slot);
	o->kind = kind;
	snprintf(o->name, sizeof(o->name), "%s", name);
	snprintf(o->site, sizeof(o->site), "shop+0x12f4");
	o->creator = (struct process_id){SCENE_MAIN, 77};
	o->created_ns = START - 59 * SECOND;
	return fact;
}

static void tell_queue(struct scene *scene)
{
	struct fact fact = object_fact(JOBS, MPT_KIND_QUEUE, "jobs");
	struct fact_object *o = &fact.u.object;

	o->capacity = 32;
	o->capacity_bytes = 64 << 10;
	o->lost = 2;
	o->oldest_ns = scene->now_ns - 180000000;
	o->take.count = 100 + 120 * scene->refreshes;
	o->give.count = o->take.count + 30;
	o->give.waits = 70;
	o->give.wait_ns = 70 * 5000000ull;
	o->give.wait_max_ns = 9000000;
	o->give.wait.bucket[21] = 20;
	o->give.wait.bucket[22] = 50;
	o->hold.bucket[26] = 60;
	o->hold.bucket[27] = 40;
	apply(scene, fact);

	fact = object_fact(CTL, MPT_KIND_PIPE, "ctl");
	o->take.count = o->give.count = 3;
	apply(scene, fact);
}

static void tell_lock(struct scene *scene, unsigned slot, const char *name, int holder)
{
	struct fact fact = object_fact(slot, MPT_KIND_LOCK, name);
	struct fact_object *o = &fact.u.object;

	o->take.count = 1000 + 50 * scene->refreshes;
	o->take.waits = 100;
	o->take.wait_max_ns = 3000000;
	o->take.wait.bucket[18] = 80;
	o->take.wait.bucket[20] = 20;
	o->hold_max_ns = 2000000;
	o->hold.bucket[16] = 900;
	o->hold.bucket[19] = 100;
	o->held = holder >= 0;
	if (o->held) {
		o->owner_slot = (uint32_t)holder;
		o->owner_generation = 1;
		o->owner_since_ns = START + SECOND / 4;
	}
	apply(scene, fact);
}

static void tell_use(struct scene *scene, unsigned who, unsigned object, uint64_t gives,
		     uint64_t takes)
{
	struct fact fact = {.type = FACT_USE};
	struct fact_use *u = &fact.u.use;

	u->process = (struct process_id){SCENE_MAIN + who, 77};
	u->object = object_id(object);
	u->gives = gives;
	u->takes = takes;
	u->lost = takes && who == CONSUMER2 ? 2 : 0;
	u->last_ns = scene->now_ns - 20000000;
	apply(scene, fact);
}

static void tell_record(struct scene *scene, unsigned who, uint16_t op, unsigned object,
			uint64_t value)
{
	struct fact fact = {.type = FACT_RECORD};
	struct fact_record *r = &fact.u.record;

	r->process = (struct process_id){SCENE_MAIN + who, 77};
	r->tid = SCENE_MAIN + who;
	r->domain = SCENE_DOMAIN;
	r->object = object_id(object);
	r->op = op;
	r->phase = MPT_PHASE_END;
	r->value = value;
	r->span = op == MPT_OP_QUEUE_PUT ? 1200000 : 0;
	apply(scene, fact);
}

static const char *name_of(const struct scene *scene, unsigned who)
{
	static const char *const names[PEOPLE] = {"shop",	"producer-1", "producer-2",
						  "consumer-1", "consumer-2", "transfer-1",
						  "transfer-2"};

	if (who != MAIN && scene->all_name)
		return scene->all_name;
	return who == PRODUCER1 && scene->name ? scene->name : names[who];
}

static void tell_people(struct scene *scene)
{
	bool stuck = scene->refreshes >= 3;

	for (unsigned who = 0; who < PEOPLE; who++) {
		uint16_t op = 0;
		unsigned object = JOBS;

		if (SCENE_MAIN + who == scene->gone)
			continue;
		if (who == PRODUCER1 || who == PRODUCER2)
			op = MPT_OP_QUEUE_PUT;
		if (stuck && (who == TRANSFER1 || who == TRANSFER2)) {
			op = MPT_OP_LOCK_ACQUIRE;
			object = who == TRANSFER1 ? ACCOUNT_B : ACCOUNT_A;
		}
		tell_process(scene, who, name_of(scene, who));
		tell_thread(scene, who, op, object);
	}
	for (unsigned i = 0; i < scene->more; i++) {
		char name[32];

		snprintf(name, sizeof(name), "idle-%u", i);
		tell_process(scene, 100 + i, scene->all_name ? scene->all_name : name);
	}
}

static void tell_objects(struct scene *scene)
{
	bool stuck = scene->refreshes >= 3;

	tell_queue(scene);
	tell_lock(scene, LEDGER, "ledger", CONSUMER1);
	tell_lock(scene, ACCOUNT_A, "account-a", stuck ? TRANSFER1 : -1);
	tell_lock(scene, ACCOUNT_B, "account-b", stuck ? TRANSFER2 : -1);
	tell_use(scene, PRODUCER1, JOBS, 65 + 60 * scene->refreshes, 0);
	tell_use(scene, PRODUCER2, JOBS, 65 + 60 * scene->refreshes, 0);
	tell_use(scene, CONSUMER1, JOBS, 0, 60 + 70 * scene->refreshes);
	tell_use(scene, CONSUMER2, JOBS, 0, 40 + 50 * scene->refreshes);
	for (unsigned lock = ACCOUNT_A; lock <= ACCOUNT_B; lock++) {
		tell_use(scene, TRANSFER1, lock, 0, 500 + 25 * scene->refreshes);
		tell_use(scene, TRANSFER2, lock, 0, 500 + 25 * scene->refreshes);
	}
}

void scene_open(struct scene *scene)
{
	*scene = (struct scene){.model = model_new(1000), .now_ns = START};
}

void scene_close(struct scene *scene)
{
	model_free(scene->model);
}

void scene_refresh(void *arg)
{
	struct scene *scene = arg;
	struct fact domain = {.type = FACT_DOMAIN};
	struct fact source = {.type = FACT_SOURCE};

	scene->refreshes++;
	scene->now_ns += SECOND;
	apply(scene, (struct fact){.type = FACT_SNAPSHOT_BEGIN});
	source.u.source.ok = true;
	snprintf(source.u.source.name, sizeof(source.u.source.name), "segment");
	snprintf(source.u.source.text, sizeof(source.u.source.text), "1 domain");
	apply(scene, source);
	domain.u.domain.domain = SCENE_DOMAIN;
	snprintf(domain.u.domain.name, sizeof(domain.u.domain.name), "shop");
	domain.u.domain.creator_pid = SCENE_MAIN;
	domain.u.domain.created_ns = START - 60 * SECOND;
	apply(scene, domain);
	tell_people(scene);
	tell_objects(scene);
	apply(scene, (struct fact){.type = FACT_SNAPSHOT_END});
	if (scene->family)
		scene_family(scene);
	for (unsigned i = 0; scene->records && i < 3; i++)
		tell_record(scene, i ? CONSUMER1 : PRODUCER1,
			    i ? MPT_OP_QUEUE_GET : MPT_OP_QUEUE_PUT, JOBS, 3 * scene->refreshes + i);
	model_tick(scene->model, scene->now_ns);
}
