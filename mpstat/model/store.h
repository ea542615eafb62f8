/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * store.h - the inside of struct model.  For the files of model/ that keep it
 * up to date; detectors, fields and sinks use model.h and waits.h.
 *
 * Owns: what is kept beside each public entity, and the bounds.  One idea per
 * file: model.c in and out, merge.c ranking of sources, sweep.c what is no
 * longer told, life.c births and deaths, link.c who belongs to whom, tree.c
 * parents and the filter, ledger.c counts, waits.c verdicts, workers.c groups,
 * words.c and story.c sentences, records.c history.
 */
#ifndef MPSTAT_MODEL_STORE_H
#define MPSTAT_MODEL_STORE_H

#include "mpstat/model/finding.h"
#include "mpstat/model/map.h"
#include "mpstat/model/waits.h"

/* Bounds: what is beyond is counted (model_left_out). */
#define MODEL_PROCESSES 131072
/* Events alone make no more than so many between two ticks, however many fork: what is
 * beyond counts as lost, and a snapshot always finds room for who lives. */
#define MODEL_TOLD 8192
#define MODEL_THREADS 262144
#define MODEL_OBJECTS 65536
#define MODEL_DOMAINS 4096
#define MODEL_USES 131072
#define MODEL_FINDINGS 256
#define MODEL_WORKERS 4096

/* How long, and how many, ended processes are remembered. */
#define MODEL_ENDED_NS 300000000000ull
#define MODEL_ENDED 4096

/* No index: of actors, waiters. */
#define NOBODY UINT32_MAX

/* Who told an entity, and when. */
struct told {
	uint8_t source;	   /* enum fact_source */
	bool gone;	   /* the source's last whole snapshot did not have it */
	uint64_t snapshot; /* number of the source's snapshot that told it */
	uint64_t time_ns;
};

/* What one source says about one process.  A segment says it per slot. */
struct claim {
	struct map_node node; /* in model.members when fact.domain is set */
	struct claim *next;   /* of the process; best first */
	struct process_node *process;
	struct told told;
	bool member; /* is in model.members */
	struct domain_node *domain; /* as of the last tick */
	struct fact_process fact;
};

/* The last signals that may have ended a process, one per number. */
#define LIFE_SIGNALS 4

struct life_signal {
	uint64_t at_ns;
	struct process_id by;
	uint8_t signal, origin;
	char by_name[FACT_NAME_MAX];
};

struct life_signals {
	struct life_signal items[LIFE_SIGNALS];
	size_t count;
};

struct process_node {
	struct map_node node; /* pid, start */
	struct process process;
	struct claim *claims;
	uint32_t claim_count;
	uint64_t born;	  /* whole /proc snapshots begun when it was first told */
	bool absent;	  /* a whole /proc snapshot begun later does not have it */
	/* life.c */
	bool life;	  /* known by events; no /proc snapshot has decided yet */
	bool forked;	  /* its fork was seen: the first parent is certain */
	bool exited;	  /* its end was seen: process.death is as the kernel said */
	uint64_t named_ns; /* when an event last told its name */
	bool oom;	  /* chosen to be killed because memory ran out */
	bool met;	  /* its first parent has been looked at */
	bool settled;	  /* a tick has seen it since it ended */
	bool told;	  /* its story is that of its end, which is final until more is known */
	struct life_signals *signals; /* NULL: none */
	/* workers.c */
	uint64_t joined;  /* number of the group it was counted in, 0: none */
	bool end_counted;
	bool has_workers; /* some group has it as its parent */
	bool chosen;	  /* by the filter; stays */
	struct thread **last_thread; /* where link.c appends */
	struct use *first_use;	     /* of all objects it uses: use.next_of_process */
	/* waits.c */
	uint32_t first_actor, actors; /* its live threads */
	uint32_t first_joiner;	      /* chain of actors that wait for its end */
	uint32_t first_child_waiter;  /* chain of its actors that wait for the end of any child */
	uint32_t stands_for;	      /* the stuck actor that shows why it does not end */
	bool able;		      /* some thread of it can run */
};

struct thread_node {
	struct map_node node; /* domain, slot, generation; or 0, 0, pid, start, tid */
	struct thread thread;
	struct told told;
	uint32_t actor; /* waits.c */
	/* The wait that was found stuck, and in which snapshot first. */
	uint64_t stuck_since, stuck_snapshot;
	struct object_id stuck_object;
};

struct workers_node {
	struct map_node node; /* pid, start of the parent, hash of the name */
	struct workers workers;
	uint64_t number;      /* of its creation, from 1 */
	uint64_t ends;	      /* seen, not yet followed by a birth */
	bool fresh;	      /* made at this tick */
};

struct object_node {
	struct map_node node; /* domain, slot, generation */
	struct object object;
	struct told told;
	struct use **last_use;
	struct use rest; /* the row "ended processes" */
	/* waits.c: chain of actors that wait for who has units out, for workers, or, outside of
	 * any domain, for somebody who can give; and of those who wait for one who can take. */
	uint32_t first_waiter, first_giver;
};

struct use_node {
	struct map_node node; /* domain, slot, generation, pid, start */
	struct use use;
	struct told told;
	struct object_id object;
};

struct domain_node {
	struct map_node node; /* id */
	struct domain domain;
	struct told told;
	bool told_itself; /* by FACT_DOMAIN, not only by its members */
	bool matched;
	/* waits.c */
	uint32_t first_waiter; /* chain of actors any member could wake */
	uint32_t cycle;	       /* first cycle a member is in, or NOBODY */
	uint32_t knot;	       /* its knot, or NOBODY */
	uint32_t live;	       /* living members */
	struct process_node *some[2]; /* two of them, or one and NULL */
	bool able;	       /* some thread of a member can run */
};

/* Whole snapshots of one source. */
struct snapshot {
	uint64_t number; /* of the last one begun, from 1 */
	uint64_t begun_ns;
	bool open;
};

struct record_store {
	struct record *items; /* [room]: kept ones, then new ones */
	size_t keep, room, count;
	size_t sorted; /* of them, from the first on */
	size_t fresh;  /* from here on there may be some that are newer than the last tick */
	uint64_t seen;	  /* ever */
	uint64_t settled; /* of them, at the last tick */
};

struct target {
	uint32_t pid;
	uint64_t start; /* of the process that had the number first; 0: none has */
};

struct filter {
	struct target *targets; /* sorted by pid */
	size_t target_count;
	char *group;
	bool all;
};

/* One thread of the operating system, whichever slots it has. */
struct actor {
	struct process_node *process;
	struct thread_node *first;   /* of its slots, which are neighbours */
	struct thread_node *waiting; /* the slot that is blocked, NULL: none */
	uint32_t slots;
	uint32_t blocked_slots;
	bool able;	       /* can run, or something able can wake it */
	bool stuck;	       /* it will never run, and that is confirmed */
	uint32_t first_waiter; /* chain of actors that wait for this one */
	uint32_t blocker;      /* the actor that has to run first, or NOBODY */
	uint32_t walk;	       /* number of the walk that met it, 0: none */
	uint32_t end;	       /* what its chain leads to: a cycle or KNOT | knot; NOBODY */
	bool in_ring;	       /* it is part of that cycle */
	uint32_t next_in_knot;
};

/* The slot that says what the actor waits for, else its first. */
static inline struct thread *actor_speaker(const struct actor *actor)
{
	return actor->waiting ? &actor->waiting->thread : &actor->first->thread;
}

/* In actor.end: the number is that of a knot. */
#define KNOT 0x80000000u

/* One place in a chain: who waits for any of several is in several. */
struct place {
	uint32_t actor, next;
};

struct graph {
	struct {
		struct actor *items;
		size_t count, room;
	} actors;
	struct {
		uint32_t *items;
		size_t count, room;
	} able; /* to be propagated */
	struct {
		struct place *items;
		size_t count, room;
	} places; /* of all chains */
	struct {
		struct any_of *items;
		size_t count, room;
	} any; /* what threads wait for, set by link.c */
	struct {
		struct cycle *items;
		size_t count, room;
	} cycles;
	struct {
		struct knot *items;
		size_t count, room;
	} knots;
	struct {
		struct object_node **items; /* of units or with workers, that somebody waits for */
		size_t count, room;
	} units;
};

struct findings {
	struct finding **items;
	size_t count, room;
	size_t left_out;
};

/* Finds the slot of a parent and a name; workers.c, used within a tick. */
struct worker_table {
	uint32_t *heads; /* index of a slot + 1, 0: free; open to the next */
	size_t heads_room;
	struct worker_slot *items;
	size_t count, room;
};

#define MODEL_SCRATCH 512

struct model {
	struct map processes, threads, objects, uses, domains, members, workers;
	struct worker_table slots;
	struct {
		struct worker_event *items;
		size_t count, room;
	} events; /* workers.c */
	uint64_t workers_made; /* ever */
	struct {
		struct process **items; /* with a story, in the order of identity */
		size_t count, room;
	} stories;
	struct fact_source_state source[FACT_SOURCES];
	struct snapshot snapshot[FACT_SOURCES];
	struct record_store records;
	struct filter filter;
	struct graph graph;
	struct findings findings;
	uint64_t now_ns;
	uint64_t rejected, left_out, unknown;
	uint32_t newborn; /* processes made by events since the last tick */
	uint64_t lost[FACT_LOSS_CAUSES];
	char *scratch; /* [MODEL_SCRATCH], for texts made by a field */
};

static inline struct process_node *process_node_of(const struct process *process)
{
	return (struct process_node *)((char *)(uintptr_t)process -
				       offsetof(struct process_node, process));
}

static inline struct thread_node *thread_node_of(const struct thread *thread)
{
	return (struct thread_node *)((char *)(uintptr_t)thread -
				      offsetof(struct thread_node, thread));
}

static inline struct object_node *object_node_of(const struct object *object)
{
	return (struct object_node *)((char *)(uintptr_t)object -
				      offsetof(struct object_node, object));
}

static inline struct domain_node *domain_node_of(const struct domain *domain)
{
	return (struct domain_node *)((char *)(uintptr_t)domain -
				      offsetof(struct domain_node, domain));
}

/* Lookups.  NULL: not there. */
struct process_node *store_process(const struct model *model, struct process_id id);
struct claim *store_member(const struct model *model, struct object_id id);
struct thread_node *store_thread(const struct model *model, uint64_t domain, uint32_t slot,
				 uint32_t generation);
/* The thread as told by a source that knows no domain. */
struct thread_node *store_outside_thread(const struct model *model, struct process_id process,
					 uint32_t tid);
struct object_node *store_object(const struct model *model, struct object_id id);
struct domain_node *store_domain(const struct model *model, uint64_t id);

/* The node with the key, made (zeroed, `size` bytes) when it is not there and
 * the map has fewer than `bound`.  NULL: counted as left out. */
struct map_node *store_obtain(struct model *model, struct map *map, const struct map_key *key,
			      size_t size, size_t bound);

/* Takes a node out and frees it. */
void store_drop(struct map *map, struct map_node *node);

struct map_key key_process(struct process_id id);
struct map_key key_outside_thread(struct process_id process, uint32_t tid);
struct map_key key_object(struct object_id id);
struct map_key key_slot(uint64_t domain, uint32_t slot, uint32_t generation);

/* merge.c: a source says this about a process. */
void merge_process(struct model *model, const struct fact *fact);
/* The process with that identity, made when need be.  NULL: no room, counted. */
struct process_node *merge_obtain(struct model *model, struct process_id id, uint64_t time_ns);
/* Works out what is true of a process from what is claimed. */
void merge_claims(struct process_node *node, uint64_t now_ns);
/* Frees a claim that is no longer in its process's chain. */
void merge_free_claim(struct model *model, struct claim *claim);

/* life.c: an event of life. */
void life_apply(struct model *model, const struct fact *fact);
/* A kernel source shows the process. */
/* The last signal that stopped it; NULL: nobody saw one. */
const struct life_signal *life_stop(const struct process_node *node);
void life_seen(struct process_node *node, const struct fact *fact);
/* The end of a process nobody saw end, from what is known. */
void life_settle(struct process_node *node);
/* First parents and orphans; parents are linked. */
void life_update(struct model *model);
/* Does it take in the orphans of others? */
bool life_adopts(const struct process *process);
/* In a process group that is neither its own, nor its parent's, nor a sibling's? */
bool life_strange_group(const struct model *model, const struct process *process);
bool life_same(struct process_id a, struct process_id b); /* start 0: unknown */
/* Did it end by a signal or with another code than 0? */
bool life_failed(const struct process *process);

/* sweep.c */
void sweep_begin(struct model *model, const struct fact *fact);
void sweep_end(struct model *model, const struct fact *fact);
/* Frees what is gone; call before links are made. */
void sweep_drop(struct model *model);
/* May a fact of this source replace what was told?  Marks it as told. */
bool sweep_tell(struct model *model, struct told *told, const struct fact *fact);

/* link.c: sorts the lists and sets every pointer between entities. */
void link_all(struct model *model);

/* any.c.  First room for all that any thread waits for: pointers into it are kept until the
 * next tick. */
void any_make_room(struct model *model);
void any_link(struct model *model, struct thread *thread);
/* Counts the thread once at each object it waits for. */
void any_count_waiter(const struct thread *thread);

/* tree.c */
void tree_build(struct model *model);
/* All processes, parents before children.  Start with NULL. */
struct process *tree_next(const struct model *model, const struct process *after);
void filter_apply(struct model *model);
void filter_free(struct filter *filter);

/* ledger.c: rates and the rows "ended processes". */
void ledger_update(struct model *model);

/* waits.c: who can run, who never will. */
void waits_update(struct model *model);
void waits_free(struct graph *graph);

/* rings.c: orders the stuck into cycles, knots and those behind them. */
void rings_find(struct model *model);

/* workers.c */
void workers_update(struct model *model);
void workers_match(struct model *model);
void workers_free(struct model *model);

/* words.c */
void words_update(struct model *model);
/* story.c: a zombie, an orphan or an end explained; what others wait for is known. */
void story_clear(struct model *model); /* before anything is freed */
void story_note(struct model *model, struct process *process);
void story_update(struct model *model);

/* detectors.c */
void findings_update(struct model *model);
void findings_free(struct findings *findings);

/* records.c */
int records_init(struct record_store *store, size_t keep);
void records_add(struct model *model, const struct fact *fact);
/* Sorts the new ones in, drops the oldest, finds missing names. */
void records_settle(struct model *model);

#endif
