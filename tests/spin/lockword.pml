/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lockword.pml - the lock word: libtrace/lockword.[ch] (lockword_try, lockword_wait, attempt,
 * take_over, lockword_release), and of hold.c what a nested lock adds: owner_again is put
 * right before a take-over is told (hold_nested_acquire).
 *
 * Words: take.lock (owner, WAITERS), owner_again.
 *
 * Left out: spinning (it tries as lockword_try does), the end of the object, thread slots
 * that are given to another thread (never while a word names them: member.c).
 *
 * Proved, whoever is killed where:
 *   no two living owners, and who has it finds owner_again 0
 *   each death of an owner is told to one survivor, by MPT_RECOVERED, before anybody has the
 *   lock otherwise
 *   no survivor waits for ever: with slices, whatever wakes are lost; without deaths by wakes
 *   alone, also when others give up (TIMEOUTS)
 */
#ifndef TAKERS
#define TAKERS 3
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif

#define AWAKE TAKERS
#include "world.pml"

#define WAITERS 8
#define OWNER(word) ((word) & 7)
byte word, again;
byte sleepers;

/* Ghosts. */
byte untold;		  /* owners that died, and nobody was told: 0 or 1 */
bool inside[TAKERS + 1];  /* has the lock, by what it was told */
byte owners;		  /* living ones */

/* The lock has just been got, by the step in which this stands. */
#define GOT_CLEANLY assert(!untold)

/* Who slept may have had the wake of another: it holds the word, and leaves it, as if others
 * slept. */
#ifdef MUTANT_GIVES_UP_WITH_THE_WAKE
#define SLEPT false
#else
#define SLEPT (mine & WAITERS)
#endif

/* attempt: rc is BUSY, HELD, RECOVERED or LATE */
#define BUSY 0
#define HELD 1
#define RECOVERED 2
#define LATE 3

inline attempt()
{
	rc = BUSY;
	do
	:: STEP(seen = word);
	   if
	   :: seen == 0 ->
		STEP(if
		     :: word == 0 -> word = mine; CHANGED; rc = HELD; GOT_CLEANLY
		     :: else
		     fi);
		if
		:: rc == HELD -> break
		:: else
		fi
	   :: else ->
#ifdef MUTANT_NO_LOOK_AT_THE_OWNER
		over_dead = false;
#else
		STEP(over_dead = (is_dead(OWNER(seen)) != 0));
#endif
		if
		:: over_dead ->
#ifdef MUTANT_TAKE_OVER_BY_STORE
			STEP(word = mine | (seen & WAITERS); CHANGED; rc = RECOVERED;
			     untold = 0);
#else
			STEP(if
			     :: word == seen ->
				word = mine | (seen & WAITERS); CHANGED; rc = RECOVERED;
				assert(untold == 1); untold = 0
			     :: else
			     fi);
#endif
			over_dead = false
		:: else
		fi;
		if
		:: rc == RECOVERED -> break
		:: else
		fi;
		if
		:: once && !SLEPT -> rc = LATE; break
		:: else
		fi;
#ifdef MUTANT_SLEEP_WITHOUT_WAITERS
		break;
#endif
		if
		:: seen & WAITERS -> break
		:: else ->
			STEP(if
			     :: word == seen -> word = seen | WAITERS; CHANGED; over_dead = true
			     :: else
			     fi);
			if
			:: over_dead -> over_dead = false; seen = seen | WAITERS; break
			:: else
			fi
		fi
	   fi
	od;
	if
	:: rc == BUSY && once -> rc = LATE
	:: else
	fi
}

/* lockword_acquire */
inline acquire()
{
	mine = me;
	rc = BUSY;
	STEP(if
	     :: word == 0 -> word = me; CHANGED; rc = HELD; GOT_CLEANLY
	     :: else
	     fi);
	do
	:: rc != BUSY -> break
	:: else ->
		attempt();
		if
		:: rc == BUSY ->
			FUTEX_WAIT(sleepers, word == seen, false);
#ifndef MUTANT_FORGETS_OTHERS
			mine = me | WAITERS;
#endif
			if
			:: TIMEOUTS -> once = true
			:: true
			fi
		:: else
		fi
	od;
	mine = 0; seen = 0; once = false
}

/* lockword_release */
inline release()
{
#ifdef MUTANT_WAKE_BEFORE_RELEASE
	STEP(seen = word);
	if
	:: seen & WAITERS -> STEP(WAKE_ONE(sleepers, seen))
	:: else
	fi;
	STEP(word = 0; CHANGED; inside[me] = false; owners--);
#else
	STEP(assert(OWNER(word) == me);
	     seen = word; word = 0; CHANGED; inside[me] = false; owners--);
#ifndef MUTANT_RELEASE_WAKES_NOBODY
	if
	:: seen & WAITERS -> STEP(WAKE_ONE(sleepers, seen))
	:: else
	fi;
#endif
#endif
	seen = 0
}

proctype taker(byte me)
{
	byte mine, seen, rc, rounds;
	bool once, over_dead;

	do
	:: rounds == ROUNDS -> break
	:: else ->
		acquire();
		if
		:: rc == RECOVERED -> STEP(again = 0)
		:: else
		fi;
		if
		:: rc != LATE ->
			/* The call returns. */
			atomic { inside[me] = true; owners++ };
			STEP(assert(owners == 1); assert(again == 0));
			/* In it: once more, and back. */
			STEP(again = 1);
			STEP(again = 0);
			release()
		:: else
		fi;
		rc = 0; rounds++
	od;
over:
	awake--; goto done;
died:
	/* Its word stays; the next to have the lock must be told. */
	atomic {
		untold = untold + (OWNER(word) == me);
		owners = owners - inside[me]; inside[me] = false;
		DEATH(sleepers)
	};
done:
	atomic { mine = 0; seen = 0; rc = 0; rounds = 0; once = false; over_dead = false }
}

init {
	atomic {
		BEGIN;
		run taker(1);
		run taker(2);
#if TAKERS >= 3
		run taker(3);
#endif
#if TAKERS >= 4
		run taker(4);
#endif
	}
}
