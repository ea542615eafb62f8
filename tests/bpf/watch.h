/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * watch.h - an open kernel whose events are kept, and children that do one thing.
 *
 * Owns: waiting for an event with a deadline.  A machine that has no eBPF for us
 * skips the test and shows why.
 */
#ifndef TESTS_BPF_WATCH_H
#define TESTS_BPF_WATCH_H

#include "mpstat/collector/kernel.h"

#include <sys/types.h>

struct watch {
	struct kernel *kernel;
	struct life_event *events;
	size_t count;
	size_t room;
};

/* Setup and teardown of a cmocka test: *state is a struct watch, or NULL. */
int watch_open(void **state);
int watch_close(void **state);
/* The state's watch; does not return but skips where there is none. */
struct watch *watch_of(void **state);

/* Takes in what the ring has. */
void watch_drain(struct watch *watch);
/* The first event of that kind about `pid`, which has happened already or will
 * within 10 s; fails the test otherwise. */
const struct life_event *watch_for(struct watch *watch, enum life_what what, pid_t pid);
size_t watch_count(struct watch *watch, enum life_what what, pid_t pid);

/* Forks a child that leaves with what `body` returns; -1 is a failed test. */
pid_t child_start(int (*body)(void *arg), void *arg);
/* Its status as wait(2) gives it; it is reaped. */
int child_end(pid_t pid);
/* The same in a pid namespace of its own, in which it is number 1. */
pid_t child_start_inside(int (*body)(void *arg), void *arg);

/* Asks `is` until it says yes or 10 s are over: then false. */
int within_10_s(int (*is)(void *arg), void *arg);
/* The state letter in /proc/PID/stat; 0: gone. */
char proc_state(pid_t pid);
/* Waits for that state; fails the test after 10 s. */
void wait_for_state(pid_t pid, char state);

#endif
