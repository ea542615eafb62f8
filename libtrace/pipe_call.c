/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe_call.c - how calls enter and leave an end, take its sides, wait and are
 * recorded; see pipe.h.
 *
 * Does not own: what they do meanwhile (pipe_send.c, pipe_recv.c).
 */
#include "libtrace/pipe.h"

#include <pthread.h>

#define TRY_PATIENCE_NS 100000000ull /* a try waits this long for a busy side */
#define OVERDUE_FRAMES 16u	     /* frames moved between two looks at the clock */

/* ---- who is inside ------------------------------------------------------------ */

/*
 * A descriptor must not be closed, and its number given to another file, while
 * another thread is about to use it.  So close only shuts the gate, and
 * the last one inside closes the descriptor.
 *
 *   gate = pipe_ident of the process << 32 | SHUT | threads inside
 *
 * In a forked child the ident is another, and so the count is void: those
 * threads are not here.
 */
#define GATE_SHUT 0x80000000u

static uint32_t gate_here(uint64_t gate, uint32_t ident)
{
	return gate >> 32 == ident ? (uint32_t)gate : (uint32_t)gate & GATE_SHUT;
}

static uint64_t gate_word(uint32_t ident, uint32_t low)
{
	return (uint64_t)ident << 32 | low;
}

static bool object_lives(const struct handle *h)
{
	return h->object && load32(&h->object->generation) == h->generation &&
	       load32(&h->object->state) == MPT_SLOT_LIVE;
}

static void count_holder(struct mpt_pipe *p, uint32_t n)
{
	if (object_lives(&p->in))
		add32(&p->in.object->end_holders[0], n);
	if (object_lives(&p->out))
		add32(&p->out.object->end_holders[1], n);
}

static int gate_enter(struct mpt_pipe *p, uint32_t ident)
{
	uint64_t old;
	uint32_t here;

	do {
		old = load64_acquire(&p->gate);
		here = gate_here(old, ident);
		if (here & GATE_SHUT)
			return -ESHUTDOWN;
	} while (!cas64(&p->gate, old, gate_word(ident, here + 1)));
	if (unlikely(old >> 32 != ident))
		count_holder(p, 1);
	return 0;
}

/* The last one out of a shut gate. */
static void last_out(struct mpt_pipe *p, struct member *me)
{
	if (me) {
		pipe_half_forget(p, me);
		pipe_end_leaving(p, me);
	}
	close(p->fd);
	p->fd = -1;
}

/* Lets the caller in for a call on direction h. */
static int enter(struct mpt_pipe *p, const struct handle *h, const struct member *me)
{
	if (unlikely(!h->object))
		return load32(&p->in.closed) ? -ESHUTDOWN : -EBADF;
	return gate_enter(p, pipe_ident(me));
}

static void leave(struct mpt_pipe *p, struct member *me)
{
	uint64_t before = add64(&p->gate, (uint64_t)-1);

	if (unlikely((uint32_t)before == (GATE_SHUT | 1)))
		last_out(p, me);
}

int pipe_hold(struct mpt_pipe *p, struct member *me)
{
	return enter(p, &p->in, me);
}

void pipe_let_go(struct mpt_pipe *p, struct member *me)
{
	leave(p, me);
}

int pipe_enter(struct pipe_call *c, struct mpt_pipe *p, struct handle *h, uint16_t op,
	       uint64_t timeout_ns)
{
	int rc;

	c->me = member_get(&rc);
	if (unlikely(!c->me))
		return rc;
	rc = enter(p, h, c->me);
	if (unlikely(rc < 0))
		return rc;
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &c->cancel);
	c->pipe = p;
	c->handle = h;
	c->side = h == &p->in ? &h->object->take : &h->object->give;
	c->how = handle_blocking(h, op, timeout_ns);
	c->how.closed = &h->closed;
	c->slice.next_ns = 0;
	c->intent = NULL;
	c->recovered = false;
	return 0;
}

void pipe_leave(struct pipe_call *c)
{
	leave(c->pipe, c->me);
	pthread_setcancelstate(c->cancel, NULL);
}

void pipe_shut(struct mpt_pipe *p, struct member *me)
{
	uint32_t ident = me ? pipe_ident(me) : 0, here;
	uint64_t old;

	do {
		old = load64_acquire(&p->gate);
		here = gate_here(old, ident);
	} while (!cas64(&p->gate, old, gate_word(ident, here | GATE_SHUT)));
	if (old >> 32 == ident && !(here & GATE_SHUT))
		count_holder(p, (uint32_t)-1);
	if (here == 0)
		last_out(p, me);
}

/* ---- what calls share ------------------------------------------------------------ */

/* Why a handle cannot be used: closed here, or ended because nobody has the
 * other end (pipe_end.c). */
static int unusable(const struct handle *h)
{
	return load32(&h->closed) ? -ESHUTDOWN : -EPIPE;
}

void pipe_recover(struct pipe_call *c, struct mpt_wire_side *side, uint32_t dead)
{
	if (side == &c->handle->object->take)
		pipe_lost_replay(c->handle);
	store32(&side->hint, 0);
	object_recover(c->me, c->handle, side, dead);
}

static int take_side(struct pipe_call *c, bool long_held)
{
	bool once = c->how.deadline == 0;
	uint32_t dead = 0;
	int rc = 0;

	if (likely(lockword_try(&c->side->lock, c->me)))
		return 0;
	if (once && !long_held)
		c->how.deadline = futex_now() + TRY_PATIENCE_NS;
	rc = lockword_wait(&c->side->lock, c->me, &c->how, &dead);
	if (once)
		c->how.deadline = 0;
	if (rc == MPT_RECOVERED) {
		c->recovered = true;
		pipe_recover(c, c->side, dead);
	}
	return rc == -ETIMEDOUT && once ? -EAGAIN : rc;
}

int pipe_lock(struct pipe_call *c, bool long_held)
{
	int rc;

	if (unlikely(!handle_usable(c->handle)))
		return unusable(c->handle);
	rc = take_side(c, long_held);
	if (likely(rc >= 0) && unlikely(!handle_usable(c->handle))) {
		lockword_release(&c->side->lock);
		return unusable(c->handle);
	}
	return rc < 0 ? rc : 0;
}

int pipe_may_wait(struct pipe_call *c)
{
	if (load32(&c->handle->closed))
		return -ESHUTDOWN;
	if (c->how.deadline == 0)
		return -EAGAIN;
	if (c->how.deadline != MPT_FOREVER && futex_now() >= c->how.deadline)
		return -ETIMEDOUT;
	emit_block(c->me, &c->how);
	return 0;
}

bool pipe_overdue(const struct pipe_call *c, uint64_t moved)
{
	uint64_t deadline = c->how.deadline;

	return moved / c->pipe->room % OVERDUE_FRAMES == 0 && deadline != 0 &&
	       deadline != MPT_FOREVER && futex_now() >= deadline;
}

int pipe_pause(struct pipe_call *c, short events)
{
	int rc = pipe_may_wait(c);

	if (rc < 0)
		return rc;
	rc = pipe_frame_wait(c->pipe->fd, events, &c->slice, c->how.deadline);
	return rc == -EINTR && c->how.interruptible ? -EINTR : 0;
}

struct mpt_wire_use *pipe_use(struct pipe_call *c, uint16_t *number)
{
	struct mpt_wire_use *use = member_use(c->me, c->handle->slot, c->handle->generation);

	*number = use ? (uint16_t)(use - c->me->uses) : UINT16_MAX;
	return use;
}

void pipe_done(struct pipe_call *c, uint64_t now, uint64_t number)
{
	emit(c->me, &(struct mpt_record){ .time = now,
					  .op = c->how.op,
					  .flags = c->recovered ? MPT_REC_RECOVERED : 0,
					  .object = c->handle->slot,
					  .value = number,
					  .span = emit_unblock(c->me, &c->how, now) });
}

int pipe_failed(struct pipe_call *c, int error)
{
	uint64_t now = clock_now(&c->me->clock);

	if ((error == -EAGAIN || error == -ETIMEDOUT) && handle_usable(c->handle))
		add64(&c->side->timeouts, 1);
	emit(c->me, &(struct mpt_record){ .time = now,
					  .op = c->how.op,
					  .flags = MPT_REC_FAILED |
						   (c->recovered ? MPT_REC_RECOVERED : 0),
					  .object = c->handle->slot,
					  .value = (uint64_t)-error,
					  .span = emit_unblock(c->me, &c->how, now) });
	return error;
}
