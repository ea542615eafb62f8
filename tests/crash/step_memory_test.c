/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_memory_test.c - create, attach, unlink and close of shared memory, killed after
 * single instructions: the name is whole or free, and who has the memory keeps it.
 */
#include "tests/api/step.h"

/* Strides: a step costs 10 to 40 us, so not every test can stop at every one. */
#define COARSE (SANITIZED ? 997 : 61)
/* Instructions behind a system call. */
static const uint64_t behind[] = { 0, 7, 50, 400 };

#define SIZE 8192

struct world {
	struct mpt_memory *memory;
	struct moment commit;
	uint32_t slots_before;
};

static uint32_t slots_used(void)
{
	return segment()->section[MPT_SEC_OBJECTS].used;
}

static struct mpt_memory *new_memory(void)
{
	struct mpt_memory *memory;

	assert_int_equal(mpt_memory_create(&memory, "stepped", SIZE), 0);
	memset(mpt_memory_data(memory), 0x5a, SIZE);
	return memory;
}

/* Everything once, so that the dynamic linker has done its work, and one survivor. */
static struct world *memory_world(void)
{
	struct world *w = shared(sizeof(*w));
	struct mpt_memory *other;

	w->memory = new_memory();
	assert_int_equal(mpt_memory_attach(&other, "stepped"), 0);
	assert_int_equal(mpt_memory_close(other), 0);
	assert_int_equal(mpt_memory_unlink(other), 0);
	mpt_memory_destroy(other);
	mpt_memory_destroy(w->memory);
	w->memory = NULL;
	w->commit = (struct moment)NOT_YET;
	return w;
}

static bool is_intact(struct mpt_memory *memory)
{
	const uint8_t *at = mpt_memory_data(memory);

	for (size_t i = 0; i < SIZE; i++)
		if (at[i] != 0x5a)
			return false;
	return true;
}

/* As if the dead one had never been: it can be made, found, and ended. */
static void assert_name_is_free(void)
{
	struct mpt_memory *memory = new_memory(), *other;

	assert_int_equal(mpt_memory_attach(&other, "stepped"), 0);
	assert_true(is_intact(other));
	mpt_memory_destroy(other);
	mpt_memory_destroy(memory);
	assert_int_equal(mpt_memory_attach(&other, "stepped"), -ENOENT);
}

static void step_all_calls(const struct stepped *operation, struct world *w)
{
	for (size_t i = 0; i < sizeof(behind) / sizeof(behind[0]); i++)
		assert_true(step_calls(operation, w, behind[i]) >= 5);
}

/* ---- create --------------------------------------------------------------------------- */

static void remembers_slots(void *arg)
{
	struct world *w = arg;

	w->slots_before = slots_used();
}

static void acts_create(void *arg)
{
	struct mpt_memory *memory;

	(void)arg;
	child_claims(mpt_memory_create(&memory, "stepped", SIZE) == 0);
}

static void judges_create(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct mpt_memory *memory;

	seen(&w->commit, k, segment_object("stepped") != NULL && !finished);
	/* Its creator is dead and with it the memory. */
	if (k % 2)
		assert_int_equal(mpt_memory_attach(&memory, "stepped"), -ENOENT);
	assert_name_is_free();
	assert_true(slots_used() <= w->slots_before + 1);
}

static void a_create_killed_anywhere_leaves_no_name(void **state)
{
	struct stepped create = { "create", remembers_slots, acts_create, judges_create };
	struct world *w = memory_world();

	(void)state;
	step_all_calls(&create, w);
	assert_true(w->commit.first != NEVER);
}

/* ---- attach ------------------------------------------------------------------------------ */

static void prepares_survivor(void *arg)
{
	struct world *w = arg;

	w->memory = new_memory();
}

static void acts_attach(void *arg)
{
	struct mpt_memory *memory;

	(void)arg;
	child_claims(mpt_memory_attach(&memory, "stepped") == 0);
	child_claims(*(uint8_t *)mpt_memory_data(memory) == 0x5a);
}

static void judges_attach(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct mpt_memory *other;

	(void)k;
	(void)finished;
	assert_int_equal(mpt_memory_attach(&other, "stepped"), 0);
	assert_true(is_intact(other));
	mpt_memory_destroy(other);
	assert_true(is_intact(w->memory));
	mpt_memory_destroy(w->memory);
	assert_name_is_free();
}

static void an_attach_killed_anywhere_harms_nobody(void **state)
{
	struct stepped attach = { "attach", prepares_survivor, acts_attach, judges_attach };
	struct world *w = memory_world();

	(void)state;
	step_all_calls(&attach, w);
}

/* ---- unlink ------------------------------------------------------------------------------- */

static void acts_unlink(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_memory_unlink(w->memory) == 0);
}

static void judges_unlink(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	struct mpt_memory *other;
	int rc = mpt_memory_attach(&other, "stepped");

	assert_true(rc == -ENOENT || (rc == 0 && !finished));
	seen(&w->commit, k, rc == -ENOENT);
	if (rc == 0)
		mpt_memory_destroy(other);
	assert_true(is_intact(w->memory));
	assert_int_equal(mpt_memory_unlink(w->memory), rc);
	assert_name_is_free();
	assert_true(is_intact(w->memory));
	mpt_memory_destroy(w->memory);
	assert_true(slots_used() <= w->slots_before + 1);
}

static void prepares_unlink(void *arg)
{
	remembers_slots(arg);
	prepares_survivor(arg);
}

static void an_unlink_killed_anywhere_frees_the_name_or_does_not(void **state)
{
	struct stepped unlinks = { "unlink", prepares_unlink, acts_unlink, judges_unlink };
	struct world *w = memory_world();

	(void)state;
	assert_true(step_range(&unlinks, w, 0, TO_THE_END, COARSE) > 10);
	/* Reading the kernel's clock takes longer or shorter: no k is the moment. */
	assert_true(w->commit.first != NEVER && w->commit.last_without > 0);
}

/* ---- close ---------------------------------------------------------------------------------- */

static void acts_close(void *arg)
{
	struct world *w = arg;

	child_claims(*(uint8_t *)mpt_memory_data(w->memory) == 0x5a);
	child_claims(mpt_memory_close(w->memory) == 0);
	child_claims(mpt_memory_data(w->memory) == NULL);
}

static void a_close_killed_anywhere_harms_nobody(void **state)
{
	struct stepped closes = { "close", prepares_survivor, acts_close, judges_attach };
	struct world *w = memory_world();

	(void)state;
	step_all_calls(&closes, w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_create_killed_anywhere_leaves_no_name),
		api_test(an_attach_killed_anywhere_harms_nobody),
		api_test(an_unlink_killed_anywhere_frees_the_name_or_does_not),
		api_test(a_close_killed_anywhere_harms_nobody),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
