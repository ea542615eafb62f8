/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tutorial_rlock.c - a lock that its holder may take again.
 *
 *	lock = RLock()
 *
 *	def deposit(amount):
 *	    with lock: ...
 *	def transfer():
 *	    with lock:
 *	        deposit(-5)     # takes it again
 *	        deposit(+5)
 *
 * With a Lock, deposit would wait for its own caller for ever.
 * Here: the same.  Only the thread that has it may release it.
 *
 * It prints:
 *
 *	deposit -5, held 2 times
 *	deposit +5, held 2 times
 *	others cannot have it: not now
 *	others cannot release it: not permitted
 *	held 0 times
 *	now others can have it
 */
#include "tutorial.h"

static struct mpt_rlock *lock;

static int other(void *arg)
{
	int rc = mpt_rlock_acquire(lock, 0);

	(void)arg;
	if (rc == 0) {
		say("now others can have it");
		return must(mpt_rlock_release(lock));
	}
	if (rc == -EAGAIN)
		say("others cannot have it: not now");
	if (mpt_rlock_release(lock) == -EPERM)
		say("others cannot release it: not permitted");
	return 0;
}

static void deposit(int amount)
{
	MPT_WITH_RLOCK (lock)
		say("deposit %+d, held %d times", amount, (int)mpt_rlock_depth(lock));
}

static void transfer(void)
{
	MPT_WITH_RLOCK (lock) {
		deposit(-5);
		deposit(+5);
		must(end(begin("other", other, NULL)));
	}
}

int main(void)
{
	must(mpt_rlock_create(&lock, "accounts", 0));
	transfer();
	say("held %d times", (int)mpt_rlock_depth(lock));
	must(end(begin("other", other, NULL)));
	mpt_rlock_destroy(lock);
	return 0;
}
