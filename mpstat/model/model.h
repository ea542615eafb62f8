/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * model.h - what is true: processes, threads, objects, who waits for whom.
 *
 * Owns: the struct model and its entities, the two ways in (model_apply,
 * model_tick).  Does not own: clocks, files, sources, screens.  Pure: the same
 * facts and ticks give the same model, byte for byte.  Not thread-safe.
 *
 * Entities live until the model is freed or they expire (ended processes: some
 * minutes, bounded count); pointers to them stay valid between two calls of
 * model_apply/model_tick.
 */
#ifndef MPSTAT_MODEL_MODEL_H
#define MPSTAT_MODEL_MODEL_H

#include "mpstat/model/fact.h"

#include <stddef.h>

struct thread;
struct object;
struct domain;
struct workers;

/* A counter and how fast it grew between the last two times it was told. */
struct rate {
	uint64_t total;
	uint64_t before;
	uint64_t at_ns;	   /* when total was told; 0: never */
	double per_second; /* NAN until it was told twice */
};

enum verdict {
	VERDICT_FINE,
	VERDICT_WAITING, /* blocked, but somebody able could wake it */
	VERDICT_STUCK,	 /* nobody who could wake it can ever run: deadlock or knot */
};

/* How a process came to its end, as far as anybody saw. */
struct death {
	uint64_t at_ns;	    /* when its last thread ended; 0: lives, or unknown when */
	int32_t exit_code;  /* as in fact_process; FACT_EXIT_UNKNOWN */
	uint8_t origin;	    /* enum fact_origin of the signal that ended it */
	bool core;	    /* dumped */
	bool itself;	    /* `by` is the process itself */
	struct process_id by; /* who sent it; pid 0: nobody, or unknown */
	char by_name[FACT_NAME_MAX];
};

/* Processes of one parent with one name, three at least: a pool's workers.  Once there
 * were three, it stays and counts as long as the parent lives. */
struct workers {
	const struct process *parent;
	const struct process *first; /* by pid: process.next_worker; NULL: none lives */
	char name[FACT_NAME_MAX];
	uint32_t members; /* that live, zombies included */
	uint32_t running, sleeping, blocked, stopped, zombies; /* R, S, D, T, Z */
	uint32_t stuck;	    /* verdict */
	uint32_t ended;	    /* still remembered */
	uint64_t restarts;  /* births after an end, since this was watched */
	uint64_t failures;  /* ends by a signal or with another code than 0, since then */
	double cpu_percent; /* sum */
	uint64_t rss_bytes; /* sum */
	bool matched;	    /* any member */
};

struct process {
	struct process_id id;
	struct death death;	  /* its own */
	struct fact_process fact; /* merged over sources by rank */
	uint32_t sources;	  /* bit per enum fact_source that reports it now */
	struct process *parent, *first_child, *next_sibling; /* live tree */
	struct domain *domain;	  /* NULL: not a member */
	struct thread *first_thread;
	struct rate cpu;	  /* ns; per_second / 1e7 = percent */
	uint64_t first_seen_ns, last_seen_ns;
	enum verdict verdict;	  /* worst of its threads */
	bool matched;		  /* by the target filter (-p, -g, -a) */
	bool probably;		  /* matched only as an orphan of a target's group */
	uint32_t blocked;	  /* threads blocked now */
	uint64_t wait_since_ns;	  /* of the one blocked longest; 0: none */
	char waiting_for[FACT_TEXT_MAX]; /* in words; "" when not waiting */
	/* Whose child it was at first; pid 0: unknown.  `born_seen`: its fork was seen, or
	 * its parent then still was its own; else the parent when it was first seen. */
	struct process_id first_parent;
	char first_parent_name[FACT_NAME_MAX];
	bool born_seen;
	bool orphan;		    /* lives under another parent than its first */
	bool probably_orphan;	    /* adopted before anybody looked: see story */
	uint64_t orphaned_ns;	    /* when its first parent ended; 0: unknown */
	struct death parent_death;  /* of the first parent, kept when that is forgotten */
	const struct workers *workers; /* NULL: one of a kind */
	const struct process *next_worker;
	/* A zombie, an orphan or an end explained, one sentence; "": nothing to explain. */
	char story[FACT_TEXT_MAX];
};

/* One of several things that a thread waits for; both NULL: a descriptor, or nothing that is
 * known. */
struct any_of {
	struct object *object;
	struct process *process;
};

struct thread {
	struct process *process;
	struct thread *next; /* of the process */
	struct fact_thread fact;
	struct object *wait_object;   /* NULL: not blocked on a known object */
	struct object *serves;	      /* whose worker it is; NULL: nobody's */
	struct object *task_object;   /* whose task it runs; NULL: of none */
	struct process *wait_process; /* join: the child waited for; NULL with wait_children */
	/* The first of several things waited for, as fact.wait_any lists them; NULL: it waits for
	 * one, or there was no memory. */
	const struct any_of *wait_any;
	/* The one thread that has to run first; NULL: unknown, or any of several. */
	struct thread *blocker;
	enum verdict verdict;
};

/* Ledger row, kept per (object, process).  The last row of an object may be
 * process {0, 0}, "ended processes": what its totals have beyond its rows. */
struct use {
	const struct object *object;
	struct process_id process;
	const struct process *known; /* NULL: nobody tells about it any more */
	char process_name[FACT_NAME_MAX];
	bool process_ended;
	uint64_t gives, takes, lost, last_ns; /* takes includes lost: got = takes - lost */
	uint64_t finishes, foreign;	      /* as in fact_use */
	bool can_give, can_take;	      /* as in fact_use */
	struct rate gives_rate, takes_rate;
	struct use *next; /* of the object */
	struct use *next_of_process; /* of all that the process uses */
};

struct object {
	struct object_id id;
	struct fact_object fact;
	struct domain *domain;
	struct thread *owner;	  /* NULL: free or unknown */
	struct object *lock;	  /* SLEEPERS kinds: that goes with it; NULL: ended or unknown */
	uint32_t give_waiters, take_waiters; /* threads blocked now */
	struct use *first_use;
	/* Of no domain: processes that could put in, that could take out; `strange`: one of them
	 * nobody tells of. */
	struct open_ends {
		uint32_t count;
		bool strange;
	} givers, takers;
	/* WORKERS kinds */
	uint32_t workers, busy;	 /* that live; of them with a task */
	uint64_t oldest_task_ns; /* since when the oldest of these tasks runs; 0: none */
	struct rate takes, gives, bytes_out, waits, reads, changes;
	enum verdict verdict;
	bool matched;
};

struct domain {
	uint64_t id;
	struct fact_domain fact;
	uint32_t processes, objects; /* live members, live objects */
};

struct record {
	uint64_t time_ns;
	uint64_t number; /* order of arrival, from 1 */
	struct fact_record fact;
	char process_name[FACT_NAME_MAX];
	char object_name[FACT_NAME_MAX];
};

struct model;

/* How many of the things a thread waits for are listed: 0 when it waits for one. */
static inline uint32_t thread_any_listed(const struct thread *thread)
{
	uint32_t count = thread->wait_any ? thread->fact.wait_any.count : 0;

	return count < FACT_ANY ? count : FACT_ANY;
}

/* Does it wait for that object, be it one of several? */
bool thread_waits_for(const struct thread *thread, const struct object *object);

/* Can it run, or be made to run?  No: it has ended, is a zombie, or its end was seen. */
bool process_lives(const struct process *process);

/* `records` is how many records the model keeps for the screen (the newest).
 * NULL: no memory.  The caller ends it with model_free. */
struct model *model_new(size_t records);
void model_free(struct model *model);

/* Takes one fact.  Never fails visibly: what makes no sense is counted
 * (model_rejected) and left out.  The fact is copied. */
void model_apply(struct model *model, const struct fact *fact);

/* Ends a refresh at `now_ns` (CLOCK_MONOTONIC): rates, wait graph, findings,
 * "waiting for" texts, expiry.  `now_ns` never decreases. */
void model_tick(struct model *model, uint64_t now_ns);

/* What to look at.  Empty filter: everything of libmptrace plus what is below
 * it; see model_filter. */
struct model_filter {
	const uint32_t *pids; /* these and their descendants ever seen */
	size_t pid_count;
	const char *group; /* domain name or command; NULL: any */
	bool all;	   /* every process of the machine */
};
void model_set_filter(struct model *model, const struct model_filter *filter);

uint64_t model_now(const struct model *model);
/* Claims that made no sense; what a bound of the model left out; objects and
 * records of a kind or op this viewer does not know (shown by number). */
uint64_t model_rejected(const struct model *model);
uint64_t model_left_out(const struct model *model);
uint64_t model_unknown(const struct model *model);
uint64_t model_records_seen(const struct model *model);
uint64_t model_lost(const struct model *model, enum fact_loss_cause cause);

/* Iteration in a stable order (identity) over what the last tick saw.  Start with
 * NULL; returns NULL at the end.  Ended processes are included. */
const struct process *model_next_process(const struct model *model, const struct process *after);
const struct object *model_next_object(const struct model *model, const struct object *after);
const struct domain *model_next_domain(const struct model *model, const struct domain *after);
const struct workers *model_next_workers(const struct model *model, const struct workers *after);
/* Kept records, oldest first (by time, as of the last tick); index from 0.  NULL
 * beyond the end. */
const struct record *model_record(const struct model *model, size_t index);
size_t model_record_count(const struct model *model);
/* The record that the last model_apply() of a FACT_RECORD added, with the names
 * known by then; for those who follow all of them.  Valid until the next
 * model_apply or model_tick; NULL when none was added since the last tick. */
const struct record *model_newest_record(const struct model *model);
const struct fact_source_state *model_source(const struct model *model, enum fact_source source);

/* The youngest process with that pid as of the last tick, living ones first. */
const struct process *model_find_pid(const struct model *model, uint32_t pid);
const struct object *model_find_object(const struct model *model, struct object_id id);
const struct thread *model_find_thread(const struct model *model, uint64_t domain, uint32_t slot,
				       uint32_t generation);

#endif
