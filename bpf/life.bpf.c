/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * life.bpf.c - what happens to processes: born, another program, ended, a signal
 * that ends or stops, chosen because memory ran out.
 *
 * Owns: the ring of events and its loss counter.  Does not own: what is there now
 * (task.bpf.c), what it means (mpstat).  The reader is never woken: a wakeup per
 * event doubles the price of a fork, so it comes to look.
 */
#include "bpf/task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile unsigned int reader_namespace = 0;
const volatile bool reader_sees_all = 1;

/* Events that found the ring full. */
unsigned long long lost = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096); /* KERNEL_RING_BYTES, set before load */
} ring SEC(".maps");

/* life_exit_each: the processes that were told lately. */
struct told {
	__u64 start_ns;
	__u64 pid;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct told);
	__type(value, __u8);
} told SEC(".maps");

/* An empty event, or NULL: counted as lost. */
static __always_inline struct life_event *new_event(enum life_what what)
{
	struct life_event *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&lost, 1);
		return NULL;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->what = what;
	event->time_ns = bpf_ktime_get_ns();
	return event;
}

/* What is not read from `leader` itself is read by a helper: the verifier takes a
 * millisecond for each pointer it follows from a task. */
static __always_inline void set_subject(struct life_event *event, const struct task_struct *leader,
					const struct signal_struct *signal, __u32 pid)
{
	event->pid = pid;
	event->start_ns = leader->start_boottime;
	event->group = group_number(signal->pids[PIDTYPE_PGID]);
	event->session = group_number(signal->pids[PIDTYPE_SID]);
	event->uid = BPF_CORE_READ(leader, cred, euid.val);
	copy_comm(event->comm, leader);
}

static __always_inline void set_other(struct life_event *event, const struct task_struct *leader)
{
	event->other_pid = process_number(leader);
	if (!event->other_pid) {
		event->flags |= LIFE_SENDER_OUTSIDE;
		return;
	}
	event->other_start_ns = leader->start_boottime;
	copy_comm(event->other_comm, leader);
}

static __always_inline void submit(struct life_event *event)
{
	bpf_ringbuf_submit(event, BPF_RB_NO_WAKEUP);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(life_fork, struct task_struct *by, struct task_struct *child)
{
	struct life_event *event;
	__u32 pid;

	if (child->pid != child->tgid || child->flags & PF_KTHREAD)
		return 0;
	pid = process_number(child);
	if (!pid)
		return 0;
	event = new_event(LIFE_FORK);
	if (!event)
		return 0;
	set_subject(event, child, child->signal, pid);
	set_other(event, child->real_parent->group_leader);
	event->other_tid = thread_number(by);
	submit(event);
	return 0;
}

/* Whichever thread called it, it is the first one now. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(life_exec, struct task_struct *task)
{
	struct life_event *event;
	__u32 pid = process_number(task);

	if (!pid)
		return 0;
	event = new_event(LIFE_EXEC);
	if (!event)
		return 0;
	set_subject(event, task, task->signal, pid);
	set_other(event, task->real_parent->group_leader);
	submit(event);
	return 0;
}

static __always_inline void tell_exit(const struct task_struct *leader, __u32 pid)
{
	const struct task_struct *parent = leader->real_parent->group_leader;
	const struct signal_struct *signal = leader->signal;
	struct life_event *event = new_event(LIFE_EXIT);

	if (!event)
		return;
	set_subject(event, leader, signal, pid);
	set_other(event, parent);
	event->status = exit_status(leader, signal);
	if (signal->flags & SIGNAL_GROUP_EXIT)
		event->flags |= LIFE_GROUP_EXIT;
	if (event->status & 0x80)
		event->flags |= LIFE_CORE;
	if (leader->exit_signal == SIGCHLD_ACTION + 1 && ignores_children(parent->sighand))
		event->flags |= LIFE_PARENT_IGNORES;
	submit(event);
}

/* Where the kernel says that it is the last thread (the loader looks). */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(life_exit, struct task_struct *task, bool group_dead)
{
	struct task_struct *leader;
	__u32 pid;

	if (!group_dead || task->flags & PF_KTHREAD)
		return 0;
	leader = task->group_leader;
	pid = process_number(leader);
	if (pid)
		tell_exit(leader, pid);
	return 0;
}

/* Where it does not: threads that end at the same time may all find that nobody is
 * left; the first one tells. */
SEC("tp_btf/sched_process_exit")
int BPF_PROG(life_exit_each, struct task_struct *task)
{
	struct task_struct *leader;
	struct told key = {};
	__u8 yes = 1;
	__u32 pid;

	if (task->signal->live.counter != 0 || task->flags & PF_KTHREAD)
		return 0;
	leader = task->group_leader;
	pid = process_number(leader);
	if (!pid)
		return 0;
	key.pid = pid;
	key.start_ns = leader->start_boottime;
	if (bpf_map_update_elem(&told, &key, &yes, BPF_NOEXIST) != -17 /* EEXIST */)
		tell_exit(leader, pid);
	return 0;
}

#define BIT(signal) (1ull << (signal))
/* CHLD, CONT, URG, WINCH: nothing happens by default. */
#define HARMLESS (BIT(17) | BIT(18) | BIT(23) | BIT(28))
/* KILL, STOP: nobody can do anything about them. */
#define ABSOLUTE (BIT(9) | BIT(19))

/* Will it end or stop the process?  (A blocked one will later.) */
static __always_inline bool takes_effect(const struct task_struct *task, int signal)
{
	void *handler = NULL;

	if (signal < 1 || signal > 64)
		return 0;
	if (signal < 32 && ABSOLUTE & BIT(signal))
		return 1;
	if (signal < 32 && HARMLESS & BIT(signal))
		return 0;
	bpf_probe_read_kernel(&handler, sizeof(handler),
			      (const char *)BPF_CORE_READ(task, sighand) +
				      bpf_core_field_offset(struct sighand_struct, action) +
				      (signal - 1) * bpf_core_type_size(struct k_sigaction) +
				      bpf_core_field_offset(struct k_sigaction, sa.sa_handler));
	return !handler; /* SIG_DFL */
}

/* The pointer's value says who: 0 and 1 are no addresses.  It is read as a number, as
 * the verifier takes an argument for a good address and drops the question. */
static __always_inline void set_origin(struct life_event *event, const unsigned long long *info_at)
{
	unsigned long long info = 0;

	bpf_probe_read_kernel(&info, sizeof(info), info_at);
	if (info == 0) {
		event->origin = LIFE_ORIGIN_NOINFO;
	} else if (info == 1) {
		event->origin = LIFE_ORIGIN_KERNEL;
	} else {
		event->origin = LIFE_ORIGIN_INFO;
		event->code = BPF_CORE_READ((const struct kernel_siginfo *)info, si_code);
	}
}

SEC("tp_btf/signal_generate")
int BPF_PROG(life_signal, int signal, struct kernel_siginfo *info, struct task_struct *task,
	     int group, int result)
{
	struct task_struct *leader, *sender;
	struct life_event *event;
	__u32 pid;

	if (result != 0 /* it was queued */ || !takes_effect(task, signal))
		return 0;
	leader = task->group_leader;
	pid = process_number(leader);
	if (!pid)
		return 0;
	event = new_event(LIFE_SIGNAL);
	if (!event)
		return 0;
	sender = bpf_get_current_task_btf();
	set_subject(event, leader, task->signal, pid);
	set_other(event, sender->group_leader);
	if (event->other_pid)
		event->other_tid = thread_number(sender);
	if (sender->flags & PF_EXITING)
		event->flags |= LIFE_SENDER_EXITS;
	event->signal = (__u8)signal;
	set_origin(event, &ctx[1]);
	submit(event);
	return 0;
}

SEC("tp_btf/mark_victim")
int BPF_PROG(life_oom, struct task_struct *task)
{
	struct task_struct *leader = task->group_leader;
	struct life_event *event;
	__u32 pid = process_number(leader);

	if (!pid)
		return 0;
	event = new_event(LIFE_OOM);
	if (!event)
		return 0;
	set_subject(event, leader, task->signal, pid);
	submit(event);
	return 0;
}

/* Before 6.9 the kernel gives the number alone, that of the first pid namespace. */
SEC("tp_btf/mark_victim")
int BPF_PROG(life_oom_number, int pid)
{
	struct life_event *event;

	if (!reader_sees_all)
		return 0;
	event = new_event(LIFE_OOM);
	if (!event)
		return 0;
	event->pid = (__u32)pid;
	submit(event);
	return 0;
}
