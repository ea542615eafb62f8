/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * trace.h - is this program being recorded, and is anything lost?
 *
 * Environment, read when the domain is created:
 *   MPTRACE=0          no records (live state stays: it is what makes objects
 *                      survive a killed process)
 *   MPTRACE_RING=64K   bytes of records kept per thread (8K to 16M)
 *   MPTRACE_SIZE=64M   size of the domain (1M to 1G)
 *   MPTRACE_NAME=name  name of the domain, else the program's
 *   MPTRACE_OUT=dir    keep the domain in dir/NAME-PID.mptrace after the end; where
 *                      that is impossible the program works without
 */
#ifndef MPTRACE_TRACE_H
#define MPTRACE_TRACE_H

#include <mptrace/common.h>

#ifdef __cplusplus
extern "C" {
#endif

struct mpt_trace_info {
	bool on;		/* this thread writes records */
	int error;		/* why not, or why MPTRACE_OUT was not followed: negative
				 * errno; 0: all as wanted */
	uint64_t records;	/* written by this thread */
	uint64_t lost;		/* not written: re-entered by a signal handler */
	uint64_t ring_bytes;	/* of this thread */
	char domain[48];	/* name */
};

/* Fills in the calling thread's view of tracing; joins the thread to the
 * domain when it is not yet.
 * Returns 0, or a negative errno when the process has no domain and none can
 * be made.  Does not block. */
MPT_API int mpt_trace_status(struct mpt_trace_info *out);

#ifdef __cplusplus
}
#endif
#endif
