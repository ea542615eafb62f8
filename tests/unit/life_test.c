/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * life_test.c - births, deaths and signals: whatever the order they are told in
 * and wherever snapshots fall, the model ends up with what really happened.
 *
 * Owns: a small simulated kernel, and bounds.  Single stories: tests/golden.
 */
#include "tests/unit/tell.h"

#include "mpstat/model/store.h"

#include <stdlib.h>

#define SECOND 1000000000ull
#define PIDS 120 /* few, so that they are used again */
#define PROCESSES 900
#define EVENTS 4000

/* ---- a kernel ------------------------------------------------------------ */

enum phase { ALIVE, ZOMBIE, GONE };

struct truth {
	struct process_id id;
	int parent, first; /* indices; -1: none */
	enum phase phase;
	bool reaper;
	uint64_t died_ns;
	int32_t exit_code;
	uint8_t origin;
	struct process_id by;
};

struct world {
	unsigned seed;
	uint64_t now_ns;
	struct truth items[PROCESSES];
	int count;
	int by_pid[PIDS]; /* index, -1: free */
	struct fact pending[EVENTS];
	int pending_count;
	struct model *model;
	bool exact_times; /* rows carry their own time, not that of the snapshot */
	uint64_t begun_ns;
};

static int chance(struct world *w, int sides)
{
	return rand_r(&w->seed) % sides;
}

static struct fact *event(struct world *w, enum fact_life_what what, int who)
{
	struct fact *fact = &w->pending[w->pending_count++];

	assert_true(w->pending_count < EVENTS);
	memset(fact, 0, sizeof(*fact));
	fact->type = FACT_LIFE;
	fact->source = FACT_FROM_KERNEL;
	fact->time_ns = ++w->now_ns;
	fact->u.life.what = (uint8_t)what;
	fact->u.life.process = w->items[who].id;
	fact->u.life.exit_code = FACT_EXIT_UNKNOWN;
	snprintf(fact->u.life.name, FACT_NAME_MAX, "p%u", w->items[who].id.pid);
	return fact;
}

static int add(struct world *w, int parent)
{
	int pid = 1;

	while (pid < PIDS && w->by_pid[pid] >= 0)
		pid++;
	if (pid == PIDS || w->count == PROCESSES)
		return -1;
	/* Numbers go up until they begin again. */
	for (int i = 0; i < PIDS && w->count; i++) {
		int next = 2 + (w->count + i) % (PIDS - 2);

		if (w->by_pid[next] < 0) {
			pid = next;
			break;
		}
	}
	w->items[w->count] = (struct truth){
		.id = {(uint32_t)pid, 100 + (uint64_t)w->count},
		.parent = parent,
		.first = parent,
		.exit_code = FACT_EXIT_UNKNOWN,
		.reaper = w->count && !chance(w, 8),
	};
	w->by_pid[pid] = w->count;
	return w->count++;
}

/* A random process in that phase, init aside if need be; -1: none was met. */
static int pick(struct world *w, enum phase phase, bool init)
{
	for (int i = 0; i < 20 && w->count; i++) {
		int who = chance(w, w->count);

		if (w->items[who].phase == phase && (who || init))
			return who;
	}
	return -1;
}

static void do_fork(struct world *w)
{
	int parent = pick(w, ALIVE, true), child = parent < 0 ? -1 : add(w, parent);

	if (child < 0)
		return;
	event(w, FACT_LIFE_FORK, child)->u.life.other = w->items[parent].id;
}

static int heir(const struct world *w, int who)
{
	int at = w->items[who].parent;

	while (at > 0 && !(w->items[at].reaper && w->items[at].phase == ALIVE))
		at = w->items[at].parent;
	return at < 0 ? 0 : at;
}

static void signal_from(struct world *w, int who, int by, enum fact_origin origin, int number)
{
	struct fact *fact = event(w, FACT_LIFE_SIGNAL, who);

	fact->u.life.other = by < 0 ? (struct process_id){0} : w->items[by].id;
	fact->u.life.origin = (uint8_t)origin;
	fact->u.life.signal = (uint8_t)number;
}

/* Why it will end; signals that are not the reason come before. */
static void choose_cause(struct world *w, int who)
{
	struct truth *t = &w->items[who];
	int by = pick(w, ALIVE, true);

	if (!chance(w, 3) && by >= 0)
		signal_from(w, who, by, FACT_ORIGIN_PROCESS, 15);
	t->exit_code = chance(w, 3);
	switch (chance(w, 6)) {
	case 0:
		t->exit_code = -9;
		event(w, FACT_LIFE_OOM, who);
		signal_from(w, who, by, FACT_ORIGIN_KERNEL, 9);
		t->origin = FACT_ORIGIN_MEMORY;
		break;
	case 1:
		t->exit_code = -11;
		signal_from(w, who, who, FACT_ORIGIN_FAULT, 11);
		t->origin = FACT_ORIGIN_FAULT;
		break;
	case 2:
		if (by < 0)
			break;
		t->exit_code = -9;
		signal_from(w, who, by, FACT_ORIGIN_PROCESS, 9);
		t->origin = FACT_ORIGIN_PROCESS;
		t->by = w->items[by].id;
		break;
	case 3:
		t->exit_code = -6; /* nobody saw who */
		break;
	default:
		break;
	}
}

static void reap(struct world *w, int who)
{
	w->items[who].phase = GONE;
	w->by_pid[w->items[who].id.pid] = -1;
}

static void do_exit(struct world *w)
{
	int who = pick(w, ALIVE, false);
	struct truth *t;
	struct fact *fact;
	int parent;

	if (who < 0)
		return;
	t = &w->items[who];
	choose_cause(w, who);
	fact = event(w, FACT_LIFE_EXIT, who);
	fact->u.life.exit_code = t->exit_code;
	fact->u.life.other = w->items[t->parent].id;
	t->died_ns = fact->time_ns;
	t->phase = ZOMBIE;
	parent = heir(w, who);
	for (int i = 0; i < w->count; i++) {
		if (w->items[i].phase != GONE && w->items[i].parent == who)
			w->items[i].parent = parent;
	}
	if (chance(w, 2))
		reap(w, who);
}

static void happen(struct world *w)
{
	int who;

	switch (chance(w, 5)) {
	case 0:
	case 1:
		do_fork(w);
		break;
	case 2:
	case 3:
		if (w->count > 10)
			do_exit(w);
		break;
	default:
		who = pick(w, ZOMBIE, false);
		if (who >= 0)
			reap(w, who);
	}
}

/* ---- what is told -------------------------------------------------------- */

/* Some of the events, in any order, some of them twice. */
static void drain(struct world *w, int share)
{
	for (int n = w->pending_count * share / 100; n > 0; n--) {
		int i = chance(w, w->pending_count);

		model_apply(w->model, &w->pending[i]);
		if (!chance(w, 10))
			model_apply(w->model, &w->pending[i]);
		w->pending[i] = w->pending[--w->pending_count];
	}
}

static struct fact from_proc(const struct world *w, enum fact_type type)
{
	struct fact fact;

	memset(&fact, 0, sizeof(fact));
	fact.type = type;
	fact.source = FACT_FROM_PROC;
	fact.time_ns = w->exact_times ? w->now_ns : w->begun_ns;
	return fact;
}

static void tell_row(struct world *w, int pid)
{
	struct fact fact = from_proc(w, FACT_PROCESS);
	struct fact_process *p = &fact.u.process;
	const struct truth *t;

	if (w->by_pid[pid] < 0)
		return;
	t = &w->items[w->by_pid[pid]];
	p->id = t->id;
	if (t->parent >= 0)
		p->parent = w->items[t->parent].id;
	snprintf(p->name, sizeof(p->name), "p%d", pid);
	p->state = t->phase == ZOMBIE ? 'Z' : 'S';
	p->subreaper = t->reaper;
	p->exit_code = t->phase == ZOMBIE ? t->exit_code : FACT_EXIT_UNKNOWN;
	p->cpu_ns = p->rss_bytes = p->started_ns = FACT_UNKNOWN;
	p->threads = 1;
	model_apply(w->model, &fact);
}

/* The world goes on while it is read, unless `still`. */
static void snapshot(struct world *w, bool still)
{
	struct fact fact;

	w->begun_ns = ++w->now_ns;
	fact = from_proc(w, FACT_SNAPSHOT_BEGIN);
	model_apply(w->model, &fact);
	for (int pid = 1; pid < PIDS; pid++) {
		if (!still && !chance(w, 20))
			happen(w);
		if (!still && !chance(w, 30))
			drain(w, 50);
		tell_row(w, pid);
	}
	fact = from_proc(w, FACT_SNAPSHOT_END);
	model_apply(w->model, &fact);
}

/* ---- what must be true --------------------------------------------------- */

static struct process_id id_of(const struct world *w, int who)
{
	return who < 0 ? (struct process_id){0} : w->items[who].id;
}

static void expect_id(struct process_id got, struct process_id expected)
{
	assert_int_equal(got.pid, expected.pid);
	assert_int_equal(got.start, expected.start);
}

static void expect_family(const struct world *w, const struct truth *t, const struct process *p)
{
	const struct truth *first = t->first < 0 ? NULL : &w->items[t->first];

	expect_id(p->first_parent, id_of(w, t->first));
	assert_int_equal(p->orphan, t->phase != GONE && t->parent != t->first);
	if (t->phase != GONE) {
		expect_id(p->fact.parent, id_of(w, t->parent));
		assert_int_equal(p->parent != NULL, t->parent >= 0);
		if (p->parent)
			expect_id(p->parent->id, id_of(w, t->parent));
	}
	if (!first || first->phase == ALIVE || (t->died_ns && t->died_ns < first->died_ns))
		return;
	assert_int_equal(p->orphaned_ns, first->died_ns);
	assert_int_equal(p->parent_death.exit_code, first->exit_code);
	assert_int_equal(p->parent_death.origin, first->origin);
	expect_id(p->parent_death.by, first->by);
}

static void expect_death(const struct truth *t, const struct process *p)
{
	assert_int_equal(p->fact.ended, t->phase == GONE);
	assert_int_equal(process_lives(p), t->phase == ALIVE);
	assert_int_equal(p->death.at_ns, t->died_ns);
	assert_int_equal(p->death.exit_code, t->exit_code);
	assert_int_equal(p->fact.exit_code, t->exit_code);
	assert_int_equal(p->death.origin, t->origin);
	expect_id(p->death.by, t->by);
	assert_int_equal(p->fact.ended_ns, t->died_ns);
	assert_int_equal(p->story[0] != 0, t->phase != ALIVE || p->orphan);
}

/* What was met in all worlds together: a test that meets nothing proves nothing. */
struct met {
	int processes, again, orphans, zombies, killed;
};

static void expect_truth(const struct world *w, struct met *met)
{
	for (int i = 0; i < w->count; i++) {
		const struct truth *t = &w->items[i];
		const struct process_node *node = store_process(w->model, t->id);

		assert_non_null(node);
		met->processes++;
		met->again += t->phase != GONE && i > PIDS;
		met->orphans += node->process.orphan;
		met->zombies += t->phase == ZOMBIE;
		met->killed += t->by.pid != 0;
		expect_death(&w->items[i], &node->process);
		expect_family(w, &w->items[i], &node->process);
	}
	assert_int_equal(model_rejected(w->model), 0);
	assert_int_equal(model_left_out(w->model), 0);
}

static void live(struct world *w)
{
	for (int i = 0; i < 700; i++) {
		happen(w);
		if (!chance(w, 10))
			drain(w, chance(w, 101));
		if (!chance(w, 25))
			snapshot(w, false);
		if (!chance(w, 25))
			model_tick(w->model, w->now_ns);
	}
}

static void whatever_the_order_the_model_ends_with_the_truth(void **state)
{
	struct met met = {0};

	(void)state;
	for (unsigned seed = 1; seed <= 60; seed++) {
		struct world *w = calloc(1, sizeof(*w));
		struct model_filter all = {.all = true};

		assert_non_null(w);
		w->seed = seed;
		w->now_ns = SECOND;
		w->exact_times = seed % 2;
		w->model = model_new(0);
		assert_non_null(w->model);
		model_set_filter(w->model, &all);
		for (int i = 0; i < PIDS; i++)
			w->by_pid[i] = -1;
		for (int i = 0; i < 5; i++)
			add(w, i ? 0 : -1);
		snapshot(w, true);
		model_tick(w->model, w->now_ns);
		live(w);
		drain(w, 100);
		snapshot(w, true);
		model_tick(w->model, w->now_ns);
		expect_truth(w, &met);
		model_free(w->model);
		free(w);
	}
	print_message("# %d processes, %d under a pid used again, %d orphans, %d zombies, "
		      "%d killed by one that is known\n",
		      met.processes, met.again, met.orphans, met.zombies, met.killed);
	assert_true(met.processes > 1000 && met.again > 100 && met.orphans > 100);
	assert_true(met.zombies > 100 && met.killed > 100);
}

/* ---- noise ---------------------------------------------------------------- */

static void nonsense_is_borne(void **state)
{
	struct model *model = model_new(8);
	struct model_filter filter = {.pids = (const uint32_t[]){3}, .pid_count = 1};
	unsigned seed = 11;

	(void)state;
	assert_non_null(model);
	model_set_filter(model, &filter);
	for (uint64_t i = 0; i < 40000; i++) {
		struct fact fact;
		unsigned char *bytes = (unsigned char *)&fact.u;

		memset(&fact, 0, sizeof(fact));
		for (size_t at = 0; at < sizeof(fact.u.life); at++)
			bytes[at] = (unsigned char)rand_r(&seed);
		fact.type = rand_r(&seed) % 4 ? FACT_LIFE : FACT_PROCESS;
		fact.source = rand_r(&seed) % 2 ? FACT_FROM_PROC : FACT_FROM_KERNEL;
		fact.u.life.core = false;
		fact.time_ns = rand_r(&seed) % 1000;
		if (fact.type == FACT_LIFE) {
			fact.u.life.what = (uint8_t)(rand_r(&seed) % 8);
			fact.u.life.process = (struct process_id){rand_r(&seed) % 9, rand_r(&seed) % 3};
			fact.u.life.other = (struct process_id){rand_r(&seed) % 9, rand_r(&seed) % 3};
			fact.u.life.signal %= 70;
			fact.u.life.origin %= 10;
		} else {
			fact.u.process = (struct fact_process){
				.id = {rand_r(&seed) % 9, rand_r(&seed) % 3},
				.parent = {rand_r(&seed) % 9, rand_r(&seed) % 3},
				.state = "RSDTZXt"[rand_r(&seed) % 7],
				.threads = rand_r(&seed) % 3,
				.subreaper = rand_r(&seed) % 2,
				.name = "x",
			};
		}
		if (!(i % 50)) {
			fact.type = i % 100 ? FACT_SNAPSHOT_BEGIN : FACT_SNAPSHOT_END;
			fact.source = FACT_FROM_PROC;
		}
		model_apply(model, &fact);
		if (!(i % 37))
			model_tick(model, i);
	}
	assert_true(model_rejected(model) > 1000);
	model_free(model);
}

static void tell_end(struct model *model, unsigned pid, int code)
{
	tell(model, "life source=kernel time=%llu what=exit process=%u:5 exit_code=%d",
	     SECOND + pid, pid, code);
}

static void bad_ends_are_remembered_longer_than_good_ones(void **state)
{
	struct model *model = model_new(0);
	size_t failed = 0, all = 0;

	(void)state;
	assert_non_null(model);
	for (unsigned pid = 100; pid < 100 + 5000; pid++)
		tell_end(model, pid, pid < 1100);
	model_tick(model, 2 * SECOND);
	model_tick(model, 3 * SECOND);
	for (const struct process *p = NULL; (p = model_next_process(model, p)); all++)
		failed += p->death.exit_code == 1;
	assert_int_equal(all, MODEL_ENDED);
	assert_int_equal(failed, 1000); /* although they are the oldest */
	model_free(model);
}

static void a_flood_of_births_stops_at_the_bound(void **state)
{
	struct fact fact = {.type = FACT_LIFE, .source = FACT_FROM_KERNEL, .time_ns = SECOND};
	struct model *model = model_new(0);

	(void)state;
	assert_non_null(model);
	fact.u.life.what = FACT_LIFE_FORK;
	for (uint32_t i = 0; i < MODEL_TOLD + 10; i++) {
		fact.u.life.process = (struct process_id){i + 1, 5};
		model_apply(model, &fact);
	}
	assert_int_equal(model_lost(model, FACT_LOSS_LIFE), 10);
	/* Events about those that are known still count. */
	fact.u.life.what = FACT_LIFE_EXIT;
	fact.u.life.process.pid = 1;
	fact.u.life.exit_code = 3;
	fact.time_ns++;
	model_apply(model, &fact);
	assert_int_equal(model_lost(model, FACT_LOSS_LIFE), 10);
	assert_int_equal(model_left_out(model), 0);
	/* Whom events found no room for, a snapshot finds. */
	tell(model, "snapshot-begin source=proc time=%llu", 2 * SECOND);
	tell(model, "process source=proc time=%llu pid=%u start=5 name=\"late\" state=S",
	     2 * SECOND, MODEL_TOLD + 10);
	tell(model, "snapshot-end source=proc time=%llu", 2 * SECOND);
	model_tick(model, 2 * SECOND);
	assert_true(process_lives(process_of(model, MODEL_TOLD + 10)));
	assert_int_equal(process_of(model, 1)->death.exit_code, 3);
	model_free(model);
}

static void a_long_story_is_cut_and_says_so(void **state)
{
	struct model *model = model_new(0);
	char name[FACT_NAME_MAX];

	(void)state;
	assert_non_null(model);
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = 0;
	tell(model, "snapshot-begin source=proc time=1");
	tell(model, "process source=proc time=1 pid=7 start=7 name=\"%s\" state=S", name);
	tell(model, "process source=proc time=1 pid=8 start=8 parent=7:7 name=\"x\" state=S");
	tell(model, "process source=proc time=1 pid=9 start=6 name=\"%s\" state=S", name);
	tell(model, "snapshot-end source=proc time=1");
	model_tick(model, 2);
	tell(model, "life source=kernel time=3 what=signal process=7:7 other=9:6 signal=9 "
		    "origin=process");
	tell(model, "life source=kernel time=3 what=exit process=7:7 exit_code=-9");
	tell(model, "snapshot-begin source=proc time=4");
	tell(model, "process source=proc time=4 pid=8 start=8 parent=9:6 name=\"x\" state=S");
	tell(model, "process source=proc time=4 pid=9 start=6 name=\"%s\" state=S", name);
	tell(model, "snapshot-end source=proc time=4");
	model_tick(model, SECOND);
	assert_int_equal(strlen(process_of(model, 8)->story), FACT_TEXT_MAX - 1);
	assert_string_equal(process_of(model, 8)->story + FACT_TEXT_MAX - 4, "...");
	model_free(model);
}

static void an_end_that_was_seen_is_no_life_before_a_snapshot_decides(void **state)
{
	struct model *model = model_new(0);

	(void)state;
	assert_non_null(model);
	tell(model, "snapshot-begin source=proc time=1");
	tell(model, "process source=proc time=1 pid=7 start=7 state=S");
	tell(model, "snapshot-end source=proc time=1");
	tell(model, "life source=kernel time=2 what=exit process=7:7 exit_code=0");
	model_tick(model, 3);
	assert_false(process_lives(process_of(model, 7)));
	assert_false(process_of(model, 7)->fact.ended);
	tell(model, "snapshot-begin source=proc time=4");
	tell(model, "snapshot-end source=proc time=4");
	model_tick(model, 5);
	assert_true(process_of(model, 7)->fact.ended);
	assert_string_equal(process_of(model, 7)->story, "exit code 0");
	model_free(model);
}

static void who_comes_back_has_no_story(void **state)
{
	struct model *model = model_new(0);

	(void)state;
	assert_non_null(model);
	for (unsigned i = 1; i < 8; i++) {
		tell(model, "snapshot-begin source=proc time=%u", 2 * i);
		if (i % 2)
			tell(model, "process source=proc time=%u pid=7 start=7 state=S", 2 * i);
		tell(model, "snapshot-end source=proc time=%u", 2 * i);
		model_tick(model, 2 * i);
		assert_string_equal(process_of(model, 7)->story,
				    i % 2 ? "" : "nobody saw how it ended");
		model_tick(model, 2 * i + 1);
		assert_string_equal(process_of(model, 7)->story,
				    i % 2 ? "" : "nobody saw how it ended");
	}
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_the_order_the_model_ends_with_the_truth),
		cmocka_unit_test(nonsense_is_borne),
		cmocka_unit_test(bad_ends_are_remembered_longer_than_good_ones),
		cmocka_unit_test(a_flood_of_births_stops_at_the_bound),
		cmocka_unit_test(a_long_story_is_cut_and_says_so),
		cmocka_unit_test(an_end_that_was_seen_is_no_life_before_a_snapshot_decides),
		cmocka_unit_test(who_comes_back_has_no_story),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
