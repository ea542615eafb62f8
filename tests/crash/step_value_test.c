/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_value_test.c - store and load of a Value, write of an Array, killed after single
 * instructions: a store is there whole or not at all.
 *
 * Does not own: acquire and release, the same code as a lock's (step_lock_test.c).
 */
#include "tests/api/step.h"

#include <sys/ptrace.h>

/* Strides: a step costs 10 to 40 us, so not every test can stop at every one. */
#define FINE (SANITIZED ? 211 : 11)
#define COARSE (SANITIZED ? 293 : 37)
#define COARSEST (SANITIZED ? 1999 : 211)

#define WORDS 40
struct content {
	uint64_t word[WORDS];
};

struct world {
	struct mpt_lock *lock; /* given to the value; NULL: its own */
	struct mpt_value *value, *neighbour;
	struct mpt_array *array;
	const struct mpt_wire_object *object;
	struct content next; /* what the victim stores */
	uint64_t number;     /* of the content there is */
	struct moment commit;
	int handler_result;
	uint32_t handled;
};

/* Whose every word says which one it is. */
static struct content content(uint64_t number)
{
	struct content c;

	for (size_t i = 0; i < WORDS; i++)
		c.word[i] = number * 1000 + i;
	return c;
}

static struct mpt_value *new_value(const char *name, struct mpt_lock *lock)
{
	struct content zero = content(0);
	struct mpt_value_options options = {
		.name = name, .size = sizeof(zero), .initial = &zero, .lock = lock
	};
	struct mpt_value *value;

	assert_int_equal(mpt_value_create(&value, &options), 0);
	/* So that the dynamic linker has done its work before anybody is stepped. */
	assert_int_equal(mpt_value_store(value, &zero, sizeof(zero), 0), 0);
	return value;
}

static struct world *value_world(const char *name, bool lock_is_given)
{
	struct world *w = shared(sizeof(*w));

	if (lock_is_given) {
		assert_int_equal(mpt_lock_create(&w->lock, NULL, 0), 0);
		w->neighbour = new_value(NULL, w->lock);
	}
	w->value = new_value(name, w->lock);
	w->object = segment_object(name);
	w->commit = (struct moment)NOT_YET;
	return w;
}

static void end_world(struct world *w)
{
	mpt_value_destroy(w->value);
	mpt_value_destroy(w->neighbour);
	mpt_lock_destroy(w->lock);
}

/* ---- store ---------------------------------------------------------------------------- */

static void prepares_store(void *arg)
{
	struct world *w = arg;

	w->next = content(w->number + 1);
}

static void acts_store(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_value_store(w->value, &w->next, sizeof(w->next), MPT_FOREVER) >= 0);
}

static bool is_held(const struct world *w)
{
	return w->lock ? mpt_lock_locked(w->lock) : w->object->take.lock != 0;
}

/* The old content or the new one, and a warning exactly when the dead one was inside. */
static void judges_store(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct content found, old = content(w->number);
	bool held = is_held(w), is_new;

	assert_int_equal(mpt_value_load(w->value, &found, sizeof(found), GUARD_NS), held);
	is_new = memcmp(&found, &w->next, sizeof(found)) == 0;
	if (!is_new)
		assert_memory_equal(&found, &old, sizeof(found));
	assert_memory_equal(mpt_value_at(w->value), &found, sizeof(found));
	assert_int_equal(w->object->latch, 0);
	seen(&w->commit, k, is_new);
	assert_true(is_new || !finished);
	w->number += is_new;
}

static const struct stepped store = { "store", prepares_store, acts_store, judges_store };

static void a_store_killed_anywhere_is_there_whole_or_not_at_all(void **state)
{
	struct world *w = value_world("store", false);

	(void)state;
	assert_true(step_through(&store, w, &w->commit) > 40);
	assert_true(w->object->recovered > 5);
	end_world(w);
}

/* ---- under a lock of somebody else ------------------------------------------------------ */

/* Whoever takes the lock over, and by whichever way, the value is whole afterwards. */
static void judges_store_by_the_lock(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;

	if (k % 3 == 1)
		assert_int_equal(mpt_lock_acquire(w->lock, GUARD_NS), is_held(w));
	else if (k % 3 == 2)
		assert_true(mpt_value_acquire(w->neighbour, GUARD_NS) >= 0);
	else if (is_held(w)) /* freed by somebody: nobody takes it over */
		assert_int_equal(mpt_lock_release(w->lock), 0);
	if (k % 3 != 0) {
		assert_true(w->object->latch == 0);
		assert_int_equal(mpt_lock_release(w->lock), 0);
	}
	judges_store(arg, k, finished);
}

static void a_store_under_a_given_lock_is_settled_by_whoever_takes_it_over(void **state)
{
	struct stepped given = { "store, given lock", prepares_store, acts_store,
				 judges_store_by_the_lock };
	struct world *w = value_world("given", true);

	(void)state;
	assert_true(step_range(&given, w, 0, TO_THE_END, FINE) > 40);
	assert_one_moment(&w->commit);
	end_world(w);
}

/* ---- double death ------------------------------------------------------------------------ */

static bool is_complete(void *arg, pid_t pid)
{
	const struct world *w = arg;

	(void)pid;
	return MPT_JOURNAL_PHASE(w->object->latch) == MPT_JOURNAL_COMPLETE;
}

static void prepares_first_death(void *arg)
{
	struct world *w = arg;
	pid_t pid;

	prepares_store(w);
	pid = victim(acts_store, w, true);
	assert_true(step_until(pid, is_complete, w, 100000));
	kill_child(pid);
}

static void acts_load(void *arg)
{
	struct world *w = arg;
	struct content found;

	child_claims(mpt_value_load(w->value, &found, sizeof(found), MPT_FOREVER) >= 0);
	child_claims(memcmp(&found, &w->next, sizeof(found)) == 0);
}

static void judges_second_death(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct content found;
	int rc = mpt_value_load(w->value, &found, sizeof(found), GUARD_NS);

	(void)k;
	assert_true(finished ? rc == 0 : rc >= 0);
	assert_memory_equal(&found, &w->next, sizeof(found));
	w->number++;
}

static void a_second_death_while_settling_loses_nothing(void **state)
{
	struct stepped again = { "load, after a death in store", prepares_first_death, acts_load,
				 judges_second_death };
	struct world *w = value_world("second death", false);

	(void)state;
	assert_true(step_range(&again, w, 0, TO_THE_END, COARSEST) > 10);
	end_world(w);
}

/* ---- nested ------------------------------------------------------------------------------ */

static void acts_nested_store(void *arg)
{
	struct world *w = arg;

	MPT_WITH_VALUE (w->value)
		acts_store(w);
}

static void a_nested_store_killed_anywhere_is_whole_too(void **state)
{
	struct stepped nested = { "store, nested", prepares_store, acts_nested_store, judges_store };
	struct world *w = value_world("nested", false);

	(void)state;
	assert_true(step_range(&nested, w, 0, TO_THE_END, COARSE) > 10);
	assert_one_moment(&w->commit);
	end_world(w);
}

/* ---- a signal handler in the middle -------------------------------------------------------- */

static struct world *handler_world;

static void loads_in_handler(int signal)
{
	struct world *w = handler_world;
	struct content found;

	(void)signal;
	w->handler_result = mpt_value_load(w->value, &found, sizeof(found), MPT_FOREVER);
	if (w->handler_result != mpt_value_acquire(w->value, 0))
		w->handler_result = 1;
	reach(&w->handled);
}

static void acts_store_with_handler(void *arg)
{
	signal(SIGUSR1, loads_in_handler);
	acts_store(arg);
}

static void a_handler_is_refused_what_its_thread_has_half_stored(void **state)
{
	struct world *w = handler_world = value_world("handler", false);
	pid_t pid;

	(void)state;
	prepares_store(w);
	pid = victim(acts_store_with_handler, w, true);
	assert_true(step_until(pid, is_complete, w, 100000));
	assert_int_equal(ptrace(PTRACE_DETACH, pid, 0, SIGUSR1), 0);
	assert_ends_well(pid);
	assert_true(reached(&w->handled));
	assert_int_equal(w->handler_result, -EDEADLK);
	judges_store(w, 0, true);
	end_world(w);
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static void acts_write(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_array_write(w->array, 0, WORDS, &w->next, MPT_FOREVER) >= 0);
}

/* Each element is old or new. */
static void judges_write(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct content found, old = content(w->number);
	bool held = w->object->take.lock != 0;

	(void)k;
	assert_int_equal(mpt_array_read(w->array, 0, WORDS, &found, GUARD_NS), held);
	for (size_t i = 0; i < WORDS; i++)
		assert_true(found.word[i] == w->next.word[i] ||
			    (!finished && found.word[i] == old.word[i]));
	w->number++;
	assert_int_equal(mpt_array_write(w->array, 0, WORDS, &w->next, 0), 0);
}

static void a_write_killed_anywhere_leaves_whole_elements(void **state)
{
	struct stepped write = { "array write", prepares_store, acts_write, judges_write };
	struct world *w = shared(sizeof(*w));
	struct content zero = content(0);

	(void)state;
	assert_int_equal(mpt_array_create_u64(&w->array, "written", WORDS, zero.word), 0);
	assert_int_equal(mpt_array_write(w->array, 0, WORDS, &zero, 0), 0);
	w->object = segment_object("written");
	assert_true(step_range(&write, w, 0, TO_THE_END, FINE) > 40);
	assert_true(w->object->recovered > 5);
	mpt_array_destroy(w->array);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_store_killed_anywhere_is_there_whole_or_not_at_all),
		api_test(a_store_under_a_given_lock_is_settled_by_whoever_takes_it_over),
		api_test(a_second_death_while_settling_loses_nothing),
		api_test(a_nested_store_killed_anywhere_is_whole_too),
		api_test(a_handler_is_refused_what_its_thread_has_half_stored),
		api_test(a_write_killed_anywhere_leaves_whole_elements),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
