/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm_condition_test.c - many who wait, give up, notify and are killed at once: no notify
 * is lost, doubled or kept, and whoever is left is woken.
 */
#include "tests/api/sleepers.h"

#define SECONDS 2
#define CROWD 6

/* What the crowd adds up. */
struct sums {
	uint64_t notified, woken, gave_up, notifies;
};

struct storm {
	struct scene *scene;
	struct sums sums; /* under the lock */
	uint64_t until;
};

static void one_call(struct storm *storm, unsigned int *seed)
{
	struct scene *s = storm->scene;
	struct sums *sums = &storm->sums;
	int rc;

	switch (rand_r(seed) % 4) {
	case 0:
		rc = mpt_condition_notify(s->ready, 1 + (uint32_t)rand_r(seed) % 3);
		child_claims(rc >= 0);
		sums->notified += (uint64_t)rc;
		sums->notifies++;
		break;
	default:
		rc = mpt_condition_wait(s->ready, (uint64_t)rand_r(seed) % 300000);
		child_claims(rc == 0 || rc == -ETIMEDOUT || rc == -EAGAIN);
		sums->woken += rc == 0;
		sums->gave_up += rc != 0;
	}
}

static void *storms(void *arg)
{
	struct storm *storm = arg;
	unsigned int seed = (unsigned int)gettid();

	while (now_ns() < storm->until) {
		child_claims(mpt_condition_acquire(storm->scene->ready, GUARD_NS) == 0);
		for (int i = 0; i < 4; i++)
			one_call(storm, &seed);
		child_claims(mpt_condition_release(storm->scene->ready) == 0);
	}
	return NULL;
}

static void storms_with_a_thread(void *arg)
{
	pthread_t t = thread(storms, arg);

	storms(arg);
	join_thread(t);
}

static struct storm *new_storm(void)
{
	struct storm *storm = shared(sizeof(*storm));

	storm->scene = new_scene(NULL);
	storm->until = now_ns() + MPT_SECONDS(SECONDS);
	return storm;
}

/* However close to its timeout a wait is: notified or not, both sides agree. */
static void b91_as_many_waits_are_notified_as_notifies_say(void **state)
{
	struct storm *storm = new_storm();
	struct sums *sums = &storm->sums;
	pid_t pids[CROWD];

	(void)state;
	for (int i = 0; i < CROWD; i++)
		pids[i] = child(storms_with_a_thread, storm);
	for (int i = 0; i < CROWD; i++)
		assert_ends_well(pids[i]);
	printf("# note: %llu notifies of %llu waits, %llu gave up\n",
	       (unsigned long long)sums->notifies, (unsigned long long)sums->notified,
	       (unsigned long long)sums->gave_up);
	assert_int_equal(sums->notified, sums->woken);
	assert_int_equal(storm->scene->object->give.index, sums->notified);
	assert_int_equal(storm->scene->object->take.index, sums->woken + sums->gave_up);
	assert_true(sums->notified > 100 && sums->gave_up > 100);
	end_scene(storm->scene);
}

/* Until killed. */
static void waits_and_notifies_for_ever(void *arg)
{
	struct scene *s = ((struct storm *)arg)->scene;
	unsigned int seed = (unsigned int)getpid();

	for (;;) {
		int rc = mpt_condition_acquire(s->ready, MPT_FOREVER);

		child_claims(rc == 0 || rc == MPT_RECOVERED);
		rc = mpt_condition_notify(s->ready, (uint32_t)rand_r(&seed) % 3);
		child_claims(rc >= 0);
		if (rand_r(&seed) % 4 == 0)
			child_claims(mpt_condition_notify_all(s->ready) >= 0);
		rc = mpt_condition_wait(s->ready, (uint64_t)rand_r(&seed) % 2000000);
		child_claims(rc == 0 || rc == MPT_RECOVERED || rc == -ETIMEDOUT ||
			     rc == -EAGAIN || rc == -EOWNERDEAD);
		child_claims(mpt_condition_release(s->ready) == 0);
	}
}

static void b91_kills_under_load_leave_no_sleeper_and_no_token(void **state)
{
	struct storm *storm = new_storm();
	struct scene *s = storm->scene;
	pid_t pids[CROWD] = { 0 };
	unsigned int kills = 0, seed = 1;

	(void)state;
	while (now_ns() < storm->until || kills < 50) {
		pid_t *at = &pids[rand_r(&seed) % CROWD];

		if (*at) {
			kill_child(*at);
			kills++;
		}
		*at = child(waits_and_notifies_for_ever, storm);
		nap();
	}
	for (int i = 0; i < CROWD; i++)
		if (pids[i])
			kill_child(pids[i]);
	printf("# note: %u kills, %llu waits, %llu died in one, the lock was taken over %llu times\n",
	       kills, (unsigned long long)s->object->take.index,
	       (unsigned long long)s->object->recovered,
	       (unsigned long long)segment_object("ready.lock")->recovered);
	assert_true(s->object->recovered > 0);
	assert_no_sleepers_and_no_tokens(s);
	/* And it works. */
	pids[0] = sleeper(s);
	assert_int_equal(notify(s, 1), 1);
	assert_ends_well(pids[0]);
	assert_int_equal(s->woke, 1);
	end_scene(s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		api_test(b91_as_many_waits_are_notified_as_notifies_say),
		api_test(b91_kills_under_load_leave_no_sleeper_and_no_token),
	};

	/* Each of the dead keeps its ledger: small rings. */
	setenv("MPTRACE_RING", "8K", 1);
	setenv("MPTRACE_SIZE", "256M", 1);
	support_main(argc, argv, NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
