/* SPDX-License-Identifier: BSD-2-Clause */
/* sleepers.c - see sleepers.h. */
#include "tests/api/sleepers.h"

struct scene *new_scene(const struct mpt_condition_options *options)
{
	struct mpt_condition_options o = options ? *options : (struct mpt_condition_options){ 0 };
	struct scene *s = shared(sizeof(*s));

	o.name = "ready";
	s->rlock = o.rlock;
	s->lock = o.lock;
	s->timeout_ns = GUARD_NS;
	assert_int_equal(mpt_condition_create(&s->ready, &o), 0);
	assert_non_null(s->ready);
	s->object = segment_object("ready");
	return s;
}

/* ---- looking into the segment ---------------------------------------------------- */

static const struct mpt_wire_seat *seats_of(const struct mpt_wire_object *o)
{
	const struct mpt_wire_section *arena = &segment()->section[MPT_SEC_ARENA];

	return (const void *)((const uint8_t *)segment() + arena->offset +
			      (uint64_t)arena->stride * (uint32_t)o->extent);
}

static bool lives(uint32_t who)
{
	const struct mpt_wire_section *threads = &segment()->section[MPT_SEC_THREADS];
	const struct mpt_wire_thread *t =
		(const void *)((const uint8_t *)segment() + threads->offset +
			       (uint64_t)threads->stride * MPT_LOCK_SLOT(who));

	return t->generation == MPT_LOCK_GENERATION(who) && t->state == MPT_SLOT_LIVE &&
	       kill((pid_t)t->tid, 0) == 0;
}

uint32_t seats_waited_in(const struct mpt_wire_object *o)
{
	const struct mpt_wire_seat *seat = seats_of(o);
	uint64_t all = o->latch - MPT_LATCH_FRESH(o->generation);
	uint32_t count = 0;

	for (uint64_t i = 0; i < o->slots; i++)
		count += seat[i].who && MPT_SEAT_PHASE(seat[i].state) == MPT_SEAT_WAITING &&
			 MPT_SEAT_NUMBER(seat[i].state) >= all;
	return count;
}

uint32_t seats_of_the_dead(const struct mpt_wire_object *o)
{
	const struct mpt_wire_seat *seat = seats_of(o);
	uint32_t count = 0;

	for (uint64_t i = 0; i < o->slots; i++)
		count += seat[i].who && !lives(seat[i].who);
	return count;
}

static uint32_t seats_taken(const struct mpt_wire_object *o)
{
	const struct mpt_wire_seat *seat = seats_of(o);
	uint32_t count = 0;

	for (uint64_t i = 0; i < o->slots; i++)
		count += seat[i].who != 0;
	return count;
}

void assert_no_sleepers_and_no_tokens(const struct scene *s)
{
	int taken = mpt_condition_acquire(s->ready, GUARD_NS);

	assert_true(taken == 0 || taken == MPT_RECOVERED);
	assert_int_equal(mpt_condition_waiting(s->ready), 0);
	/* Buries the dead, and is not remembered. */
	assert_int_equal(mpt_condition_notify(s->ready, 3), 0);
	assert_int_equal(mpt_condition_notify_all(s->ready), 0);
	assert_int_equal(seats_taken(s->object), seats_of_the_dead(s->object));
	assert_int_equal(seats_waited_in(s->object), 0);
	assert_true(s->object->take.seen <= s->object->slots);
	/* Who comes now is not notified, by whatever has been. */
	assert_int_equal(mpt_condition_wait(s->ready, 0), -EAGAIN);
	assert_int_equal(mpt_condition_wait(s->ready, MPT_MS(1)), -ETIMEDOUT);
	assert_int_equal(seats_taken(s->object), seats_of_the_dead(s->object));
	assert_int_equal(mpt_condition_release(s->ready), 0);
}

void end_scene(struct scene *s)
{
	assert_no_sleepers_and_no_tokens(s);
	mpt_condition_destroy(s->ready);
	mpt_rlock_destroy(s->rlock);
	mpt_lock_destroy(s->lock);
	assert_null(segment_object("ready"));
	assert_null(segment_object("ready.lock"));
}

/* ---- those who wait ---------------------------------------------------------------- */

uint32_t counted(const uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

void acquire(struct scene *s)
{
	assert_int_equal(mpt_condition_acquire(s->ready, GUARD_NS), 0);
}

void release(struct scene *s)
{
	assert_int_equal(mpt_condition_release(s->ready), 0);
}

int notify(struct scene *s, uint32_t n)
{
	int count;

	acquire(s);
	count = mpt_condition_notify(s->ready, n);
	release(s);
	return count;
}

int notify_all(struct scene *s)
{
	int count;

	acquire(s);
	count = mpt_condition_notify_all(s->ready);
	release(s);
	return count;
}

int waiting(const struct scene *s)
{
	return mpt_condition_waiting(s->ready);
}

void sleeps(void *arg)
{
	struct scene *s = arg;
	uint32_t number;
	int rc = mpt_condition_acquire(s->ready, GUARD_NS);

	child_claims(rc == 0 || rc == MPT_RECOVERED);
	number = s->came++;
	rc = mpt_condition_wait(s->ready, s->timeout_ns);
	if (rc >= 0)
		s->order[s->woke++] = number; /* the lock is held again */
	else if (rc == -ETIMEDOUT)
		s->timeouts++;
	else if (rc == -ESHUTDOWN)
		reach(&s->ends);
	else
		child_refutes(__FILE__, __LINE__, mpt_result_text(rc));
	s->recovered += rc == MPT_RECOVERED;
	if (rc != -ESHUTDOWN)
		child_claims(mpt_condition_release(s->ready) == 0);
}

void *sleeps_in_thread(void *scene)
{
	sleeps(scene);
	return NULL;
}

pid_t sleeper(struct scene *s)
{
	int before = waiting(s);
	pid_t pid = child(sleeps, s);

	/* Asleep, it has let go of the lock as well. */
	assert_eventually(is_blocked_in(pid, MPT_OP_CONDITION_WAIT));
	assert_int_equal(waiting(s), before + 1);
	return pid;
}

pthread_t sleeper_thread(struct scene *s)
{
	int before = waiting(s);
	pthread_t t = thread(sleeps_in_thread, s);

	assert_eventually(waiting(s) == before + 1);
	return t;
}
