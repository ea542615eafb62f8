/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * manager_share_test.c - Manager between processes and threads: handles of the dead and of
 * forked children, stopped holders, signal handlers, and wrong uses.
 *
 * Does not own: objects in containers (manager_tools_test.c), deaths inside a call
 * (step_manager_test.c, storm_manager_test.c).
 */
#include "tests/api/manager_check.h"
#include "tests/api/step.h"

#include <sys/time.h>

#define SECONDS 1

static struct mpt_manager *manager;

static int start(void **state)
{
	struct mpt_manager_options options = { .name = "shop", .bytes = 256 << 10 };
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

static int64_t number_in(struct mpt_dict *dict, const char *key)
{
	struct mpt_item item;
	int rc = mpt_dict_get(dict, mpt_text(key), &item, NULL, 0);

	return rc == 0 && item.type == MPT_ITEM_I64 ? item.i64 : -1;
}

/* ---- handles of others -------------------------------------------------- */

struct shared_dict {
	struct mpt_dict *dict;
	uint32_t ready, go, done;
};

static void makes_a_dict_and_waits(void *arg)
{
	struct shared_dict *s = arg;
	struct mpt_dict *dict;

	child_claims(mpt_dict_create(&dict, manager, NULL) == 0);
	child_claims(mpt_dict_set(dict, mpt_text("n"), mpt_i64(1)) == 0);
	reach(&s->ready);
	pause();
}

static void what_only_a_killed_process_knew_is_collected(void **state)
{
	struct shared_dict *s = shared(sizeof(*s));
	pid_t pid = child(makes_a_dict_and_waits, s);

	(void)state;
	assert_eventually(reached(&s->ready));
	assert_int_equal(mpt_manager_collect(manager), 0);
	kill_child(pid);
	assert_int_equal(mpt_manager_collect(manager), 1);
	assert_heap_in_order("shop");
}

static void uses_its_copy(void *arg)
{
	struct shared_dict *s = arg;

	child_claims(mpt_dict_add(s->dict, mpt_text("n"), 1, NULL) == 0);
	reach(&s->ready);
	child_claims_eventually(reached(&s->go));
	child_claims(number_in(s->dict, "n") == 1);
	child_claims(mpt_dict_set(s->dict, mpt_text("long"), mpt_bytes(s, sizeof(*s))) == 0);
	mpt_dict_destroy(s->dict);
	reach(&s->done);
	pause();
}

static void a_forked_child_keeps_what_its_parent_lets_go(void **state)
{
	struct shared_dict *s = shared(sizeof(*s));
	pid_t pid;

	(void)state;
	s->dict = new_dict(NULL);
	pid = child(uses_its_copy, s);
	assert_eventually(reached(&s->ready));
	mpt_dict_destroy(s->dict);
	assert_int_equal(mpt_manager_collect(manager), 0);
	reach(&s->go);
	assert_eventually(reached(&s->done));
	assert_int_equal(mpt_manager_collect(manager), 1);
	kill_child(pid);
	assert_heap_in_order("shop");
}

static void comes_too_late(void *arg)
{
	struct shared_dict *s = arg;
	struct mpt_item item;

	child_claims_eventually(reached(&s->go));
	child_claims(mpt_dict_get(s->dict, mpt_text("n"), &item, NULL, 0) == -ESTALE);
	child_claims(mpt_dict_set(s->dict, mpt_text("n"), mpt_none()) == -ESTALE);
	child_claims(mpt_dict_len(s->dict) == -ESTALE);
	mpt_dict_destroy(s->dict);
}

static void a_forked_child_that_comes_too_late_is_told(void **state)
{
	struct shared_dict *s = shared(sizeof(*s));
	struct mpt_dict *next;
	pid_t pid;

	(void)state;
	s->dict = new_dict(NULL);
	pid = child(comes_too_late, s);
	mpt_dict_destroy(s->dict);
	assert_int_equal(mpt_manager_collect(manager), 1);
	next = new_dict(NULL); /* in the same slot */
	reach(&s->go);
	assert_ends_well(pid);
	assert_int_equal(mpt_dict_len(next), 0);
	mpt_dict_destroy(next);
}

static void changes_what_is_hidden(void *arg)
{
	struct mpt_namespace *space = arg;
	struct mpt_item value;

	child_claims(mpt_namespace_get(space, "_mine", &value, NULL, 0) == 0);
	child_claims(value.i64 == 1); /* as memory is copied by fork */
	child_claims(mpt_namespace_set(space, "_mine", mpt_i64(2)) == 0);
	child_claims(mpt_namespace_get(space, "_mine", &value, NULL, 0) == 0);
	child_claims(value.i64 == 2);
	mpt_namespace_destroy(space);
}

static void hidden_names_of_a_forked_child_are_its_own(void **state)
{
	struct mpt_namespace *space;
	struct mpt_item value;

	(void)state;
	assert_int_equal(mpt_namespace_create(&space, manager, NULL), 0);
	assert_int_equal(mpt_namespace_set(space, "_mine", mpt_i64(1)), 0);
	assert_ends_well(child(changes_what_is_hidden, space));
	assert_int_equal(mpt_namespace_get(space, "_mine", &value, NULL, 0), 0);
	assert_int_equal(value.i64, 1);
	mpt_namespace_destroy(space);
}

/* ---- the end of a manager ----------------------------------------------- */

static void uses_until_the_end(void *arg)
{
	struct shared_dict *s = arg;
	struct mpt_item item;
	int set, put, got;

	do {
		set = mpt_dict_set(s->dict, mpt_text("a"), mpt_i64(1));
		put = mpt_dict_set(s->dict, mpt_i64(1), mpt_bytes(s, sizeof(*s)));
		got = mpt_dict_get(s->dict, mpt_text("a"), &item, NULL, 0);
		reach(&s->ready);
	} while (set == 0 && put == 0 && got == 0);
	child_claims(set == 0 || set == -ESHUTDOWN);
	child_claims(put == 0 || put == -ESHUTDOWN);
	child_claims(got == -ESHUTDOWN);
	mpt_dict_destroy(s->dict);
}

static void its_creators_destroy_ends_it_for_all(void **state)
{
	struct shared_dict *s = shared(sizeof(*s));
	struct mpt_manager *m;
	pid_t pids[4];

	(void)state;
	for (int round = 0; round < 10; round++) {
		assert_int_equal(mpt_manager_create(&m, NULL), 0);
		assert_int_equal(mpt_dict_create(&s->dict, m, NULL), 0);
		s->ready = 0;
		for (int i = 0; i < 4; i++)
			pids[i] = child(uses_until_the_end, s);
		assert_eventually(s->ready > 100);
		mpt_manager_destroy(m);
		for (int i = 0; i < 4; i++)
			assert_ends_well(pids[i]);
		assert_int_equal(mpt_dict_len(s->dict), -ESHUTDOWN);
		mpt_dict_destroy(s->dict);
	}
}

static void makes_a_manager(void *arg)
{
	struct shared_dict *s = arg;
	struct mpt_manager_options options = { .name = "orphaned" };
	struct mpt_manager *m;
	struct mpt_dict *dict;

	child_claims(mpt_manager_create(&m, &options) == 0);
	child_claims(mpt_dict_create(&dict, m, "dict") == 0);
	child_claims(mpt_dict_set(dict, mpt_text("n"), mpt_i64(5)) == 0);
	reach(&s->ready);
	pause();
}

static void it_survives_its_creators_death(void **state)
{
	struct shared_dict *s = shared(sizeof(*s));
	pid_t pid = child(makes_a_manager, s);
	struct mpt_manager *m;

	(void)state;
	assert_eventually(reached(&s->ready));
	kill_child(pid);
	assert_int_equal(mpt_manager_open(&m, "orphaned", 0), 0);
	assert_int_equal(mpt_dict_open(&s->dict, m, "dict"), 0);
	assert_int_equal(number_in(s->dict, "n"), 5);
	assert_int_equal(mpt_dict_set(s->dict, mpt_text("m"), mpt_none()), 0);
	mpt_dict_destroy(s->dict);
	mpt_manager_destroy(m);
}

/* ---- somebody stopped inside -------------------------------------------- */

static void sets_a_new_key(void *arg)
{
	child_claims(mpt_dict_set(arg, mpt_text("new"), mpt_i64(1)) == 0);
}

static bool is_half_done(void *arg, pid_t pid)
{
	const struct heap_head *head = arg;

	(void)pid;
	return head->undo_count >= 5 && (head->shown.seq & 1);
}

static void calls_wait_for_a_stopped_one_as_long_as_they_were_told(void **state)
{
	struct mpt_dict *dict = new_dict("dict"), *other;
	struct mpt_manager *m;
	uint64_t begun;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_dict_set(dict, mpt_text("n"), mpt_i64(1)), 0);
	pid = victim(sets_a_new_key, dict, true);
	assert_true(step_until(pid, is_half_done, heap_of("shop"), 100000));
	mpt_dict_destroy(dict); /* gives up after a second */
	assert_int_equal(mpt_manager_open(&m, "shop", 0), 0);
	mpt_manager_set_timeout(m, MPT_MS(60));
	begun = now_ns();
	assert_int_equal(mpt_dict_open(&dict, m, "dict"), -ETIMEDOUT);
	assert_took_about(begun, MPT_MS(60));
	mpt_manager_set_timeout(m, 0);
	assert_int_equal(mpt_dict_open(&other, m, "dict"), -EAGAIN);
	mpt_manager_destroy(m);
	kill_child(pid);
	assert_int_equal(mpt_dict_open(&dict, manager, "dict"), 0); /* and puts it right */
	assert_int_equal(number_in(dict, "n"), 1);
	assert_int_equal(mpt_dict_contains(dict, mpt_text("new")), 0);
	assert_true(segment_object("shop")->recovered == 1);
	assert_heap_in_order("shop");
	mpt_dict_destroy(dict);
}

/* ---- a signal handler uses what the program is using -------------------- */

static struct mpt_dict *interrupted;
static uint64_t added, refused; /* atomic: interrupted in the middle one would be lost */

static void add_and_churn(void)
{
	int rc = mpt_dict_add(interrupted, mpt_text("sum"), 1, NULL);
	struct mpt_item item;

	__atomic_fetch_add(&added, rc == 0, __ATOMIC_RELAXED);
	__atomic_fetch_add(&refused, rc == -EDEADLK, __ATOMIC_RELAXED);
	child_claims(rc == 0 || rc == -EDEADLK);
	rc = mpt_dict_set(interrupted, mpt_text("a key"), mpt_i64(1));
	child_claims(rc == 0 || rc == -EDEADLK);
	rc = mpt_dict_get(interrupted, mpt_text("sum"), &item, NULL, 0);
	child_claims(rc == 0 || rc == -EDEADLK);
	rc = mpt_dict_delete(interrupted, mpt_text("a key"));
	child_claims(rc == 0 || rc == -ENOENT || rc == -EDEADLK);
}

static void handle(int number)
{
	int saved = errno;

	(void)number;
	add_and_churn();
	errno = saved;
}

static void interrupts_itself(void *unused)
{
	struct itimerval often = { { 0, 150 }, { 0, 150 } }, never = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = handle };
	uint64_t until = now_ns() + MPT_SECONDS(SECONDS);

	(void)unused;
	child_claims(mpt_dict_set(interrupted, mpt_text("sum"), mpt_i64(0)) == 0);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	while (now_ns() < until || __atomic_load_n(&refused, __ATOMIC_RELAXED) == 0)
		add_and_churn();
	setitimer(ITIMER_REAL, &never, NULL);
	child_claims((uint64_t)number_in(interrupted, "sum") == added);
	printf("# note: %llu added, %llu refused\n", (unsigned long long)added,
	       (unsigned long long)refused);
	fflush(stdout);
}

static void a_handler_may_use_what_the_program_is_using(void **state)
{
	(void)state;
	interrupted = new_dict("interrupted");
	assert_ends_well(child(interrupts_itself, NULL));
	assert_heap_in_order("shop");
	mpt_dict_destroy(interrupted);
}

/* ---- nonsense ----------------------------------------------------------- */

static void wrong_managers_are_refused(void **state)
{
	struct mpt_manager_options tiny = { .bytes = 4096 }, huge = { .bytes = 2ull << 30 };
	struct mpt_manager_options taken = { .name = "shop" }, flags = { .flags = 4 };
	struct mpt_manager *m;
	struct mpt_lock *lock;

	(void)state;
	assert_int_equal(mpt_manager_create(NULL, NULL), -EINVAL);
	assert_int_equal(mpt_manager_create(&m, &tiny), -EINVAL);
	assert_int_equal(mpt_manager_create(&m, &huge), -EINVAL);
	assert_int_equal(mpt_manager_create(&m, &taken), -EEXIST);
	assert_int_equal(mpt_manager_create(&m, &flags), -EINVAL);
	assert_int_equal(mpt_manager_open(&m, "no such", 0), -ENOENT);
	assert_null(m);
	assert_int_equal(mpt_lock_open(&lock, "shop", 0), -EINVAL);
	assert_int_equal(mpt_lock_create(&lock, "a lock", 0), 0);
	assert_int_equal(mpt_manager_open(&m, "a lock", 0), -EINVAL);
	mpt_lock_destroy(lock);
	heap_of("shop")->shown.layout = 99;
	assert_int_equal(mpt_manager_open(&m, "shop", 0), -EPROTO);
	heap_of("shop")->shown.layout = HEAP_LAYOUT;
	mpt_manager_destroy(NULL);
}

static void wrong_items_are_refused(void **state)
{
	struct mpt_manager *other;
	struct mpt_dict *dict = new_dict(NULL), *theirs, *none;
	struct mpt_item item = mpt_i64(1), got;
	struct mpt_queue *queue;
	char path[MPT_ITEM_PATH];

	(void)state;
	assert_int_equal(mpt_manager_create(&other, NULL), 0);
	assert_int_equal(mpt_dict_create(&theirs, other, NULL), 0);
	assert_int_equal(mpt_dict_set(dict, mpt_text("x"), mpt_dict_item(theirs)), -EINVAL);
	assert_int_equal(mpt_dict_merge(dict, theirs), -EINVAL);
	item.type = 77;
	assert_int_equal(mpt_dict_set(dict, mpt_text("x"), item), -EINVAL);
	assert_int_equal(mpt_dict_set(dict, mpt_f64(1), mpt_none()), -EINVAL);
	assert_int_equal(mpt_dict_set(dict, mpt_none(), mpt_none()), -EINVAL);
	assert_int_equal(mpt_dict_set(dict, mpt_bytes(NULL, 1), mpt_none()), -EINVAL);
	assert_int_equal(mpt_dict_get(dict, mpt_i64(1), NULL, NULL, 0), -EINVAL);
	assert_int_equal(mpt_dict_get(dict, mpt_i64(1), &got, NULL, 1), -EINVAL);
	assert_int_equal(mpt_dict_create(&none, manager, ""), -EINVAL);
	assert_int_equal(mpt_dict_open(&none, manager, NULL), -EINVAL);
	assert_int_equal(mpt_item_object(&got, dict), -EINVAL);
	assert_int_equal(mpt_item_object(&got, NULL), -EINVAL);
	assert_int_equal(mpt_item_path(&item, path), -EINVAL);
	assert_int_equal(mpt_queue_open(&queue, "/1.", 0), -EINVAL);
	assert_int_equal(mpt_queue_open(&queue, "/0.0x", 0), -EINVAL);
	assert_int_equal(mpt_queue_open(&queue, "/999999.1", 0), -ENOENT);
	assert_int_equal(mpt_dict_len(dict), 0);
	mpt_dict_destroy(dict);
	mpt_dict_destroy(theirs);
	mpt_manager_destroy(other);
}

static void a_closed_handle_is_closed_for_what_is_opened_through_it(void **state)
{
	struct mpt_dict *before = new_dict(NULL), *after;
	struct mpt_manager_info info;

	(void)state;
	assert_int_equal(mpt_manager_close(manager), 0);
	assert_int_equal(mpt_manager_close(manager), 0);
	assert_int_equal(mpt_dict_create(&after, manager, NULL), -ESHUTDOWN);
	assert_int_equal(mpt_manager_collect(manager), -ESHUTDOWN);
	assert_int_equal(mpt_manager_status(manager, &info), -ESHUTDOWN);
	assert_int_equal(mpt_dict_set(before, mpt_i64(1), mpt_none()), 0);
	mpt_dict_destroy(before);
}

#define shop_test(function) cmocka_unit_test_setup_teardown(function, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		shop_test(what_only_a_killed_process_knew_is_collected),
		shop_test(a_forked_child_keeps_what_its_parent_lets_go),
		shop_test(a_forked_child_that_comes_too_late_is_told),
		shop_test(hidden_names_of_a_forked_child_are_its_own),
		shop_test(its_creators_destroy_ends_it_for_all),
		shop_test(it_survives_its_creators_death),
		shop_test(calls_wait_for_a_stopped_one_as_long_as_they_were_told),
		shop_test(a_handler_may_use_what_the_program_is_using),
		shop_test(wrong_managers_are_refused),
		shop_test(wrong_items_are_refused),
		shop_test(a_closed_handle_is_closed_for_what_is_opened_through_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
