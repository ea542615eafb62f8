/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * life.h - what the kernel programs tell about the life of processes: the bytes
 * between bpf/ and mpstat/collector/kernel_bpf.c.
 *
 * Owns: the layout of ring events and snapshot rows, the knobs set before load.
 * Does not own: what they mean (mpstat/collector/source_life.c, source_proc.c).
 *
 * Both sides are built together, so there is no version.  Fixed-width members, no
 * implicit padding.  Process numbers are those of the reader's pid namespace; a
 * process that does not exist there is not told.  Times are nanoseconds; *_start_ns
 * is the kernel's start_boottime (CLOCK_BOOTTIME) of the process' first thread.
 */
#ifndef MPTRACE_BPF_LIFE_H
#define MPTRACE_BPF_LIFE_H

/* vmlinux types on one side, <linux/types.h> on the other. */
#ifndef __bpf__
#include <linux/types.h>
#endif

#define LIFE_COMM 16

enum life_what {
	LIFE_FORK = 1, /* pid: the child; other: its parent (real_parent, a process) */
	LIFE_EXEC,     /* pid: who; comm: its new name */
	LIFE_EXIT,     /* pid: its last thread has ended; other: its parent at that moment */
	LIFE_SIGNAL,   /* pid: who will die of it or stop; other: the sender */
	LIFE_OOM,      /* pid: chosen by the kernel because memory ran out */
};

/* Where a signal came from, as the kernel's own pointer value says. */
enum life_origin {
	LIFE_ORIGIN_INFO,   /* a real siginfo: `code` is its si_code */
	LIFE_ORIGIN_NOINFO, /* SEND_SIG_NOINFO: on behalf of the current process */
	LIFE_ORIGIN_KERNEL, /* SEND_SIG_PRIV: the current process is not to blame */
};

enum life_flag {
	LIFE_SENDER_EXITS = 1 << 0, /* SIGNAL: the sender is ending itself */
	LIFE_SENDER_OUTSIDE = 1 << 1, /* other_pid is 0: another pid namespace, or the idle task */
	LIFE_PARENT_IGNORES = 1 << 2, /* EXIT: parent ignores SIGCHLD: no zombie */
	LIFE_GROUP_EXIT = 1 << 3, /* EXIT: status is of the whole process (signal->group_exit_code) */
	LIFE_CORE = 1 << 4, /* EXIT: a core was dumped */
};

struct life_event {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 start_ns;
	__u64 other_start_ns; /* 0: no other */
	__u32 pid;
	__u32 other_pid; /* 0: none, or outside */
	__u32 other_tid; /* FORK, SIGNAL: the thread that did it */
	__u32 group;	 /* process group and session of pid */
	__u32 session;
	__u32 uid;
	__s32 status; /* EXIT: as wait(2) gives it */
	__s32 code;   /* SIGNAL: si_code */
	__u8 what;    /* enum life_what */
	__u8 signal;
	__u8 origin; /* enum life_origin */
	__u8 flags;  /* enum life_flag */
	__u32 reserved;
	char comm[LIFE_COMM];
	char other_comm[LIFE_COMM];
};

/* One process of a snapshot (its first thread), or a further thread of one. */
enum task_row_type {
	TASK_PROCESS = 1,
	TASK_THREAD, /* the row ends after `thread_tail` */
};

enum task_flag {
	TASK_SUBREAPER = 1 << 0,
	TASK_IGNORES_CHILDREN = 1 << 1, /* SIGCHLD ignored, or SA_NOCLDWAIT */
	TASK_KERNEL = 1 << 2,		/* a kernel thread */
	TASK_GROUP_EXIT = 1 << 3,
};

/* Each row begins with its size, so that a reader can walk a buffer. */
struct task_head {
	__u16 size; /* of the whole row */
	__u8 type;  /* enum task_row_type */
	char state; /* R S D T t Z X I */
	__u32 pid;  /* of the process */
	__u32 tid;
	__s32 syscall; /* number of the system call it is in; -1: none, running, or unknown */
	/* Processor time of this thread alone; of a TASK_PROCESS plus that of its
	 * threads that have ended. */
	__u64 cpu_ns;
	/* When it was last put to sleep (or became a zombie): on the scheduler's clock,
	 * task_clock_offset_ns() turns it into CLOCK_MONOTONIC.  0: it runs. */
	__u64 since_sched_ns;
	__u64 argument[3]; /* of the system call */
};

struct task_thread {
	struct task_head head;
	char comm[LIFE_COMM];
};

struct task_process {
	struct task_head head;
	char comm[LIFE_COMM];
	__u64 start_ns;
	__u64 parent_start_ns;
	__u64 rss_pages;
	__u64 cgroup; /* id of the cgroup on the unified hierarchy, 1 where there is none */
	__u64 arg_start; /* address of the arguments: changes at exec and setproctitle */
	__u64 pid_namespace; /* inode */
	__u32 parent; /* real_parent's process; 0: outside, or none */
	__u32 inner_pid; /* its own number in its own pid namespace */
	__u32 group;
	__u32 session;
	__u32 uid; /* effective */
	__u32 threads;
	__s32 exit_status; /* as wait(2) gives it, when state is Z or X */
	__u32 flags;	   /* enum task_flag */
};

#endif
