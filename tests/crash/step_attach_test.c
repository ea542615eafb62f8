/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_attach_test.c - the first call of a process, killed after single instructions, in a
 * domain that is empty, then full: there who comes takes what the dead have left.
 *
 * Does not own: what it costs (attach_cost_test.c).
 */
#include "tests/api/full.h"
#include "tests/api/step.h"

#define STRIDE (SANITIZED ? 24001 : 5003)
#define FIRST_CALL_MOST (SANITIZED ? 2000000u : 200000u)
#define AFTER_INHERITING 10

static void is_at_home(void *lock)
{
	struct mpt_trace_info info;

	child_claims(mpt_lock_acquire(lock, GUARD_NS) == 0);
	child_claims(mpt_lock_release(lock) == 0);
	child_claims(mpt_trace_status(&info) == 0);
	child_claims(info.on && info.records >= 2);
}

/* Whoever comes next finds a place, with a ring and a ledger. */
static void judges(void *lock, uint64_t k, bool finished)
{
	(void)k;
	(void)finished;
	full_assert_no_memory_is_had_by_two();
	assert_ends_well(child(is_at_home, lock));
	full_assert_no_memory_is_had_by_two();
}

static void killed_anywhere(const char *name, struct mpt_lock *lock)
{
	struct stepped call = { name, NULL, full_first_call, judges };

	step_strangers(true);
	assert_true(step_range(&call, lock, 0, TO_THE_END, STRIDE) > 3);
	assert_true(step_calls(&call, lock, 0) > 10);
	step_strangers(false);
}

struct heir {
	uint64_t reclaimed; /* before it came */
	const struct mpt_wire_thread *slot;
};

static bool inherits(void *arg, pid_t pid)
{
	const struct heir *h = arg;

	(void)pid;
	return segment()->reclaimed != h->reclaimed || h->slot->extent;
}

/* How many entries and exits of system calls come before it inherits. */
static uint64_t calls_before(void)
{
	for (uint64_t calls = 1;; calls++) {
		struct heir h = { segment()->reclaimed,
				  full_slot(MPT_SEC_THREADS, full_used(MPT_SEC_THREADS)) };
		pid_t pid = victim(full_first_call, NULL, false);
		bool done;

		assert_true(step_syscalls(pid, calls));
		done = inherits(&h, pid);
		kill_child(pid);
		if (done)
			return calls - 1;
	}
}

/* Where a dead one's ring becomes its own, and after each of the next instructions. */
static void killed_while_it_inherits(struct mpt_lock *lock)
{
	uint64_t calls = calls_before();

	for (uint64_t k = 0; k < AFTER_INHERITING; k++) {
		struct heir h = { segment()->reclaimed,
				  full_slot(MPT_SEC_THREADS, full_used(MPT_SEC_THREADS)) };
		pid_t pid = victim(full_first_call, NULL, false);

		assert_true(step_syscalls(pid, calls));
		assert_true(step_until(pid, inherits, &h, FIRST_CALL_MOST));
		assert_true(step(pid, k));
		kill_child(pid);
		judges(lock, k, false);
	}
}

/* A slot that a death had left taken for good would soon be missed: at the end there are as
 * many deaths as slots. */
static void a_first_call_killed_anywhere_leaves_room_for_the_next(void **state)
{
	struct mpt_lock *lock;
	cpu_set_t before;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	killed_anywhere("first call", lock);
	full_of_rings();
	share_one_processor(&before);
	killed_while_it_inherits(lock);
	sched_setaffinity(0, sizeof(before), &before);
	full_of(MPT_SEC_THREADS);
	killed_anywhere("first call, in a slot of the dead", lock);
	mpt_lock_destroy(lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_first_call_killed_anywhere_leaves_room_for_the_next),
	};

	setenv("MPTRACE_SIZE", "4M", 1);
	finest_stride(131); /* there are not slots for more deaths */
	setenv("MPTRACE_RING", "8K", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
