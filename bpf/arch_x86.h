/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * arch_x86.h - where x86-64 keeps the number and the arguments of a system call.
 *
 * Owns: the only words of bpf/ that depend on the processor.  Elsewhere every
 * system call is unknown (-1).
 */
#ifndef MPTRACE_BPF_ARCH_X86_H
#define MPTRACE_BPF_ARCH_X86_H

#include "bpf/task.h"
#include "bpf/wait.h"

#ifdef MPTRACE_X86
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long sp;
};
#pragma clang attribute pop

/* `regs` is of a task that sleeps: then they are those it entered the kernel with. */
static __always_inline void call_of_registers(struct task_head *head,
					      const struct pt_regs *regs)
{
	head->syscall = (__s32)regs->orig_ax;
	if (head->syscall < 0) {
		head->syscall = -1;
		return;
	}
	head->argument[0] = regs->di;
	head->argument[1] = regs->si;
	head->argument[2] = regs->dx;
}

/* asm/thread_info.h: it is in a call of 32-bit programs, with numbers of its own. */
#define TS_COMPAT 0x0002
#define X32_BIT 0x40000000

/* The same in full.  A thread that never was in user space (it works for io_uring) has
 * registers without sense, but for these two, which are 0. */
static __always_inline void wait_of_registers(struct wait_row *row, const struct task_struct *task,
					      const struct pt_regs *regs)
{
	row->syscall = (__s32)regs->orig_ax;
	row->ip = regs->ip;
	row->sp = regs->sp;
	if (row->syscall < 0 || row->syscall & X32_BIT || task->thread_info.status & TS_COMPAT ||
	    (!row->ip && !row->sp)) {
		row->syscall = -1;
		return;
	}
	row->argument[0] = regs->di;
	row->argument[1] = regs->si;
	row->argument[2] = regs->dx;
	row->argument[3] = regs->r10;
	row->argument[4] = regs->r8;
	row->argument[5] = regs->r9;
	row->preserved[0] = regs->bx;
	row->preserved[1] = regs->bp;
	row->preserved[2] = regs->r12;
	row->preserved[3] = regs->r13;
	row->preserved[4] = regs->r14;
	row->preserved[5] = regs->r15;
}
#else
struct pt_regs;

static __always_inline void call_of_registers(struct task_head *head,
					      const struct pt_regs *regs)
{
	(void)regs;
	head->syscall = -1;
}

static __always_inline void wait_of_registers(struct wait_row *row, const struct task_struct *task,
					      const struct pt_regs *regs)
{
	(void)task;
	(void)regs;
	row->syscall = -1;
}
#endif

#endif
