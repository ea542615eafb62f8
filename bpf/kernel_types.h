/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * kernel_types.h - the kernel's types, as far as our programs look into them.
 *
 * Owns: a few members of a few structs, and the numbers of the kernel's interface
 * that our programs need.  No offset here is believed: preserve_access_index makes
 * the loader ask the running kernel's BTF for each.  So the machine that builds
 * needs no BTF and no generated vmlinux.h.
 *
 * A struct name with ___ is the same struct as another kernel version has it; which
 * one is there is asked with bpf_core_field_exists.
 */
#ifndef MPTRACE_BPF_KERNEL_TYPES_H
#define MPTRACE_BPF_KERNEL_TYPES_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;
/* The names bpf_helpers.h uses. */
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;

typedef _Bool bool;
#define NULL ((void *)0)

/* linux/bpf.h */
enum { BPF_NOEXIST = 1, BPF_RB_NO_WAKEUP = 1 };
enum { BPF_MAP_TYPE_LRU_HASH = 9, BPF_MAP_TYPE_RINGBUF = 27 };

/* linux/sched.h */
#define PF_EXITING 0x00000004
#define PF_KTHREAD 0x00200000
#define TASK_NOLOAD 0x00000400
/* linux/sched/signal.h */
#define SIGNAL_GROUP_EXIT 0x00000004
/* linux/pid_types.h (since 4.19) */
enum { PIDTYPE_PID, PIDTYPE_TGID, PIDTYPE_PGID, PIDTYPE_SID, PIDTYPE_COUNT };
/* linux/mm_types_task.h */
enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

typedef struct {
	long counter;
} atomic_long_t;

typedef struct {
	__u32 val;
} kuid_t;

struct ns_common {
	unsigned int inum;
};

struct pid_namespace {
	struct ns_common ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct sched_info {
	__u64 last_arrival;
};

struct sched_entity {
	__u64 sum_exec_runtime;
	__u64 prev_sum_exec_runtime;
};

/* Since 6.2 one of these per kind of page, before: struct mm_rss_stat. */
struct percpu_counter {
	__s64 count;
};

struct mm_struct {
	unsigned long arg_start;
	struct percpu_counter rss_stat[NR_MM_COUNTERS];
};

struct mm_rss_stat___before_6_2 {
	atomic_long_t count[NR_MM_COUNTERS];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat___before_6_2 rss_stat;
};

struct cred {
	kuid_t euid;
};

struct sigaction {
	void *sa_handler;
	unsigned long sa_flags;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct signal_struct {
	atomic_t live; /* threads that have not begun to exit */
	int nr_threads;
	int group_exit_code;
	unsigned int flags;
	unsigned int is_child_subreaper : 1;
	struct pid *pids[PIDTYPE_COUNT];
	__u64 sum_sched_runtime; /* of threads that are gone */
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct thread_info {
	__u32 status;
};

/* What a call that was interrupted goes on with.  Which member of the union it is, only
 * the function `fn` says. */
struct restart_block {
	union {
		struct {
			__u32 *uaddr;
			__u32 val;
			__u32 flags;
			__u32 bitset;
		} futex;
		struct {
			int clockid;
			void *rmtp;
		} nanosleep;
		struct {
			void *ufds;
			int nfds;
		} poll;
	};
};

struct files_struct;

struct task_struct {
	struct thread_info thread_info;
	unsigned int __state;
	unsigned int flags;
	struct sched_entity se;
	struct sched_info sched_info;
	struct mm_struct *mm;
	int exit_state;
	int exit_code;
	int exit_signal;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	unsigned long nvcsw;
	unsigned long nivcsw;
	__u64 start_boottime;
	const struct cred *cred;
	char comm[16];
	struct files_struct *files;
	struct restart_block restart_block;
	struct signal_struct *signal;
	struct sighand_struct *sighand;
	struct css_set *cgroups;
};

struct task_struct___before_5_14 {
	long state;
};

/* The iterator's context and where it writes to. */
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct kernel_siginfo {
	int si_signo;
	int si_code;
};

struct linux_binprm;

#pragma clang attribute pop

#endif
