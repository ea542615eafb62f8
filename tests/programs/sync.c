/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sync.c - a recursive lock held three deep, one who waits for it, two who wait for an
 * event nobody sets, one of three at a barrier, two who wait for a notify of a condition
 * whose lock is held; a value held twice, one who waits for it, arrays guarded by another
 * lock and by none, memory in two processes: for tests of what the viewer says of them.
 *
 *   sync    prints "ready" and stays until killed
 */
#include <mptrace/mptrace.h>
#include <stdio.h>
#include <unistd.h>

static struct mpt_rlock *tree;
static struct mpt_event *start;
static struct mpt_barrier *gate;
static struct mpt_condition *dish;
static struct mpt_value *total;
static struct mpt_memory *frames;

static int waits_for_lock(void *arg)
{
	(void)arg;
	return mpt_rlock_acquire(tree, MPT_FOREVER);
}

static int waits_for_event(void *arg)
{
	(void)arg;
	return mpt_event_wait(start, MPT_FOREVER);
}

static int waits_at_barrier(void *arg)
{
	(void)arg;
	return mpt_barrier_wait(gate, MPT_FOREVER);
}

static int waits_for_notify(void *arg)
{
	(void)arg;
	MPT_WITH_CONDITION (dish)
		mpt_condition_wait(dish, MPT_FOREVER);
	return 0;
}

/* Of those, nobody is notified. */
static int keeps_the_lock(void *arg)
{
	(void)arg;
	while (mpt_condition_waiting(dish) < 2)
		usleep(1000);
	mpt_condition_acquire(dish, MPT_FOREVER);
	return pause();
}

static int waits_for_value(void *arg)
{
	(void)arg;
	return mpt_memory_data(frames) ? mpt_value_add_i64(total, 1) : 1;
}

static int make_memory(void)
{
	struct mpt_array_options guarded = { .name = "grid", .element = 8, .length = 1000 };
	struct mpt_array_options open = { .name = "raw", .element = 1, .length = 4096,
					  .unlocked = true };
	struct mpt_array *array;

	guarded.rlock = tree;
	return mpt_value_create_i64(&total, "total", 7) || mpt_array_create(&array, &guarded) ||
	       mpt_array_create(&array, &open) || mpt_memory_create(&frames, "frames", 64 << 20) ||
	       mpt_value_acquire(total, MPT_FOREVER) || mpt_value_acquire(total, MPT_FOREVER);
}

static int begin(int (*body)(void *), const char *name)
{
	struct mpt_process_options options = { .name = name };
	struct mpt_process *process;

	return mpt_process_create(&process, body, NULL, &options) ? 1 :
								      mpt_process_start(process);
}

int main(void)
{
	struct mpt_barrier_options three = { .name = "gate", .parties = 3 };

	struct mpt_condition_options named = { .name = "dish" };

	if (mpt_barrier_create(&gate, &three) || mpt_rlock_create(&tree, "tree", 0) ||
	    mpt_event_create(&start, "start", 0) ||
	    mpt_condition_create(&dish, &named) || make_memory())
		return 1;
	for (int i = 0; i < 3; i++)
		if (mpt_rlock_acquire(tree, MPT_FOREVER))
			return 1;
	if (begin(waits_for_lock, "climber") || begin(waits_for_event, "runner-1") ||
	    begin(waits_for_event, "runner-2") || begin(waits_at_barrier, "guest") ||
	    begin(waits_for_notify, "eater-1") || begin(waits_for_notify, "eater-2") ||
	    begin(keeps_the_lock, "cook") || begin(waits_for_value, "adder"))
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
