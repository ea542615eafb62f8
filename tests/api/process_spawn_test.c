/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_spawn_test.c - a child that is another program behaves as one that is a
 * function: the list of process_test.c and its neighbours, for both (156).
 *
 * Does not own: what only programs do (process_program_test.c).  Left out: failures of a
 * main and daemon threads (13, 21), as a program ends by its own exit.
 */
#include "tests/api/methods.h"

#include <fcntl.h>
#include <poll.h>

static const struct mpt_process_options named = { .name = "greeter" };

/* ---- parts ------------------------------------------------------------------------------ */

static int awaits_gate(const char *unused)
{
	(void)unused;
	signal_awaited("gate");
	return 0;
}

static int pauses(const char *unused)
{
	(void)unused;
	return process_pause(NULL);
}

static int returns(const char *code)
{
	return atoi(code);
}

static int exits(const char *code)
{
	exit(atoi(code));
}

static int leaves(const char *code)
{
	_exit(atoi(code));
}

static int aborts(const char *unused)
{
	(void)unused;
	abort();
}

/* ---- one life --------------------------------------------------------------------------- */

static void b01_a_process_lives_from_start_to_its_end(void **state)
{
	struct mpt_event *gate = signal_made("gate");
	struct mpt_process *p = method_of(state)->create("awaits_gate", "", NULL);
	pid_t listed[2] = { 0 };

	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_exit_code(p), MPT_EXIT_NONE);
	assert_int_equal(mpt_process_pid(p), 0);
	assert_int_equal(mpt_process_active_children(listed, 2), 0);

	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(mpt_process_alive(p), 1);
	assert_int_equal(mpt_process_exit_code(p), MPT_EXIT_NONE);
	assert_int_equal(mpt_process_active_children(listed, 2), 1);
	assert_int_equal(listed[0], mpt_process_pid(p));

	mpt_event_set(gate);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_alive(p), 0);
	assert_int_equal(mpt_process_exit_code(p), 0);
	assert_int_equal(mpt_process_active_children(listed, 2), 0);
	mpt_process_destroy(p);
	mpt_event_destroy(gate);
}

struct self {
	struct mpt_process_info me, parent;
	pid_t parent_pid, tid;
	char arg[16];
};

static int tells_who_it_is(const char *arg)
{
	struct self self = { .parent_pid = getppid(), .tid = gettid() };

	child_claims(mpt_process_current(&self.me) == 0 && mpt_process_parent(&self.parent) == 0);
	snprintf(self.arg, sizeof(self.arg), "%s", arg);
	tell_the_parent("told", &self, sizeof(self));
	return 0;
}

static struct self who_is(void **state, const struct mpt_process_options *options)
{
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p = method_run(method_of(state), "tells_who_it_is", "hello", options);
	pid_t pid = mpt_process_pid(p);
	struct self self;

	told_by_child(told, &self, sizeof(self));
	assert_int_equal(process_end(p), 0);
	assert_int_equal(self.me.pid, pid);
	mpt_queue_destroy(told);
	return self;
}

static void b02_the_child_has_its_argument_and_its_name_and_pid(void **state)
{
	struct self self = who_is(state, &named);

	assert_string_equal(self.arg, "hello");
	assert_string_equal(self.me.name, "greeter");
}

static void b04_the_daemon_flag_is_known_to_the_child(void **state)
{
	assert_false(who_is(state, NULL).me.daemon);
	assert_true(who_is(state, &process_daemon).me.daemon);
}

static int starts_as_a_daemon(const char *unused)
{
	struct mpt_process *p = method_of_child()->create("pauses", "", NULL);

	(void)unused;
	child_claims(mpt_process_daemon(p));
	child_claims(mpt_process_start(p) == -EPERM);
	child_claims(mpt_process_active_children(NULL, 0) == 0);
	mpt_process_destroy(p);
	return 0;
}

static void b06_a_daemon_has_no_children(void **state)
{
	assert_int_equal(process_end(method_run(method_of(state), "starts_as_a_daemon", "",
						&process_daemon)),
			 0);
}

static void b07_starting_twice_and_joining_before_start_fail(void **state)
{
	struct mpt_process *p = method_of(state)->create("returns", "0", NULL);

	assert_int_equal(mpt_process_join(p, MPT_FOREVER), -ECHILD);
	assert_int_equal(mpt_process_terminate(p), -ECHILD);
	assert_int_equal(mpt_process_kill(p), -ECHILD);
	assert_int_equal(mpt_process_start(p), 0);
	assert_int_equal(mpt_process_start(p), -EALREADY);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_start(p), -EALREADY);
	assert_int_equal(process_end(p), 0);
}

static void b08_b09_terminate_and_kill_give_their_signal(void **state)
{
	struct mpt_process *p = method_run(method_of(state), "pauses", "", NULL);

	assert_int_equal(mpt_process_terminate(p), 0);
	assert_int_equal(process_end(p), -SIGTERM);
	p = method_run(method_of(state), "pauses", "", NULL);
	assert_int_equal(mpt_process_kill(p), 0);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_kill(p), 0); /* nobody is hit */
	assert_int_equal(process_end(p), -SIGKILL);
}

static void b10_b11_join_waits_as_long_as_it_was_told(void **state)
{
	struct mpt_process *p = method_run(method_of(state), "pauses", "", NULL);
	uint64_t start;

	assert_int_equal(mpt_process_join(p, 0), -EAGAIN);
	assert_int_equal(mpt_process_join(p, mpt_timeout(-1.0)), -EAGAIN);
	start = now_ns();
	assert_int_equal(mpt_process_join(p, MPT_MS(130)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(130));
	assert_int_equal(mpt_process_alive(p), 1);
	mpt_process_kill(p);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_join(p, 0), 0);
	mpt_process_destroy(p);
}

static void b12_the_exit_status_is_the_exit_code(void **state)
{
	static const char *const ways[] = { "returns", "exits", "leaves" };
	static const char *const codes[] = { "0", "1", "7", "255" };

	for (size_t w = 0; w < 3; w++)
		for (size_t c = 0; c < 4; c++)
			assert_int_equal(method_code(method_of(state), ways[w], codes[c]),
					 atoi(codes[c]));
	assert_int_equal(method_code(method_of(state), "aborts", ""), -SIGABRT);
}

static void b14_asking_for_the_active_children_reaps_the_others(void **state)
{
	struct mpt_process *p[3];

	for (int i = 0; i < 3; i++)
		p[i] = method_run(method_of(state), "returns", "0", NULL);
	for (int i = 0; i < 3; i++)
		assert_eventually(process_readable(mpt_process_sentinel(p[i])));
	assert_int_equal(mpt_process_active_children(NULL, 0), 0);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(waitpid(mpt_process_pid(p[i]), NULL, WNOHANG), -1);
		assert_int_equal(errno, ECHILD);
		assert_int_equal(process_end(p[i]), 0);
	}
}

/* One poll(2) over several: it ends with the first of them. */
static void b16_sentinels_are_for_poll(void **state)
{
	struct mpt_event *gate = signal_made("gate");
	struct mpt_process *sleeper = method_of(state)->create("pauses", "", NULL), *p;
	struct pollfd ends[2] = { { .events = POLLIN }, { .events = POLLIN } };

	assert_int_equal(mpt_process_sentinel(sleeper), -ECHILD);
	assert_int_equal(mpt_process_start(sleeper), 0);
	p = method_run(method_of(state), "awaits_gate", "", NULL);
	ends[0].fd = mpt_process_sentinel(sleeper);
	ends[1].fd = mpt_process_sentinel(p);
	assert_true(ends[0].fd > 2 && ends[1].fd > 2);
	assert_true(fcntl(ends[0].fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(poll(ends, 2, 0), 0);
	mpt_event_set(gate);
	assert_int_equal(poll(ends, 2, 30000), 1);
	assert_int_equal(ends[0].revents, 0);
	assert_int_equal(ends[1].revents, POLLIN);
	assert_int_equal(mpt_process_join(p, 0), 0);
	assert_int_equal(poll(ends, 2, 0), 1); /* and stays so */
	assert_int_equal(process_end(p), 0);
	process_kill_and_free(sleeper);
	mpt_event_destroy(gate);
}

static void b17_close_fails_while_alive_and_shuts_all_calls_after(void **state)
{
	struct mpt_process *p = method_run(method_of(state), "pauses", "", NULL);

	assert_int_equal(mpt_process_close(p), -EBUSY);
	mpt_process_kill(p);
	assert_int_equal(mpt_process_join(p, MPT_FOREVER), 0);
	assert_int_equal(mpt_process_close(p), 0);
	assert_int_equal(mpt_process_close(p), 0);
	assert_int_equal(mpt_process_start(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_join(p, 0), -ESHUTDOWN);
	assert_int_equal(mpt_process_sentinel(p), -ESHUTDOWN);
	assert_int_equal(mpt_process_pid(p), 0);
	mpt_process_destroy(p);
}

/* ---- families ---------------------------------------------------------------------------- */

struct family {
	pid_t daemon, worker;
};

static int has_children_and_leaves(const char *way)
{
	struct mpt_event *runs = signal_of("runs");
	struct mpt_process *daemon =
		method_run(method_of_child(), "serves", "", &process_daemon);
	struct mpt_process *worker = method_run(method_of_child(), "awaits_gate", "", NULL);
	struct family family = { mpt_process_pid(daemon), mpt_process_pid(worker) };

	child_claims(mpt_event_wait(runs, 3 * GUARD_NS) == 0);
	tell_the_parent("told", &family, sizeof(family));
	if (*way == 'e')
		exit(5);
	return 5;
}

static int serves(const char *unused)
{
	mpt_event_set(signal_of("runs"));
	return pauses(unused);
}

static void family_ends_in_order(void **state, const char *way)
{
	struct mpt_event *gate = signal_made("gate"), *runs = signal_made("runs");
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *creator =
		method_run(method_of(state), "has_children_and_leaves", way, NULL);
	struct family family;

	told_by_child(told, &family, sizeof(family));
	/* The daemon goes first; the creator stays, for its worker. */
	assert_eventually(process_gone(family.daemon));
	assert_int_equal(mpt_process_join(creator, MPT_MS(100)), -ETIMEDOUT);
	assert_false(process_gone(family.worker));
	mpt_event_set(gate);
	assert_int_equal(process_end(creator), 5);
	assert_true(process_gone(family.worker));
	mpt_event_destroy(gate);
	mpt_event_destroy(runs);
	mpt_queue_destroy(told);
}

static void b05_daemons_end_with_their_creator_others_are_joined(void **state)
{
	family_ends_in_order(state, "return");
	family_ends_in_order(state, "exit");
}

static int descends(const char *left)
{
	struct mpt_process_info me;
	char less[12];

	child_claims(mpt_process_current(&me) == 0);
	tell_the_parent("told", me.name, sizeof(me.name));
	snprintf(less, sizeof(less), "%d", atoi(left) - 1);
	for (int i = 0; i < 2 && atoi(left) > 0; i++)
		child_claims(method_code(method_of_child(), "descends", less) == 0);
	return 0;
}

static void b15_children_start_children_in_order(void **state)
{
	static const char *const expected[] = { "",	 ":1",	   ":1:1", ":1:2",
						":2", ":2:1", ":2:2" };
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p = method_run(method_of(state), "descends", "2", NULL);
	char seen[48], wanted[60];

	for (int i = 0; i < 7; i++) {
		told_by_child(told, seen, sizeof(seen));
		snprintf(wanted, sizeof(wanted), "%s%s", mpt_process_name(p), expected[i]);
		assert_string_equal(seen, wanted);
	}
	assert_int_equal(process_end(p), 0);
	mpt_queue_destroy(told);
}

#define MANY 100

static void b18_a_hundred_processes_all_end_well(void **state)
{
	struct mpt_process *p[MANY];

	for (int i = 0; i < MANY; i++)
		p[i] = method_run(method_of(state), "returns", "0", NULL);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(process_end(p[i]), 0);
}

static void b18_a_hundred_processes_terminated_at_once(void **state)
{
	struct mpt_process *p[MANY];

	for (int i = 0; i < MANY; i++)
		p[i] = method_run(method_of(state), "pauses", "", NULL);
	assert_int_equal(mpt_process_active_children(NULL, 0), MANY);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(mpt_process_terminate(p[i]), 0);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(process_end(p[i]), -SIGTERM);
}

static void b19_the_parent_is_known_by_id_and_name(void **state)
{
	struct self self = who_is(state, NULL);

	assert_int_equal(self.parent.pid, getpid());
	assert_int_equal(self.parent_pid, getpid());
	assert_string_equal(self.parent.name, "MainProcess");
	assert_false(self.parent.daemon);
}

static int watches_its_parent(const char *unused)
{
	struct pollfd end = { .events = POLLIN, .fd = mpt_process_parent_sentinel() };
	struct mpt_process_info parent;

	(void)unused;
	child_claims(end.fd >= 0 && !process_readable(end.fd));
	child_claims(mpt_process_parent(&parent) == 0);
	tell_the_parent("told", &parent, sizeof(parent));
	child_claims(poll(&end, 1, 30000) == 1);
	mpt_event_set(signal_of("saw it"));
	return 0;
}

static int has_a_watching_child(const char *unused)
{
	method_run(method_of_child(), "watches_its_parent", "", NULL);
	return pauses(unused);
}

static void b19_a_grandchild_sees_its_parent_die(void **state)
{
	struct mpt_event *saw_it = signal_made("saw it");
	struct mpt_queue *told = telling_made("told");
	struct mpt_process *p = method_run(method_of(state), "has_a_watching_child", "", &named);
	struct mpt_process_info parent;

	told_by_child(told, &parent, sizeof(parent));
	assert_int_equal(parent.pid, mpt_process_pid(p));
	assert_string_equal(parent.name, "greeter");
	process_kill_and_free(p);
	assert_int_equal(mpt_event_wait(saw_it, 3 * GUARD_NS), 0);
	mpt_event_destroy(saw_it);
	mpt_queue_destroy(told);
}

/* ---- what a child inherits ------------------------------------------------------------------ */

static int counts_descriptors(const char *unused)
{
	unsigned int n = process_descriptors();

	(void)unused;
	tell_the_parent("told", &n, sizeof(n));
	return 0;
}

static unsigned int descriptors_of_a_child(void **state, struct mpt_queue *told)
{
	unsigned int n;

	assert_int_equal(method_code(method_of(state), "counts_descriptors", ""), 0);
	told_by_child(told, &n, sizeof(n));
	return n;
}

static void b20_descriptors_do_not_grow_with_siblings(void **state)
{
	struct mpt_queue *told = telling_made("told");
	unsigned int alone = descriptors_of_a_child(state, told);
	struct mpt_process *sibling[20];

	for (int i = 0; i < 20; i++)
		sibling[i] = method_run(method_of(state), "pauses", "", NULL);
	assert_int_equal(descriptors_of_a_child(state, told), alone);
	for (int i = 0; i < 20; i++)
		process_kill_and_free(sibling[i]);
	mpt_queue_destroy(told);
}

static void *starts_some(void *method)
{
	struct mpt_process *p[10];

	for (int i = 0; i < 10; i++)
		p[i] = method_run(method, "counts_descriptors", "", NULL);
	for (int i = 0; i < 10; i++)
		child_claims(process_end(p[i]) == 0);
	return NULL;
}

static void b20_nor_with_threads_that_start_at_the_same_time(void **state)
{
	struct mpt_queue *told = telling_made("told");
	unsigned int alone = descriptors_of_a_child(state, told), n;
	pthread_t t[4];

	for (int i = 0; i < 4; i++)
		t[i] = thread(starts_some, *state);
	for (int i = 0; i < 40; i++) {
		told_by_child(told, &n, sizeof(n));
		assert_int_equal(n, alone);
	}
	for (int i = 0; i < 4; i++)
		join_thread(t[i]);
	mpt_queue_destroy(told);
}

static int prints_to_nowhere(const char *unused)
{
	close(0);
	close(1);
	close(2);
	printf("lost%s\n", unused);
	fprintf(stderr, "lost\n");
	return method_code(method_of_child(), "prints", "6");
}

static int prints(const char *code)
{
	printf("lost\n");
	fprintf(stderr, "lost\n");
	child_claims(fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0);
	return atoi(code);
}

static void b22_a_child_works_without_standard_descriptors(void **state)
{
	assert_int_equal(method_code(method_of(state), "prints_to_nowhere", ""), 6);
}

static void b23_the_childs_main_thread_has_an_id_of_its_own(void **state)
{
	struct self self = who_is(state, NULL);

	assert_int_not_equal(self.tid, gettid());
	assert_int_equal(self.tid, self.me.pid);
}

static uint32_t stop, turning;

/* Takes and frees, without a pause, every lock a start could meet. */
static void *keeps_locks_busy(void *victim)
{
	for (bool first = true; !reached(&stop); first = false) {
		mpt_process_active_children(NULL, 0);
		mpt_process_alive(victim);
		mpt_process_join(victim, 0);
		if (!SANITIZED)
			free(malloc(100));
		if (first)
			reach(&turning);
	}
	return NULL;
}

static void b24_locks_of_other_threads_do_not_hang_the_child(void **state)
{
	struct mpt_process *victim = method_run(method_of(state), "pauses", "", NULL);
	pthread_t t[3];

	stop = turning = 0;
	for (int i = 0; i < 3; i++)
		t[i] = thread(keeps_locks_busy, victim);
	assert_eventually(__atomic_load_n(&turning, __ATOMIC_SEQ_CST) == 3);
	for (int i = 0; i < 30; i++)
		assert_int_equal(method_code(method_of(state), "exits", "9"), 9);
	reach(&stop);
	for (int i = 0; i < 3; i++)
		join_thread(t[i]);
	process_kill_and_free(victim);
}

#define PART(play) { #play, play }

int main(int argc, char **argv)
{
	static const struct part parts[] = {
		PART(awaits_gate),	 PART(pauses),
		PART(returns),		 PART(exits),
		PART(leaves),		 PART(aborts),
		PART(tells_who_it_is),	 PART(starts_as_a_daemon),
		PART(serves),		 PART(has_children_and_leaves),
		PART(descends),		 PART(watches_its_parent),
		PART(prints),		 PART(has_a_watching_child),
		PART(prints_to_nowhere), PART(counts_descriptors),
	};
	const struct CMUnitTest tests[] = {
		by_both(b01_a_process_lives_from_start_to_its_end),
		by_both(b02_the_child_has_its_argument_and_its_name_and_pid),
		by_both(b04_the_daemon_flag_is_known_to_the_child),
		by_both(b05_daemons_end_with_their_creator_others_are_joined),
		by_both(b06_a_daemon_has_no_children),
		by_both(b07_starting_twice_and_joining_before_start_fail),
		by_both(b08_b09_terminate_and_kill_give_their_signal),
		by_both(b10_b11_join_waits_as_long_as_it_was_told),
		by_both(b12_the_exit_status_is_the_exit_code),
		by_both(b14_asking_for_the_active_children_reaps_the_others),
		by_both(b15_children_start_children_in_order),
		by_both(b16_sentinels_are_for_poll),
		by_both(b17_close_fails_while_alive_and_shuts_all_calls_after),
		by_both(b18_a_hundred_processes_all_end_well),
		by_both(b18_a_hundred_processes_terminated_at_once),
		by_both(b19_the_parent_is_known_by_id_and_name),
		by_both(b19_a_grandchild_sees_its_parent_die),
		by_both(b20_descriptors_do_not_grow_with_siblings),
		by_both(b20_nor_with_threads_that_start_at_the_same_time),
		by_both(b22_a_child_works_without_standard_descriptors),
		by_both(b23_the_childs_main_thread_has_an_id_of_its_own),
		by_both(b24_locks_of_other_threads_do_not_hang_the_child),
	};

	methods_main(argc, argv, parts, sizeof(parts) / sizeof(parts[0]));
	return cmocka_run_group_tests(tests, NULL, NULL);
}
