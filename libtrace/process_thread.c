/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * process_thread.c - which threads keep a child from ending.
 *
 * A child waits for all threads it left running but those that said they need
 * not be waited for.  These are counted in the process's slot, where viewers see it.
 */
#include "libtrace/emit.h"
#include "libtrace/process.h"

#include <sys/stat.h>

#define PAUSE_FIRST_NS 100000l /* 0.1 ms: most threads are about to end */
#define PAUSE_LAST_NS 20000000l

/* Set in a daemon thread, to the slot that counts it. */
static pthread_key_t counted;
static pthread_once_t counted_once = PTHREAD_ONCE_INIT;
static uint32_t counted_made; /* A */

static void uncount(void *slot)
{
	add32(&((struct mpt_wire_process *)slot)->threads_daemon, (uint32_t)-1);
}

static void make_key(void)
{
	if (pthread_key_create(&counted, uncount) == 0)
		store32_release(&counted_made, 1);
}

int mpt_process_thread_daemon(void)
{
	struct quiet quiet = quiet_begin();
	struct member *me;
	int rc = 0;

	pthread_once(&counted_once, make_key);
	me = member_get(&rc);
	if (!load32_acquire(&counted_made))
		rc = -ENOMEM;
	else if (me && gettid() != getpid() && !pthread_getspecific(counted)) {
		rc = -pthread_setspecific(counted, me->process);
		if (rc == 0)
			add32(&me->process->threads_daemon, 1);
	}
	quiet_end(quiet);
	return rc;
}

/* The forking thread is the child's main thread: nobody counts it. */
void process_thread_forked(void)
{
	if (load32_acquire(&counted_made))
		pthread_setspecific(counted, NULL);
}

/* The kernel gives the directory two links and one for each thread; asking needs no
 * descriptor. */
unsigned int process_thread_count(void)
{
	struct stat st;

	if (stat("/proc/self/task", &st) < 0 || st.st_nlink < 3)
		return 1;
	return (unsigned int)st.st_nlink - 2;
}

void process_thread_await(const struct mpt_wire_process *self, unsigned int at_birth)
{
	struct timespec pause = { 0, PAUSE_FIRST_NS };

	while (process_thread_count() > at_birth + load32_acquire(&self->threads_daemon)) {
		nanosleep(&pause, NULL);
		pause.tv_nsec = pause.tv_nsec * 2 < PAUSE_LAST_NS ? pause.tv_nsec * 2 :
								    PAUSE_LAST_NS;
	}
}
