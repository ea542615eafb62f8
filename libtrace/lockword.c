/* SPDX-License-Identifier: BSD-2-Clause */
/* lockword.c - see lockword.h. */
#include "libtrace/lockword.h"

#include "libtrace/object.h"

#define SPIN_LEAST 30u /* holders are quick: a sleep costs far more than this */

/* Spins while the word is held and nobody sleeps on it. */
static bool spin(uint32_t *word, struct member *me)
{
	uint32_t most = spin_budget(&me->lock_spin, SPIN_LEAST), now;

	for (uint32_t n = 0; n < most; n++) {
		now = load32(word);
		if (now == 0 && lockword_try(word, me)) {
			spin_paid(&me->lock_spin, n);
			return true;
		}
		if (now & MPT_LOCK_WAITERS)
			return false; /* others sleep already: queue up behind them */
		cpu_relax();
	}
	spin_failed(&me->lock_spin);
	return false;
}

/* Replaces a dead owner's word by ours. */
static bool take_over(uint32_t *word, uint32_t seen, uint32_t mine, uint32_t *dead)
{
	if (member_alive(seen & ~MPT_LOCK_WAITERS))
		return false;
	if (!cas32(word, seen, mine | (seen & MPT_LOCK_WAITERS)))
		return false;
	*dead = seen & ~MPT_LOCK_WAITERS;
	return true;
}

/* Tries until it has the word (0 or MPT_RECOVERED) or must sleep on it (-EBUSY): then
 * *seen is the value to sleep on, with WAITERS set.  A call that only tries once gets
 * -EAGAIN; one that has slept (WAITERS in `mine`) may have had the wake of another, and
 * sets WAITERS all the same. */
static int attempt(uint32_t *word, bool once, uint32_t mine, uint32_t *dead, uint32_t *seen)
{
	for (;;) {
		*seen = load32_acquire(word); /* and what the holder says of itself */
		if (*seen == 0) {
			if (cas32(word, 0, mine))
				return 0;
			continue;
		}
		if (take_over(word, *seen, mine, dead))
			return MPT_RECOVERED;
		if (once && !(mine & MPT_LOCK_WAITERS))
			return -EAGAIN;
		if ((*seen & MPT_LOCK_WAITERS) || cas32(word, *seen, *seen | MPT_LOCK_WAITERS))
			break;
	}
	*seen |= MPT_LOCK_WAITERS;
	return once ? -EAGAIN : -EBUSY;
}

/* Nobody may ever release the lock of an object that has ended.  Who leaves without it
 * may have been woken in another one's place. */
static bool is_over(uint32_t *word, const struct blocking *how)
{
	if (how->closed && load32(how->closed))
		return true;
	if (!how->until_end || object_is(how->object, how->object_generation))
		return false;
	futex_wake(word, 1);
	return true;
}

int lockword_wait(uint32_t *word, struct member *me, struct blocking *how, uint32_t *dead)
{
	bool once = how->deadline == 0;
	struct slice slice = { 0 };
	uint32_t mine = me->word, seen;
	int rc;

	if (!once && spin(word, me))
		return 0;
	for (;;) {
		rc = attempt(word, once, mine, dead, &seen);
		if (rc != -EBUSY)
			return rc == -EAGAIN && how->deadline ? -ETIMEDOUT : rc;
		emit_block(me, how);
		rc = futex_wait(word, seen, &slice, how->deadline);
		if (rc == -EINTR && how->interruptible)
			return -EINTR;
		if (is_over(word, how))
			return -ESHUTDOWN;
		/* Others may sleep still: hold the word as if they did. */
		mine = me->word | MPT_LOCK_WAITERS;
		once = how->deadline != MPT_FOREVER && futex_now() >= how->deadline;
	}
}
