/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_futex.c - waiting in futex(): what of the C library it is, and who owns it.
 *
 * The kernel knows an address and nothing more.  What lies there is told by the function that
 * sleeps (on its stack) and by the words themselves; both have to agree.  Layouts are those
 * of glibc on 64 bits, the same from 2.26 to 2.41.  Owners are numbers of threads, as
 * whoever took the lock calls itself.
 */
#include "mpstat/collector/wait.h"

#include "libtrace/contract/vocab.h"
#include "mpstat/util/text.h"

#include <inttypes.h>
#include <linux/futex.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#define COMMAND(thread) ((uint32_t)(thread)->argument[1] & (uint32_t)FUTEX_CMD_MASK)
#define TID_MASK 0x3fffffffu

/* pthread_mutex_t, by 32-bit words. */
enum { MUTEX_LOCK, MUTEX_COUNT, MUTEX_OWNER, MUTEX_USERS, MUTEX_KIND };
#define MUTEX_ROBUST 0x10u
#define MUTEX_PI 0x20u
#define MUTEX_KINDS 0x3ffu /* all bits a kind may have */
#define LOCK_CONTENDED 2u
/* sem_t: value, number of waiters, private. */
enum { SEM_VALUE, SEM_WAITERS, SEM_PRIVATE };
#define SEM_SHARED 128u
/* pthread_rwlock_t: writers sleep at its word 3, the others at its word 2; its writer is 6. */
enum { RWLOCK_PHASE = 2, RWLOCK_WRITERS = 3, RWLOCK_WRITER = 6 };
/* pthread_cond_t: waiters sleep at its words 10 and 11; each counts 8 in its word 9. */
enum { COND_WAITERS = 9, COND_SIGNALS = 10 };

struct sleeper {
	struct wait_look *w;
	const struct blocked *thread;
	enum function function; /* in which it sleeps */
};

/* What the wait is thought to be. */
struct guess {
	enum mpt_kind kind;
	uint16_t op;
	int32_t begin;	/* words from the futex to the beginning of the object */
	uint32_t owner; /* inner number of a thread; 0: none, or it has none */
	bool robust;	/* the kernel wakes the waiter when the owner ends */
};

static bool word(const struct blocked *thread, int32_t index, uint32_t *value)
{
	int64_t at = BLOCKED_BEFORE + 4 * (int64_t)index;

	if (at < 0 || (at < BLOCKED_BEFORE && !(thread->has & BLOCKED_HAS_BEFORE)))
		return false;
	if (at >= BLOCKED_BEFORE && (!(thread->has & BLOCKED_HAS_MEMORY) ||
				     (size_t)at + 4 > BLOCKED_BEFORE + thread->memory_size))
		return false;
	memcpy(value, thread->memory + at, sizeof(*value));
	return true;
}

static uint32_t word_or_0(const struct blocked *thread, int32_t index)
{
	uint32_t value;

	return word(thread, index, &value) ? value : 0;
}

/* ---- what it may be -------------------------------------------------------------- */

static bool guess_pi(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	if (COMMAND(thread) != FUTEX_LOCK_PI && COMMAND(thread) != FUTEX_LOCK_PI2)
		return false;
	*guess = (struct guess){ MPT_KIND_MUTEX, MPT_OP_MUTEX_LOCK, 0,
				 word_or_0(thread, MUTEX_LOCK) & TID_MASK,
				 word_or_0(thread, MUTEX_KIND) & MUTEX_ROBUST };
	return true;
}

static bool guess_robust(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	uint32_t lock, kind, expected = (uint32_t)thread->argument[2];

	if (!word(thread, MUTEX_LOCK, &lock) || !word(thread, MUTEX_KIND, &kind) ||
	    !(kind & MUTEX_ROBUST) || kind & ~MUTEX_KINDS || !(expected & FUTEX_WAITERS) ||
	    lock != expected)
		return false;
	*guess = (struct guess){ MPT_KIND_MUTEX, MPT_OP_MUTEX_LOCK, 0, lock & TID_MASK, true };
	return true;
}

static bool guess_mutex(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	enum function function = s->function;
	uint32_t kind = word_or_0(thread, MUTEX_KIND), owner = word_or_0(thread, MUTEX_OWNER);

	if (thread->argument[2] != LOCK_CONTENDED || kind & ~MUTEX_KINDS || owner > TID_MASK ||
	    kind & (MUTEX_ROBUST | MUTEX_PI))
		return false;
	/* Without a stack only an owner that exists tells it from a lock of the C library. */
	if (function != FUNCTION_MUTEX_LOCK &&
	    (function > FUNCTION_OUTSIDE || !owner || !wait_find_thread(s->w, thread, owner)))
		return false;
	*guess = (struct guess){ MPT_KIND_MUTEX, MPT_OP_MUTEX_LOCK, 0, owner, false };
	if (word_or_0(thread, MUTEX_LOCK) != LOCK_CONTENDED)
		guess->owner = 0; /* it is being given over */
	return true;
}

static bool guess_rwlock(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	enum function function = s->function;
	uint32_t writer;

	if (function != FUNCTION_RWLOCK_READ && function != FUNCTION_RWLOCK_WRITE)
		return false;
	*guess = (struct guess){ .kind = MPT_KIND_RWLOCK, .op = MPT_OP_RWLOCK_LOCK,
				 .begin = -RWLOCK_PHASE };
	for (int32_t at = RWLOCK_PHASE; at <= RWLOCK_WRITERS; at++) {
		writer = word_or_0(thread, RWLOCK_WRITER - at);
		if (writer && writer <= TID_MASK && wait_find_thread(s->w, thread, writer)) {
			guess->begin = -at;
			guess->owner = writer;
			return true;
		}
	}
	return true;
}

static bool guess_join(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	enum function function = s->function;
	const struct blocked *joined;
	uint32_t tid;

	if ((function != FUNCTION_JOIN && function > FUNCTION_OUTSIDE) ||
	    !word(thread, 0, &tid) || tid != (uint32_t)thread->argument[2])
		return false;
	joined = tid ? wait_find_thread(s->w, thread, tid) : NULL;
	if (!joined || joined->pid != thread->pid || joined == thread)
		return false;
	*guess = (struct guess){ MPT_KIND_THREAD, MPT_OP_THREAD_JOIN, 0, tid, false };
	return true;
}

static bool guess_cond(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	int32_t begin = -COND_SIGNALS - (int32_t)(thread->argument[0] / 4 % 2);

	if (s->function != FUNCTION_COND_WAIT || word_or_0(thread, begin + COND_WAITERS) < 8)
		return false;
	*guess = (struct guess){ .kind = MPT_KIND_CONDVAR, .op = MPT_OP_CONDVAR_WAIT,
				 .begin = begin };
	return true;
}

static bool guess_barrier(const struct sleeper *s, struct guess *guess)
{
	if (s->function != FUNCTION_BARRIER_WAIT)
		return false;
	*guess = (struct guess){ .kind = MPT_KIND_THREAD_BARRIER,
				 .op = MPT_OP_THREAD_BARRIER_WAIT };
	return true;
}

/* Its slow part has no name: it is what else the library does, with these words. */
static bool guess_sem(const struct sleeper *s, struct guess *guess)
{
	const struct blocked *thread = s->thread;
	enum function function = s->function;
	uint32_t waiters, shared;

	if (function > FUNCTION_OUTSIDE && function != FUNCTION_SEM_WAIT)
		return false;
	if (thread->argument[2] || word_or_0(thread, SEM_VALUE) ||
	    !word(thread, SEM_WAITERS, &waiters) || !word(thread, SEM_PRIVATE, &shared) ||
	    !waiters || waiters > TID_MASK || (shared && shared != SEM_SHARED))
		return false;
	*guess = (struct guess){ .kind = MPT_KIND_SEM, .op = MPT_OP_SEM_WAIT };
	return true;
}

static bool guess_futex(const struct sleeper *s, struct guess *guess)
{
	(void)s;
	*guess = (struct guess){ .kind = MPT_KIND_FUTEX, .op = MPT_OP_FUTEX_WAIT };
	return true;
}

/* The surest first. */
static bool (*const guesses[])(const struct sleeper *s, struct guess *guess) = {
	guess_pi,   guess_robust,  guess_mutex, guess_rwlock, guess_cond,
	guess_barrier, guess_join, guess_sem,	guess_futex,
};

/* ---- the object --------------------------------------------------------------------- */

/* Private to an address space even when the memory is not: the kernel was told so. */
static bool is_private(const struct blocked *thread)
{
	return thread->argument[1] & FUTEX_PRIVATE_FLAG || !thread->place.shared;
}

static struct map_key key_of(const struct blocked *thread, const struct guess *guess)
{
	const struct memory_place *place = &thread->place;
	uint64_t begin = (uint64_t)(4 * (int64_t)guess->begin);

	if (is_private(thread))
		return (struct map_key){ { 0, 1, place->space, place->address + begin, 0 } };
	return (struct map_key){ { 0, 2, place->device, place->inode, place->offset + begin } };
}

/* Shared memory without a file is one that was never called so by anybody. */
static bool is_anonymous(const struct memory_place *place)
{
	return !strcmp(place->name, "dev/zero") || !strcmp(place->name, "zero");
}

static void name_object(struct fact_object *fact, const struct blocked *thread,
			const struct guess *guess)
{
	const struct memory_place *place = &thread->place;
	uint64_t begin = (uint64_t)(4 * (int64_t)guess->begin);
	char text[FACT_NAME_MAX];

	if (guess->kind == MPT_KIND_THREAD)
		snprintf(text, sizeof(text), "%u", guess->owner);
	else if (place->name[0])
		snprintf(text, sizeof(text), "%.31s+0x%" PRIx64,
			 is_anonymous(place) ? "shared" : place->name, place->offset + begin);
	else
		snprintf(text, sizeof(text), "0x%" PRIx64, thread->argument[0] + begin);
	text_clean(fact->name, sizeof(fact->name), text, strlen(text));
}

/* Another process: the memory was copied by fork() while its parent's thread had it. */
static void set_owner(struct wait_look *w, const struct blocked *thread,
		      const struct guess *guess, struct fact_object *fact)
{
	const struct blocked *owner = wait_find_thread(w, thread, guess->owner);

	fact->held = true;
	fact->owner_tid = owner ? owner->tid : guess->owner;
	if (owner)
		fact->owner_process = wait_process_of(owner);
	if (owner && is_private(thread) && owner->pid != thread->pid)
		fact->owner_state = FACT_OWNER_INHERITED;
	else if (!owner)
		fact->owner_state = FACT_OWNER_GONE;
	/* Then it is about to be woken. */
	if (guess->robust && fact->owner_state == FACT_OWNER_GONE)
		fact->held = false;
}

/* Without an owner any thread that has the memory might wake it; of shared memory we do
 * not know who has. */
static void set_ends(struct wait_look *w, const struct blocked *thread,
		     struct outside_object *object)
{
	if (!is_private(thread))
		return;
	object->fact.ends = FACT_ENDS_TOLD;
	outside_use(&w->outside, object, wait_process_of(thread), true, true);
}

/* Of a domain's shared memory the segment itself tells better. */
static bool is_of_domain(const struct memory_place *place)
{
	size_t length = strnlen(place->name, sizeof(place->name));

	return place->shared &&
	       (!strncmp(place->name, "memfd:mptrace:", 14) ||
		(length > 8 && !strncmp(place->name + length - 8, ".mptrace", 8)));
}

static bool understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	struct sleeper sleeper = { w, thread, FUNCTION_UNKNOWN };
	struct guess guess = { 0 };
	struct outside_object *object;
	uint32_t command = COMMAND(thread);

	if (!(thread->has & BLOCKED_HAS_PLACE) ||
	    (command != FUTEX_WAIT && command != FUTEX_WAIT_BITSET && command != FUTEX_LOCK_PI &&
	     command != FUTEX_LOCK_PI2) ||
	    is_of_domain(&thread->place))
		return false;
	sleeper.function = wait_function(w, thread);
	for (size_t i = 0; i < sizeof(guesses) / sizeof(guesses[0]); i++)
		if (guesses[i](&sleeper, &guess))
			break;
	object = outside_obtain(&w->outside, guess.kind, key_of(thread, &guess));
	if (!object)
		return false;
	if (object->fresh) {
		name_object(&object->fact, thread, &guess);
		if (guess.owner)
			set_owner(w, thread, &guess, &object->fact);
		else if (guess.kind != MPT_KIND_MUTEX) /* that is being given over */
			set_ends(w, thread, object);
	}
	out->wait_op = guess.op;
	out->wait_object = object->fact.id;
	out->wait_deadline_ns = thread->argument[3] ? WAIT_TIMED : 0;
	return true;
}

static const int16_t calls[] = { SYS_futex, -1 };

const struct wait_kind wait_futex = {
	.name = "futex",
	.calls = calls,
	.understand = understand,
};
