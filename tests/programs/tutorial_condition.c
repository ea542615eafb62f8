/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_condition.c - a second stage that waits for the first.
 *
 *	def stage_1(cond):
 *	    with cond:
 *	        print("stage 1 done, ready for stage 2")
 *	        cond.notify_all()
 *	def stage_2(cond):
 *	    with cond:
 *	        cond.wait()
 *	        print("stage 2 running")
 *
 *	cond = Condition()
 *	for i in 1, 2: Process(target=stage_2, args=(cond,)).start()
 *	time.sleep(1)                      # until both wait, with luck
 *	Process(target=stage_1, args=(cond,)).start()
 *
 * Here: the same; and where the original sleeps and hopes, main asks how many wait.
 * notify says how many it let go.
 *
 * It prints:
 *
 *	2 wait for stage 1
 *	stage 1 done, ready for stage 2
 *	2 were notified
 *	stage 2 running
 *	stage 2 running
 *	without the lock: not permitted
 *	wait_for, never true: not in time
 */
#include "tutorial.h"
#include <unistd.h>

static struct mpt_condition *condition;

static int stage_1(void *arg)
{
	(void)arg;
	MPT_WITH_CONDITION (condition) {
		say("stage 1 done, ready for stage 2");
		say("%d were notified", mpt_condition_notify_all(condition));
	}
	return 0;
}

static int stage_2(void *arg)
{
	(void)arg;
	MPT_WITH_CONDITION (condition) {
		must(mpt_condition_wait(condition, MPT_FOREVER));
		say("stage 2 running");
	}
	return 0;
}

static bool never(void *arg)
{
	(void)arg;
	return false;
}

int main(void)
{
	struct mpt_process *first, *second;

	must(mpt_condition_create(&condition, NULL)); /* with an RLock of its own */
	first = begin("stage-2-1", stage_2, NULL);
	second = begin("stage-2-2", stage_2, NULL);
	while (mpt_condition_waiting(condition) < 2)
		usleep(1000);
	say("%d wait for stage 1", mpt_condition_waiting(condition));
	must(end(begin("stage-1", stage_1, NULL)));
	must(end(first));
	must(end(second));

	if (mpt_condition_notify(condition, 1) == -EPERM) /* AssertionError */
		say("without the lock: not permitted");
	MPT_WITH_CONDITION (condition)
		if (mpt_condition_wait_for(condition, never, NULL, mpt_timeout(0.05)) == -ETIMEDOUT)
			say("wait_for, never true: not in time");
	mpt_condition_destroy(condition);
	return 0;
}
