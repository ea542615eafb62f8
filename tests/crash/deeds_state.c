/* SPDX-License-Identifier: BSD-2-Clause */
/* deeds_state.c - Value, Array, SharedMemory, and a manager's dict and list; see deeds.h. */
#include "tests/crash/deeds.h"

/* ---- Value -------------------------------------------------------------- */

static struct mpt_value *value;

static void make_value(void)
{
	struct mpt_value_options options = { .name = "storm value", .size = sizeof(uint64_t) };

	assert_int_equal(mpt_value_create(&value, &options), 0);
}

static void use_value(struct account *a, unsigned int *seed)
{
	uint64_t n;

	(void)seed;
	a->begun++;
	claims_taken(mpt_value_acquire(value, MPT_FOREVER));
	child_claims(mpt_value_load(value, &n, sizeof(n), MPT_FOREVER) >= 0);
	n++;
	child_claims(mpt_value_store(value, &n, sizeof(n), MPT_FOREVER) >= 0);
	child_claims(mpt_value_release(value) == 0);
	a->done++;
}

static void judge_value(const struct account *sum)
{
	uint64_t n;

	assert_true(mpt_value_load(value, &n, sizeof(n), GUARD_NS) >= 0);
	assert_in_range(n, sum->done, sum->begun);
	mpt_value_destroy(value);
}

const struct deed deed_value = { "Value", make_value, use_value, judge_value };

/* ---- Array -------------------------------------------------------------- */

#define LENGTH 16

static struct mpt_array *array;

static void make_array(void)
{
	struct mpt_array_options options = { .name = "storm array", .element = sizeof(uint64_t),
					     .length = LENGTH };

	assert_int_equal(mpt_array_create(&array, &options), 0);
}

static bool is_one_number(const uint64_t *all)
{
	for (int i = 1; i < LENGTH; i++)
		if (all[i] != all[0])
			return false;
	return true;
}

/* A write of all of it is seen whole. */
static void use_array(struct account *a, unsigned int *seed)
{
	uint64_t all[LENGTH], number = (uint64_t)rand_r(seed);

	a->begun++;
	if (number % 2) {
		for (int i = 0; i < LENGTH; i++)
			all[i] = number;
		child_claims(mpt_array_write(array, 0, LENGTH, all, MPT_FOREVER) >= 0);
	} else {
		child_claims(mpt_array_read(array, 0, LENGTH, all, MPT_FOREVER) >= 0);
		child_claims(is_one_number(all));
	}
	a->done++;
}

static void judge_array(const struct account *sum)
{
	uint64_t all[LENGTH];

	(void)sum;
	assert_true(mpt_array_read(array, 0, LENGTH, all, GUARD_NS) >= 0);
	assert_true(is_one_number(all));
	mpt_array_destroy(array);
}

const struct deed deed_array = { "Array", make_array, use_array, judge_array };

/* ---- SharedMemory ------------------------------------------------------- */

static uint64_t memories_before;

static uint64_t memories(void)
{
	const struct mpt_wire_section *s = &segment()->section[MPT_SEC_OBJECTS];
	uint64_t sum = 0;

	for (uint32_t i = 0; i < s->used; i++) {
		const struct mpt_wire_object *o =
			(const void *)((const uint8_t *)segment() + s->offset +
				       (uint64_t)s->stride * i);

		sum += o->kind == MPT_KIND_MEMORY && o->state == MPT_SLOT_LIVE;
	}
	return sum;
}

static void make_memory(void)
{
	memories_before = memories();
}

static void use_memory(struct account *a, unsigned int *seed)
{
	struct mpt_memory *memory;
	char name[32];

	(void)seed;
	a->begun++;
	snprintf(name, sizeof(name), "%d-%llu", (int)gettid(), (unsigned long long)a->begun);
	child_claims(mpt_memory_create(&memory, name, 5000) == 0);
	memset(mpt_memory_data(memory), 1, 5000);
	child_claims(mpt_memory_unlink(memory) == 0);
	mpt_memory_destroy(memory);
	a->done++;
}

/* What the dead left goes when there is need for it: there is room for one more of any name
 * of theirs, and the slots have not run out. */
static void judge_memory(const struct account *sum)
{
	struct mpt_memory *memory;

	assert_int_equal(mpt_memory_create(&memory, "after all", 5000), 0);
	mpt_memory_destroy(memory);
	assert_true(memories() - memories_before <= sum->begun - sum->done);
}

const struct deed deed_memory = { "SharedMemory", make_memory, use_memory, judge_memory };

/* ---- dict, list --------------------------------------------------------- */

static struct mpt_manager *manager;
static struct mpt_dict *dict;
static struct mpt_list *list;

static void make_dict(void)
{
	struct mpt_manager_options options = { .name = "storm manager", .bytes = 256 << 10 };

	assert_int_equal(mpt_manager_create(&manager, &options), 0);
	assert_int_equal(mpt_dict_create(&dict, manager, "dict"), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("one"), mpt_i64(0)), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("other"), mpt_i64(0)), 0);
}

/* A number that all add to; two keys that are always changed together. */
static void use_dict(struct account *a, unsigned int *seed)
{
	struct mpt_item number = mpt_i64(rand_r(seed));
	struct mpt_pair pairs[] = { { mpt_text("one"), number }, { mpt_text("other"), number } };

	a->begun++;
	child_claims(mpt_dict_add(dict, mpt_text("sum"), 1, NULL) >= 0);
	child_claims(mpt_dict_update(dict, pairs, 2) >= 0);
	a->done++;
}

static int64_t number_at(const char *key)
{
	struct mpt_item item;

	assert_int_equal(mpt_dict_get(dict, mpt_text(key), &item, NULL, 0), 0);
	return item.i64;
}

static void judge_dict(const struct account *sum)
{
	assert_in_range(number_at("sum"), sum->done, sum->begun);
	assert_int_equal(number_at("one"), number_at("other"));
	assert_int_equal(mpt_dict_len(dict), 3);
	mpt_dict_destroy(dict);
}

const struct deed deed_dict = { "dict", make_dict, use_dict, judge_dict };

static void make_list(void)
{
	assert_int_equal(mpt_list_create(&list, manager, "list"), 0);
}

static void use_list(struct account *a, unsigned int *seed)
{
	struct mpt_item item;
	int rc;

	a->begun++;
	if (rand_r(seed) % 2 && mpt_list_len(list) < 100) {
		child_claims(mpt_list_append(list, mpt_i64(rand_r(seed))) >= 0);
		a->in++;
	} else {
		rc = mpt_list_pop(list, rand_r(seed) % 2 ? 0 : -1, &item, NULL, 0);
		child_claims(rc >= 0 || rc == -ERANGE);
		a->out += rc >= 0;
	}
	a->done++;
}

static void judge_list(const struct account *sum)
{
	int64_t len = mpt_list_len(list), unsure = (int64_t)(sum->begun - sum->done);
	int64_t known = (int64_t)(sum->in - sum->out);

	assert_true(len >= 0 && len >= known - unsure && len <= known + unsure);
	mpt_list_destroy(list);
	mpt_manager_destroy(manager);
}

const struct deed deed_list = { "list", make_list, use_list, judge_list };
