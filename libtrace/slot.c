/* SPDX-License-Identifier: BSD-2-Clause */
/* slot.c - see slot.h. */
#include "libtrace/slot.h"

#include "libtrace/member.h"
#include "libtrace/object.h"
#include "libtrace/units.h"

static bool thread_referenced(uint32_t word)
{
	struct mpt_wire_object *o = domain.objects;
	uint32_t used = domain.header->section[MPT_SEC_OBJECTS].used;

	for (; used > 0; used--, o++)
		for (int i = 0; i < OBJECT_SIDES; i++)
			if ((load32(&object_side(o, i)->lock) & ~MPT_LOCK_WAITERS) == word)
				return true;
	return false;
}

/* A dead consumer's last message was taken but never handed over: count it. */
static void settle_lost(struct mpt_wire_thread *t)
{
	for (int i = 0; i < MPT_OPRECS; i++) {
		struct mpt_wire_oprec *r = &t->oprec[i];
		uint32_t phase = load32(&r->phase);

		/* Killed in between, the account is one short rather than one over. */
		store32_release(&r->phase, MPT_OPREC_IDLE);
		if (phase == MPT_OPREC_COMMITTED)
			object_count_lost(r, domain.processes[t->process].pid);
	}
}

bool slot_unsettled(const struct mpt_wire_thread *t)
{
	for (int i = 0; i < MPT_OPRECS; i++) {
		const struct mpt_wire_oprec *r = &t->oprec[i];

		if (load32(&r->phase) == MPT_OPREC_INTENT && object_is(r->object, r->object_generation))
			return true;
	}
	return units_named((uint32_t)(t - domain.threads));
}

/* May the slot be given to another thread?  Not while a lock word names it: then
 * its owner's end must still be seen, or (thread ended, process lives) it is a lock
 * that somebody else will release. */
static bool thread_reusable(uint32_t slot)
{
	struct mpt_wire_thread *t = &domain.threads[slot];

	if (load32_acquire(&t->state) == MPT_SLOT_FREE)
		return true;
	if (!member_thread_gone(t) || slot_unsettled(t) ||
	    thread_referenced(MPT_LOCK_WORD(slot, t->generation)))
		return false;
	settle_lost(t);
	units_bequeath(t);
	return true;
}

static bool process_reusable(uint32_t slot)
{
	const struct mpt_wire_process *p = &domain.processes[slot];

	return load32(&p->state) == MPT_SLOT_FREE || !member_process_alive(slot, p->generation);
}

/* Round and round: the stories of those who ended last stay readable longest, and who looks
 * does not pass by all the living each time. */
static int take_again(struct mpt_wire_section *s, bool (*reusable)(uint32_t), uint32_t *slot)
{
	for (uint32_t n = 0; n < s->count; n++) {
		*slot = (s->next + n) % s->count;
		if (!reusable(*slot))
			continue;
		s->next = *slot + 1;
		return 0;
	}
	return -ENOSPC;
}

/* An unused slot while there are any, so that the stories of the ended stay readable
 * as long as possible; then one of theirs.  Under domain_lock. */
static int take_slot(enum mpt_section which, bool (*reusable)(uint32_t), uint32_t *slot)
{
	struct mpt_wire_section *s = &domain.header->section[which];
	uint8_t *at = (uint8_t *)domain.header + s->offset + (uint64_t)s->stride * s->used;
	int rc;

	if (s->used == s->count)
		return take_again(s, reusable, slot);
	rc = domain_populate(at, s->stride);
	if (rc < 0)
		return rc;
	*slot = s->used;
	store32_release(&s->used, s->used + 1);
	return 0;
}

int slot_take_process(uint32_t *slot)
{
	return take_slot(MPT_SEC_PROCESSES, process_reusable, slot);
}

int slot_take_thread(uint32_t *slot)
{
	return take_slot(MPT_SEC_THREADS, thread_reusable, slot);
}
