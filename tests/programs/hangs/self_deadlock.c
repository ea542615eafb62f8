/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * self_deadlock.c - a thread that wants the mutex it has.
 */
#include "tests/programs/hangs/hang.h"

static const struct hang_kind kinds[] = {
	{ "alone", "self-deadlock", NULL },
	{ "shared", "self-deadlock", NULL },
	{ "idle-thread", "self-deadlock", NULL },
	{ "rwlock", "self-deadlock", "deadlock self-deadlock knot" },
	{ "recursive", "fine", NULL },
	{ "errorcheck", "fine", NULL },
	{ 0 },
};

static pthread_mutex_t private_lock, idle_lock = PTHREAD_MUTEX_INITIALIZER, *lock = &private_lock;
static pthread_cond_t idle_cond = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;

/* Waits for what nobody in this process can tell any more. */
static void idle(int self)
{
	pthread_mutex_lock(&idle_lock);
	hang_beside(self, HANG_FUTEX);
	for (;;)
		pthread_cond_wait(&idle_cond, &idle_lock);
}

/* Of a rwlock the C library refuses to its writer a second write, but only if it is that
 * thread that asks; so a reader asks to write. */
static void read_then_write(int self)
{
	pthread_rwlock_rdlock(&rwlock);
	hang_waits(self, HANG_FUTEX, "rwlock", self);
	pthread_rwlock_wrlock(&rwlock);
	hang_broken("a lock came that was held");
}

static void process(int self)
{
	if (hang_is("idle-thread")) {
		hang_thread(idle, 1);
		hang_await(1);
	}
	if (hang_is("rwlock"))
		read_then_write(self);
	hang_mutex_init(lock, hang_kind_name(), hang_is("shared"));
	pthread_mutex_lock(lock);
	if (hang_is("recursive") || hang_is("errorcheck")) {
		pthread_mutex_lock(lock);
		hang_sleep(self);
	}
	hang_waits(self, HANG_FUTEX, "mutex", self);
	pthread_mutex_lock(lock);
	hang_broken("a lock came that was held");
}

int main(int argc, char **argv)
{
	hang_begin(argc, argv, kinds);
	if (hang_is("shared"))
		lock = hang_memory(sizeof(*lock));
	hang_fork(process, 0);
	return hang_stay(hang_is("idle-thread") ? 2 : 1);
}
