/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bench.h - what the benchmarks share: time, chunks, processes, output.
 *
 * A benchmark prints one line per figure, "CASE<tab>METRIC<tab>VALUE"; tests/bench/run
 * repeats and interleaves programs and turns the figures into ratios.
 */
#ifndef TESTS_BENCH_H
#define TESTS_BENCH_H

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t bench_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static inline void bench_out(const char *what, const char *metric, double value)
{
	printf("%s\t%s\t%.6g\n", what, metric, value);
	fflush(stdout);
}

static inline void bench_pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static inline void *bench_shared(size_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		exit(2);
	return p;
}

/* ---- single-process loops: interleaved chunks of every case ---------------- */

struct bench_loop {
	const char *name;
	void (*run)(void *arg, uint64_t n);
	void *arg;
	double best, sum; /* ns per operation */
};

static inline int bench_compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Chunks of all cases in turn, in thread CPU time, so that neighbours on the machine
 * hit all of them alike; the median chunk of each is its figure. */
static inline void bench_loops(struct bench_loop *loops, size_t count)
{
	enum { CHUNKS = 15, N = 200000 };
	double ns[16][CHUNKS];

	for (int c = -1; c < CHUNKS; c++)
		for (size_t i = 0; i < count; i++) {
			uint64_t t = bench_ns(CLOCK_THREAD_CPUTIME_ID);

			loops[i].run(loops[i].arg, N);
			t = bench_ns(CLOCK_THREAD_CPUTIME_ID) - t;
			if (c >= 0)
				ns[i][c] = (double)t / N;
		}
	for (size_t i = 0; i < count; i++) {
		qsort(ns[i], CHUNKS, sizeof(double), bench_compare);
		bench_out(loops[i].name, "ns", ns[i][CHUNKS / 2]);
	}
}

/* ---- latency --------------------------------------------------------------- */

/* Log-linear: 16 steps per power of two. */
struct bench_hist {
	uint64_t count, bucket[1024];
};

static inline void bench_hist_add(struct bench_hist *h, uint64_t ns)
{
	unsigned int e = ns < 16 ? 0 : 63u - (unsigned int)__builtin_clzll(ns);

	h->bucket[ns < 16 ? ns : (e - 3) * 16 + (ns >> (e - 4) & 15)]++;
	h->count++;
}

static inline double bench_hist_at(const struct bench_hist *h, double share)
{
	uint64_t want = (uint64_t)((double)h->count * share), seen = 0;

	for (unsigned int i = 0; i < 1024; i++) {
		seen += h->bucket[i];
		if (seen > want)
			return i < 16 ? i : (double)((16ull + (i & 15)) << (i / 16 - 1));
	}
	return 0;
}

/* ---- children that run until they are killed --------------------------------- */

static inline pid_t bench_child(void (*run)(void *arg, int me), void *arg, int me, int cpu)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (cpu >= 0)
		bench_pin(cpu);
	run(arg, me);
	_exit(0);
}

static inline void bench_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline void bench_sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&t, NULL);
}

#endif
