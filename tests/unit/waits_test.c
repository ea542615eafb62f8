/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits_test.c - the wait-for graph: random graphs against a plain reference,
 * large ones, and what golden cases do not show.
 */
#include "tests/unit/tell.h"

#include "libtrace/contract/vocab.h"
#include "mpstat/model/waits.h"

#include <stdlib.h>

#define SECOND 1000000000ull

static struct model *fresh(void)
{
	struct model *model = model_new(0);

	assert_non_null(model);
	return model;
}

/* ---- a small world, told directly --------------------------------------- */

#define ACTORS 9

/* One thread per process; blocked on what, for ever. */
struct world {
	int count;
	enum { RUNS, LOCK, JOIN, GET, PUT, ANY, SORTS } wait[ACTORS];
	int target[ACTORS]; /* LOCK: lock number; JOIN: process number */
	unsigned int any[ACTORS]; /* ANY: bits of processes, and ANY_QUEUE */
	int owner[ACTORS];  /* of lock i: process number, or -1 */
	bool unseen;	    /* process 0 has another thread */
};

#define ANY_QUEUE (1u << ACTORS)

/* "3:p0.1,p4.1,100.1": those listed, and how many there are. */
static void write_any(unsigned int any, char *text, size_t size)
{
	int listed = 0;
	size_t used = (size_t)snprintf(text, size, "wait_op=wait.any wait_since_ns=1000 "
				       "wait_any=%d:", __builtin_popcount(any));

	for (int i = 0; i <= ACTORS; i++)
		if (any >> i & 1 && listed++ < FACT_ANY)
			used += (size_t)snprintf(text + used, size - used, "%s%s%d.1",
						 listed > 1 ? "," : "", i < ACTORS ? "p" : "",
						 i < ACTORS ? i : 100);
}

static void tell_world(struct model *model, const struct world *world, uint64_t now)
{
	tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
	tell(model, "object source=segment id=d1:100.1 kind=queue name=\"empty\"");
	tell(model, "object source=segment id=d1:101.1 kind=queue name=\"full\" capacity=4 gives=4");
	for (int i = 0; i < world->count; i++) {
		static const char *const ops[] = {[LOCK] = "lock.acquire", [JOIN] = "process.join",
						  [GET] = "queue.get", [PUT] = "queue.put"};
		char wait[200] = "";
		int object = world->wait[i] == GET   ? 100
			     : world->wait[i] == PUT ? 101
						     : world->target[i];

		if (world->wait[i] == ANY)
			write_any(world->any[i], wait, sizeof(wait));
		else if (world->wait[i] != RUNS)
			snprintf(wait, sizeof(wait), "wait_op=%s wait_object=d1:%s%d.1 "
				 "wait_since_ns=1000", ops[world->wait[i]],
				 world->wait[i] == JOIN ? "p" : "", object);
		tell(model, "process source=segment pid=%d start=1 domain=d1 slot=%d generation=1 "
			    "threads=%d name=\"p%d\"",
		     10 + i, i, i == 0 && world->unseen ? 2 : 1, i);
		tell(model, "thread source=segment process=%d:1 tid=%d domain=d1 slot=%d "
			    "generation=1 %s",
		     10 + i, 10 + i, i, wait);
		if (world->owner[i] >= 0)
			tell(model, "object source=segment id=d1:%d.1 kind=lock held=yes "
				    "owner_slot=%d owner_generation=1", i, world->owner[i]);
		else
			tell(model, "object source=segment id=d1:%d.1 kind=lock", i);
	}
	tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
	model_tick(model, now);
}

/* One of several will do; more than are listed are not understood. */
static bool any_able(const struct world *world, unsigned int any, const bool *able, bool anybody)
{
	if (__builtin_popcount(any) > FACT_ANY || (any & ANY_QUEUE && anybody))
		return true;
	for (int i = 0; i < world->count; i++)
		if (any >> i & 1 && (able[i] || (world->unseen && i == 0)))
			return true;
	return false;
}

/* The definition, as plainly as can be: repeat until nothing changes. */
static void solve(const struct world *world, bool *able)
{
	bool changed = true;

	memset(able, 0, ACTORS);
	while (changed) {
		bool anybody = world->unseen;

		changed = false;
		for (int i = 0; i < world->count; i++)
			anybody = anybody || able[i];
		for (int i = 0; i < world->count; i++) {
			int owner = world->wait[i] == LOCK ? world->owner[world->target[i]] : -1;
			bool now = world->wait[i] == RUNS;

			if (world->wait[i] == LOCK)
				now = owner < 0 || (owner == i ? anybody : able[owner]);
			if (world->wait[i] == JOIN)
				now = able[world->target[i]] ||
				      (world->unseen && world->target[i] == 0);
			if (world->wait[i] == GET || world->wait[i] == PUT)
				now = anybody;
			if (world->wait[i] == ANY)
				now = any_able(world, world->any[i], able, anybody);
			if (now && !able[i])
				able[i] = changed = true;
		}
	}
}

/* One at least; few, more often than all. */
static unsigned int random_things(int count, unsigned *seed)
{
	unsigned int all = ANY_QUEUE | ((1u << count) - 1), things = 0;

	while (!things)
		things = (unsigned int)rand_r(seed) & (unsigned int)rand_r(seed) & all;
	return things;
}

static struct world random_world(unsigned *seed)
{
	struct world world = {.count = 2 + rand_r(seed) % (ACTORS - 1),
			      .unseen = !(rand_r(seed) % 8)};
	bool quiet = rand_r(seed) % 2; /* nobody runs: more is stuck */

	for (int i = 0; i < world.count; i++) {
		world.wait[i] = quiet ? 1 + rand_r(seed) % (SORTS - 1) : rand_r(seed) % SORTS;
		world.any[i] = random_things(world.count, seed);
		world.target[i] = rand_r(seed) % world.count;
		world.owner[i] = rand_r(seed) % (world.count + 1) - 1;
	}
	return world;
}

/* Every stuck thread is in a cycle or knot, or counted behind one. */
static uint32_t count_explained(const struct model *model)
{
	uint32_t count = 0;

	for (size_t i = 0; i < waits_cycle_count(model); i++) {
		const struct cycle *cycle = waits_cycle(model, i);
		const struct thread *at = cycle->first;
		uint32_t length = 0;

		do {
			assert_int_equal(at->verdict, VERDICT_STUCK);
			length++;
			at = at->blocker;
			assert_non_null(at);
		} while (at != cycle->first);
		assert_int_equal(length, cycle->length);
		count += cycle->length + cycle->behind;
	}
	for (size_t i = 0; i < waits_knot_count(model); i++) {
		const struct knot *knot = waits_knot(model, i);
		uint32_t length = 0;

		for (const struct thread *at = knot->first; at; at = waits_knot_next(model, at)) {
			assert_int_equal(at->verdict, VERDICT_STUCK);
			length++;
		}
		assert_int_equal(length, knot->count);
		count += length;
	}
	return count;
}

static size_t count_problems(const struct model *model)
{
	size_t count = 0;

	for (size_t i = 0; i < model_finding_count(model); i++)
		count += model_finding(model, i)->severity == SEVERITY_PROBLEM;
	return count;
}

static void random_graphs_get_the_verdicts_of_the_definition(void **state)
{
	unsigned seed = 5;
	int stuck_worlds = 0;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct world world = random_world(&seed);
		struct model *model = fresh();
		bool able[ACTORS];
		uint32_t stuck = 0;

		tell_world(model, &world, SECOND);
		assert_int_equal(waits_cycle_count(model) + waits_knot_count(model), 0);
		tell_world(model, &world, 2 * SECOND);
		solve(&world, able);
		for (int i = 0; i < world.count; i++) {
			enum verdict want = world.wait[i] == RUNS ? VERDICT_FINE
					    : able[i]		  ? VERDICT_WAITING
								  : VERDICT_STUCK;

			assert_int_equal(process_of(model, 10 + (uint32_t)i)->verdict, want);
			stuck += want == VERDICT_STUCK;
		}
		assert_int_equal(count_explained(model), stuck);
		assert_int_equal(count_problems(model) > 0, stuck > 0);
		stuck_worlds += stuck > 0;
		model_free(model);
	}
	assert_true(stuck_worlds > 500 && stuck_worlds < 2900);
}

/* ---- particular things --------------------------------------------------- */

static void a_verdict_ends_when_the_wait_does(void **state)
{
	struct world world = {.count = 2, .wait = {LOCK, LOCK}, .target = {1, 0}, .owner = {0, 1}};
	struct model *model = fresh();

	(void)state;
	tell_world(model, &world, SECOND);
	tell_world(model, &world, 2 * SECOND);
	assert_non_null(found(model, "deadlock"));
	assert_int_equal(object_of(model, 0)->verdict, VERDICT_STUCK);
	world.wait[1] = RUNS;
	tell_world(model, &world, 3 * SECOND);
	assert_null(found(model, "deadlock"));
	assert_int_equal(object_of(model, 1)->verdict, VERDICT_WAITING);
	/* Again blocked in the same wait, but only seen once since. */
	world.wait[1] = LOCK;
	tell_world(model, &world, 4 * SECOND);
	assert_null(found(model, "deadlock"));
	tell_world(model, &world, 5 * SECOND);
	assert_non_null(found(model, "deadlock"));
	model_free(model);
}

/* Two processes that play ping-pong look like a ring in a torn reading, each
 * time another one.  Who has waited behind them all the time is not stuck. */
static void a_torn_ring_condemns_nobody_behind_it(void **state)
{
	struct model *model = fresh();

	(void)state;
	for (int round = 1; round < 20; round++) {
		uint64_t now = (uint64_t)round * SECOND;

		tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
		for (int i = 0; i < 3; i++) {
			tell(model, "process source=segment pid=%d start=1 domain=d1 slot=%d "
				    "generation=1 threads=1", 10 + i, i);
			tell(model, "thread source=segment process=%d:1 tid=%d domain=d1 slot=%d "
				    "generation=1 wait_op=queue.get wait_object=d1:%d.1 "
				    "wait_since_ns=%d", 10 + i, 10 + i, i, i,
			     i == 2 ? 7 : round * 100 + i);
			tell(model, "object source=segment id=d1:%d.1 kind=queue gives=%d takes=%d",
			     i, round, round);
		}
		tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
		model_tick(model, now);
		assert_int_equal(process_of(model, 12)->verdict, VERDICT_WAITING);
		assert_int_equal(waits_knot_count(model), 0);
	}
	model_free(model);
}

/* An untraced thread of the owner does not help: only the owner itself is asked. */
static void a_lock_waits_for_its_owner_only(void **state)
{
	struct world world = {.count = 3, .wait = {LOCK, LOCK, RUNS}, .target = {1, 0},
			      .owner = {0, 1, -1}, .unseen = true};
	struct model *model = fresh();

	(void)state;
	tell_world(model, &world, SECOND);
	tell_world(model, &world, 2 * SECOND);
	assert_int_equal(process_of(model, 10)->verdict, VERDICT_STUCK);
	assert_int_equal(process_of(model, 12)->verdict, VERDICT_FINE);
	model_free(model);
}

/* Two consumers of one queue wait for a producer, not for each other; with two
 * queues they do wait for each other. */
static void two_that_want_the_same_are_a_knot_and_no_ring(void **state)
{
	struct world world = {.count = 2, .wait = {GET, GET}, .owner = {-1, -1}};
	struct model *model = fresh();

	(void)state;
	tell_world(model, &world, SECOND);
	tell_world(model, &world, 2 * SECOND);
	assert_null(found(model, "deadlock"));
	assert_string_equal(found(model, "knot")->sentence,
			    "Deadlock: every process that could put into queue `empty` is itself "
			    "waiting or dead");
	world.wait[1] = PUT;
	tell_world(model, &world, 3 * SECOND);
	tell_world(model, &world, 4 * SECOND);
	assert_null(found(model, "knot"));
	assert_string_equal(found(model, "deadlock")->sentence,
			    "Deadlock: 2 processes wait for each other: p0 (pid 10) waits for an "
			    "item from queue `empty` (empty), which only p1 (pid 11) could fill, "
			    "which waits for room in queue `full` (full), which only p0 (pid 10) "
			    "could empty");
	model_free(model);
}

static void joining_a_zombie_is_about_to_end(void **state)
{
	struct model *model = fresh();

	(void)state;
	for (int round = 1; round < 3; round++) {
		uint64_t now = (uint64_t)round * SECOND;

		tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
		tell(model, "process source=segment pid=10 start=1 domain=d1 slot=0 generation=1 "
			    "threads=1");
		tell(model, "process source=segment pid=11 start=1 domain=d1 slot=1 generation=1 "
			    "state=Z");
		tell(model, "thread source=segment process=10:1 tid=10 domain=d1 slot=0 "
			    "generation=1 wait_op=process.join wait_object=d1:p1.1 "
			    "wait_since_ns=5");
		tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
		model_tick(model, now);
	}
	assert_int_equal(process_of(model, 10)->verdict, VERDICT_WAITING);
	assert_ptr_equal(process_of(model, 10)->first_thread->wait_process, process_of(model, 11));
	model_free(model);
}

/* ---- ten thousand processes ---------------------------------------------- */

#define MANY 10000
#define BLOCKED 5000

static void put_fact(struct model *model, struct fact *fact, enum fact_type type)
{
	fact->type = type;
	fact->source = FACT_FROM_SEGMENT;
	model_apply(model, fact);
	memset(&fact->u, 0, sizeof(fact->u));
}

/* 5000 waiters in one long chain of locks that ends in a ring of 5. */
static void tell_many(struct model *model, uint64_t now)
{
	struct fact fact = {.time_ns = now};

	put_fact(model, &fact, FACT_SNAPSHOT_BEGIN);
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t next = i + 1 < BLOCKED ? i + 1 : BLOCKED - 5;

		fact.u.process.id = (struct process_id){100 + i, 1};
		fact.u.process.parent = (struct process_id){i ? 100 + (i - 1) / 2 : 1, 1};
		fact.u.process.domain = 0xd1;
		fact.u.process.slot = i;
		fact.u.process.generation = 1;
		fact.u.process.threads = 1;
		snprintf(fact.u.process.name, sizeof(fact.u.process.name), "worker-%u", i);
		put_fact(model, &fact, FACT_PROCESS);
		fact.u.thread.process = (struct process_id){100 + i, 1};
		fact.u.thread.tid = 100 + i;
		fact.u.thread.domain = 0xd1;
		fact.u.thread.slot = i;
		fact.u.thread.generation = 1;
		if (i < BLOCKED) {
			fact.u.thread.wait_op = MPT_OP_LOCK_ACQUIRE;
			fact.u.thread.wait_object = (struct object_id){0xd1, next, 1};
			fact.u.thread.wait_since_ns = 1000 + i;
		}
		put_fact(model, &fact, FACT_THREAD);
		if (i >= BLOCKED)
			continue;
		fact.u.object.id = (struct object_id){0xd1, i, 1};
		fact.u.object.kind = MPT_KIND_LOCK;
		fact.u.object.held = true;
		fact.u.object.owner_slot = i;
		fact.u.object.owner_generation = 1;
		put_fact(model, &fact, FACT_OBJECT);
	}
	put_fact(model, &fact, FACT_SNAPSHOT_END);
	model_tick(model, now);
}

static void ten_thousand_processes_and_a_chain_of_five_thousand(void **state)
{
	struct model *model = fresh();
	const struct finding *finding;

	(void)state;
	for (uint64_t round = 1; round < 4; round++)
		tell_many(model, round * SECOND);
	finding = found(model, "deadlock");
	assert_non_null(finding);
	assert_int_equal(waits_cycle_count(model), 1);
	assert_int_equal(waits_cycle(model, 0)->length, 5);
	assert_int_equal(waits_cycle(model, 0)->behind, BLOCKED - 5);
	assert_string_equal(finding->evidence[5], "4995 more threads wait behind them");
	assert_int_equal(model_left_out(model), 0);
	assert_int_equal(model_rejected(model), 0);
	model_free(model);
}

/* A ring of all: the finding names the first ones and counts the others. */
static void a_ring_of_hundreds_is_cut_and_counted(void **state)
{
	struct model *model = fresh();
	const struct finding *finding;

	(void)state;
	for (int round = 1; round < 3; round++) {
		uint64_t now = (uint64_t)round * SECOND;

		tell(model, "snapshot-begin source=segment time=%llu", (unsigned long long)now);
		for (int i = 0; i < 300; i++) {
			tell(model, "process source=segment pid=%d start=1 domain=d1 slot=%d "
				    "generation=1 threads=1 name=\"\xe2\x82\xac\xe2\x82\xac%d\"",
			     10 + i, i, i);
			tell(model, "thread source=segment process=%d:1 tid=%d domain=d1 slot=%d "
				    "generation=1 wait_op=lock.acquire wait_object=d1:%d.1 "
				    "wait_since_ns=9", 10 + i, 10 + i, i, (i + 1) % 300);
			tell(model, "object source=segment id=d1:%d.1 kind=lock held=yes "
				    "owner_slot=%d owner_generation=1", i, i);
		}
		tell(model, "snapshot-end source=segment time=%llu", (unsigned long long)now);
		model_tick(model, now);
	}
	finding = found(model, "deadlock");
	assert_non_null(finding);
	assert_string_equal(finding->sentence, "Deadlock: 300 processes wait for each other");
	assert_int_equal(finding->evidence_count, FINDING_EVIDENCE);
	assert_int_equal(finding->evidence_left_out, 300 - FINDING_EVIDENCE);
	assert_int_equal(finding->process_count, FINDING_EVIDENCE);
	model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_graphs_get_the_verdicts_of_the_definition),
		cmocka_unit_test(a_verdict_ends_when_the_wait_does),
		cmocka_unit_test(a_torn_ring_condemns_nobody_behind_it),
		cmocka_unit_test(a_lock_waits_for_its_owner_only),
		cmocka_unit_test(two_that_want_the_same_are_a_knot_and_no_ring),
		cmocka_unit_test(joining_a_zombie_is_about_to_end),
		cmocka_unit_test(ten_thousand_processes_and_a_chain_of_five_thousand),
		cmocka_unit_test(a_ring_of_hundreds_is_cut_and_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
