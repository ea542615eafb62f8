/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * member.h - this process's and this thread's place in the domain, and whether
 * other members still live.
 *
 * Owns: process and thread slots, attaching (first use, new thread, after
 * fork), leaving (thread exit, process exit), liveness.
 *
 * Fork is noticed by a word the kernel wipes in the child (MADV_WIPEONFORK), so
 * a child by plain fork() attaches itself at its first call.
 */
#ifndef MPT_MEMBER_H
#define MPT_MEMBER_H

#include "libtrace/clock.h"
#include "libtrace/contract/ring.h"
#include "libtrace/domain.h"
#include "libtrace/spin.h"

#include <signal.h>

#define USE_CACHE 64u

/* The calling thread, in its own memory. */
struct member {
	uint32_t epoch;	 /* equals *member_epoch unless copied by a fork */
	uint32_t slot;	 /* thread slot */
	uint32_t word;	 /* what it stores in lock words */
	uint32_t process_slot;
	struct mpt_wire_thread *thread;
	struct mpt_wire_process *process;
	struct mpt_wire_use *uses; /* NULL: no room for a ledger */
	volatile sig_atomic_t busy; /* inside emit: a signal handler must not enter */
	bool recording;
	bool holds_life; /* it attached the process: its end is noticed (alive.h) */
	uint32_t depth; /* operation records in use */
	int bell;	/* descriptor (bell.h); 0: none */
	struct member *next_bell;
	struct spin lock_spin, event_spin;
	struct clock clock;
	struct mpt_ring ring;
	struct mpt_wire_use *use_cache[USE_CACHE]; /* rows found lately, or NULL */
};

extern __thread struct member *member_self __attribute__((tls_model("initial-exec")));
extern volatile uint32_t *member_epoch;

/* Slow path of member_get: joins the calling thread to the domain (making the
 * domain if there is none).  NULL: *error says why. */
struct member *member_attach(int *error);

/* The calling thread's place.  NULL: *error is a negative errno. */
static inline struct member *member_get(int *error)
{
	struct member *me = member_self;

	if (likely(me && me->epoch == *member_epoch))
		return me;
	return member_attach(error);
}

/* Is the thread that stored `word` in a lock word still able to release it?  False:
 * its process is gone.  Costs a few ns when alive. */
bool member_alive(uint32_t word);
bool member_process_alive(uint32_t process_slot, uint32_t generation);
/* The same of the thread itself: false also when it ended and its process lives on. */
bool member_thread_alive(uint32_t word);
uint32_t member_pid_of(uint32_t word);

/* Has the thread of a slot that is not FREE ended?  Of a dead process, it is marked DEAD.
 * Under domain_lock. */
bool member_thread_gone(struct mpt_wire_thread *thread);
/* The same for all, so that what they have can be taken. */
void member_bury(void);

/* A process slot for a child to be made, state STARTING, filled in but for pid; given
 * back with member_forget when that fails.  0 or -ENOSPC, -ENOMEM. */
int member_reserve(uint32_t *slot, const char *name, uint32_t flags);
void member_forget(uint32_t slot);
/* In a child that is about to become another program, and still has its parent's memory:
 * who it is, should it never use the library. */
void member_identify(uint32_t slot);
/* In the child: this slot was reserved for it.  Attaching takes it, if it is still so. */
void member_expect(uint32_t slot, uint32_t generation);

/* A new row for an object in the table of a dead thread; NULL: the table is full. */
struct mpt_wire_use *member_claim(struct mpt_wire_use *table, uint32_t object, uint32_t generation);

/* The ledger row of this thread for an object; NULL when the table is full
 * (counted). */
struct mpt_wire_use *member_use(struct member *me, uint32_t object, uint32_t generation);

#endif
