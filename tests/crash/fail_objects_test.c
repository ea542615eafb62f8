/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fail_objects_test.c - making and opening objects, and a thread's first call, when one
 * allocation or one system call in it fails: an error or nothing, never half of it (fail.h).
 *
 * The name a call has asked for is free after an error, and is had by the next call.
 */
#include "tests/crash/fail.h"

/* ---- making --------------------------------------------------------------------- */

static struct mpt_lock *lock;
static struct mpt_rlock *rlock;
static struct mpt_semaphore *semaphore;
static struct mpt_event *event;
static struct mpt_condition *condition;
static struct mpt_barrier *barrier;
static struct mpt_value *value;
static struct mpt_array *array, *copy;
static struct mpt_queue *queue;
static struct mpt_simplequeue *simplequeue;
static struct mpt_pipe *first, *second;
static struct mpt_memory *memory, *attached;
static struct mpt_manager *manager;
static struct mpt_note *note;

static int make_lock(void)
{
	return mpt_lock_create(&lock, FAIL_NAME, 0);
}

static void end_lock(void)
{
	mpt_lock_destroy(lock);
}

static int make_rlock(void)
{
	return mpt_rlock_create(&rlock, FAIL_NAME, 0);
}

static void end_rlock(void)
{
	mpt_rlock_destroy(rlock);
}

static int make_semaphore(void)
{
	const struct mpt_semaphore_options two = { .name = FAIL_NAME, .value = 2, .bounded = true };

	return mpt_semaphore_create(&semaphore, &two);
}

static void end_semaphore(void)
{
	mpt_semaphore_destroy(semaphore);
}

static int make_event(void)
{
	return mpt_event_create(&event, FAIL_NAME, 0);
}

static void end_event(void)
{
	mpt_event_destroy(event);
}

/* Two objects: after an error there is neither. */
static int make_condition(void)
{
	const struct mpt_condition_options options = { .name = FAIL_NAME };

	return mpt_condition_create(&condition, &options);
}

static void end_condition(void)
{
	mpt_condition_destroy(condition);
}

static int make_barrier(void)
{
	const struct mpt_barrier_options options = { .name = FAIL_NAME, .parties = 2 };

	return mpt_barrier_create(&barrier, &options);
}

static void end_barrier(void)
{
	mpt_barrier_destroy(barrier);
}

static int make_value(void)
{
	const struct mpt_value_options options = { .name = FAIL_NAME, .size = 100 };

	return mpt_value_create(&value, &options);
}

static void end_value(void)
{
	mpt_value_destroy(value);
}

static int make_array(void)
{
	const struct mpt_array_options options = { .name = FAIL_NAME, .element = 8, .length = 99 };

	return mpt_array_create(&array, &options);
}

static void end_array(void)
{
	mpt_array_destroy(array);
}

static void have_array(void)
{
	const struct mpt_array_options options = { .element = 8, .length = 9999 };

	child_claims(mpt_array_create(&array, &options) == 0);
}

static int copy_array(void)
{
	return mpt_array_copy(&copy, array, FAIL_NAME, 0);
}

static void end_copy(void)
{
	mpt_array_destroy(copy);
	mpt_array_destroy(array);
}

static int make_queue(void)
{
	const struct mpt_queue_options options = { .name = FAIL_NAME, .maxsize = 8 };

	return mpt_queue_create(&queue, &options);
}

static void end_queue(void)
{
	mpt_queue_destroy(queue);
}

static int make_joinable(void)
{
	const struct mpt_queue_options options = { .name = FAIL_NAME, .joinable = true };

	return mpt_queue_create(&queue, &options);
}

static int make_simplequeue(void)
{
	return mpt_simplequeue_create(&simplequeue, FAIL_NAME);
}

static void end_simplequeue(void)
{
	mpt_simplequeue_destroy(simplequeue);
}

/* Two objects, two handles, two descriptors. */
static int make_pipe(void)
{
	const struct mpt_pipe_options options = { .name = FAIL_NAME };

	return mpt_pipe_create(&first, &second, &options);
}

static void end_pipe(void)
{
	mpt_pipe_destroy(first);
	mpt_pipe_destroy(second);
}

static int make_memory(void)
{
	return mpt_memory_create(&memory, FAIL_NAME, 100000);
}

static void end_memory(void)
{
	mpt_memory_destroy(memory);
}

static void have_memory(void)
{
	child_claims(mpt_memory_create(&memory, "other", 100000) == 0);
}

static int attach_memory(void)
{
	return mpt_memory_attach(&attached, "other");
}

static void end_attached(void)
{
	mpt_memory_destroy(attached);
	mpt_memory_destroy(memory);
}

static int make_manager(void)
{
	const struct mpt_manager_options options = { .name = FAIL_NAME, .bytes = 1 << 20 };

	return mpt_manager_create(&manager, &options);
}

static void end_manager(void)
{
	mpt_manager_destroy(manager);
}

static int make_note(void)
{
	return mpt_note_create(&note, FAIL_NAME);
}

static void end_note(void)
{
	mpt_note_destroy(note);
}

/* ---- opening -------------------------------------------------------------------- */

static struct mpt_lock *lock_again;
static struct mpt_queue *queue_again;
static struct mpt_value *value_again;
static struct mpt_manager *manager_again;

static void have_lock(void)
{
	child_claims(make_lock() == 0);
}

static int open_lock(void)
{
	return mpt_lock_open(&lock_again, FAIL_NAME, 0);
}

static void close_lock(void)
{
	mpt_lock_destroy(lock_again);
	end_lock();
}

static void have_queue(void)
{
	child_claims(make_queue() == 0);
}

static int open_queue(void)
{
	return mpt_queue_open(&queue_again, FAIL_NAME, 0);
}

static void close_queue(void)
{
	mpt_queue_destroy(queue_again);
	end_queue();
}

static void have_value(void)
{
	child_claims(make_value() == 0);
}

static int open_value(void)
{
	return mpt_value_open(&value_again, FAIL_NAME, 0);
}

static void close_value(void)
{
	mpt_value_destroy(value_again);
	end_value();
}

static void have_manager(void)
{
	child_claims(make_manager() == 0);
}

static int open_manager(void)
{
	return mpt_manager_open(&manager_again, FAIL_NAME, 0);
}

static void close_manager(void)
{
	mpt_manager_destroy(manager_again);
	end_manager();
}

/* ---- what a manager has --------------------------------------------------------- */

static struct mpt_dict *dict, *dict_again;
static struct mpt_list *list, *slice;

static int make_dict(void)
{
	return mpt_dict_create(&dict, manager, "dict");
}

static void end_dict(void)
{
	mpt_dict_destroy(dict);
	end_manager();
}

static void have_dict(void)
{
	have_manager();
	child_claims(make_dict() == 0);
	child_claims(mpt_dict_set(dict, mpt_text("key"), mpt_text("a value of some length")) == 0);
}

static int copy_dict(void)
{
	return mpt_dict_copy(&dict_again, dict);
}

static void end_dicts(void)
{
	mpt_dict_destroy(dict_again);
	end_dict();
}

static void have_list(void)
{
	have_manager();
	child_claims(mpt_list_create(&list, manager, "list") == 0);
	for (int i = 0; i < 40; i++)
		child_claims(mpt_list_append(list, mpt_text("an item")) == 0);
}

static int take_slice(void)
{
	return mpt_list_slice(&slice, list, 3, 30);
}

static int sort_list(void)
{
	return mpt_list_sort(list, true);
}

static void end_list(void)
{
	mpt_list_destroy(list);
	end_manager();
}

static void end_slice(void)
{
	mpt_list_destroy(slice);
	end_list();
}

/* ---- a thread's first call -------------------------------------------------------- */

static uint32_t thread_go;
static int thread_result;
static pthread_t other;

static void *attaches(void *unused)
{
	struct mpt_trace_info info;

	while (reached(&thread_go) < 1)
		sched_yield();
	thread_result = mpt_trace_status(&info);
	reach(&thread_go);
	while (__atomic_load_n(&thread_go, __ATOMIC_SEQ_CST) < 3)
		sched_yield();
	return unused;
}

static void have_thread(void)
{
	struct mpt_trace_info info;

	child_claims(mpt_trace_status(&info) == 0);
	thread_go = 0;
	other = thread(attaches, NULL);
}

static int first_call_of_a_thread(void)
{
	if (thread_go) { /* once more, by another thread */
		reach(&thread_go);
		join_thread(other);
		have_thread();
	}
	reach(&thread_go);
	while (__atomic_load_n(&thread_go, __ATOMIC_SEQ_CST) < 2)
		sched_yield();
	return thread_result;
}

static void end_thread(void)
{
	reach(&thread_go);
	join_thread(other);
}

/* ---- the tests --------------------------------------------------------------------- */

int main(void)
{
	static const struct failing rows[] = {
		{ "lock_create", NULL, make_lock, end_lock, { 0 } },
		{ "rlock_create", NULL, make_rlock, end_rlock, { 0 } },
		{ "semaphore_create", NULL, make_semaphore, end_semaphore, { 0 } },
		{ "event_create", NULL, make_event, end_event, { 0 } },
		{ "condition_create", NULL, make_condition, end_condition, { 0 } },
		{ "barrier_create", NULL, make_barrier, end_barrier, { 0 } },
		{ "value_create", NULL, make_value, end_value, { 0 } },
		{ "array_create", NULL, make_array, end_array, { 0 } },
		{ "array_copy", have_array, copy_array, end_copy, { 0 } },
		{ "queue_create", NULL, make_queue, end_queue, { 0 } },
		{ "joinablequeue_create", NULL, make_joinable, end_queue, { 0 } },
		{ "simplequeue_create", NULL, make_simplequeue, end_simplequeue, { 0 } },
		{ "pipe_create", NULL, make_pipe, end_pipe, { 0 } },
		{ "memory_create", NULL, make_memory, end_memory, { 0 } },
		{ "memory_attach", have_memory, attach_memory, end_attached, { 0 } },
		{ "manager_create", NULL, make_manager, end_manager, { 0 } },
		{ "note_create", NULL, make_note, end_note, { 0 } },
		{ "lock_open", have_lock, open_lock, close_lock, { 0 } },
		{ "queue_open", have_queue, open_queue, close_queue, { 0 } },
		{ "value_open", have_value, open_value, close_value, { 0 } },
		{ "manager_open", have_manager, open_manager, close_manager, { 0 } },
		{ "dict_create", have_manager, make_dict, end_dict, { 0 } },
		{ "dict_copy", have_dict, copy_dict, end_dicts, { 0 } },
		{ "list_slice", have_list, take_slice, end_slice, { 0 } },
		{ "list_sort", have_list, sort_list, end_list, { 0 } },
		{ "a_threads_first_call", have_thread, first_call_of_a_thread, end_thread, { 0 } },
	};

	return fail_rows("fail_objects", rows, sizeof(rows) / sizeof(rows[0]), fail_row);
}
