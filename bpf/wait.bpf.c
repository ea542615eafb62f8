/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * wait.bpf.c - every thread that sleeps: in which call, on what.
 *
 * Owns: the rows of a look (bpf/wait.h): registers, the memory and the file that the
 * arguments mean.  Does not own: other open files (file.bpf.c), what any of it means
 * (mpstat).  Runs when the reader reads, in the reader's pid namespace; it may sleep, as
 * memory that is swapped out has to come back.
 *
 * Only memory is read that can be had without asking somebody: not that of a file system
 * in user space, which might never answer, nor that of a device, which might notice.
 */
#include "bpf/arch_x86.h"
#include "bpf/file.h"
#include "bpf/state.h"
#include "bpf/task.h"
#include "bpf/wait.h"
#include "bpf/wait_calls.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile unsigned long long secret[2] = {0, 0};

/* Sorted; count 0: all processes. */
unsigned int wanted_pids[WAIT_PIDS] = {0};
unsigned int wanted_count = 0;

/* More than a stack has room for.  One reader at a time (mpstat's kernel.h). */
struct wait_memory memory_piece = {};
struct wait_stack stack_piece = {};

static const __u8 traits[WAIT_CALLS] = WAIT_CALL_TRAITS;

static __always_inline bool is_wanted(__u32 pid)
{
	unsigned int low = 0, high = wanted_count;

	if (!high)
		return 1;
	for (int step = 0; step < 11 && low < high; step++) {
		unsigned int middle = (low + high) / 2;

		if (middle >= WAIT_PIDS)
			return 0;
		if (wanted_pids[middle] == pid)
			return 1;
		if (wanted_pids[middle] < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* -- The call ----------------------------------------------------------------------- */

#define FUTEX_COMMAND 0x7f
#define FUTEX_WAIT 0
#define CLOCKS 16

/* After a stop a call with a timeout goes on as restart_syscall, its arguments still in
 * the registers.  What it is to go on with tells which call it was. */
static __always_inline __s32 restarted(const struct wait_row *row, const struct task_struct *task)
{
	__u32 bitset = (row->argument[1] & FUTEX_COMMAND) == FUTEX_WAIT ? ~0u
									: (__u32)row->argument[5];
	__u64 rest = (__u64)BPF_CORE_READ(task, restart_block.nanosleep.rmtp);

	if (row->argument[0] == (__u64)BPF_CORE_READ(task, restart_block.futex.uaddr)) {
		if (BPF_CORE_READ(task, restart_block.futex.bitset) == bitset &&
		    BPF_CORE_READ(task, restart_block.futex.val) == (__u32)row->argument[2])
			return CALL_FUTEX;
		if (BPF_CORE_READ(task, restart_block.poll.nfds) == (int)row->argument[1])
			return CALL_POLL;
	}
	/* The clock may be another one: a real time to wait is told as a monotonic one. */
	if (row->argument[0] < CLOCKS && rest == row->argument[3])
		return CALL_CLOCK_NANOSLEEP;
	return rest == row->argument[1] ? CALL_NANOSLEEP : CALL_RESTART;
}

/* -- Memory ------------------------------------------------------------------------- */

/* What the mapping tells; bpf_find_vma wants it on the stack. */
struct mapping {
	__u64 start;
	__u64 flags;
	__u64 inode;
	__u64 first_page;
	__u32 device;
	__u32 magic;
	char name[WAIT_NAME];
};

static long see_mapping(struct task_struct *task, struct vm_area_struct *vma, void *context)
{
	struct mapping *mapping = context;
	struct file *file = vma->vm_file;
	struct inode *inode;

	mapping->start = vma->vm_start;
	mapping->flags = vma->vm_flags;
	mapping->first_page = vma->vm_pgoff;
	if (!file)
		return 0;
	inode = BPF_CORE_READ(file, f_inode);
	mapping->inode = BPF_CORE_READ(inode, i_ino);
	mapping->device = BPF_CORE_READ(inode, i_sb, s_dev);
	mapping->magic = (__u32)BPF_CORE_READ(inode, i_sb, s_magic);
	name_of_file(mapping->name, file);
	return 0;
}

static __always_inline bool is_harmless(const struct mapping *mapping)
{
	return !(mapping->flags & (VM_IO | VM_PFNMAP)) && mapping->magic != FUSE_SUPER_MAGIC;
}

/* A copy is whole or nothing; what lies beyond the page may not be there. */
static __always_inline unsigned int copy_after(struct wait_memory *piece, __u64 address,
					       struct task_struct *task)
{
	unsigned int rest = 4096 - ((unsigned int)address & 4095);

	if (!bpf_copy_from_user_task(piece->bytes + WAIT_BEFORE, WAIT_AFTER, (void *)address, task,
				     0))
		return WAIT_AFTER;
	if (rest < WAIT_AFTER && !bpf_copy_from_user_task(piece->bytes + WAIT_BEFORE, rest,
							  (void *)address, task, 0))
		return rest;
	return 0;
}

static __always_inline void see_memory(struct wait_row *row, struct task_struct *task,
				       __u64 address)
{
	struct wait_memory *piece = &memory_piece;
	struct mapping mapping = {};

	if (bpf_find_vma(task, address, see_mapping, &mapping, 0))
		return;
	row->has |= WAIT_HAS_PLACE;
	piece->space = hidden(BPF_CORE_READ(task, mm)); /* no pointer to the verifier */
	piece->address = address;
	piece->inode = mapping.inode;
	piece->device = mapping.device;
	piece->offset = mapping.inode ? mapping.first_page * 4096 + (address - mapping.start) : 0;
	piece->shared = !!(mapping.flags & VM_MAYSHARE);
	piece->size = 0;
	__builtin_memcpy(piece->name, mapping.name, WAIT_NAME);
	__builtin_memset(piece->bytes, 0, sizeof(piece->bytes));
	if (!is_harmless(&mapping))
		return;
	piece->size = (__u16)copy_after(piece, address, task);
	if (piece->size)
		row->has |= WAIT_HAS_MEMORY;
	if (address - WAIT_BEFORE >= mapping.start && address >= WAIT_BEFORE &&
	    !bpf_copy_from_user_task(piece->bytes, WAIT_BEFORE, (void *)(address - WAIT_BEFORE),
				     task, 0))
		row->has |= WAIT_HAS_BEFORE;
}

static __always_inline void see_stack(struct wait_row *row, struct task_struct *task)
{
	struct mapping mapping = {};

	unsigned int rest = 4096 - ((unsigned int)row->sp & 4095);

	if (bpf_find_vma(task, row->sp, see_mapping, &mapping, 0) || !is_harmless(&mapping))
		return;
	stack_piece.words = WAIT_STACK_WORDS;
	if (bpf_copy_from_user_task(stack_piece.word, sizeof(stack_piece.word), (void *)row->sp,
				    task, 0)) {
		/* The stack ends with its page. */
		if (rest >= sizeof(stack_piece.word) ||
		    bpf_copy_from_user_task(stack_piece.word, rest, (void *)row->sp, task, 0))
			return;
		stack_piece.words = rest / sizeof(stack_piece.word[0]);
	}
	row->has |= WAIT_HAS_STACK;
}

/* -- The file ----------------------------------------------------------------------- */

static __always_inline void see_file(struct wait_row *row, struct file_row *piece,
				     const struct task_struct *task)
{
	const struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	__u32 fd = (__u32)row->argument[0];
	const struct file *file = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds))
		return;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	if (!file)
		return;
	tell_file(piece, file);
	row->has |= WAIT_HAS_FILE;
}

/* -- Rows --------------------------------------------------------------------------- */

static __always_inline void set_inner(struct wait_row *row, const struct task_struct *task)
{
	const struct pid *pid = task->thread_pid;
	struct upid inner;

	if (!pid)
		return;
	if (reader_sees_all && pid->level == 0) {
		row->inner_tid = row->tid;
		row->pid_namespace = reader_namespace;
		return;
	}
	inner = upid_at(pid, pid->level);
	row->inner_tid = (__u32)inner.nr;
	row->pid_namespace = BPF_CORE_READ(inner.ns, ns.inum);
}

static __always_inline void see_wait(struct wait_row *row, struct file_row *file,
				     struct task_struct *task)
{
	__u32 number;
	__u8 trait;

	row->since_sched_ns = asleep_since(task);
	wait_of_registers(row, task, (const struct pt_regs *)bpf_task_pt_regs(task));
	if (row->syscall == CALL_RESTART)
		row->syscall = restarted(row, task);
	number = (__u32)row->syscall;
	if (number >= WAIT_CALLS)
		return;
	barrier_var(number); /* or the compiler drops what the verifier has to see */
	trait = traits[number & (WAIT_CALLS - 1)];
	if (trait & (WAIT_MEMORY_0 | WAIT_MEMORY_1))
		see_memory(row, task, trait & WAIT_MEMORY_0 ? row->argument[0] : row->argument[1]);
	if (trait & WAIT_STACK)
		see_stack(row, task);
	if (trait & WAIT_FILE)
		see_file(row, file, task);
}

/* It ran meanwhile: what was read does not belong together. */
static __always_inline void forget_wait(struct wait_row *row)
{
	row->state = 'R';
	row->has = 0;
	row->syscall = -1;
	row->since_sched_ns = 0;
}

/* The iterator takes all of it back when one has no room, and comes again. */
static __always_inline void write_row(struct seq_file *seq, struct wait_row *row,
				      struct file_row *file)
{
	row->size = sizeof(*row);
	if (row->has & WAIT_HAS_PLACE)
		row->size += sizeof(memory_piece);
	if (row->has & WAIT_HAS_STACK)
		row->size += sizeof(stack_piece);
	if (row->has & WAIT_HAS_FILE)
		row->size += sizeof(*file);
	bpf_seq_write(seq, row, sizeof(*row));
	if (row->has & WAIT_HAS_PLACE)
		bpf_seq_write(seq, &memory_piece, sizeof(memory_piece));
	if (row->has & WAIT_HAS_STACK)
		bpf_seq_write(seq, &stack_piece, sizeof(stack_piece));
	if (row->has & WAIT_HAS_FILE)
		bpf_seq_write(seq, file, sizeof(*file));
}

SEC("iter.s/task")
int wait_rows(struct bpf_iter__task *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	struct task_struct *task = ctx->task;
	struct wait_row row = {.syscall = -1};
	struct file_row file = {};

	if (!task || task->flags & PF_KTHREAD || task->exit_state)
		return 0;
	row.pid = leader_number(task);
	row.tid = thread_number(task);
	if (!row.pid || !row.tid || !is_wanted(row.pid))
		return 0;
	row.start_ns = task->group_leader->start_boottime;
	row.runs = task->nvcsw + task->nivcsw;
	row.state = state_letter(raw_state(task), 0);
	copy_comm(row.comm, task);
	set_inner(&row, task);
	if (row.state != 'R') {
		see_wait(&row, &file, task);
		if (!raw_state(task) || row.runs != task->nvcsw + task->nivcsw)
			forget_wait(&row);
	}
	write_row(seq, &row, &file);
	return 0;
}
