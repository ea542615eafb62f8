/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * task.bpf.c - all tasks that there are now, a row each.
 *
 * Owns: the rows of a snapshot (bpf/life.h).  Does not own: sums over the threads of
 * a process, they come in any order (mpstat/collector/kernel_bpf_tasks.c).
 * Runs when the reader reads, in the reader's pid namespace.
 */
#include "bpf/arch_x86.h"
#include "bpf/state.h"
#include "bpf/task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Somebody looks at rows of threads; else they carry processor time alone. */
int want_threads = 0;

/* The reader itself, for the clock: when it was last given a processor (scheduler's
 * clock), after how many switches. */
unsigned long long own_arrival_ns = 0;
unsigned long long own_switches = 0;

static __always_inline void set_sleep(struct task_head *head, struct task_struct *task)
{
	if (head->state == 'R')
		return;
	head->since_sched_ns = asleep_since(task);
	if (task->exit_state || task->flags & PF_KTHREAD)
		return;
	call_of_registers(head, (const struct pt_regs *)bpf_task_pt_regs(task));
}

static __always_inline __u64 resident_pages(struct mm_struct *mm)
{
	__s64 pages;

	if (!mm)
		return 0;
	if (bpf_core_field_exists(((struct mm_struct___before_6_2 *)mm)->rss_stat.count)) {
		struct mm_struct___before_6_2 *old = (void *)mm;

		pages = old->rss_stat.count[MM_FILEPAGES].counter +
			old->rss_stat.count[MM_ANONPAGES].counter +
			old->rss_stat.count[MM_SHMEMPAGES].counter;
	} else {
		pages = mm->rss_stat[MM_FILEPAGES].count + mm->rss_stat[MM_ANONPAGES].count +
			mm->rss_stat[MM_SHMEMPAGES].count;
	}
	return pages > 0 ? (__u64)pages : 0;
}

static __always_inline void set_namespace(struct task_process *row, const struct pid *pid)
{
	struct upid inner;

	if (reader_sees_all && pid->level == 0) {
		row->pid_namespace = reader_namespace;
		row->inner_pid = row->head.pid;
		return;
	}
	inner = upid_at(pid, pid->level);
	row->inner_pid = (__u32)inner.nr;
	row->pid_namespace = BPF_CORE_READ(inner.ns, ns.inum);
}

static __always_inline void set_parent(struct task_process *row, const struct task_struct *parent)
{
	row->parent = process_number(parent);
	if (row->parent)
		row->parent_start_ns = parent->start_boottime;
}

static __always_inline void set_memory(struct task_process *row, struct mm_struct *mm)
{
	if (!mm)
		return;
	row->rss_pages = resident_pages(mm);
	row->arg_start = mm->arg_start;
}

static __always_inline __u32 flags_of(const struct task_struct *task,
				      const struct signal_struct *signal)
{
	__u32 flags = 0;

	if (BPF_CORE_READ_BITFIELD(signal, is_child_subreaper))
		flags |= TASK_SUBREAPER;
	if (ignores_children(task->sighand))
		flags |= TASK_IGNORES_CHILDREN;
	if (task->flags & PF_KTHREAD)
		flags |= TASK_KERNEL;
	if (signal->flags & SIGNAL_GROUP_EXIT)
		flags |= TASK_GROUP_EXIT;
	return flags;
}

/* Each pointer is read once from the task and before anything branches: the verifier
 * takes a millisecond for each such read, on each path. */
static __always_inline void tell_process(struct seq_file *seq, struct task_struct *task,
					 const struct task_head *head)
{
	struct task_process row = {.head = *head};
	const struct signal_struct *signal = task->signal;
	const struct task_struct *parent = task->real_parent->group_leader;
	const struct pid *pid = task->thread_pid;
	struct mm_struct *mm = task->mm;

	row.head.size = sizeof(row);
	row.head.type = TASK_PROCESS;
	row.head.cpu_ns += signal->sum_sched_runtime;
	row.cgroup = task->cgroups->dfl_cgrp->kn->id;
	row.uid = task->cred->euid.val;
	row.start_ns = task->start_boottime;
	row.threads = (__u32)signal->nr_threads;
	row.flags = flags_of(task, signal);
	copy_comm(row.comm, task);
	set_parent(&row, parent);
	row.group = group_number(signal->pids[PIDTYPE_PGID]);
	row.session = group_number(signal->pids[PIDTYPE_SID]);
	set_memory(&row, mm);
	set_namespace(&row, pid);
	set_sleep(&row.head, task);
	if (task->exit_state)
		row.exit_status = exit_status(task, signal);
	bpf_seq_write(seq, &row, sizeof(row));
}

static __always_inline void tell_thread(struct seq_file *seq, struct task_struct *task,
					const struct task_head *head)
{
	struct task_thread row = {.head = *head};

	row.head.size = sizeof(row);
	row.head.type = TASK_THREAD;
	if (want_threads) {
		set_sleep(&row.head, task);
		copy_comm(row.comm, task);
	}
	bpf_seq_write(seq, &row, sizeof(row));
}

SEC("iter/task")
int task_rows(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct task_head head = {.syscall = -1};
	bool leads;

	if (!task)
		return 0;
	leads = task->pid == task->tgid;
	head.pid = leader_number(task);
	head.tid = thread_number(task);
	/* Elsewhere, or gone already, between two steps of the iterator. */
	if (!head.pid || !head.tid)
		return 0;
	if ((__u64)task == bpf_get_current_task()) {
		own_arrival_ns = task->sched_info.last_arrival;
		own_switches = task->nvcsw + task->nivcsw;
	}
	head.state = state_letter(raw_state(task), (unsigned int)task->exit_state);
	head.cpu_ns = task->se.sum_exec_runtime;
	if (leads)
		tell_process(seq, task, &head);
	else
		tell_thread(seq, task, &head);
	return 0;
}
