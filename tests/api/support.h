/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support.h - what the api tests share: children, deadlines, memory shared with
 * them, other programs, and the domain's segment as an outsider reads it.
 *
 * Does not own: any claim about the library.
 *
 * Tests never sleep for a fixed time: they wait for a condition and fail when it
 * has not come within GUARD_NS.
 */
#ifndef TESTS_API_SUPPORT_H
#define TESTS_API_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <mptrace/mptrace.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libtrace/contract/vocab.h"
#include "libtrace/contract/wire.h"

#define GUARD_NS MPT_SECONDS(10)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#else
#define SANITIZED 0
#endif

/* ---- time ----------------------------------------------------------------- */

uint64_t now_ns(void);
/* A short nap between two looks at a condition. */
void nap(void);

/* Waits until the condition holds; a failure of the test after GUARD_NS. */
#define assert_eventually(condition)                                               \
	do {                                                                       \
		uint64_t until_ = now_ns() + GUARD_NS;                             \
		while (!(condition)) {                                             \
			if (now_ns() > until_)                                     \
				fail_msg("not within 10 s: %s", #condition);       \
			nap();                                                     \
		}                                                                  \
	} while (0)

/* "About T": never under it; above it only the guard counts. */
#define assert_took_about(start, ns) took_about(start, ns, __FILE__, __LINE__)
void took_about(uint64_t start, uint64_t ns, const char *file, int line);

/* ---- children ------------------------------------------------------------- */

/* What a child claims: cmocka's own assertions would jump into the parent's run.
 * A false claim is printed and ends the child with status 99. */
#define child_claims(condition)                                                    \
	do {                                                                       \
		if (!(condition))                                                  \
			child_refutes(__FILE__, __LINE__, #condition);             \
	} while (0)
_Noreturn void child_refutes(const char *file, int line, const char *claim);

#define child_claims_eventually(condition)                                         \
	do {                                                                       \
		uint64_t until_ = now_ns() + GUARD_NS;                             \
		while (!(condition)) {                                             \
			child_claims(now_ns() < until_ && "in time: " #condition); \
			nap();                                                     \
		}                                                                  \
	} while (0)

/* A forked child that runs body(arg) and leaves by _exit(0).  It dies with us. */
pid_t child(void (*body)(void *arg), void *arg);
/* Another program: this one again, as `role` (see support_main), with `env`, a
 * NULL-terminated list of NAME=value, or NULL. */
pid_t program(const char *role, const char *arg, const char *const *env);

/* Waits for the child's end: its exit status, or the signal as a negative number. */
int end_of(pid_t pid);
#define assert_ends_well(pid) assert_int_equal(end_of(pid), 0)
/* SIGKILL, and reaped. */
void kill_child(pid_t pid);
/* It was reaped by other means. */
void child_is_gone(pid_t pid);
/* SIGSTOP, and stopped when it returns. */
void stop_child(pid_t pid);

/* Zeroed memory that children forked later share; gone with the test. */
void *shared(size_t size);

/* A word that processes wait on and raise. */
void reach(uint32_t *point);
bool reached(const uint32_t *point);

/* ---- threads -------------------------------------------------------------- */

#include <pthread.h>

pthread_t thread(void *(*body)(void *), void *arg);
void join_thread(pthread_t thread);

/* ---- the segment ---------------------------------------------------------- */

/* The domain this process is in, read-only by convention; NULL: none. */
const struct mpt_wire_header *segment(void);
const struct mpt_wire_object *segment_object(const char *name);
uint32_t segment_slot(const struct mpt_wire_object *object);
/* Where what the object stores lies; stays readable when the object has ended. */
const void *segment_storage(const struct mpt_wire_object *object);
/* The thread slot of a process's first thread that lives or lived; NULL: none. */
const struct mpt_wire_thread *segment_thread(pid_t pid);
const struct mpt_wire_process *segment_process(pid_t pid);
/* Whose lock word it is. */
const struct mpt_wire_thread *segment_owner(uint32_t word);
/* Is a thread of pid blocked in op now, as a viewer sees it? */
bool is_blocked_in(pid_t pid, enum mpt_op op);
/* The sums over all ledger rows of an object. */
struct ledger {
	uint64_t gives, takes;
	uint64_t committed; /* gets whose message never reached its dead taker */
};
struct ledger segment_ledger(const struct mpt_wire_object *object);

/* ---- running -------------------------------------------------------------- */

struct role {
	const char *name;
	void (*body)(const char *arg);
};

/* For tests that kill at every stride-th instruction.  Their stride: `usual`, or what the
 * environment's MPT_STEP says if that is less. */
uint64_t finer_stride(uint64_t usual);
/* From now on no stride is finer than this, whatever the environment says. */
void finest_stride(uint64_t finest);
/* Where to begin, less than the stride: what the environment's MPT_STEP_AT says, or 0.  So
 * several runs of a program, each with a domain of its own, do together what one of them
 * has not the slots for. */
uint64_t later_start(uint64_t stride);
/* The same, but anywhere, another time elsewhere, if the environment says nothing. */
uint64_t step_phase(uint64_t stride);
/* Stepper and stepped take turns: on one processor that is several times faster.
 * `before` is what the caller may give back to sched_setaffinity(2). */
void share_one_processor(cpu_set_t *before);

/* Ends what a test left running, also after a failed assertion. */
int support_setup(void **state);
int support_teardown(void **state);
#define api_test(function) \
	cmocka_unit_test_setup_teardown(function, support_setup, support_teardown)

/* In a program that a test started: it is not asked for leaks. */
void support_is_no_judge(void);
/* Runs `body` and exits 0 when the program was started by program(). */
void support_main(int argc, char **argv, const struct role *roles, size_t count);

#endif
