/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * array_test.c - Array, behaviours 107 to 111; read from the top, it is a tutorial.
 *
 * Does not own: its lock, which is that of a Value (value_test.c), kills in the middle of
 * a write (step_value_test.c).
 */
#include "tests/api/support.h"

static const int32_t primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29 };
#define PRIMES (sizeof(primes) / sizeof(primes[0]))

static struct mpt_array *new_primes(const char *name)
{
	struct mpt_array *array;

	assert_int_equal(mpt_array_create_i32(&array, name, PRIMES, primes), 0);
	assert_non_null(array);
	return array;
}

static void assert_elements(struct mpt_array *array, const int32_t *expected)
{
	int32_t found[PRIMES];

	assert_int_equal(mpt_array_read(array, 0, PRIMES, found, GUARD_NS), 0);
	assert_memory_equal(found, expected, sizeof(found));
}

/* ---- making ------------------------------------------------------------------------- */

static void b107_an_array_from_a_size_is_zeroed_also_in_used_memory(void **state)
{
	struct mpt_array *array;
	uint8_t *first = NULL;

	(void)state;
	for (int round = 0; round < 5; round++) {
		assert_int_equal(mpt_array_create_u8(&array, NULL, 10000, NULL), 0);
		for (size_t i = 0; i < 10000; i++)
			assert_int_equal(*(uint8_t *)mpt_array_at(array, i), 0);
		first = first ? first : mpt_array_at(array, 0);
		assert_ptr_equal(mpt_array_at(array, 0), first);
		memset(first, 0xa5, 10000);
		mpt_array_destroy(array);
	}
}

static void b108_an_array_from_a_list_has_its_length_and_elements(void **state)
{
	struct mpt_array *array = new_primes("primes");

	(void)state;
	assert_int_equal(mpt_array_length(array), PRIMES);
	assert_int_equal(mpt_array_element(array), sizeof(int32_t));
	assert_elements(array, primes);
	for (size_t i = 0; i < PRIMES; i++) {
		int32_t number;

		assert_int_equal(mpt_array_get_i32(array, i, &number), 0);
		assert_int_equal(number, primes[i]);
		assert_int_equal(*(int32_t *)mpt_array_at(array, i), primes[i]);
	}
	assert_int_equal(segment_object("primes")->capacity_bytes, sizeof(primes));
	mpt_array_destroy(array);
}

/* ---- elements ------------------------------------------------------------------------ */

static void b108_slices_are_read_and_written(void **state)
{
	static const int32_t some[] = { -1, -2, -3 };
	int32_t expected[PRIMES], found[4] = { 0, 0, 0, 42 };
	struct mpt_array *array = new_primes(NULL);

	(void)state;
	memcpy(expected, primes, sizeof(primes));
	memcpy(expected + 4, some, sizeof(some));
	assert_int_equal(mpt_array_write(array, 4, 3, some, GUARD_NS), 0);
	assert_elements(array, expected);
	assert_int_equal(mpt_array_read(array, 3, 3, found, GUARD_NS), 0);
	assert_memory_equal(found, expected + 3, 3 * sizeof(int32_t));
	assert_int_equal(found[3], 42);
	assert_int_equal(mpt_array_set_i32(array, PRIMES - 1, 31), 0);
	expected[PRIMES - 1] = 31;
	assert_elements(array, expected);
	assert_int_equal(mpt_array_read(array, PRIMES, 0, NULL, 0), 0);
	assert_int_equal(mpt_array_write(array, 0, 0, NULL, 0), 0);
	mpt_array_destroy(array);
}

static void squares(void *array)
{
	int32_t numbers[PRIMES];

	child_claims(mpt_array_read(array, 0, PRIMES, numbers, GUARD_NS) == 0);
	child_claims(memcmp(numbers, primes, sizeof(primes)) == 0);
	for (size_t i = 0; i < PRIMES; i++)
		numbers[i] *= numbers[i];
	child_claims(mpt_array_write(array, 0, PRIMES, numbers, GUARD_NS) == 0);
}

static void b108_what_a_child_writes_is_seen(void **state)
{
	struct mpt_array *array = new_primes(NULL);

	(void)state;
	assert_ends_well(child(squares, array));
	for (size_t i = 0; i < PRIMES; i++)
		assert_int_equal(*(int32_t *)mpt_array_at(array, i), primes[i] * primes[i]);
	mpt_array_destroy(array);
}

static void outside_of_it_nothing_is_read_or_written(void **state)
{
	static const size_t wrong[][2] = { { PRIMES, 1 },     { 0, PRIMES + 1 }, { PRIMES - 1, 2 },
					   { PRIMES + 1, 0 }, { SIZE_MAX, 1 },	 { 1, SIZE_MAX },
					   { SIZE_MAX, SIZE_MAX } };
	int32_t numbers[PRIMES + 1] = { 0 };
	struct mpt_array *array = new_primes(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(mpt_array_write(array, wrong[i][0], wrong[i][1], numbers, 0),
				 -ERANGE);
		assert_int_equal(mpt_array_read(array, wrong[i][0], wrong[i][1], numbers, 0),
				 -ERANGE);
	}
	assert_int_equal(numbers[0], 0);
	assert_elements(array, primes);
	assert_null(mpt_array_at(array, PRIMES));
	assert_null(mpt_array_at(array, SIZE_MAX));
	assert_int_equal(mpt_array_get_i32(array, PRIMES, numbers), -ERANGE);
	assert_int_equal(mpt_array_set_i32(array, SIZE_MAX, 1), -ERANGE);
	mpt_array_destroy(array);
}

static void an_element_of_any_size_and_place_is_copied(void **state)
{
	uint8_t data[64 * 5 + 1], found[sizeof(data)];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7 + 1);
	for (size_t element = 1; element <= 64; element++) {
		struct mpt_array_options options = { .element = element, .length = 6 };
		struct mpt_array *array;

		assert_int_equal(mpt_array_create(&array, &options), 0);
		/* Unaligned on the caller's side. */
		assert_int_equal(mpt_array_write(array, 1, 5, data + 1, 0), 0);
		assert_memory_equal(mpt_array_at(array, 1), data + 1, 5 * element);
		assert_int_equal(*(uint8_t *)mpt_array_at(array, 0), 0);
		memset(found, 0, sizeof(found));
		assert_int_equal(mpt_array_read(array, 1, 5, found + 1, 0), 0);
		assert_memory_equal(found + 1, data + 1, 5 * element);
		mpt_array_destroy(array);
	}
}

static void an_empty_array_is_an_array(void **state)
{
	struct mpt_array *array;

	(void)state;
	assert_int_equal(mpt_array_create_f64(&array, NULL, 0, NULL), 0);
	assert_int_equal(mpt_array_length(array), 0);
	assert_null(mpt_array_at(array, 0));
	assert_int_equal(mpt_array_read(array, 0, 0, NULL, 0), 0);
	assert_int_equal(mpt_array_acquire(array, 0), 0);
	assert_int_equal(mpt_array_release(array), 0);
	mpt_array_destroy(array);
}

/* ---- structs --------------------------------------------------------------------------- */

struct particle {
	double place[3];
	char name[9];
};

static void moves_particles(void *array)
{
	MPT_WITH_ARRAY (array)
		for (size_t i = 0; i < 100; i++) {
			struct particle *p = mpt_array_at(array, i);

			p->place[1] += (double)i;
			snprintf(p->name, sizeof(p->name), "p%zu", i);
		}
}

static void b110_an_array_of_structs_is_shared_and_its_copy_independent(void **state)
{
	struct mpt_array_options options = { .element = sizeof(struct particle), .length = 100 };
	struct mpt_array *array, *copy;
	struct particle p;

	(void)state;
	assert_int_equal(mpt_array_create(&array, &options), 0);
	assert_ends_well(child(moves_particles, array));
	assert_int_equal(mpt_array_copy(&copy, array, NULL, GUARD_NS), 0);
	assert_ends_well(child(moves_particles, array));
	assert_int_equal(mpt_array_read(array, 99, 1, &p, GUARD_NS), 0);
	assert_true(p.place[1] == 198);
	assert_int_equal(mpt_array_length(copy), 100);
	assert_int_equal(mpt_array_read(copy, 99, 1, &p, GUARD_NS), 0);
	assert_true(p.place[1] == 99);
	assert_string_equal(p.name, "p99");
	mpt_array_destroy(copy);
	mpt_array_destroy(array);
}

/* ---- its lock -------------------------------------------------------------------------- */

static void is_kept_out(void *array)
{
	int32_t numbers[PRIMES];

	child_claims(mpt_array_acquire(array, 0) == -EAGAIN);
	child_claims(mpt_array_read(array, 0, 1, numbers, 0) == -EAGAIN);
	child_claims(mpt_array_write(array, 0, 1, numbers, MPT_MS(20)) == -ETIMEDOUT);
}

static void b109_own_lock_given_lock_or_none(void **state)
{
	struct mpt_array_options options = { .element = 4, .length = PRIMES, .initial = primes };
	struct mpt_array *array = new_primes(NULL), *wrong;
	struct mpt_lock *lock;

	(void)state;
	assert_int_equal(mpt_array_acquire(array, 0), 0);
	assert_elements(array, primes);
	assert_ends_well(child(is_kept_out, array));
	assert_int_equal(mpt_array_release(array), 0);
	assert_int_equal(mpt_array_release(array), -EPERM);
	mpt_array_destroy(array);

	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	options.lock = lock;
	assert_int_equal(mpt_array_create(&array, &options), 0);
	assert_int_equal(mpt_lock_acquire(lock, 0), 0);
	assert_ends_well(child(is_kept_out, array));
	assert_int_equal(mpt_array_release(array), 0); /* the very lock */
	assert_elements(array, primes);
	mpt_array_destroy(array);

	options.unlocked = true;
	assert_int_equal(mpt_array_create(&wrong, &options), -EINVAL);
	options.lock = NULL;
	options.rlock = (struct mpt_rlock *)lock;
	assert_int_equal(mpt_array_create(&wrong, &options), -EINVAL);
	assert_null(wrong);

	options.rlock = NULL;
	assert_int_equal(mpt_array_create(&array, &options), 0);
	assert_int_equal(mpt_array_acquire(array, 0), -ENOLCK);
	assert_int_equal(mpt_array_release(array), -ENOLCK);
	assert_ends_well(child(squares, array));
	mpt_array_destroy(array);
	mpt_lock_destroy(lock);
}

static void adds_everywhere(void *array)
{
	for (int i = 0; i < 300; i++)
		MPT_WITH_ARRAY (array)
			for (size_t k = 0; k < PRIMES; k++)
				++*(int32_t *)mpt_array_at(array, k);
}

static void b111_no_addition_of_many_is_lost(void **state)
{
	struct mpt_array *array = new_primes(NULL);
	pid_t pids[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pids[i] = child(adds_everywhere, array);
	for (int i = 0; i < 4; i++)
		assert_ends_well(pids[i]);
	for (size_t i = 0; i < PRIMES; i++)
		assert_int_equal(*(int32_t *)mpt_array_at(array, i), primes[i] + 1200);
	mpt_array_destroy(array);
}

static void dies_holding(void *array)
{
	child_claims(mpt_array_acquire(array, 0) == 0);
	kill(getpid(), SIGKILL);
}

static void b109_a_killed_holder_is_taken_over(void **state)
{
	struct mpt_array *array = new_primes(NULL), *copy;

	(void)state;
	assert_int_equal(end_of(child(dies_holding, array)), -SIGKILL);
	assert_int_equal(mpt_array_set_i32(array, 0, 1), MPT_RECOVERED);
	assert_int_equal(mpt_array_set_i32(array, 0, 2), 0);
	assert_int_equal(end_of(child(dies_holding, array)), -SIGKILL);
	assert_int_equal(mpt_array_copy(&copy, array, NULL, GUARD_NS), MPT_RECOVERED);
	assert_elements(copy, primes);
	mpt_array_destroy(copy);
	mpt_array_destroy(array);
}

/* ---- by name, ends, wrong uses ----------------------------------------------------------- */

static void opens_and_squares(void *unused)
{
	struct mpt_array *array;

	(void)unused;
	child_claims(mpt_array_open(&array, "by name", 0) == 0);
	child_claims(mpt_array_length(array) == PRIMES && mpt_array_element(array) == 4);
	squares(array);
	mpt_array_destroy(array);
	child_claims(mpt_array_open(&array, "by name", 0) == 0); /* it did not end with the handle */
}

static void b108_it_is_opened_by_name(void **state)
{
	struct mpt_array *array = new_primes("by name"), *again;
	struct mpt_value *value;

	(void)state;
	assert_ends_well(child(opens_and_squares, NULL));
	assert_int_equal(*(int32_t *)mpt_array_at(array, 1), 9);
	assert_int_equal(mpt_array_create_i32(&again, "by name", 1, NULL), -EEXIST);
	assert_null(again);
	assert_int_equal(mpt_value_open(&value, "by name", 0), -EINVAL);
	mpt_array_destroy(array);
	assert_int_equal(mpt_array_open(&array, "by name", 0), -ENOENT);
	assert_null(array);
	assert_int_equal(mpt_array_open(NULL, "by name", 0), -EINVAL);
}

static void wrong_uses_are_refused(void **state)
{
	struct mpt_array_options options = { .element = 0, .length = 1 };
	struct mpt_array *array;
	int64_t wide;
	int32_t number;

	(void)state;
	assert_int_equal(mpt_array_create(NULL, &options), -EINVAL);
	assert_int_equal(mpt_array_create(&array, NULL), -EINVAL);
	assert_int_equal(mpt_array_create(&array, &options), -EINVAL);
	assert_null(array);
	options.element = 1;
	options.length = 1u << 30;
	assert_int_equal(mpt_array_create(&array, &options), -ENOSPC);
	options.element = options.length = SIZE_MAX / 2 + 1;
	assert_int_equal(mpt_array_create(&array, &options), -ENOSPC);
	options.element = SIZE_MAX;
	options.length = 1;
	assert_int_equal(mpt_array_create(&array, &options), -ENOSPC);
	array = new_primes(NULL);
	assert_int_equal(mpt_array_get_i64(array, 0, &wide), -EMSGSIZE);
	assert_int_equal(mpt_array_set_i64(array, 0, 1), -EMSGSIZE);
	assert_int_equal(mpt_array_read(array, 0, 1, NULL, 0), -EINVAL);
	assert_int_equal(mpt_array_write(array, 0, 1, NULL, 0), -EINVAL);
	assert_elements(array, primes);
	assert_int_equal(mpt_array_close(array), 0);
	assert_int_equal(mpt_array_get_i32(array, 0, &number), -ESHUTDOWN);
	assert_int_equal(mpt_array_set_i32(array, 0, 1), -ESHUTDOWN);
	assert_int_equal(mpt_array_acquire(array, 0), -ESHUTDOWN);
	assert_int_equal(mpt_array_length(array), -ESHUTDOWN);
	assert_int_equal(mpt_array_element(array), -ESHUTDOWN);
	assert_null(mpt_array_at(array, 0));
	mpt_array_destroy(array);
	mpt_array_destroy(NULL);
}

static void a_slot_that_lies_is_not_opened(void **state)
{
	struct mpt_array *array = new_primes("liar"), *other;
	struct mpt_wire_object *o = (struct mpt_wire_object *)(uintptr_t)segment_object("liar");
	const struct mpt_wire_object honest = *o;

	(void)state;
	o->slots = 0;
	assert_int_equal(mpt_array_open(&other, "liar", 0), -EPROTO);
	o->slots = sizeof(primes) + 1;
	assert_int_equal(mpt_array_open(&other, "liar", 0), -EPROTO);
	o->slots = honest.slots;
	for (uint64_t length = 16; length; length *= 2) {
		o->capacity = length;
		assert_int_equal(mpt_array_open(&other, "liar", 0), -EPROTO);
		assert_null(other);
	}
	o->capacity = honest.capacity;
	o->capacity_bytes = UINT64_MAX;
	assert_int_equal(mpt_array_open(&other, "liar", 0), -EPROTO);
	o->capacity_bytes = honest.capacity_bytes;
	assert_int_equal(mpt_array_open(&other, "liar", 0), 0);
	mpt_array_destroy(other);
	mpt_array_destroy(array);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b107_an_array_from_a_size_is_zeroed_also_in_used_memory),
		api_test(b108_an_array_from_a_list_has_its_length_and_elements),
		api_test(b108_slices_are_read_and_written),
		api_test(b108_what_a_child_writes_is_seen),
		api_test(outside_of_it_nothing_is_read_or_written),
		api_test(an_element_of_any_size_and_place_is_copied),
		api_test(an_empty_array_is_an_array),
		api_test(b110_an_array_of_structs_is_shared_and_its_copy_independent),
		api_test(b109_own_lock_given_lock_or_none),
		api_test(b111_no_addition_of_many_is_lost),
		api_test(b109_a_killed_holder_is_taken_over),
		api_test(b108_it_is_opened_by_name),
		api_test(wrong_uses_are_refused),
		api_test(a_slot_that_lies_is_not_opened),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
