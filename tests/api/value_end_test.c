/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value_end_test.c - Value: deaths, the end of it, and wrong uses.
 */
#include "tests/api/support.h"

#include <math.h>

struct point {
	double x, y, z;
	char name[20];
};

static const struct point origin = { 1.5, -2.5, 3.5, "origin" };

static struct mpt_value *new_point(const char *name, struct mpt_lock *lock)
{
	struct mpt_value_options options = {
		.name = name, .size = sizeof(origin), .initial = &origin, .lock = lock
	};
	struct mpt_value *value;

	assert_int_equal(mpt_value_create(&value, &options), 0);
	assert_non_null(value);
	return value;
}

static struct mpt_value *new_number(const char *name)
{
	struct mpt_value *value;

	assert_int_equal(mpt_value_create_i64(&value, name, 5), 0);
	return value;
}

/* ---- deaths ----------------------------------------------------------------------------- */

struct scene {
	struct mpt_value *value;
	uint32_t held;
};

static void holds_for_ever(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_value_acquire(s->value, GUARD_NS) == 0);
	reach(&s->held);
	for (;;)
		pause();
}

static pid_t holder(struct scene *s)
{
	pid_t pid = child(holds_for_ever, s);

	assert_eventually(reached(&s->held));
	s->held = 0;
	return pid;
}

static void b109_the_killed_holder_of_its_lock_is_taken_over(void **state)
{
	struct scene *s = shared(sizeof(*s));
	const struct mpt_wire_object *o;
	pid_t pid;

	(void)state;
	s->value = new_number("survivor");
	o = segment_object("survivor");
	pid = holder(s);
	assert_int_equal(mpt_value_store(s->value, &(int64_t){ 8 }, 8, 0), -EAGAIN);
	kill_child(pid);
	assert_int_equal(mpt_value_store_i64(s->value, 8), MPT_RECOVERED);
	assert_int_equal(o->recovered, 1);
	assert_int_equal(o->recovered_pid, segment_process(pid)->pid);
	assert_int_equal(mpt_value_store_i64(s->value, 9), 0);
	assert_int_equal(o->take.lock, 0);
	kill_child(holder(s));
	assert_int_equal(mpt_value_add_i64(s->value, 1), MPT_RECOVERED);
	kill_child(holder(s));
	assert_int_equal(mpt_value_load_i64(s->value, &(int64_t){ 0 }), MPT_RECOVERED);
	assert_int_equal(*(int64_t *)mpt_value_at(s->value), 10);
	mpt_value_destroy(s->value);
}

static void b109_the_killed_holder_of_a_given_lock_is_taken_over(void **state)
{
	struct scene *s = shared(sizeof(*s));
	struct mpt_lock *lock;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	s->value = new_point(NULL, lock);
	kill_child(holder(s));
	assert_int_equal(mpt_value_store(s->value, &origin, sizeof(origin), GUARD_NS),
			 MPT_RECOVERED);
	assert_int_equal(mpt_value_store(s->value, &origin, sizeof(origin), GUARD_NS), 0);
	mpt_value_destroy(s->value);
	mpt_lock_destroy(lock);
}

/* ---- the end ---------------------------------------------------------------------------- */

static void waits_for_its_end(void *value)
{
	child_claims(mpt_value_acquire(value, GUARD_NS) == -ESHUTDOWN);
	child_claims(mpt_value_at(value) == NULL);
}

static void holds_beyond_the_end(void *arg)
{
	struct scene *s = arg;
	uint8_t *at = mpt_value_at(s->value);

	child_claims(mpt_value_acquire(s->value, GUARD_NS) == 0);
	reach(&s->held);
	child_claims_eventually(mpt_value_at(s->value) == NULL);
	memset(at, 0xee, sizeof(origin));
	child_claims_eventually(s->held == 2);
	memset(at, 0xee, sizeof(origin));
	child_claims(mpt_value_release(s->value) == -ESHUTDOWN);
	reach(&s->held);
	for (;;)
		pause();
}

static void a_destroy_ends_all_waits_and_takes_no_memory_from_a_holder(void **state)
{
	struct scene *s = shared(sizeof(*s));
	struct mpt_value *next, *last;
	pid_t holding, waiting;
	struct point p;
	void *at;

	(void)state;
	s->value = new_point(NULL, NULL);
	at = mpt_value_at(s->value);
	holding = child(holds_beyond_the_end, s);
	assert_eventually(reached(&s->held));
	waiting = child(waits_for_its_end, s->value);
	assert_eventually(is_blocked_in(waiting, MPT_OP_VALUE_ACQUIRE));
	mpt_value_destroy(s->value);
	assert_ends_well(waiting);
	next = new_point(NULL, NULL);
	reach(&s->held);
	assert_eventually(s->held == 3);
	assert_int_equal(mpt_value_load(next, &p, sizeof(p), 0), 0);
	assert_memory_equal(&p, &origin, sizeof(p));
	/* Now that the holder has left, living on, slot and memory are used again. */
	last = new_point(NULL, NULL);
	assert_ptr_equal(mpt_value_at(last), at);
	mpt_value_destroy(last);
	mpt_value_destroy(next);
	kill_child(holding);
}

static void its_memory_is_used_again_once_the_holder_has_left(void **state)
{
	const uint32_t *used = &segment()->section[MPT_SEC_OBJECTS].used;
	struct mpt_value *value = new_point(NULL, NULL);
	void *at = mpt_value_at(value);
	uint32_t before = *used;

	(void)state;
	for (int i = 0; i < 10; i++) {
		assert_int_equal(mpt_value_acquire(value, 0), 0); /* our own does not count */
		mpt_value_destroy(value);
		value = new_point(NULL, NULL);
		assert_ptr_equal(mpt_value_at(value), at);
	}
	assert_int_equal(*used, before);
	mpt_value_destroy(value);
}

/* ---- wrong uses ------------------------------------------------------------------------- */

static void wrong_sizes_are_refused(void **state)
{
	struct mpt_value_options options = { .size = 0 };
	struct mpt_value *value;
	int32_t small = 0;

	(void)state;
	assert_int_equal(mpt_value_create(NULL, &options), -EINVAL);
	assert_int_equal(mpt_value_create(&value, NULL), -EINVAL);
	assert_int_equal(mpt_value_create(&value, &options), -EINVAL);
	assert_null(value);
	options.size = 1u << 30;
	assert_int_equal(mpt_value_create(&value, &options), -ENOSPC);
	options.size = SIZE_MAX;
	assert_int_equal(mpt_value_create(&value, &options), -ENOSPC);
	options.size = SIZE_MAX / 2;
	assert_int_equal(mpt_value_create(&value, &options), -ENOSPC);
	value = new_number(NULL);
	assert_int_equal(mpt_value_load_i32(value, &small), -EMSGSIZE);
	assert_int_equal(mpt_value_store_i32(value, 1), -EMSGSIZE);
	assert_int_equal(mpt_value_add_i32(value, 1), -EMSGSIZE);
	assert_int_equal(mpt_value_load(value, NULL, 8, 0), -EINVAL);
	assert_int_equal(mpt_value_store(value, NULL, 8, 0), -EINVAL);
	assert_int_equal(*(int64_t *)mpt_value_at(value), 5);
	mpt_value_destroy(value);
}

static void a_closed_one_is_of_no_use_here_only(void **state)
{
	struct mpt_value *value = new_number("closed"), *other;
	int64_t number;

	(void)state;
	assert_int_equal(mpt_value_open(&other, "closed", 0), 0);
	assert_int_equal(mpt_value_close(other), 0);
	assert_int_equal(mpt_value_close(other), 0);
	assert_int_equal(mpt_value_acquire(other, 0), -ESHUTDOWN);
	assert_int_equal(mpt_value_release(other), -ESHUTDOWN);
	assert_int_equal(mpt_value_load_i64(other, &number), -ESHUTDOWN);
	assert_int_equal(mpt_value_store_i64(other, 1), -ESHUTDOWN);
	assert_int_equal(mpt_value_add_i64(other, 1), -ESHUTDOWN);
	assert_int_equal(mpt_value_size(other), -ESHUTDOWN);
	assert_null(mpt_value_at(other));
	mpt_value_destroy(other);
	assert_int_equal(mpt_value_add_i64(value, 1), 0);
	mpt_value_destroy(value);
	mpt_value_destroy(NULL);
	assert_int_equal(mpt_value_open(&value, "closed", 0), -ENOENT);
	assert_null(value);
	assert_int_equal(mpt_value_open(NULL, "closed", 0), -EINVAL);
	assert_int_equal(mpt_value_open(&value, NULL, 0), -EINVAL);
}

/* What another member wrote into the slot is looked at before it is used. */
static void a_slot_that_lies_is_not_opened(void **state)
{
	struct mpt_value *value = new_point("liar", NULL), *other;
	struct mpt_wire_object *o = (struct mpt_wire_object *)(uintptr_t)segment_object("liar");
	const struct mpt_wire_object honest = *o;

	(void)state;
	for (uint64_t size = 1; size; size *= 2) {
		o->capacity_bytes = size;
		if (size < MPT_BLOCK)
			continue;
		assert_int_equal(mpt_value_open(&other, "liar", 0), -EPROTO);
		assert_null(other);
	}
	o->capacity_bytes = honest.capacity_bytes;
	for (uint64_t bit = 1; bit; bit *= 2) {
		o->extent = honest.extent ^ bit;
		if (mpt_value_open(&other, "liar", 0) == 0) /* another place within the arena */
			mpt_value_destroy(other);
	}
	o->extent = 0;
	assert_int_equal(mpt_value_open(&other, "liar", 0), -EPROTO);
	o->extent = honest.extent;
	o->pair = UINT64_MAX;
	assert_int_equal(mpt_value_open(&other, "liar", 0), -EPROTO);
	o->pair = 100000;
	assert_int_equal(mpt_value_open(&other, "liar", 0), -EPROTO);
	o->pair = honest.pair;
	assert_int_equal(mpt_value_open(&other, "liar", 0), 0);
	mpt_value_destroy(other);
	mpt_value_destroy(value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(b109_the_killed_holder_of_its_lock_is_taken_over),
		api_test(b109_the_killed_holder_of_a_given_lock_is_taken_over),
		api_test(a_destroy_ends_all_waits_and_takes_no_memory_from_a_holder),
		api_test(its_memory_is_used_again_once_the_holder_has_left),
		api_test(wrong_sizes_are_refused),
		api_test(a_closed_one_is_of_no_use_here_only),
		api_test(a_slot_that_lies_is_not_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
