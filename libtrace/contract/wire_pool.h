/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wire_pool.h - what lies in the storage of an object with WORKERS, byte by byte.
 *
 * Rules, marks and version policy are those of wire.h.  From the start of the storage:
 *
 *   struct mpt_wire_pool     constants, counters, the two ends of the line of tasks
 *   names                    MPT_NAME_MAX bytes for each function
 *   ring                     numbers of task slots in the order of their tickets
 *   seats                    one per worker: struct mpt_wire_pool_seat, then its list of
 *                            task slots it has finished
 *   tasks                    struct mpt_wire_task, arguments, result, text
 *
 * "The creator" is the process that made the object: all its stores below are under one
 * mutex of its own.  "The worker" of a seat is the one process that has it now.
 */
#ifndef MPT_CONTRACT_WIRE_POOL_H
#define MPT_CONTRACT_WIRE_POOL_H

#include "libtrace/contract/wire.h"

enum mpt_pool_stage {
	MPT_POOL_OPEN,
	MPT_POOL_CLOSED,     /* no more tasks are taken in */
	MPT_POOL_DRAINED,    /* closed, and every task has its slot: who finds none leaves */
	MPT_POOL_TERMINATED, /* workers leave at once */
	MPT_POOL_BROKEN,     /* no worker can be had: its initializer fails */
};

struct mpt_wire_pool {
	/* Constant once the object is LIVE. */
	uint32_t seats, functions;
	uint32_t slots;	     /* of tasks */
	uint32_t ring_slots; /* a power of two, at least 2 * slots */
	uint32_t task_bytes; /* room for arguments, and again for a result */
	uint32_t max_tasks;  /* a worker leaves after so many; 0: never */
	uint32_t seat_stride, task_stride;	       /* bytes from one to the next */
	uint64_t names_at, ring_at, seats_at, tasks_at; /* from the start of the storage */
	/* Written by the creator, seldom. */
	uint32_t stage;	      /* A: enum mpt_pool_stage */
	uint32_t tell_all;    /* A: threads of the creator that sleep until whichever task ends */
	uint32_t tell_few;    /* A: threads that sleep until one ends while few are in line */
	uint32_t tell_low;    /* A: tasks wait for a slot: ring when few are in line */
	uint32_t asleep;      /* A: the service thread sleeps; exchanged to 0 by who rings */
	uint32_t reserved5;
	uint64_t lost;	      /* A: tasks whose worker died */
	uint64_t lost_workers; /* A: that died and were not told to */
	uint64_t skipped;      /* A: of submitted, those given up before they had a ticket */
	uint64_t run_max_ns;
	uint64_t reserved1;
	/* Written by the creator for each task. */
	uint64_t tail;	    /* A: tickets given: ring[ticket] is filled in, release */
	uint64_t submitted; /* A: tail, and those that have no slot yet */
	uint64_t reserved2[6];
	/* The first ticket that may be unclaimed.  A: anybody, by CAS from n to n + 1 when
	 * the task with ticket n is no longer QUEUED. */
	uint64_t head;
	uint64_t reserved3[7];
	/* Idle workers, so that nobody is woken without need.  Seat + 1, 0: nobody.  A: by CAS
	 * from 0, by its worker to 0; by the creator when that one is dead. */
	uint32_t seeker;  /* looks for work without sleeping */
	uint32_t watcher; /* sleeps for moments only, to see whether a task is left lying */
	uint32_t reserved4[14];
	struct mpt_wire_hist run; /* how long tasks ran.  Writer: the creator */
};
_Static_assert(sizeof(struct mpt_wire_pool) == 640, "wire: pool size");
_Static_assert(offsetof(struct mpt_wire_pool, tail) == 128, "wire: pool tail");

/* After it: `ring_slots` entries of 4 bytes, the newest finished at finished - 1: number of
 * the task slot, and the low 16 bits of its ticket above it.  They tell where to look; what
 * is true is the state of the task. */
struct mpt_wire_pool_seat {
	/* Written by the creator while nobody has the seat. */
	uint32_t incarnation; /* of workers in this seat; 16 bits */
	uint32_t reserved1;
	/* Written by the worker. */
	uint32_t ready;	   /* A: its initializer is done.  To 0: the creator */
	uint32_t thread;   /* A: its thread slot + 1; 0: it has none.  To 0: the creator */
	uint64_t reserved2[6];
	uint64_t finished; /* A: tasks ever finished in this seat.  Writer: the worker; after
			    * its death the creator */
	uint64_t failed;   /* A: of them, with an error.  Same writers */
	uint64_t busy_ns;  /* A: time spent in tasks.  Writer: the worker */
	uint64_t reserved3[5];
};
_Static_assert(sizeof(struct mpt_wire_pool_seat) == 128, "wire: seat size");

enum mpt_task_phase {
	MPT_TASK_FREE,
	MPT_TASK_QUEUED,  /* anybody may claim it, by one CAS */
	MPT_TASK_RUNNING, /* the seat's worker has it */
	MPT_TASK_DONE,	  /* the result is there */
};

/*
 * A task's state: one word, so that there is no moment at which it is unknown who has
 * it.  Low to high: 16 bits seat + 1 and 16 bits its incarnation (RUNNING, DONE), 4 bits
 * phase, 28 bits of the ticket.
 */
#define MPT_TASK_STATE(phase, ticket) ((uint64_t)(ticket) << 36 | (uint64_t)(phase) << 32)
#define MPT_TASK_PHASE(state) ((uint32_t)((state) >> 32) & 0xfu)
#define MPT_TASK_WORKER(state) ((uint32_t)(state))
#define MPT_TASK_WORKER_OF(seat, incarnation) \
	(((uint32_t)(incarnation) & 0xffffu) << 16 | ((uint32_t)(seat) + 1u))

enum mpt_task_tell {
	MPT_TELL_WAITER = 1 << 0,  /* somebody waits for this one: move take.seq, wake */
	MPT_TELL_SERVICE = 1 << 1, /* it has a callback: ring for the service thread */
	MPT_TELL_NOBODY = 1 << 2,  /* given up: what of it has not begun is passed over */
};

/*
 * Followed by task_bytes of arguments, task_bytes of result, MPT_TASK_TEXT bytes of text.
 * A task of many items (items > 0) has their arguments one behind the other, and in its
 * result first an int32_t for each (0 or a negative errno), then, 16-byte aligned, the
 * results.  Written by the creator while FREE, and again after its worker's death; by
 * the worker while RUNNING.
 */
struct mpt_wire_task {
	uint64_t state;	   /* A: FREE, QUEUED and after a death: the creator; QUEUED -> RUNNING:
			    * a worker's CAS; RUNNING -> DONE: its release store, the commit */
	uint64_t time_ns;  /* when it was submitted; DONE: how long it was in line */
	int64_t result;	   /* bytes, or a negative errno; of many items: how many failed */
	uint32_t tell;	   /* A: enum mpt_task_tell; writer: the creator */
	uint32_t size;	   /* bytes of arguments */
	uint32_t items;	   /* 0: one call with all of the arguments */
	uint32_t item_size, item_room; /* bytes of the arguments and for the result of one */
	uint32_t item;	    /* A: of many: the one that is run.  Stored when the ones before
			     * are complete */
	uint32_t failed_item; /* of many: the first that failed; its text is below */
	uint16_t function;
	uint16_t reserved1;
	uint64_t run_ns; /* how long it ran */
};
_Static_assert(sizeof(struct mpt_wire_task) == 64, "wire: task size");

#define MPT_TASK_TEXT 128u

#endif
