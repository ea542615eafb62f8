/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * barrier.pml - Barrier: libtrace/barrier.c (come, take_seat, pass, wait_for_others, give_up,
 * break_it, broken_by_death, mpt_barrier_reset, mpt_barrier_abort), with await_once and the
 * event count it sleeps on.
 *
 * Words: the gate (object.latch), the seats, give.seq and give.want.
 *
 * Left out: the end of the object, the operation record (VISIT), statistics.  The generation
 * counts to 7 and the history has seven bits, which no run here exceeds.
 *
 * Proved, whoever is killed where, for the sizes that check_spin.sh gives:
 *   nobody passes before as many as PARTIES have come to the same generation
 *   nobody passes with one who was dead when the last one came
 *   a generation ends in one way for all
 *   who waits is released once one of its generation has died, also when all of it have,
 *   and when a wake is lost; without deaths, by wakes alone
 */
#ifndef PARTIES
#define PARTIES 2
#endif
#ifndef COMERS
#define COMERS 3
#endif
#ifndef WAITS
#define WAITS 1
#endif
#ifndef RESETS
#define RESETS 0
#endif
#ifndef ABORTS
#define ABORTS 0
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#define SEATS (2 * PARTIES)
#define GENERATIONS 8

#define AWAKE (COMERS + RESETS + ABORTS)
#include "world.pml"

/* The gate: 3 bits count, 1 broken, 3 generation, history above. */
#define COUNT(g) ((g) & 7)
#define BROKEN 8
#define GENERATION(g) (((g) >> 4) & 7)
#define HISTORY(g) ((g) >> 7)
#define NEXT(g, reset) (((((HISTORY(g) << 1) | reset) & 127) << 7) | (((GENERATION(g) + 1) & 7) << 4))
int gate;

/* A seat: who, and the generation above it. */
#define SEAT(g, p) (((g) << 4) | (p))
#define WHO(seat) ((seat) & 15)
#define SEAT_GENERATION(seat) ((seat) >> 4)
byte seats[SEATS];

byte seq = 1, want = 0, sleepers;

/* Ghosts. */
byte came[GENERATIONS];	 /* how many came to it */
bool passed[GENERATIONS], undone[GENERATIONS];
bool doomed[GENERATIONS]; /* one of it was dead when the last one came */
byte inside[COMERS + 1]; /* generation + 1 in which p has a seat */

#define SINCE(gen) ((GENERATION(gate) - gen) & 7)
#define DECIDED(gen) (GENERATION(gate) != gen || (gate & BROKEN))
#define DEAD_IN(p, gen) (p <= COMERS && is_dead(p) && inside[p] == gen + 1)
#if COMERS >= 3
#define THIRD(gen) || DEAD_IN(3, gen)
#else
#define THIRD(gen)
#endif
#if COMERS >= 4
#define FOURTH(gen) || DEAD_IN(4, gen)
#else
#define FOURTH(gen)
#endif
#define SOME_DEAD(gen) (DEAD_IN(1, gen) || DEAD_IN(2, gen) THIRD(gen) FOURTH(gen))
/* May wait for ever: too few have come, and all of them live. */
#define TOO_FEW (awake == 0 && !DECIDED(mine) && COUNT(gate) < PARTIES && !SOME_DEAD(mine))

/* is_past; 16 bits in the code */
#ifdef MUTANT_FREE_SEAT_OF_ANY_OTHER_GENERATION
#define IS_OLD(seat, gen) (SEAT_GENERATION(seat) != gen)
#else
#define IS_OLD(seat, gen) (((gen - SEAT_GENERATION(seat) - 1) & 7) < 4)
#endif

/* eventcount_wake(INT_MAX) */
inline wake()
{
	STEP(s = seq);
	STEP(if
	     :: want == s -> skip
	     :: else -> s = 0
	     fi);
	if
	:: s != 0 ->
#ifdef MUTANT_WAKE_WITHOUT_SEQ
		skip
#else
		STEP(if
		     :: seq == s -> seq++
		     :: else -> s = 0
		     fi)
#endif
	:: else
	fi;
	if
	:: s != 0 -> STEP(WAKE_ALL(sleepers); s = 0)
	:: else
	fi
}

/* break_it: done says whether it was this call that did it */
inline break_it(gen)
{
	done = false;
	do
	:: STEP(g = gate);
	   if
	   :: GENERATION(g) != gen || (g & BROKEN) -> break
	   :: else
	   fi;
	   STEP(if
		:: gate == g -> gate = g | BROKEN; CHANGED; done = true;
		   assert(!passed[gen]); undone[gen] = true
		:: else
		fi);
	   if
	   :: done -> wake(); break
	   :: else
	   fi
	od
}

/* find_dead, broken_by_death: some_dead */
inline broken_by_death(gen)
{
	some_dead = false;
	i = 0;
	do
	:: i == SEATS || some_dead -> break
	:: else ->
		STEP(seat = seats[i]; i++);
		if
		:: seat != 0 && SEAT_GENERATION(seat) == gen ->
			STEP(some_dead = (is_dead(WHO(seat)) != 0))
		:: else
		fi
	od;
	seat = 0; i = 0;
	if
	:: some_dead -> break_it(gen)
	:: else
	fi
}

/* await_once: sleeps until the gate is not `old`, a slice, or a timeout (late) */
inline sleep_on(old)
{
	STEP(moved = (gate != old));
	if
	:: !moved ->
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
#ifndef MUTANT_SLEEP_WITHOUT_A_SECOND_LOOK
		STEP(moved = (gate != old))
#endif
	:: else
	fi;
	late = false;
	if
	:: !moved ->
		FUTEX_WAIT(sleepers, seq == s, TOO_FEW);
		if
		:: TIMEOUTS -> late = true
		:: true
		fi
	:: else
	fi;
	s = 0
}

/* take_seat: place is its number + 1.  All begin to look at the same one: so they meet most. */
inline take_seat(gen)
{
	place = 0;
	i = 0;
	do
	:: i == SEATS || place -> break
	:: else ->
		STEP(seat = seats[i]);
		some_dead = (seat == 0);
		if
		:: seat != 0 && IS_OLD(seat, gen) -> STEP(some_dead = (is_dead(WHO(seat)) != 0))
		:: else
		fi;
		if
		:: some_dead ->
			STEP(if
			     :: seats[i] == seat ->
				seats[i] = SEAT(gen, me); CHANGED;
				place = i + 1; inside[me] = gen + 1
			     :: else
			     fi)
		:: else
		fi;
		i++
	od;
	i = 0; seat = 0; some_dead = false
}

inline leave_seat()
{
	STEP(seats[place - 1] = 0; CHANGED; inside[me] = 0; place = 0)
}

proctype comer(byte me)
{
	int g, old;
	byte mine, number, place, i, seat, s, w, waits;
	bool some_dead, done, moved, late, canceled, come;

again:
	/* come */
	do
	:: STEP(old = gate;
		if
		:: GENERATION(old) != mine -> vain = vain & ~BIT(me) /* looked at another */
		:: else
		fi);
	   if
	   :: old & BROKEN -> canceled = true; break
	   :: else
	   fi;
	   mine = GENERATION(old);
	   number = COUNT(old);
#ifdef MUTANT_COUNT_BEFORE_SEAT
	   if
	   :: number < PARTIES ->
		STEP(if
		     :: gate == old -> gate = old + 1; came[mine]++; come = true; CHANGED
		     :: else
		     fi)
	   :: else
	   fi;
	   if
	   :: come -> take_seat(mine); come = false; break
	   :: else
	   fi;
#else
	   if
	   :: number < PARTIES -> take_seat(mine)
	   :: else
	   fi;
	   if
	   :: place ->
		STEP(if
		     :: gate == old ->
			gate = old + 1; CHANGED; come = true;
			came[mine]++;
			doomed[mine] = (SOME_DEAD(mine) != 0)
		     :: else
		     fi);
		if
		:: come -> come = false; break
		:: else -> leave_seat()
		fi
	   :: else ->
#endif
		sleep_on(old);
		if
		:: late -> late = false; goto over
		:: else
		fi;
#ifndef MUTANT_EARLY_DO_NOT_LOOK
		if
		:: !moved -> broken_by_death(mine); some_dead = false; done = false; g = 0
		:: else
		fi;
#endif
		moved = false
#ifndef MUTANT_COUNT_BEFORE_SEAT
	   fi
#endif
	od;
	old = 0;
	if
	:: canceled -> goto over
	:: else
	fi;
	if
	:: number + 1 == PARTIES ->
		/* pass */
#ifndef MUTANT_LAST_DOES_NOT_LOOK
		broken_by_death(mine);
#endif
		canceled = some_dead;
		some_dead = false; done = false;
		do
		:: canceled || done -> break
		:: else ->
			STEP(g = gate);
			if
			:: GENERATION(g) != mine || (g & BROKEN) -> canceled = true
			:: else ->
				STEP(if
				     :: gate == g ->
					gate = NEXT(g, 0); CHANGED; done = true;
					assert(came[mine] == PARTIES);
					assert(!doomed[mine]);
					assert(!undone[mine]);
					passed[mine] = true
				     :: else
				     fi)
			fi
		od;
		if
		:: done -> done = false; wake()
		:: else
		fi
	:: else ->
		/* wait_for_others */
		do
		:: STEP(g = gate);
		   if
		   :: GENERATION(g) == mine && (g & BROKEN) -> canceled = true; break
		   :: GENERATION(g) != mine ->
			canceled = (HISTORY(g) >> (((GENERATION(g) - mine) & 7) - 1)) & 1; break
		   :: else
		   fi;
		   sleep_on(g);
		   if
		   :: late ->
			/* give_up */
			late = false;
			STEP(g = gate);
#ifdef MUTANT_GIVES_UP_ALONE
			done = true;
#else
			if
			:: COUNT(g) < PARTIES -> break_it(mine)
			:: else
			fi;
#endif
			if
			:: done -> done = false; canceled = true; break
			:: else
			fi
		   :: else ->
			if
			:: !moved -> broken_by_death(mine); some_dead = false; done = false
			:: else
			fi
		   fi;
		   moved = false
		od
	fi;
	g = 0;
	leave_seat();
	assert(canceled || passed[mine]);
	assert(!canceled || undone[mine]);
	waits++;
	if
	:: waits < WAITS && !canceled -> goto again
	:: else
	fi;
over:
	atomic {
		if
		:: sleepers & BIT(me) -> skip
		:: else -> awake--
		fi
	};
	goto gone;
died:
	atomic { DEATH(sleepers) };
gone:
	atomic {
		g = 0; old = 0; mine = 0; number = 0; place = 0; i = 0; seat = 0; s = 0; w = 0;
		waits = 0; some_dead = false; done = false; moved = false; late = false;
		canceled = false; come = false
	}
}

proctype resetter(byte me)
{
	int g;
	byte s;

	do
	:: STEP(g = gate);
	   STEP(if
		:: gate == g -> gate = NEXT(g, 1); CHANGED; s = 1;
		   assert(!passed[GENERATION(g)]); undone[GENERATION(g)] = true
		:: else
		fi);
	   if
	   :: s -> break
	   :: else
	   fi
	od;
	wake();
	awake--; goto gone;
died:
	atomic { DEATH(sleepers) };
gone:
	skip
}

proctype aborter(byte me)
{
	int g, old;
	byte s;
	bool done;

	do
	:: STEP(old = gate);
	   break_it(GENERATION(old));
	   if
	   :: done -> break
	   :: else
	   fi;
	   STEP(old = gate);
	   if
	   :: old & BROKEN -> break
	   :: else
	   fi
	od;
	awake--; goto gone;
died:
	atomic { DEATH(sleepers) };
gone:
	skip
}

init {
	atomic {
		BEGIN;
		run comer(1);
		run comer(2);
#if COMERS >= 3
		run comer(3);
#endif
#if COMERS >= 4
		run comer(4);
#endif
#if RESETS
		run resetter(5);
#endif
#if ABORTS
		run aborter(6);
#endif
	}
}
