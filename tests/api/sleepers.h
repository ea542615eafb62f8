/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sleepers.h - what the condition tests share: one condition, those who wait for it, and
 * a look into the segment that tells whether anything is left of them.
 *
 * Does not own: any claim about the library, but that after each case nobody sits
 * and no notify is remembered (behaviour 91).
 */
#ifndef TESTS_API_SLEEPERS_H
#define TESTS_API_SLEEPERS_H

#include "tests/api/support.h"

#define SLEEPERS_MOST 32

/* What the processes and threads of one test share. */
struct scene {
	struct mpt_condition *ready;
	struct mpt_rlock *rlock; /* given to it; NULL: another lock */
	struct mpt_lock *lock;
	const struct mpt_wire_object *object;
	uint64_t timeout_ns;		  /* of those who wait */
	uint32_t came;			  /* how many have begun to wait */
	uint32_t woke;			  /* how many were notified, */
	uint32_t order[SLEEPERS_MOST];	  /* in which order: the number each came with */
	uint32_t recovered, timeouts, ends; /* how many were told so */
	bool open;			  /* what the predicate looks at */
	uint32_t asked, point, done;
};

/* A condition "ready" that has what `options` say (NULL: a lock of its own). */
struct scene *new_scene(const struct mpt_condition_options *options);
/* Asserts that nothing is left, and destroys all. */
void end_scene(struct scene *scene);

/* Behaviour 91: no living thread has a seat, and nothing is there for one to come. */
void assert_no_sleepers_and_no_tokens(const struct scene *scene);

/* Seats that somebody waits in, dead or alive; that dead ones have. */
uint32_t seats_waited_in(const struct mpt_wire_object *object);
uint32_t seats_of_the_dead(const struct mpt_wire_object *object);

void acquire(struct scene *scene);
void release(struct scene *scene);
int notify(struct scene *scene, uint32_t n);
int notify_all(struct scene *scene);
int waiting(const struct scene *scene);
uint32_t counted(const uint32_t *word);

/* For child() and thread(): takes the lock, waits once, counts what it was told, frees the
 * lock. */
void sleeps(void *scene);
void *sleeps_in_thread(void *scene);

/* Starts one, and returns when it sleeps (waits). */
pid_t sleeper(struct scene *scene);
pthread_t sleeper_thread(struct scene *scene);

#endif
