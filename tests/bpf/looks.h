/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * looks.h - looks at children that sleep, by eBPF and by /proc.
 *
 * Owns: one open look, waiting with a deadline until it shows what is expected.
 */
#ifndef TESTS_BPF_LOOKS_H
#define TESTS_BPF_LOOKS_H

#include "mpstat/collector/blocked.h"
#include "tests/bpf/watch.h"

struct looks {
	struct watch *watch; /* NULL: by /proc */
	struct blocked_look look;
	/* Which processes; NULL: all. */
	const uint32_t *pids;
	size_t pid_count;
	const void *pointer; /* the test's own */
	/* What is looked for. */
	pid_t pid;
	int syscall;
	char state;
};

/* Setups and the teardown of a cmocka test: *state is a struct looks, or NULL. */
int looks_open_kernel(void **state);
int looks_open_proc(void **state);
int looks_close(void **state);
/* The state's looks; does not return but skips where there is none. */
struct looks *looks_of(void **state);

/* Looks once. */
void looks_take(struct looks *looks);
/* The first thread of `pid` once it sleeps in that call; fails the test after 10 s.  Valid
 * until the next look. */
const struct blocked *looks_for(struct looks *looks, pid_t pid, int syscall);
/* The same in any state; SYSCALL_ANY: any call, or none. */
#define SYSCALL_ANY (-2)
const struct blocked *looks_for_state(struct looks *looks, pid_t pid, int syscall, char state);
/* Asks `is` until it says yes or 10 s are over: then false. */
bool looks_until(struct looks *looks, int (*is)(void *arg));
/* In the last look; NULL: it is not there. */
const struct blocked *looks_thread(const struct looks *looks, pid_t tid);

/* Memory that the children share with us; the caller unmaps it. */
void *looks_shared(size_t size);

/* Two tests of one function: by eBPF, by /proc. */
#define TEST_LOOKS(function)                                                                       \
	{#function " (eBPF)", function, looks_open_kernel, looks_close, NULL},                     \
	{                                                                                          \
		#function " (/proc)", function, looks_open_proc, looks_close, NULL                 \
	}
#define TEST_LOOKS_PROC(function)                                                                  \
	{                                                                                          \
		#function " (/proc)", function, looks_open_proc, looks_close, NULL                 \
	}
#define TEST_LOOKS_KERNEL(function)                                                                \
	{                                                                                          \
		#function " (eBPF)", function, looks_open_kernel, looks_close, NULL                \
	}

#endif
