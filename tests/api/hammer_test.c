/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hammer_test.c - many threads of one process in the same queue and lock.
 *
 * Worth most when built with SAN=thread: no data race between members that are
 * threads means none between members that are processes, as they run the same code.
 */
#include "tests/api/support.h"

#define PAIRS 3
#define EACH (SANITIZED ? 4000u : 60000u)

struct hammer {
	struct mpt_queue *queue;
	struct mpt_lock *lock;
	uint64_t sum, count; /* under the lock */
	uint32_t left;	     /* messages still to be got */
};

static void *puts_each(void *arg)
{
	struct hammer *h = arg;
	char message[200];

	memset(message, 'h', sizeof(message));
	for (uint64_t i = 0; i < EACH; i++) {
		memcpy(message, &i, sizeof(i));
		if (mpt_queue_put(h->queue, message, sizeof(i) + i % 190, GUARD_NS) != 0)
			return "put";
		if (i % 64 == 0 && (mpt_queue_size(h->queue) < 0 || mpt_queue_full(h->queue) < 0))
			return "size";
	}
	return NULL;
}

static void *gets_each(void *arg)
{
	struct hammer *h = arg;
	char message[200];
	uint64_t n;

	while ((int32_t)__atomic_sub_fetch(&h->left, 1, __ATOMIC_SEQ_CST) >= 0) {
		ssize_t size = mpt_queue_get(h->queue, message, sizeof(message), GUARD_NS);

		memcpy(&n, message, sizeof(n));
		if (size != (ssize_t)(sizeof(n) + n % 190))
			return "get";
		if (mpt_lock_acquire(h->lock, MPT_FOREVER) != 0)
			return "acquire";
		h->sum += n;
		h->count++;
		if (mpt_lock_release(h->lock) != 0)
			return "release";
	}
	return NULL;
}

static void *makes_objects(void *arg)
{
	struct mpt_queue_options options = { .maxsize = 4, .bytes = 4096 };
	struct mpt_trace_info info;
	struct mpt_queue *q;
	char byte;

	for (uint32_t i = 0; i < EACH / 100; i++) {
		if (mpt_queue_create(&q, &options) != 0)
			return "create";
		if (mpt_queue_put(q, "x", 1, 0) != 0 || mpt_queue_get(q, &byte, 1, 0) != 1)
			return "own queue";
		mpt_queue_destroy(q);
		if (mpt_trace_status(&info) != 0)
			return "status";
	}
	return arg ? NULL : "no argument";
}

static void threads_share_a_queue_and_a_lock(void **state)
{
	static void *(*const bodies[])(void *) = { puts_each, gets_each, makes_objects };
	struct mpt_queue_options options = { .name = "hammered", .maxsize = 64, .bytes = 8192 };
	struct hammer h = { .left = PAIRS * EACH };
	pthread_t threads[PAIRS * 3];
	const struct mpt_wire_object *o;
	struct ledger sum;
	void *wrong;

	(void)state;
	assert_int_equal(mpt_queue_create(&h.queue, &options), 0);
	assert_int_equal(mpt_lock_create(&h.lock, NULL, 0), 0);
	o = segment_object("hammered");
	for (int i = 0; i < PAIRS * 3; i++)
		threads[i] = thread(bodies[i % 3], &h);
	for (int i = 0; i < PAIRS * 3; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		if (wrong)
			fail_msg("%s", (const char *)wrong);
	}
	assert_int_equal(h.count, PAIRS * EACH);
	assert_int_equal(h.sum, PAIRS * (uint64_t)EACH * (EACH - 1) / 2);
	sum = segment_ledger(o);
	assert_int_equal(sum.gives, PAIRS * EACH);
	assert_int_equal(sum.takes, PAIRS * EACH);
	mpt_queue_destroy(h.queue);
	mpt_lock_destroy(h.lock);
}

/* Slots and storage are used again at once: what ends must not touch what begins. */
static void *lives_short(void *arg)
{
	struct mpt_queue_options options = { .maxsize = 4, .bytes = 4096 };
	uint64_t mine = (uint64_t)(uintptr_t)arg, n = 0;
	struct mpt_queue *q;
	struct mpt_lock *lock;

	for (uint32_t i = 0; i < EACH / 3; i++) {
		if (mpt_lock_create(&lock, NULL, 0) != 0 || mpt_lock_acquire(lock, 0) != 0)
			return "lock";
		if (mpt_queue_create(&q, &options) != 0 ||
		    mpt_queue_put(q, &mine, sizeof(mine), 0) != 0)
			return "queue";
		if (mpt_queue_get(q, &n, sizeof(n), 0) != sizeof(n) || n != mine)
			return "another's message";
		if (mpt_lock_locked(lock) != 1 || mpt_lock_release(lock) != 0)
			return "lost lock";
		mpt_queue_destroy(q);
		mpt_lock_destroy(lock);
	}
	return NULL;
}

static void the_end_of_an_object_does_not_touch_its_successor(void **state)
{
	pthread_t threads[4];
	void *wrong;

	(void)state;
	for (uintptr_t i = 0; i < 4; i++)
		threads[i] = thread(lives_short, (void *)(i + 1));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		if (wrong)
			fail_msg("%s", (const char *)wrong);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(threads_share_a_queue_and_a_lock),
		api_test(the_end_of_an_object_does_not_touch_its_successor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
