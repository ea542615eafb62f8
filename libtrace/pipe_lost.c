/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_lost.c - messages that were counted as given and that nobody will ever
 * receive; see pipe.h.
 *
 * All of it runs in a receiver that holds take.lock.
 */
#include "libtrace/pipe.h"

/* Two words change, and the process may be killed between the two stores: so the
 * operation record holds what both shall be, and a recoverer stores them again. */
void pipe_lost(struct pipe_call *c, uint64_t upto, uint32_t pid)
{
	struct mpt_wire_object *o = c->handle->object;
	uint64_t n = upto > o->take.index ? upto - o->take.index : 0;
	struct blocking how = { .op = MPT_OP_PIPE_LOSE,
				.object = c->handle->slot,
				.object_generation = c->handle->generation };
	struct mpt_wire_oprec *r;

	if (n == 0)
		return;
	/* take.index is about to pass the message we wanted: it must not look taken. */
	if (c->intent)
		oprec_phase(c->intent, MPT_OPREC_ABORTED);
	r = oprec_open(c->me, &how, upto);
	r->count = o->missing + n;
	oprec_phase(r, MPT_OPREC_INTENT);
	store64(&o->missing, r->count);
	store64_release(&o->take.index, upto);
	oprec_close(c->me, r);
	while (n-- > 0)
		emit_note(c->me, MPT_OP_PIPE_LOSE, c->handle->slot, pid);
}

void pipe_lost_replay(const struct handle *h)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_THREADS].used);

	for (uint32_t i = 0; i < used * MPT_OPRECS; i++) {
		struct mpt_wire_oprec *r = &domain.threads[i / MPT_OPRECS].oprec[i % MPT_OPRECS];

		if (load32_acquire(&r->phase) != MPT_OPREC_INTENT ||
		    r->op != MPT_OP_PIPE_LOSE || r->object != h->slot ||
		    r->object_generation != h->generation)
			continue;
		store64(&h->object->missing, r->count);
		store64_release(&h->object->take.index, r->arg);
		store32_release(&r->phase, MPT_OPREC_IDLE);
	}
}

/* With both locks held nobody is inside: what the socket does not hold now, it never
 * will. */
static enum pipe_empty look(struct pipe_call *c, const struct pipe_frame *middle)
{
	struct mpt_wire_object *o = c->handle->object;
	uint64_t given = load64(&o->give.index);
	struct pipe_frame next;
	int rc = pipe_frame_peek(c->pipe->fd, &next);

	if (rc != 0 && rc != -EPIPE)
		return PIPE_BUSY;
	if (given > o->take.index)
		pipe_lost(c, given, middle ? middle->pid : o->recovered_pid);
	if (!middle)
		return PIPE_CLEAN;
	return given > middle->number ? PIPE_CUT : PIPE_VOID;
}

enum pipe_empty pipe_lost_look(struct pipe_call *c, const struct pipe_frame *middle)
{
	struct mpt_wire_object *o = c->handle->object;
	struct blocking once = { .op = c->how.op };
	enum pipe_empty result;
	uint32_t dead;
	int rc;

	if (!middle && load64(&o->give.index) == o->take.index)
		return PIPE_CLEAN;
	rc = lockword_acquire(&o->give.lock, c->me, &once, &dead);
	if (rc < 0)
		return PIPE_BUSY;
	if (rc == MPT_RECOVERED)
		pipe_recover(c, &o->give, dead);
	result = look(c, middle);
	lockword_release(&o->give.lock);
	return result;
}
