/* SPDX-License-Identifier: BSD-2-Clause */
/* children.c - see children.h. */
#include "libtrace/children.h"

#include "libtrace/emit.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

TAILQ_HEAD(process_list, mpt_process);

static struct {
	pthread_mutex_t lock;
	sigset_t mask;		    /* of the thread that has the lock, without it */
	struct process_list starting; /* STARTING: may have a descriptor already */
	struct process_list living; /* RUNNING, in the order of their start */
	struct process_list ended;  /* ENDED, the descriptor still open */
} children = { .lock = PTHREAD_MUTEX_INITIALIZER,
	       .starting = TAILQ_HEAD_INITIALIZER(children.starting),
	       .living = TAILQ_HEAD_INITIALIZER(children.living),
	       .ended = TAILQ_HEAD_INITIALIZER(children.ended) };

/* A signal handler must not find its own thread inside: it may call exit or fork. */
void children_lock(void)
{
	sigset_t all, mask;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pthread_mutex_lock(&children.lock);
	children.mask = mask;
}

void children_unlock(void)
{
	sigset_t mask = children.mask;

	pthread_mutex_unlock(&children.lock);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

/* ---- the list ---------------------------------------------------------------- */

void children_begin(struct mpt_process *p)
{
	p->stage = PROCESS_STARTING;
	TAILQ_INSERT_TAIL(&children.starting, p, others);
}

void children_give_up(struct mpt_process *p)
{
	TAILQ_REMOVE(&children.starting, p, others);
	p->stage = PROCESS_NEW;
}

void children_add(struct mpt_process *p)
{
	TAILQ_REMOVE(&children.starting, p, others);
	p->stage = PROCESS_RUNNING;
	TAILQ_INSERT_TAIL(&children.living, p, others);
}

struct mpt_process *children_first(void)
{
	return TAILQ_FIRST(&children.living);
}

struct mpt_process *children_next(struct mpt_process *p)
{
	return TAILQ_NEXT(p, others);
}

void children_close(struct mpt_process *p)
{
	if (p->pidfd < 0)
		return;
	TAILQ_REMOVE(p->stage == PROCESS_RUNNING ? &children.living : &children.ended, p, others);
	close(p->pidfd);
	p->pidfd = -1;
}

void children_put(struct mpt_process *p)
{
	if (!p->destroyed || p->waiting || p->stage == PROCESS_RUNNING)
		return;
	children_close(p);
	free(p->program);
	free(p);
}

/* ---- reaping ------------------------------------------------------------------- */

/* Somebody else reaped it: what it wrote itself, if it left in order. */
static int code_left_behind(const struct mpt_process *p)
{
	const struct mpt_wire_process *s = &domain.processes[p->slot];

	if (s->generation != p->generation || load32_acquire(&s->state) != MPT_SLOT_ENDED)
		return MPT_EXIT_NONE;
	return s->exit_code;
}

int children_wait(const struct mpt_process *p, siginfo_t *info, int flags)
{
	int rc;

	info->si_pid = 0;
	do
		rc = waitid((idtype_t)P_PIDFD, (id_t)p->pidfd, info, flags | WEXITED | WNOHANG);
	while (rc < 0 && errno == EINTR);
	if (rc == 0 || errno == ECHILD)
		return rc;
	return waitid(P_PID, (id_t)p->pid, info, flags | WEXITED | WNOHANG);
}

/* True: it has ended, *code says how. */
static bool ask_kernel(const struct mpt_process *p, int *code)
{
	struct pollfd gone = { .fd = p->pidfd, .events = POLLIN };
	siginfo_t info;
	int rc = children_wait(p, &info, 0);

	if (rc == 0 && info.si_pid == 0)
		return false;
	if (rc == 0) {
		*code = info.si_code == CLD_EXITED ? info.si_status : -info.si_status;
		return true;
	}
	if (errno != ECHILD || poll(&gone, 1, 0) <= 0)
		return false;
	*code = code_left_behind(p);
	return true;
}

/* The end of one that never took its slot: a program that does not use the library, or
 * whoever was killed before.  False: it did. */
static bool settle_starting(const struct mpt_process *p, struct mpt_wire_process *s)
{
	bool in_order = p->program && p->exit_code >= 0;

	return cas32(&s->state, MPT_SLOT_STARTING, in_order ? MPT_SLOT_ENDED : MPT_SLOT_DEAD);
}

/* The end as viewers and the post-mortem see it.  The slot may belong to
 * somebody else by now. */
static void settle(const struct mpt_process *p)
{
	struct mpt_wire_process *s = &domain.processes[p->slot];

	if (domain_lock() < 0)
		return;
	if (s->generation == p->generation) {
		if (p->exit_code != MPT_EXIT_NONE)
			s->exit_code = p->exit_code;
		if (!s->ended_ns)
			s->ended_ns = futex_now();
		or32(&s->flags, MPT_PROC_REAPED);
		/* The death of a member is counted. */
		if (!settle_starting(p, s))
			member_process_alive(p->slot, p->generation);
	}
	domain_unlock();
}

bool children_ended(struct mpt_process *p)
{
	struct member *me;
	int code, rc;

	if (p->stage != PROCESS_RUNNING)
		return p->stage == PROCESS_ENDED;
	if (!ask_kernel(p, &code))
		return false;
	p->exit_code = code;
	p->stage = PROCESS_ENDED;
	TAILQ_REMOVE(&children.living, p, others);
	TAILQ_INSERT_TAIL(&children.ended, p, others);
	settle(p);
	me = member_get(&rc);
	if (me)
		emit_note(me, MPT_OP_PROCESS_EXIT, MPT_REF_PROCESS | p->slot,
			  (uint64_t)(int64_t)code);
	return true;
}

size_t children_reap(pid_t *pids, size_t room)
{
	struct mpt_process *p = children_first(), *next;
	size_t living = 0;

	for (; p; p = next) {
		next = children_next(p);
		if (children_ended(p)) {
			children_put(p);
			continue;
		}
		if (living < room)
			pids[living] = p->pid;
		living++;
	}
	return living;
}

/* ---- forks ----------------------------------------------------------------------- */

/* Our parent's children are not ours: their descriptors would add up from one
 * generation to the next, and the exit rules must not touch them.  Handles stay
 * valid memory; calls on them answer -ECHILD. */
static void forget(struct process_list *list)
{
	struct mpt_process *p;

	while ((p = TAILQ_FIRST(list))) {
		children_close(p);
		p->stage = PROCESS_ENDED;
		p->waiting = 0;
		children_put(p);
	}
}

/* One of them may be ourselves. */
static void forget_starting(void)
{
	struct mpt_process *p;

	while ((p = TAILQ_FIRST(&children.starting))) {
		TAILQ_REMOVE(&children.starting, p, others);
		if (p->pidfd >= 0)
			close(p->pidfd);
		p->pidfd = -1;
	}
}

/* In the child of a fork.  The lock was taken by the forking thread, whose id has
 * changed: it is made anew. */
static void forked(void)
{
	int saved = errno;

	forget_starting();
	forget(&children.living);
	forget(&children.ended);
	process_self_forked();
	process_thread_forked();
	pthread_mutex_init(&children.lock, NULL);
	pthread_sigmask(SIG_SETMASK, &children.mask, NULL);
	errno = saved;
}

/* Registered before the program registers any handlers of its own, or starts processes in a
 * constructor: then ours runs
 * last before a fork, and a program that calls us under a lock which its handlers
 * take cannot deadlock with us. */
__attribute__((constructor(101))) static void watch_forks(void)
{
	pthread_atfork(children_lock, children_unlock, forked);
}
