/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_send.c - sending; see pipe.h.
 *
 *   lock give
 *   intent
 *   give.index + 1   the message counts as given from here on
 *   frame 0          no room: un-count, unlock, wait, begin again
 *   frames 1..       wait for room with give locked
 *                    gave up: un-count; what was sent is void, as the next
 *                    message has the same number
 *   ledger, intent done
 *   unlock
 *
 * Waiting for the first frame's room is done without the lock, so that a stopped
 * process that waits stops nobody else.
 */
#include "libtrace/pipe.h"

#include <poll.h>

struct sending {
	struct pipe_call call;
	const uint8_t *data;
	uint64_t size, sent;
	struct pipe_frame frame;
	struct mpt_wire_use *use;
};

/* The next frame, if the kernel has room for it. */
static int send_frame(struct sending *s)
{
	struct pipe_frame *f = &s->frame;
	uint64_t left = s->size - s->sent;
	int rc;

	f->size = left > s->call.pipe->room ? s->call.pipe->room : (uint32_t)left;
	f->flags = (s->sent ? 0 : PIPE_FIRST) | (f->size == left ? PIPE_LAST : 0);
	rc = pipe_frame_send(s->call.pipe->fd, f, s->data + s->sent);
	if (rc == 0) {
		s->sent += f->size;
		s->call.slice.next_ns = 0;
	}
	return rc;
}

/* Counts the message and sends its beginning. */
static int begin(struct sending *s)
{
	struct pipe_call *c = &s->call;
	struct mpt_wire_side *give = c->side;
	uint64_t number = load64(&give->index);

	s->sent = 0;
	s->frame.magic = PIPE_FRAME_MAGIC;
	s->frame.pid = c->me->process->pid;
	s->frame.number = number;
	s->frame.total = s->size;
	s->frame.time = clock_now(&c->me->clock);
	store32(&give->hint, s->size > c->pipe->room); /* "a long message is on its way" */
	s->call.intent = oprec_open(c->me, &c->how, number);
	s->use = pipe_use(c, &s->call.intent->use);
	s->call.intent->count = s->use ? s->use->gives + 1 : 0;
	s->call.intent->size = give->bytes + s->size;
	oprec_phase(s->call.intent, MPT_OPREC_INTENT);
	store64_release(&give->index, number + 1);
	return send_frame(s);
}

static int send_rest(struct sending *s)
{
	int rc = 0;

	while (rc == 0 && s->sent < s->size) {
		rc = pipe_overdue(&s->call, s->sent) ? -ETIMEDOUT : send_frame(s);
		if (rc == -EAGAIN)
			rc = pipe_pause(&s->call, POLLOUT);
	}
	return rc;
}

static void commit(struct sending *s, uint64_t now)
{
	struct pipe_call *c = &s->call;

	c->side->bytes = s->call.intent->size;
	if (s->use) {
		store64(&s->use->gives, s->call.intent->count);
		s->use->last_ns = now;
	}
	if (c->how.since)
		emit_waited(c->side, now > c->how.since ? now - c->how.since : 0);
}

/* One attempt with the side locked. */
static int attempt(struct sending *s)
{
	int rc = begin(s);

	if (rc == 0)
		rc = send_rest(s);
	if (rc == 0)
		commit(s, clock_now(&s->call.me->clock));
	else
		store64_release(&s->call.side->index, s->frame.number);
	oprec_close(s->call.me, s->call.intent);
	s->call.intent = NULL;
	store32(&s->call.side->hint, 0);
	return rc;
}

static int send_whole(struct sending *s)
{
	struct pipe_call *c = &s->call;
	int rc;

	for (;;) {
		rc = pipe_lock(c, load32(&c->side->hint));
		if (rc < 0)
			return rc;
		rc = attempt(s);
		lockword_release(&c->side->lock);
		if (rc != -EAGAIN)
			return rc;
		rc = pipe_pause(c, POLLOUT);
		if (rc < 0)
			return rc;
	}
}

int mpt_pipe_send_part(struct mpt_pipe *p, const void *data, size_t size, size_t offset,
		       size_t count, uint64_t timeout_ns)
{
	struct sending s;
	int rc;

	if (unlikely((!data && size) || offset > size || count > size - offset))
		return -EINVAL;
	rc = pipe_enter(&s.call, p, &p->out, MPT_OP_PIPE_SEND, timeout_ns);
	if (unlikely(rc < 0))
		return rc;
	s.data = data ? (const uint8_t *)data + offset : NULL;
	s.size = count;
	rc = send_whole(&s);
	if (likely(rc == 0))
		pipe_done(&s.call, clock_now(&s.call.me->clock), s.frame.number);
	else
		pipe_failed(&s.call, rc);
	pipe_leave(&s.call);
	return rc;
}

int mpt_pipe_send(struct mpt_pipe *p, const void *data, size_t size, uint64_t timeout_ns)
{
	return mpt_pipe_send_part(p, data, size, 0, size, timeout_ns);
}
