/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lock.c - Lock against untraced pthread mutexes, alone and contended.
 */
#include "tests/bench/bench.h"

#include <mptrace/mptrace.h>
#include <pthread.h>

struct lock_case {
	const char *name;
	void (*acquire)(void *lock);
	void (*release)(void *lock);
	void *lock;
};

static void mpt_take(void *lock)
{
	mpt_lock_acquire(lock, MPT_FOREVER);
}

static void mpt_give(void *lock)
{
	mpt_lock_release(lock);
}

static void mutex_take(void *lock)
{
	pthread_mutex_lock(lock);
}

static void mutex_give(void *lock)
{
	pthread_mutex_unlock(lock);
}

static void *new_mutex(bool robust)
{
	pthread_mutex_t *m = bench_shared(sizeof(*m));
	pthread_mutexattr_t attr;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	if (robust)
		pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(m, &attr);
	return m;
}

/* ---- alone: direct calls, no indirection --------------------------------------- */

static void mpt_pair(void *lock, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		mpt_lock_acquire(lock, MPT_FOREVER);
		mpt_lock_release(lock);
	}
}

static void mutex_pair(void *lock, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		pthread_mutex_lock(lock);
		pthread_mutex_unlock(lock);
	}
}

/* ---- contended ------------------------------------------------------------------ */

struct arena {
	_Atomic int state; /* 0 wait, 1 run, 2 end */
	uint64_t protected;
	struct {
		_Alignas(64) _Atomic uint64_t done;
		struct bench_hist wait;
	} who[8];
	struct lock_case what;
	uint64_t hold_ns, pause_ns;
};

static void burn(uint64_t ns)
{
	uint64_t end = bench_ns(CLOCK_MONOTONIC) + ns;

	while (ns && bench_ns(CLOCK_MONOTONIC) < end)
		;
}

static void contender(void *arg, int me)
{
	struct arena *a = arg;
	uint64_t t;

	while (atomic_load(&a->state) == 0)
		sched_yield();
	while (atomic_load_explicit(&a->state, memory_order_relaxed) == 1) {
		t = bench_ns(CLOCK_MONOTONIC);
		a->what.acquire(a->what.lock);
		bench_hist_add(&a->who[me].wait, bench_ns(CLOCK_MONOTONIC) - t);
		a->protected++;
		burn(a->hold_ns);
		a->what.release(a->what.lock);
		atomic_fetch_add_explicit(&a->who[me].done, 1, memory_order_relaxed);
		burn(a->pause_ns);
	}
	for (;;)
		pause();
}

static void sum_up(struct arena *a, int processes, uint64_t ns, const char *name)
{
	static struct bench_hist all;
	uint64_t done = 0;

	memset(&all, 0, sizeof(all));
	for (int i = 0; i < processes; i++) {
		done += atomic_load(&a->who[i].done);
		all.count += a->who[i].wait.count;
		for (int b = 0; b < 1024; b++)
			all.bucket[b] += a->who[i].wait.bucket[b];
	}
	bench_out(name, "ops/s", (double)done * 1e9 / (double)ns);
	bench_out(name, "p99 ns", bench_hist_at(&all, 0.99));
}

static void contend(const struct lock_case *what, int processes, uint64_t hold, uint64_t wait)
{
	struct arena *a = bench_shared(sizeof(*a));
	pid_t pids[8];
	char name[96];
	uint64_t t;

	a->what = *what;
	a->hold_ns = hold;
	a->pause_ns = wait;
	for (int i = 0; i < processes; i++)
		pids[i] = bench_child(contender, a, i, i % 2);
	bench_sleep_ms(20);
	t = bench_ns(CLOCK_MONOTONIC);
	atomic_store(&a->state, 1);
	bench_sleep_ms(250);
	atomic_store(&a->state, 2);
	t = bench_ns(CLOCK_MONOTONIC) - t;
	bench_sleep_ms(20);
	for (int i = 0; i < processes; i++)
		bench_end(pids[i]);
	snprintf(name, sizeof(name), "%s, %d processes %s", what->name, processes,
		 hold ? "1us held 1us apart" : "hot");
	sum_up(a, processes, t, name);
	munmap(a, sizeof(*a));
}

int main(void)
{
	struct lock_case cases[] = {
		{ "mptrace Lock", mpt_take, mpt_give, NULL },
		{ "pthread pshared", mutex_take, mutex_give, NULL },
		{ "pthread pshared robust", mutex_take, mutex_give, NULL },
	};
	struct bench_loop alone[] = { { .name = "mptrace Lock, alone", .run = mpt_pair },
				      { .name = "pthread pshared, alone", .run = mutex_pair },
				      { .name = "pthread pshared robust, alone",
					.run = mutex_pair } };
	struct mpt_lock *lock;

	for (int p = 0; p <= 4; p += 2)
		for (int i = 0; i < 3; i++) {
			/* A fresh lock each time: killed contenders may hold the old one. */
			if (i == 0 && mpt_lock_create(&lock, NULL, 0) < 0)
				return 2;
			cases[i].lock = alone[i].arg = i == 0 ? (void *)lock : new_mutex(i == 2);
			if (p) {
				contend(&cases[i], p, 0, 0);
				cases[i].lock = i == 0 ? (void *)lock : new_mutex(i == 2);
				contend(&cases[i], p, 1000, 1000);
			} else if (i == 2) {
				bench_loops(alone, 3);
			}
		}
	return 0;
}
