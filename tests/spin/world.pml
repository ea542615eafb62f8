/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * world.pml - what all models share: processes that may be killed between any two accesses
 * of shared memory, and sleeping in slices.
 *
 * A STEP is one access of shared memory (a load, a store, one atomic instruction), or one
 * system call.  Before each, and while asleep, a process may die instead, as long as
 * `kills` lasts; then others may see so (`is_dead`, which stands for the life mutex, the
 * pidfd and the rest of alive.c).  What a model adds to a step beside that access
 * are ghosts: they check, and nobody's behaviour depends on them.
 *
 * Slices: a sleeper may wake up by itself at any time (SLICES), looks again, and goes back
 * to sleep.  Looking twice at the same state shows the same, so who looked in vain
 * sleeps until something that he looks at has changed (CHANGED).  So a state in which all
 * sleep for ever is one without a successor, and spin finds it as an invalid end state.
 * Without SLICES a sleeper needs a wake.  LOSSY: any wake may get lost, as when the waker dies.
 *
 * Memory is sequentially consistent here.  That fences and release stores are where
 * they have to be is not shown.
 *
 * A process has a local `me`, from 1 on; `died` is a label where it is dead, `over` one where
 * it ends alive, or sleeps for good.
 */
#ifndef KILLS
#define KILLS 1
#endif
#ifndef SLICES
#define SLICES 1
#endif
#ifndef LOSSY
#define LOSSY 0
#endif

#define BIT(p) (1 << (p))

byte kills = KILLS;  /* how many may die yet */
byte dead_ones;	     /* who has died: bits, as all of these */
byte vain;	     /* who has looked at all there is to see */
byte awake = AWAKE;  /* ghost: how many can still do something by themselves */

#define is_dead(p) (dead_ones & BIT(p))
#define CHANGED vain = 0

/* First of all.  A state in which nothing can happen but a death must be found, too: so there
 * are runs with each number of deaths. */
#define BEGIN                                                                        \
	do                                                                           \
	:: kills > 0 -> kills--                                                      \
	:: break                                                                     \
	od

/* It will be dead by the time it is at `died`, where DEATH has to be. */
#define DIE atomic { kills > 0 -> kills--; goto died }
#define DEATH(set)                                                                   \
	dead_ones = dead_ones | BIT(me); CHANGED;                                    \
	if                                                                           \
	:: set & BIT(me) -> set = set & ~BIT(me)                                     \
	:: else -> awake--                                                           \
	fi

#define STEP(...)                                                                    \
	if                                                                           \
	:: atomic { __VA_ARGS__ }                                                    \
	:: DIE(1)                                                                    \
	fi

/* FUTEX_WAIT: sleeps in `set` while `same`.  EXCUSED: may lie here for ever. */
#define FUTEX_WAIT(set, same, EXCUSED)                                               \
	STEP(if                                                                      \
	     :: same -> set = set | BIT(me); awake--                                 \
	     :: else                                                                 \
	     fi);                                                                    \
	if                                                                           \
	:: atomic { !(set & BIT(me)) -> skip }                                       \
	:: atomic {                                                                  \
		SLICES && (set & BIT(me)) && !(vain & BIT(me)) ->                    \
		set = set & ~BIT(me); vain = vain | BIT(me); awake++                 \
	   }                                                                         \
	:: atomic { (set & BIT(me)) && (EXCUSED) -> goto over }                      \
	:: DIE                                                                       \
	fi

/* FUTEX_WAKE of one, and of all.  Which one is the kernel's choice. */
#define WAKE_ONE(set, woken)                                                         \
	woken = 0;                                                                   \
	if                                                                           \
	:: (set & BIT(1)) -> set = set & ~BIT(1); woken = 1; awake++                 \
	:: (set & BIT(2)) -> set = set & ~BIT(2); woken = 1; awake++                 \
	:: (set & BIT(3)) -> set = set & ~BIT(3); woken = 1; awake++                 \
	:: (set & BIT(4)) -> set = set & ~BIT(4); woken = 1; awake++                 \
	:: set == 0                                                                  \
	:: LOSSY                                                                     \
	fi

#define WAKE_ALL(set)                                                                \
	if                                                                           \
	:: awake = awake + ((set >> 1) & 1) + ((set >> 2) & 1) + ((set >> 3) & 1) +  \
		   ((set >> 4) & 1); set = 0                                         \
	:: LOSSY                                                                     \
	fi
