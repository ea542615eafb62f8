/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * crowd.c - what tests/bench/viewers needs beside the viewers.
 *
 *	crowd idle PROCESSES THREADS	that do nothing; prints "ready", ends with its input
 *	crowd scan TIMES		reads every /proc/PID/stat; prints its CPU time each, ns
 *	crowd forks COUNT		fork, exec, wait; prints the time each, ns
 */
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static void *sleep_on(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void be_idle(long threads, pid_t parent)
{
	pthread_attr_t small;
	pthread_t thread;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&thread, &small, sleep_on, NULL))
			_exit(1);
	sleep_on(NULL);
}

static int idle(long processes, long threads)
{
	pid_t *pids = calloc((size_t)processes + 1, sizeof(*pids)), self = getpid();
	char line[16];

	for (long i = 0; pids && i < processes; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			be_idle(threads, self);
		if (pids[i] < 0) {
			perror("fork");
			return 1;
		}
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	for (long i = 0; pids && i < processes; i++)
		kill(pids[i], SIGKILL);
	while (wait(NULL) > 0)
		;
	free(pids);
	return 0;
}

static void scan_once(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	char path[300], text[1024];

	while (proc && (entry = readdir(proc))) {
		int fd;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "%s/stat", entry->d_name);
		fd = openat(dirfd(proc), path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0 && read(fd, text, sizeof(text)) < 0)
			text[0] = '\0';
		close(fd);
	}
	if (proc)
		closedir(proc);
}

static int scan(long times)
{
	int64_t before;

	scan_once();
	before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < times; i++)
		scan_once();
	printf("%lld\n", (long long)((now_ns(CLOCK_PROCESS_CPUTIME_ID) - before) / times));
	return 0;
}

static int forks(long count)
{
	int64_t before = now_ns(CLOCK_MONOTONIC);

	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid == 0) {
			execl("/proc/self/exe", "crowd", NULL);
			_exit(1);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			return 1;
	}
	printf("%lld\n", (long long)((now_ns(CLOCK_MONOTONIC) - before) / count));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 0; /* after exec, in forks() */
	if (argc == 4 && strcmp(argv[1], "idle") == 0)
		return idle(atol(argv[2]), atol(argv[3]));
	if (argc == 3 && strcmp(argv[1], "scan") == 0)
		return scan(atol(argv[2]));
	if (argc == 3 && strcmp(argv[1], "forks") == 0)
		return forks(atol(argv[2]));
	fputs("usage: crowd idle PROCESSES THREADS | scan TIMES | forks COUNT\n", stderr);
	return 2;
}
