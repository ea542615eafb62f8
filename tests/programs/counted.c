/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * counted.c - does exactly 23 puts, 17 gets and 5 contended acquires.
 *
 * For tests that compare what a viewer says with what is true.  Objects: queue
 * "letters" (32 places), lock "gate".  Processes: MainProcess holds the gate five
 * times while "waiter" asks for it; "writer" puts 23 messages of 10 bytes, then
 * "reader" gets 17 of them: 6 stay.
 *
 * Prints "ready", waits for a line on standard input, does all that, prints "done",
 * and ends when standard input does.  Everybody lives until then.
 */
#include <fcntl.h>
#include <mptrace/mptrace.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define PUTS	  23
#define GETS	  17
#define CONTENDED 5

static struct mpt_queue *letters;
static struct mpt_lock *gate;
static int order[3][2], answer[3][2]; /* pipes, one pair per child */

enum who { WRITER, READER, WAITER };

static void die(const char *what, int result)
{
	fprintf(stderr, "counted: %s: %s\n", what, mpt_result_text(result));
	exit(1);
}

static void must(const char *what, int result)
{
	if (result < 0)
		die(what, result);
}

/* Blocks; false when the other end is gone. */
static bool take_byte(int fd)
{
	char byte;

	return read(fd, &byte, 1) == 1;
}

static void give_byte(int fd)
{
	if (write(fd, "x", 1) != 1)
		exit(1);
}

static void put_all(void)
{
	char text[11];

	for (int i = 0; i < PUTS; i++) {
		snprintf(text, sizeof(text), "letter-%03d", i);
		must("put", mpt_queue_put(letters, text, 10, 0));
	}
}

static void get_all(void)
{
	char text[16];

	for (int i = 0; i < GETS; i++)
		must("get", (int)mpt_queue_get(letters, text, sizeof(text), 0));
}

/* Says that it is about to, waits for the gate, passes it. */
static void ask_for_gate(int say)
{
	give_byte(say);
	must("acquire", mpt_lock_acquire(gate, MPT_FOREVER));
	must("release", mpt_lock_release(gate));
}

static int child(void *arg)
{
	enum who who = (enum who)(intptr_t)arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (take_byte(order[who][0])) {
		if (who == WRITER)
			put_all();
		else if (who == READER)
			get_all();
		else
			ask_for_gate(answer[who][1]);
		give_byte(answer[who][1]);
	}
	return 0;
}

/* The state letter of a process, from /proc. */
static char state_of(pid_t pid)
{
	char path[32], text[512] = "", *end;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		exit(1);
	close(fd);
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : '?';
}

/* Until it sleeps: it said that the next thing it does is to wait for the gate.
 * Gives up after ten seconds. */
static void await_sleep(pid_t pid)
{
	const struct timespec pause = {0, 1000000};

	for (int tries = 0; state_of(pid) != 'S'; tries++) {
		if (tries > 10000)
			exit(1);
		nanosleep(&pause, NULL);
	}
}

static void contend_once(pid_t waiter)
{
	must("acquire", mpt_lock_acquire(gate, 0));
	give_byte(order[WAITER][1]);
	if (!take_byte(answer[WAITER][0]))
		exit(1);
	await_sleep(waiter);
	must("release", mpt_lock_release(gate));
	if (!take_byte(answer[WAITER][0]))
		exit(1);
}

static void tell(enum who who)
{
	give_byte(order[who][1]);
	if (!take_byte(answer[who][0]))
		exit(1);
}

static struct mpt_process *start(enum who who, const char *name)
{
	const struct mpt_process_options options = {.name = name};
	struct mpt_process *process;

	if (pipe2(order[who], O_CLOEXEC) < 0 || pipe2(answer[who], O_CLOEXEC) < 0)
		exit(1);
	must("create process",
	     mpt_process_create(&process, child, (void *)(intptr_t)who, &options));
	must("start", mpt_process_start(process));
	return process;
}

int main(void)
{
	const struct mpt_queue_options options = {.name = "letters", .maxsize = 32};
	struct mpt_process *waiter;
	char line[16];

	must("create queue", mpt_queue_create(&letters, &options));
	must("create lock", mpt_lock_create(&gate, "gate", 0));
	start(WRITER, "writer");
	start(READER, "reader");
	waiter = start(WAITER, "waiter");
	printf("ready %d\n", getpid());
	fflush(stdout);
	if (!fgets(line, sizeof(line), stdin))
		_exit(0);
	tell(WRITER);
	tell(READER);
	for (int i = 0; i < CONTENDED; i++)
		contend_once(mpt_process_pid(waiter));
	printf("done %d\n", getpid());
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		;
	_exit(0); /* the children go with us */
}
