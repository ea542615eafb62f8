/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_units_test.c - what is taken and given back (Semaphore, JoinableQueue), killed after
 * single instructions, also while giving back for the dead: no unit is lost or made.
 *
 * Does not own: put and get (step_queue_test.c).
 */
#include "tests/api/step.h"

#define FINE (SANITIZED ? 211 : 13)
#define STEP_WORTH (SANITIZED ? 10u : 1u) /* instructions of ours for one of the plain program */
#define LAST_GIVING_BACK (45u * STEP_WORTH)

struct world {
	struct mpt_semaphore *semaphore;
	struct mpt_queue *queue;
	const struct mpt_wire_object *object;
	pid_t holder;
	uint32_t held;
	struct moment commit;
};

static void end_world(struct world *w)
{
	mpt_semaphore_destroy(w->semaphore);
	mpt_queue_destroy(w->queue);
}

/* ---- semaphore ------------------------------------------------------------------------ */

static struct world *semaphore_world(const char *name)
{
	struct mpt_semaphore_options options = { .name = name, .value = 1 };
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_semaphore_create(&w->semaphore, &options), 0);
	w->object = segment_object(name);
	w->commit = (struct moment)NOT_YET;
	assert_int_equal(mpt_semaphore_acquire(w->semaphore, 0), 0);
	assert_int_equal(mpt_semaphore_release(w->semaphore), 0);
	return w;
}

/* One unit, whoever died: it can be had once, and once only. */
static int assert_one_unit(struct world *w)
{
	int rc = mpt_semaphore_acquire(w->semaphore, GUARD_NS);

	assert_true(rc == 0 || rc == MPT_RECOVERED);
	assert_int_equal(mpt_semaphore_acquire(w->semaphore, 0), -EAGAIN);
	assert_int_equal(mpt_semaphore_release(w->semaphore), 0);
	assert_int_equal(mpt_semaphore_value(w->semaphore), 1);
	return rc;
}

static void acts_acquire(void *arg)
{
	struct world *w = arg;

	/* Without a deadline: reading the clock takes more instructions at some times. */
	child_claims(mpt_semaphore_acquire(w->semaphore, MPT_FOREVER) >= 0);
}

static void judges_acquire(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool taken = mpt_semaphore_value(w->semaphore) == 0;

	seen(&w->commit, k, taken);
	assert_true(taken || !finished);
	assert_int_equal(assert_one_unit(w) == MPT_RECOVERED || !taken, true);
}

static void an_acquire_killed_anywhere_loses_no_unit(void **state)
{
	struct stepped acquire = { "acquire", NULL, acts_acquire, judges_acquire };
	struct world *w = semaphore_world("acquire");

	(void)state;
	assert_true(step_through(&acquire, w, &w->commit) > 10);
	assert_one_moment(&w->commit);
	end_world(w);
}

static void acts_pair(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_semaphore_acquire(w->semaphore, GUARD_NS) >= 0);
	child_claims(mpt_semaphore_release(w->semaphore) == 0);
}

static void judges_pair(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	(void)k;
	assert_int_equal(assert_one_unit(w) && finished, false);
}

static void a_pair_killed_anywhere_loses_and_makes_no_unit(void **state)
{
	struct stepped pair = { "acquire and release", NULL, acts_pair, judges_pair };
	struct world *w = semaphore_world("pair");

	(void)state;
	assert_true(step_range(&pair, w, 0, TO_THE_END, FINE) > 20);
	end_world(w);
}

static void takes_and_dies(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_semaphore_acquire(w->semaphore, GUARD_NS) >= 0);
	raise(SIGKILL);
}

static void prepares_dead_holder(void *arg)
{
	struct world *w = arg;

	assert_int_equal(end_of(child(takes_and_dies, w)), -SIGKILL);
	assert_int_equal(mpt_semaphore_value(w->semaphore), 0);
}

static void acts_try(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_semaphore_acquire(w->semaphore, 0) == MPT_RECOVERED);
}

/* It has written down for whom it gives back, and is about to. */
static bool gives_back(void *arg, pid_t pid)
{
	const struct mpt_wire_thread *t = segment_thread(pid);

	(void)arg;
	for (int i = 0; t && i < MPT_OPRECS; i++)
		if (t->oprec[i].phase == MPT_OPREC_INTENT && t->oprec[i].whose)
			return true;
	return false;
}

/* Kills 0, 3, 6 ... instructions after that moment; looking at all threads that ever
 * were takes thousands of instructions, giving back some dozens. */
static void step_giving_back(const struct stepped *o, struct world *w)
{
	uint64_t kills = 0;
	cpu_set_t before;

	share_one_processor(&before);
	for (uint64_t k = 0; k < LAST_GIVING_BACK; k += 3 * STEP_WORTH) {
		pid_t pid;
		bool killed;

		o->prepare(w);
		pid = victim(o->act, w, true);
		killed = step_until(pid, gives_back, NULL, 400000 * STEP_WORTH) && step(pid, k);
		if (killed)
			kill_child(pid);
		kills += killed;
		o->judge(w, k, !killed);
	}
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: %s: %llu kills\n", o->name, (unsigned long long)kills);
	assert_int_equal(kills, (LAST_GIVING_BACK + 3 * STEP_WORTH - 1) / (3 * STEP_WORTH));
}

static void judges_after_two(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	seen(&w->commit, k, w->object->give.index == w->object->take.index);
	assert_false(finished);
	assert_one_unit(w);
}

static void a_second_death_while_giving_back_loses_and_makes_no_unit(void **state)
{
	struct stepped again = { "acquire what a dead one had", prepares_dead_holder, acts_try,
				 judges_after_two };
	struct world *w = semaphore_world("second");

	(void)state;
	step_giving_back(&again, w);
	/* Some died before the index moved, some after. */
	assert_one_moment(&w->commit);
	assert_true(w->commit.first > 0);
	end_world(w);
}

/* ---- joinable queue --------------------------------------------------------------------- */

static void put_one(struct world *w)
{
	uint64_t n = 1;
	int rc = mpt_queue_put(w->queue, &n, sizeof(n), GUARD_NS);

	assert_true(rc >= 0);
}

static int64_t get_one(struct mpt_queue *q)
{
	uint64_t n = 0;
	ssize_t size = mpt_queue_get(q, &n, sizeof(n), 0);

	return size == sizeof(n) ? (int64_t)n : size;
}

static struct world *queue_world(const char *name)
{
	struct mpt_queue_options options = {
		.name = name, .maxsize = 8, .bytes = 4096, .joinable = true
	};
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_queue_create(&w->queue, &options), 0);
	w->object = segment_object(name);
	w->commit = (struct moment)NOT_YET;
	put_one(w);
	assert_int_equal(get_one(w->queue), 1);
	assert_int_equal(mpt_queue_task_done(w->queue), 0);
	assert_int_equal(mpt_queue_join(w->queue, 0), 0);
	return w;
}

static void prepares_task(void *arg)
{
	put_one(arg);
}

static void acts_work(void *arg)
{
	struct world *w = arg;

	child_claims(get_one(w->queue) == 1);
	child_claims(mpt_queue_task_done(w->queue) == 0);
}

/* What is left in the queue is done here; then nothing is unfinished, and what the dead one
 * had taken and not done, and only that, is abandoned. */
static void judges_work(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	ssize_t abandoned = mpt_queue_abandoned(w->queue), left;
	bool done = w->object->finish.index == w->object->give.index;
	int rc;

	seen(&w->commit, k, done);
	assert_true(done || !finished);
	left = get_one(w->queue);
	assert_true(left == 1 || left == -EAGAIN);
	if (left == 1)
		assert_int_equal(mpt_queue_task_done(w->queue), 0);
	rc = mpt_queue_join(w->queue, GUARD_NS);
	assert_int_equal(rc, done || left == 1 ? 0 : MPT_RECOVERED);
	assert_int_equal(mpt_queue_abandoned(w->queue) - abandoned, rc);
	assert_int_equal(mpt_queue_unfinished(w->queue), 0);
	assert_int_equal(mpt_queue_task_done(w->queue), -ERANGE);
}

static void a_worker_killed_anywhere_does_not_hold_up_join(void **state)
{
	struct stepped work = { "get and task_done", prepares_task, acts_work, judges_work };
	struct world *w = queue_world("work");

	(void)state;
	assert_true(step_range(&work, w, 0, TO_THE_END, FINE) > 20);
	assert_one_moment(&w->commit);
	end_world(w);
}

static void gets_and_dies(void *arg)
{
	struct world *w = arg;

	child_claims(get_one(w->queue) == 1);
	raise(SIGKILL);
}

static void prepares_dead_worker(void *arg)
{
	struct world *w = arg;

	put_one(w);
	assert_int_equal(end_of(child(gets_and_dies, w)), -SIGKILL);
}

static void acts_join(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_queue_join(w->queue, 0) >= 0);
}

static void judges_join(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool done = w->object->finish.index == w->object->give.index;

	seen(&w->commit, k, done);
	assert_false(finished);
	assert_int_equal(mpt_queue_join(w->queue, GUARD_NS), done ? 0 : MPT_RECOVERED);
	assert_int_equal(mpt_queue_unfinished(w->queue), 0);
	/* Who takes the side settles what the joiner had not counted. */
	assert_int_equal(mpt_queue_task_done(w->queue), -ERANGE);
	assert_int_equal(mpt_queue_abandoned(w->queue), w->object->give.index - 1);
}

static void a_joiner_killed_while_giving_up_a_task_gives_it_up_once(void **state)
{
	struct stepped join = { "join after a death", prepares_dead_worker, acts_join,
				judges_join };
	struct world *w = queue_world("join");

	(void)state;
	step_giving_back(&join, w);
	assert_one_moment(&w->commit);
	assert_true(w->commit.first > 0);
	end_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while few threads have been. */
		api_test(a_second_death_while_giving_back_loses_and_makes_no_unit),
		api_test(a_joiner_killed_while_giving_up_a_task_gives_it_up_once),
		api_test(an_acquire_killed_anywhere_loses_no_unit),
		api_test(a_pair_killed_anywhere_loses_and_makes_no_unit),
		api_test(a_worker_killed_anywhere_does_not_hold_up_join),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
