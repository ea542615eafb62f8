/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * barrier_test.c - Barrier, behaviours 96 to 105 and its two rows of the table of
 * one-kill experiments; read from the top, it is a tutorial.
 */
#include "tests/api/support.h"

#define PARTIES 3

/* What processes of one test share. */
struct scene {
	struct mpt_barrier *barrier;
	uint32_t came[64];   /* per round */
	uint32_t index[16];  /* how often each number was given */
	uint32_t actions;
};

static struct scene *scene;

static struct mpt_barrier *new_barrier(const struct mpt_barrier_options *options)
{
	struct mpt_barrier *barrier;

	assert_int_equal(mpt_barrier_create(&barrier, options), 0);
	assert_non_null(barrier);
	return barrier;
}

static struct scene *new_scene(uint32_t parties, int (*action)(void *))
{
	struct mpt_barrier_options options = {.name = "gate", .parties = parties, .action = action};

	scene = shared(sizeof(*scene));
	scene->barrier = new_barrier(&options);
	return scene;
}

static uint32_t count(uint32_t *word)
{
	return __atomic_fetch_add(word, 1, __ATOMIC_SEQ_CST);
}

static uint32_t counted(uint32_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

/* ---- passing ------------------------------------------------------------------- */

static void passes_ten_times(void *unused)
{
	(void)unused;
	for (int round = 0; round < 10; round++) {
		int number;

		count(&scene->came[round]);
		number = mpt_barrier_wait(scene->barrier, GUARD_NS);
		child_claims(number >= 0 && number < PARTIES);
		count(&scene->index[number]);
		child_claims(counted(&scene->came[round]) == PARTIES);
		/* Nobody passes the next one without us. */
		child_claims(round > 7 || counted(&scene->came[round + 2]) == 0);
	}
}

static void b96_b97_parties_pass_in_lockstep_each_with_its_number(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	pid_t pids[PARTIES];

	(void)state;
	for (int i = 0; i < PARTIES; i++)
		pids[i] = child(passes_ten_times, NULL);
	for (int i = 0; i < PARTIES; i++)
		assert_ends_well(pids[i]);
	for (int i = 0; i < PARTIES; i++)
		assert_int_equal(s->index[i], 10);
	assert_int_equal(mpt_barrier_waiting(s->barrier), 0);
	assert_int_equal(mpt_barrier_broken(s->barrier), 0);
	assert_int_equal(mpt_barrier_parties(s->barrier), PARTIES);
	mpt_barrier_destroy(s->barrier);
}

static void passes_often(void *unused)
{
	(void)unused;
	for (int round = 0; round < 1000; round++)
		child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) >= 0);
}

static void b105_a_thousand_passes_of_five_do_not_mix(void **state)
{
	struct scene *s = new_scene(5, NULL);
	pid_t pids[5];

	(void)state;
	for (int i = 0; i < 5; i++)
		pids[i] = child(passes_often, NULL);
	for (int i = 0; i < 5; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(MPT_GATE_GENERATION(segment_object("gate")->latch), 1000);
	assert_int_equal(mpt_barrier_waiting(s->barrier), 0);
	mpt_barrier_destroy(s->barrier);
}

static void b104_one_party_never_waits(void **state)
{
	struct scene *s = new_scene(1, NULL);

	(void)state;
	for (int i = 0; i < 100; i++)
		assert_int_equal(mpt_barrier_wait(s->barrier, 0), 0);
	mpt_barrier_destroy(s->barrier);
}

/* ---- the action ------------------------------------------------------------------ */

static int acts(void *unused)
{
	(void)unused;
	count(&scene->actions);
	return 0;
}

static void sees_the_action_done(void *unused)
{
	(void)unused;
	child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) >= 0);
	child_claims(counted(&scene->actions) == 1);
}

static void b98_the_action_runs_once_before_anybody_goes_on(void **state)
{
	struct scene *s = new_scene(PARTIES, acts);
	pid_t pids[PARTIES];

	(void)state;
	for (int i = 0; i < PARTIES; i++)
		pids[i] = child(sees_the_action_done, NULL);
	for (int i = 0; i < PARTIES; i++)
		assert_ends_well(pids[i]);
	assert_int_equal(s->actions, 1);
	mpt_barrier_destroy(s->barrier);
}

static int fails(void *unused)
{
	(void)unused;
	return -1;
}

static void finds_it_broken(void *unused)
{
	(void)unused;
	child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) == -ECANCELED);
	child_claims(mpt_barrier_broken(scene->barrier) == 1);
	child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) == -ECANCELED);
}

static void b99_a_failing_action_breaks_it_for_all(void **state)
{
	struct scene *s = new_scene(2, fails);
	pid_t pid = child(finds_it_broken, NULL);

	(void)state;
	assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), -ECANCELED);
	assert_ends_well(pid);
	mpt_barrier_destroy(s->barrier);
}

/* ---- breaking and mending --------------------------------------------------------- */

static void b100_abort_breaks_it_for_those_who_wait_and_those_who_come(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	pid_t pid = child(finds_it_broken, NULL);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_BARRIER_WAIT));
	assert_int_equal(mpt_barrier_abort(s->barrier), 0);
	assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), -ECANCELED);
	assert_ends_well(pid);
	assert_int_equal(mpt_barrier_waiting(s->barrier), 0);
	mpt_barrier_destroy(s->barrier);
}

static void is_sent_away(void *unused)
{
	(void)unused;
	child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) == -ECANCELED);
}

static void passes_once(void *unused)
{
	(void)unused;
	child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) >= 0);
}

static void assert_works(struct scene *s)
{
	pid_t pid = child(passes_once, NULL);

	assert_true(mpt_barrier_wait(s->barrier, GUARD_NS) >= 0);
	assert_ends_well(pid);
}

static void b101_reset_sends_those_who_wait_away_and_it_works_again(void **state)
{
	struct scene *s = new_scene(2, NULL);
	pid_t pid = child(is_sent_away, NULL);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_BARRIER_WAIT));
	assert_int_equal(mpt_barrier_reset(s->barrier), 0);
	/* However quickly the next ones pass. */
	assert_works(s);
	assert_ends_well(pid);
	assert_int_equal(mpt_barrier_broken(s->barrier), 0);
	assert_works(s);
	mpt_barrier_destroy(s->barrier);
}

static void b102_reset_mends_what_is_broken(void **state)
{
	struct scene *s = new_scene(2, NULL);

	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(mpt_barrier_abort(s->barrier), 0);
		assert_int_equal(mpt_barrier_broken(s->barrier), 1);
		assert_int_equal(mpt_barrier_reset(s->barrier), 0);
		assert_int_equal(mpt_barrier_broken(s->barrier), 0);
		assert_works(s);
	}
	mpt_barrier_destroy(s->barrier);
}

static void b103_who_gives_up_breaks_it_for_all(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	pid_t pid = child(finds_it_broken, NULL);
	uint64_t start;

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_BARRIER_WAIT));
	start = now_ns();
	assert_int_equal(mpt_barrier_wait(s->barrier, MPT_MS(60)), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	assert_ends_well(pid);
	assert_int_equal(mpt_barrier_broken(s->barrier), 1);
	mpt_barrier_destroy(s->barrier);
}

static void b103_the_default_timeout_does_the_same(void **state)
{
	struct mpt_barrier_options options = {.parties = 2, .timeout_ns = MPT_MS(60)};
	struct mpt_barrier *barrier = new_barrier(&options);
	uint64_t start = now_ns();

	(void)state;
	assert_int_equal(mpt_barrier_wait(barrier, MPT_BARRIER_DEFAULT), -ETIMEDOUT);
	assert_took_about(start, MPT_MS(60));
	assert_int_equal(mpt_barrier_reset(barrier), 0);
	assert_int_equal(mpt_barrier_wait(barrier, 0), -EAGAIN);
	assert_int_equal(mpt_barrier_broken(barrier), 1);
	mpt_barrier_destroy(barrier);
}

/* ---- deaths ------------------------------------------------------------------------ */

static void b96_a_killed_waiter_breaks_it_for_the_others(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	const struct mpt_wire_object *o = segment_object("gate");
	pid_t dead = child(passes_once, NULL), alive;

	(void)state;
	assert_eventually(is_blocked_in(dead, MPT_OP_BARRIER_WAIT));
	kill_child(dead);
	/* Two more come: with the dead one they would be three. */
	alive = child(is_sent_away, NULL);
	assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), -ECANCELED);
	assert_ends_well(alive);
	assert_int_equal(mpt_barrier_broken(s->barrier), 1);
	assert_int_equal(o->recovered, 1);
	assert_int_equal(o->recovered_pid, segment_process(dead)->pid);
	/* Mended, it works, and the dead one's seat is nobody's. */
	assert_int_equal(mpt_barrier_reset(s->barrier), 0);
	for (int i = 0; i < 20; i++) {
		pid_t a = child(passes_once, NULL), b = child(passes_once, NULL);

		assert_true(mpt_barrier_wait(s->barrier, GUARD_NS) >= 0);
		assert_ends_well(a);
		assert_ends_well(b);
	}
	mpt_barrier_destroy(s->barrier);
}

static void b100_abort_returns_although_a_waiter_was_killed(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	pid_t dead = child(passes_once, NULL);

	(void)state;
	assert_eventually(is_blocked_in(dead, MPT_OP_BARRIER_WAIT));
	kill_child(dead);
	assert_int_equal(mpt_barrier_abort(s->barrier), 0);
	assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), -ECANCELED);
	mpt_barrier_destroy(s->barrier);
}

static int dies(void *unused)
{
	(void)unused;
	kill(getpid(), SIGKILL);
	return 0;
}

static void b99_who_dies_in_the_action_breaks_it(void **state)
{
	struct scene *s = new_scene(2, dies);
	pid_t waiter = child(is_sent_away, NULL), last;

	(void)state;
	assert_eventually(is_blocked_in(waiter, MPT_OP_BARRIER_WAIT));
	last = child(passes_once, NULL);
	assert_int_equal(end_of(last), -SIGKILL);
	assert_ends_well(waiter);
	assert_int_equal(mpt_barrier_broken(s->barrier), 1);
	mpt_barrier_destroy(s->barrier);
}

static int dies_the_first_time(void *unused)
{
	return count(&scene->actions) == 0 ? dies(unused) : 0;
}

/* Nobody is left inside who could find it. */
static void b99_who_dies_in_it_alone_breaks_it_for_who_comes_next(void **state)
{
	struct scene *s = new_scene(1, dies_the_first_time);

	(void)state;
	assert_int_equal(end_of(child(passes_once, NULL)), -SIGKILL);
	assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), -ECANCELED);
	assert_int_equal(mpt_barrier_reset(s->barrier), 0);
	assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), 0);
	mpt_barrier_destroy(s->barrier);
}

/* Generations are counted to 65,536. */
static void b96_a_dead_one_of_long_ago_breaks_nothing(void **state)
{
	struct scene *s = new_scene(1, dies_the_first_time);

	(void)state;
	assert_int_equal(end_of(child(passes_once, NULL)), -SIGKILL);
	assert_int_equal(mpt_barrier_reset(s->barrier), 0);
	for (int i = 0; i < 65536 + 8; i++)
		assert_int_equal(mpt_barrier_wait(s->barrier, GUARD_NS), 0);
	mpt_barrier_destroy(s->barrier);
}

/* ---- ends and nonsense ---------------------------------------------------------------- */

static void waits_for_its_end(void *unused)
{
	(void)unused;
	child_claims(mpt_barrier_wait(scene->barrier, GUARD_NS) == -ESHUTDOWN);
}

static void its_creators_destroy_ends_the_wait_of_all(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	const struct mpt_wire_object *o = segment_object("gate");
	pid_t pid = child(waits_for_its_end, NULL);

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_BARRIER_WAIT));
	mpt_barrier_destroy(s->barrier);
	assert_ends_well(pid);
	assert_int_equal(o->extent, 0);
}

/* He will give his seat back when he goes on: nobody else's storage may lie there then. */
static void the_storage_stays_with_one_who_is_stopped_inside(void **state)
{
	struct scene *s = new_scene(PARTIES, NULL);
	const struct mpt_wire_object *o = segment_object("gate");
	struct mpt_barrier_options options = { .name = "next", .parties = PARTIES };
	pid_t pid = child(waits_for_its_end, NULL);
	struct mpt_barrier *next;

	(void)state;
	assert_eventually(is_blocked_in(pid, MPT_OP_BARRIER_WAIT));
	stop_child(pid);
	mpt_barrier_destroy(s->barrier);
	next = new_barrier(&options);
	assert_ptr_not_equal(segment_object("next"), o);
	mpt_barrier_destroy(next);
	kill(pid, SIGCONT);
	assert_ends_well(pid);
	next = new_barrier(&options);
	assert_ptr_equal(segment_object("next"), o);
	mpt_barrier_destroy(next);
}

static void wrong_uses_are_refused(void **state)
{
	struct mpt_barrier_options options = {.name = "gate", .parties = 0};
	struct mpt_barrier *barrier, *other;

	(void)state;
	assert_int_equal(mpt_barrier_create(NULL, &options), -EINVAL);
	assert_int_equal(mpt_barrier_create(&barrier, NULL), -EINVAL);
	assert_int_equal(mpt_barrier_create(&barrier, &options), -EINVAL);
	options.parties = MPT_GATE_PARTIES_MAX + 1;
	assert_int_equal(mpt_barrier_create(&barrier, &options), -EINVAL);
	options.parties = 2;
	barrier = new_barrier(&options);
	assert_int_equal(mpt_barrier_open(&other, "gate", 0), 0);
	assert_int_equal(mpt_barrier_parties(other), 2);
	assert_int_equal(mpt_barrier_waiting(other), 0);
	assert_int_equal(mpt_barrier_close(other), 0);
	assert_int_equal(mpt_barrier_wait(other, 0), -ESHUTDOWN);
	assert_int_equal(mpt_barrier_abort(other), -ESHUTDOWN);
	assert_int_equal(mpt_barrier_reset(other), -ESHUTDOWN);
	assert_int_equal(mpt_barrier_parties(other), -ESHUTDOWN);
	assert_int_equal(mpt_barrier_waiting(other), -ESHUTDOWN);
	assert_int_equal(mpt_barrier_broken(other), -ESHUTDOWN);
	mpt_barrier_destroy(other);
	mpt_barrier_destroy(barrier);
	mpt_barrier_destroy(NULL);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b96_b97_parties_pass_in_lockstep_each_with_its_number),
		api_test(b105_a_thousand_passes_of_five_do_not_mix),
		api_test(b104_one_party_never_waits),
		api_test(b98_the_action_runs_once_before_anybody_goes_on),
		api_test(b99_a_failing_action_breaks_it_for_all),
		api_test(b100_abort_breaks_it_for_those_who_wait_and_those_who_come),
		api_test(b101_reset_sends_those_who_wait_away_and_it_works_again),
		api_test(b102_reset_mends_what_is_broken),
		api_test(b103_who_gives_up_breaks_it_for_all),
		api_test(b103_the_default_timeout_does_the_same),
		api_test(b96_a_killed_waiter_breaks_it_for_the_others),
		api_test(b100_abort_returns_although_a_waiter_was_killed),
		api_test(b99_who_dies_in_the_action_breaks_it),
		api_test(b99_who_dies_in_it_alone_breaks_it_for_who_comes_next),
		api_test(b96_a_dead_one_of_long_ago_breaks_nothing),
		api_test(its_creators_destroy_ends_the_wait_of_all),
		api_test(the_storage_stays_with_one_who_is_stopped_inside),
		api_test(wrong_uses_are_refused),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
