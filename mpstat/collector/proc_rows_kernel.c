/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * proc_rows_kernel.c - all processes in one look, by eBPF.  See proc_rows.h.
 *
 * No file is read but for those the look does not have: process 1 (on some
 * machines), and a parent that was born while the look was taken.
 */
#include "mpstat/collector/kernel.h"
#include "mpstat/collector/proc_rows.h"

#include <string.h>

#define ABSENT 64 /* parents that were looked for in vain */

struct taking {
	struct proc_rows *rows;
	int64_t offset_ns;
};

/* The offset leads to CLOCK_MONOTONIC as we see it, in a time namespace too. */
static uint64_t since_of(const struct taking *taking, const struct task_head *head)
{
	int64_t ns;

	if (!head->since_sched_ns)
		return 0;
	ns = (int64_t)head->since_sched_ns + taking->offset_ns;
	return ns > 0 ? (uint64_t)ns : 0;
}

static void fill_life(const struct taking *taking, const struct task_process *task,
		      struct proc_row *row)
{
	const struct ticks *ticks = taking->rows->ticks;

	row->pid = task->head.pid;
	row->start = ticks_of_boot(ticks, task->start_ns);
	row->boot_ns = task->start_ns + (uint64_t)ticks->boot_offset_ns;
	row->parent = task->parent;
	row->parent_start = task->parent ? ticks_of_boot(ticks, task->parent_start_ns) : 0;
	row->group = task->group;
	row->session = task->session;
	row->state = task->head.state;
	row->exit_status = task->exit_status;
	row->since_ns = since_of(taking, &task->head);
	row->since_raw = task->head.since_sched_ns;
	row->syscall = task->head.syscall;
	memcpy(row->comm, task->comm, LIFE_COMM); /* row->comm is longer: there is a NUL */
}

static void take_process(void *arg, const struct task_process *task)
{
	const struct taking *taking = arg;
	struct proc_row *row;

	if (task->flags & TASK_KERNEL && !taking->rows->kernel_threads)
		return;
	row = proc_rows_add(taking->rows);
	if (!row)
		return;
	fill_life(taking, task, row);
	row->whole = true;
	row->cpu_ns = task->head.cpu_ns;
	row->threads = task->threads;
	row->rss_pages = task->rss_pages;
	row->arg_start = task->arg_start;
	row->uid = task->uid;
	row->cgroup = task->cgroup;
	row->pid_namespace = task->pid_namespace;
	row->inner_pid = task->inner_pid;
	row->kernel_thread = task->flags & TASK_KERNEL;
	row->subreaper = task->flags & TASK_SUBREAPER;
	row->ignores_children = task->flags & TASK_IGNORES_CHILDREN;
}

static bool is_among(const uint32_t *numbers, size_t count, uint32_t number)
{
	while (count > 0)
		if (numbers[--count] == number)
			return true;
	return false;
}

/* Process 1, and the parents that no row is. */
static void complete(struct proc_rows *rows)
{
	uint32_t tried[ABSENT];
	size_t count = 0, told = rows->count;

	if (!proc_rows_find(rows, 1))
		tried[count++] = 1;
	for (size_t i = 0; i < told && count < ABSENT; i++) {
		uint32_t parent = rows->items[i].parent;

		if (parent && !proc_rows_find(rows, parent) && !is_among(tried, count, parent))
			tried[count++] = parent;
	}
	for (size_t i = 0; i < count; i++)
		proc_rows_add_stat(rows, tried[i]);
	proc_rows_sort(rows);
}

int proc_rows_kernel(struct proc_rows *rows, struct kernel *kernel, struct err *err)
{
	struct taking taking = { rows, kernel_clock_offset_ns(kernel) };
	struct kernel_task_calls calls = { take_process, NULL, &taking };
	int rc;

	rows->count = rows->denied = 0;
	rows->failed = 0;
	rc = kernel_tasks(kernel, &calls, err);
	if (rc < 0)
		return rc;
	proc_rows_sort(rows);
	for (size_t i = 0; i < rows->count; i++)
		proc_rows_correct_zombie(rows, &rows->items[i]);
	complete(rows);
	if (rows->failed)
		return err_set(err, rows->failed, "no memory for %zu processes", rows->count + 1);
	return 0;
}
