/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * joinable_test.c - JoinableQueue, behaviours 43 to 46 and the row "JoinableQueue: worker
 * killed before task_done" of the table of one-kill experiments; read from the top, it is
 * a tutorial.
 *
 * Does not own: what holds of every queue (queue_test.c runs for both kinds).
 */
#include "tests/api/support.h"

static struct mpt_queue *new_queue(const char *name)
{
	struct mpt_queue_options options = { .name = name, .maxsize = 1000, .joinable = true };
	struct mpt_queue *q;

	assert_int_equal(mpt_queue_create(&q, &options), 0);
	return q;
}

static void put(struct mpt_queue *q, uint64_t n)
{
	assert_int_equal(mpt_queue_put(q, &n, sizeof(n), MPT_FOREVER), 0);
}

static int64_t get(struct mpt_queue *q, uint64_t timeout)
{
	uint64_t n = 0;
	ssize_t size = mpt_queue_get(q, &n, sizeof(n), timeout);

	return size == sizeof(n) ? (int64_t)n : size;
}

/* ---- counting ---------------------------------------------------------------------- */

static void b45_join_of_a_queue_with_nothing_to_do_returns_at_once(void **state)
{
	struct mpt_queue *q = new_queue(NULL);

	(void)state;
	assert_int_equal(mpt_queue_join(q, 0), 0);
	assert_int_equal(mpt_queue_join(q, MPT_FOREVER), 0);
	put(q, 1);
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(mpt_queue_task_done(q), 0);
	assert_int_equal(mpt_queue_join(q, MPT_FOREVER), 0);
	mpt_queue_destroy(q);
}

static void b43_a_message_is_unfinished_until_it_is_done(void **state)
{
	struct mpt_queue *q = new_queue(NULL);

	(void)state;
	put(q, 1);
	put(q, 2);
	assert_int_equal(mpt_queue_unfinished(q), 2);
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(mpt_queue_unfinished(q), 2);
	assert_int_equal(mpt_queue_join(q, 0), -EAGAIN);
	assert_int_equal(mpt_queue_task_done(q), 0);
	assert_int_equal(mpt_queue_unfinished(q), 1);
	assert_int_equal(get(q, 0), 2);
	assert_int_equal(mpt_queue_join(q, 0), -EAGAIN);
	assert_int_equal(mpt_queue_task_done(q), 0);
	assert_int_equal(mpt_queue_unfinished(q), 0);
	assert_int_equal(mpt_queue_join(q, 0), 0);
	mpt_queue_destroy(q);
}

static void b44_done_once_too_often_is_an_error(void **state)
{
	struct mpt_queue *q = new_queue(NULL);

	(void)state;
	assert_int_equal(mpt_queue_task_done(q), -ERANGE);
	put(q, 1);
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(mpt_queue_task_done(q), 0);
	assert_int_equal(mpt_queue_task_done(q), -ERANGE);
	assert_int_equal(mpt_queue_unfinished(q), 0);
	put(q, 2);
	assert_int_equal(mpt_queue_unfinished(q), 1);
	mpt_queue_destroy(q);
}

static void a_timed_join_fails_after_about_t(void **state)
{
	struct mpt_queue *q = new_queue(NULL);
	uint64_t start;

	(void)state;
	put(q, 1);
	start = now_ns();
	assert_int_equal(mpt_queue_join(q, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	mpt_queue_destroy(q);
}

static void other_queues_have_no_tasks(void **state)
{
	struct mpt_queue *q;

	(void)state;
	assert_int_equal(mpt_queue_create(&q, NULL), 0);
	assert_int_equal(mpt_queue_task_done(q), -EINVAL);
	assert_int_equal(mpt_queue_join(q, 0), -EINVAL);
	assert_int_equal(mpt_queue_unfinished(q), -EINVAL);
	assert_int_equal(mpt_queue_abandoned(q), -EINVAL);
	mpt_queue_destroy(q);
}

/* ---- by many processes ------------------------------------------------------------- */

static void works(void *arg)
{
	struct mpt_queue *q = arg;
	int64_t n;

	while ((n = get(q, GUARD_NS)) > 0)
		child_claims(mpt_queue_task_done(q) == 0);
	child_claims(n == 0);
	child_claims(mpt_queue_task_done(q) == 0);
}

static void b43_join_returns_when_all_is_done_by_whoever_it_was(void **state)
{
	struct mpt_queue *q = new_queue(NULL);
	pid_t pid[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		pid[i] = child(works, q);
	for (uint64_t n = 1; n <= 400; n++)
		put(q, n);
	assert_int_equal(mpt_queue_join(q, GUARD_NS), 0);
	assert_int_equal(mpt_queue_empty(q), 1);
	for (int i = 0; i < 4; i++)
		put(q, 0);
	for (int i = 0; i < 4; i++)
		assert_ends_well(pid[i]);
	assert_int_equal(mpt_queue_join(q, 0), 0);
	mpt_queue_destroy(q);
}

static void joins(void *q)
{
	child_claims(mpt_queue_join(q, GUARD_NS) == 0);
}

static void the_last_task_lets_all_joiners_go(void **state)
{
	struct mpt_queue *q = new_queue(NULL);
	pid_t pid[3];

	(void)state;
	put(q, 1);
	put(q, 2);
	for (int i = 0; i < 3; i++) {
		pid[i] = child(joins, q);
		assert_eventually(is_blocked_in(pid[i], MPT_OP_JOINABLEQUEUE_JOIN));
	}
	for (int i = 1; i <= 2; i++) {
		assert_true(is_blocked_in(pid[0], MPT_OP_JOINABLEQUEUE_JOIN));
		assert_int_equal(get(q, 0), i);
		assert_int_equal(mpt_queue_task_done(q), 0);
	}
	for (int i = 0; i < 3; i++)
		assert_ends_well(pid[i]);
	mpt_queue_destroy(q);
}

/* ---- deaths ---------------------------------------------------------------------------- */

struct scene {
	struct mpt_queue *q;
	uint32_t got;
	int tasks; /* to get */
};

static struct scene *new_scene(const char *name, int tasks)
{
	struct scene *s = shared(sizeof(*s));

	s->q = new_queue(name);
	s->tasks = tasks;
	return s;
}

static void gets_and_never_finishes(void *arg)
{
	struct scene *s = arg;

	for (int i = 0; i < s->tasks; i++)
		child_claims(get(s->q, GUARD_NS) > 0);
	reach(&s->got);
	for (;;)
		pause();
}

static void k_joinable_worker_killed_before_task_done_and_join_returns(void **state)
{
	struct scene *s = new_scene("killed worker", 2);
	const struct mpt_wire_object *o = segment_object("killed worker");
	pid_t pid;

	(void)state;
	put(s->q, 1);
	put(s->q, 2);
	pid = child(gets_and_never_finishes, s);
	assert_eventually(reached(&s->got));
	assert_int_equal(mpt_queue_join(s->q, MPT_MS(80)), -ETIMEDOUT);
	kill_child(pid);
	/* ... and says which: how many, and whose. */
	assert_int_equal(mpt_queue_join(s->q, GUARD_NS), MPT_RECOVERED);
	assert_int_equal(mpt_queue_abandoned(s->q), 2);
	assert_int_equal(o->recovered_pid, pid);
	assert_int_equal(mpt_queue_unfinished(s->q), 0);
	assert_int_equal(mpt_queue_join(s->q, 0), 0);
	mpt_queue_destroy(s->q);
}

static void a_join_that_only_tries_finds_the_dead_too(void **state)
{
	struct scene *s = new_scene(NULL, 1);
	pid_t pid;

	(void)state;
	put(s->q, 1);
	pid = child(gets_and_never_finishes, s);
	assert_eventually(reached(&s->got));
	assert_int_equal(mpt_queue_join(s->q, 0), -EAGAIN);
	kill_child(pid);
	assert_int_equal(mpt_queue_join(s->q, 0), MPT_RECOVERED);
	mpt_queue_destroy(s->q);
}

static void a_blocked_join_ends_when_the_last_worker_dies(void **state)
{
	struct scene *s = new_scene(NULL, 1);
	pid_t worker, joiner;

	(void)state;
	put(s->q, 1);
	worker = child(gets_and_never_finishes, s);
	assert_eventually(reached(&s->got));
	joiner = child(joins, s->q);
	assert_eventually(is_blocked_in(joiner, MPT_OP_JOINABLEQUEUE_JOIN));
	kill_child(worker);
	/* The child claims 0 and gets MPT_RECOVERED. */
	assert_int_equal(end_of(joiner), 99);
	mpt_queue_destroy(s->q);
}

static void what_waits_in_the_queue_is_not_given_up(void **state)
{
	struct scene *s = new_scene(NULL, 1);
	pid_t pid;

	(void)state;
	put(s->q, 1);
	put(s->q, 2);
	pid = child(gets_and_never_finishes, s);
	assert_eventually(reached(&s->got));
	kill_child(pid);
	assert_int_equal(mpt_queue_join(s->q, MPT_MS(80)), -ETIMEDOUT);
	assert_int_equal(mpt_queue_unfinished(s->q), 1);
	assert_int_equal(get(s->q, 0), 2);
	assert_int_equal(mpt_queue_task_done(s->q), 0);
	assert_int_equal(mpt_queue_join(s->q, 0), 0);
	assert_int_equal(mpt_queue_abandoned(s->q), 1);
	mpt_queue_destroy(s->q);
}

static void what_a_living_worker_has_is_waited_for(void **state)
{
	struct scene *dies = new_scene(NULL, 1), *lives = shared(sizeof(*lives));
	pid_t one, other;

	(void)state;
	*lives = *dies;
	put(dies->q, 1);
	put(dies->q, 2);
	one = child(gets_and_never_finishes, dies);
	other = child(gets_and_never_finishes, lives);
	assert_eventually(reached(&dies->got) && reached(&lives->got));
	kill_child(one);
	assert_int_equal(mpt_queue_join(dies->q, MPT_MS(80)), -ETIMEDOUT);
	assert_int_equal(mpt_queue_unfinished(dies->q), 1);
	kill_child(other);
	assert_int_equal(mpt_queue_join(dies->q, GUARD_NS), MPT_RECOVERED);
	assert_int_equal(mpt_queue_abandoned(dies->q), 2);
	mpt_queue_destroy(dies->q);
}

/* The dead one's task was done by another: nothing is given up, and what that other takes
 * next is still waited for. */
static void a_task_done_for_another_is_done(void **state)
{
	struct scene *s = new_scene(NULL, 1);
	pid_t pid;

	(void)state;
	put(s->q, 1);
	pid = child(gets_and_never_finishes, s);
	assert_eventually(reached(&s->got));
	assert_int_equal(mpt_queue_task_done(s->q), 0);
	put(s->q, 2);
	assert_int_equal(get(s->q, 0), 2);
	kill_child(pid);
	assert_int_equal(mpt_queue_join(s->q, MPT_MS(80)), -ETIMEDOUT);
	assert_int_equal(mpt_queue_task_done(s->q), 0);
	assert_int_equal(mpt_queue_join(s->q, 0), 0);
	assert_int_equal(mpt_queue_abandoned(s->q), 0);
	mpt_queue_destroy(s->q);
}

/* ---- the end --------------------------------------------------------------------------- */

static void is_told_of_the_end(void *q)
{
	child_claims(mpt_queue_join(q, MPT_FOREVER) == -ESHUTDOWN);
}

static void b46_joiners_are_told_when_it_is_destroyed(void **state)
{
	struct mpt_queue *q = new_queue(NULL);
	pid_t pid;

	(void)state;
	put(q, 1);
	pid = child(is_told_of_the_end, q);
	assert_eventually(is_blocked_in(pid, MPT_OP_JOINABLEQUEUE_JOIN));
	mpt_queue_destroy(q);
	assert_ends_well(pid);
}

static void b46_after_close_every_call_says_so(void **state)
{
	struct mpt_queue *q = new_queue(NULL);

	(void)state;
	assert_int_equal(mpt_queue_close(q), 0);
	assert_int_equal(mpt_queue_task_done(q), -ESHUTDOWN);
	assert_int_equal(mpt_queue_join(q, 0), -ESHUTDOWN);
	assert_int_equal(mpt_queue_unfinished(q), -ESHUTDOWN);
	assert_int_equal(mpt_queue_abandoned(q), -ESHUTDOWN);
	mpt_queue_destroy(q);
}

static void b46_it_is_found_by_name_as_any_queue(void **state)
{
	struct mpt_queue *q = new_queue("tasks"), *same;

	(void)state;
	assert_int_equal(mpt_queue_open(&same, "tasks", 0), 0);
	put(same, 1);
	assert_int_equal(get(q, 0), 1);
	assert_int_equal(mpt_queue_task_done(same), 0);
	assert_int_equal(mpt_queue_join(same, 0), 0);
	mpt_queue_destroy(same);
	mpt_queue_destroy(q);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(b45_join_of_a_queue_with_nothing_to_do_returns_at_once),
		api_test(b43_a_message_is_unfinished_until_it_is_done),
		api_test(b44_done_once_too_often_is_an_error),
		api_test(a_timed_join_fails_after_about_t),
		api_test(other_queues_have_no_tasks),
		api_test(b43_join_returns_when_all_is_done_by_whoever_it_was),
		api_test(the_last_task_lets_all_joiners_go),
		api_test(k_joinable_worker_killed_before_task_done_and_join_returns),
		api_test(a_join_that_only_tries_finds_the_dead_too),
		api_test(a_blocked_join_ends_when_the_last_worker_dies),
		api_test(what_waits_in_the_queue_is_not_given_up),
		api_test(what_a_living_worker_has_is_waited_for),
		api_test(a_task_done_for_another_is_done),
		api_test(b46_joiners_are_told_when_it_is_destroyed),
		api_test(b46_after_close_every_call_says_so),
		api_test(b46_it_is_found_by_name_as_any_queue),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
