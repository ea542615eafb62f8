/* SPDX-License-Identifier: BSD-2-Clause */
/* calls_table.c - the rows of calls.def as functions and as a table; see calls.h. */
#include "tests/fuzz/calls.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IT(sort) ((struct mpt_##sort *)a->it)
#define OTHER(sort) ((struct mpt_##sort *)a->world->at[SORT_##sort][a->other])
#define MANAGER OTHER(manager)
#define LONG_BYTES 70000

/* A name that is a name. */
static const char *known(const struct args *a)
{
	return a->name && *a->name ? a->name : "a";
}

/* Memory that was promised may be touched. */
static ssize_t touch(const void *at)
{
	return at ? *(const volatile uint8_t *)at : 0;
}

/* ---- making ------------------------------------------------------------------------------ */

static int make_semaphore(struct mpt_semaphore **out, const struct args *a)
{
	const struct mpt_semaphore_options options = {
		.name = a->name, .value = a->n % 4 == 3 ? UINT32_MAX - 1 : a->n % 4,
		.bounded = a->m & 1, .flags = a->m >> 6
	};

	return mpt_semaphore_create(out, &options);
}

static int make_barrier(struct mpt_barrier **out, const struct args *a)
{
	const struct mpt_barrier_options options = { .name = a->name, .parties = a->n % 4 };

	return mpt_barrier_create(out, &options);
}

static int make_condition(struct mpt_condition **out, const struct args *a)
{
	const struct mpt_condition_options options = {
		.name = a->name, .lock = a->n & 1 ? OTHER(lock) : NULL,
		.rlock = a->n & 2 ? OTHER(rlock) : NULL, .waiters = a->n >> 2
	};

	return mpt_condition_create(out, &options);
}

static int make_value(struct mpt_value **out, const struct args *a)
{
	const struct mpt_value_options options = {
		.name = a->name, .size = a->size, .initial = a->n & 1 ? a->buffer : NULL,
		.lock = a->n & 2 ? OTHER(lock) : NULL, .rlock = a->n & 4 ? OTHER(rlock) : NULL,
		.unlocked = a->n & 8
	};

	return mpt_value_create(out, &options);
}

static int copy_value(struct mpt_value **out, const struct args *a)
{
	return OTHER(value) ? mpt_value_copy(out, OTHER(value), a->name, 0) : -EINVAL;
}

static int make_array(struct mpt_array **out, const struct args *a)
{
	const struct mpt_array_options options = {
		.name = a->name, .element = a->m % 8, .length = a->n,
		.lock = a->m & 8 ? OTHER(lock) : NULL, .rlock = a->m & 16 ? OTHER(rlock) : NULL,
		.unlocked = a->m & 32
	};

	return mpt_array_create(out, &options);
}

static int copy_array(struct mpt_array **out, const struct args *a)
{
	return OTHER(array) ? mpt_array_copy(out, OTHER(array), a->name, 0) : -EINVAL;
}

static int make_queue(struct mpt_queue **out, const struct args *a)
{
	const struct mpt_queue_options options = {
		.name = a->name, .maxsize = a->n % 8 ? a->n % 8 : 255,
		.bytes = a->m % 4 == 3 ? 4 * LONG_BYTES : (size_t)a->m % 4 * 64,
		.joinable = a->m & 4
	};

	return mpt_queue_create(out, &options);
}

/* Both ends get a place, or neither is kept. */
static int make_pipe(struct mpt_pipe **out, const struct args *a)
{
	const struct mpt_pipe_options options = { .name = a->name, .simplex = a->n & 1 };
	struct mpt_pipe *second = NULL;
	int rc = mpt_pipe_create(out, &second, &options);

	for (unsigned int i = 0; rc == 0 && second && i < CALL_PLACES; i++) {
		void **place = &a->world->at[SORT_pipe][i];

		if (*place || place == a->out)
			continue;
		*place = second;
		second = NULL;
	}
	mpt_pipe_destroy(second);
	return rc;
}

static int make_manager(struct mpt_manager **out, const struct args *a)
{
	const struct mpt_manager_options options = { .name = a->name,
						     .bytes = 40000 + 256u * a->n };

	return mpt_manager_create(out, &options);
}

/* ---- moving ------------------------------------------------------------------------------ */

static int move_array(const struct args *a, bool write)
{
	size_t element = (size_t)mpt_array_element(IT(array));
	size_t count = (ssize_t)element > 0 ? a->size / element : 0;

	return write ? mpt_array_write(IT(array), a->n, count, a->buffer, 0) :
		       mpt_array_read(IT(array), a->n, count, a->buffer, 0);
}

static ssize_t put_long(const struct args *a)
{
	uint8_t *bytes = calloc(1, LONG_BYTES);
	ssize_t rc = bytes ? mpt_queue_put(IT(queue), bytes, LONG_BYTES, 0) : 0;

	free(bytes);
	return rc;
}

static ssize_t get_long(const struct args *a)
{
	uint8_t *bytes = malloc(LONG_BYTES);
	ssize_t rc = bytes ? mpt_queue_get(IT(queue), bytes, LONG_BYTES, 0) : 0;

	free(bytes);
	return rc;
}

/* What was got, if that is what next_size had promised; else an answer that nobody may give. */
static ssize_t as_promised(ssize_t next, size_t room, ssize_t got)
{
	if (next >= 0 && (size_t)next > room)
		next = -EMSGSIZE;
	return got == next ? got : -ENOTRECOVERABLE;
}

static ssize_t get_message(const struct args *a)
{
	ssize_t next = mpt_queue_next_size(IT(queue));

	return as_promised(next, a->size, mpt_queue_get(IT(queue), a->buffer, a->size, 0));
}

static ssize_t recv_message(const struct args *a)
{
	ssize_t next = mpt_pipe_next_size(IT(pipe));

	return as_promised(next, a->size, mpt_pipe_recv(IT(pipe), a->buffer, a->size, 0));
}

/* Puts when that cannot block, else gets what is there. */
static ssize_t exchange(const struct args *a)
{
	int empty = mpt_simplequeue_empty(IT(simplequeue));

	if (empty < 0)
		return empty;
	return empty ? mpt_simplequeue_put(IT(simplequeue), a->buffer, a->size) :
		       mpt_simplequeue_get(IT(simplequeue), a->buffer, a->size);
}

static int wait_any(const struct args *a)
{
	struct mpt_wait_item items[4];
	size_t count = 0;

	if (OTHER(queue))
		items[count++] = mpt_wait_queue(OTHER(queue));
	if (OTHER(pipe))
		items[count++] = mpt_wait_pipe(OTHER(pipe));
	if (OTHER(simplequeue))
		items[count++] = (struct mpt_wait_item){ .kind = MPT_WAIT_SIMPLEQUEUE,
							 .of.simplequeue = OTHER(simplequeue) };
	if (a->n & 1)
		items[count++] = mpt_wait_descriptor(-1);
	return mpt_wait(items, count, 0);
}

/* ---- containers -------------------------------------------------------------------------- */

static int64_t number_of(const struct args *a)
{
	static const int64_t numbers[] = { 0, 1, -1, INT64_MAX, INT64_MIN, 255, 65536, -2 };

	return numbers[a->m % 8];
}

static struct mpt_item bool_of(const struct args *a)
{
	return mpt_bool(a->m & 1);
}

static struct mpt_item integer_of(const struct args *a)
{
	return mpt_i64(number_of(a));
}

static struct mpt_item real_of(const struct args *a)
{
	static const double numbers[] = { 0, -0.0, 1.5, INFINITY, -INFINITY, NAN, 1e300, 1 };

	return mpt_f64(numbers[a->m % 8]);
}

static struct mpt_item bytes_of(const struct args *a)
{
	return mpt_bytes(a->buffer, a->size);
}

static struct mpt_item container_of(const struct args *a)
{
	if (OTHER(dict) && a->m & 1)
		return mpt_dict_item(OTHER(dict));
	if (OTHER(list))
		return mpt_list_item(OTHER(list));
	if (OTHER(namespace))
		return mpt_namespace_item(OTHER(namespace));
	return OTHER(cell) ? mpt_cell_item(OTHER(cell)) : mpt_none();
}

static struct mpt_item object_of(const struct args *a)
{
	struct mpt_item item = mpt_none();

	if (OTHER(queue))
		(void)mpt_item_object(&item, OTHER(queue));
	return item;
}

/* A type that there may not be. */
static struct mpt_item bad_of(const struct args *a)
{
	struct mpt_item bad = mpt_none();

	bad.type = a->m % 16;
	return bad;
}

static struct mpt_item item_of(const struct args *a)
{
	static struct mpt_item (*const makers[])(const struct args *) = {
		bool_of, integer_of, real_of, bytes_of, bytes_of, container_of, object_of, bad_of
	};

	return makers[a->n % 8](a);
}

static struct mpt_item key_of(const struct args *a)
{
	return a->m & 0x40 ? mpt_i64(a->m % 8) : mpt_bytes("abcdefgh", a->m % 8);
}

static int update(const struct args *a)
{
	const struct mpt_pair pairs[] = { { key_of(a), item_of(a) },
					  { mpt_i64(a->n % 4), mpt_i64(a->m) },
					  { key_of(a), mpt_i64(1) } };

	return mpt_dict_update(IT(dict), pairs, a->n % 4 % 3 + 1);
}

static int setdefault(const struct args *a)
{
	struct mpt_item value = item_of(a);

	return mpt_dict_setdefault(IT(dict), key_of(a), &value, a->buffer, a->size);
}

static int splice(const struct args *a)
{
	const struct mpt_item items[] = { item_of(a), mpt_i64(1), item_of(a) };

	return mpt_list_splice(IT(list), (int8_t)a->n, (int8_t)a->m, items, a->other % 4);
}

static ssize_t walk_dict(const struct args *a)
{
	struct mpt_dict_iter iter = mpt_dict_iterate(IT(dict));
	struct mpt_item key, value;
	ssize_t count = 0;
	int rc;

	while ((rc = mpt_dict_next(&iter, &key, &value, a->buffer, a->size)) == 0)
		count++;
	return rc == -ENODATA ? count : rc;
}

static ssize_t walk_list(const struct args *a)
{
	struct mpt_list_iter iter = mpt_list_iterate(IT(list));
	struct mpt_item item;
	ssize_t count = 0;
	int rc;

	while ((rc = mpt_list_next(&iter, &item, a->buffer, a->size)) == 0)
		count++;
	return rc == -ENODATA ? count : rc;
}

static int status(const struct args *a)
{
	struct mpt_manager_info info;

	return mpt_manager_status(IT(manager), &info);
}

/* ---- the table --------------------------------------------------------------------------- */

#define MAKE(sort, call, errors, ...)                      \
	static ssize_t run_##sort##_##call(struct args *a) \
	{                                                  \
		struct mpt_##sort *made = NULL;            \
		ssize_t rc = (__VA_ARGS__);                \
                                                           \
		*a->out = rc < 0 ? NULL : made;            \
		return rc;                                 \
	}
#define CALL(sort, call, most, errors, ...)                \
	static ssize_t run_##sort##_##call(struct args *a) \
	{                                                  \
		struct mpt_item got;                       \
                                                           \
		(void)got;                                 \
		return (ssize_t)(__VA_ARGS__);             \
	}
#include "tests/fuzz/calls.def"
#undef MAKE
#undef CALL

#define ERRORS(...) ((const int[]){ __VA_ARGS__, 0 })
#define MAKE(sort, call, errors, ...) \
	{ #sort "_" #call, SORT_##sort, true, 0, errors, run_##sort##_##call },
#define CALL(sort, call, most, errors, ...) \
	{ #sort "_" #call, SORT_##sort, false, most, errors, run_##sort##_##call },
const struct call calls[] = {
#include "tests/fuzz/calls.def"
};
#undef MAKE
#undef CALL

const size_t call_count = sizeof(calls) / sizeof(calls[0]);

#define CASE(sort)                                           \
	static void destroy_##sort(void *handle)             \
	{                                                    \
		mpt_##sort##_destroy((struct mpt_##sort *)handle); \
	}
CALL_SORTS(CASE)
#undef CASE

void call_destroy(enum call_sort sort, void *handle)
{
#define ROW(sort) destroy_##sort,
	static void (*const destroy[])(void *) = { CALL_SORTS(ROW) };
#undef ROW

	destroy[sort](handle);
}
