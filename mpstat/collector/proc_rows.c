/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_rows.c - the list, and /proc/PID/stat of everybody.  See proc_rows.h. */
#include "mpstat/collector/proc_rows.h"

#include "mpstat/util/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int compare_pids(const void *a, const void *b)
{
	const struct proc_row *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

const struct proc_row *proc_rows_find(const struct proc_rows *rows, uint32_t pid)
{
	size_t low = 0, high = rows->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (rows->items[middle].pid == pid)
			return &rows->items[middle];
		if (rows->items[middle].pid < pid)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* Both providers go upwards, nearly always. */
void proc_rows_sort(struct proc_rows *rows)
{
	size_t kept = 0, i;

	for (i = 1; i < rows->count && rows->items[i - 1].pid < rows->items[i].pid; i++)
		;
	if (i >= rows->count)
		return;
	qsort(rows->items, rows->count, sizeof(*rows->items), compare_pids);
	/* A number that was reused while we looked: the younger one has it now. */
	for (i = 0; i < rows->count; i++) {
		struct proc_row *last = kept ? &rows->items[kept - 1] : NULL;

		if (!last || last->pid != rows->items[i].pid)
			rows->items[kept++] = rows->items[i];
		else if (last->start < rows->items[i].start)
			*last = rows->items[i];
	}
	rows->count = kept;
}

void proc_rows_free(struct proc_rows *rows)
{
	free(rows->items);
	rows->items = NULL;
	rows->count = rows->room = 0;
}

struct proc_row *proc_rows_add(struct proc_rows *rows)
{
	if (!rows->failed)
		rows->failed = VEC_RESERVE(rows, rows->count + 1);
	if (rows->failed)
		return NULL;
	return memset(&rows->items[rows->count++], 0, sizeof(*rows->items));
}

/* State of a thread that is not the first and has not ended; 0: there is none. */
static char other_state(int proc, uint32_t pid)
{
	char path[32], text[1536], state = 0;
	struct dirent *entry;
	struct proc_stat stat;
	DIR *dir;
	int fd;

	snprintf(path, sizeof(path), "%u/task", pid);
	fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	while (dir && !state && (entry = readdir(dir)) != NULL) {
		uint32_t tid = proc_pid_of(entry->d_name);
		ssize_t n;

		if (!tid || tid == pid)
			continue;
		snprintf(path, sizeof(path), "task/%u/stat", tid);
		n = proc_read(proc, pid, path, text, sizeof(text));
		if (n > 0 && proc_stat_parse(text, (size_t)n, &stat) && stat.state != 'Z' &&
		    stat.state != 'X')
			state = stat.state;
	}
	if (dir)
		closedir(dir);
	return state;
}

void proc_rows_correct_zombie(const struct proc_rows *rows, struct proc_row *row)
{
	char state;

	if (row->state != 'Z' || row->threads < 2)
		return;
	state = other_state(rows->proc, row->pid);
	if (!state)
		return;
	row->state = state;
	row->since_ns = row->since_raw = 0;
	row->syscall = -1;
}

static void fill(const struct proc_rows *rows, const struct proc_stat *stat, struct proc_row *row)
{
	row->pid = stat->pid;
	row->parent = stat->parent;
	row->group = stat->group;
	row->session = stat->session;
	row->start = stat->start;
	row->boot_ns = ticks_to_ns(rows->ticks, stat->start);
	row->cpu_ns = ticks_to_ns(rows->ticks, stat->cpu_ticks);
	row->threads = stat->threads;
	row->rss_pages = stat->rss_pages;
	row->arg_start = stat->arg_start;
	row->exit_status = stat->exit_status;
	row->state = stat->state;
	row->kernel_thread = stat->flags & PROC_PF_KTHREAD;
	row->syscall = -1;
	memcpy(row->comm, stat->comm, sizeof(row->comm));
}

void proc_rows_add_stat(struct proc_rows *rows, uint32_t pid)
{
	struct proc_stat stat;
	struct proc_row *row;
	int rc = proc_stat_read(rows->proc, pid, &stat);

	if (rc == -EACCES || rc == -EPERM)
		rows->denied++;
	/* Any other error: it has gone meanwhile. */
	if (rc != 0 || stat.pid != pid)
		return;
	if (stat.flags & PROC_PF_KTHREAD && !rows->kernel_threads)
		return;
	row = proc_rows_add(rows);
	if (!row)
		return;
	fill(rows, &stat, row);
	proc_rows_correct_zombie(rows, row);
}

int proc_rows_stat(struct proc_rows *rows, const char *root, struct err *err)
{
	int fd = openat(rows->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint32_t pid;

	rows->count = rows->denied = 0;
	rows->failed = 0;
	if (!dir) {
		rc = err_set(err, -errno, "%s cannot be listed: %s", root, strerror(errno));
		if (fd >= 0)
			close(fd);
		return rc;
	}
	while (!rows->failed && (entry = readdir(dir)) != NULL) {
		pid = proc_pid_of(entry->d_name);
		if (pid)
			proc_rows_add_stat(rows, pid);
	}
	closedir(dir);
	if (rows->failed)
		return err_set(err, rows->failed, "no memory for %zu processes", rows->count + 1);
	proc_rows_sort(rows);
	return 0;
}
