/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_tools_test.c - objects of the domain in containers of a manager: behaviour 150 and
 * the row "Manager.Lock: client holder killed" of the table of one-kill experiments.
 */
#include "tests/api/support.h"

static struct mpt_manager *manager;

static int start(void **state)
{
	struct mpt_manager_options options = { .name = "shop" };
	int rc = support_setup(state);

	return rc ? rc : mpt_manager_create(&manager, &options);
}

static int stop(void **state)
{
	mpt_manager_destroy(manager);
	return support_teardown(state);
}

static struct mpt_dict *new_dict(const char *name)
{
	struct mpt_dict *dict;

	assert_int_equal(mpt_dict_create(&dict, manager, name), 0);
	return dict;
}

static void open_tool(struct mpt_dict *tools, const char *name, char *path)
{
	struct mpt_item item;

	child_claims(mpt_dict_get(tools, mpt_text(name), &item, NULL, 0) == 0);
	child_claims(mpt_item_path(&item, path) == 0);
}

static void uses_lock_and_rlock(struct mpt_dict *tools)
{
	char path[MPT_ITEM_PATH];
	struct mpt_rlock *rlock;
	struct mpt_lock *lock;

	open_tool(tools, "lock", path);
	child_claims(mpt_rlock_open(&rlock, path, 0) == -EINVAL);
	child_claims(mpt_lock_open(&lock, path, 0) == 0);
	child_claims(mpt_lock_acquire(lock, 0) == 0);
	child_claims(mpt_lock_release(lock) == 0);
	open_tool(tools, "rlock", path);
	child_claims(mpt_rlock_open(&rlock, path, 0) == 0);
	child_claims(mpt_rlock_acquire(rlock, 0) == 0);
	child_claims(mpt_rlock_acquire(rlock, 0) == 0);
	child_claims(mpt_rlock_depth(rlock) == 2);
}

static void uses_the_rest(struct mpt_dict *tools)
{
	char path[MPT_ITEM_PATH], text[8];
	struct mpt_barrier *barrier;
	struct mpt_event *event;
	struct mpt_queue *queue;

	open_tool(tools, "queue", path);
	child_claims(mpt_queue_open(&queue, path, 0) == 0);
	child_claims(mpt_queue_get(queue, text, sizeof(text), GUARD_NS) == 5);
	open_tool(tools, "barrier", path);
	child_claims(mpt_barrier_open(&barrier, path, 0) == 0);
	child_claims(mpt_barrier_wait(barrier, GUARD_NS) >= 0);
	open_tool(tools, "event", path);
	child_claims(mpt_event_open(&event, path, 0) == 0);
	child_claims(mpt_event_set(event) == 0);
}

static void uses_what_counts(struct mpt_dict *tools)
{
	char path[MPT_ITEM_PATH], text[8];
	struct mpt_condition *condition;
	struct mpt_semaphore *semaphore;
	struct mpt_queue *queue;

	open_tool(tools, "semaphore", path);
	child_claims(mpt_semaphore_open(&semaphore, path, 0) == 0);
	child_claims(mpt_semaphore_acquire(semaphore, 0) == 0);
	child_claims(mpt_semaphore_value(semaphore) == 1);
	child_claims(mpt_semaphore_release(semaphore) == 0);
	child_claims(mpt_semaphore_release(semaphore) == -ERANGE); /* it is bounded */
	open_tool(tools, "condition", path);
	child_claims(mpt_condition_open(&condition, path, 0) == 0);
	child_claims(mpt_condition_acquire(condition, 0) == 0);
	child_claims(mpt_condition_notify_all(condition) == 0);
	child_claims(mpt_condition_release(condition) == 0);
	open_tool(tools, "tasks", path);
	child_claims(mpt_queue_open(&queue, path, 0) == 0);
	child_claims(mpt_queue_get(queue, text, sizeof(text), GUARD_NS) == 4);
	child_claims(mpt_queue_task_done(queue) == 0);
	child_claims(mpt_queue_task_done(queue) == -ERANGE);
}

static void works_with_tools(const char *domain)
{
	struct mpt_manager *m;
	struct mpt_dict *tools;
	char name[64];

	snprintf(name, sizeof(name), "%s/shop", domain);
	child_claims(mpt_manager_open(&m, name, 0) == 0);
	child_claims(mpt_dict_open(&tools, m, "tools") == 0);
	uses_lock_and_rlock(tools);
	uses_what_counts(tools);
	uses_the_rest(tools);
}

static void put_tool(struct mpt_dict *tools, const char *name, const void *handle)
{
	struct mpt_item item;

	assert_int_equal(mpt_item_object(&item, handle), 0);
	assert_int_equal(mpt_dict_set(tools, mpt_text(name), item), 0);
}

/* Made, put in, and left to the end of the test. */
static void put_what_counts(struct mpt_dict *tools)
{
	struct mpt_semaphore_options two = { .value = 2, .bounded = true };
	struct mpt_queue_options joinable = { .joinable = true };
	static struct mpt_condition *condition;
	static struct mpt_semaphore *semaphore;
	static struct mpt_queue *tasks;

	assert_int_equal(mpt_semaphore_create(&semaphore, &two), 0);
	assert_int_equal(mpt_condition_create(&condition, NULL), 0);
	assert_int_equal(mpt_queue_create(&tasks, &joinable), 0);
	assert_int_equal(mpt_queue_put(tasks, "work", 4, MPT_FOREVER), 0);
	put_tool(tools, "semaphore", semaphore);
	put_tool(tools, "condition", condition);
	put_tool(tools, "tasks", tasks);
}

static void b150_another_program_finds_objects_in_a_container(void **state)
{
	struct mpt_barrier_options two = { .parties = 2 };
	struct mpt_dict *tools = new_dict("tools");
	struct mpt_barrier *barrier;
	struct mpt_event *event;
	struct mpt_queue *queue;
	struct mpt_rlock *rlock;
	struct mpt_lock *lock;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_queue_create(&queue, NULL), 0);
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	assert_int_equal(mpt_rlock_create(&rlock, NULL, 0), 0);
	assert_int_equal(mpt_event_create(&event, NULL, 0), 0);
	assert_int_equal(mpt_barrier_create(&barrier, &two), 0);
	put_tool(tools, "queue", queue);
	put_tool(tools, "lock", lock);
	put_tool(tools, "rlock", rlock);
	put_tool(tools, "event", event);
	put_tool(tools, "barrier", barrier);
	put_what_counts(tools);
	assert_int_equal(mpt_domain_publish("fair of tools"), 0);
	pid = program("works_with_tools", "fair of tools", NULL);
	assert_int_equal(mpt_queue_put(queue, "hello", 5, MPT_FOREVER), 0);
	assert_true(mpt_barrier_wait(barrier, GUARD_NS) >= 0);
	assert_int_equal(mpt_event_wait(event, GUARD_NS), 0);
	assert_ends_well(pid);
	mpt_dict_destroy(tools);
	mpt_barrier_destroy(barrier);
	mpt_event_destroy(event);
	mpt_rlock_destroy(rlock);
	mpt_lock_destroy(lock);
	mpt_queue_destroy(queue);
}

static void holds_the_lock(void *arg)
{
	struct mpt_dict *dict = arg;
	char path[MPT_ITEM_PATH];
	struct mpt_lock *lock;

	open_tool(dict, "lock", path);
	child_claims(mpt_lock_open(&lock, path, 0) == 0);
	child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == 0);
	pause();
}

static void a_killed_holder_of_a_lock_in_a_container_is_taken_over(void **state)
{
	struct mpt_dict *dict = new_dict(NULL);
	struct mpt_lock *lock;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_lock_create(&lock, NULL, 0), 0);
	put_tool(dict, "lock", lock);
	pid = child(holds_the_lock, dict);
	assert_eventually(mpt_lock_locked(lock) == 1);
	kill_child(pid);
	assert_int_equal(mpt_lock_acquire(lock, GUARD_NS), MPT_RECOVERED);
	mpt_dict_destroy(dict);
	mpt_lock_destroy(lock);
}

#define shop_test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(int argc, char **argv)
{
	const struct role roles[] = { { "works_with_tools", works_with_tools } };
	const struct CMUnitTest tests[] = {
		shop_test(b150_another_program_finds_objects_in_a_container),
		shop_test(a_killed_holder_of_a_lock_in_a_container_is_taken_over),
	};

	support_main(argc, argv, roles, 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
