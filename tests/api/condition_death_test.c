/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * condition_death_test.c - Condition when those who wait or notify die or stop, when it or
 * its lock ends, and under load; the row "Condition: waiter killed, notify_all" of
 * the table of one-kill experiments.
 */
#include "tests/api/sleepers.h"

/* ---- waiters killed ------------------------------------------------------------------ */

static void notify_all_returns_although_waiters_were_killed_and_counts_the_living(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t dead[3], alive[2];

	(void)state;
	dead[0] = sleeper(s);
	alive[0] = sleeper(s);
	dead[1] = sleeper(s);
	dead[2] = sleeper(s);
	alive[1] = sleeper(s);
	for (int i = 0; i < 3; i++)
		kill_child(dead[i]);
	assert_int_equal(waiting(s), 2);
	assert_int_equal(notify_all(s), 2);
	assert_ends_well(alive[0]);
	assert_ends_well(alive[1]);
	assert_int_equal(s->woke, 2);
	assert_int_equal(s->object->recovered, 3);
	assert_int_equal(s->object->recovered_op, MPT_OP_CONDITION_WAIT);
	assert_int_equal(s->object->recovered_pid, segment_process(dead[2])->pid);
	assert_int_equal(seats_of_the_dead(s->object), 0);
	end_scene(s);
}

static void a_killed_waiter_uses_up_no_notify(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t dead[12], alive[2];

	(void)state;
	for (int i = 0; i < 12; i++)
		dead[i] = sleeper(s);
	alive[0] = sleeper(s);
	alive[1] = sleeper(s);
	for (int i = 0; i < 12; i++)
		kill_child(dead[i]);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(alive[0]);
	assert_int_equal(waiting(s), 1);
	assert_int_equal(notify(s, 100), 1);
	assert_ends_well(alive[1]);
	assert_int_equal(s->object->recovered, 12);
	assert_int_equal(s->object->give.index, 2);
	end_scene(s);
}

/* Notified, it is on its way: as if it died right after its wait. */
static void one_killed_while_it_waits_for_the_lock_holds_nobody_up(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t dead = sleeper(s), alive = sleeper(s);

	(void)state;
	acquire(s);
	assert_int_equal(mpt_condition_notify(s->ready, 1), 1);
	assert_eventually(is_blocked_in(dead, MPT_OP_RLOCK_ACQUIRE));
	kill_child(dead);
	assert_int_equal(mpt_condition_notify(s->ready, 1), 1);
	release(s);
	assert_ends_well(alive);
	assert_int_equal(s->woke, 1);
	end_scene(s);
}

static void execs(void *arg)
{
	pthread_t t = sleeper_thread(arg);

	(void)t;
	execl("/bin/sleep", "sleep", "100", (char *)NULL);
	_exit(97);
}

static bool has_execed(pid_t pid)
{
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	return readlink(path, target, sizeof(target) - 1) > 0 && !strstr(target, "test");
}

static void one_whose_process_has_called_exec_waits_no_more(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t gone = child(execs, s), alive;

	(void)state;
	assert_eventually(has_execed(gone));
	alive = sleeper(s);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(alive);
	kill_child(gone);
	end_scene(s);
}

static void ends_thread(int number)
{
	(void)number;
	pthread_exit(NULL);
}

static void one_whose_thread_has_ended_in_it_waits_no_more(void **state)
{
	struct sigaction action = { .sa_handler = ends_thread }, before;
	struct scene *s = new_scene(NULL);
	pthread_t gone;
	pid_t alive;

	(void)state;
	sigaction(SIGUSR1, &action, &before);
	gone = sleeper_thread(s);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_CONDITION_WAIT));
	alive = sleeper(s);
	assert_int_equal(pthread_kill(gone, SIGUSR1), 0);
	join_thread(gone);
	sigaction(SIGUSR1, &before, NULL);
	assert_int_equal(waiting(s), 1);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(alive);
	end_scene(s);
}

/* ---- who notifies is killed ------------------------------------------------------------- */

static void notifies_all_and_dies(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_notify_all(s->ready) == 3);
	kill(getpid(), SIGKILL);
}

static void those_notified_by_one_that_died_with_the_lock_go_on_and_one_is_told(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pids[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		pids[i] = sleeper(s);
	assert_int_equal(end_of(child(notifies_all_and_dies, s)), -SIGKILL);
	for (int i = 0; i < 3; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(s->woke, 3);
	assert_int_equal(s->recovered, 1);
	assert_int_equal(segment_object("ready.lock")->recovered, 1);
	end_scene(s);
}

static void dies_with_the_lock_when_told(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	reach(&s->point);
	child_claims_eventually(reached(&s->done));
	kill(getpid(), SIGKILL);
}

static bool is_never_asked_again(void *arg)
{
	struct scene *s = arg;

	s->asked++;
	return false;
}

static void handles(int number)
{
	(void)number;
}

static void gives_up_and_takes_over(void *arg)
{
	struct sigaction action = { .sa_handler = handles };
	struct scene *s = arg;

	sigaction(SIGUSR1, &action, NULL);
	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_wait_for(s->ready, is_never_asked_again, s, GUARD_NS) ==
		     -EOWNERDEAD);
	child_claims(s->asked == 1);
	child_claims(mpt_condition_release(s->ready) == 0);
	child_claims(mpt_condition_release(s->ready) == 0);
	child_claims(mpt_condition_release(s->ready) == -EPERM);
}

/* Here by a signal; by time it is the same. */
static void one_that_gives_up_and_takes_the_lock_over_is_told_both(void **state)
{
	struct mpt_condition_options options = { .flags = MPT_INTERRUPTIBLE };
	struct scene *s = new_scene(&options);
	pid_t pid = child(gives_up_and_takes_over, s), holder;

	(void)state;
	assert_eventually(waiting(s) == 1);
	holder = child(dies_with_the_lock_when_told, s);
	assert_eventually(reached(&s->point));
	assert_eventually((kill(pid, SIGUSR1), is_blocked_in(pid, MPT_OP_RLOCK_ACQUIRE)));
	reach(&s->done);
	assert_int_equal(end_of(holder), -SIGKILL);
	assert_ends_well(pid);
	end_scene(s);
}

static void notifies_and_dies(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_notify(s->ready, 1) == 1);
	kill(getpid(), SIGKILL);
}

static void a_predicate_is_not_asked_what_a_dead_holder_left(void **state)
{
	struct scene *s = new_scene(NULL);
	pid_t pid = child(gives_up_and_takes_over, s);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_CONDITION_WAIT));
	assert_int_equal(end_of(child(notifies_and_dies, s)), -SIGKILL);
	assert_ends_well(pid);
	end_scene(s);
}

/* ---- the number of seats ------------------------------------------------------------------ */

static void too_many_are_refused_and_the_dead_make_room(void **state)
{
	struct mpt_condition_options options = { .waiters = 2 };
	struct scene *s = new_scene(&options);
	pid_t dead = sleeper(s), alive = sleeper(s), third;

	(void)state;
	acquire(s);
	assert_int_equal(mpt_condition_wait(s->ready, GUARD_NS), -ENOSPC);
	assert_int_equal(mpt_condition_notify(s->ready, 0), 0); /* the lock is held */
	release(s);
	kill_child(dead);
	third = sleeper(s);
	assert_int_equal(s->object->recovered, 1);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(alive);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(third);
	end_scene(s);
}

/* ---- ends ----------------------------------------------------------------------------------- */

static void its_creators_destroy_ends_the_wait_of_all(void **state)
{
	struct scene *s = new_scene(NULL);
	const struct mpt_wire_object *o = s->object;
	uint64_t start;
	pid_t pids[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		pids[i] = sleeper(s);
	/* Also while it holds the lock that they want back. */
	acquire(s);
	start = now_ns();
	mpt_condition_destroy(s->ready);
	assert_int_equal(o->extent, 0);
	for (int i = 0; i < 3; i++)
		assert_ends_well(pids[i]);
	assert_true(now_ns() - start < GUARD_NS);
	assert_int_equal(s->ends, 3);
	assert_null(segment_object("ready.lock"));
}

static void holds_its_lock_after_the_end(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_wait(s->ready, GUARD_NS) == -ESHUTDOWN);
	child_claims(mpt_lock_locked(s->lock) == 1);
	child_claims(mpt_condition_notify(s->ready, 1) == -ESHUTDOWN);
	child_claims(mpt_condition_release(s->ready) == 0);
}

static void a_given_lock_outlives_it_and_is_held_again(void **state)
{
	struct mpt_condition_options options = { 0 };
	struct scene *s;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_lock_create(&options.lock, NULL, 0), 0);
	s = new_scene(&options);
	pid = child(holds_its_lock_after_the_end, s);
	assert_eventually(waiting(s) == 1);
	mpt_condition_destroy(s->ready);
	assert_ends_well(pid);
	assert_int_equal(mpt_lock_acquire(s->lock, 0), 0);
	mpt_lock_destroy(s->lock);
}

static void a_lock_that_ends_under_it_ends_the_waits(void **state)
{
	struct mpt_condition_options options = { 0 };
	struct scene *s;
	pid_t pid;

	(void)state;
	assert_int_equal(mpt_rlock_create(&options.rlock, NULL, 0), 0);
	s = new_scene(&options);
	pid = sleeper(s);
	mpt_rlock_destroy(s->rlock);
	assert_ends_well(pid);
	assert_int_equal(s->ends, 1);
	assert_int_equal(mpt_condition_acquire(s->ready, 0), -ESHUTDOWN);
	assert_int_equal(mpt_condition_wait(s->ready, 0), -ESHUTDOWN);
	assert_int_equal(mpt_condition_notify_all(s->ready), -ESHUTDOWN);
	assert_int_equal(mpt_condition_release(s->ready), -ESHUTDOWN);
	assert_int_equal(seats_waited_in(s->object), 0);
	mpt_condition_destroy(s->ready);
}

static void *is_told_of_the_close(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_wait(s->ready, GUARD_NS) == -ESHUTDOWN);
	/* It has the lock, and can let it go. */
	child_claims(mpt_condition_release(s->ready) == 0);
	child_claims(mpt_condition_release(s->ready) == -EPERM);
	child_claims(mpt_condition_acquire(s->ready, 0) == -ESHUTDOWN);
	child_claims(mpt_condition_wait_for(s->ready, is_never_asked_again, s, 0) == -ESHUTDOWN);
	child_claims(mpt_condition_waiting(s->ready) == -ESHUTDOWN);
	return NULL;
}

static void closes_while_a_thread_waits(void *arg)
{
	struct scene *s = arg;
	pthread_t t = thread(is_told_of_the_close, s);

	child_claims_eventually(mpt_condition_waiting(s->ready) == 1);
	child_claims(mpt_condition_close(s->ready) == 0);
	child_claims(mpt_condition_close(s->ready) == 0);
	join_thread(t);
}

static void a_close_ends_the_waits_of_this_process_alone(void **state)
{
	struct scene *s = new_scene(NULL);

	(void)state;
	assert_ends_well(child(closes_while_a_thread_waits, s));
	end_scene(s);
}

/* Its storage is somebody else's only when it has left. */
static void who_is_stopped_inside_keeps_the_storage_from_being_given_away(void **state)
{
	struct scene *s = new_scene(NULL);
	const struct mpt_wire_object *o = s->object;
	uint32_t generation = o->generation;
	struct mpt_event *events[6];
	pid_t pid = child(sleeps, s);

	(void)state;
	assert_eventually(waiting(s) == 1);
	stop_child(pid);
	mpt_condition_destroy(s->ready);
	assert_int_not_equal(o->extent, 0);
	/* Each takes the first slot that may be used. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(mpt_event_create(&events[i], NULL, 0), 0);
	assert_int_equal(o->generation, generation);
	kill(pid, SIGCONT);
	assert_ends_well(pid);
	assert_int_equal(s->ends, 1);
	for (int i = 3; i < 6; i++)
		assert_int_equal(mpt_event_create(&events[i], NULL, 0), 0);
	assert_int_not_equal(o->generation, generation);
	for (int i = 0; i < 6; i++)
		mpt_event_destroy(events[i]);
}

/* ---- other processes ------------------------------------------------------------------------- */

static void role_notifies(const char *path)
{
	struct mpt_condition *ready;
	struct mpt_rlock *lock;

	child_claims(mpt_condition_open(&ready, path, 0) == 0);
	child_claims(mpt_condition_notify(ready, 1) == -EPERM);
	MPT_WITH_CONDITION (ready)
		child_claims(mpt_condition_notify(ready, 1) == 1);
	/* The lock has a name, too. */
	child_claims(mpt_rlock_open(&lock, "ready.lock", 0) == 0);
	child_claims(mpt_rlock_acquire(lock, GUARD_NS) == 0);
	child_claims(mpt_condition_notify_all(ready) == 0);
	child_claims(mpt_condition_release(ready) == 0);
	mpt_rlock_destroy(lock);
	mpt_condition_destroy(ready);
}

static void a_foreign_program_opens_it_by_name_with_its_lock(void **state)
{
	struct scene *s = new_scene(NULL);
	char name[48], path[64];
	pid_t pid = sleeper(s);

	(void)state;
	snprintf(name, sizeof(name), "condition-test-%d", getpid());
	snprintf(path, sizeof(path), "%s/ready", name);
	assert_int_equal(mpt_domain_publish(name), 0);
	assert_ends_well(program("role_notifies", path, NULL));
	assert_ends_well(pid);
	assert_int_equal(s->woke, 1);
	end_scene(s);
}

static void notifies_its_parents_thread(void *arg)
{
	struct scene *s = arg;

	child_claims(mpt_condition_waiting(s->ready) == 1);
	child_claims(mpt_condition_notify(s->ready, 1) == -EPERM); /* its parent holds it */
	reach(&s->point);
	child_claims(mpt_condition_acquire(s->ready, GUARD_NS) == 0);
	child_claims(mpt_condition_notify(s->ready, 5) == 1);
	child_claims(mpt_condition_release(s->ready) == 0);
}

static void a_fork_in_the_middle_copies_neither_waiters_nor_the_lock(void **state)
{
	struct scene *s = new_scene(NULL);
	pthread_t t = sleeper_thread(s);
	pid_t pid;

	(void)state;
	acquire(s);
	pid = child(notifies_its_parents_thread, s);
	assert_eventually(reached(&s->point));
	assert_int_equal(s->woke, 0);
	release(s);
	assert_ends_well(pid);
	join_thread(t);
	assert_int_equal(s->woke, 1);
	end_scene(s);
}

int main(int argc, char **argv)
{
	static const struct role roles[] = { { "role_notifies", role_notifies } };
	const struct CMUnitTest tests[] = {
		api_test(notify_all_returns_although_waiters_were_killed_and_counts_the_living),
		api_test(a_killed_waiter_uses_up_no_notify),
		api_test(one_killed_while_it_waits_for_the_lock_holds_nobody_up),
		api_test(one_whose_process_has_called_exec_waits_no_more),
		api_test(one_whose_thread_has_ended_in_it_waits_no_more),
		api_test(those_notified_by_one_that_died_with_the_lock_go_on_and_one_is_told),
		api_test(one_that_gives_up_and_takes_the_lock_over_is_told_both),
		api_test(a_predicate_is_not_asked_what_a_dead_holder_left),
		api_test(too_many_are_refused_and_the_dead_make_room),
		api_test(its_creators_destroy_ends_the_wait_of_all),
		api_test(a_given_lock_outlives_it_and_is_held_again),
		api_test(a_lock_that_ends_under_it_ends_the_waits),
		api_test(a_close_ends_the_waits_of_this_process_alone),
		api_test(who_is_stopped_inside_keeps_the_storage_from_being_given_away),
		api_test(a_foreign_program_opens_it_by_name_with_its_lock),
		api_test(a_fork_in_the_middle_copies_neither_waiters_nor_the_lock),
	};

	support_main(argc, argv, roles, sizeof(roles) / sizeof(roles[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
