/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * state.h - what a task does just now: the letter /proc/PID/stat has for it, and since when.
 *
 * Owns: reading the state, over the kernels that have it elsewhere.
 */
#ifndef MPTRACE_BPF_STATE_H
#define MPTRACE_BPF_STATE_H

#include "bpf/task.h"

static __always_inline unsigned int raw_state(struct task_struct *task)
{
	if (bpf_core_field_exists(task->__state))
		return task->__state;
	return (unsigned int)((struct task_struct___before_5_14 *)task)->state;
}

/* The letter /proc/PID/stat has, by the bits that decide.  A table, as the verifier
 * walks all that follows once for each branch. */
#define BITS_REPORTED 0x7f
#define BIT_IDLE 0x80 /* ours: sleeps without adding to the load */
static const char letters[256] = {
	[0] = 'R',	       [1] = 'S',
	[2 ... 3] = 'D',       [4 ... 7] = 'T',
	[8 ... 15] = 't',      [16 ... 31] = 'X',
	[32 ... 63] = 'Z',     [64 ... 127] = 'P',
	[128] = 'D',	       [128 + 1] = 'S',
	[128 + 2 ... 128 + 3] = 'I',
	[128 + 4 ... 128 + 7] = 'T',
	[128 + 8 ... 128 + 15] = 't',
	[128 + 16 ... 128 + 31] = 'X',
	[128 + 32 ... 128 + 63] = 'Z',
	[128 + 64 ... 255] = 'P',
};

/* Other bits alone (frozen, waiting for a lock of the kernel) are a D there, too. */
static __always_inline char state_letter(unsigned int state, unsigned int exit_state)
{
	unsigned int bits = ((state | exit_state) & BITS_REPORTED) |
			    ((state & TASK_NOLOAD) / TASK_NOLOAD) * BIT_IDLE;

	if (!bits && state)
		return 'D';
	return letters[bits & 255];
}

/* When it was last put to sleep, or died, on the scheduler's clock; 0: unknown. */
static __always_inline __u64 asleep_since(const struct task_struct *task)
{
	if (!bpf_core_field_exists(task->sched_info.last_arrival))
		return 0;
	return task->sched_info.last_arrival + task->se.sum_exec_runtime -
	       task->se.prev_sum_exec_runtime;
}

#endif
