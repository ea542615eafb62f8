/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_locks.c - Lock, RLock, Semaphore, BoundedSemaphore, Condition; see deeds.h. */
#include "tests/crash/deeds.h"

/* What a lock guards: counted without care, so that two at once would lose something. */
struct guarded {
	volatile uint64_t count;
	volatile uint32_t inside; /* who says so */
};

static struct guarded *guard_new(void)
{
	return shared(sizeof(struct guarded));
}

/* Exclusive, unless the one before died in it. */
static void count_guarded(struct guarded *g, bool recovered)
{
	uint32_t me = (uint32_t)getpid();

	child_claims(g->inside == 0 || recovered);
	g->inside = me;
	g->count = g->count + 1;
	child_claims(g->inside == me);
	g->inside = 0;
}

static void judge_count(const struct guarded *g, const struct account *sum)
{
	assert_in_range(g->count, sum->done, sum->begun);
}

/* ---- Lock --------------------------------------------------------------- */

static struct mpt_lock *lock;
static struct guarded *under_lock;

static void make_lock(void)
{
	assert_int_equal(mpt_lock_create(&lock, "storm lock", 0), 0);
	under_lock = guard_new();
}

static void use_lock(struct account *a, unsigned int *seed)
{
	int rc;

	(void)seed;
	a->begun++;
	rc = mpt_lock_acquire(lock, MPT_FOREVER);
	claims_taken(rc);
	count_guarded(under_lock, rc);
	child_claims(mpt_lock_release(lock) == 0);
	a->done++;
}

static void judge_lock(const struct account *sum)
{
	assert_true(mpt_lock_acquire(lock, GUARD_NS) >= 0);
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_int_equal(mpt_lock_locked(lock), 0);
	judge_count(under_lock, sum);
	mpt_lock_destroy(lock);
}

const struct deed deed_lock = { "Lock", make_lock, use_lock, judge_lock };

/* ---- RLock -------------------------------------------------------------- */

static struct mpt_rlock *rlock;
static struct guarded *under_rlock;

static void make_rlock(void)
{
	assert_int_equal(mpt_rlock_create(&rlock, "storm rlock", 0), 0);
	under_rlock = guard_new();
}

static void use_rlock(struct account *a, unsigned int *seed)
{
	int rc;

	(void)seed;
	a->begun++;
	rc = mpt_rlock_acquire(rlock, MPT_FOREVER);
	claims_taken(rc);
	child_claims(mpt_rlock_acquire(rlock, MPT_FOREVER) == 0);
	child_claims(mpt_rlock_depth(rlock) == 2);
	count_guarded(under_rlock, rc);
	child_claims(mpt_rlock_release(rlock) == 0);
	child_claims(mpt_rlock_release(rlock) == 0);
	a->done++;
}

static void judge_rlock(const struct account *sum)
{
	assert_true(mpt_rlock_acquire(rlock, GUARD_NS) >= 0);
	assert_int_equal(mpt_rlock_depth(rlock), 1);
	assert_int_equal(mpt_rlock_release(rlock), 0);
	judge_count(under_rlock, sum);
	mpt_rlock_destroy(rlock);
}

const struct deed deed_rlock = { "RLock", make_rlock, use_rlock, judge_rlock };

/* ---- Semaphore, BoundedSemaphore ---------------------------------------- */

#define UNITS 2

static struct mpt_semaphore *semaphore, *bounded;

static void make_semaphore(void)
{
	struct mpt_semaphore_options options = { .name = "storm semaphore", .value = UNITS };

	assert_int_equal(mpt_semaphore_create(&semaphore, &options), 0);
}

static void make_bounded(void)
{
	struct mpt_semaphore_options options = { .name = "storm bounded", .value = UNITS,
						 .bounded = true };

	assert_int_equal(mpt_semaphore_create(&bounded, &options), 0);
}

static void use_units(struct mpt_semaphore *s, struct account *a)
{
	int rc;

	a->begun++;
	rc = mpt_semaphore_acquire(s, MPT_FOREVER);
	claims_taken(rc);
	rc = mpt_semaphore_release(s);
	child_claims(rc == 0);
	a->done++;
}

static void use_semaphore(struct account *a, unsigned int *seed)
{
	(void)seed;
	use_units(semaphore, a);
}

static void use_bounded(struct account *a, unsigned int *seed)
{
	(void)seed;
	use_units(bounded, a);
}

/* Those of the dead are back, and no more than there were. */
static void judge_units(struct mpt_semaphore *s)
{
	for (int i = 0; i < UNITS; i++)
		assert_true(mpt_semaphore_acquire(s, GUARD_NS) >= 0);
	assert_int_equal(mpt_semaphore_acquire(s, 0), -EAGAIN);
	for (int i = 0; i < UNITS; i++)
		assert_int_equal(mpt_semaphore_release(s), 0);
	assert_int_equal(mpt_semaphore_value(s), UNITS);
}

static void judge_semaphore(const struct account *sum)
{
	(void)sum;
	judge_units(semaphore);
	mpt_semaphore_destroy(semaphore);
}

static void judge_bounded(const struct account *sum)
{
	(void)sum;
	judge_units(bounded);
	assert_true(mpt_semaphore_release(bounded) < 0);
	mpt_semaphore_destroy(bounded);
}

const struct deed deed_semaphore = { "Semaphore", make_semaphore, use_semaphore,
				     judge_semaphore };
const struct deed deed_bounded = { "BoundedSemaphore", make_bounded, use_bounded, judge_bounded };

/* ---- Condition ---------------------------------------------------------- */

static struct mpt_condition *condition;
static struct guarded *under_condition;

static void make_condition(void)
{
	struct mpt_condition_options options = { .name = "storm condition" };

	assert_int_equal(mpt_condition_create(&condition, &options), 0);
	under_condition = guard_new();
}

static void use_condition(struct account *a, unsigned int *seed)
{
	int rc;

	a->begun++;
	rc = mpt_condition_acquire(condition, MPT_FOREVER);
	claims_taken(rc);
	count_guarded(under_condition, rc);
	if (rand_r(seed) % 2) {
		child_claims(mpt_condition_notify(condition, 1) >= 0);
	} else {
		rc = mpt_condition_wait(condition, PATIENCE_NS);
		child_claims(rc >= 0 || rc == -ETIMEDOUT || rc == -EOWNERDEAD);
	}
	child_claims(mpt_condition_release(condition) == 0);
	a->done++;
}

static void waits_for_a_notify(void *unused)
{
	(void)unused;
	child_claims(mpt_condition_acquire(condition, GUARD_NS) >= 0);
	child_claims(mpt_condition_wait(condition, GUARD_NS) >= 0);
	child_claims(mpt_condition_release(condition) == 0);
}

/* However many seats of dead waiters there are, a notify comes to the living one. */
static void judge_condition(const struct account *sum)
{
	pid_t pid = child(waits_for_a_notify, NULL);

	assert_eventually(is_blocked_in(pid, MPT_OP_CONDITION_WAIT));
	assert_true(mpt_condition_acquire(condition, GUARD_NS) >= 0);
	assert_true(mpt_condition_notify(condition, 1) >= 0);
	assert_int_equal(mpt_condition_release(condition), 0);
	assert_ends_well(pid);
	judge_count(under_condition, sum);
	mpt_condition_destroy(condition);
}

const struct deed deed_condition = { "Condition", make_condition, use_condition,
				     judge_condition };
