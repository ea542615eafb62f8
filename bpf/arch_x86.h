/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * arch_x86.h - where x86-64 keeps the number and the arguments of a system call.
 *
 * Owns: the only words of bpf/ that depend on the processor.  Elsewhere every
 * system call is unknown (-1).
 */
#ifndef MPTRACE_BPF_ARCH_X86_H
#define MPTRACE_BPF_ARCH_X86_H

#ifdef MPTRACE_X86
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct pt_regs {
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
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
#else
struct pt_regs;

static __always_inline void call_of_registers(struct task_head *head,
					      const struct pt_regs *regs)
{
	(void)regs;
	head->syscall = -1;
}
#endif

#endif
