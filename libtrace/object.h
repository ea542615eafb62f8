/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * object.h - slots of objects, and the handle every primitive starts with.
 *
 * A handle is private memory of one process (and, copied by fork, of its
 * children); the slot is shared.  A handle remembers the slot's generation, so
 * a slot given to another object is noticed, never mistaken.
 */
#ifndef MPT_OBJECT_H
#define MPT_OBJECT_H

#include "libtrace/contract/vocab.h"
#include "libtrace/emit.h"
#include "libtrace/eventcount.h"

struct handle {
	struct mpt_wire_object *object;
	uint32_t slot, generation;
	uint32_t closed;      /* A: this process closed it */
	uint32_t creator_pid; /* destroy by this process ends the object */
	bool interruptible;
	/* UNITS and UNFINISHED kinds (units.h): what this process has out by this handle. */
	uint32_t out_epoch; /* A: of the member that counted; else out is a parent's */
	int64_t out;	    /* A */
};

struct object_wish {
	enum mpt_kind kind;
	const char *name; /* NULL: KIND-N */
	void *site;	  /* return address of the public create call */
	unsigned int flags;
	uint64_t capacity, capacity_bytes, slots;
	const struct handle *pair; /* the object that goes with it; NULL: none, or not yet */
	uint64_t storage; /* bytes of arena, 0: none */
	bool zeroed;	  /* the storage begins as zeros */
	/* Fills in what is the kind's own, storage included, before anybody can see the
	 * object; under domain_lock.  NULL: nothing to do. */
	void (*prepare)(struct mpt_wire_object *object, const void *arg);
	const void *arg;
};

/* The sides of an object, in the order in which they are locked: those who take, give,
 * finish. */
#define OBJECT_SIDES 3
static inline struct mpt_wire_side *object_side(struct mpt_wire_object *o, int i)
{
	return i == 0 ? &o->take : i == 1 ? &o->give : &o->finish;
}

/* enum mpt_trait of a kind; 0: unknown. */
uint32_t object_traits(uint16_t kind);

/* Is it a name an object may have?  1 to MPT_NAME_MAX - 1 bytes, no '/'. */
bool object_name_valid(const char *name);

/* Takes a slot, LIVE when it returns.  0, -EINVAL, -EEXIST, -ENOSPC, -ENOMEM. */
int object_create(struct handle *handle, const struct object_wish *wish);

/* Finds a LIVE object by "name" or "domain/name", or by reference, "/SLOT.GENERATION" in
 * the own domain (mpt_item_path).  0, -ENOENT, -EINVAL. */
int object_open(struct handle *handle, enum mpt_kind kind, const char *path, unsigned int flags);

/* Ends the object for everybody when this process created it: takes both sides, sets
 * ENDED, gives the storage back, wakes all. */
void object_destroy(struct handle *handle);

/* Its two halves, for those whose waiters also sleep on words in the storage: between
 * them these are woken.  object_end: true when the object was this process's to end. */
bool object_end(struct handle *handle);
void object_give_back(struct handle *handle);

/* May this handle be used?  Called at entry and again after any lock was taken. */
static inline bool handle_usable(const struct handle *h)
{
	return likely(!load32(&h->closed) &&
		      load32(&h->object->generation) == h->generation &&
		      load32(&h->object->state) == MPT_SLOT_LIVE);
}

int handle_close(struct handle *handle, uint16_t op);

/* For primitives whose handle is a struct that begins with a struct handle and has
 * nothing else to be filled in: allocates `size` zeroed bytes and creates or opens the
 * object.  NULL: *error is a negative errno, else it is 0.  errno stays. */
void *handle_create(size_t size, const struct object_wish *wish, int *error);
void *handle_open(size_t size, enum mpt_kind kind, const char *path, unsigned int flags,
		  int *error);
/* object_destroy and free; NULL is fine.  errno stays. */
void handle_destroy(struct handle *handle);

/* For those who touch the storage without a side's lock: until object_leave it stays,
 * unless they die.  NULL: the object has ended or the handle is closed. */
struct mpt_wire_oprec *object_visit(struct member *me, const struct handle *handle, uint16_t op);
void object_leave(struct member *me, struct mpt_wire_oprec *visit);

/* Is the slot still this very object, and not ended? */
static inline bool object_is(uint32_t slot, uint32_t generation)
{
	return slot < load32(&domain.header->section[MPT_SEC_OBJECTS].used) &&
	       load32(&domain.objects[slot].generation) == generation &&
	       load32(&domain.objects[slot].state) == MPT_SLOT_LIVE;
}

/* A blocking call on this handle's object. */
static inline struct blocking handle_blocking(const struct handle *h, uint16_t op,
					      uint64_t timeout_ns)
{
	struct blocking how = { .deadline = deadline_after(timeout_ns),
				.op = op,
				.interruptible = h->interruptible,
				.object = h->slot,
				.object_generation = h->generation };
	return how;
}

/* Counts, and records, that something was taken over from process `pid`, which died in `op`
 * (0: between calls).  The caller holds what was taken over. */
void object_recovered(struct member *me, const struct handle *handle, uint32_t pid, uint32_t op);

/* After the lock of `side` was taken from a dead owner: settles what the dead was
 * doing (counts, ledger) by its operation record, counts and records the recovery,
 * wakes everybody.  Idempotent: may itself be killed anywhere. */
void object_recover(struct member *me, const struct handle *handle, struct mpt_wire_side *side,
		    uint32_t dead_word);

/* Counts what a dead consumer took and never got; called when its thread slot is
 * given to another.  Under domain_lock. */
void object_count_lost(const struct mpt_wire_oprec *record, uint32_t pid);

#endif
