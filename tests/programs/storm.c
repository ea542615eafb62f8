/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * storm.c - makes many processes, as fast as it can.
 *
 *	storm FORKERS COUNT [exec]
 *
 * Prints "ready PID..." with the pids of the forkers.  For each line of its input each
 * forker makes COUNT processes that end with code 7 at once (with "exec": after
 * having become another program) and are waited for; then it prints "made NUMBER",
 * the sum.  Ends when its input does.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define FORKERS 64

static long make_one(const char *self)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (self)
			execl(self, "brief", "--end", NULL);
		_exit(7);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) &&
	       WEXITSTATUS(status) == 7;
}

static void be_forker(int orders, int answers, long count, const char *self)
{
	char order;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(orders, &order, 1) == 1) {
		long made = 0;

		for (long i = 0; i < count; i++)
			made += make_one(self);
		if (write(answers, &made, sizeof(made)) != sizeof(made))
			_exit(1);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	int forkers = argc > 2 ? atoi(argv[1]) : 0, answers[2], orders[FORKERS][2];
	long count = argc > 2 ? atol(argv[2]) : 0, made, sum;
	char line[16];

	if (argc == 2 && strcmp(argv[1], "--end") == 0)
		return 7;
	if (forkers < 1 || forkers > FORKERS || pipe(answers) < 0) {
		fputs("usage: storm FORKERS COUNT [exec]\n", stderr);
		return 2;
	}
	printf("ready");
	for (int i = 0; i < forkers; i++) {
		pid_t pid;

		fflush(stdout);
		if (pipe(orders[i]) < 0 || (pid = fork()) < 0)
			return 1;
		if (pid == 0) {
			for (int k = 0; k <= i; k++)
				close(orders[k][1]);
			be_forker(orders[i][0], answers[1], count,
				  argc > 3 ? "/proc/self/exe" : NULL);
		}
		printf(" %d", (int)pid);
	}
	puts("");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		for (int i = 0; i < forkers; i++)
			if (write(orders[i][1], "x", 1) != 1)
				return 1;
		sum = 0;
		for (int i = 0; i < forkers; i++)
			sum += read(answers[0], &made, sizeof(made)) > 0 ? made : 0;
		printf("made %ld\n", sum);
		fflush(stdout);
	}
	for (int i = 0; i < forkers; i++)
		close(orders[i][1]);
	while (wait(NULL) > 0)
		;
	return 0;
}
