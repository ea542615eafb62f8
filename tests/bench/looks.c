/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * looks.c - what a look at blocked threads costs, against a bare read of their
 * /proc/PID/task/TID/syscall, which tells far less.
 *
 *	looks [ROUNDS, default 7 [THREADS... default 1000 5000]]
 *
 * All of them in turn within a round, in processor time; each ratio is taken within one
 * round, and the median over the rounds is told.
 */
#include "mpstat/collector/blocked.h"
#include "mpstat/collector/kernel.h"
#include "tests/bench/bench.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>

#define ROUNDS_MOST 101

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;

static void *lock_held(void *arg)
{
	pthread_mutex_lock(&held);
	return arg;
}

static pid_t start_crowd(long threads)
{
	pthread_attr_t small;
	pthread_t thread;
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	pthread_mutex_lock(&held);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread, &small, lock_held, NULL))
			_exit(1);
	for (;;)
		pause();
}

/* -- What is measured ------------------------------------------------------------------- */

struct world {
	uint32_t pid;
	struct kernel *kernel; /* NULL: no eBPF here */
	struct blocked_look look;
};

static void read_bare(struct world *world)
{
	char path[300], text[256];
	struct dirent *entry;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%u/task", world->pid);
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		int fd;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/syscall", entry->d_name);
		fd = openat(dirfd(dir), path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
			text[0] = '\0';
		close(fd);
	}
	if (dir)
		closedir(dir);
}

static size_t look_by(struct world *world, struct kernel *kernel)
{
	struct err err = {0};
	size_t found = 0;

	if (blocked_look_take(&world->look, kernel, "/proc", &world->pid, 1,
			      bench_ns(CLOCK_MONOTONIC), &err)) {
		fprintf(stderr, "looks: %s\n", err.text);
		exit(2);
	}
	for (size_t i = 0; i < world->look.count; i++)
		found += world->look.items[i].has & BLOCKED_HAS_MEMORY &&
			 world->look.items[i].has & BLOCKED_HAS_STACK;
	return found;
}

static void look_kernel(struct world *world)
{
	look_by(world, world->kernel);
}

static void look_proc(struct world *world)
{
	look_by(world, NULL);
}

static double cost_ms(struct world *world, void (*step)(struct world *world))
{
	uint64_t before = bench_ns(CLOCK_PROCESS_CPUTIME_ID);

	step(world);
	return (double)(bench_ns(CLOCK_PROCESS_CPUTIME_ID) - before) / 1e6;
}

/* -- Rounds ------------------------------------------------------------------------------ */

static void report(const char *what, const char *metric, double *values, size_t count)
{
	char name[80];

	qsort(values, count, sizeof(*values), bench_compare);
	snprintf(name, sizeof(name), "%s, min", metric);
	bench_out(what, name, values[0]);
	snprintf(name, sizeof(name), "%s, median", metric);
	bench_out(what, name, values[count / 2]);
}

static void measure_way(struct world *world, const char *what, void (*step)(struct world *world),
			size_t rounds)
{
	double bare[ROUNDS_MOST], cost[ROUNDS_MOST], ratio[ROUNDS_MOST];

	step(world);
	for (size_t i = 0; i < rounds; i++) {
		bare[i] = cost_ms(world, read_bare);
		cost[i] = cost_ms(world, step);
		ratio[i] = cost[i] / bare[i];
	}
	report(what, "ms", cost, rounds);
	report(what, "ratio to a bare read of task/*/syscall", ratio, rounds);
}

static void measure(struct world *world, long threads, size_t rounds)
{
	char what[80];
	pid_t pid = start_crowd(threads);

	world->pid = (uint32_t)pid;
	while (look_by(world, world->kernel) < (size_t)threads && kill(pid, 0) == 0)
		usleep(100000);
	snprintf(what, sizeof(what), "look by eBPF, %ld blocked threads", threads);
	if (world->kernel)
		measure_way(world, what, look_kernel, rounds);
	snprintf(what, sizeof(what), "look by /proc, %ld blocked threads", threads);
	measure_way(world, what, look_proc, rounds);
	if (world->look.note[0])
		fprintf(stderr, "looks: %s\n", world->look.note);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 1 ? (size_t)atol(argv[1]) : 7;
	struct world world = {0};
	struct err err = {0};

	if (rounds < 1 || rounds > ROUNDS_MOST)
		return 2;
	if (kernel_open(&world.kernel, &err))
		fprintf(stderr, "looks: %s\n", err.text);
	for (int i = 2; i < argc; i++)
		measure(&world, atol(argv[i]), rounds);
	if (argc <= 2) {
		measure(&world, 1000, rounds);
		measure(&world, 5000, rounds);
	}
	blocked_look_free(&world.look);
	kernel_close(world.kernel);
	return 0;
}
