/* SPDX-License-Identifier: BSD-2-Clause */
/* bell.c - see bell.h. */
#include "libtrace/bell.h"

#include "libtrace/descriptor.h"
#include "libtrace/join.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define DRAIN_MOST 64 /* more than that has come since: look first */

/* ---- a name ----------------------------------------------------------------------- */

static socklen_t name_of(struct sockaddr_un *a, uint32_t slot, uint32_t generation)
{
	char id[33];
	int n;

	memset(a, 0, sizeof(*a));
	a->sun_family = AF_UNIX;
	join_id(id, domain.header);
	n = snprintf(a->sun_path + 1, sizeof(a->sun_path) - 1, "mptrace.bell/%s/%u.%u", id, slot,
		     generation);
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n);
}

/* The program may have closed it and opened something else under its number. */
static bool still_ours(const struct member *me)
{
	struct sockaddr_un ours, now;
	socklen_t n = sizeof(now), length = name_of(&ours, me->slot, me->thread->generation);

	return getsockname(me->bell, (struct sockaddr *)&now, &n) == 0 && n == length &&
	       memcmp(&now, &ours, n) == 0;
}

/* ---- all of this process -------------------------------------------------------- */

/* Threads that have one: a forked child closes the copies it got. */
static struct {
	pthread_mutex_t lock;
	sigset_t mask; /* of the thread that has the lock, without it */
	struct member *first;
} bells = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* No signal handler of its own thread finds it locked: it may fork. */
static void lock(void)
{
	sigset_t all, mask;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &mask);
	pthread_mutex_lock(&bells.lock);
	bells.mask = mask;
}

static void unlock(void)
{
	sigset_t mask = bells.mask;

	pthread_mutex_unlock(&bells.lock);
	pthread_sigmask(SIG_SETMASK, &mask, NULL);
}

static void forked(void)
{
	int saved = errno;

	for (struct member *m = bells.first; m; m = m->next_bell) {
		if (still_ours(m))
			close(m->bell);
		m->bell = 0;
	}
	bells.first = NULL;
	pthread_mutex_init(&bells.lock, NULL);
	pthread_sigmask(SIG_SETMASK, &bells.mask, NULL);
	errno = saved;
}

__attribute__((constructor(101))) static void watch_forks(void)
{
	pthread_atfork(lock, unlock, forked);
}

/* ---- a doorbell ------------------------------------------------------------------ */

static int make(const struct member *me)
{
	struct sockaddr_un a;
	socklen_t n = name_of(&a, me->slot, me->thread->generation);
	int fd = descriptor_high(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));

	if (fd >= 0 && bind(fd, (struct sockaddr *)&a, n) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

static void unlist(struct member *me)
{
	struct member **at = &bells.first;

	while (*at && *at != me)
		at = &(*at)->next_bell;
	if (*at)
		*at = me->next_bell;
	me->bell = 0;
}

int bell_of(struct member *me)
{
	int fd;

	if (me->bell && still_ours(me))
		return me->bell;
	lock();
	unlist(me);
	fd = make(me);
	if (fd > 0) {
		me->bell = fd;
		me->next_bell = bells.first;
		bells.first = me;
	}
	unlock();
	return fd;
}

void bell_leave(struct member *me)
{
	int fd = me->bell;

	if (!fd)
		return;
	if (!still_ours(me))
		fd = -1;
	lock();
	unlist(me);
	if (fd >= 0)
		close(fd);
	unlock();
}

/* ---- listening ---------------------------------------------------------------------- */

void bell_drain(int fd)
{
	char byte;

	for (int i = 0; i < DRAIN_MOST; i++)
		if (recv(fd, &byte, 1, MSG_DONTWAIT) < 0 && errno != EINTR)
			return;
}

void bell_listen(struct member *me, int fd)
{
	bell_drain(fd);
	store32_release(&me->thread->bell, 1);
}

void bell_stop(struct member *me)
{
	store32_release(&me->thread->bell, 0);
}

void bell_ask(struct mpt_wire_side *side, const struct member *me)
{
	uint32_t mine = me->slot + 1, seen;

	do {
		seen = load32(&side->polled);
		if (seen == mine || seen == MPT_POLLED_BY_SEVERAL)
			return;
	} while (!cas32(&side->polled, seen, seen ? MPT_POLLED_BY_SEVERAL : mine));
}

void bell_unask(struct mpt_wire_side *side, const struct member *me)
{
	cas32(&side->polled, me->slot + 1, 0);
}

/* ---- ringing -------------------------------------------------------------------------- */

static void ring_one(int fd, uint32_t slot)
{
	const struct mpt_wire_thread *t = &domain.threads[slot];
	struct sockaddr_un a;
	socklen_t n;

	if (!load32_acquire(&t->bell) || load32(&t->state) != MPT_SLOT_LIVE)
		return;
	n = name_of(&a, slot, t->generation);
	/* Full: it has been rung already.  Refused: it died. */
	sendto(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&a, n);
}

/* The socket is made each time: kept, it would be one more descriptor of every process that
 * gives, to be watched over forks and programs that close what they do not know. */
void bell_ring(struct mpt_wire_side *side)
{
	uint32_t used = load32_acquire(&domain.header->section[MPT_SEC_THREADS].used);
	uint32_t who = exchange32(&side->polled, 0);
	int saved = errno, fd;

	if (!who)
		return;
	fd = descriptor_high(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
	if (fd >= 0 && who != MPT_POLLED_BY_SEVERAL && who <= used)
		ring_one(fd, who - 1);
	else if (fd >= 0 && who == MPT_POLLED_BY_SEVERAL)
		for (uint32_t slot = 0; slot < used; slot++)
			ring_one(fd, slot);
	if (fd >= 0)
		close(fd);
	errno = saved;
}
