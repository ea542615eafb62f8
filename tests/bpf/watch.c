/* SPDX-License-Identifier: BSD-2-Clause */
/* watch.c - see watch.h. */
#include "tests/bpf/watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 10000

/* Children not reaped yet: a test that fails leaves none. */
static pid_t children[64];

static void remember(pid_t from, pid_t to)
{
	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++)
		if (children[i] == from) {
			children[i] = to;
			return;
		}
}

int watch_open(void **state)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	struct err err = {0};

	*state = NULL;
	if (!watch)
		return -1;
	if (kernel_open(&watch->kernel, &err)) {
		print_message("# note: no eBPF here: %s\n", err.text);
		free(watch);
		return 0;
	}
	*state = watch;
	return 0;
}

int watch_close(void **state)
{
	struct watch *watch = *state;

	for (size_t i = 0; i < sizeof(children) / sizeof(children[0]); i++)
		if (children[i]) {
			kill(children[i], SIGKILL);
			child_end(children[i]);
		}
	if (!watch)
		return 0;
	kernel_close(watch->kernel);
	free(watch->events);
	free(watch);
	return 0;
}

struct watch *watch_of(void **state)
{
	if (!*state)
		skip();
	return *state;
}

static void keep(void *arg, const struct life_event *event)
{
	struct watch *watch = arg;

	if (watch->count == watch->room) {
		watch->room = watch->room * 2 + 1024;
		watch->events = realloc(watch->events, watch->room * sizeof(*watch->events));
		assert_non_null(watch->events);
	}
	watch->events[watch->count++] = *event;
}

void watch_drain(struct watch *watch)
{
	kernel_events(watch->kernel, keep, watch);
}

static const struct life_event *find(const struct watch *watch, enum life_what what, pid_t pid)
{
	for (size_t i = 0; i < watch->count; i++)
		if (watch->events[i].what == what && watch->events[i].pid == (uint32_t)pid)
			return &watch->events[i];
	return NULL;
}

static void pause_ms(long ms)
{
	struct timespec time = {.tv_nsec = ms * 1000000};

	nanosleep(&time, NULL);
}

const struct life_event *watch_for(struct watch *watch, enum life_what what, pid_t pid)
{
	const struct life_event *event;

	for (int tries = 0; tries < DEADLINE_MS; tries++) {
		watch_drain(watch);
		event = find(watch, what, pid);
		if (event)
			return event;
		pause_ms(1);
	}
	fail_msg("no event %d about %d among %zu", (int)what, (int)pid, watch->count);
	return NULL;
}

size_t watch_count(struct watch *watch, enum life_what what, pid_t pid)
{
	size_t found = 0;

	watch_drain(watch);
	for (size_t i = 0; i < watch->count; i++)
		found += watch->events[i].what == what && watch->events[i].pid == (uint32_t)pid;
	return found;
}

pid_t child_start(int (*body)(void *arg), void *arg)
{
	pid_t pid;

	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		memset(children, 0, sizeof(children));
		_exit(body(arg));
	}
	remember(0, pid);
	return pid;
}

int child_end(pid_t pid)
{
	int status = -1;

	remember(pid, 0);
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

struct inside {
	int (*body)(void *arg);
	void *arg;
};

/* unshare concerns the children: the first of them is number 1. */
static int go_inside(void *arg)
{
	const struct inside *inside = arg;
	int status;

	if (unshare(CLONE_NEWPID))
		return 99;
	status = child_end(child_start(inside->body, inside->arg));
	return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

pid_t child_start_inside(int (*body)(void *arg), void *arg)
{
	struct inside inside = {body, arg};

	return child_start(go_inside, &inside);
}

int within_10_s(int (*is)(void *arg), void *arg)
{
	for (int tries = 0; tries < DEADLINE_MS; tries++) {
		if (is(arg))
			return 1;
		pause_ms(1);
	}
	return 0;
}

char proc_state(pid_t pid)
{
	char path[64], text[512] = "", *end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	/* Not a line: a name may have several. */
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	end = strrchr(text, ')');
	return end && end[1] ? end[2] : 0;
}

void wait_for_state(pid_t pid, char state)
{
	for (int tries = 0; tries < DEADLINE_MS; tries++) {
		if (proc_state(pid) == state)
			return;
		pause_ms(1);
	}
	fail_msg("%d is %c, not %c", (int)pid, proc_state(pid), state);
}
