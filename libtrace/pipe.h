/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pipe.h - an end of a pipe, and what its calls share.
 *
 * Each direction of a pipe is one object: receivers are its take side, senders
 * its give side, and side.lock is held while a message moves.  The messages are
 * in the kernel's socket (pipe_frame.h); the object counts them:
 *
 *   give.index   messages counted as given.  A sender counts its message just
 *                before it goes into the socket, and un-counts it when it does
 *                not fit or is given up: only a death leaves it counted
 *   take.index   messages that left: received, or known to be missing
 *
 * Every frame carries its message's number, so a receiver sees from the next
 * number what became of the one before:
 *
 *   number > take.index          those between died with their sender or receiver
 *   same number, FIRST again     the sender gave up and the number was used anew
 *   holding both locks, socket   whatever is counted and not received is missing
 *   empty
 *
 * So nothing is ever sent for the sake of recovery, and the counts become exact
 * again as soon as a living receiver looks.
 */
#ifndef MPT_PIPE_H
#define MPT_PIPE_H

#include "libtrace/object.h"
#include "libtrace/pipe_frame.h"

#include <mptrace/pipe.h>

/* The beginning of a message whose receiver ran out of time.  Private memory of its
 * process, written by the holder of take.lock; a forked child's copy is void, as
 * `owner` says. */
struct pipe_half {
	uint32_t owner; /* pipe_ident() of the process; 0: there is none */
	bool cut;	/* its sender died: only to be told */
	bool stashed;	/* the bytes are in stash, else in the caller's buffer */
	struct pipe_frame head;
	uint64_t have; /* bytes */
	uint8_t *stash;
};

struct mpt_pipe {
	struct handle in;  /* .object NULL: this end does not receive */
	struct handle out; /* .object NULL: this end does not send */
	int fd;
	uint32_t room; /* payload of one frame, bytes */
	uint64_t gate; /* A: who is inside, see pipe_call.c */
	struct pipe_half half;
};

/* One call on one direction. */
struct pipe_call {
	struct mpt_pipe *pipe;
	struct member *me;
	struct handle *handle;
	struct mpt_wire_side *side;
	struct blocking how;
	struct slice slice;
	struct mpt_wire_oprec *intent; /* open while the side is held; else NULL */
	bool recovered;		       /* took the side from a dead holder */
	int cancel;		       /* the thread's cancel state outside */
};

/* Names a process as long as it and its forked children live; never 0. */
static inline uint32_t pipe_ident(const struct member *me)
{
	return (me->process_slot + 1) << 16 | (me->process->generation & 0xffffu);
}

/* Enters the end for a call `op` on its direction `handle`: 0; -EBADF the end has no
 * such direction; -ESHUTDOWN; what member_get says.  After 0 the call must leave.
 * While a thread is inside, the descriptor stays open, and the thread is not
 * cancelled: it may hold a side. */
int pipe_enter(struct pipe_call *call, struct mpt_pipe *pipe, struct handle *handle, uint16_t op,
	       uint64_t timeout_ns);
void pipe_leave(struct pipe_call *call);
/* Lets nobody in any more; the last one out, or the caller, closes the descriptor.
 * me NULL: this process was never inside. */
void pipe_shut(struct mpt_pipe *pipe, struct member *me);

/* For those that wait for several things (wait.c): keeps the descriptor open, as a call
 * inside does, and tells whether receiving would not block now: 1 or 0.  0; -EBADF,
 * -ESHUTDOWN. */
int pipe_hold(struct mpt_pipe *pipe, struct member *me);
void pipe_let_go(struct mpt_pipe *pipe, struct member *me);
int pipe_look(struct mpt_pipe *pipe, struct member *me);

/* Takes the call's side.  A call that tries once waits a moment for it, unless
 * `long_held`: then its holder is in the middle of a long message.
 * 0; -EAGAIN, -ETIMEDOUT, -EINTR, -ESHUTDOWN; -EPIPE the pipe has ended. */
int pipe_lock(struct pipe_call *call, bool long_held);

/* Sleeps until the socket has news, a slice at most.  0: look again; -EAGAIN tries
 * once, -ETIMEDOUT, -EINTR, -ESHUTDOWN. */
int pipe_pause(struct pipe_call *call, short events);
/* May the call sleep (on)?  0 or as pipe_pause. */
int pipe_may_wait(struct pipe_call *call);
/* Has a long message been moving, without a pause, until after the deadline?  Looks at
 * the clock once in a while only. */
bool pipe_overdue(const struct pipe_call *call, uint64_t moved);

/* The ledger row of this thread, and its number for the operation record. */
struct mpt_wire_use *pipe_use(struct pipe_call *call, uint16_t *number);

/* Records the end of a call, at `now`: done with message `number`, or failed. */
void pipe_done(struct pipe_call *call, uint64_t now, uint64_t number);
int pipe_failed(struct pipe_call *call, int error);

/* After `side` was taken from a dead holder. */
void pipe_recover(struct pipe_call *call, struct mpt_wire_side *side, uint32_t dead_word);

/* ---- pipe_lost.c: the holder of take.lock finds out what is missing ------------- */

/* Counts all messages before number `upto` that were not received as missing; `pid`
 * died with them. */
void pipe_lost(struct pipe_call *call, uint64_t upto, uint32_t pid);
/* Finishes the pipe_lost() that a dead receiver was in; the holder before the last one,
 * if the last one died here. */
void pipe_lost_replay(const struct handle *handle);

enum pipe_empty {
	PIPE_BUSY,   /* it is not, or a living sender is at work */
	PIPE_CLEAN,  /* nothing is missing, or now it is counted */
	PIPE_VOID,   /* the message in the middle of which we are was given up */
	PIPE_CUT,    /* its sender died, and it is counted as missing */
};
/* The socket looked empty: is something missing?  `middle`: the message of which a part
 * is received, or NULL.  Takes give, if it is free or its holder dead. */
enum pipe_empty pipe_lost_look(struct pipe_call *call, const struct pipe_frame *middle);

/* ---- pipe_half.c: messages of more than one frame, and those begun -------------- */

/* Does this process keep half a message?  Holding take. */
bool pipe_half_mine(const struct pipe_call *call);
/* Does another living one? */
bool pipe_half_others(const struct pipe_call *call);
/* Sleeps while another does, a slice at most.  As pipe_pause. */
int pipe_half_pause(struct pipe_call *call);
/* Receives the rest of ours, or the message that starts with `head` (if none is
 * ours) into buffer.  0 all is there and nobody else's, the caller commits; -EBADMSG
 * its sender died; -ERESTART it was given up: look again; -ENOMEM; errors of
 * pipe_pause, with what has come kept for the next call. */
int pipe_half_receive(struct pipe_call *call, const struct pipe_frame *head, void *buffer);
/* 1 more of ours, or the news of its end, is there; 0. */
int pipe_half_ready(struct pipe_call *call);
/* Gives up ours, if any.  Nobody else is inside the end. */
void pipe_half_forget(struct mpt_pipe *pipe, const struct member *me);

/* ---- pipe_end.c ------------------------------------------------------------------ */

/* This process is about to close its descriptor. */
void pipe_end_leaving(struct mpt_pipe *pipe, struct member *me);
/* Frees the slots of pipes that no process has open any more. */
void pipe_end_collect(void);

#endif
