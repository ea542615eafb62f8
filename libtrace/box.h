/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * box.h - containers: slots in the heap, names, references, handles and their pins.
 *
 * Does not own: what is in them (table.h, row.h), which live (collect.h).
 *
 * Slot 0 is the dict of names.  A pin says that a process has handles on a container, and how
 * many; it counts as long as the process lives.
 */
#ifndef MPT_BOX_H
#define MPT_BOX_H

#include "libtrace/item.h"
#include "libtrace/turn.h"

#define BOX_NAMES 0u

/* A block: a process's handles on one container. */
struct pin {
	uint64_t next;
	uint64_t process; /* generation << 32 | slot */
	uint64_t count;
};

static inline uint32_t box_kind(const struct heap_box *at)
{
	return (uint32_t)load64(&at->name);
}

static inline uint32_t box_generation(const struct heap_box *at)
{
	return (uint32_t)(load64(&at->name) >> 32);
}

/* The container that a stored reference is to; NULL: it is no more. */
struct heap_box *box_of(const struct heap *h, uint64_t word);

/* ---- within an act of turn_change --------------------------------------- */

/* Changes of its own: makes sure that box_take finds a slot.  0 or -ENOSPC. */
int box_prepare(struct turn *t);
/* Within a change: a new container in t->box's handle, pinned.  0 or -ENOSPC. */
int box_take(struct turn *t, struct box *box);
/* Within a change: one handle more.  0 or -ENOSPC. */
int box_pin(struct turn *t, struct heap_box *at);
/* Changes of its own: frees the slot; what was in it is doomed. */
void box_free(const struct heap *h, uint32_t slot);

/* May the item be stored?  The container it refers to lives.  0 or -ESTALE. */
int box_check(struct turn *t, const struct item *item);
/* Fills in what the heap alone does not say of a reference. */
void box_tell(const struct turn *t, struct mpt_item *item);

/* ---- handles ------------------------------------------------------------ */

/* A handle of `size` bytes, beginning with a struct box.  NULL: *error.  errno stays. */
struct box *box_handle(size_t size, const struct mpt_manager *manager, enum mpt_container kind,
		       int *error);
/* Frees the handle when rc < 0; returns what the caller shall tell. */
int box_finish(struct box *box, int rc, void **out);

int box_create(void **out, size_t size, struct mpt_manager *manager, enum mpt_container kind,
	       const char *name);
int box_open(void **out, size_t size, struct mpt_manager *manager, enum mpt_container kind,
	     const char *name);
int box_open_item(void **out, size_t size, struct mpt_manager *manager, enum mpt_container kind,
		  const struct mpt_item *item);
struct mpt_item box_item(const struct box *box);
/* The pin goes, the handle is freed.  NULL is fine. */
void box_destroy(struct box *box);

/* A copy made by fork: it gets a pin of this process. */
int box_adopt(struct box *box, const struct member *me);

#endif
