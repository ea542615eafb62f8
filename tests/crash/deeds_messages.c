/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * deeds_messages.c - Queue, JoinableQueue, SimpleQueue, Pipe; see deeds.h.
 *
 * Each message is a number that nobody else has; who gets it marks it.  A message may be
 * missing only when a consumer was killed with it in his hand, and none is ever got twice.
 */
#include "tests/crash/deeds.h"

#define NUMBERS_MOST (1u << 26) /* one byte each, of memory that is touched as it is used */

struct marks {
	uint64_t next;
	uint8_t got[NUMBERS_MOST];
};

static struct marks *marks_new(void)
{
	return shared(sizeof(struct marks));
}

static uint64_t number_new(struct marks *m)
{
	uint64_t number = __atomic_fetch_add(&m->next, 1, __ATOMIC_RELAXED);

	child_claims(number < NUMBERS_MOST);
	return number;
}

static bool mark(struct marks *m, uint64_t number)
{
	return number < NUMBERS_MOST &&
	       __atomic_fetch_add(&m->got[number], 1, __ATOMIC_RELAXED) == 0;
}

static uint64_t marked(const struct marks *m)
{
	uint64_t sum = 0;

	for (uint64_t n = 0; n < m->next && n < NUMBERS_MOST; n++)
		sum += m->got[n];
	return sum;
}

/* It is empty: what was put in was taken out, and what nobody marked was in the hand of a
 * dead one.  Calls that did not return may have had their effect. */
static void judge_marks(const struct mpt_wire_object *o, const struct marks *m,
			const struct account *sum)
{
	uint64_t given = o->give.index, taken = o->take.index, got = marked(m);
	uint64_t unsure = sum->begun - sum->done;

	assert_int_equal(given, taken);
	assert_in_range(given, sum->in, sum->in + unsure);
	assert_in_range(got, sum->out, taken);
	assert_true(taken - got <= unsure);
	assert_true(o->lost <= taken - got);
}

static bool none(int64_t rc)
{
	return rc == -ETIMEDOUT || rc == -EAGAIN;
}

/* ---- Queue -------------------------------------------------------------- */

static struct mpt_queue *queue;
static struct marks *of_queue;

static void make_queue(void)
{
	struct mpt_queue_options options = { .name = "storm queue", .maxsize = 8 };

	assert_int_equal(mpt_queue_create(&queue, &options), 0);
	of_queue = marks_new();
}

static void use_queue(struct account *a, unsigned int *seed)
{
	uint64_t number;
	int64_t rc;

	a->begun++;
	if (rand_r(seed) % 2) {
		number = number_new(of_queue);
		rc = mpt_queue_put(queue, &number, sizeof(number), PATIENCE_NS);
		child_claims(rc >= 0 || none(rc));
		a->in += rc >= 0;
	} else {
		rc = mpt_queue_get(queue, &number, sizeof(number), PATIENCE_NS);
		child_claims(none(rc) || (rc == sizeof(number) && mark(of_queue, number)));
		a->out += rc >= 0;
	}
	a->done++;
}

static void judge_queue(const struct account *sum)
{
	struct account all = *sum;
	uint64_t number;

	while (mpt_queue_get(queue, &number, sizeof(number), PATIENCE_NS) > 0) {
		assert_true(mark(of_queue, number));
		all.out++;
	}
	assert_int_equal(mpt_queue_size(queue), 0);
	judge_marks(segment_object("storm queue"), of_queue, &all);
	mpt_queue_destroy(queue);
}

const struct deed deed_queue = { "Queue", make_queue, use_queue, judge_queue };

/* ---- JoinableQueue ------------------------------------------------------ */

static struct mpt_queue *joinable;
static struct marks *of_joinable;

static void make_joinable(void)
{
	struct mpt_queue_options options = { .name = "storm tasks", .maxsize = 8,
					     .joinable = true };

	assert_int_equal(mpt_queue_create(&joinable, &options), 0);
	of_joinable = marks_new();
}

static void use_joinable(struct account *a, unsigned int *seed)
{
	uint64_t number;
	int64_t rc;

	a->begun++;
	if (rand_r(seed) % 2) {
		number = number_new(of_joinable);
		rc = mpt_queue_put(joinable, &number, sizeof(number), PATIENCE_NS);
		child_claims(rc >= 0 || none(rc));
		a->in += rc >= 0;
	} else {
		rc = mpt_queue_get(joinable, &number, sizeof(number), PATIENCE_NS);
		child_claims(none(rc) || (rc == sizeof(number) && mark(of_joinable, number)));
		child_claims(rc < 0 || mpt_queue_task_done(joinable) >= 0);
		a->out += rc >= 0;
	}
	a->done++;
}

/* The tasks that died with their workers are given up, and join returns. */
static void judge_joinable(const struct account *sum)
{
	struct account all = *sum;
	uint64_t number;

	while (mpt_queue_get(joinable, &number, sizeof(number), PATIENCE_NS) > 0) {
		assert_true(mark(of_joinable, number));
		assert_true(mpt_queue_task_done(joinable) >= 0);
		all.out++;
	}
	assert_true(mpt_queue_join(joinable, GUARD_NS) >= 0);
	assert_int_equal(mpt_queue_unfinished(joinable), 0);
	assert_true((uint64_t)mpt_queue_abandoned(joinable) <= sum->begun - sum->done);
	judge_marks(segment_object("storm tasks"), of_joinable, &all);
	mpt_queue_destroy(joinable);
}

const struct deed deed_joinable = { "JoinableQueue", make_joinable, use_joinable,
				    judge_joinable };

/* ---- SimpleQueue -------------------------------------------------------- */

static struct mpt_simplequeue *simple;
static struct marks *of_simple;

static void make_simplequeue(void)
{
	assert_int_equal(mpt_simplequeue_create(&simple, "storm simple"), 0);
	of_simple = marks_new();
}

/* Its calls know no timeout: one gets only after one has put, so that there is always one for
 * who waits; whoever dies between the two leaves one more. */
static void use_simplequeue(struct account *a, unsigned int *seed)
{
	uint64_t number = number_new(of_simple);

	(void)seed;
	a->begun++;
	child_claims(mpt_simplequeue_put(simple, &number, sizeof(number)) >= 0);
	a->in++;
	child_claims(mpt_simplequeue_get(simple, &number, sizeof(number)) == sizeof(number));
	child_claims(mark(of_simple, number));
	a->out++;
	a->done++;
}

static void judge_simplequeue(const struct account *sum)
{
	struct account all = *sum;
	uint64_t number;

	while (mpt_simplequeue_empty(simple) == 0) {
		assert_int_equal(mpt_simplequeue_get(simple, &number, sizeof(number)),
				 sizeof(number));
		assert_true(mark(of_simple, number));
		all.out++;
	}
	judge_marks(segment_object("storm simple"), of_simple, &all);
	mpt_simplequeue_destroy(simple);
}

const struct deed deed_simplequeue = { "SimpleQueue", make_simplequeue, use_simplequeue,
				       judge_simplequeue };

/* ---- Pipe --------------------------------------------------------------- */

static struct mpt_pipe *receiver, *sender;
static struct marks *of_pipe;

static void make_pipe(void)
{
	struct mpt_pipe_options options = { .name = "storm pipe", .simplex = true };

	assert_int_equal(mpt_pipe_create(&receiver, &sender, &options), 0);
	of_pipe = marks_new();
}

static void use_pipe(struct account *a, unsigned int *seed)
{
	uint64_t number;
	int64_t rc;

	a->begun++;
	if (rand_r(seed) % 2) {
		number = number_new(of_pipe);
		rc = mpt_pipe_send(sender, &number, sizeof(number), PATIENCE_NS);
		child_claims(rc >= 0 || none(rc));
		a->in += rc >= 0;
	} else {
		rc = mpt_pipe_recv(receiver, &number, sizeof(number), PATIENCE_NS);
		child_claims(none(rc) || rc == -EPIPE ||
			     (rc == sizeof(number) && mark(of_pipe, number)));
		a->out += rc >= 0;
	}
	a->done++;
}

static void judge_pipe(const struct account *sum)
{
	struct account all = *sum;
	uint64_t number;
	ssize_t rc;

	while (!none(rc = mpt_pipe_recv(receiver, &number, sizeof(number), PATIENCE_NS))) {
		assert_true(rc == sizeof(number) && mark(of_pipe, number));
		all.out++;
	}
	judge_marks(segment_object("storm pipe"), of_pipe, &all);
	mpt_pipe_destroy(sender);
	mpt_pipe_destroy(receiver);
}

const struct deed deed_pipe = { "Pipe", make_pipe, use_pipe, judge_pipe };
