/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_recv.c - receiving, and looking without receiving; see pipe.h.
 *
 *   lock take
 *   nothing there? unlock, wait, begin again
 *   intent
 *   take the frame(s) out of the socket
 *   take.index + 1   COMMIT
 *   ledger
 *   unlock
 *   intent done
 *
 * A receiver that waits for a message holds nothing: killed or stopped, it
 * keeps nobody from receiving.
 */
#include "libtrace/pipe.h"

#include <poll.h>

#define SKIP_MOST 1024 /* void frames dropped before the deadline is looked at again */

struct receiving {
	struct pipe_call call;
	uint8_t *buffer;
	size_t room;
	struct pipe_frame head;
	bool others; /* another process keeps half a message */
	struct mpt_wire_use *use;
};

/* ---- what is next ------------------------------------------------------------------ */

/* A frame of a message whose beginning nobody has.  Its last one tells that it was
 * sent whole, so the receiver of the beginning died. */
static void skip(struct pipe_call *c, const struct pipe_frame *f)
{
	struct mpt_wire_object *o = c->handle->object;

	pipe_frame_drop(c->pipe->fd);
	if ((f->flags & PIPE_LAST) && f->number >= o->take.index)
		pipe_lost(c, f->number + 1, o->recovered_pid);
}

/* The head of the next message, left where it is.  1; 0 none; -EPIPE none and never
 * will be; other errors of the socket. */
static int next_head(struct pipe_call *c, struct pipe_frame *head)
{
	struct mpt_wire_object *o = c->handle->object;
	int rc;

	for (int i = 0; i < SKIP_MOST; i++) {
		rc = pipe_frame_peek(c->pipe->fd, head);
		if (rc == 0 || rc == -EPIPE)
			pipe_lost_look(c, NULL);
		if (rc <= 0)
			return rc;
		if (!(head->flags & PIPE_FIRST) || head->number < o->take.index) {
			skip(c, head);
			continue;
		}
		if (head->number > o->take.index)
			pipe_lost(c, head->number, o->recovered_pid);
		return 1;
	}
	return 0;
}

/* What the caller may receive next: as next_head, and 0 while another process is in
 * the middle of a message. */
static int look(struct receiving *r)
{
	struct pipe_call *c = &r->call;

	r->others = pipe_half_others(c);
	if (r->others)
		return 0;
	if (!pipe_half_mine(c))
		return next_head(c, &r->head);
	r->head = c->pipe->half.head;
	return 1;
}

static int wait_for_news(struct receiving *r)
{
	return r->others ? pipe_half_pause(&r->call) : pipe_pause(&r->call, POLLIN);
}

static int lock(struct receiving *r)
{
	return pipe_lock(&r->call, load32(&r->call.handle->object->half_process));
}

/* ---- receiving ---------------------------------------------------------------------- */

static void begin(struct receiving *r)
{
	struct pipe_call *c = &r->call;

	c->intent = oprec_open(c->me, &c->how, r->head.number);
	r->use = pipe_use(c, &c->intent->use);
	c->intent->count = r->use ? r->use->takes + 1 : 0;
	c->intent->size = c->side->bytes + r->head.total;
	oprec_phase(c->intent, MPT_OPREC_INTENT);
}

/* The message is out of the socket.  The operation record stays COMMITTED until
 * the call returns: should we be killed before, it tells the loss. */
static void commit(struct receiving *r, uint64_t now)
{
	struct pipe_call *c = &r->call;

	store64_release(&c->side->index, r->head.number + 1);
	c->side->bytes = c->intent->size;
	if (r->use) {
		store64(&r->use->takes, c->intent->count);
		r->use->last_ns = now;
	}
	oprec_phase(c->intent, MPT_OPREC_COMMITTED);
	hist_add(&c->handle->object->hold, now > r->head.time ? now - r->head.time : 0);
	if (c->how.since)
		emit_waited(c->side, now > c->how.since ? now - c->how.since : 0);
}

static void abandon(struct pipe_call *c)
{
	oprec_close(c->me, c->intent);
	c->intent = NULL;
}

static int take_out(struct receiving *r)
{
	struct pipe_call *c = &r->call;
	int rc;

	if (pipe_half_mine(c) || !(r->head.flags & PIPE_LAST))
		return pipe_half_receive(c, &r->head, r->buffer);
	rc = pipe_frame_take(c->pipe->fd, &r->head, r->buffer);
	if (rc == -EBADMSG)
		pipe_lost(c, r->head.number + 1, 0);
	return rc;
}

/* One look with the side locked; 0: received. */
static int attempt(struct receiving *r)
{
	struct pipe_half *half = &r->call.pipe->half;
	int rc;

	do {
		rc = look(r);
		if (rc <= 0)
			return rc < 0 ? rc : -EAGAIN;
		if (r->head.total > r->room && !(pipe_half_mine(&r->call) && half->cut))
			return -EMSGSIZE;
		begin(r);
		rc = take_out(r);
		if (rc < 0)
			abandon(&r->call);
	} while (rc == -ERESTART);
	if (rc == 0)
		commit(r, clock_now(&r->call.me->clock));
	return rc;
}

static int receive(struct receiving *r)
{
	int rc;

	for (;;) {
		rc = lock(r);
		if (rc < 0)
			return rc;
		rc = attempt(r);
		lockword_release(&r->call.side->lock);
		if (rc != -EAGAIN)
			return rc;
		rc = wait_for_news(r);
		if (rc < 0)
			return rc;
	}
}

ssize_t mpt_pipe_recv(struct mpt_pipe *p, void *buffer, size_t size, uint64_t timeout_ns)
{
	struct receiving r = { .buffer = buffer, .room = size };
	ssize_t result;
	int rc;

	if (unlikely(!buffer && size))
		return -EINVAL;
	rc = pipe_enter(&r.call, p, &p->in, MPT_OP_PIPE_RECV, timeout_ns);
	if (unlikely(rc < 0))
		return rc;
	result = receive(&r);
	if (likely(result == 0)) {
		result = (ssize_t)r.head.total;
		pipe_done(&r.call, clock_now(&r.call.me->clock), r.head.number);
		oprec_close(r.call.me, r.call.intent);
	} else {
		pipe_failed(&r.call, (int)result);
	}
	pipe_leave(&r.call);
	return result;
}

ssize_t mpt_pipe_recv_at(struct mpt_pipe *p, void *buffer, size_t size, size_t offset,
			 uint64_t timeout_ns)
{
	if (unlikely((!buffer && size) || offset > size))
		return -EINVAL;
	return mpt_pipe_recv(p, buffer ? (uint8_t *)buffer + offset : NULL, size - offset,
			     timeout_ns);
}

/* ---- looking ------------------------------------------------------------------------ */

ssize_t mpt_pipe_next_size(struct mpt_pipe *p)
{
	struct receiving r = { .buffer = NULL };
	ssize_t result;
	int rc;

	rc = pipe_enter(&r.call, p, &p->in, MPT_OP_PIPE_RECV, 0);
	if (rc < 0)
		return rc;
	result = lock(&r);
	if (result == 0) {
		result = look(&r);
		lockword_release(&r.call.side->lock);
		if (result > 0)
			result = (ssize_t)r.head.total;
		else if (result == 0)
			result = -EAGAIN;
	}
	emit_unblock(r.call.me, &r.call.how, 0);
	pipe_leave(&r.call);
	return result;
}

/* 1, 0, or an error. */
static int ready(struct receiving *r)
{
	int rc = lock(r);

	if (rc < 0)
		return rc;
	rc = look(r);
	if (rc > 0 && pipe_half_mine(&r->call))
		rc = pipe_half_ready(&r->call);
	lockword_release(&r->call.side->lock);
	return rc;
}

int pipe_look(struct mpt_pipe *p, struct member *me)
{
	struct receiving r = { .buffer = NULL };
	int rc = pipe_enter(&r.call, p, &p->in, MPT_OP_PIPE_POLL, 0);

	if (rc < 0)
		return rc;
	rc = ready(&r);
	emit_unblock(me, &r.call.how, 0);
	pipe_leave(&r.call);
	if (rc == -EAGAIN)
		return 0; /* another process is in the middle of a message */
	return rc == -EPIPE ? 1 : rc;
}

static int poll_until(struct receiving *r)
{
	int rc;

	for (;;) {
		rc = ready(r);
		if (rc == -EPIPE)
			return 1; /* receiving will not block */
		if (rc != 0)
			return rc;
		rc = wait_for_news(r);
		if (rc < 0)
			return rc;
	}
}

int mpt_pipe_poll(struct mpt_pipe *p, uint64_t timeout_ns)
{
	struct receiving r = { .buffer = NULL };
	int rc = pipe_enter(&r.call, p, &p->in, MPT_OP_PIPE_POLL, timeout_ns);

	if (rc < 0)
		return rc;
	rc = poll_until(&r);
	if (rc > 0)
		pipe_done(&r.call, clock_now(&r.call.me->clock), 1);
	else
		pipe_failed(&r.call, rc);
	pipe_leave(&r.call);
	return rc == -EAGAIN || rc == -ETIMEDOUT ? 0 : rc;
}
