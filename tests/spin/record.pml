/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * record.pml - whose operation records a recoverer settles: object_recover.c (concerns,
 * left_behind), while other threads open and close theirs (oprec_open, oprec_phase,
 * oprec_close in emit.h) and thread slots are given to others (fill_thread in member.c).
 *
 * Words: of a thread slot its generation, of a record phase, op and object, read one by one.
 *
 * The recoverer holds the take side of object QUEUE.  Slot DEAD is of one who died in a get
 * there.  In slot OTHER one after the other live who get from OTHER_QUEUE, and put into
 * either: nobody alive can have a get from QUEUE on record.
 *
 * Left out: what settling does (queue.pml).
 *
 * Proved: the dead one's record is settled, and no other.
 */
#ifndef OPERATIONS
#define OPERATIONS 3
#endif
#ifndef LIVES
#define LIVES 2
#endif

#define IDLE 0
#define INTENT 1
#define ABORTED 3
#define GET 1
#define PUT 2
#define QUEUE 1
#define OTHER_QUEUE 2

#define OTHER 0
#define DEAD 1
byte generation[2], phase[2], op[2], object[2];
bool alive[2];

inline operation(what, where)
{
	phase[OTHER] = IDLE;
	op[OTHER] = what;
	object[OTHER] = where;
	phase[OTHER] = INTENT;
	phase[OTHER] = IDLE
}

/* Who dies in an operation is settled by the next holder of that side, and only then may
 * another have the slot: so here all die between two. */
proctype others()
{
	byte n, lives;

	do
	:: lives == LIVES -> break
	:: else ->
		phase[OTHER] = IDLE;
		op[OTHER] = 0;
		object[OTHER] = 0;
		generation[OTHER]++;
		alive[OTHER] = true;
		n = 0;
		do
		:: n == OPERATIONS -> break
		:: n < OPERATIONS ->
			if
			:: operation(GET, OTHER_QUEUE)
			:: operation(PUT, OTHER_QUEUE)
			:: operation(PUT, QUEUE)
			fi;
			n++
		:: break
		od;
		alive[OTHER] = false;
		lives++
	od
}

inline concerns(t)
{
	yes = (phase[t] == INTENT);
	yes = (yes && object[t] == QUEUE);
	yes = (yes && op[t] == GET)
}

proctype recoverer()
{
	byte t, g;
	bool yes;

	do
	:: t == 2 -> break
	:: else ->
		g = generation[t];
		concerns(t);
#ifndef MUTANT_LIVING_TOO
		yes = (yes && !alive[t]);
#ifndef MUTANT_ONE_LOOK
		if
		:: yes -> concerns(t)
		:: else
		fi;
#endif
#ifndef MUTANT_ANY_GENERATION
		yes = (yes && generation[t] == g);
#endif
#endif
		if
		:: yes -> assert(t == DEAD); phase[t] = ABORTED
		:: else
		fi;
		t++
	od;
	assert(phase[DEAD] == ABORTED)
}

init {
	atomic {
		phase[DEAD] = INTENT;
		op[DEAD] = GET;
		object[DEAD] = QUEUE;
		run others();
		run recoverer()
	}
}
