/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pool.h - what the files of Pool share.
 *
 *   pool.c          handles: create, close, terminate, join, destroy
 *   pool_line.c     the line of tasks in shared memory: into it, out of it, wakes
 *   pool_worker.c   what runs in a worker
 *   pool_job.c      a submitted call, map or chunk from hand-in to its end
 *   pool_collect.c  what workers have finished comes back
 *   pool_submit.c   apply, map: the calls that submit
 *   pool_result.c   waiting, and the handles of results
 *   pool_imap.c     a function run over a generator
 *   pool_crew.c     starting, burying, replacing workers
 *   pool_service.c  the pool's own thread
 *
 * Two worlds.  Between creator and workers there is shared memory only, without a lock:
 * wire_pool.h.  Everything else is the creator's private memory, under pool->lock, which
 * is never held while waiting, in a callback or while forking.
 */
#ifndef MPT_POOL_H
#define MPT_POOL_H

#include "libtrace/contract/wire_pool.h"
#include "libtrace/object.h"
#include "libtrace/process.h"

#include <mptrace/pool.h>
#include <pthread.h>
#include <sys/queue.h>

/* A task that runs shorter than this is done sooner than another worker is woken. */
#define POOL_TINY_NS 20000u

/* The running average of how long tasks run, which begins high. */
#define POOL_RUN_UNKNOWN_NS 1000000u
static inline uint64_t pool_average(uint64_t average, uint64_t ns)
{
	return average - average / 8 + ns / 8;
}

/* The caller's clock. */
static inline uint64_t pool_now(void)
{
	struct member *me;
	int rc;

	me = member_get(&rc);
	return me ? clock_now(&me->clock) : futex_now();
}

enum job_stage {
	JOB_IN_LINE, /* has no slot yet, or (a map) not all of it has */
	JOB_FLYING,  /* in slots */
	JOB_DONE,    /* its callback is to be called */
	JOB_READY,
};

/* The part of a job that is an array: a map, or the chunk of an imap. */
struct job_items {
	size_t count, chunk;
	uint32_t size, room; /* bytes of the arguments of one, and for its result */
	size_t next;	     /* the first that has no slot yet */
	size_t done;
	size_t failed;
	const uint8_t *in; /* a map's; NULL: dropped, or a chunk's */
	uint8_t *out;
	int *status;
};

/* Everything that was submitted and is not forgotten.  Under pool->lock, but for `stage`
 * and, once READY, all of it. */
struct mpt_result {
	struct mpt_pool *pool;
	TAILQ_ENTRY(mpt_result) in_list; /* of the backlog, the callbacks, the spare */
	TAILQ_ENTRY(mpt_result) in_imap; /* of its chunks */
	uint32_t refs;			 /* who can reach it: handle, list, flights, imap */
	uint32_t stage;			 /* A: enum job_stage, release */
	uint32_t slot;			 /* FLYING, items.count == 0: its only one */
	uint32_t waiters;
	uint16_t function;
	bool is_map;
	bool held;    /* there is a handle */
	bool dropped; /* nobody wants the result: nothing of the caller's may be touched */
	ssize_t outcome;
	struct mpt_failure *failure; /* NULL: none, or no memory for it */
	mpt_pool_callback *callback;
	mpt_pool_error_callback *error_callback;
	void *callback_arg;
	struct mpt_imap *imap;
	size_t first; /* imap: number of the chunk's first item */
	struct job_items items;
	size_t size;   /* of data: arguments while IN_LINE, then the result */
	uint8_t *data; /* `few`, or allocated */
	uint8_t few[64];
};

TAILQ_HEAD(job_list, mpt_result);

/* What a slot is used for. */
struct pool_flight {
	struct mpt_result *job; /* NULL: nobody wants to know */
	size_t first;		/* item */
	uint64_t ticket;
	bool busy;
};

struct pool_seat {
	struct mpt_pool *pool;
	struct mpt_wire_pool_seat *wire;
	uint32_t *list; /* [ring_mask + 1] of what it has finished */
	struct mpt_process *process; /* NULL: vacant */
	int fd;			     /* its sentinel */
	uint32_t number;
	uint64_t seen; /* of wire->finished */
	bool by_service; /* its worker was forked by the service thread */
};

struct pool_entry {
	char name[MPT_NAME_MAX];
	mpt_pool_function *run;
};

struct mpt_pool {
	struct handle handle;
	/* Constant. */
	struct mpt_wire_pool *wire;
	uint32_t *ring;
	uint8_t *tasks;
	uint32_t ring_mask, slots, seat_count;
	uint32_t task_bytes; /* as promised; a slot has a little more, for the states of items */
	uint32_t task_stride;
	struct pool_entry *functions;
	uint32_t function_count;
	int (*initializer)(void *arg);
	void *initializer_arg;
	sigset_t mask; /* of the thread that created it: what workers begin with */
	uint32_t process_slot, process_generation; /* the creator */
	int doorbell;				   /* eventfd */
	/* Under lock. */
	pthread_mutex_t lock;
	uint32_t refs; /* the handle, and each result that is not forgotten */
	uint32_t entered; /* function found last */
	struct pool_seat *seats;
	struct pool_flight *flights;
	uint32_t *free, free_count; /* slots, last in first out: warm ones first */
	struct job_list backlog, callbacks, spare;
	uint32_t backlog_turn, spare_count;
	uint64_t callbacks_due; /* jobs with a callback that are not DONE */
	uint64_t unfinished;	/* tasks */
	uint64_t run_ns;	/* average */
	uint64_t calm_ns;	/* until then nobody is woken for a tiny task */
	TAILQ_HEAD(imap_list, mpt_imap) imaps;
	uint32_t sleepers;	/* threads that sleep for a result */
	uint32_t any, few;	/* of them, for whichever; until there are few in line */
	bool tending;
	struct mpt_result *called; /* its thread is in this one's callback; NULL: in none */
	bool terminated;
	bool destroyed; /* no storage any more: only what is in private memory can be taken */
	uint64_t told_ns; /* when workers were told to end */
	uint32_t bad_starts; /* workers in a row that did not become ready */
	int bad_code;	     /* how the last of them ended, or a negative errno */
	uint64_t start_after_ns;
	struct pollfd *fds; /* of the service thread */
	pid_t creator;
	pthread_t service;
	pid_t service_tid; /* 0: it is not there */
	bool served;  /* there is a service thread to be joined */
	bool ended;   /* it has nothing left to do */
	bool hired;   /* it has tried to start the first crew */
	int hire_error;
	pthread_cond_t hiring;
};

static inline struct mpt_wire_task *pool_task(const struct mpt_pool *pool, uint32_t slot)
{
	return (struct mpt_wire_task *)(void *)(pool->tasks + (uint64_t)slot * pool->task_stride);
}

static inline uint8_t *pool_task_args(struct mpt_wire_task *task)
{
	return (uint8_t *)(task + 1);
}

static inline uint8_t *pool_task_result(const struct mpt_pool *pool, struct mpt_wire_task *task)
{
	return pool_task_args(task) + pool->wire->task_bytes;
}

static inline char *pool_task_text(const struct mpt_pool *pool, struct mpt_wire_task *task)
{
	return (char *)pool_task_result(pool, task) + pool->wire->task_bytes;
}

/* Where the results begin behind the states of `items` items. */
static inline size_t pool_states_bytes(size_t items)
{
	return (items * sizeof(int32_t) + 15) / 16 * 16;
}

static inline enum mpt_pool_stage pool_stage(const struct mpt_pool *pool)
{
	return (enum mpt_pool_stage)load32_acquire(&pool->wire->stage);
}

/* ---- pool_line.c ---------------------------------------------------------------- */

/* Bytes of storage, and where its parts are. */
uint64_t pool_lay_out(struct mpt_wire_pool *wire);
/* Finds the parts in this process. */
void pool_find(struct mpt_pool *pool, void *storage);

/* The creator: puts a filled-in task at the end of the line; wakes nobody. */
void pool_publish(struct mpt_pool *pool, uint32_t slot);
/* Tasks that are there for workers to take. */
static inline uint64_t pool_in_line(const struct mpt_pool *pool)
{
	return load64(&pool->wire->tail) - load64_acquire(&pool->wire->head);
}
/* Few enough that the line should be fed. */
static inline bool pool_is_few(const struct mpt_pool *pool, uint64_t in_line)
{
	return in_line <= pool->slots / 4;
}
/* Wakes workers for n tasks just published, if need be.  Under lock. */
void pool_wake_workers(struct mpt_pool *pool, int n, uint64_t now);
void pool_wake_all_workers(struct mpt_pool *pool);
/* The creator: passes over what is not in line any more. */
void pool_pass_claimed(struct mpt_pool *pool);

/* A worker: takes the first task, or NULL.  *left: tasks behind it. */
struct mpt_wire_task *pool_claim(struct mpt_pool *pool, uint32_t worker, uint64_t *left);
bool pool_line_is_empty(const struct mpt_pool *pool);

/* Anybody: wakes the service thread if it sleeps. */
void pool_ring(struct mpt_pool *pool);

/* ---- pool_worker.c --------------------------------------------------------------- */

/* mpt_process_main of a worker; `seat` is a struct pool_seat. */
int pool_worker(void *seat);

/* ---- pool_job.c: under lock -------------------------------------------------------- */

/* A job with one reference, which is the caller's.  NULL: no memory. */
struct mpt_result *job_new(struct mpt_pool *pool);
/* Gives a reference back.  The last one of a pool that is destroyed leaves pool->refs 0:
 * then pool_leave frees it. */
void job_put(struct mpt_result *job);
/* Room for size bytes of data, in job->data.  False: no memory. */
bool job_room(struct mpt_result *job, size_t size);
/* Its tasks that have no slot yet. */
size_t job_tasks(const struct mpt_result *job);

/* Puts it in line: into slots, or into the backlog.  args: job->size bytes, of the caller
 * or job->data.  0 or -ENOMEM. */
int job_hand_in(struct mpt_result *job, const void *args, struct member *me);
/* Moves the backlog into free slots. */
void job_feed(struct mpt_pool *pool);

/* It has come to its end. */
void job_settle(struct mpt_result *job, ssize_t outcome);
/* Its callback has returned, or it has none. */
void job_ready(struct mpt_result *job);
/* Keeps why it, or an item of it, has failed, if that is the first. */
void job_note(struct mpt_result *job, const struct mpt_failure *why);
/* Some items of a map have come to their end, `failed` of them because of `why`. */
void job_items_done(struct mpt_result *job, size_t items, size_t failed,
		    const struct mpt_failure *why);
/* `items` items from `first` on have failed, or all of a job that is no map. */
void job_fails(struct mpt_result *job, size_t first, size_t items, const struct mpt_failure *why);
/* Nobody wants the result: what has not begun shall not. */
void job_drop(struct mpt_result *job);
/* What is not with a worker fails with this error.  flying: the others, too. */
void job_fail_all(struct mpt_pool *pool, int error, const char *text, bool flying);

/* ---- pool_collect.c: under lock ----------------------------------------------------- */

/* Takes what is finished. */
void pool_collect(struct mpt_pool *pool);
/* The same for one slot.  False: it is not. */
bool pool_collect_slot(struct mpt_pool *pool, uint32_t slot);
/* The slot is nobody's. */
void pool_free_slot(struct mpt_pool *pool, uint32_t slot);
/* Is there anything to take? */
bool pool_has_finished(const struct mpt_pool *pool);
/* The worker of a seat is dead: settles what it had.  Returns how many tasks were lost. */
uint32_t pool_settle_dead(struct pool_seat *seat, pid_t pid, int exit_code);

/* ---- pool_result.c ------------------------------------------------------------------ */

/* The frame of public calls.  0: *me is the caller and the lock is held.  Who leaves after
 * the last reference is gone frees the pool. */
int pool_enter(struct mpt_pool *pool, struct member **me);
void pool_leave(struct mpt_pool *pool);

/* A wait in the creator. */
struct pool_wait {
	struct mpt_pool *pool;
	struct member *me;
	struct mpt_result *job; /* what for; NULL: for whichever comes next */
	bool whole;		/* for the end of many: not told of each */
	struct blocking how;
	struct slice slice;
};
struct pool_wait pool_wait_begin(struct mpt_pool *pool, struct member *me,
				 struct mpt_result *job, uint16_t op, uint64_t timeout_ns);
/* Is it over, as its time has come?  0; -EAGAIN, -ETIMEDOUT. */
int pool_wait_due(const struct pool_wait *wait);
/* Under lock, which it drops meanwhile: 0 look again; -EAGAIN, -ETIMEDOUT, -EINTR. */
int pool_wait_once(struct pool_wait *wait);
void pool_wait_end(struct pool_wait *wait, int result);
/* Under lock: wakes those who sleep in pool_wait_once. */
void pool_wake_waiters(struct mpt_pool *pool);
/* Under lock: until the job is READY (for its callback: DONE). */
int pool_await(struct mpt_result *job, struct member *me, uint64_t timeout_ns);

/* ---- pool_submit.c ------------------------------------------------------------------- */

/* Under lock.  The number of a function or -ENOENT. */
int pool_function(struct mpt_pool *pool, mpt_pool_function *run);
/* Under lock.  May the pool be given tasks?  0, -ESHUTDOWN, -ECANCELED. */
int pool_accepts(const struct mpt_pool *pool);
/* Items a worker takes at once: `wish`, or what fits; 0: not even one. */
size_t pool_chunk(const struct mpt_pool *pool, size_t wish, size_t in_size, size_t out_size);

/* ---- pool_imap.c ----------------------------------------------------------------------- */

/* Under lock: the chunk has come to its end. */
void pool_imap_done(struct mpt_result *chunk);
/* May a generator have more? */
bool pool_imap_open(const struct mpt_pool *pool);
/* The pool is destroyed: no generator is asked any more. */
void pool_imap_shut(struct mpt_pool *pool);
/* Asks a generator for a chunk, until the deadline, but for one item at least; some chunks
 * ahead of what is done.  Under lock, which it drops meanwhile.  False: it asked none. */
bool pool_imap_ask(struct mpt_pool *pool, struct member *me, uint64_t deadline);

/* ---- pool_crew.c: under lock, which is dropped while forking ------------------------------ */

/* Buries the dead, fills vacant seats. */
void pool_tend(struct mpt_pool *pool);
/* The first crew: all or none.  0 or a negative errno. */
int pool_hire(struct mpt_pool *pool);
/* Sends a signal to every worker. */
void pool_dismiss(struct mpt_pool *pool, bool kill);
uint32_t pool_crew_size(const struct mpt_pool *pool);
/* This process ends: no pool of it starts workers any more. */
void pool_exiting(void);

/* ---- pool_service.c -------------------------------------------------------------------- */

/* Starts the thread, which starts the first crew.  After an error there is neither. */
int pool_service_start(struct mpt_pool *pool);

/* ---- pool.c ------------------------------------------------------------------------------ */

/* Under lock: everything submitted has its slot, so workers may leave when they find
 * nothing. */
void pool_check_drained(struct mpt_pool *pool);
void pool_free(struct mpt_pool *pool);

#endif
