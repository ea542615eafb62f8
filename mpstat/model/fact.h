/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fact.h - everything a source may tell the model.
 *
 * Owns: the one struct between sources and model.  Does not own: where facts
 * come from (collector/), what follows from them (model.c, waits.c, detect_*).
 *
 * A source reports by snapshots: FACT_SNAPSHOT_BEGIN, one fact per process,
 * thread, object and use that exists *now*, FACT_SNAPSHOT_END.  What the
 * source reported before and does not repeat is gone (processes: ended).
 * Records and events of life come between snapshots, at any time.  Facts are complete: a later
 * fact of the same identity replaces the earlier one from that source.
 *
 * Order within a snapshot matters in one place: what takes part in a ledger is
 * read objects first, uses after, so that rows never lack what a total has.
 *
 * /proc is the authority on life: a process that another source tells and that a
 * whole /proc snapshot begun afterwards does not have, has ended.  So the /proc
 * source must look for every process the other sources know.
 *
 * Strings are already sanitised UTF-8 (util/text.h) and NUL-terminated; every
 * number is a claim of the observed program and may be absurd: the model
 * clamps, counts, and never trusts an index.
 */
#ifndef MPSTAT_MODEL_FACT_H
#define MPSTAT_MODEL_FACT_H

#include <stdbool.h>
#include <stdint.h>

#define FACT_NAME_MAX 64
#define FACT_TEXT_MAX 200
#define FACT_HIST_BUCKETS 40
#define FACT_CGROUP_MAX 96 /* longer ones keep their end */
#define FACT_CONTAINER_MAX 32

/* In object_id.slot: the slot is one of the process table (wire.h says the same). */
#define FACT_REF_PROCESS 0x80000000u
/* The whole of it: nothing. */
#define FACT_REF_NONE UINT32_MAX

enum fact_type {
	FACT_NONE,
	FACT_SNAPSHOT_BEGIN, /* .source */
	FACT_SNAPSHOT_END,   /* .source */
	FACT_SOURCE,	     /* .u.source: a source's own state, for header line and doctor */
	FACT_DOMAIN,	     /* .u.domain */
	FACT_PROCESS,	     /* .u.process */
	FACT_THREAD,	     /* .u.thread */
	FACT_OBJECT,	     /* .u.object */
	FACT_USE,	     /* .u.use */
	FACT_RECORD,	     /* .u.record */
	FACT_LOSS,	     /* .u.loss */
	FACT_LIFE,	     /* .u.life */
};

/* Higher wins when two sources describe the same thing. */
enum fact_source {
	FACT_FROM_NONE,
	FACT_FROM_PROC,	   /* /proc */
	FACT_FROM_KERNEL,  /* eBPF: life */
	FACT_FROM_WAITS,   /* eBPF or /proc: what threads sleep in */
	FACT_FROM_PYTHON,  /* a Python program's memory */
	FACT_FROM_SEGMENT, /* a libmptrace domain */
	FACT_SOURCES,
};

/* A process is (pid, start time in clock ticks): a reused pid is another one. */
struct process_id {
	uint32_t pid;
	uint64_t start;
};

/* An object is (domain, slot, generation).  domain 0: not of libmptrace; slot and
 * generation are then numbers its source gives to it as long as it is there. */
struct object_id {
	uint64_t domain; /* first 8 bytes of the domain id */
	uint32_t slot;	 /* FACT_REF_PROCESS | slot for "the process itself" */
	uint32_t generation;
};

struct fact_source_state {
	bool ok;
	char name[16];
	char text[FACT_TEXT_MAX]; /* "2 domains" or why not and what to do */
};

struct fact_domain {
	uint64_t domain;
	char name[FACT_NAME_MAX];
	uint32_t creator_pid;
	uint64_t created_ns;
	uint64_t size_bytes;
	uint64_t rings_bytes;
	uint64_t deaths;	/* members found dead */
	bool records_off;
	bool post_mortem; /* a kept file: nobody in it is alive */
	bool published;	  /* unrelated processes can still join it by name */
};

/* What FACT_PROCESS knows; unknown numbers are FACT_UNKNOWN. */
#define FACT_UNKNOWN UINT64_MAX
#define FACT_EXIT_UNKNOWN INT32_MIN

/* What is looked at for every process at every refresh comes first: ten thousand of
 * them do not fit into the processor's caches. */
struct fact_process {
	struct process_id id;
	struct process_id parent; /* pid 0: unknown or none */
	char state;		  /* R S D T Z X as in /proc; 0: unknown to this source */
	bool ended;		  /* left or died; kept by the domain for its story */
	bool daemon;
	bool subreaper;		  /* adopts the orphans below it */
	bool reaper_known;	  /* somebody looked whether it does */
	bool ignores_children;	  /* SIGCHLD ignored: its children leave no zombies */
	bool kernel_thread;
	int32_t exit_code;	  /* n, -signal, FACT_EXIT_UNKNOWN */
	uint64_t threads;	  /* FACT_UNKNOWN */
	uint64_t cpu_ns;	  /* user + system time ever; FACT_UNKNOWN */
	char inside[24];	  /* wchan or system call it sleeps in; "" unknown */
	char name[FACT_NAME_MAX]; /* mpt name, else comm */
	uint32_t uid;
	uint32_t session, group;  /* session id, process group id; 0: unknown */
	uint32_t inner_pid;	  /* its number in its own pid namespace; 0: unknown */
	uint64_t pid_namespace;	  /* inode; 0: unknown */
	uint64_t rss_bytes;	  /* FACT_UNKNOWN */
	uint64_t started_ns;	  /* CLOCK_MONOTONIC; FACT_UNKNOWN */
	uint64_t inside_since_ns; /* since when it sleeps there; 0: unknown */
	uint64_t ended_ns;	  /* 0: not ended or unknown; state Z: a zombie since */
	uint64_t domain;	  /* 0: not a member (segment source only) */
	uint32_t slot;		  /* its slot in the domain */
	uint32_t generation;	  /* of the slot */
	char command[FACT_TEXT_MAX];	    /* argv joined, from /proc */
	char cgroup[FACT_CGROUP_MAX];	    /* path; "" unknown or root */
	char container[FACT_CONTAINER_MAX]; /* "docker 1f2e3d4c5b6a"; "" none */
};

/* What happened to a process, as it happened (source KERNEL).  Complete in itself:
 * the process, and the other one, need not have been told before. */
enum fact_life_what {
	FACT_LIFE_FORK = 1, /* other: the parent */
	FACT_LIFE_EXEC,
	FACT_LIFE_EXIT,	  /* other: the parent at that moment */
	FACT_LIFE_SIGNAL, /* will end or stop it; other: the sender */
	FACT_LIFE_OOM,	  /* chosen to be killed, memory ran out */
	FACT_LIFE_WHATS,
};

/* Who is behind a signal. */
enum fact_origin {
	FACT_ORIGIN_UNKNOWN,	  /* nobody saw it sent */
	FACT_ORIGIN_PROCESS,	  /* another process, or it itself, by kill(2) and the like */
	FACT_ORIGIN_FAULT,	  /* its own fault: bad address, bad instruction, broken pipe */
	FACT_ORIGIN_TIMER,	  /* a timer it had set */
	FACT_ORIGIN_PARENT_DEATH, /* it had asked to get it when its parent ends */
	FACT_ORIGIN_TERMINAL,	  /* a key or the end of its terminal */
	FACT_ORIGIN_MEMORY,	  /* memory ran out */
	FACT_ORIGIN_KERNEL,	  /* the kernel, for another reason (limits, seccomp, cgroup) */
	FACT_ORIGINS,
};

struct fact_life {
	uint8_t what;	/* enum fact_life_what */
	uint8_t origin; /* SIGNAL: enum fact_origin */
	uint8_t signal; /* SIGNAL */
	bool core;	/* EXIT: dumped a core */
	struct process_id process, other; /* other.pid 0: none, or not to be seen */
	char name[FACT_NAME_MAX];	  /* comm of the process, EXEC: the new one */
	char other_name[FACT_NAME_MAX];
	uint32_t uid, session, group;
	int32_t exit_code; /* EXIT: as in fact_process */
};

/* What a thread waits for that waits for any of several things.  All are of its own
 * domain; count is of all things, of which the first FACT_ANY are listed. */
#define FACT_ANY 6
struct fact_any {
	uint32_t count; /* 0: it waits for wait_object */
	struct {
		uint32_t slot; /* with FACT_REF_PROCESS: of a process */
		uint32_t generation; /* FACT_REF_NONE is a descriptor: its number */
	} of[FACT_ANY];
};

struct fact_thread {
	struct process_id process;
	uint32_t tid;
	uint64_t domain;
	uint32_t slot, generation; /* thread slot: what lock words name */
	char name[FACT_NAME_MAX];
	bool ended;
	/* blocked: wait_op != 0 */
	uint16_t wait_op;
	struct object_id wait_object;
	struct fact_any wait_any;
	/* Its end it waits for, when wait_object is none; wait_children: that of any child. */
	struct process_id wait_process;
	bool wait_children;
	uint64_t wait_since_ns;
	uint64_t wait_deadline_ns; /* 0: for ever */
	bool wait_over;		   /* what it waits for has come: it is being woken */
	uint8_t handlers; /* enum fact_handlers, of its process */
	/* It is a worker of this object with WORKERS; domain 0: of none. */
	struct object_id serves;
	/* It runs a task of task_object, or (task_awaited) waits for the result of one;
	 * since 0: neither. */
	struct object_id task_object;
	uint64_t task_since_ns;
	uint64_t task_number; /* 0: unknown */
	bool task_awaited;
	char task[FACT_NAME_MAX]; /* what the function is called */
	uint64_t records;	   /* written */
	uint64_t lost_reentered;
	uint64_t uses_overflow;
};

struct fact_hist {
	uint64_t bucket[FACT_HIST_BUCKETS]; /* [2^i, 2^(i+1)) ns */
};

struct fact_side {
	uint64_t count; /* operations ever */
	uint64_t bytes;
	uint64_t waits; /* of them blocked */
	uint64_t wait_ns, wait_max_ns;
	uint64_t timeouts;
	struct fact_hist wait;
};

/* The owner of an object outside of any domain. */
enum fact_owner {
	FACT_OWNER_LIVES,
	FACT_OWNER_GONE,      /* ended, and nobody takes over */
	FACT_OWNER_INHERITED, /* a thread of the parent: fork copied the lock while it was held */
	FACT_OWNERS,
};

/* Who has an object outside of any domain open. */
enum fact_ends {
	FACT_ENDS_UNKNOWN,
	FACT_ENDS_TOLD,	  /* all are told (fact_use), and no other can come */
	FACT_ENDS_ANYBODY, /* it has a name or an address: somebody may come any time */
};

/* May a handler of a signal do something for a thread of the process? */
enum fact_handlers {
	FACT_HANDLERS_NONE,
	FACT_HANDLERS_KEYS,  /* only of those that keys of the terminal send */
	FACT_HANDLERS_OTHERS,
};

struct fact_object {
	struct object_id id;
	uint16_t kind;
	char name[FACT_NAME_MAX];
	char site[FACT_TEXT_MAX]; /* where it was created: module+offset or symbol */
	struct process_id creator;
	uint64_t created_ns;
	uint64_t capacity;	 /* 0: unbounded */
	uint64_t capacity_bytes; /* 0: unbounded */
	uint64_t lost;		 /* taken by members that died before they had it */
	uint64_t recovered;	 /* dead holders taken over */
	uint32_t recovered_pid;
	uint64_t recovered_ns;
	/* OWNER kinds */
	bool held;
	uint32_t owner_slot, owner_generation; /* thread slot in the domain */
	/* Of an object outside of any domain instead: the thread, and what is known of it. */
	struct process_id owner_process;
	uint32_t owner_tid;
	uint8_t owner_state; /* enum fact_owner */
	uint64_t owner_since_ns;
	uint64_t owner_times; /* RECURSES: how often the owner has acquired it */
	uint64_t hold_ns, hold_max_ns;
	/* FLAG kinds */
	bool set;
	uint64_t sets; /* how often it was set */
	/* PARTIES kinds: capacity is how many must come */
	bool broken;
	uint64_t arrived; /* wait now */
	/* UNITS kinds: capacity is the most there may be */
	uint64_t units; /* at first */
	/* UNFINISHED kinds */
	uint64_t finishes;  /* units ever finished */
	uint64_t abandoned; /* of them, or of those given back: dead processes had them */
	/* SLEEPERS kinds: take counts waits begun, give those notified */
	struct object_id lock; /* the lock that goes with it; generation 0: unknown */
	/* ITEMS kinds; capacity_bytes is what it has memory for */
	uint64_t containers, items, used_bytes;
	uint64_t reads, changes; /* calls ever */
	uint64_t collected;	 /* containers that nobody could reach any more */
	/* WORKERS kinds */
	uint64_t workers_wanted;
	bool terminated;       /* its workers are being ended */
	uint64_t workers_lost; /* died and were not told to */
	uint64_t tasks_done, tasks_failed; /* failed ones are done, too */
	uint64_t run_max_ns;
	struct fact_hist run; /* how long tasks ran */
	/* SIZE kinds: capacity_bytes is how large it is, capacity how many elements it has */
	uint64_t mapped_by; /* MAPPED: living processes that have it mapped */
	/* SIZE kinds with OWNER: whose lock guards it, when not its own */
	bool unguarded;		/* nobody's */
	struct object_id guard; /* domain 0: its own, or nobody's */
	/* Outside of any domain nobody keeps totals: what is in it now. */
	uint64_t level, level_bytes;
	uint8_t ends; /* enum fact_ends */
	/* DEPTH kinds */
	uint64_t oldest_ns; /* when the oldest unit was put; 0: none or unknown */
	struct fact_side take, give;
	struct fact_hist hold; /* OWNER: time held; DEPTH: time queued */
};

/* Ledger row: what one process (all its threads) put into and took from an
 * object.  lost: taken, but it died inside the call. */
struct fact_use {
	struct process_id process;
	struct object_id object;
	uint64_t gives, takes, lost;
	uint64_t finishes; /* UNFINISHED kinds */
	uint64_t foreign;  /* of gives, of finishes: of units that another process had taken */
	uint64_t last_ns;
	/* Of an object outside of any domain: it has an end of it open, through which it could
	 * put in, or take out (release, signal: give).  Within a snapshot these add up. */
	bool can_give, can_take;
};

enum fact_record_flag {
	FACT_RECORD_FAILED = 1 << 0,	/* value is a positive errno */
	FACT_RECORD_RECOVERED = 1 << 1, /* took over from a dead holder */
};

struct fact_record {
	struct process_id process;
	uint32_t tid;
	uint64_t domain;
	struct object_id object;
	uint16_t op;
	uint8_t phase, flags;
	uint64_t value, span;
};

enum fact_loss_cause {
	FACT_LOSS_OVERWRITTEN, /* the reader came too late */
	FACT_LOSS_REENTERED,   /* a signal handler interrupted the emitter */
	FACT_LOSS_CORRUPT,     /* bytes that make no sense */
	FACT_LOSS_LIFE,	       /* births, deaths and signals the kernel had no room for */
	FACT_LOSS_CAUSES,
};

struct fact_loss {
	enum fact_loss_cause cause;
	uint64_t domain;
	uint64_t count; /* newly lost, not a total */
};

struct fact {
	enum fact_type type;
	enum fact_source source;
	uint64_t time_ns; /* CLOCK_MONOTONIC; of a record: when it happened */
	union {
		struct fact_source_state source;
		struct fact_domain domain;
		struct fact_process process;
		struct fact_thread thread;
		struct fact_object object;
		struct fact_use use;
		struct fact_record record;
		struct fact_loss loss;
		struct fact_life life;
	} u;
};

#endif
