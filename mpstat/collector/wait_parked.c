/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_parked.c - a mutex with priority inheritance that the kernel refused to wait for.
 *
 * The kernel sees that the wait would close a ring and says so (EDEADLK); the C library then
 * lets the thread sleep for ever, on a word of its own stack that nobody else knows.  Which
 * mutex it wanted is still in a register or on the stack, and who has that is in its lock
 * word.
 */
#include "mpstat/collector/peek.h"
#include "mpstat/collector/wait.h"

#include "libtrace/contract/vocab.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TID_MASK 0x3fffffffu
#define MUTEX_PI 0x20u
#define MUTEX_KINDS 0x3ffu
#define STACK_NEAR 4096

struct mutex_words {
	uint32_t lock, count, owner, users, kind;
};

static bool is_parked(struct wait_look *w, const struct blocked *thread)
{
	enum function function;
	uint32_t word;

	if (!(thread->has & BLOCKED_HAS_MEMORY) || thread->memory_size < sizeof(word) ||
	    thread->argument[0] < thread->sp || thread->argument[0] - thread->sp > STACK_NEAR ||
	    thread->argument[2] || thread->argument[3])
		return false;
	memcpy(&word, thread->memory + BLOCKED_BEFORE, sizeof(word));
	/* It is called from a part of pthread_mutex_lock that has no name of its own. */
	function = wait_function(w, thread);
	return !word && (function == FUNCTION_MUTEX_LOCK || function <= FUNCTION_OUTSIDE);
}

/* A pointer to a mutex of that kind that another thread has. */
static const struct blocked *owner_at(const struct wait_look *w, const struct blocked *thread,
				      const struct peek *peek, uint64_t address)
{
	const struct blocked *owner;
	struct mutex_words words;

	if (address % 8 || !address || 
	    peek_read(peek, address, &words, sizeof(words)) != sizeof(words) ||
	    !(words.kind & MUTEX_PI) || words.kind & ~MUTEX_KINDS || !(words.lock & TID_MASK))
		return NULL;
	owner = wait_find_thread(w, thread, words.lock & TID_MASK);
	return owner != thread ? owner : NULL;
}

/* Of what points to the mutex or, as the C library keeps it, to its kind. */
static const struct blocked *owner_near(const struct wait_look *w, const struct blocked *thread,
					const struct peek *peek, uint64_t *address)
{
	const struct blocked *owner = owner_at(w, thread, peek, *address);

	if (owner)
		return owner;
	*address -= offsetof(struct mutex_words, kind);
	return owner_at(w, thread, peek, *address);
}

/* In registers, and from the stack pointer up, the caller's own frame included. */
static const struct blocked *search(const struct wait_look *w, const struct blocked *thread,
				    const struct peek *peek, uint64_t *address)
{
	uint64_t words[STACK_NEAR / sizeof(uint64_t)];
	size_t got = peek_read(peek, thread->sp, words, sizeof(words));
	const struct blocked *owner = NULL;

	for (size_t i = 0; i < 6 && !owner; i++) {
		*address = thread->preserved[i];
		owner = owner_near(w, thread, peek, address);
	}
	for (size_t i = 0; i < got / sizeof(*words) && !owner; i++) {
		*address = words[i];
		owner = owner_near(w, thread, peek, address);
	}
	return owner;
}

static const struct blocked *find_wanted(const struct wait_look *w, const struct blocked *thread,
					 uint64_t *address)
{
	struct peek peek = PEEK_CLOSED;
	const struct blocked *owner;
	char path[256];
	int directory;

	snprintf(path, sizeof(path), "%s/%u", w->proc, thread->pid);
	directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return NULL;
	peek_open(&peek, directory);
	owner = search(w, thread, &peek, address);
	peek_close(&peek);
	close(directory);
	return owner;
}

static void fill(struct fact_object *fact, uint64_t address, const struct blocked *owner)
{
	snprintf(fact->name, sizeof(fact->name), "0x%" PRIx64, address);
	fact->held = true;
	fact->owner_process = wait_process_of(owner);
	fact->owner_tid = owner->tid;
}

static bool understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	const struct blocked *owner = NULL;
	struct outside_object *object;
	uint64_t address = 0;

	if (!is_parked(w, thread))
		return false;
	owner = find_wanted(w, thread, &address);
	if (!owner)
		address = thread->argument[0]; /* not known which: still not a wait of another kind */
	object = outside_obtain(&w->outside, MPT_KIND_MUTEX,
				(struct map_key){ { 0, 3, thread->place.space, address } });
	if (!object)
		return false;
	if (object->fresh && owner)
		fill(&object->fact, address, owner);
	out->wait_op = MPT_OP_MUTEX_LOCK;
	out->wait_object = object->fact.id;
	return true;
}

static const int16_t calls[] = { SYS_futex, -1 };

const struct wait_kind wait_parked = {
	.name = "parked",
	.calls = calls,
	.understand = understand,
};
