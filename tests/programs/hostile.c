/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hostile.c - names that attack whoever prints them.
 *
 * Sets its own name, that of its child, of a queue and of a lock to terminal
 * escapes, broken UTF-8, bidirectional controls and newlines, puts two messages,
 * prints "ready PID" and ends when standard input does.
 */
#include <mptrace/mptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Clears the screen, sets the title, and is not UTF-8. */
#define ESCAPES "\x1b[2J\x1b]0;pwned\x07\xff\xfe"
/* Turns the direction of the text around; a newline; a C1 control. */
#define TURNED                                                                                     \
	"\xe2\x80\xae"                                                                             \
	"evil\nline\xc2\x9b"                                                                       \
	"31m"

static int wait_for_end(void *arg)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "\x1b[31mchild");
	return read((int)(intptr_t)arg, &byte, 1) < 0;
}

static void must(const char *what, int result)
{
	if (result >= 0)
		return;
	fprintf(stderr, "hostile: %s: %s\n", what, mpt_result_text(result));
	exit(1);
}

int main(void)
{
	const struct mpt_queue_options queue_options = {.name = ESCAPES, .maxsize = 4};
	const struct mpt_process_options process_options = {.name = TURNED};
	struct mpt_process *process;
	struct mpt_queue *queue;
	struct mpt_lock *lock;
	char line[16];
	int ends[2];

	prctl(PR_SET_NAME, "\x1b[5m\xff) R 1");
	if (pipe(ends) < 0)
		return 1;
	must("queue", mpt_queue_create(&queue, &queue_options));
	must("lock", mpt_lock_create(&lock, TURNED, 0));
	must("put", mpt_queue_put(queue, "a", 1, 0));
	must("put", mpt_queue_put(queue, "b", 1, 0));
	must("acquire", mpt_lock_acquire(lock, 0));
	must("process", mpt_process_create(&process, wait_for_end, (void *)(intptr_t)ends[0],
					   &process_options));
	must("start", mpt_process_start(process));
	printf("ready %d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	_exit(0);
}
