/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * member.c - attaching and leaving; see member.h.
 *
 * Does not own: which slot is taken (slot.c), whether others live (alive.c).
 */
#include "libtrace/member.h"

#include "libtrace/alive.h"
#include "libtrace/arena.h"
#include "libtrace/bell.h"
#include "libtrace/contract/vocab.h"
#include "libtrace/emit.h"
#include "libtrace/identity.h"
#include "libtrace/object.h"
#include "libtrace/slot.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

__thread struct member *member_self __attribute__((tls_model("initial-exec")));

/* Points into a page the kernel zeroes in a forked child; holds this process's epoch while
 * it is attached.  Before that, at a word that no member's epoch equals. */
static uint32_t never;
volatile uint32_t *member_epoch = &never;

static struct {
	uint32_t slot, generation;
	/* A parent reserved it for us, until adopted; not for our own forked children. */
	struct {
		pid_t pid; /* ours; 0: nothing is reserved */
		uint32_t slot, generation;
	} reserved;
	/* One more than any ancestor's: another thread of a forked child may attach first, and
	 * must not make the parent's member that the forking thread still has look current. */
	uint32_t epoch;
	pthread_key_t leaving;
	bool leaving_made; /* false: no key was left, ends of threads go unnoticed */
} process;

/* ---- the process -------------------------------------------------------- */

/* Who this process is; nothing of its memory is changed (member_identify). */
static void fill_kernel_identity(struct mpt_wire_process *p)
{
	uint32_t pid = (uint32_t)getpid();

	p->pid = identity_outer_pid();
	p->uid = (uint32_t)geteuid();
	p->start_ticks = identity_start_ticks(pid);
	p->pidfd_inode = identity_pidfd_inode(pid);
	p->pidns_inode = identity_pidns_now();
	store32_release(&p->inner_pid, pid);
}

static void fill_identity(struct mpt_wire_process *p)
{
	fill_kernel_identity(p);
	identity_renew_pidns();
	p->parent_pid = (uint32_t)getppid();
	if (getrandom(&p->nonce, sizeof(p->nonce), GRND_NONBLOCK) < 0)
		p->nonce = futex_now();
	p->attached_ns = futex_now();
	p->ended_ns = 0;
}

static bool is_parent(uint32_t slot, uint32_t pid)
{
	const struct mpt_wire_process *p = &domain.processes[slot];

	return load32(&p->state) == MPT_SLOT_LIVE && p->inner_pid == pid;
}

/* Most often we are forked, and who we were is our parent. */
static uint32_t find_parent(void)
{
	uint32_t ppid = (uint32_t)getppid();
	uint32_t used = domain.header->section[MPT_SEC_PROCESSES].used;

	if (process.generation && is_parent(process.slot, ppid))
		return process.slot;
	for (uint32_t i = 0; i < used; i++)
		if (is_parent(i, ppid))
			return i;
	return MPT_REF_NONE;
}

/* The life mutex stays what it is: somebody may be looking at it this moment. */
static void fresh_process(struct mpt_wire_process *p, const char *name, uint32_t flags)
{
	uint32_t generation = p->generation + 1;

	store32_release(&p->state, MPT_SLOT_FREE);
	memset(p, 0, offsetof(struct mpt_wire_process, life));
	memset(p->reserved, 0, sizeof(p->reserved));
	p->generation = generation;
	p->parent = MPT_REF_NONE;
	p->exit_code = MPT_EXIT_UNKNOWN;
	p->flags = flags;
	snprintf(p->name, sizeof(p->name), "%s", name);
}

/* The parent may have died, and the slot may be another's by now. */
static bool may_adopt(void)
{
	const struct mpt_wire_process *p = &domain.processes[process.reserved.slot];

	return process.reserved.pid == getpid() && p->generation == process.reserved.generation &&
	       load32(&p->state) == MPT_SLOT_STARTING;
}

/* Under domain_lock. */
static int enter_process(void)
{
	struct mpt_wire_process *p;
	bool adopted = may_adopt();
	uint32_t slot = adopted ? process.reserved.slot : 0;
	char name[32];
	int rc = adopted ? 0 : slot_take_process(&slot);

	if (rc == 0)
		rc = alive_hold_life(&domain.processes[slot]);
	if (rc < 0)
		return rc;
	p = &domain.processes[slot];
	if (!adopted) {
		snprintf(name, sizeof(name), "%s",
			 slot == 0 ? "MainProcess" : program_invocation_short_name);
		fresh_process(p, name, 0);
		p->parent = find_parent();
	}
	fill_identity(p);
	process.slot = slot;
	process.generation = p->generation;
	store32_release(&p->state, MPT_SLOT_LIVE);
	return 0;
}

/* There was no slot for the thread: then the process gives its own back, or each
 * further try would take another one.  Under domain_lock. */
static void undo_process(void)
{
	struct mpt_wire_process *p = &domain.processes[process.slot];
	bool adopted = process.reserved.pid == getpid() && process.reserved.slot == process.slot &&
		       process.reserved.generation == process.generation;

	store32_release(&p->state, adopted ? MPT_SLOT_STARTING : MPT_SLOT_FREE);
	alive_release_life(p);
}

int member_reserve(uint32_t *slot, const char *name, uint32_t flags)
{
	struct mpt_wire_process *p;
	int rc;

	if (!member_get(&rc))
		return rc;
	rc = domain_lock();
	if (rc < 0)
		return rc;
	rc = slot_take_process(slot);
	if (rc == 0) {
		p = &domain.processes[*slot];
		fresh_process(p, name, flags);
		p->parent = process.slot;
		p->parent_pid = (uint32_t)getpid();
		store32_release(&p->state, MPT_SLOT_STARTING);
	}
	domain_unlock();
	return rc;
}

void member_forget(uint32_t slot)
{
	store32_release(&domain.processes[slot].state, MPT_SLOT_FREE);
}

void member_identify(uint32_t slot)
{
	fill_kernel_identity(&domain.processes[slot]);
}

void member_expect(uint32_t slot, uint32_t generation)
{
	process.reserved.pid = getpid();
	process.reserved.slot = slot;
	process.reserved.generation = generation;
}

/* ---- the thread --------------------------------------------------------- */

static void thread_leave(void *arg)
{
	struct member *me = arg;

	if (me->epoch != *member_epoch)
		return; /* copied by fork: not our slot */
	me->recording = false;
	bell_leave(me);
	me->thread->ended_ns = futex_now();
	store32_release(&me->thread->state, MPT_SLOT_ENDED);
	if (me->holds_life)
		alive_release_life(me->process);
	member_self = NULL;
	free(me);
}

/* Returns the extent that whoever had the slot before left. */
static uint64_t fill_thread(struct mpt_wire_thread *t)
{
	uint64_t extent = t->extent;
	uint32_t generation = t->generation % 0x7fffu + 1;

	store32_release(&t->state, MPT_SLOT_FREE);
	memset(t, 0, sizeof(*t));
	t->extent = extent; /* until ours is there, the arena must see the old one */
	store64_release(&t->extent, 0);
	t->generation = generation;
	t->process = process.slot;
	t->process_generation = process.generation;
	t->tid = (uint32_t)gettid();
	t->started_ns = futex_now();
	pthread_getname_np(pthread_self(), t->name, sizeof(t->name));
	return extent;
}

static void open_ring(struct member *me, uint64_t bytes)
{
	struct mpt_wire_thread *t = me->thread;
	uint8_t *at = arena_at(t->extent);

	me->uses = (struct mpt_wire_use *)(void *)at;
	for (uint32_t i = 0; i < MPT_USES; i++)
		me->uses[i].object = MPT_REF_NONE;
	if (bytes == 0)
		return;
	t->packets = bytes / 4 >= MPT_BLOCK / 2 ? 4 : 2;
	t->packet_size = (uint32_t)(bytes / t->packets);
	me->ring.head = (_Atomic uint64_t *)&t->head;
	me->ring.base = at + MPT_USES_BLOCKS * MPT_BLOCK;
	me->ring.packets = t->packets;
	me->ring.packet_size = t->packet_size;
	me->recording = true;
}

/* Ledger and ring, smaller when the arena is short, nothing when it is full: the
 * thread then works unrecorded (mpt_trace_status tells).  Under domain_lock. */
static void take_extent(struct member *me, uint64_t left)
{
	uint64_t ledger = MPT_USES_BLOCKS * MPT_BLOCK, bytes = domain.ring_bytes;
	uint64_t *extent = &me->thread->extent;
	int rc;

	if (arena_inherit(extent, left, ledger + bytes)) {
		open_ring(me, bytes);
		return;
	}
	do {
		rc = arena_take_ring(extent, ledger + bytes);
		if (rc == 0)
			break;
		bytes = bytes > 2 * MPT_BLOCK ? bytes / 2 : 0;
	} while (bytes);
	if (rc < 0)
		rc = arena_take_ring(extent, ledger);
	if (rc == 0)
		open_ring(me, bytes);
}

/* Under domain_lock. */
static int enter_thread(struct member *me)
{
	uint32_t slot;
	uint64_t left;
	int rc = slot_take_thread(&slot);

	if (rc < 0)
		return rc;
	me->slot = slot;
	me->thread = &domain.threads[slot];
	me->process_slot = process.slot;
	me->process = &domain.processes[process.slot];
	me->lock_spin.average = me->event_spin.average = 100;
	left = fill_thread(me->thread);
	me->word = MPT_LOCK_WORD(slot, me->thread->generation);
	take_extent(me, left);
	store32_release(&me->thread->state, MPT_SLOT_LIVE);
	return 0;
}

/* ---- attaching ---------------------------------------------------------- */

static void make_key(void)
{
	process.leaving_made = pthread_key_create(&process.leaving, thread_leave) == 0;
}

/* Notices fork: the word is 0 in a child, whatever made it. */
static int watch_forks(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	uint32_t *page;
	int rc;

	pthread_once(&once, make_key);
	if (member_epoch != &never)
		return 0;
	page = mmap(NULL, MPT_BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return -errno;
	if (madvise(page, MPT_BLOCK, MADV_WIPEONFORK) < 0) {
		rc = errno == EINVAL ? -ENOSYS : -errno; /* Linux before 4.14 */
		munmap(page, MPT_BLOCK);
		return rc;
	}
	member_epoch = page;
	return 0;
}

static int attach_locked(struct member *me, bool first)
{
	int rc = domain_lock();

	if (rc < 0)
		return rc;
	if (first)
		rc = enter_process();
	if (rc == 0) {
		rc = enter_thread(me);
		if (rc < 0 && first)
			undo_process();
	}
	if (rc == 0 && first) {
		process.reserved.pid = 0;
		*member_epoch = ++process.epoch;
	}
	domain_unlock();
	return rc;
}

static int attach(struct member *me)
{
	bool first;
	int rc = domain_need();

	if (rc < 0)
		return rc;
	domain_enter();
	rc = watch_forks();
	first = rc == 0 && *member_epoch == 0;
	if (rc == 0)
		rc = attach_locked(me, first);
	domain_leave();
	if (rc < 0)
		return rc;
	me->epoch = *member_epoch;
	me->holds_life = first;
	if (first) {
		domain_announce();
		emit_note(me, MPT_OP_PROCESS_ATTACH, MPT_REF_PROCESS | process.slot,
			  me->process->pid);
	}
	return 0;
}

static struct member *join(int *error)
{
	struct member *me = member_self;
	int rc;

	/* After fork the copy of the parent's member is ours to use again. */
	if (!me)
		me = malloc(sizeof(*me));
	if (!me) {
		*error = -ENOMEM;
		return NULL;
	}
	memset(me, 0, sizeof(*me));
	rc = attach(me);
	if (rc < 0) {
		member_self = NULL;
		if (process.leaving_made)
			pthread_setspecific(process.leaving, NULL); /* after fork: the copy */
		free(me);
		*error = rc;
		return NULL;
	}
	member_self = me;
	if (process.leaving_made)
		pthread_setspecific(process.leaving, me);
	return me;
}

/* Not interrupted by a handler that calls us, nor cancelled, while it has our locks. */
struct member *member_attach(int *error)
{
	int saved = errno, cancel;
	struct member *me;
	sigset_t all, mask;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	me = join(error);
	pthread_setcancelstate(cancel, NULL);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
	errno = saved;
	return me;
}

/* ---- the ledger --------------------------------------------------------- */

/* A row is claimed by its object's number, so that a signal handler that comes in
 * between takes the next one; until the generation is there, nobody counts it. */
static struct mpt_wire_use *claim_row(struct mpt_wire_use *u, uint32_t object, uint32_t generation)
{
	if (!cas32(&u->object, MPT_REF_NONE, object))
		return NULL;
	store32_release(&u->object_generation, generation);
	return u;
}

/* A row of an object that is no more.  Not for a signal handler: the operation under
 * it may be about to write there. */
static struct mpt_wire_use *reuse(struct member *me, uint32_t object, uint32_t generation)
{
	struct mpt_wire_use *u = me->uses, *end = me->uses + MPT_USES;

	for (; me->depth <= 1 && u < end; u++) {
		if (object_is(MPT_REF_SLOT(u->object), u->object_generation))
			continue;
		store32_release(&u->object_generation, 0);
		u->gives = u->takes = u->last_ns = 0;
		store32_release(&u->object, object);
		store32_release(&u->object_generation, generation);
		return u;
	}
	return NULL;
}

static struct mpt_wire_use *find_use(struct member *me, uint32_t object, uint32_t generation)
{
	struct mpt_wire_use *u = me->uses, *end = me->uses + MPT_USES, *mine;

	for (; u < end; u++) {
		if (u->object == object && u->object_generation == generation)
			return u;
		if (load32(&u->object) != MPT_REF_NONE)
			continue;
		mine = claim_row(u, object, generation);
		if (mine)
			return mine;
	}
	return reuse(me, object, generation);
}

struct mpt_wire_use *member_claim(struct mpt_wire_use *table, uint32_t object, uint32_t generation)
{
	struct mpt_wire_use *u = table, *end = table + MPT_USES, *mine = NULL;

	for (; !mine && u < end; u++)
		mine = claim_row(u, object, generation);
	return mine;
}

struct mpt_wire_use *member_use(struct member *me, uint32_t object, uint32_t generation)
{
	/* An object's FINISH and FOREIGN rows must not lie in its first row's place. */
	struct mpt_wire_use **cached = &me->use_cache[(object + (object >> 29)) % USE_CACHE];
	struct mpt_wire_use *use = *cached;

	if (likely(use && use->object == object && use->object_generation == generation))
		return use;
	use = me->uses ? find_use(me, object, generation) : NULL;
	if (use)
		*cached = use;
	else
		me->thread->uses_overflow++;
	return use;
}

/* ---- the end of the process ---------------------------------------------- */

/* Runs at exit, after the program's own handlers and after the children were joined
 * (process_exit.c has no priority: earlier): the slot tells an orderly end.
 * Other threads may still run for a moment, so the slot stays ours: whether we
 * are gone is decided by the life mutex alone. */
__attribute__((destructor(101))) static void process_leave(void)
{
	struct member *me = member_self;

	if (!me || me->epoch != *member_epoch)
		return;
	me->process->ended_ns = futex_now();
	if (load32(&me->process->state) == MPT_SLOT_LIVE)
		store32_release(&me->process->state, MPT_SLOT_ENDED);
}
