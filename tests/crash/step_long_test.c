/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_long_test.c - put and get of a long message, killed after single instructions:
 * before, in the middle of and after the copy that is made without a lock.
 *
 * Does not own: short messages (step_queue_test.c).  The states it walks through are
 * those of docs/crash-safety.md.
 */
#include "tests/api/long_messages.h"

/* Where nothing but bytes are copied, few are enough. */
#define BEFORE (SANITIZED ? 20000u : 900u) /* instructions until the copy has begun */
#define FINE (SANITIZED ? 409 : 13)
#define COPYING (SANITIZED ? 4999 : 331)
#define AFTER (SANITIZED ? 800u : 120u)
#define COARSE (SANITIZED ? 1999 : 97)

struct world {
	struct mpt_queue *queue;
	const struct mpt_wire_object *object;
	struct copy *copy; /* of the victim */
	uint64_t next;	   /* number of the next message */
	uint64_t lost_before, taken_before;
	struct moment reserve, commit, close;
	pid_t sleeper;
};

static uint64_t lost(const struct world *w)
{
	return w->object->lost + segment_ledger(w->object).committed;
}

static struct world *world(const char *name, size_t bytes)
{
	struct world *w = shared(sizeof(*w));

	w->queue = queue_of(name, 5, bytes);
	w->copy = copy_of(w->queue, name, LONG);
	w->object = w->copy->object;
	w->reserve = w->commit = w->close = (struct moment)NOT_YET;
	/* So that the dynamic linker has done its work before anybody is stepped. */
	assert_all_bytes_are_free(w->queue);
	return w;
}

/* Whoever has died: all units are in somebody's ledger row, and all bytes are free. */
static void assert_nothing_is_left(struct world *w)
{
	struct ledger sum;

	assert_int_equal(get_message(w->queue, LONG, 0), -EAGAIN);
	assert_all_bytes_are_free(w->queue);
	sum = segment_ledger(w->object);
	assert_int_equal(sum.gives, w->object->give.index);
	assert_int_equal(sum.takes, w->object->take.index);
	for (int state = MPT_LONG_IN; state <= MPT_LONG_OUT; state++)
		assert_int_equal(rows_in(w->object, (enum mpt_long_state)state), 0);
}

static void assert_put(struct world *w, size_t size)
{
	int rc = put_message(w->queue, w->next++, size, GUARD_NS);

	assert_true(rc == 0 || rc == MPT_RECOVERED);
}

/* Before, in and after the copy, then closely around a moment that this has shown. */
static uint64_t step_copy(const struct stepped *o, struct world *w, const struct moment *around)
{
	uint64_t kills = step_range(o, w, 0, BEFORE, FINE), at;

	kills += step_range(o, w, BEFORE, TO_THE_END, COPYING);
	at = around->last_without < around->first ? around->last_without : around->first;
	return kills + step_range(o, w, at, at + COPYING + AFTER, FINE);
}

/* ---- put ---------------------------------------------------------------------------- */

static void acts_put(void *arg)
{
	struct world *w = arg;

	puts_copy(w->copy);
	child_claims(w->copy->result >= 0);
}

static void prepares_put(void *arg)
{
	struct world *w = arg;

	assert_put(w, 8);
	copy_is(w->copy, w->next);
	w->lost_before = lost(w);
}

/* Then the survivors use each byte that the victim's message does not need. */
static void judges_put(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	uint64_t first = w->next;
	bool in = mpt_queue_size(w->queue) == 2;

	assert_true(in || mpt_queue_size(w->queue) == 1);
	seen(&w->reserve, k, in || rows_in(w->object, MPT_LONG_IN) == 1);
	seen(&w->commit, k, in);
	assert_true(in || !finished);
	assert_int_equal(get_message(w->queue, 8, 0), first - 1);
	w->next += in;
	while (w->next < first + 4)
		assert_put(w, LONG);
	assert_int_equal(put_message(w->queue, w->next, 8, 0), -EAGAIN);
	for (; first < w->next; first++)
		assert_int_equal(get_message(w->queue, LONG, 0), first);
	assert_nothing_is_left(w);
	assert_int_equal(lost(w), w->lost_before);
}

static const struct stepped put = { "put of a long one", prepares_put, acts_put, judges_put };

static void a_long_put_killed_anywhere_is_in_whole_or_not_at_all(void **state)
{
	struct world *w = world("put", 4 * LONG);

	(void)state;
	assert_true(step_copy(&put, w, &w->commit) > 60);
	assert_true(w->reserve.first < w->commit.first);
	mpt_queue_destroy(w->queue);
}

/* ---- get ------------------------------------------------------------------------------ */

static void acts_get(void *arg)
{
	struct world *w = arg;

	gets_copy(w->copy);
	child_claims(w->copy->result == (int64_t)LONG);
}

static void prepares_get(void *arg)
{
	struct world *w = arg;

	assert_put(w, LONG);
	assert_put(w, LONG);
	w->lost_before = lost(w);
}

/* Still in; taken and counted lost; or (the last instructions) handed over. */
static void judges_get(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool out = mpt_queue_size(w->queue) == 1, counted;

	assert_true(out || mpt_queue_size(w->queue) == 2);
	seen(&w->commit, k, out);
	assert_true(out || !finished);
	assert_put(w, LONG);
	for (uint64_t n = w->next - 3 + out; n < w->next; n++)
		assert_int_equal(get_message(w->queue, LONG, 0), n);
	assert_nothing_is_left(w);
	counted = lost(w) == w->lost_before + 1;
	assert_true(counted || lost(w) == w->lost_before);
	assert_false(counted && !out);
	if (out && seen(&w->close, k, !counted))
		assert_int_equal(copy_got(w->copy), w->next - 3);
}

static const struct stepped get = { "get of a long one", prepares_get, acts_get, judges_get };

static void a_long_get_killed_anywhere_leaves_the_message_or_counts_it_lost(void **state)
{
	struct world *w = world("get", 4 * LONG);

	(void)state;
	assert_true(step_copy(&get, w, &w->close) > 60);
	assert_true(w->commit.first < w->close.first);
	mpt_queue_destroy(w->queue);
}

/* ---- with somebody asleep ---------------------------------------------------------------- */

static void sleeps_in_put(void *arg)
{
	struct world *w = arg;
	int rc = put_message(w->queue, w->next, 2 * LONG, MPT_FOREVER);

	child_claims(rc == 0 || rc == MPT_RECOVERED);
}

static void prepares_sleeping_putter(void *arg)
{
	struct world *w = arg;

	assert_put(w, LONG);
	w->taken_before = w->object->take.index;
	w->sleeper = child(sleeps_in_put, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_QUEUE_PUT));
}

static void judges_sleeping_putter(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool out = w->object->take.index == w->taken_before + 1;

	seen(&w->commit, k, out);
	assert_true(out || !finished);
	if (!out)
		assert_int_equal(get_message(w->queue, LONG, 0), w->next - 1);
	assert_ends_well(w->sleeper);
	assert_int_equal(get_message(w->queue, 2 * LONG, 0), w->next++);
	assert_nothing_is_left(w);
}

static void a_getter_killed_anywhere_does_not_leave_who_needs_its_bytes_asleep(void **state)
{
	struct stepped waking = { "get of a long one, a putter asleep", prepares_sleeping_putter,
				  acts_get, judges_sleeping_putter };
	struct world *w = world("wakes putter", 2 * LONG);

	(void)state;
	assert_true(step_range(&waking, w, 0, BEFORE, COARSE) +
			    step_range(&waking, w, BEFORE, TO_THE_END, 3 * COPYING) > 9);
	mpt_queue_destroy(w->queue);
}

/* ---- between the commit and the mark on the row ------------------------------------------- */

static pid_t stopped_after_commit(struct world *w)
{
	uint64_t given = w->object->give.index;
	pid_t pid;

	copy_is(w->copy, w->next++);
	pid = victim(acts_put, w, true);
	while (w->object->give.index == given)
		assert_true(step(pid, 1));
	assert_int_equal(rows_in(w->object, MPT_LONG_IN), 1);
	return pid;
}

static void killed_there_a_producer_has_put_his_message(void **state)
{
	struct world *w = world("just put", 4 * LONG);

	(void)state;
	kill_child(stopped_after_commit(w));
	for (int i = 0; i < 3; i++)
		assert_put(w, LONG);
	assert_int_equal(put_message(w->queue, 9, LONG, 0), -EAGAIN);
	for (uint64_t n = 0; n < w->next; n++)
		assert_int_equal(get_message(w->queue, LONG, 0), n);
	assert_nothing_is_left(w);
	mpt_queue_destroy(w->queue);
}

static void a_consumer_may_be_done_before_the_producer_goes_on(void **state)
{
	struct world *w = world("just put, got", 4 * LONG);
	pid_t pid = stopped_after_commit(w);

	(void)state;
	assert_int_equal(get_message(w->queue, LONG, 0), 0);
	let_go(pid, 0);
	assert_ends_well(pid);
	assert_nothing_is_left(w);
	mpt_queue_destroy(w->queue);
}

/* ---- double death ---------------------------------------------------------------------------- */

static void prepares_first_death(void *arg)
{
	struct world *w = arg;
	pid_t pid;

	copy_is(w->copy, w->next);
	pid = victim(acts_put, w, true);
	while (rows_in(w->object, MPT_LONG_IN) == 0)
		assert_true(step(pid, 1));
	assert_true(step(pid, 100));
	kill_child(pid);
}

/* The victim comes to the dead one's bytes: the queue is as large as one message.  What it
 * puts has the same number. */
static void judges_second_death(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool in = mpt_queue_size(w->queue) == 1;

	assert_true(in || (!finished && mpt_queue_size(w->queue) == 0));
	seen(&w->commit, k, in);
	if (in)
		assert_int_equal(get_message(w->queue, LONG, 0), w->next);
	w->next++;
	assert_nothing_is_left(w);
}

static void a_death_beside_what_a_dead_one_left_changes_nothing(void **state)
{
	struct stepped again = { "put of a long one, after a death", prepares_first_death, acts_put,
				 judges_second_death };
	struct world *w = world("second death", LONG);
	uint64_t kills;

	(void)state;
	kills = step_range(&again, w, 0, BEFORE, 4 * FINE);
	kills += step_range(&again, w, BEFORE, TO_THE_END, 4 * COPYING);
	assert_true(kills > 12);
	mpt_queue_destroy(w->queue);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(a_long_put_killed_anywhere_is_in_whole_or_not_at_all),
		api_test(a_long_get_killed_anywhere_leaves_the_message_or_counts_it_lost),
		api_test(a_getter_killed_anywhere_does_not_leave_who_needs_its_bytes_asleep),
		api_test(killed_there_a_producer_has_put_his_message),
		api_test(a_consumer_may_be_done_before_the_producer_goes_on),
		api_test(a_death_beside_what_a_dead_one_left_changes_nothing),
	};

	(void)argc;
	copy_in_many_steps(argv);
	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
