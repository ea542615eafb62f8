/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * value_test.c - Value, behaviours 106, 109 to 111 and the row "Value: holder of get_lock()
 * killed" of the table of one-kill experiments; read from the top, it is a tutorial.
 *
 * Does not own: what its lock shares with RLock (rlock_test.c), kills in the middle of a
 * store (step_value_test.c), what is the same in Array (array_test.c).
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

/* ---- numbers ----------------------------------------------------------------------- */

/* Both ways, for each type: what it begins with, what the child puts there. */
#define BOTH_WAYS(suffix, type)                                                             \
	static void child_changes_##suffix(void *value)                                     \
	{                                                                                   \
		type number = 0;                                                            \
                                                                                            \
		child_claims(mpt_value_load_##suffix(value, &number) == 0);                 \
		child_claims(number == (type)-7);                                           \
		child_claims(mpt_value_store_##suffix(value, (type)99) == 0);               \
		child_claims(mpt_value_add_##suffix(value, (type)2) == 0);                  \
	}                                                                                   \
                                                                                            \
	static void goes_both_ways_##suffix(void)                                           \
	{                                                                                   \
		struct mpt_value *value;                                                    \
		type number = 0;                                                            \
                                                                                            \
		assert_int_equal(mpt_value_create_##suffix(&value, NULL, (type)-7), 0);     \
		assert_int_equal(mpt_value_size(value), sizeof(type));                      \
		assert_ends_well(child(child_changes_##suffix, value));                     \
		assert_int_equal(mpt_value_load_##suffix(value, &number), 0);               \
		assert_true(number == (type)101);                                           \
		assert_true(*(type *)mpt_value_at(value) == (type)101);                     \
		mpt_value_destroy(value);                                                   \
	}
MPT_INTEGERS(BOTH_WAYS)
BOTH_WAYS(f64, double)

static void b106_each_scalar_type_goes_both_ways(void **state)
{
	(void)state;
#define CALL(suffix, type) goes_both_ways_##suffix();
	MPT_INTEGERS(CALL)
	CALL(f64, double)
}

static void b106_a_float_keeps_its_bits(void **state)
{
	struct mpt_value *value;
	float number = 0;

	(void)state;
	assert_int_equal(mpt_value_create_f32(&value, NULL, 0.1f), 0);
	assert_int_equal(mpt_value_load_f32(value, &number), 0);
	assert_memory_equal(&number, &(float){ 0.1f }, sizeof(number));
	assert_int_equal(mpt_value_store_f32(value, NAN), 0);
	assert_int_equal(mpt_value_add_f32(value, 1), 0);
	assert_int_equal(mpt_value_load_f32(value, &number), 0);
	assert_true(isnan(number));
	mpt_value_destroy(value);
}

static void an_integer_wraps_around(void **state)
{
	struct mpt_value *value;
	int64_t number;

	(void)state;
	assert_int_equal(mpt_value_create_i64(&value, NULL, INT64_MAX), 0);
	assert_int_equal(mpt_value_add_i64(value, 1), 0);
	assert_int_equal(mpt_value_load_i64(value, &number), 0);
	assert_true(number == INT64_MIN);
	mpt_value_destroy(value);
}

static void counts(void *value)
{
	for (int i = 0; i < 1000; i++)
		child_claims(mpt_value_add_i64(value, 1) == 0);
	for (int i = 0; i < 1000; i++)
		MPT_WITH_VALUE (value) {
			int64_t *number = mpt_value_at(value);

			++*number;
		}
}

static void b111_no_addition_of_many_is_lost(void **state)
{
	struct mpt_value *value = new_number(NULL);
	int64_t number;
	pid_t pids[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		pids[i] = child(counts, value);
	for (int i = 0; i < 5; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(mpt_value_load_i64(value, &number), 0);
	assert_int_equal(number, 5 + 5 * 2000);
	mpt_value_destroy(value);
}

/* ---- structs -------------------------------------------------------------------------- */

static void moves_point(void *value)
{
	struct point p;

	child_claims(mpt_value_load(value, &p, sizeof(p), GUARD_NS) == 0);
	child_claims(memcmp(&p, &origin, sizeof(p)) == 0);
	p.z = 100;
	child_claims(mpt_value_store(value, &p, sizeof(p), GUARD_NS) == 0);
	MPT_WITH_VALUE (value)
		((struct point *)mpt_value_at(value))->x = -1;
}

static void b110_a_struct_is_shared(void **state)
{
	struct mpt_value *value = new_point(NULL, NULL);
	struct point p;

	(void)state;
	assert_ends_well(child(moves_point, value));
	assert_int_equal(mpt_value_load(value, &p, sizeof(p), GUARD_NS), 0);
	assert_true(p.x == -1 && p.y == origin.y && p.z == 100);
	assert_string_equal(p.name, "origin");
	mpt_value_destroy(value);
}

static void b110_a_copy_is_independent(void **state)
{
	struct mpt_value *value = new_point(NULL, NULL), *copy, *again;
	struct point p;

	(void)state;
	assert_int_equal(mpt_value_copy(&copy, value, "copy", GUARD_NS), 0);
	((struct point *)mpt_value_at(value))->x = 77;
	assert_int_equal(mpt_value_load(copy, &p, sizeof(p), GUARD_NS), 0);
	assert_memory_equal(&p, &origin, sizeof(p));
	/* So is its lock. */
	assert_int_equal(mpt_value_acquire(value, 0), 0);
	assert_ends_well(child(moves_point, copy));
	assert_int_equal(mpt_value_release(value), 0);
	assert_int_equal(mpt_value_copy(&again, value, "copy", 0), -EEXIST);
	assert_null(again);
	mpt_value_destroy(copy);
	mpt_value_destroy(value);
}

/* ---- its lock -------------------------------------------------------------------------- */

static void is_kept_out(void *value)
{
	struct point p;

	child_claims(mpt_value_acquire(value, 0) == -EAGAIN);
	child_claims(mpt_value_load(value, &p, sizeof(p), 0) == -EAGAIN);
	child_claims(mpt_value_store(value, &origin, sizeof(origin), MPT_MS(20)) == -ETIMEDOUT);
}

static void releases_in_vain(void *value)
{
	child_claims(mpt_value_release(value) == -EPERM);
}

static void b109_its_own_lock_may_be_taken_again(void **state)
{
	struct mpt_value *value = new_point("own", NULL);
	struct point p;

	(void)state;
	assert_int_equal(mpt_value_acquire(value, MPT_FOREVER), 0);
	assert_int_equal(mpt_value_acquire(value, MPT_FOREVER), 0);
	assert_int_equal(mpt_value_load(value, &p, sizeof(p), 0), 0);
	assert_int_equal(mpt_value_store(value, &p, sizeof(p), 0), 0);
	assert_int_equal(segment_object("own")->owner_again, 1);
	assert_ends_well(child(is_kept_out, value));
	assert_ends_well(child(releases_in_vain, value));
	assert_int_equal(mpt_value_release(value), 0);
	assert_ends_well(child(is_kept_out, value));
	assert_int_equal(mpt_value_release(value), 0);
	assert_int_equal(mpt_value_release(value), -EPERM);
	assert_ends_well(child(moves_point, value));
	mpt_value_destroy(value);
}

static void b109_a_given_lock_is_the_very_lock(void **state)
{
	struct mpt_lock *lock;
	struct mpt_value *value;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, "given", 0), 0);
	value = new_point(NULL, lock);
	assert_int_equal(mpt_value_acquire(value, 0), 0);
	assert_int_equal(mpt_lock_locked(lock), 1);
	assert_int_equal(mpt_value_acquire(value, 0), -EAGAIN); /* a Lock is not nested */
	assert_int_equal(mpt_value_release(value), 0);
	assert_int_equal(mpt_value_release(value), -ERANGE);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_ends_well(child(is_kept_out, value));
	assert_int_equal(mpt_lock_release(lock), 0);
	assert_ends_well(child(moves_point, value));
	mpt_value_destroy(value);
	mpt_lock_destroy(lock);
}

static void b109_a_given_rlock_may_be_taken_again(void **state)
{
	struct mpt_value_options options = { .size = sizeof(origin), .initial = &origin };
	struct mpt_value *value;

	(void)state;
	assert_int_equal(mpt_rlock_create(&options.rlock, NULL, 0), 0);
	assert_int_equal(mpt_value_create(&value, &options), 0);
	assert_int_equal(mpt_rlock_acquire(options.rlock, 0), 0);
	assert_int_equal(mpt_value_acquire(value, 0), 0);
	assert_int_equal(mpt_rlock_depth(options.rlock), 2);
	assert_ends_well(child(is_kept_out, value));
	assert_int_equal(mpt_value_release(value), 0);
	assert_int_equal(mpt_rlock_release(options.rlock), 0);
	assert_int_equal(mpt_value_release(value), -EPERM);
	assert_ends_well(child(moves_point, value));
	mpt_value_destroy(value);
	mpt_rlock_destroy(options.rlock);
}

static void b109_without_a_lock_nothing_is_to_be_acquired(void **state)
{
	struct mpt_value_options options = { .size = sizeof(int64_t), .unlocked = true };
	struct mpt_value *value;
	int64_t number = 1;

	(void)state;
	assert_int_equal(mpt_value_create(&value, &options), 0);
	assert_int_equal(mpt_value_acquire(value, 0), -ENOLCK);
	assert_int_equal(mpt_value_release(value), -ENOLCK);
	assert_int_equal(mpt_value_add_i64(value, 1), -ENOLCK);
	MPT_WITH_VALUE (value)
		fail_msg("a scope without a lock");
	assert_int_equal(mpt_value_load_i64(value, &number), 0);
	assert_int_equal(number, 0);
	assert_int_equal(mpt_value_store_i64(value, 3), 0);
	assert_int_equal(*(int64_t *)mpt_value_at(value), 3);
	mpt_value_destroy(value);
}

static void b109_what_is_no_such_lock_is_refused(void **state)
{
	struct mpt_value_options options = { .size = 8, .unlocked = true };
	struct mpt_value *value;
	struct mpt_lock *lock;
	struct mpt_rlock *rlock;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	assert_int_equal(mpt_rlock_create(&rlock, NULL, 0), 0);
	options.lock = lock;
	assert_int_equal(mpt_value_create(&value, &options), -EINVAL);
	assert_null(value);
	options = (struct mpt_value_options){ .size = 8, .lock = lock, .rlock = rlock };
	assert_int_equal(mpt_value_create(&value, &options), -EINVAL);
	options = (struct mpt_value_options){ .size = 8, .rlock = (struct mpt_rlock *)lock };
	assert_int_equal(mpt_value_create(&value, &options), -EINVAL);
	options = (struct mpt_value_options){ .size = 8, .lock = lock };
	assert_int_equal(mpt_lock_close(lock), 0);
	assert_int_equal(mpt_value_create(&value, &options), -EINVAL);
	mpt_lock_destroy(lock);
	mpt_rlock_destroy(rlock);
}

static void b109_the_lock_is_meant_and_not_its_handle(void **state)
{
	struct mpt_lock *lock, *handle;
	struct mpt_value *value;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, "shared", 0), 0);
	assert_int_equal(mpt_lock_open(&handle, "shared", 0), 0);
	value = new_point(NULL, handle);
	mpt_lock_destroy(handle); /* opened: only the handle goes */
	assert_int_equal(mpt_value_acquire(value, 0), 0);
	assert_int_equal(mpt_lock_locked(lock), 1);
	assert_int_equal(mpt_value_release(value), 0);
	mpt_lock_destroy(lock); /* created: the lock ends */
	assert_int_equal(mpt_value_acquire(value, 0), -ESHUTDOWN);
	assert_int_equal(mpt_value_store(value, &origin, sizeof(origin), 0), -ESHUTDOWN);
	assert_non_null(mpt_value_at(value));
	mpt_value_destroy(value);
}

/* ---- by name ---------------------------------------------------------------------------- */

static void opens_and_is_kept_out(void *unused)
{
	struct mpt_value *value;

	(void)unused;
	child_claims(mpt_value_open(&value, "by name", 0) == 0);
	child_claims(mpt_value_size(value) == sizeof(origin));
	is_kept_out(value);
}

static void b109_who_opens_it_by_name_gets_its_lock_too(void **state)
{
	struct mpt_lock *lock;
	struct mpt_value *value, *other;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	value = new_point("by name", lock);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_ends_well(child(opens_and_is_kept_out, NULL));
	assert_int_equal(mpt_value_open(&other, "by name", 0), 0);
	assert_ptr_equal(mpt_value_at(other), mpt_value_at(value));
	mpt_value_destroy(other);
	mpt_lock_destroy(lock);
	/* The value is there still; what should guard it is not. */
	assert_int_equal(mpt_value_open(&other, "by name", 0), 0);
	assert_int_equal(mpt_value_acquire(other, 0), -ESHUTDOWN);
	mpt_value_destroy(other);
	mpt_value_destroy(value);
}

static void role_adds_from_outside(const char *path)
{
	struct mpt_value *value;

	child_claims(mpt_value_open(&value, path, 0) == 0);
	for (int i = 0; i < 1000; i++)
		child_claims(mpt_value_add_i64(value, 1) == 0);
	mpt_value_destroy(value);
}

static void b111_another_program_adds_by_name(void **state)
{
	struct mpt_value *value = new_number("total");
	char domain[40], path[60];
	int64_t number;
	pid_t pid;

	(void)state;
	snprintf(domain, sizeof(domain), "value-test-%d", getpid());
	snprintf(path, sizeof(path), "%s/total", domain);
	assert_int_equal(mpt_domain_publish(domain), 0);
	pid = program("role_adds_from_outside", path, NULL);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(mpt_value_add_i64(value, 1), 0);
	assert_ends_well(pid);
	assert_int_equal(mpt_value_load_i64(value, &number), 0);
	assert_int_equal(number, 2005);
	mpt_value_destroy(value);
}

static const struct role roles[] = {
	{ "role_adds_from_outside", role_adds_from_outside },
};

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b106_each_scalar_type_goes_both_ways),
		api_test(b106_a_float_keeps_its_bits),
		api_test(an_integer_wraps_around),
		api_test(b111_no_addition_of_many_is_lost),
		api_test(b110_a_struct_is_shared),
		api_test(b110_a_copy_is_independent),
		api_test(b109_its_own_lock_may_be_taken_again),
		api_test(b109_a_given_lock_is_the_very_lock),
		api_test(b109_a_given_rlock_may_be_taken_again),
		api_test(b109_without_a_lock_nothing_is_to_be_acquired),
		api_test(b109_what_is_no_such_lock_is_refused),
		api_test(b109_the_lock_is_meant_and_not_its_handle),
		api_test(b109_who_opens_it_by_name_gets_its_lock_too),
		api_test(b111_another_program_adds_by_name),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
