/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_pool_test.c - Pool: kills in a storm, the death of who made it, and wrong uses.
 */
#include "tests/api/pool_support.h"

#include <sys/prctl.h>

/* ---- of many items the one ----------------------------------------------------------------- */

static ssize_t dies_at_seven(const void *arg, size_t size, void *result, size_t room)
{
	int n;

	memcpy(&n, arg, sizeof(n));
	if (n % 7 == 0)
		kill(getpid(), SIGKILL);
	return pool_count(arg, size, result, room);
}

static const struct mpt_pool_task deadly[] = { { "dies at seven", dies_at_seven } };

static void a_map_loses_the_items_whose_worker_died_and_no_others(void **state)
{
	struct mpt_pool_options options = { .tasks = deadly, .task_count = 1 };
	struct mpt_pool *pool = pool_make(2, &options);
	int in[60], out[60], status[60];

	(void)state;
	for (size_t chunk = 1; chunk <= 41; chunk += 20) {
		struct mpt_pool_mapping map = { .function = dies_at_seven, .in = in,
					    .in_size = sizeof(int), .count = 60, .out = out,
					    .out_size = sizeof(int), .status = status,
					    .chunk = chunk };
		struct mpt_result *result;
		struct mpt_failure why;

		memset(pool_world->calls, 0, sizeof(pool_world->calls));
		for (int i = 0; i < 60; i++)
			in[i] = i + 1;
		assert_int_equal(mpt_pool_map_async(pool, &map, &result), 0);
		assert_int_equal(mpt_result_get(result, NULL, 0, GUARD_NS), -ECHILD);
		for (int i = 0; i < 60; i++) {
			bool dies = (i + 1) % 7 == 0;

			assert_int_equal(status[i], dies ? -ECHILD : 0);
			assert_true(dies || out[i] == 2 * (i + 1));
			assert_int_equal(pool_world->calls[i + 1], !dies);
		}
		assert_int_equal(mpt_result_failure(result, &why), 0);
		assert_int_equal((why.index + 1) % 7, 0);
		assert_int_equal(why.count, 8);
		assert_int_equal(why.exit_code, -SIGKILL);
		mpt_result_destroy(result);
	}
	assert_int_equal(mpt_pool_unfinished(pool), 0);
	pool_end(pool);
}

static void an_imap_loses_the_items_whose_worker_died_and_no_others(void **state)
{
	struct mpt_pool_options options = { .tasks = deadly, .task_count = 1 };
	struct mpt_pool *pool = pool_make(2, &options);

	(void)state;
	for (size_t chunk = 1; chunk <= 31; chunk += 10) {
		struct counter counter = { .end = 50 };
		struct mpt_pool_each each = { .function = dies_at_seven, .next = counts,
					      .next_arg = &counter, .in_size = sizeof(int),
					      .out_size = sizeof(int), .chunk = chunk };
		struct mpt_failure why;
		struct mpt_imap *imap;
		size_t index;
		int out;

		assert_int_equal(mpt_pool_imap(pool, &each, &imap), 0);
		for (int i = 0; i < 50; i++) {
			bool dies = (i + 1) % 7 == 0;

			assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS),
					 dies ? -ECHILD : 0);
			assert_int_equal(index, i);
			assert_true(dies || out == 2 * (i + 1));
			assert_int_equal(mpt_imap_failure(imap, &why), dies ? 0 : -ENOENT);
		}
		assert_int_equal(mpt_imap_next(imap, &out, &index, GUARD_NS), -ENODATA);
		mpt_imap_destroy(imap);
	}
	pool_end(pool);
}

/* ---- storms ---------------------------------------------------------------------------------------- */

struct storm {
	uint32_t over;
	unsigned int seed, kills;
	bool all;
};

static uint64_t finished(void)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < pool_wire()->seats; i++)
		sum += pool_wire_seat(i)->finished;
	return sum;
}

/* As much must be done between two kills, or nothing ever is on a busy machine. */
static void await_progress(struct storm *s)
{
	uint64_t until = finished() + rand_r(&s->seed) % (s->all ? 200 : 100);

	while (!reached(&s->over) && finished() <= until)
		nap();
}

static void *kills_workers(void *arg)
{
	struct storm *s = arg;
	pid_t pids[8];

	while (!reached(&s->over)) {
		int n = pool_pids(pids), victim = n ? rand_r(&s->seed) % n : 0;

		for (int i = 0; i < n; i++) {
			if (!s->all && i != victim)
				continue;
			/* Only as long as it is our child can it be nobody else. */
			s->kills += kill(pids[i], SIGKILL) == 0;
		}
		await_progress(s);
	}
	return NULL;
}

struct tally {
	int done, lost;
};

/* Each task has its result once; a lost one was called at most once. */
static void judge(struct tally *tally, int n, int rc, int out)
{
	uint32_t calls = __atomic_load_n(&pool_world->calls[n], __ATOMIC_SEQ_CST);

	if (rc == -ECHILD) {
		tally->lost++;
		assert_true(calls <= 1);
		return;
	}
	assert_int_equal(rc, 0);
	assert_int_equal(out, 2 * n);
	assert_int_equal(calls, 1);
	tally->done++;
}

static void storm_over(bool all)
{
	struct mpt_pool_options options = { .slots = 64, .max_tasks = 100 };
	struct mpt_pool *pool = pool_make(4, &options);
	struct storm storm = { .seed = 3, .all = all };
	static struct mpt_result *results[4000];
	struct tally tally = { 0, 0 };
	pthread_t killer = thread(kills_workers, &storm);

	for (int round = 0; round < 2; round++) {
		memset(pool_world->calls, 0, sizeof(pool_world->calls));
		for (int i = 0; i < 4000; i++)
			results[i] = pool_submit(pool, pool_count, i);
		for (int i = 0; i < 4000; i++) {
			int out = 0;
			ssize_t n = mpt_result_get(results[i], &out, sizeof(out), GUARD_NS);

			judge(&tally, i, n < 0 ? (int)n : 0, out);
			mpt_result_destroy(results[i]);
		}
	}
	reach(&storm.over);
	join_thread(killer);
	assert_int_equal(tally.done + tally.lost, 8000);
	assert_int_equal(mpt_pool_unfinished(pool), 0);
	assert_true(storm.kills > 0);
	assert_true(pool_wire()->lost == (uint64_t)tally.lost);
	printf("# note: %u kills, %d of 8000 tasks lost\n", storm.kills, tally.lost);
	assert_int_equal(pool_apply(pool, pool_twice, 1), 2);
	assert_int_equal(mpt_pool_close(pool), 0);
	assert_int_equal(mpt_pool_join(pool, GUARD_NS), 0);
	assert_int_equal(mpt_pool_destroy(pool), 0);
}

static void a_storm_of_kills_loses_the_tasks_it_hits_and_no_others(void **state)
{
	(void)state;
	storm_over(false);
}

static void killing_all_workers_at_once_again_and_again_does_no_more(void **state)
{
	(void)state;
	storm_over(true);
}

static void a_map_in_a_storm_has_each_result_once(void **state)
{
	struct mpt_pool *pool = pool_make(3, NULL);
	struct storm storm = { .seed = 5 };
	pthread_t killer = thread(kills_workers, &storm);
	static int in[4000], out[4000], status[4000];
	struct tally tally = { 0, 0 };

	(void)state;
	for (int i = 0; i < 4000; i++)
		in[i] = i;
	for (int round = 0; round < 8; round++) {
		struct mpt_pool_mapping map = { .function = pool_count, .in = in,
					    .in_size = sizeof(int), .count = 4000, .out = out,
					    .out_size = sizeof(int), .status = status,
					    .chunk = 1 + 7 * (size_t)(round % 4) };
		int rc;

		memset(pool_world->calls, 0, sizeof(pool_world->calls));
		rc = mpt_pool_map(pool, &map, GUARD_NS);
		assert_true(rc == 0 || rc == -ECHILD);
		for (int i = 0; i < 4000; i++)
			judge(&tally, i, status[i], out[i]);
	}
	reach(&storm.over);
	join_thread(killer);
	assert_int_equal(tally.done + tally.lost, 32000);
	printf("# note: %u kills, %d of 32000 items lost\n", storm.kills, tally.lost);
	pool_end(pool);
}

/* ---- the creator -------------------------------------------------------------------------------------- */

struct family {
	pid_t workers[3];
	uint32_t ready;
};

static void has_a_pool(void *arg)
{
	struct family *f = arg;
	struct mpt_pool *pool = pool_make(3, NULL);

	for (int i = 0; i < 1000; i++)
		pool_submit(pool, i ? pool_twice : pool_gate, i);
	child_claims_eventually(pool_pids(f->workers) == 3);
	reach(&f->ready);
	process_pause(NULL);
}

static void workers_of_a_killed_creator_leave(void **state)
{
	struct family *f = shared(sizeof(*f));
	pid_t creator;

	(void)state;
	/* What it leaves behind is ours to reap. */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
	creator = child(has_a_pool, f);
	assert_eventually(reached(&f->ready));
	kill_child(creator);
	/* Also the one that is in a task. */
	for (int i = 0; i < 3; i++)
		assert_eventually(process_gone(f->workers[i]));
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

static void exits_with_a_pool(void *arg)
{
	struct family *f = arg;
	struct mpt_pool *pool = pool_make(3, NULL);

	for (int i = 0; i < 5; i++)
		pool_submit(pool, pool_gate, i);
	child_claims_eventually(pool_pids(f->workers) == 3);
	exit(7);
}

static void a_creator_that_exits_takes_its_workers_along(void **state)
{
	struct family *f = shared(sizeof(*f));

	(void)state;
	assert_int_equal(end_of(child(exits_with_a_pool, f)), 7);
	for (int i = 0; i < 3; i++)
		assert_true(process_gone(f->workers[i]));
}

static void tries_to_use(void *arg)
{
	struct mpt_pool *pool = arg;
	struct mpt_pool_call call = { .function = pool_twice };
	struct mpt_pool_mapping map = { .function = pool_twice };
	struct mpt_pool_each each = { .function = pool_twice, .next = counts };
	struct mpt_result *result;
	struct mpt_imap *imap;

	child_claims(mpt_pool_apply_async(pool, &call, &result) == -EPERM);
	child_claims(mpt_pool_apply(pool, &call, NULL, 0, 0) == -EPERM);
	child_claims(mpt_pool_map(pool, &map, 0) == -EPERM);
	child_claims(mpt_pool_imap(pool, &each, &imap) == -EPERM);
	child_claims(mpt_pool_close(pool) == -EPERM);
	child_claims(mpt_pool_terminate(pool) == -EPERM);
	child_claims(mpt_pool_join(pool, 0) == -EPERM);
	child_claims(mpt_pool_workers(pool) == -EPERM);
	child_claims(mpt_pool_unfinished(pool) == -EPERM);
	child_claims(mpt_pool_destroy(pool) == 0);
}

static void *submits_all_the_time(void *arg)
{
	struct mpt_pool *pool = arg;

	for (int i = 0; i < 4000; i++) {
		int out;
		struct mpt_pool_call call = { .function = pool_count, .arg = &i,
					      .size = sizeof(i) };

		child_claims(mpt_pool_apply(pool, &call, &out, sizeof(out), GUARD_NS) ==
			     sizeof(out));
		child_claims(out == 2 * i);
	}
	return NULL;
}

static void a_fork_in_the_middle_of_use_changes_nothing_and_its_child_is_refused(void **state)
{
	struct mpt_pool *pool = pool_make(2, NULL);
	pthread_t busy = thread(submits_all_the_time, pool);

	(void)state;
	for (int i = 0; i < 20; i++)
		assert_ends_well(child(tries_to_use, pool));
	join_thread(busy);
	pool_end(pool);
}

/* ---- wrong uses ------------------------------------------------------------------------------------------ */

static void wrong_options_are_refused(void **state)
{
	static const struct mpt_pool_task fine[] = { { "twice", pool_twice } },
					  no_name[] = { { NULL, pool_twice } },
					  bad_name[] = { { "a/b", pool_twice } },
					  no_function[] = { { "twice", NULL } };
	const struct mpt_pool_options good = { .name = "twins", .workers = 1, .tasks = fine,
					       .task_count = 1 };
	struct mpt_pool_options bad[10];
	struct mpt_pool *pool, *other;

	(void)state;
	for (int i = 0; i < 10; i++)
		bad[i] = good;
	bad[0].tasks = NULL;
	bad[1].task_count = 0;
	bad[2].tasks = no_name;
	bad[3].tasks = bad_name;
	bad[4].tasks = no_function;
	bad[5].slots = MPT_POOL_SLOTS_MAX + 1;
	bad[6].task_bytes = SIZE_MAX;
	bad[7].flags = 1u << 31;
	bad[8].name = "a/b";
	bad[9].task_count = UINT16_MAX + 1;
	for (int i = 0; i < 10; i++)
		assert_int_equal(mpt_pool_create(&pool, &bad[i]), -EINVAL);
	assert_int_equal(mpt_pool_create(NULL, &good), -EINVAL);
	assert_int_equal(mpt_pool_create(&pool, NULL), -EINVAL);
	assert_int_equal(mpt_pool_create(&pool, &good), 0);
	assert_int_equal(mpt_pool_create(&other, &good), -EEXIST);
	pool_end(pool);
}

static void wrong_calls_are_refused(void **state)
{
	struct mpt_pool *pool = pool_make(1, NULL);
	struct mpt_pool_call call = { .function = dies_at_seven };
	struct mpt_pool_mapping map = { .function = dies_at_seven };
	struct mpt_pool_each each = { .function = dies_at_seven, .next = counts };
	struct mpt_result *result;
	struct mpt_imap *imap;

	(void)state;
	/* Not one of the pool's functions. */
	assert_int_equal(mpt_pool_apply_async(pool, &call, &result), -ENOENT);
	assert_int_equal(mpt_pool_map(pool, &map, 0), -ENOENT);
	assert_int_equal(mpt_pool_imap(pool, &each, &imap), -ENOENT);
	call.function = NULL;
	assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), -EINVAL);
	assert_int_equal(mpt_pool_apply_async(pool, NULL, NULL), -EINVAL);
	assert_int_equal(mpt_pool_apply_async(NULL, &call, NULL), -EINVAL);
	call.function = pool_twice;
	call.size = 4;
	assert_int_equal(mpt_pool_apply_async(pool, &call, NULL), -EINVAL);
	map = (struct mpt_pool_mapping){ .function = pool_twice, .count = 1, .in_size = 4 };
	assert_int_equal(mpt_pool_map(pool, &map, 0), -EINVAL);
	each = (struct mpt_pool_each){ .function = pool_twice };
	assert_int_equal(mpt_pool_imap(pool, &each, &imap), -EINVAL);
	assert_int_equal(mpt_pool_imap(pool, NULL, &imap), -EINVAL);
	mpt_result_destroy(NULL);
	mpt_imap_destroy(NULL);
	pool_end(pool);
}

static void handles_it(int unused)
{
	(void)unused;
}

static void *is_interrupted(void *result)
{
	return (void *)(intptr_t)mpt_result_wait(result, GUARD_NS);
}

static void a_signal_ends_the_wait_of_an_interruptible_pool(void **state)
{
	struct sigaction action = { .sa_handler = handles_it }, before;
	struct mpt_pool_options options = { .flags = MPT_INTERRUPTIBLE };
	struct mpt_pool *pool = pool_make(1, &options);
	struct mpt_result *result = pool_submit(pool, pool_gate, 2);
	pthread_t waiter;
	void *rc;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	waiter = thread(is_interrupted, result);
	assert_eventually(is_blocked_in(getpid(), MPT_OP_POOL_WAIT));
	/* It may not be asleep yet. */
	while (pthread_tryjoin_np(waiter, &rc) == EBUSY) {
		pthread_kill(waiter, SIGUSR1);
		nap();
	}
	assert_int_equal((intptr_t)rc, -EINTR);
	sigaction(SIGUSR1, &before, NULL);
	pool_open_gate();
	assert_int_equal(pool_result(result), 4);
	pool_end(pool);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		pool_test(a_map_loses_the_items_whose_worker_died_and_no_others),
		pool_test(an_imap_loses_the_items_whose_worker_died_and_no_others),
		pool_test(a_storm_of_kills_loses_the_tasks_it_hits_and_no_others),
		pool_test(killing_all_workers_at_once_again_and_again_does_no_more),
		pool_test(a_map_in_a_storm_has_each_result_once),
		pool_test(workers_of_a_killed_creator_leave),
		pool_test(a_creator_that_exits_takes_its_workers_along),
		pool_test(a_fork_in_the_middle_of_use_changes_nothing_and_its_child_is_refused),
		pool_test(wrong_options_are_refused),
		pool_test(wrong_calls_are_refused),
		pool_test(a_signal_ends_the_wait_of_an_interruptible_pool),
	};

	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
