/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * waits.h - what the wait-for graph says, for detectors and sentences.
 *
 * Owns: access to cycles and knots.  Does not own: verdicts of single threads
 * (struct thread), sentences (words.h).  How it is worked out: waits.c.
 *
 * Both contain confirmed threads only (VERDICT_STUCK): found stuck in the same
 * wait in two snapshots of their source.
 */
#ifndef MPSTAT_MODEL_WAITS_H
#define MPSTAT_MODEL_WAITS_H

#include "mpstat/model/model.h"

/* Threads that wait for each other in a ring: first, first->blocker, ... until
 * first again.  The first is the one with the least identity. */
struct cycle {
	const struct thread *first;
	uint32_t length; /* 1: waits for itself */
	uint32_t behind; /* stuck threads outside that wait for the ring */
	uint64_t since_ns; /* when it closed: the youngest wait in it */
};

/* Threads of a domain, or that have ends of the same things open, of which any could wake any
 * other, and none can run. */
struct knot {
	const struct domain *domain; /* NULL: of none */
	const struct thread *first; /* waits_knot_next() for the others */
	uint32_t count;
	uint64_t since_ns;
};

size_t waits_cycle_count(const struct model *model);
const struct cycle *waits_cycle(const struct model *model, size_t index);

size_t waits_knot_count(const struct model *model);
const struct knot *waits_knot(const struct model *model, size_t index);
/* NULL: that was the last. */
const struct thread *waits_knot_next(const struct model *model, const struct thread *thread);

/* How a blocked thread could go on. */
enum wait_for {
	WAIT_NOT,     /* it is not blocked */
	WAIT_UNKNOWN, /* ends by itself, or is not understood: never called stuck */
	WAIT_OWNER,   /* the owner has to run */
	WAIT_PROCESS, /* some thread of wait_process has to run */
	WAIT_WORKERS, /* some worker of it, or a thread of its creator, has to run */
	WAIT_HOLDERS, /* some thread of a process that has units of it out has to run */
	WAIT_ANYBODY, /* some thread of the object's domain has to run */
	WAIT_ANY,     /* one of the things in wait_any has to come: of processes, some thread of
		       * one; of objects, some thread of their domain */
	WAIT_ENDS,    /* some thread of a process with the other end open has to run */
	WAIT_CHILDREN, /* some thread of a child of its process has to run */
	WAIT_NOBODY,  /* nobody is left who could end it */
};
enum wait_for waits_for(const struct thread *thread);
const char *waits_name(enum wait_for wait); /* "owner" */
/* Could any of several end it? */
static inline bool waits_for_several(const struct thread *thread)
{
	enum wait_for wait = waits_for(thread);

	return wait == WAIT_ANYBODY || wait == WAIT_HOLDERS || wait == WAIT_WORKERS;
}

/* Of WAIT_ENDS: could the process of that use end it? */
bool waits_ends_by(const struct thread *thread, const struct use *use);

/* For a lock that it holds, and that somebody else could release? */
bool waits_for_itself(const struct thread *thread);

/* Of WAIT_WORKERS: could the process end it? */
bool waits_served_by(const struct object *object, const struct process *process);

/* Is it the thread that serves an object with WORKERS, waiting for whatever may come? */
bool waits_serving(const struct thread *thread);

/* Of WAIT_ANY: the domain whose threads could end the wait; NULL: there are only processes, of
 * which the first is waits_first_process(). */
const struct domain *waits_any_domain(const struct thread *thread);
const struct process *waits_first_process(const struct thread *thread);

/* Of an object of UNITS: does the process have units of it out?  Their only holder, NULL:
 * there are several, or none. */
bool waits_holders_known(const struct object *object); /* of all units that are out */
bool waits_holds(const struct object *object, const struct process *process);
const struct process *waits_only_holder(const struct object *object);

#endif
