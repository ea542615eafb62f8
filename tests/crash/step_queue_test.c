/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_queue_test.c - put and get, killed after single instructions: what the survivors
 * find, and what the ledger says.
 *
 * Does not own: locks (step_lock_test.c), kills under load (storm_queue_test.c).  The
 * states it walks through are those of docs/crash-safety.md.
 */
#include "tests/api/step.h"

/* Strides: a step costs 10 to 40 us, so not every test can stop at every one. */
#define FINE (SANITIZED ? 211 : 13)
#define COARSE (SANITIZED ? 293 : 37)
#define COARSEST (SANITIZED ? 2999 : 397)
#define RECOVERY (SANITIZED ? 40000u : 3700u) /* instructions to the middle of it */

struct parcel {
	uint64_t number;
	uint8_t body[120];
};

struct world {
	struct mpt_queue *queue;
	const struct mpt_wire_object *object;
	pid_t sleeper;
	struct parcel parcel; /* what the victim puts */
	uint64_t next; /* number of the next message */
	uint64_t size_before, lost_before, recovered_before;
	struct moment commit, close, takeover;
	uint64_t first_death_at;
	uint32_t held_word; /* the side's, of who died before the victim */
};

/* ---- messages whose content shows damage ------------------------------------------- */

static struct parcel parcel(uint64_t number)
{
	struct parcel p = { .number = number };

	for (size_t i = 0; i < sizeof(p.body); i++)
		p.body[i] = (uint8_t)(number * 7 + i);
	return p;
}

static void put_parcel(struct mpt_queue *q, uint64_t number)
{
	struct parcel p = parcel(number);
	int rc = mpt_queue_put(q, &p, sizeof(p), GUARD_NS);

	assert_true(rc == 0 || rc == MPT_RECOVERED);
}

/* The number of the oldest parcel, intact; or a negative errno. */
static int64_t get_parcel(struct mpt_queue *q)
{
	struct parcel p, expected;
	ssize_t n = mpt_queue_get(q, &p, sizeof(p), 0);

	if (n < 0)
		return n;
	expected = parcel(p.number);
	assert_int_equal(n, sizeof(p));
	assert_memory_equal(&p, &expected, sizeof(p));
	return (int64_t)p.number;
}

static uint64_t lost(const struct world *w)
{
	return w->object->lost + segment_ledger(w->object).committed;
}

/* Every unit put or got is in somebody's ledger row, whoever has died. */
static void assert_ledger_adds_up(const struct world *w)
{
	struct ledger sum = segment_ledger(w->object);

	assert_int_equal(sum.gives, w->object->give.index);
	assert_int_equal(sum.takes, w->object->take.index);
}

/* ---- worlds -------------------------------------------------------------------------- */

static struct world *queue_world(const char *name, int64_t maxsize)
{
	struct mpt_queue_options options = { .name = name, .maxsize = maxsize, .bytes = 4096 };
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_queue_create(&w->queue, &options), 0);
	w->object = segment_object(name);
	w->commit = w->close = w->takeover = (struct moment)NOT_YET;
	/* So that the dynamic linker has done its work before anybody is stepped. */
	put_parcel(w->queue, w->next++);
	assert_int_equal(get_parcel(w->queue), 0);
	return w;
}

static void remember(struct world *w)
{
	w->parcel = parcel(w->next);
	w->size_before = (uint64_t)mpt_queue_size(w->queue);
	w->lost_before = lost(w);
	w->recovered_before = w->object->recovered;
}

static void end_world(struct world *w)
{
	mpt_queue_destroy(w->queue);
}

/* Where they commit, found once and used by the tests further below. */
static struct moment put_commits = NOT_YET, get_commits = NOT_YET;

static void find_commit(struct moment *known, const struct stepped *operation, struct world *w)
{
	if (known->first == NEVER) {
		step_through(operation, w, &w->commit);
		*known = w->commit;
	}
	w->commit = *known;
}

/* ---- put ------------------------------------------------------------------------------ */

static void acts_put(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_queue_put(w->queue, &w->parcel, sizeof(w->parcel), MPT_FOREVER) >= 0);
}

static void prepares_put(void *arg)
{
	struct world *w = arg;

	put_parcel(w->queue, w->next++);
	remember(w);
}

static void drain(struct world *w, uint64_t from, uint64_t to)
{
	for (; from < to; from++)
		assert_int_equal(get_parcel(w->queue), from);
	assert_int_equal(get_parcel(w->queue), -EAGAIN);
}

static void judges_put(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint64_t oldest = w->next - 1;
	bool in = (uint64_t)mpt_queue_size(w->queue) == w->size_before + 1;

	assert_true(in || (uint64_t)mpt_queue_size(w->queue) == w->size_before);
	seen(&w->commit, k, in);
	assert_true(in || !finished);
	w->next += in;
	put_parcel(w->queue, w->next++);
	drain(w, oldest, w->next);
	assert_ledger_adds_up(w);
	assert_int_equal(lost(w), w->lost_before);
}

static const struct stepped put = { "put", prepares_put, acts_put, judges_put };

static void a_put_killed_anywhere_is_in_whole_or_not_at_all(void **state)
{
	struct world *w = queue_world("put", 5);

	(void)state;
	assert_true(step_through(&put, w, &w->commit) > 40);
	put_commits = w->commit;
	assert_true(w->object->recovered > 20);
	end_world(w);
}

/* ---- get ------------------------------------------------------------------------------ */

static void acts_get(void *arg)
{
	struct world *w = arg;
	struct parcel p;

	child_claims(mpt_queue_get(w->queue, &p, sizeof(p), MPT_FOREVER) == sizeof(p));
}

static void prepares_get(void *arg)
{
	struct world *w = arg;

	put_parcel(w->queue, w->next++);
	put_parcel(w->queue, w->next++);
	remember(w);
}

/* Still in; taken and counted lost, as long as the side is held in any case; or (the last
 * instructions) handed over. */
static void judges_get(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint64_t oldest = w->next - 2;
	bool held = __atomic_load_n(&w->object->take.lock, __ATOMIC_SEQ_CST) != 0;
	bool out = (uint64_t)mpt_queue_size(w->queue) == 1, counted;

	assert_true(out || mpt_queue_size(w->queue) == 2);
	seen(&w->commit, k, out);
	assert_true(out || !finished);
	drain(w, oldest + out, w->next);
	assert_ledger_adds_up(w);
	counted = lost(w) == w->lost_before + 1;
	assert_true(counted || lost(w) == w->lost_before);
	assert_false(counted && !out);
	assert_true(counted || !out || !held);
	if (out)
		seen(&w->close, k, !counted);
}

static const struct stepped get = { "get", prepares_get, acts_get, judges_get };

static void a_get_killed_anywhere_leaves_the_message_or_counts_it_lost(void **state)
{
	struct world *w = queue_world("get", 5);

	(void)state;
	assert_true(step_through(&get, w, &w->commit) > 40);
	get_commits = w->commit;
	assert_one_moment(&w->close);
	assert_true(w->commit.first < w->close.first);
	end_world(w);
}

/* ---- with somebody asleep on the other side -------------------------------------------- */

static void sleeps_in_get(void *arg)
{
	struct world *w = arg;
	struct parcel p;

	child_claims(mpt_queue_get(w->queue, &p, sizeof(p), MPT_FOREVER) == sizeof(p));
	child_claims(p.number == w->next);
}

static void prepares_sleeping_getter(void *arg)
{
	struct world *w = arg;

	remember(w);
	w->sleeper = child(sleeps_in_get, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_QUEUE_GET));
}

/* The sleeper gets the victim's message, or, if that was never put, the survivor's,
 * which has the same number. */
static void judges_sleeping_getter(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint64_t given = w->object->give.index;
	bool in = given == w->next + 1;

	assert_true(in || given == w->next);
	seen(&w->commit, k, in);
	assert_true(in || !finished);
	if (!in)
		put_parcel(w->queue, w->next);
	assert_ends_well(w->sleeper);
	w->next++;
	assert_int_equal(get_parcel(w->queue), -EAGAIN);
	put_parcel(w->queue, w->next);
	assert_int_equal(get_parcel(w->queue), w->next);
	w->next++;
	assert_ledger_adds_up(w);
}

static void a_putter_killed_anywhere_does_not_leave_a_getter_asleep(void **state)
{
	struct stepped waking = { "put, a getter asleep", prepares_sleeping_getter, acts_put,
			       judges_sleeping_getter };
	struct world *w = queue_world("wakes getter", 5);

	(void)state;
	assert_true(step_range(&waking, w, 0, TO_THE_END, COARSE) > 5);
	end_world(w);
}

static void sleeps_in_put(void *arg)
{
	struct world *w = arg;
	struct parcel p = parcel(w->next + 1);

	child_claims(mpt_queue_put(w->queue, &p, sizeof(p), MPT_FOREVER) >= 0);
}

static void prepares_sleeping_putter(void *arg)
{
	struct world *w = arg;

	put_parcel(w->queue, w->next);
	remember(w);
	w->sleeper = child(sleeps_in_put, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_QUEUE_PUT));
}

static void judges_sleeping_putter(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool out = w->object->take.index == w->next + 1;

	assert_true(out || w->object->take.index == w->next);
	seen(&w->commit, k, out);
	assert_true(out || !finished);
	if (!out)
		assert_int_equal(get_parcel(w->queue), w->next);
	assert_ends_well(w->sleeper);
	assert_int_equal(get_parcel(w->queue), w->next + 1);
	w->next += 2;
	assert_ledger_adds_up(w);
}

static void a_getter_killed_anywhere_does_not_leave_a_putter_asleep(void **state)
{
	struct stepped waking = { "get, a putter asleep", prepares_sleeping_putter, acts_get,
			       judges_sleeping_putter };
	struct world *w = queue_world("wakes putter", 1);

	(void)state;
	assert_true(step_range(&waking, w, 0, TO_THE_END, COARSE) > 5);
	end_world(w);
}

/* ---- double death ------------------------------------------------------------------------ */

/* Somebody dies at a chosen instruction with the side locked, and the victim inside
 * the recovery. */
static void dies_first(struct world *w, void (*act)(void *), const struct mpt_wire_side *side)
{
	pid_t pid = victim(act, w, true);

	assert_true(step(pid, w->first_death_at));
	kill_child(pid);
	w->held_word = side->lock & ~MPT_LOCK_WAITERS;
	assert_true(w->held_word != 0);
}

static void saw_takeover(struct world *w, uint64_t k, const struct mpt_wire_side *side)
{
	seen(&w->takeover, k, (side->lock & ~MPT_LOCK_WAITERS) != w->held_word);
}

/* First deaths just before and just after the commit, second ones all over the
 * operation and closely after the side was taken over. */
static uint64_t step_second_deaths(const struct stepped *again, struct world *w)
{
	uint64_t kills = 0, commit = w->commit.first;

	for (uint64_t i = 0; i < 2; i++) {
		w->first_death_at = i ? commit + 2 : commit - 5;
		w->takeover = (struct moment)NOT_YET;
		kills += step_range(again, w, i * 97, RECOVERY, COARSEST);
		if (w->takeover.first == NEVER) /* the way there is not always equally long */
			kills += step_range(again, w, RECOVERY, 4 * RECOVERY, COARSEST);
		assert_true(w->takeover.first != NEVER);
		kills += step_range(again, w, w->takeover.last_without, w->takeover.first + 100,
				    FINE * 2);
	}
	return kills;
}

static void prepares_first_death(void *arg)
{
	struct world *w = arg;

	prepares_put(w);
	dies_first(w, acts_put, &w->object->give);
}

/* Both would have put the same number: what is in is told by counting. */
static void judges_second_death(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint64_t oldest = w->next - 1, in = (uint64_t)mpt_queue_size(w->queue) - 1;

	saw_takeover(w, k, &w->object->give);
	assert_true(in <= 2);
	assert_true(in >= finished);
	put_parcel(w->queue, w->next + 1);
	assert_int_equal(get_parcel(w->queue), oldest);
	for (uint64_t i = 0; i < in; i++)
		assert_int_equal(get_parcel(w->queue), w->next);
	assert_int_equal(get_parcel(w->queue), w->next + 1);
	w->next += 2;
	assert_ledger_adds_up(w);
}

static void a_second_death_inside_the_recovery_of_a_put_loses_nothing(void **state)
{
	struct stepped again = { "put, after a death inside put", prepares_first_death, acts_put,
				 judges_second_death };
	struct world *w = queue_world("second death", 5);

	(void)state;
	find_commit(&put_commits, &put, w);
	assert_true(step_second_deaths(&again, w) > 30);
	end_world(w);
}

static void prepares_first_death_in_get(void *arg)
{
	struct world *w = arg;

	prepares_get(w);
	put_parcel(w->queue, w->next++);
	remember(w);
	dies_first(w, acts_get, &w->object->take);
}

static void judges_second_death_in_get(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint64_t left = (uint64_t)mpt_queue_size(w->queue), taken = 3 - left;
	bool first_took = w->first_death_at >= w->commit.first;

	saw_takeover(w, k, &w->object->take);
	assert_true(left <= 3 && taken >= first_took && taken <= first_took + 1u);
	drain(w, w->next - left, w->next);
	assert_ledger_adds_up(w);
	/* The first one's was never handed over; the second one's perhaps. */
	assert_true(lost(w) - w->lost_before >= first_took);
	assert_true(lost(w) - w->lost_before <= taken - finished);
}

static void a_second_death_inside_the_recovery_of_a_get_counts_the_lost(void **state)
{
	struct stepped again = { "get, after a death inside get", prepares_first_death_in_get,
				 acts_get, judges_second_death_in_get };
	struct world *w = queue_world("second death in get", 5);

	(void)state;
	find_commit(&get_commits, &get, w);
	assert_true(step_second_deaths(&again, w) > 30);
	end_world(w);
}

/* ---- destroyed under somebody ------------------------------------------------------------- */

/* The storage is not taken from under one who is stopped inside, and after his end all
 * of it is used again. */
static void a_destroy_does_not_wait_for_ever_for_one_stopped_inside(void **state)
{
	struct world *w = queue_world("destroyed", 5);
	uint32_t slot = segment_slot(w->object);
	pid_t pid;

	(void)state;
	find_commit(&put_commits, &put, w);
	remember(w);
	pid = victim(acts_put, w, true);
	assert_true(step(pid, w->commit.first - 5));
	end_world(w);
	assert_false(is_blocked_in(getpid(), MPT_OP_QUEUE_CLOSE));
	assert_int_not_equal(w->object->extent, 0);
	kill_child(pid);
	w = queue_world("its successor", 5);
	assert_int_equal(segment_slot(w->object), slot);
	end_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_put_killed_anywhere_is_in_whole_or_not_at_all),
		api_test(a_get_killed_anywhere_leaves_the_message_or_counts_it_lost),
		api_test(a_putter_killed_anywhere_does_not_leave_a_getter_asleep),
		api_test(a_getter_killed_anywhere_does_not_leave_a_putter_asleep),
		api_test(a_second_death_inside_the_recovery_of_a_put_loses_nothing),
		api_test(a_second_death_inside_the_recovery_of_a_get_counts_the_lost),
		api_test(a_destroy_does_not_wait_for_ever_for_one_stopped_inside),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
