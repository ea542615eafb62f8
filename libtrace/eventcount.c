/* SPDX-License-Identifier: BSD-2-Clause */
/* eventcount.c - see eventcount.h. */
#include "libtrace/eventcount.h"

void eventcount_wake_slow(uint32_t *seq, uint32_t *want, int n)
{
	uint32_t s = load32_acquire(seq);

	/* Lost to another waker: it wakes, and its sleeper passes the wake on. */
	if (load32(want) != s || !cas32(seq, s, s + 1))
		return;
	if (futex_wake(seq, n) >= n)
		cas32(want, s, s + 1); /* a sleeper's newer value must not be undone */
}
