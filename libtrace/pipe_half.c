/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_half.c - receiving messages of more than one frame; see pipe.h.
 *
 * Owns: the state "half a message is received", private (struct pipe_half) and
 * shared (half_process).  Does not own: the commit (pipe_recv.c).
 *
 * From its first frame on the message belongs to one process: half_process says
 * so until the last frame is taken, the process gives it up, or it dies.  What
 * is left of it in the socket is then nobody's, and skipped by the next
 * receiver (pipe_recv.c).
 */
#include "libtrace/pipe.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* ---- whose ------------------------------------------------------------------------ */

bool pipe_half_mine(const struct pipe_call *c)
{
	return c->pipe->half.owner == pipe_ident(c->me);
}

static void wake_waiting(struct mpt_wire_object *o)
{
	futex_wake(&o->half_process, INT_MAX);
}

bool pipe_half_others(const struct pipe_call *c)
{
	struct mpt_wire_object *o = c->handle->object;
	uint32_t process = load32_acquire(&o->half_process);

	if (process == 0 || pipe_half_mine(c))
		return false;
	if (member_process_alive(process - 1, o->half_generation))
		return true;
	store32_release(&o->half_process, 0);
	wake_waiting(o);
	return false;
}

int pipe_half_pause(struct pipe_call *c)
{
	uint32_t *word = &c->handle->object->half_process, process = load32(word);
	int rc = pipe_may_wait(c);

	if (rc < 0 || process == 0)
		return rc;
	rc = futex_wait(word, process, &c->slice, c->how.deadline);
	return rc == -EINTR && c->how.interruptible ? -EINTR : 0;
}

/* ---- beginning and ending ---------------------------------------------------------- */

/* May the call return in the middle?  Then there must be memory to keep the half in. */
static bool may_stop(const struct pipe_call *c)
{
	return c->how.deadline != MPT_FOREVER || c->how.interruptible;
}

/* Whatever is in p->half was our parent's.  Here and below memory is freed only after
 * the pointer is gone: another thread may fork between the two. */
static int claim(struct pipe_call *c, const struct pipe_frame *head)
{
	struct mpt_wire_object *o = c->handle->object;
	struct pipe_half *half = &c->pipe->half;
	uint8_t *stash = may_stop(c) ? malloc(head->total) : NULL, *old = half->stash;

	if (may_stop(c) && !stash)
		return -ENOMEM;
	*half = (struct pipe_half){ .owner = pipe_ident(c->me), .head = *head, .stash = stash };
	o->half_generation = c->me->process->generation;
	store32_release(&o->half_process, c->me->process_slot + 1);
	free(old);
	return 0;
}

static void drop_private(struct pipe_half *half)
{
	uint8_t *old = half->stash;

	*half = (struct pipe_half){ 0 };
	free(old);
}

static void give_up(struct pipe_call *c)
{
	struct mpt_wire_object *o = c->handle->object;

	drop_private(&c->pipe->half);
	store32_release(&o->half_process, 0);
	wake_waiting(o);
}

/* The message ended too early, and is counted. */
static int ended(struct pipe_call *c, enum pipe_empty how)
{
	give_up(c);
	return how == PIPE_CUT ? -EBADMSG : -ERESTART;
}

static int cut(struct pipe_call *c)
{
	const struct pipe_frame *head = &c->pipe->half.head;

	pipe_lost(c, head->number + 1, head->pid);
	return ended(c, PIPE_CUT);
}

/* The call ends in the middle: what has come is kept, if it can be. */
static void keep(struct pipe_call *c, const uint8_t *buffer)
{
	struct pipe_half *half = &c->pipe->half;

	if (!half->stash) {
		give_up(c);
	} else if (!half->stashed) {
		memcpy(half->stash, buffer, half->have);
		half->stashed = true;
	}
}

/* ---- the frames -------------------------------------------------------------------- */

/* A frame is there that may or may not be our next. */
static int take_frame(struct pipe_call *c, const struct pipe_frame *f, uint8_t *to)
{
	struct pipe_half *half = &c->pipe->half;
	bool another = half->have && (f->flags & PIPE_FIRST);
	uint64_t left = half->head.total - half->have;
	int rc;

	if (another && f->number == half->head.number)
		return ended(c, PIPE_VOID);
	if (another || f->number != half->head.number || f->size > left || f->size == 0 ||
	    ((f->flags & PIPE_LAST) != 0) != (f->size == left))
		return cut(c);
	rc = pipe_frame_take(c->pipe->fd, f, to + half->have);
	if (rc < 0)
		return rc == -EBADMSG ? cut(c) : rc;
	half->have += f->size;
	c->slice.next_ns = 0; /* it moves: look soon again whether the sender lives */
	return half->have < half->head.total && pipe_overdue(c, half->have) ? -ETIMEDOUT : 0;
}

/* Nothing is there. */
static int wait_frame(struct pipe_call *c)
{
	enum pipe_empty empty = pipe_lost_look(c, &c->pipe->half.head);

	if (empty == PIPE_CUT || empty == PIPE_VOID)
		return ended(c, empty);
	return pipe_pause(c, POLLIN);
}

static int gather(struct pipe_call *c, uint8_t *to)
{
	struct pipe_half *half = &c->pipe->half;
	struct pipe_frame next;
	int rc = 0;

	while (rc == 0 && half->have < half->head.total) {
		rc = pipe_frame_peek(c->pipe->fd, &next);
		if (rc > 0)
			rc = take_frame(c, &next, to);
		else if (rc == 0 || rc == -EPIPE)
			rc = wait_frame(c);
	}
	return rc;
}

int pipe_half_receive(struct pipe_call *c, const struct pipe_frame *head, void *buffer)
{
	struct pipe_half *half = &c->pipe->half;
	int rc = pipe_half_mine(c) ? 0 : claim(c, head);

	if (rc < 0)
		return rc;
	if (half->cut) {
		drop_private(half);
		return -EBADMSG;
	}
	rc = gather(c, half->stashed ? half->stash : buffer);
	if (rc < 0) {
		if (pipe_half_mine(c))
			keep(c, buffer);
		return rc;
	}
	if (half->stashed)
		memcpy(buffer, half->stash, half->head.total);
	give_up(c);
	return 0;
}

int pipe_half_ready(struct pipe_call *c)
{
	struct pipe_half *half = &c->pipe->half;
	struct pipe_frame next;
	enum pipe_empty empty;

	if (half->cut || pipe_frame_peek(c->pipe->fd, &next) > 0)
		return 1;
	empty = pipe_lost_look(c, &half->head);
	if (empty == PIPE_CUT) {
		give_up(c);
		half->owner = pipe_ident(c->me);
		half->cut = true;
		return 1;
	}
	if (empty == PIPE_VOID)
		give_up(c);
	return 0;
}

void pipe_half_forget(struct mpt_pipe *p, const struct member *me)
{
	struct mpt_wire_object *o = p->in.object;

	/* The word names this process, which is giving the half up: no lock is needed,
	 * and if the slot has another object by now the CAS fails. */
	if (p->half.owner == pipe_ident(me) && !p->half.cut &&
	    load32(&o->half_generation) == me->process->generation &&
	    cas32(&o->half_process, me->process_slot + 1, 0))
		wake_waiting(o);
	drop_private(&p->half);
}
