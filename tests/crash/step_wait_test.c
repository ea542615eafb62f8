/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step_wait_test.c - waiting for several things, and putting where somebody so waits,
 * killed after single instructions.
 */
#include "tests/api/step.h"

#include <sys/socket.h>

#define STRIDE (SANITIZED ? 2003 : 197)
#define FINE (SANITIZED ? 211 : 23)

struct world {
	struct mpt_queue *queue;
	const struct mpt_wire_object *object;
	struct mpt_pipe *reader, *writer;
	int socket[2];
	pid_t sleeper;
	struct moment commit;
	uint64_t before; /* units given */
};

static struct world *wait_world(const char *name)
{
	struct mpt_queue_options options = { .name = name };
	struct world *w = shared(sizeof(*w));

	assert_int_equal(mpt_queue_create(&w->queue, &options), 0);
	assert_int_equal(mpt_pipe_create(&w->reader, &w->writer, NULL), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, w->socket), 0);
	w->object = segment_object(name);
	w->commit = (struct moment)NOT_YET;
	return w;
}

static void end_world(struct world *w)
{
	mpt_queue_destroy(w->queue);
	mpt_pipe_destroy(w->reader);
	mpt_pipe_destroy(w->writer);
	close(w->socket[0]);
	close(w->socket[1]);
}

static int wait_for_all(struct world *w, uint64_t timeout_ns)
{
	struct mpt_wait_item items[] = {
		mpt_wait_queue(w->queue),
		mpt_wait_pipe(w->reader),
		mpt_wait_descriptor(w->socket[0]),
	};

	return mpt_wait(items, 3, timeout_ns);
}

static void sleeps_in_wait(void *arg)
{
	child_claims(wait_for_all(arg, 3 * GUARD_NS) == 1);
}

static void prepares_sleeper(void *arg)
{
	struct world *w = arg;

	w->before = w->object->give.index;
	w->sleeper = child(sleeps_in_wait, w);
	assert_eventually(is_blocked_in(w->sleeper, MPT_OP_WAIT_ANY));
}

static void acts_wait(void *arg)
{
	child_claims(wait_for_all(arg, MPT_MS(1)) == -ETIMEDOUT);
}

static void drain(struct world *w)
{
	char byte;

	while (mpt_queue_get(w->queue, &byte, 1, 0) == 1)
		;
}

/* Whoever else waits is woken, everything works. */
static void judges_wait(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	char byte;

	(void)k;
	(void)finished;
	assert_int_equal(mpt_queue_put(w->queue, "x", 1, 0), 0);
	assert_ends_well(w->sleeper);
	assert_int_equal(wait_for_all(w, 0), 1);
	drain(w);
	assert_int_equal(mpt_pipe_send(w->writer, "x", 1, GUARD_NS), 0);
	assert_int_equal(wait_for_all(w, GUARD_NS), 1);
	assert_int_equal(mpt_pipe_recv(w->reader, &byte, 1, GUARD_NS), 1);
	assert_int_equal(wait_for_all(w, 0), -EAGAIN);
}

static void a_waiter_killed_anywhere_disturbs_nobody(void **state)
{
	struct stepped wait = { "wait", prepares_sleeper, acts_wait, judges_wait };
	struct world *w = wait_world("waited for");

	(void)state;
	assert_true(step_range(&wait, w, 0, TO_THE_END, STRIDE) > 10);
	end_world(w);
}

static void acts_put(void *arg)
{
	struct world *w = arg;

	child_claims(mpt_queue_put(w->queue, "x", 1, MPT_FOREVER) >= 0);
}

/* What is in the queue wakes, rung for or not. */
static void judges_put(void *arg, uint64_t k, bool finished)
{
	struct world *w = arg;
	bool given = w->object->give.index > w->before;

	seen(&w->commit, k, given);
	assert_true(given || !finished);
	if (!given)
		assert_true(mpt_queue_put(w->queue, "y", 1, GUARD_NS) >= 0);
	assert_ends_well(w->sleeper);
	assert_int_equal(w->object->give.index, w->before + 1);
	/* The side is free again: every victim takes the same way. */
	assert_true(mpt_queue_put(w->queue, "z", 1, GUARD_NS) >= 0);
	drain(w);
}

static void a_put_killed_anywhere_does_not_leave_a_waiter_asleep(void **state)
{
	struct stepped put = { "put, a waiter polls", prepares_sleeper, acts_put, judges_put };
	struct world *w = wait_world("put into");

	(void)state;
	assert_true(step_range(&put, w, 0, TO_THE_END, FINE) > 20);
	assert_one_moment(&w->commit);
	end_world(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(a_waiter_killed_anywhere_disturbs_nobody),
		api_test(a_put_killed_anywhere_does_not_leave_a_waiter_asleep),
	};

	/* Small rings, so that those of all the dead find room and no ledger is lost. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
