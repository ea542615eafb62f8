/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * wait.h - what the kernel programs tell about threads that sleep and about open files:
 * the bytes between bpf/ and mpstat/collector/kernel_bpf_waits.c.
 *
 * Owns: the layout of the rows, which piece follows which.  Does not own: what they mean
 * (mpstat/collector/blocked.h has the same numbers for kinds and flags).
 *
 * Both sides are built together, so there is no version.  Fixed-width members, no implicit
 * padding.  Process numbers are those of the reader's pid namespace.  No address of the
 * kernel's own is told: those that tell one thing from another are hashed with a secret.
 */
#ifndef MPTRACE_BPF_WAIT_H
#define MPTRACE_BPF_WAIT_H

/* vmlinux types on one side, <linux/types.h> on the other. */
#ifndef __bpf__
#include <linux/types.h>
#endif

#define WAIT_COMM 16
#define WAIT_NAME 32
#define WAIT_BEFORE 48 /* bytes before the address that was passed */
#define WAIT_AFTER 128 /* from it on */
#define WAIT_STACK_WORDS 64
#define WAIT_PIDS 1024 /* so many processes can be asked for one by one */

/* What a row has, and which pieces follow it, in this order: a wait_memory when there is
 * a place, a wait_stack, a file_row. */
enum wait_has {
	WAIT_HAS_PLACE = 1 << 0,
	WAIT_HAS_BEFORE = 1 << 1,
	WAIT_HAS_MEMORY = 1 << 2,
	WAIT_HAS_STACK = 1 << 3,
	WAIT_HAS_FILE = 1 << 4,
};

/* A thread.  Of one that runs only its numbers and its name are told. */
struct wait_row {
	__u16 size; /* of the row with all its pieces */
	__u8 has;   /* enum wait_has */
	char state; /* R S D T t */
	__u32 pid;  /* of the process */
	__u32 tid;
	__u32 inner_tid;     /* in its own pid namespace */
	__u32 pid_namespace; /* inode */
	__s32 syscall;	     /* -1: none, or not of this machine's own kind */
	__u64 start_ns;	     /* of the process, CLOCK_BOOTTIME */
	__u64 since_sched_ns; /* scheduler's clock, as task_head has it */
	__u64 runs;
	__u64 argument[6];
	__u64 ip;
	__u64 sp;
	__u64 preserved[6]; /* registers that a call keeps; 0 in calls that are not in the table */
	char comm[WAIT_COMM];
};

/* Around the address that was passed. */
struct wait_memory {
	__u64 space; /* a hash of the address space */
	__u64 address;
	__u64 inode;
	__u64 offset; /* of the address in the mapped file, bytes */
	__u32 device; /* as the kernel has it: major << 20 | minor */
	__u16 size;   /* known bytes from WAIT_BEFORE on */
	__u16 shared;
	char name[WAIT_NAME]; /* of the mapped file; raw */
	__u8 bytes[WAIT_BEFORE + WAIT_AFTER];
};

struct wait_stack {
	__u64 words; /* how many are known */
	__u64 word[WAIT_STACK_WORDS];
};

enum file_row_kind {
	FILE_ROW_NONE,
	FILE_ROW_OTHER,
	FILE_ROW_PIPE,
	FILE_ROW_FIFO,
	FILE_ROW_UNIX,
	FILE_ROW_TCP, /* any socket that is not a unix one */
	FILE_ROW_EVENTFD,
	FILE_ROW_MQUEUE,
	FILE_ROW_TERMINAL,
	FILE_ROW_TIMER,
	FILE_ROW_EPOLL,
	FILE_ROW_REGULAR,
};

enum file_row_flag {
	FILE_ROW_CAN_READ = 1 << 0,
	FILE_ROW_CAN_WRITE = 1 << 1,
	FILE_ROW_NONBLOCK = 1 << 2,
	FILE_ROW_LISTENS = 1 << 3,
	FILE_ROW_READ_TIMED = 1 << 4,
	FILE_ROW_WRITE_TIMED = 1 << 5,
	FILE_ROW_DATAGRAM = 1 << 6,
	FILE_ROW_LEVEL_KNOWN = 1 << 7,
};

/* An open file; mpstat/collector/blocked.h says what the members mean. */
struct file_row {
	__u8 kind; /* enum file_row_kind */
	__u8 reserved;
	__u16 flags;  /* enum file_row_flag */
	__u32 device; /* major << 20 | minor */
	__u32 readers;
	__u32 writers;
	__u64 inode;
	__u64 peer_inode;
	__u64 description; /* a hash */
	__u64 units;
	__u64 capacity;
	__u64 bytes;
	char name[WAIT_NAME]; /* raw */
};

/* One descriptor of one process. */
struct file_end_row {
	__u16 size;
	__u16 reserved;
	__u32 pid;
	__u64 start_ns;
	__s32 fd;
	__u32 reserved2;
	struct file_row file;
};

#endif
