/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * task.h - what both programs ask about a task: its numbers as the reader sees
 * them, its name.
 *
 * Owns: the way from a task to a process number of the reader's pid namespace.
 * Pointers that come from a trusted one are dereferenced directly: the verifier
 * lets it, a bad address reads as 0, and a helper call costs more than all the rest.
 */
#ifndef MPTRACE_BPF_TASK_H
#define MPTRACE_BPF_TASK_H

#include "bpf/kernel_types.h"
#include "bpf/life.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#define SIGCHLD_ACTION (17 - 1)
#define SA_NOCLDWAIT 2

/* Inode of the reader's pid namespace, and whether that is the first one, in which
 * everything has a number.  Set before load (life.bpf.c defines them). */
extern const volatile unsigned int reader_namespace;
extern const volatile bool reader_sees_all;

/* Namespaces nest at most so deep (linux/pid_namespace.h). */
#define LEVELS 33

static __always_inline struct upid upid_at(const struct pid *pid,
								 unsigned int level)
{
	struct upid found = {};
	unsigned int where = bpf_core_field_offset(struct pid, numbers) +
			     level * bpf_core_type_size(struct upid);

	bpf_probe_read_kernel(&found, sizeof(found), (const char *)pid + where);
	return found;
}

/* The number in the reader's namespace; 0: it has none there. */
static __attribute__((noinline)) __u32 number_in_reader(const struct pid *pid)
{
	unsigned int depth = BPF_CORE_READ(pid, level);

	for (unsigned int level = 1; level < LEVELS; level++) {
		struct upid here;

		if (level > depth)
			break;
		here = upid_at(pid, level);
		if (BPF_CORE_READ(here.ns, ns.inum) == reader_namespace)
			return (__u32)here.nr;
	}
	return 0;
}

/* Of a group leader. */
static __always_inline __u32 process_number(const struct task_struct *leader)
{
	if (reader_sees_all)
		return (__u32)leader->tgid;
	return leader->thread_pid ? number_in_reader(leader->thread_pid) : 0;
}

/* Of the process a task belongs to. */
static __always_inline __u32 leader_number(const struct task_struct *task)
{
	return reader_sees_all ? (__u32)task->tgid : process_number(task->group_leader);
}

static __always_inline __u32 thread_number(const struct task_struct *task)
{
	if (reader_sees_all)
		return (__u32)task->pid;
	return task->thread_pid ? number_in_reader(task->thread_pid) : 0;
}

/* Of a process group or session. */
static __always_inline __u32 group_number(const struct pid *pid)
{
	if (!pid)
		return 0;
	if (reader_sees_all)
		return (__u32)pid->numbers[0].nr;
	return number_in_reader(pid);
}

static __always_inline void copy_comm(char *to,
							    const struct task_struct *task)
{
	*(__u64 *)to = *(const __u64 *)&task->comm[0];
	*(__u64 *)(to + 8) = *(const __u64 *)&task->comm[8];
}

/* As wait(2) gives it. */
static __always_inline __s32 exit_status(const struct task_struct *leader,
							       const struct signal_struct *signal)
{
	return signal->flags & SIGNAL_GROUP_EXIT ? signal->group_exit_code : leader->exit_code;
}

/* Its children leave no zombies. */
static __always_inline bool
ignores_children(const struct sighand_struct *sighand)
{
	if (!sighand)
		return 0;
	return (unsigned long)sighand->action[SIGCHLD_ACTION].sa.sa_handler == 1 ||
	       sighand->action[SIGCHLD_ACTION].sa.sa_flags & SA_NOCLDWAIT;
}

#endif
