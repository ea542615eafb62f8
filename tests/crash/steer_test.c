/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * steer_test.c - somebody is brought into the middle of a call, where he holds what others
 * need; then something happens to him that is not, or not only, a kill: he is stopped, he
 * becomes another program, he forks, another process gets his number.
 *
 * Does not own: kills there (step_*_test.c), pipes (pipe_test.c).
 */
#include "tests/api/step.h"
#include "tests/crash/kinds.h"

#include <linux/sched.h>
#include <sys/syscall.h>

#define MOST 100000u /* instructions to the middle of a call */
#define NAME "steered"

/* Of one row and test. */
struct scene {
	const struct kind *kind;
	void *object;
	const uint32_t *word;
	void (*in_the_middle)(void); /* run by a signal handler; may be NULL */
	uint32_t there, go;
};
static struct scene *scene;

static const struct mpt_wire_object *seen_object(void)
{
	return segment_object(NAME);
}

static bool is_taken(void *unused, pid_t pid)
{
	(void)unused;
	(void)pid;
	return __atomic_load_n(scene->word, __ATOMIC_SEQ_CST) != 0;
}

static void on_signal(int number)
{
	(void)number;
	scene->in_the_middle();
}

static void calls_once(void *unused)
{
	(void)unused;
	signal(SIGUSR1, on_signal);
	child_claims(scene->kind->call(scene->object, MPT_FOREVER) == 0);
}

/* Stopped in the middle; let_go says how it goes on. */
static pid_t begin(size_t row, void (*in_the_middle)(void))
{
	pid_t pid;

	scene = shared(sizeof(*scene));
	scene->kind = &kinds[row];
	scene->in_the_middle = in_the_middle;
	scene->object = scene->kind->make(NAME);
	assert_non_null(scene->object);
	assert_int_equal(scene->kind->call(scene->object, 0), 0);
	scene->word = kind_word(scene->kind, NAME);
	pid = victim(calls_once, NULL, true);
	assert_true(step_until(pid, is_taken, NULL, MOST));
	return pid;
}

static int call(uint64_t timeout)
{
	return scene->kind->call(scene->object, timeout);
}

static void end(void)
{
	for (int i = 0; i < 3; i++)
		assert_int_equal(call(GUARD_NS), 0);
	scene->kind->destroy(scene->object);
}

/* ---- stopped ------------------------------------------------------------------------------ */

static void waits_for_it(void *unused)
{
	(void)unused;
	reach(&scene->there);
	child_claims(call(MPT_FOREVER) == 0);
}

static void stop_one(size_t row)
{
	pid_t pid = begin(row, NULL), other;
	uint32_t word = *scene->word & ~MPT_LOCK_WAITERS;
	uint64_t start;

	let_go(pid, SIGSTOP);
	stop_child(pid);
	assert_int_equal(call(0), -EAGAIN);
	start = now_ns();
	assert_int_equal(call(MPT_MS(120)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(120));
	other = child(waits_for_it, NULL);
	assert_eventually(reached(&scene->there));
	assert_int_equal(call(MPT_MS(120)), -ETIMEDOUT);
	assert_int_equal(*scene->word & ~MPT_LOCK_WAITERS, word);
	kill(pid, SIGCONT);
	assert_ends_well(pid);
	assert_ends_well(other);
	assert_int_equal(seen_object()->recovered, 0);
	end();
}

/* Nobody takes what it has; timed calls of others come back; after SIGCONT all go on. */
static void of_one_that_is_stopped_nobody_takes_anything_and_all_go_on_after_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds_held; i++)
		stop_one(i);
}

/* ---- becomes another program ------------------------------------------------------------------ */

static void becomes_another_program(void)
{
	execl("/bin/sleep", "sleep", "100", (char *)NULL);
	_exit(97);
}

/* The pid lives on, and is no member any more. */
static void what_one_holds_that_calls_exec_in_the_middle_is_taken_over(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds_held; i++) {
		pid_t pid = begin(i, becomes_another_program);

		let_go(pid, SIGUSR1);
		assert_int_equal(call(GUARD_NS), 0);
		assert_true(seen_object()->recovered > 0);
		assert_int_equal(kill(pid, 0), 0);
		kill_child(pid);
		end();
	}
}

/* ---- forks ------------------------------------------------------------------------------------- */

/* The copy has its parent's memory, also that of being in the middle; but not what it holds. */
static void forks_one_that_is_killed(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		child_claims(call(0) == -EAGAIN);
		reach(&scene->there);
		for (;;)
			pause();
	}
	child_claims_eventually(reached(&scene->there));
	child_claims(kill(pid, SIGKILL) == 0);
	child_claims(waitpid(pid, NULL, 0) == pid);
	reach(&scene->go);
	child_claims_eventually(scene->go == 2);
}

static void a_child_forked_in_the_middle_has_nothing_and_its_death_frees_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds_held; i++) {
		pid_t pid = begin(i, forks_one_that_is_killed);

		let_go(pid, SIGUSR1);
		assert_eventually(reached(&scene->go));
		assert_int_equal(call(0), -EAGAIN);
		assert_int_equal(call(MPT_MS(60)), -ETIMEDOUT);
		reach(&scene->go);
		assert_ends_well(pid);
		assert_int_equal(seen_object()->recovered, 0);
		end();
	}
}

/* ---- another gets the number ---------------------------------------------------------------------- */

/* A child with that pid; 0: the kernel does not let us choose. */
static pid_t child_with_pid(pid_t pid, void (*body)(void))
{
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&pid,
				   .set_tid_size = 1 };
	pid_t made;

	do
		made = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	while (made < 0 && errno == EEXIST);
	if (made == 0) {
		body();
		for (;;)
			pause();
	}
	return made > 0 ? made : 0;
}

static void is_no_member(void)
{
	reach(&scene->there);
}

static void is_a_member(void)
{
	struct mpt_trace_info info;

	child_claims(mpt_trace_status(&info) == 0);
	reach(&scene->there);
}

static bool reuse_number(size_t row, void (*body)(void))
{
	pid_t pid = begin(row, NULL), again;

	kill_child(pid);
	again = child_with_pid(pid, body);
	if (again) {
		assert_int_equal(again, pid);
		assert_eventually(reached(&scene->there));
	}
	assert_int_equal(call(GUARD_NS), 0);
	assert_true(seen_object()->recovered > 0);
	if (again) {
		assert_int_equal(kill(again, SIGKILL), 0);
		assert_int_equal(waitpid(again, NULL, 0), again);
	}
	end();
	return again != 0;
}

static void a_dead_one_is_dead_also_when_another_process_has_its_number(void **state)
{
	(void)state;
	if (!reuse_number(0, is_no_member)) {
		print_message("# needs CAP_CHECKPOINT_RESTORE: a pid cannot be chosen here\n");
		skip();
	}
	for (size_t i = 0; i < kinds_held; i++) {
		assert_true(reuse_number(i, is_no_member));
		assert_true(reuse_number(i, is_a_member));
	}
}

/* ---- a thread of its ends ------------------------------------------------------------------------- */

static void *takes_it_and_ends(void *unused)
{
	child_claims(scene->kind->acquire(scene->object, 0) == 0);
	return unused;
}

static void lives_on(void *unused)
{
	pthread_join(thread(takes_it_and_ends, NULL), NULL);
	reach(&scene->there);
	child_claims_eventually(reached(&scene->go));
	kill(getpid(), SIGKILL);
	(void)unused;
}

/* It has not died: only the end of its process is a death. */
static void what_a_thread_had_that_ended_is_held_until_its_process_has_died(void **state)
{
	(void)state;
	for (size_t i = 0; i < kinds_held && kinds[i].acquire; i++) {
		pid_t pid = begin(i, NULL), other;

		let_go(pid, 0);
		assert_ends_well(pid);
		other = child(lives_on, NULL);
		assert_eventually(reached(&scene->there));
		assert_int_equal(call(0), -EAGAIN);
		assert_int_equal(call(MPT_MS(120)), -ETIMEDOUT);
		assert_int_equal(seen_object()->recovered, 0);
		reach(&scene->go);
		assert_int_equal(end_of(other), -SIGKILL);
		assert_int_equal(call(GUARD_NS), 0);
		assert_int_equal(seen_object()->recovered, 1);
		end();
	}
}

/* ---- the creator, and all but one -------------------------------------------------------------------- */

static void makes_it_and_is_killed(void *unused)
{
	(void)unused;
	child_claims(scene->kind->make(scene->kind->name) != NULL);
	kill(getpid(), SIGKILL);
}

static void what_a_killed_one_has_made_works_for_all_others(void **state)
{
	struct mpt_trace_info info;

	(void)state;
	assert_int_equal(mpt_trace_status(&info), 0);
	for (size_t i = 0; i < kinds_count; i++) {
		scene = shared(sizeof(*scene));
		scene->kind = &kinds[i];
		assert_int_equal(end_of(child(makes_it_and_is_killed, NULL)), -SIGKILL);
		scene->object = scene->kind->open(scene->kind->name);
		assert_non_null(scene->object);
		assert_ends_well(child(waits_for_it, NULL));
		end();
	}
}

static void calls_for_ever(void *unused)
{
	(void)unused;
	for (;;)
		if (call(MPT_MS(20)) == 0)
			reach(&scene->there);
}

#define CROWD 6

static void when_all_but_one_are_killed_the_last_one_goes_on(void **state)
{
	pid_t crowd[CROWD];

	(void)state;
	for (size_t i = 0; i < kinds_held; i++) {
		pid_t pid = begin(i, NULL);

		for (int n = 0; n < CROWD; n++)
			crowd[n] = child(calls_for_ever, NULL);
		let_go(pid, 0);
		assert_ends_well(pid);
		assert_eventually(reached(&scene->there));
		for (int n = 0; n < CROWD; n++)
			kill_child(crowd[n]);
		/* They may have left it full, or empty. */
		if (strncmp(scene->kind->name, "Queue", 5) == 0) {
			char byte[8];

			while (mpt_queue_get(scene->object, byte, 8, 0) > 0)
				;
			for (int n = 0; n < 8; n++)
				assert_true(mpt_queue_put(scene->object, &n, sizeof(n), 0) >= 0);
		}
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(of_one_that_is_stopped_nobody_takes_anything_and_all_go_on_after_it),
		api_test(what_one_holds_that_calls_exec_in_the_middle_is_taken_over),
		api_test(a_child_forked_in_the_middle_has_nothing_and_its_death_frees_nothing),
		api_test(a_dead_one_is_dead_also_when_another_process_has_its_number),
		api_test(what_a_thread_had_that_ended_is_held_until_its_process_has_died),
		api_test(what_a_killed_one_has_made_works_for_all_others),
		api_test(when_all_but_one_are_killed_the_last_one_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
