/* SPDX-License-Identifier: BSD-2-Clause */
/* wait_child.c - waiting for the end of a child: wait4, waitid. */
#include "mpstat/collector/wait.h"

#include "libtrace/contract/vocab.h"

#include <sys/syscall.h>
#include <sys/wait.h>

/* Of a thread in its first thread's number. */
static bool of_one(struct wait_look *w, const struct blocked *thread, uint64_t number,
		   struct fact_thread *out)
{
	const struct blocked *child = wait_find_thread(w, thread, (uint32_t)number);

	if (!child || child->tid != child->pid)
		return false;
	out->wait_process = wait_process_of(child);
	return true;
}

/* A group of children is told as all of them: that is more who could end it, not less. */
static bool understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	const uint64_t *argument = thread->argument;
	int number = (int)argument[0];

	out->wait_op = MPT_OP_PROCESS_JOIN;
	if (thread->syscall == SYS_wait4 && number > 0)
		return of_one(w, thread, argument[0], out);
	if (thread->syscall == SYS_waitid && number == P_PID)
		return of_one(w, thread, argument[1], out);
	out->wait_children = true;
	return true;
}

static const int16_t calls[] = { SYS_wait4, SYS_waitid, -1 };

const struct wait_kind wait_child = {
	.name = "child",
	.calls = calls,
	.understand = understand,
};
