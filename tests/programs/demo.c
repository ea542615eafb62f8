/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * demo.c - a small busy program that gets stuck, for `make demo`.
 *
 * Two producers feed a bounded queue faster than two consumers empty it; the
 * consumers share a lock with an auditor.  Two transfers move money between two
 * accounts, each locking both; after some seconds the second one locks them in the
 * other order, and both wait for ever.
 *
 *	demo [SECONDS until the deadlock, default 3]
 *
 * Runs until it is killed.
 */
#include <mptrace/mptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define JOBS_ROOM 32

static struct mpt_queue *jobs, *ready;
static struct mpt_lock *ledger, *account_a, *account_b;
static uint64_t trouble_ns; /* CLOCK_MONOTONIC */

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void work_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

/* Nothing of the demo outlives the demo. */
static void end_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
}

static int produce(void *arg)
{
	(void)arg;
	end_with_parent();
	for (uint64_t job = 0;; job++) {
		if (mpt_queue_put(jobs, &job, sizeof(job), MPT_FOREVER) < 0)
			return 1;
		work_ms(2);
	}
}

static int consume(void *arg)
{
	uint64_t job;

	(void)arg;
	end_with_parent();
	while (mpt_queue_get(jobs, &job, sizeof(job), MPT_FOREVER) >= 0)
		MPT_WITH_LOCK (ledger)
			work_ms(4);
	return 1;
}

static int audit(void *arg)
{
	(void)arg;
	end_with_parent();
	while (mpt_lock_locked(ledger) >= 0) {
		MPT_WITH_LOCK (ledger)
			work_ms(3);
		work_ms(20);
	}
	return 1;
}

/* Takes both accounts, `first` first.  The last time it tells that it has the first. */
static void transfer_once(struct mpt_lock *first, struct mpt_lock *second, bool last)
{
	MPT_WITH_LOCK (first) {
		if (last) {
			mpt_queue_put(ready, NULL, 0, MPT_FOREVER);
			work_ms(100);
		}
		MPT_WITH_LOCK (second)
			work_ms(1);
	}
}

static int transfer(void *arg)
{
	bool backwards = arg != NULL;

	end_with_parent();
	while (now_ns() < trouble_ns) {
		transfer_once(account_a, account_b, false);
		work_ms(5);
	}
	if (backwards)
		transfer_once(account_b, account_a, true);
	else
		transfer_once(account_a, account_b, true);
	return 0;
}

static int make_objects(void)
{
	struct mpt_queue_options jobs_options = { .name = "jobs", .maxsize = JOBS_ROOM };
	struct mpt_queue_options ready_options = { .name = "ready", .maxsize = 2 };
	int rc = mpt_queue_create(&jobs, &jobs_options);

	if (rc >= 0)
		rc = mpt_queue_create(&ready, &ready_options);
	if (rc >= 0)
		rc = mpt_lock_create(&ledger, "ledger", 0);
	if (rc >= 0)
		rc = mpt_lock_create(&account_a, "account-A", 0);
	if (rc >= 0)
		rc = mpt_lock_create(&account_b, "account-B", 0);
	return rc;
}

static int start_all(void)
{
	static const struct {
		const char *name;
		mpt_process_main *run;
		bool flag;
	} cast[] = {
		{ "producer-1", produce, false }, { "producer-2", produce, false },
		{ "consumer-1", consume, false }, { "consumer-2", consume, false },
		{ "auditor", audit, false },	  { "transfer-a", transfer, false },
		{ "transfer-b", transfer, true },
	};

	for (size_t i = 0; i < sizeof(cast) / sizeof(cast[0]); i++) {
		struct mpt_process_options o = { .name = cast[i].name, .daemon = MPT_DAEMON_YES };
		struct mpt_process *p;
		int rc = mpt_process_create(&p, cast[i].run, cast[i].flag ? &jobs : NULL, &o);

		if (rc >= 0)
			rc = mpt_process_start(p);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 3;
	int rc;

	trouble_ns = now_ns() + mpt_timeout(seconds);
	printf("demo: pid %d\n", getpid());
	fflush(stdout);
	rc = make_objects();
	if (rc >= 0)
		rc = start_all();
	if (rc < 0) {
		fprintf(stderr, "demo: cannot start: %s\n", mpt_result_text(rc));
		return 1;
	}
	for (int i = 0; i < 2; i++)
		mpt_queue_get(ready, NULL, 0, MPT_FOREVER);
	work_ms(300);
	printf("demo: deadlock built\n");
	fflush(stdout);
	for (;;)
		pause();
}
