/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * note.c - Note; see mptrace/note.h.
 *
 * Live state is the ledger row of the marking thread: a note has no lock and no
 * counter that two threads would write.
 */
#include "libtrace/object.h"

#include <mptrace/note.h>

struct mpt_note {
	struct handle handle;
};

int mpt_note_create(struct mpt_note **out, const char *name)
{
	struct object_wish wish = { .kind = MPT_KIND_NOTE,
				    .name = name,
				    .site = __builtin_return_address(0) };
	int rc = -EINVAL;

	if (out)
		*out = handle_create(sizeof(**out), &wish, &rc);
	return rc;
}

int mpt_note_mark(struct mpt_note *note, uint64_t value)
{
	const struct handle *h = &note->handle;
	struct mpt_wire_use *use;
	struct member *me;
	uint64_t now;
	int rc;

	me = member_get(&rc);
	if (unlikely(!me))
		return rc;
	if (unlikely(!handle_usable(h)))
		return -ESHUTDOWN;
	use = member_use(me, h->slot, h->generation);
	/* The clock is most of the price, and without a record nobody asks for it. */
	now = likely(me->recording) ? clock_now(&me->clock) : 0;
	if (likely(use)) {
		store64(&use->gives, use->gives + 1);
		use->last_ns = now;
	}
	emit(me, &(struct mpt_record){ .time = now,
				       .op = MPT_OP_NOTE_MARK,
				       .object = h->slot,
				       .value = value });
	return 0;
}

void mpt_note_destroy(struct mpt_note *note)
{
	handle_destroy(note ? &note->handle : NULL);
}
