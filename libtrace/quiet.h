/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * quiet.h - the frame of a public call that enters the kernel for more than sleeping.
 *
 * errno is kept.  No such call is a cancellation point: a thread that vanished inside
 * would leave a lock taken, a descriptor open, or a child that nobody waits for.
 */
#ifndef MPT_QUIET_H
#define MPT_QUIET_H

#include <errno.h>
#include <pthread.h>

struct quiet {
	int error, cancel;
};

static inline struct quiet quiet_begin(void)
{
	struct quiet q = { .error = errno };

	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &q.cancel);
	return q;
}

static inline void quiet_end(struct quiet q)
{
	int disabled;

	pthread_setcancelstate(q.cancel, &disabled);
	errno = q.error;
}

#endif
