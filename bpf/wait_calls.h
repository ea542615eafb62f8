/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * wait_calls.h - which system calls of x86-64 sleep for something that their arguments
 * tell, and where.
 *
 * Owns: the one table for both ways to look, by eBPF and by /proc.  A call that is not here
 * is told with its number and its arguments alone.
 */
#ifndef MPTRACE_BPF_WAIT_CALLS_H
#define MPTRACE_BPF_WAIT_CALLS_H

#define WAIT_CALLS 512 /* numbers from here on are not in the table */

enum wait_trait {
	WAIT_MEMORY_0 = 1 << 0, /* the first argument points to what it waits on */
	WAIT_MEMORY_1 = 1 << 1, /* the second does */
	WAIT_STACK = 1 << 2,	/* who called it says what it is */
	WAIT_FILE = 1 << 3,	/* the first argument is a descriptor */
};

#define CALL_POLL 7
#define CALL_SELECT 23
#define CALL_NANOSLEEP 35
#define CALL_FUTEX 202
#define CALL_RESTART 219
#define CALL_CLOCK_NANOSLEEP 230
#define CALL_MQ_SEND 242
#define CALL_MQ_RECEIVE 243
#define CALL_PSELECT 270
#define CALL_PPOLL 271

/* clang-format off */
#define WAIT_CALL_TRAITS {					\
	[0] = WAIT_FILE,	/* read */			\
	[1] = WAIT_FILE,	/* write */			\
	[CALL_POLL] = WAIT_MEMORY_0,				\
	[17] = WAIT_FILE,	/* pread64 */			\
	[18] = WAIT_FILE,	/* pwrite64 */			\
	[19] = WAIT_FILE,	/* readv */			\
	[20] = WAIT_FILE,	/* writev */			\
	[42] = WAIT_FILE,	/* connect */			\
	[43] = WAIT_FILE,	/* accept */			\
	[44] = WAIT_FILE,	/* sendto */			\
	[45] = WAIT_FILE,	/* recvfrom */			\
	[46] = WAIT_FILE,	/* sendmsg */			\
	[47] = WAIT_FILE,	/* recvmsg */			\
	[65] = WAIT_MEMORY_1,	/* semop */			\
	[72] = WAIT_FILE,	/* fcntl */			\
	[73] = WAIT_FILE,	/* flock */			\
	[CALL_FUTEX] = WAIT_MEMORY_0 | WAIT_STACK,		\
	[220] = WAIT_MEMORY_1,	/* semtimedop */		\
	[232] = WAIT_FILE,	/* epoll_wait */		\
	[CALL_MQ_SEND] = WAIT_FILE,				\
	[CALL_MQ_RECEIVE] = WAIT_FILE,				\
	[CALL_PPOLL] = WAIT_MEMORY_0,				\
	[275] = WAIT_FILE,	/* splice: from */		\
	[276] = WAIT_FILE,	/* tee: from */			\
	[281] = WAIT_FILE,	/* epoll_pwait */		\
	[288] = WAIT_FILE,	/* accept4 */			\
	[295] = WAIT_FILE,	/* preadv */			\
	[296] = WAIT_FILE,	/* pwritev */			\
	[299] = WAIT_FILE,	/* recvmmsg */			\
	[307] = WAIT_FILE,	/* sendmmsg */			\
	[327] = WAIT_FILE,	/* preadv2 */			\
	[328] = WAIT_FILE,	/* pwritev2 */			\
	[441] = WAIT_FILE,	/* epoll_pwait2 */		\
	[449] = WAIT_MEMORY_0,	/* futex_waitv */		\
}
/* clang-format on */

#endif
