/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * event.c - Event; see mptrace/event.h.
 *
 * All of its state is the word `latch`: set or clear, and how often it was set.  A
 * waiter remembers the number and goes on when it has moved, so that a clear right
 * after a set does not catch those who waited.  Setting and clearing is one CAS:
 * killed before it nothing happened, killed after it only the wake is missing, and
 * the waiters' slices see to that.
 */
#include "libtrace/await.h"

#include <mptrace/event.h>

struct mpt_event {
	struct handle handle;
};

int mpt_event_create(struct mpt_event **out, const char *name, unsigned int flags)
{
	struct object_wish wish = { .kind = MPT_KIND_EVENT,
				    .name = name,
				    .site = __builtin_return_address(0),
				    .flags = flags };
	int rc = -EINVAL;

	if (out)
		*out = handle_create(sizeof(**out), &wish, &rc);
	return rc;
}

int mpt_event_open(struct mpt_event **out, const char *name, unsigned int flags)
{
	int rc = -EINVAL;

	if (out)
		*out = handle_open(sizeof(**out), MPT_KIND_EVENT, name, flags, &rc);
	return rc;
}

static uint64_t set_of(uint64_t latch)
{
	uint64_t generation = latch & MPT_LATCH_FRESH(UINT32_MAX);

	return generation | MPT_LATCH_COUNT(latch + 2) << 1 | MPT_LATCH_SET;
}

/* Moves the latch; *me is the caller.  Returns how often it has been set, or an error. */
static int64_t change(struct mpt_event *event, struct member **me, bool set)
{
	const struct handle *h = &event->handle;
	uint64_t *latch = &h->object->latch, old;
	int rc;

	*me = member_get(&rc);
	if (!*me)
		return rc;
	do {
		old = load64(latch); /* before the check: of a successor it would not fit */
		if (!handle_usable(h))
			return -ESHUTDOWN;
		if (!(old & MPT_LATCH_SET) == !set)
			break;
	} while (!cas64(latch, old, set ? set_of(old) : old & ~MPT_LATCH_SET));
	return (int64_t)MPT_LATCH_COUNT(load64(latch));
}

int mpt_event_set(struct mpt_event *event)
{
	struct mpt_wire_side *side = &event->handle.object->give;
	struct member *me;
	int64_t count = change(event, &me, true);

	if (count < 0)
		return (int)count;
	fence();
	eventcount_wake(&side->seq, &side->want, INT_MAX);
	await_use(me, &event->handle, 1, 0);
	emit_note(me, MPT_OP_EVENT_SET, event->handle.slot, (uint64_t)count);
	return 0;
}

int mpt_event_clear(struct mpt_event *event)
{
	struct member *me;
	int64_t count = change(event, &me, false);

	if (count < 0)
		return (int)count;
	emit_note(me, MPT_OP_EVENT_CLEAR, event->handle.slot, (uint64_t)count);
	return 0;
}

int mpt_event_is_set(const struct mpt_event *event)
{
	const struct handle *h = &event->handle;

	if (!handle_usable(h))
		return -ESHUTDOWN;
	return (int)(load64_acquire(&h->object->latch) & MPT_LATCH_SET);
}

int mpt_event_wait(struct mpt_event *event, uint64_t timeout_ns)
{
	struct handle *h = &event->handle;
	struct mpt_wire_side *side = &h->object->give;
	struct blocking how = { 0 };
	struct member *me;
	uint64_t seen;
	int rc;

	me = member_get(&rc);
	if (!me)
		return rc;
	if (!handle_usable(h))
		return -ESHUTDOWN;
	seen = load64_acquire(&h->object->latch);
	how = handle_blocking(h, MPT_OP_EVENT_WAIT, timeout_ns);
	rc = seen & MPT_LATCH_SET ? 0 : await_change(h, me, &how, side, &h->object->latch, seen);
	if (rc == 0)
		await_use(me, h, 0, 1);
	await_done(me, &how, side, rc, MPT_LATCH_COUNT(load64(&h->object->latch)));
	return rc;
}

int mpt_event_close(struct mpt_event *event)
{
	return handle_close(&event->handle, MPT_OP_EVENT_CLOSE);
}

void mpt_event_destroy(struct mpt_event *event)
{
	handle_destroy(event ? &event->handle : NULL);
}
