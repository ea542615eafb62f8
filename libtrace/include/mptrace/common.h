/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * common.h - what every call of libmptrace shares: results, timeouts.
 *
 * Results: 0 or a count when done, MPT_RECOVERED when done and a dead owner
 * was taken over, else a negative errno.  The variable errno is untouched.
 *
 *   -EAGAIN     tried once (timeout 0) and could not: full, empty, busy
 *   -ETIMEDOUT  the timeout passed
 *   -ESHUTDOWN  the handle was closed, or the object destroyed
 *   -EINTR      a signal came and the handle is MPT_INTERRUPTIBLE
 *   -ENOSPC     no slot left in the domain   -ENOMEM  no memory
 *   -EINVAL     an argument makes no sense
 *
 * Delivery is at most once.  Handles may be used by any number of threads and
 * by forked children at once; create, close and destroy of one handle by one.
 */
#ifndef MPTRACE_COMMON_H
#define MPTRACE_COMMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MPT_API __attribute__((visibility("default")))

/* Timeouts are nanoseconds: 0 tries once, MPT_FOREVER waits for ever. */
#define MPT_FOREVER UINT64_MAX
#define MPT_MS(n) ((uint64_t)(n)*1000000u)
#define MPT_SECONDS(n) ((uint64_t)(n)*1000000000u)

#define MPT_RECOVERED 1

/* Creation flags. */
#define MPT_INTERRUPTIBLE 1u /* blocking calls return -EINTR after a signal */

/* A timeout from seconds as Python writes them: negative is 0, and what does
 * not fit is MPT_FOREVER. */
static inline uint64_t mpt_timeout(double seconds)
{
	if (!(seconds > 0))
		return 0;
	return seconds >= 1.8e10 ? MPT_FOREVER : (uint64_t)(seconds * 1e9);
}

/* What a result means, in words.  Never NULL; static text. */
MPT_API const char *mpt_result_text(int result);

#ifdef __cplusplus
}
#endif
#endif
