/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * file.bpf.c - every descriptor of a pipe, FIFO, socket, eventfd or message queue: who
 * could fill or empty what others wait for.
 *
 * Owns: the rows of the ends (bpf/wait.h).  Runs when the reader reads, in the reader's pid
 * namespace.  Threads that share their descriptors are told once, as their process.
 */
#include "bpf/file.h"
#include "bpf/task.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* Process 1 was among them.  In another pid namespace than the machine's first it is never
 * left out. */
int first_seen = 0;

#define KINDS                                                                                      \
	(1u << FILE_ROW_PIPE | 1u << FILE_ROW_FIFO | 1u << FILE_ROW_UNIX | 1u << FILE_ROW_TCP |    \
	 1u << FILE_ROW_EVENTFD | 1u << FILE_ROW_MQUEUE)

SEC("iter/task_file")
int file_rows(struct bpf_iter__task_file *ctx)
{
	struct seq_file *seq = ctx->meta->seq;
	const struct task_struct *task = ctx->task;
	const struct file *file = NULL;
	struct file_end_row row = {.size = sizeof(row)};

	/* A number to the verifier, which lets nobody hash a pointer. */
	bpf_probe_read_kernel(&file, sizeof(file), &ctx->file);
	if (!task || !file || task->flags & PF_KTHREAD)
		return 0;
	if (task->tgid == 1 || !reader_sees_all)
		first_seen = 1;
	tell_file(&row.file, file);
	if (!(1u << row.file.kind & KINDS))
		return 0;
	row.pid = leader_number(task);
	if (!row.pid)
		return 0;
	row.start_ns = task->group_leader->start_boottime;
	row.fd = (__s32)ctx->fd;
	bpf_seq_write(seq, &row, sizeof(row));
	return 0;
}
