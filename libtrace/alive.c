/* SPDX-License-Identifier: BSD-2-Clause */
/* alive.c - see alive.h. */
#include "libtrace/alive.h"

#include "libtrace/futex.h"
#include "libtrace/identity.h"
#include "libtrace/member.h"
#include "libtrace/robust.h"

#include <pthread.h>
#include <string.h>

#define LIFE_PATIENCE_NS 1000000000ull /* a checker holds it for less than a microsecond */

static pthread_mutex_t *life_of(struct mpt_wire_process *p)
{
	return (pthread_mutex_t *)(void *)p->life;
}

static void make_life(struct mpt_wire_process *p)
{
	static const uint8_t untouched[sizeof(p->life)];
	pthread_mutexattr_t attr;

	if (memcmp(p->life, untouched, sizeof(untouched)) != 0)
		return;
	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
	/* Robust errorcheck: unlocking by a thread that does not hold it is refused. */
	pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_ERRORCHECK);
	pthread_mutex_init(life_of(p), &attr);
	pthread_mutexattr_destroy(&attr);
}

int alive_hold_life(struct mpt_wire_process *p)
{
	make_life(p);
	return robust_lock(life_of(p), LIFE_PATIENCE_NS);
}

void alive_release_life(struct mpt_wire_process *p)
{
	pthread_mutex_unlock(life_of(p));
}

/* The kernel's word on a process of our own pid namespace. */
static bool kernel_says_alive(const struct mpt_wire_process *p, bool otherwise)
{
	if (p->pidns_inode != identity_pidns())
		return otherwise;
	return identity_alive(p->inner_pid, p->start_ticks, p->pidfd_inode);
}

/* Has the pid come back as another member?  Then it has called exec since: pid and
 * start time are those of before, and the segment is mapped again. */
static bool superseded(const struct mpt_wire_process *p)
{
	const struct mpt_wire_process *other = domain.processes;
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_PROCESSES].used);

	for (; used > 0; used--, other++)
		if (other != p && load32_acquire(&other->state) >= MPT_SLOT_LIVE &&
		    other->inner_pid == p->inner_pid &&
		    other->pidns_inode == p->pidns_inode &&
		    other->start_ticks == p->start_ticks && other->attached_ns > p->attached_ns)
			return true;
	return false;
}

/* State and generation as one word.  A verdict may be late: by then the slot may be
 * another process's, which must not be called dead in its place. */
static uint64_t slot_word(enum mpt_slot_state state, uint32_t generation)
{
	return (uint64_t)generation << 32 | (uint32_t)state;
}

static void mark_dead(struct mpt_wire_process *p, uint32_t generation, bool by_exec)
{
	uint64_t *word = (uint64_t *)(void *)&p->state;

	_Static_assert(offsetof(struct mpt_wire_process, state) == 0 &&
			       offsetof(struct mpt_wire_process, generation) == 4,
		       "wire: state and generation are one word");
	if (!cas64(word, slot_word(MPT_SLOT_LIVE, generation),
		   slot_word(MPT_SLOT_DEAD, generation)))
		return;
	if (by_exec)
		or32(&p->flags, MPT_PROC_EXEC);
	if (!p->ended_ns)
		p->ended_ns = futex_now();
	add64(&domain.header->deaths, 1);
}

/* What is read of the slot is worth nothing when it was given away meanwhile: then its
 * last owner was dead, and so is the answer, whatever it is. */
static bool process_alive(struct mpt_wire_process *p, uint32_t generation)
{
	bool by_exec = false;
	int rc = pthread_mutex_trylock(life_of(p));
	bool alive;

	if (likely(rc == EBUSY || rc == EDEADLK))
		return true;
	if (rc == EOWNERDEAD)
		pthread_mutex_consistent(life_of(p));
	if (rc == 0 || rc == EOWNERDEAD)
		pthread_mutex_unlock(life_of(p));
	alive = kernel_says_alive(p, rc == 0);
	/* A living pid may have left by exec, whoever held the mutex. */
	if (alive && p->pidns_inode == identity_pidns())
		by_exec = superseded(p) || !identity_maps(p->inner_pid, domain.inode,
							  domain.header->flags & MPT_SEG_FILE);
	if (by_exec || !alive)
		mark_dead(p, generation, by_exec);
	return alive && !by_exec;
}

/* Reserved: for a program that runs, or else as long as the parent may need it. */
static bool starting_alive(const struct mpt_wire_process *p)
{
	const struct mpt_wire_process *parent;

	if ((load32(&p->flags) & MPT_PROC_PROGRAM) && load32_acquire(&p->inner_pid))
		return kernel_says_alive(p, true);
	if (p->parent >= load32_acquire(&domain.header->section[MPT_SEC_PROCESSES].used))
		return true;
	parent = &domain.processes[p->parent];
	return parent->inner_pid == p->parent_pid &&
	       load32(&parent->state) >= MPT_SLOT_LIVE &&
	       member_process_alive(p->parent, parent->generation);
}

bool member_process_alive(uint32_t slot, uint32_t generation)
{
	struct mpt_wire_process *p = &domain.processes[slot];
	uint32_t state;

	if (slot >= load32_acquire(&domain.header->section[MPT_SEC_PROCESSES].used) ||
	    p->generation != generation)
		return false;
	state = load32_acquire(&p->state);
	if (state == MPT_SLOT_FREE || state == MPT_SLOT_DEAD)
		return false;
	return state == MPT_SLOT_STARTING ? starting_alive(p) : process_alive(p, generation);
}

bool member_thread_gone(struct mpt_wire_thread *t)
{
	if (load32_acquire(&t->state) != MPT_SLOT_LIVE)
		return true;
	if (member_process_alive(t->process, t->process_generation))
		return false;
	t->ended_ns = t->ended_ns ? t->ended_ns : futex_now();
	store32_release(&t->state, MPT_SLOT_DEAD);
	return true;
}

void member_bury(void)
{
	uint32_t used = domain.header->section[MPT_SEC_THREADS].used;

	for (uint32_t i = 0; i < used; i++)
		member_thread_gone(&domain.threads[i]);
}

bool member_alive(uint32_t word)
{
	uint32_t slot = MPT_LOCK_SLOT(word);
	struct mpt_wire_thread *t = &domain.threads[slot];

	if (slot >= load32_acquire(&domain.header->section[MPT_SEC_THREADS].used) ||
	    (t->generation & 0x7fffu) != MPT_LOCK_GENERATION(word))
		return false;
	return member_process_alive(t->process, t->process_generation);
}

bool member_thread_alive(uint32_t word)
{
	return member_alive(word) &&
	       load32_acquire(&domain.threads[MPT_LOCK_SLOT(word)].state) == MPT_SLOT_LIVE;
}

uint32_t member_pid_of(uint32_t word)
{
	uint32_t slot = MPT_LOCK_SLOT(word);
	const struct mpt_wire_thread *t = &domain.threads[slot];

	if (slot >= load32_acquire(&domain.header->section[MPT_SEC_THREADS].used) ||
	    t->process >= load32_acquire(&domain.header->section[MPT_SEC_PROCESSES].used))
		return 0;
	return domain.processes[t->process].pid;
}
