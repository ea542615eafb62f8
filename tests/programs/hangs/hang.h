/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hang.h - how a program brings itself into a hang, proves it, tells it and goes away.
 *
 * The programs here do not know mptrace: they are what a viewer finds that comes when all is
 * too late.  Each has kinds, hangs and their healthy twins, in a table:
 *
 *   NAME --kinds    the kinds, a line each
 *   NAME [KIND]     makes that one (the first), prints one line of JSON when everybody is where
 *                   it belongs, and stays until its standard input ends or SIGTERM comes
 *
 * The first process directs: it forks, looks, tells and ends the others.  A slot is one thread
 * that is told about; it says itself what it is about to wait for, by hang_waits.
 *
 * Owns: the truth line, the proof, the end.  Does not own: any scenario.
 */
#ifndef TESTS_PROGRAMS_HANGS_HANG_H
#define TESTS_PROGRAMS_HANGS_HANG_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where a thread is when all is said. */
enum hang_call {
	HANG_NOWHERE, /* not told yet */
	HANG_FUTEX,
	HANG_READ,
	HANG_WRITE,
	HANG_RECV,
	HANG_WAIT, /* for a child */
	HANG_FLOCK,
	HANG_FCNTL,
	HANG_SEMOP,
	HANG_MQ_SEND,
	HANG_SLEEP,
	HANG_POLL,
	HANG_ACCEPT,
	HANG_PAUSE,
	HANG_BUSY,    /* computes */
	HANG_STOPPED, /* by a signal */
	HANG_DEAD,    /* has ended, or is about to be killed */
};

enum { HANG_NOBODY = -1 };

struct hang_kind {
	const char *name;
	const char *verdict; /* what it is: deadlock, knot, holder-dead, stopped, unknown, fine */
	/* The findings that say so, with blanks between; "unknown": to say that it is not known
	 * is right, too.  NULL: none for fine, else deadlock, self-deadlock and knot. */
	const char *findings;
};

/* Reads the command line.  Ends the program when it asks for the kinds, or for none of them;
 * the table ends with a kind without name. */
void hang_begin(int argc, char **argv, const struct hang_kind *kinds);

/* Is it this kind that is wanted? */
bool hang_is(const char *kind);

/* Zeros, shared by who is forked from now on. */
void *hang_memory(size_t size);

/* A pipe or pair whose ends only those keep who say so, by hang_keep; `make` is pipe or
 * hang_pair. */
void hang_ends(int make(int ends[2]), int ends[2]);
int hang_pair(int ends[2]);

/* Closes all such ends but `first` and `second` (-1: none). */
void hang_keep(int first, int second);

/* A child that runs body(slot), and dies with its parent. */
pid_t hang_fork(void (*body)(int slot), int slot);

/* A thread that runs body(slot).  (Never joined but by who wants to hang in that.) */
pthread_t hang_thread(void (*body)(int slot), int slot);

/* Until so many arrivals were made, in all processes together since the beginning. */
void hang_meet(int arrivals);

/* The caller waits from now on: for `what`, which the thread of slot `holder` has. */
void hang_waits(int slot, enum hang_call call, const char *what, int holder);

/* The caller takes no part: it is the one beside. */
void hang_beside(int slot, enum hang_call call);

/* Until the thread of that slot is where it said; dead ones are dead then. */
void hang_await(int slot);

/* The process of that slot. */
pid_t hang_pid(int slot);

/* Waits for the end of a child of the caller. */
void hang_reap(pid_t pid);

/* Kills that process, a child of the caller, and waits for it. */
void hang_kill(int slot);

/* Sleeps, takes part in nothing, for ever. */
void hang_sleep(int slot) __attribute__((noreturn));

/* What cannot be has been. */
void hang_broken(const char *what) __attribute__((noreturn));
void hang_must(bool good, const char *what);

/* A mutex of the kind its name says: normal, recursive, errorcheck, robust, pi; of another
 * name, normal. */
void hang_mutex_init(pthread_mutex_t *mutex, const char *kind, bool shared);
const char *hang_kind_name(void);

/* Waits for a mutex, but not for ever; an hour. */
void hang_lock_timed(pthread_mutex_t *mutex);

/* A file without a name.  Each hang_reopen of it is an open file of its own. */
int hang_file(void);
int hang_reopen(int fd);

/* Called by `act` at the end, in the first process, whatever happens (but SIGKILL). */
void hang_at_end(void (*act)(void));

/* Proves that the threads of slots 0 to slots - 1 are where they said, tells, stays, ends all.
 * Returns the exit status of the program. */
int hang_stay(int slots);

#endif
