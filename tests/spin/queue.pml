/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * queue.pml - Queue, short messages: libtrace/queue_move.c (queue_put, queue_get),
 * side.c (side_enter, side_wait_other), object_recover.c (object_recover, settle_all,
 * settle), eventcount.[ch].
 *
 * Words: of both sides lock, index, seen, bytes, seq, want; operation records, ledger rows,
 * ring and descriptors (one of each for a message, written one after the other).
 *
 * Left out: how one waits for a side's lock (lockword.pml: here it is had when it is free or
 * its owner dead), lack of bytes, long messages, who polls (bells), closing, the reuse of a
 * dead one's slots.  With SLEEP=0 also the event counts: who waits goes on as soon as
 * the other index has moved.
 *
 * Proved, whoever is killed where, a recoverer too:
 *   each message put is taken once, whole and in the order of the puts; what a consumer that
 *   died in its call had taken is told by its record, and nothing else is lost
 *   a put that returned is in the queue; one that was killed, once or not
 *   after the next holder of each side, ledger rows and byte counts are what the indices say
 *   with SLEEP: no survivor waits for ever where it has something to do
 */
#ifndef PUTTERS
#define PUTTERS 2
#endif
#ifndef GETTERS
#define GETTERS 2
#endif
#ifndef PUTS
#define PUTS 1
#endif
#ifndef SLOTS
#define SLOTS 1
#endif
#ifndef SLEEP
#define SLEEP 0
#endif
#define ALL (PUTTERS + GETTERS)
#define MESSAGES (PUTTERS * PUTS)
#define IS_PUTTER(p) (p <= PUTTERS)

#define AWAKE ALL
byte putters = PUTTERS, getters = GETTERS; /* not done, and alive */
#include "world.pml"

byte give_lock, give_index, give_seen, give_bytes, give_seq = 1, give_want, give_sleepers;
byte take_lock, take_index, take_seen, take_bytes, take_seq = 1, take_want, take_sleepers;
byte text[SLOTS], descriptor[SLOTS];

/* Operation records. */
#define IDLE 0
#define INTENT 1
#define COMMITTED 2
#define ABORTED 3
typedef record {
	byte phase, number, count, bytes
};
record oprec[ALL + 2];
byte ledger[ALL + 2]; /* gives, or takes */

/* Ghosts. */
byte put_as[MESSAGES]; /* what message n is */
byte delivered[MESSAGES];
byte committed[PUTTERS + 1], returned[PUTTERS + 1];

/* ---- recovery ---- */

#ifdef MUTANT_SETTLES_THE_LAST_HOLDER_ONLY
#define CONCERNS(t, from, upto) (t == last && oprec[t].phase == INTENT && t >= from && t <= upto)
#else
#define CONCERNS(t, from, upto) (oprec[t].phase == INTENT && t >= from && t <= upto)
#endif
#ifdef MUTANT_RECOVERY_ADDS
#define SETTLED_COUNT (ledger[t] + 1)
#else
#define SETTLED_COUNT oprec[t].count
#endif

/* Of threads from..upto, those of this side. */
inline settle_all(index, sum, from, upto, taking)
{
	t = 1;
	do
	:: t > ALL -> break
	:: else ->
		STEP(one = (CONCERNS(t, from, upto)));
		if
		:: one ->
			STEP(one = (oprec[t].number < index));
			if
			:: one ->
				STEP(sum = oprec[t].bytes);
				STEP(ledger[t] = SETTLED_COUNT);
#ifdef MUTANT_RECOVERY_FORGETS_LOST
				STEP(oprec[t].phase = IDLE)
#else
				STEP(oprec[t].phase = (taking -> COMMITTED : IDLE))
#endif
			:: else -> STEP(oprec[t].phase = ABORTED)
			fi;
			one = false
		:: else
		fi;
		t++
	od;
	t = 0; last = 0
#if SLEEP
	;
	STEP(take_seq++);
	STEP(WAKE_ALL(take_sleepers));
	STEP(give_seq++);
	STEP(WAKE_ALL(give_sleepers))
#endif
}

/* side_enter: last is the dead owner, 0: it was free */
inline enter(lock)
{
	if
	:: atomic { lock == 0 -> lock = me }
	:: atomic { lock != 0 && is_dead(lock) -> last = lock; lock = me }
	:: DIE
	fi
}

inline enter_give()
{
	enter(give_lock);
	if
	:: last -> settle_all(give_index, give_bytes, 1, PUTTERS, 0)
	:: else
	fi
}

inline enter_take()
{
	enter(take_lock);
	if
	:: last -> settle_all(take_index, take_bytes, PUTTERS + 1, ALL, 1)
	:: else
	fi
}

/* ---- the event count ---- */

/* eventcount_wake(1) */
inline wake(seq, want, sleepers)
{
#if SLEEP
	STEP(w = want);
	STEP(if
	     :: w == seq -> s = seq
	     :: else
	     fi);
	if
	:: s ->
		STEP(s = seq);
		STEP(if
		     :: want != s -> s = 0
		     :: else
		     fi)
	:: else
	fi;
	if
	:: s ->
		STEP(if
		     :: seq == s -> seq++
		     :: else -> s = 0
		     fi)
	:: else
	fi;
	if
	:: s ->
		STEP(WAKE_ONE(sleepers, w));
		if
		:: w -> STEP(if
			     :: want == s -> want = s + 1
			     :: else
			     fi)
		:: else
		fi
	:: else
	fi;
	s = 0; w = 0
#else
	skip
#endif
}

/* side_wait_other, up to where it has its own side again */
inline wait_other(lock, seq, want, sleepers, watch, old, EXCUSED)
{
#if SLEEP
	STEP(s = seq);
	STEP(w = want);
	do
	:: s > w -> STEP(if
			 :: want == w -> want = s; w = s
			 :: else -> w = want
			 fi)
	:: else -> break
	od;
	w = 0;
#ifdef MUTANT_NO_SECOND_LOOK
	one = false;
#else
	STEP(one = (watch != old));
#endif
	if
	:: one -> skip
	:: else ->
		STEP(lock = 0);
		slept = true;
		FUTEX_WAIT(sleepers, seq == s, EXCUSED)
	fi;
	s = 0; seen = 0
#else
	STEP(lock = 0);
	slept = true;
	if
	:: atomic { watch != old -> skip }
	:: atomic { (EXCUSED) -> goto over }
	:: DIE
	fi;
	one = false; seen = 0
#endif
}

/* ---- put ---- */

#define COMMIT_PUT                                                                     \
	put_as[give_index] = (me << 4) + n; committed[me]++; give_index++; CHANGED

proctype putter(byte me)
{
	byte n, s, w, t, last, seen;
	bool one, slept;

	do
	:: n == PUTS -> break
	:: else ->
		enter_give();
		do
		:: give_index - give_seen < SLOTS -> break
		:: else ->
			STEP(give_seen = take_index);
			if
			:: give_index - give_seen < SLOTS -> break
			:: else
			fi;
			seen = give_seen;
			wait_other(give_lock, take_seq, take_want, take_sleepers, take_index, seen,
				getters == 0 && give_index - take_index == SLOTS);
			if
			:: one -> one = false /* it has the side still */
			:: else -> enter_give()
			fi
		od;
		/* oprec_open, intend_put: until INTENT nobody looks */
		STEP(oprec[me].phase = IDLE; oprec[me].number = give_index;
		     oprec[me].count = ledger[me] + 1; oprec[me].bytes = give_bytes + 1);
#ifndef MUTANT_NO_INTENT
		STEP(oprec[me].phase = INTENT);
#endif
#ifdef MUTANT_COMMIT_BEFORE_WRITE
		STEP(COMMIT_PUT);
#endif
		STEP(text[give_index % SLOTS] = (me << 4) + n);
#ifdef MUTANT_COMMIT_BEFORE_WRITE
		STEP(descriptor[(give_index - 1) % SLOTS] = (me << 4) + n);
#else
		STEP(descriptor[give_index % SLOTS] = (me << 4) + n);
		STEP(COMMIT_PUT);
#endif
		STEP(give_bytes = oprec[me].bytes);
		STEP(ledger[me] = oprec[me].count);
		STEP(oprec[me].phase = IDLE);
		STEP(give_lock = 0);
#ifndef MUTANT_PUT_WAKES_NOBODY
		wake(give_seq, give_want, give_sleepers);
#endif
		if
		:: slept -> wake(take_seq, take_want, take_sleepers)
		:: else
		fi;
		/* The call returns. */
		atomic { returned[me]++; assert(committed[me] == returned[me]) };
		slept = false; n++
	od;
over:
	putters--; goto done;
died:
	atomic { putters--; DEATH(take_sleepers) };
done:
	atomic { n = 0; s = 0; w = 0; t = 0; last = 0; seen = 0; one = false; slept = false }
}

/* ---- get ---- */

proctype getter(byte me)
{
	byte got, size, s, w, t, last, seen;
	bool one, slept, more;

	do
	:: enter_take();
	   do
	   :: take_index != take_seen -> break
	   :: else ->
		STEP(take_seen = give_index);
		if
		:: take_index != take_seen -> break
		:: else
		fi;
		seen = take_seen;
		wait_other(take_lock, give_seq, give_want, give_sleepers, give_index, seen,
			putters == 0 && give_index == take_index);
		if
		:: one -> one = false
		:: else -> enter_take()
		fi
	   od;
	   STEP(oprec[me].phase = IDLE; oprec[me].number = take_index;
		oprec[me].count = ledger[me] + 1; oprec[me].bytes = take_bytes + 1);
	   STEP(oprec[me].phase = INTENT);
#ifdef MUTANT_TAKE_BEFORE_COPY
	   STEP(take_index++; CHANGED);
#endif
	   STEP(size = descriptor[oprec[me].number % SLOTS]);
	   STEP(got = text[oprec[me].number % SLOTS]);
#ifndef MUTANT_TAKE_BEFORE_COPY
	   STEP(take_index++; CHANGED);
#endif
	   STEP(take_bytes = oprec[me].bytes);
	   STEP(ledger[me] = oprec[me].count);
#ifdef MUTANT_GET_CLOSES_AT_COMMIT
	   STEP(oprec[me].phase = IDLE);
#else
	   STEP(oprec[me].phase = COMMITTED);
#endif
	   STEP(more = slept && take_index != give_index);
	   STEP(take_lock = 0);
	   wake(take_seq, take_want, take_sleepers);
	   if
	   :: more -> wake(give_seq, give_want, give_sleepers)
	   :: else
	   fi;
	   /* oprec_close; the call returns */
	   STEP(oprec[me].phase = IDLE;
		assert(got == size);
		assert(got == put_as[oprec[me].number]);
		delivered[oprec[me].number]++);
	   got = 0; size = 0; slept = false; more = false
	od;
over:
	getters--; goto done;
died:
	atomic { getters--; DEATH(give_sleepers) };
done:
	atomic {
		got = 0; size = 0; s = 0; w = 0; t = 0; last = 0; seen = 0;
		one = false; slept = false; more = false
	}
}

/* ---- when all are done or dead: the account ---- */

#define LOST_BY(c) (c <= ALL && is_dead(c) && oprec[c].phase == COMMITTED && oprec[c].number == n)

proctype auditor(byte me)
{
	byte n, t, last, s, w;
	bool one;

	atomic { putters == 0 && getters == 0 -> kills = 0 };
	/* No process dies any more. */
	enter_give();
	enter_take();
	atomic {
		assert(give_index == give_bytes && take_index == take_bytes);
		for (n : 1 .. ALL) {
			s = s + (IS_PUTTER(n) -> ledger[n] : 0);
			w = w + (IS_PUTTER(n) -> 0 : ledger[n])
		}
		assert(s == give_index && w == take_index);
		for (n : 1 .. PUTTERS) {
			assert(committed[n] == returned[n] ||
			       (is_dead(n) && committed[n] == returned[n] + 1))
		}
		n = 0;
		do
		:: n == MESSAGES -> break
		:: else ->
			s = 0;
			for (t : PUTTERS + 1 .. ALL) {
				s = s + (LOST_BY(t) -> 1 : 0)
			}
			assert(delivered[n] + s == (n < take_index -> 1 : 0));
			n++
		od
	};
died:
	skip
}

init {
	byte p;

	atomic {
		BEGIN;
		for (p : 1 .. PUTTERS) {
			run putter(p)
		}
		for (p : PUTTERS + 1 .. ALL) {
			run getter(p)
		}
		p = 0;
		run auditor(ALL + 1)
	}
}
