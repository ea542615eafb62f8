/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock_death_test.c - Lock when its holder dies, stops, execs or leaves; the row
 * "Lock: holder killed" of the table of one-kill experiments.
 */
#include "tests/api/support.h"

struct scene {
	struct mpt_lock *lock;
	uint32_t held, go;
};

static struct scene *new_scene(const char *name)
{
	struct scene *s = shared(sizeof(*s));

	assert_int_equal(mpt_lock_create(&s->lock, name, 0), 0);
	return s;
}

static void holds_for_ever(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_acquire(s->lock, MPT_FOREVER) >= 0);
	reach(&s->held);
	for (;;)
		pause();
}

static pid_t start_holder(struct scene *s)
{
	pid_t pid = child(holds_for_ever, s);

	assert_eventually(reached(&s->held));
	return pid;
}

static void assert_usable_again(struct scene *s)
{
	assert_int_equal(mpt_lock_release(s->lock), 0);
	assert_int_equal(mpt_lock_acquire(s->lock, 0), 0);
	assert_int_equal(mpt_lock_release(s->lock), 0);
	mpt_lock_destroy(s->lock);
}

/* ---- killed ---------------------------------------------------------------------- */

static void the_next_acquire_takes_over_from_a_killed_holder_and_says_so_once(void **state)
{
	struct scene *s = new_scene("taken over");
	const struct mpt_wire_object *o = segment_object("taken over");
	pid_t pid = start_holder(s);

	(void)state;
	kill_child(pid);
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_int_equal(o->recovered, 1);
	assert_int_equal(o->recovered_pid, segment_process(pid)->pid);
	assert_int_equal(segment_process(pid)->state, MPT_SLOT_DEAD);
	assert_usable_again(s);
}

static void a_try_takes_over_as_well(void **state)
{
	struct scene *s = new_scene(NULL);

	(void)state;
	kill_child(start_holder(s));
	assert_int_equal(mpt_lock_acquire(s->lock, 0), MPT_RECOVERED);
	assert_usable_again(s);
}

static void a_release_after_the_holders_death_frees_the_lock(void **state)
{
	struct scene *s = new_scene(NULL);

	(void)state;
	kill_child(start_holder(s));
	assert_int_equal(mpt_lock_release(s->lock), 0);
	assert_int_equal(mpt_lock_acquire(s->lock, 0), 0);
	assert_usable_again(s);
}

struct waiters {
	struct mpt_lock *lock;
	uint32_t recovered, plain;
};

static void waits(void *arg)
{
	struct waiters *w = arg;
	int rc = mpt_lock_acquire(w->lock, MPT_FOREVER);

	child_claims(rc == 0 || rc == MPT_RECOVERED);
	reach(rc ? &w->recovered : &w->plain);
	child_claims(mpt_lock_release(w->lock) == 0);
}

#define WAITERS 5

static void exactly_one_of_those_who_wait_is_told(void **state)
{
	struct waiters *w = shared(sizeof(*w));
	struct scene *s = new_scene(NULL);
	pid_t holder = start_holder(s), pids[WAITERS];

	(void)state;
	w->lock = s->lock;
	for (int i = 0; i < WAITERS; i++)
		pids[i] = child(waits, w);
	for (int i = 0; i < WAITERS; i++)
		assert_eventually(is_blocked_in(pids[i], MPT_OP_LOCK_ACQUIRE));
	kill_child(holder);
	for (int i = 0; i < WAITERS; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(w->recovered, 1);
	assert_int_equal(w->plain, WAITERS - 1);
	mpt_lock_destroy(s->lock);
}

static void a_killed_waiter_changes_nothing(void **state)
{
	struct waiters *w = shared(sizeof(*w));
	pid_t first, second;

	(void)state;
	assert_int_equal(mpt_lock_create(&w->lock, NULL, 0), 0);
	assert_int_equal(mpt_lock_acquire(w->lock, 0), 0);
	first = child(waits, w);
	assert_eventually(is_blocked_in(first, MPT_OP_LOCK_ACQUIRE));
	second = child(waits, w);
	assert_eventually(is_blocked_in(second, MPT_OP_LOCK_ACQUIRE));
	kill_child(first);
	assert_int_equal(mpt_lock_release(w->lock), 0);
	assert_ends_well(second);
	assert_int_equal(w->plain, 1);
	mpt_lock_destroy(w->lock);
}

static void all_but_one_killed_the_last_one_works(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pids[WAITERS];

	(void)state;
	for (int i = 0; i < WAITERS; i++)
		pids[i] = child(holds_for_ever, s);
	assert_eventually(reached(&s->held));
	for (int i = 0; i < WAITERS; i++)
		kill_child(pids[i]);
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_usable_again(s);
}

/* ---- stopped --------------------------------------------------------------------- */

static void a_stopped_holder_keeps_the_lock_and_timed_calls_return_on_time(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = start_holder(s);
	uint64_t start;

	(void)state;
	stop_child(pid);
	assert_int_equal(mpt_lock_acquire(s->lock, 0), -EAGAIN);
	start = now_ns();
	assert_int_equal(mpt_lock_acquire(s->lock, MPT_MS(150)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(150));
	kill_child(pid);
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_usable_again(s);
}

/* ---- left otherwise ----------------------------------------------------------------- */

static void holds_and_exits(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_acquire(s->lock, 0) == 0);
	exit(0);
}

static void a_holder_that_exits_is_taken_over_too(void **state)
{
	struct scene *s = new_scene(NULL);

	(void)state;
	assert_ends_well(child(holds_and_exits, s));
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_usable_again(s);
}

static void holds_and_execs(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_acquire(s->lock, 0) == 0);
	reach(&s->held);
	execl("/bin/sleep", "sleep", "100", (char *)NULL);
	_exit(97);
}

static void a_holder_that_execs_another_program_is_taken_over(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(holds_and_execs, s);

	(void)state;
	assert_eventually(reached(&s->held));
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_int_equal(kill(pid, 0), 0);
	kill_child(pid);
	assert_usable_again(s);
}

/* Joins a domain by opening a lock in it, then stays. */
static void opens_and_stays(const char *path)
{
	struct mpt_lock *lock;

	child_claims(mpt_lock_open(&lock, path, 0) == 0);
	child_claims(mpt_lock_acquire(lock, MPT_FOREVER) == MPT_RECOVERED);
	child_claims(mpt_lock_release(lock) == 0);
}

static void holds_and_execs_into_the_same_domain(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_acquire(s->lock, 0) == 0);
	execl("/proc/self/exe", "api-test", "opens_and_stays", "lock-death/rejoined", (char *)NULL);
	_exit(97);
}

/* The same pid, start time and segment: only the slot tells the two apart. */
static void a_holder_that_execs_into_a_member_of_the_same_domain_is_taken_over(void **state)
{
	struct scene *s = new_scene("rejoined");

	(void)state;
	assert_int_equal(mpt_domain_publish("lock-death"), 0);
	assert_ends_well(child(holds_and_execs_into_the_same_domain, s));
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), 0);
	assert_usable_again(s);
}

/* ---- the first thread is gone --------------------------------------------------------- */

static void *holds_in_thread(void *arg)
{
	holds_for_ever(arg);
	return NULL;
}

static void loses_its_first_thread(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_locked(s->lock) == 0);
	child_claims(mpt_lock_acquire(s->lock, 0) == 0);
	child_claims(mpt_lock_release(s->lock) == 0); /* the main thread has attached */
	thread(holds_in_thread, s);
	pthread_exit(NULL);
}

static void a_process_without_its_first_thread_still_holds_and_still_dies(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(loses_its_first_thread, s);

	(void)state;
	assert_eventually(reached(&s->held));
	assert_eventually(segment_thread(pid)->state == MPT_SLOT_ENDED);
	for (int i = 0; i < 50; i++)
		assert_int_equal(mpt_lock_acquire(s->lock, 0), -EAGAIN);
	assert_int_equal(mpt_lock_acquire(s->lock, MPT_MS(150)), -ETIMEDOUT);
	kill_child(pid);
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	assert_usable_again(s);
}

static void *execs_when_told(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_acquire(s->lock, 0) == 0);
	reach(&s->held);
	child_claims_eventually(reached(&s->go));
	execl("/bin/sleep", "sleep", "100", (char *)NULL);
	_exit(97);
}

static void execs_without_its_first_thread(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_lock_acquire(s->lock, 0) == 0);
	child_claims(mpt_lock_release(s->lock) == 0);
	thread(execs_when_told, s);
	pthread_exit(NULL);
}

static void an_exec_is_noticed_when_the_first_thread_had_left_in_order(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(execs_without_its_first_thread, s);

	(void)state;
	assert_eventually(reached(&s->held));
	assert_eventually(segment_thread(pid)->state == MPT_SLOT_ENDED);
	assert_int_equal(mpt_lock_acquire(s->lock, 0), -EAGAIN);
	reach(&s->go);
	assert_int_equal(mpt_lock_acquire(s->lock, GUARD_NS), MPT_RECOVERED);
	kill_child(pid);
	assert_usable_again(s);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = {
		{ "opens_and_stays", opens_and_stays },
	};
	const struct CMUnitTest tests[] = {
		api_test(the_next_acquire_takes_over_from_a_killed_holder_and_says_so_once),
		api_test(a_try_takes_over_as_well),
		api_test(a_release_after_the_holders_death_frees_the_lock),
		api_test(exactly_one_of_those_who_wait_is_told),
		api_test(a_killed_waiter_changes_nothing),
		api_test(all_but_one_killed_the_last_one_works),
		api_test(a_stopped_holder_keeps_the_lock_and_timed_calls_return_on_time),
		api_test(a_holder_that_exits_is_taken_over_too),
		api_test(a_holder_that_execs_another_program_is_taken_over),
		api_test(a_holder_that_execs_into_a_member_of_the_same_domain_is_taken_over),
		api_test(a_process_without_its_first_thread_still_holds_and_still_dies),
		api_test(an_exec_is_noticed_when_the_first_thread_had_left_in_order),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
