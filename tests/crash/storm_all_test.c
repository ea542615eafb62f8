/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_all_test.c - all primitives at once, used by the workers of a pool, which are killed
 * at random and replaced; then every object works, and every account is exact.
 *
 * STORM_KILLS=n is how many are killed (300).  Of two kills one is steered: the victim is
 * stopped, and if it is not inside a call then, let go and stopped again.
 */
#include "tests/crash/deeds.h"

#include <time.h>

#define WORKERS 6
#define TASKS 18      /* in line or running */
#define TURNS 300     /* of a task */
#define TRIES 12      /* to stop one inside a call */
#define STILL_NS MPT_SECONDS(30) /* without a finished task: it hangs */

static const struct deed *const deeds[] = {
	&deed_lock,	   &deed_rlock, &deed_semaphore, &deed_bounded,	  &deed_condition,
	&deed_event,	   &deed_barrier, &deed_queue,	 &deed_joinable,  &deed_simplequeue,
	&deed_pipe,	   &deed_value, &deed_array,	 &deed_memory,	  &deed_dict,
	&deed_list,
};
#define DEEDS (sizeof(deeds) / sizeof(deeds[0]))

struct storm {
	struct account task[TASKS][DEEDS];
};

static struct storm *storm;

/* ---- in a worker -------------------------------------------------------- */

struct order {
	uint32_t task;
	unsigned int seed;
};

static ssize_t turns(const void *arg, size_t size, void *result, size_t room)
{
	struct order order;

	(void)result;
	(void)room;
	memcpy(&order, arg, size);
	for (int i = 0; i < TURNS; i++) {
		size_t which = (size_t)rand_r(&order.seed) % DEEDS;

		deeds[which]->act(&storm->task[order.task][which], &order.seed);
	}
	return 0;
}

/* ---- the tasks ---------------------------------------------------------- */

struct work {
	struct mpt_pool *pool;
	struct mpt_result *result[TASKS];
	struct account sum[DEEDS];
	unsigned int seed;
	uint64_t done, lost;
};

static void submit(struct work *w, uint32_t task)
{
	struct order order = { task, (unsigned int)rand_r(&w->seed) };
	struct mpt_pool_call call = { .function = turns, .arg = &order, .size = sizeof(order) };

	assert_int_equal(mpt_pool_apply_async(w->pool, &call, &w->result[task]), 0);
}

/* Whoever wrote it is done or dead. */
static void fold(struct work *w, uint32_t task)
{
	for (size_t i = 0; i < DEEDS; i++) {
		struct account *a = &storm->task[task][i];

		w->sum[i].begun += a->begun;
		w->sum[i].done += a->done;
		w->sum[i].in += a->in;
		w->sum[i].out += a->out;
		memset(a, 0, sizeof(*a));
	}
}

static void collect(struct work *w, uint32_t task)
{
	int rc = (int)mpt_result_get(w->result[task], NULL, 0, STILL_NS);

	if (rc == -ECHILD) {
		struct mpt_failure why;

		assert_int_equal(mpt_result_failure(w->result[task], &why), 0);
		assert_int_equal(why.exit_code, -SIGKILL);
	} else {
		assert_int_equal(rc, 0);
	}
	w->done += rc == 0;
	w->lost += rc != 0;
	mpt_result_destroy(w->result[task]);
	fold(w, task);
}

/* Those that are over are replaced by new ones. */
static void renew(struct work *w)
{
	for (uint32_t i = 0; i < TASKS; i++) {
		if (mpt_result_ready(w->result[i]) != 1)
			continue;
		collect(w, i);
		submit(w, i);
	}
}

/* ---- the killer --------------------------------------------------------- */

struct kills {
	uint64_t all, inside;
};

/* Is it in the middle of something that others may have to put right? */
static bool is_inside(pid_t pid)
{
	const struct mpt_wire_section *s = &segment()->section[MPT_SEC_OBJECTS];
	const struct mpt_wire_thread *t = segment_thread(pid);
	uint32_t word;

	if (!t || t->state != MPT_SLOT_LIVE)
		return false;
	for (int i = 0; i < MPT_OPRECS; i++)
		if (t->oprec[i].phase != MPT_OPREC_IDLE)
			return true;
	word = MPT_LOCK_WORD(
		(uint32_t)(((uintptr_t)t - (uintptr_t)segment() -
			    segment()->section[MPT_SEC_THREADS].offset) /
			   segment()->section[MPT_SEC_THREADS].stride),
		t->generation);
	for (uint32_t i = 0; i < s->used; i++) {
		const struct mpt_wire_object *o =
			(const void *)((const uint8_t *)segment() + s->offset +
				       (uint64_t)s->stride * i);

		if ((o->take.lock & ~MPT_LOCK_WAITERS) == word ||
		    (o->give.lock & ~MPT_LOCK_WAITERS) == word)
			return true;
	}
	return false;
}

/* Ours, not reaped, and so nobody else. */
static bool is_child(pid_t pid)
{
	siginfo_t info = { 0 };

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == 0;
}

/* Inside a call, if that comes within some tries. */
static bool stop_inside(pid_t pid, bool steered, unsigned int *seed)
{
	for (int i = 0; is_child(pid); i++) {
		bool inside;

		stop_child(pid);
		inside = is_inside(pid);
		if (inside || !steered || i == TRIES)
			return inside;
		kill(pid, SIGCONT);
		for (volatile unsigned int n = (unsigned int)rand_r(seed) % 3000; n > 0; n--)
			;
	}
	return false;
}

static void kill_one(struct work *w, struct kills *kills)
{
	pid_t pids[WORKERS];
	int n = mpt_process_active_children(pids, WORKERS);
	pid_t pid = n > 0 ? pids[rand_r(&w->seed) % (n < WORKERS ? n : WORKERS)] : 0;
	bool inside;

	/* Enough are left to go on, also while new ones take long to begin. */
	if (pid <= 0 || n < WORKERS / 2 || !is_child(pid))
		return;
	inside = stop_inside(pid, kills->all % 2, &w->seed);
	if (!is_child(pid))
		return;
	kill(pid, SIGKILL);
	kills->all++;
	kills->inside += inside;
}

static uint64_t kills_wanted(void)
{
	const char *kills = getenv("STORM_KILLS");

	return kills ? strtoull(kills, NULL, 10) : SANITIZED ? 60 : 300;
}

static void rage(struct work *w, struct kills *kills)
{
	uint64_t wanted = kills_wanted(), before = 0, since = now_ns();

	while (kills->all < wanted) {
		kill_one(w, kills);
		for (unsigned int n = (unsigned int)rand_r(&w->seed) % 4; n > 0; n--)
			nap();
		renew(w);
		if (w->done + w->lost != before) {
			before = w->done + w->lost;
			since = now_ns();
		}
		if (now_ns() - since > STILL_NS)
			fail_msg("no task has ended for 30 s");
	}
}

/* ---- the test ----------------------------------------------------------- */

static void begin(struct work *w)
{
	static const struct mpt_pool_task functions[] = { { "turns", turns } };
	struct mpt_pool_options options = { .name = "storm", .workers = WORKERS,
					    .tasks = functions, .task_count = 1 };

	storm = shared(sizeof(*storm));
	for (size_t i = 0; i < DEEDS; i++)
		deeds[i]->make();
	assert_int_equal(mpt_pool_create(&w->pool, &options), 0);
	for (uint32_t i = 0; i < TASKS; i++)
		submit(w, i);
}

static void end(struct work *w)
{
	for (uint32_t i = 0; i < TASKS; i++)
		collect(w, i);
	assert_int_equal(mpt_pool_close(w->pool), 0);
	assert_int_equal(mpt_pool_join(w->pool, STILL_NS), 0);
	assert_int_equal(mpt_pool_destroy(w->pool), 0);
	for (size_t i = 0; i < DEEDS; i++) {
		printf("# note: %s: %llu turns, %llu cut short\n", deeds[i]->name,
		       (unsigned long long)w->sum[i].begun,
		       (unsigned long long)(w->sum[i].begun - w->sum[i].done));
		deeds[i]->judge(&w->sum[i]);
	}
}

static void whoever_is_killed_everything_works_and_every_account_is_exact(void **state)
{
	struct work w = { .seed = (unsigned int)time(NULL) };
	struct kills kills = { 0, 0 };

	(void)state;
	alarm(0); /* it sees by itself that nothing moves */
	printf("# note: seed %u\n", w.seed);
	begin(&w);
	rage(&w, &kills);
	end(&w);
	printf("# note: %llu kills, %llu inside a call; %llu tasks done, %llu lost\n",
	       (unsigned long long)kills.all, (unsigned long long)kills.inside,
	       (unsigned long long)w.done, (unsigned long long)w.lost);
	assert_true(w.lost <= kills.all);
	assert_true(kills.inside > kills.all / 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		api_test(whoever_is_killed_everything_works_and_every_account_is_exact),
	};

	setenv("MPTRACE_RING", "8K", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
