/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_stripe_test.c - who overwrites a small value has only the stripe of its key: stopped
 * or killed at each instruction meanwhile, others do not take the entry away under it, and
 * go on.
 */
#include "tests/api/manager_world.h"
#include "tests/api/step.h"

#define STRIDE 17u
#define FILLERS 12

static char long_text[200];

static bool holds_a_stripe(void *arg, pid_t pid)
{
	const struct mpt_wire_stripe *stripe = heap_of(WORLD)->shown.stripe;

	(void)arg;
	(void)pid; /* nobody else runs */
	for (int n = 0; n < (int)MPT_HEAP_STRIPES; n++)
		if (stripe[n].lock)
			return true;
	return false;
}

static void overwrites(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_dict_set(w->dict, mpt_text("k1"), mpt_text("sixteen letters!")) == 0);
}

/* Stopped so many instructions after it took the stripe.  0: it gave it back before. */
static pid_t stopped_inside(struct world *w, uint64_t instructions)
{
	pid_t pid = warm_victim(world_warm, overwrites, w);

	assert_true(step_until(pid, holds_a_stripe, NULL, 100000));
	assert_true(step(pid, instructions));
	if (holds_a_stripe(NULL, pid))
		return pid;
	while (step(pid, 1000))
		;
	return 0;
}

/* A handle whose calls do not wait. */
static struct mpt_dict *hasty(void)
{
	struct mpt_manager *m;
	struct mpt_dict *dict;

	assert_int_equal(mpt_manager_open(&m, WORLD, 0), 0);
	mpt_manager_set_timeout(m, 0);
	assert_int_equal(mpt_dict_open(&dict, m, "dict"), 0);
	mpt_manager_destroy(m);
	return dict;
}

static int set_filler(struct mpt_dict *dict, int n)
{
	return mpt_dict_set(dict, mpt_i64(100 + n), mpt_bytes("ffffffffffffffffffff", 5 + (size_t)n));
}

/* What would be in the entry's place if that had been freed.  Some may have the stripe that
 * is taken, as keys are scattered anew in each manager: those are -EAGAIN and false. */
static void fill(struct mpt_dict *dict, bool *filled)
{
	for (int n = 0; n < FILLERS; n++) {
		int rc = set_filler(dict, n);

		filled[n] = rc == 0;
		assert_true(rc == 0 || rc == -EAGAIN);
	}
}

static void assert_filled(struct mpt_dict *dict, const bool *filled)
{
	struct mpt_item item;
	char buffer[32];

	for (int n = 0; n < FILLERS; n++) {
		int rc = mpt_dict_get(dict, mpt_i64(100 + n), &item, buffer, 32);

		assert_int_equal(rc, filled[n] ? 0 : -ENOENT);
		if (rc < 0)
			continue;
		assert_int_equal(item.bytes.size, 5 + n);
		assert_memory_equal(item.bytes.data, "ffffffffffffffffffff", 5 + (size_t)n);
	}
}

static void take_away(struct mpt_dict *dict, int how)
{
	struct mpt_pair pair = { mpt_text("k1"), mpt_text("another") };
	struct mpt_item key = mpt_text("k1");

	switch (how % 4) {
	case 0:
		assert_int_equal(mpt_dict_delete(dict, key), -EAGAIN);
		break;
	case 1:
		assert_int_equal(mpt_dict_set(dict, key, mpt_bytes(long_text, 200)), -EAGAIN);
		break;
	case 2:
		assert_int_equal(mpt_dict_update(dict, &pair, 1), 0);
		assert_true(heap_of(WORLD)->doomed != 0); /* the entry is kept for it */
		break;
	default:
		assert_int_equal(mpt_dict_clear(dict), 0);
		assert_true(heap_of(WORLD)->doomed != 0);
	}
}

static void an_entry_that_is_being_overwritten_is_not_freed(void **state)
{
	struct world *w = world_new();
	uint64_t stride = finer_stride(STRIDE), at;
	cpu_set_t before;
	int n = 0;
	pid_t pid;

	(void)state;
	share_one_processor(&before);
	for (at = step_phase(stride); (pid = stopped_inside(w, at)); at += stride, n++) {
		struct mpt_dict *dict = hasty();
		bool filled[FILLERS];

		take_away(dict, n);
		fill(dict, filled);
		while (step(pid, 1000))
			;
		assert_filled(dict, filled);
		mpt_dict_destroy(dict);
		world_prepare(w);
	}
	sched_setaffinity(0, sizeof(before), &before);
	printf("# note: stopped at %d instructions\n", n);
	assert_true(n > 3);
	world_end(w);
}

static void a_dead_holder_of_a_stripe_leaves_nothing_to_settle(void **state)
{
	struct world *w = world_new();
	uint64_t stride = finer_stride(STRIDE), at, recovered;
	cpu_set_t before;
	pid_t pid;

	(void)state;
	share_one_processor(&before);
	for (at = step_phase(stride); (pid = stopped_inside(w, at)); at += stride) {
		recovered = segment_object(WORLD)->recovered;
		kill_child(pid);
		assert_int_equal(mpt_dict_set(w->dict, mpt_text("k1"), mpt_text("by a survivor")), 0);
		assert_int_equal(segment_object(WORLD)->recovered, recovered + 1);
		world_prepare(w);
	}
	sched_setaffinity(0, sizeof(before), &before);
	world_end(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(an_entry_that_is_being_overwritten_is_not_freed),
		api_test(a_dead_holder_of_a_stripe_leaves_nothing_to_settle),
	};

	setenv("MPTRACE_RING", "8K", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
