/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_life_test.c - an object is made, opened, used and destroyed by one who is killed after
 * single instructions of all that.  Then it is there and works, or its name is free.
 *
 * Does not own: memory, managers, pools and processes, which are made in steps of their own
 * (step_*_test.c).
 */
#include "tests/api/full.h"
#include "tests/api/step.h"
#include "tests/crash/kinds.h"

#define STRIDE (SANITIZED ? 16001 : 2503)

struct world {
	const struct kind *kind;
	char name[32];
	uint32_t number, there, gone;
};

/* What a killed one has made stays, as nobody else may end it: so each has another name. */
static void prepares(void *arg)
{
	struct world *w = arg;

	snprintf(w->name, sizeof(w->name), "life %u", w->number++);
}

static void lives_a_whole_life(void *arg)
{
	struct world *w = arg;
	void *object = w->kind->make(w->name), *other;

	child_claims(object != NULL);
	other = w->kind->open(w->name);
	child_claims(other != NULL);
	child_claims(w->kind->call(other, GUARD_NS) >= 0);
	w->kind->destroy(other);
	w->kind->destroy(object);
}

static void judges(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	void *object = w->kind->open(w->name);

	(void)k;
	full_assert_no_memory_is_had_by_two();
	w->there += object != NULL;
	w->gone += object == NULL;
	assert_false(object && finished);
	if (!object)
		object = w->kind->make(w->name);
	assert_non_null(object);
	assert_true(w->kind->call(object, GUARD_NS) >= 0);
	w->kind->destroy(object);
	full_assert_no_memory_is_had_by_two();
}

/* Clearing its storage takes many instructions, all of them alike. */
static uint64_t stride_of(const struct kind *kind)
{
	void *object = kind->make("measured");
	bool stored = segment_object("measured")->extent != 0;

	assert_non_null(object);
	kind->destroy(object);
	return stored ? 4 * STRIDE : STRIDE;
}

static void step_lives(const struct kind *kind, uint32_t number)
{
	struct world *w = shared(sizeof(*w));
	struct stepped life = { kind->name, prepares, lives_a_whole_life, judges };

	w->kind = kind;
	w->number = number;
	assert_true(step_range(&life, w, 0, TO_THE_END, stride_of(kind)) > 1);
	assert_true(w->there + w->gone > 2);
}

static void a_life_killed_anywhere_leaves_the_object_or_its_name(void **state)
{
	struct mpt_trace_info info;

	(void)state;
	assert_int_equal(mpt_trace_status(&info), 0);
	/* A queue is a queue; and from one whose maker was killed there may be nothing to get. */
	for (size_t i = 0; i < kinds_count; i++)
		if (strcmp(kinds[i].name, "Queue, get") != 0)
			step_lives(&kinds[i], (uint32_t)i * 1000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_life_killed_anywhere_leaves_the_object_or_its_name),
	};

	finest_stride(131); /* there are not slots for more deaths */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "16M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
