/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * step.h - kills a child after exactly k instructions of one operation.
 *
 * A victim is a child that has attached to the domain, stops itself, then runs
 * one operation and exits.  Single steps are user instructions: what happens inside a
 * system call is one step.
 */
#ifndef TESTS_API_STEP_H
#define TESTS_API_STEP_H

#include "tests/api/support.h"

/* Starts a victim, stopped just before act(arg).  attached: it has used the
 * library before, so that only the operation itself is stepped. */
pid_t victim(void (*act)(void *arg), void *arg, bool attached);
/* The same, attached and having done warm(arg), if that is not NULL. */
pid_t warm_victim(void (*warm)(void *arg), void (*act)(void *arg), void *arg);

/* Lets it run k instructions.  False: it ended by itself before, and is reaped. */
bool step(pid_t pid, uint64_t k);
/* Is its next instruction one of this program, which has the library in it, and none of libc,
 * of the kernel's pages or of the dynamic linker?  How many theirs are varies. */
bool step_is_ours(pid_t pid);
/* Lets it run to the k-th entry or exit of a system call.  False: as above. */
bool step_syscalls(pid_t pid, uint64_t k);

/* Lets one that is stepped run on by itself, with a signal unless it is 0. */
void let_go(pid_t pid, int signal);
/* Stops a child that runs, to be stepped. */
void interrupt(pid_t pid);
/* Steps until the condition holds; false: it did not within `most` instructions. */
bool step_until(pid_t pid, bool (*holds)(void *arg, pid_t pid), void *arg, uint64_t most);

/* A kind of operation, to be killed again and again, each time a little later. */
struct stepped {
	const char *name;
	void (*prepare)(void *world); /* before each victim; may be NULL */
	void (*act)(void *world);     /* in the victim */
	/* Afterwards; finished: the victim was not killed. */
	void (*judge)(void *world, uint64_t k, bool finished);
};

/* Whether the victims of those below have used the library before; they have, if nothing is
 * said. */
void step_strangers(bool strangers);
/* Kills at from, from + stride ... before `to`, or until a victim finishes; returns the
 * number of kills.  A finer stride is taken from the environment (finer_stride), and how many
 * instructions later to begin (later_start). */
uint64_t step_range(const struct stepped *operation, void *world, uint64_t from, uint64_t to,
		    uint64_t stride);
#define TO_THE_END UINT64_MAX
/* For operations of many instructions: kills at every entry and exit of a system call, each
 * time `after` instructions behind it; k counts them.  Returns the number of kills. */
uint64_t step_calls(const struct stepped *operation, void *world, uint64_t after);

/* At which k something had been seen to have happened, and at which not yet. */
struct moment {
	uint64_t first, last_without;
};
#define NEVER UINT64_MAX
#define NOT_YET { NEVER, 0 }
bool seen(struct moment *moment, uint64_t k, bool now);
/* It happens at one instruction: never "not yet" after it. */
void assert_one_moment(const struct moment *moment);

/* All of an operation coarsely, then every instruction around the moment it commits. */
uint64_t step_through(const struct stepped *operation, void *world, struct moment *commit);

#endif
