/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_details.c - see proc_details.h. */
#include "mpstat/collector/proc_details.h"

#include "mpstat/util/text.h"
#include "mpstat/util/vec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DETAILS_NS 10000000000ull
#define CGROUP_BYTES 8192

/* ---- the list ------------------------------------------------------------------ */

static struct proc_details *new_details(const struct proc_row *row)
{
	struct proc_details *d = calloc(1, sizeof(*d));

	if (!d)
		return NULL;
	d->id.pid = row->pid;
	d->id.start = row->start;
	return d;
}

static bool is_of(const struct proc_details *d, const struct proc_row *row)
{
	return d->id.pid == row->pid && d->id.start == row->start;
}

/* Both are sorted by pid: one walk along both.  Whoever stays is moved to `out`,
 * its old place is cleared. */
static size_t move_known(struct proc_details_list *list, const struct proc_rows *rows,
			 struct proc_details **out)
{
	size_t old = 0, fresh = 0;

	for (size_t i = 0; i < rows->count; i++) {
		while (old < list->count && list->items[old]->id.pid < rows->items[i].pid)
			old++;
		out[i] = NULL;
		if (old < list->count && is_of(list->items[old], &rows->items[i]))
			out[i] = list->items[old];
		fresh += !out[i];
	}
	return fresh;
}

static bool add_new(const struct proc_rows *rows, struct proc_details **items,
		    struct proc_details **made, size_t *count)
{
	for (size_t i = 0; i < rows->count; i++) {
		if (items[i])
			continue;
		items[i] = new_details(&rows->items[i]);
		if (!items[i])
			return false;
		made[(*count)++] = items[i];
	}
	return true;
}

/* Whoever of the old list is not among the new. */
static void free_gone(struct proc_details_list *list, struct proc_details *const *items,
		      size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < list->count; i++) {
		while (at < count && items[at]->id.pid < list->items[i]->id.pid)
			at++;
		if (at == count || items[at] != list->items[i])
			free(list->items[i]);
	}
}

int proc_details_follow(struct proc_details_list *list, const struct proc_rows *rows)
{
	size_t count = 0, size = (rows->count + 1) * sizeof(struct proc_details *);
	struct proc_details **items = malloc(size), **made = NULL;
	bool done = false;

	if (items) {
		size_t fresh = move_known(list, rows, items);

		made = malloc((fresh + 1) * sizeof(struct proc_details *));
		done = made && add_new(rows, items, made, &count);
	}
	if (done) {
		free_gone(list, items, rows->count);
		free(list->items);
		list->items = items;
		list->count = rows->count;
	} else {
		while (count > 0)
			free(made[--count]);
		free(items);
	}
	free(made);
	return done ? 0 : -ENOMEM;
}

void proc_details_free(struct proc_details_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}

/* ---- one process ---------------------------------------------------------------- */

/* Arguments are separated by NUL; what does not fit ends in "...". */
static void read_command(int proc, struct proc_details *d)
{
	char text[4 * FACT_TEXT_MAX];
	ssize_t n = proc_read(proc, d->id.pid, "cmdline", text, sizeof(text));
	size_t used;

	d->command[0] = '\0';
	while (n > 0 && text[n - 1] == '\0')
		n--;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = ' ';
	if (n <= 0)
		return;
	if (n < FACT_TEXT_MAX) {
		text_clean(d->command, sizeof(d->command), text, (size_t)n);
		return;
	}
	used = text_clean(d->command, sizeof(d->command) - 3, text, (size_t)n);
	memcpy(d->command + used, "...", 4);
}

static void read_cgroup(int proc, struct proc_details *d)
{
	char text[CGROUP_BYTES];
	ssize_t n = proc_read(proc, d->id.pid, "cgroup", text, sizeof(text));

	if (n >= 0)
		cgroup_parse(text, (size_t)n, &d->cgroup);
}

/* A process stays in its pid namespace. */
static void read_namespace(int proc, struct proc_details *d)
{
	char path[32], text[4096];
	struct stat st;

	snprintf(path, sizeof(path), "%u/ns/pid", d->id.pid);
	if (fstatat(proc, path, &st, 0) == 0)
		d->pid_namespace = st.st_ino;
	if (proc_read(proc, d->id.pid, "status", text, sizeof(text)) > 0)
		d->inner_pid = proc_status_inner_pid(text);
}

static bool read_details(int proc, struct proc_details *d, const struct proc_row *row)
{
	if (row->whole)
		d->uid = row->uid;
	else if (proc_uid(proc, row->pid, &d->uid) < 0)
		return false; /* gone meanwhile */
	if (!row->whole && !d->read_ns)
		read_namespace(proc, d);
	/* Of the dead there is no command line: what it was stays. */
	if (row->state != 'Z' || !d->read_ns)
		read_command(proc, d);
	read_cgroup(proc, d);
	memcpy(d->comm, row->comm, sizeof(d->comm));
	d->arg_start = row->arg_start;
	if (row->whole)
		d->cgroup_id = row->cgroup;
	d->cpu_ns = row->cpu_ns;
	return true;
}

static bool is_another_program(const struct proc_details *d, const struct proc_row *row)
{
	if (row->state == 'Z')
		return false; /* its memory is gone, which is no news */
	return d->arg_start != row->arg_start || strcmp(d->comm, row->comm) != 0 ||
	       (row->whole && d->cgroup_id != row->cgroup);
}

/* The kernel's rows count processor time exactly; /proc counts in ticks. */
static bool is_due(const struct proc_details *d, const struct proc_row *row, uint64_t now_ns)
{
	if (now_ns - d->read_ns < DETAILS_NS || row->state == 'Z')
		return false;
	return !row->whole || row->cpu_ns != d->cpu_ns;
}

/* ---- everybody -------------------------------------------------------------------- */

static void read_one(struct proc_details *d, const struct proc_rows *rows, size_t i,
		     uint64_t now_ns)
{
	if (read_details(rows->proc, d, &rows->items[i]))
		d->read_ns = now_ns ? now_ns : 1;
}

static void read_again(struct proc_details_list *list, const struct proc_rows *rows,
		       uint64_t now_ns)
{
	size_t reads = 0, i;

	for (i = 0; i < rows->count && reads < PROC_DETAILS_READS; i++) {
		size_t at = (list->next + i) % rows->count;

		if (is_due(list->items[at], &rows->items[at], now_ns)) {
			read_one(list->items[at], rows, at, now_ns);
			reads++;
		}
	}
	list->next = rows->count ? (list->next + i) % rows->count : 0;
}

/* Only zombies make it interesting.  /proc does not tell SA_NOCLDWAIT. */
static void read_ignores(struct proc_details_list *list, const struct proc_rows *rows,
			 uint64_t now_ns)
{
	char text[4096];
	size_t reads = 0;

	for (size_t i = 0; i < rows->count && reads < PROC_DETAILS_READS; i++) {
		const struct proc_row *parent;
		struct proc_details *d;

		if (rows->items[i].state != 'Z')
			continue;
		parent = proc_rows_find(rows, rows->items[i].parent);
		if (!parent || parent->whole)
			continue;
		d = list->items[parent - rows->items];
		if (d->ignores_read_ns && now_ns - d->ignores_read_ns < DETAILS_NS)
			continue;
		reads++;
		d->ignores_read_ns = now_ns ? now_ns : 1;
		if (proc_read(rows->proc, parent->pid, "status", text, sizeof(text)) > 0)
			d->ignores_children = proc_status_ignores_children(text);
	}
}

void proc_details_read(struct proc_details_list *list, const struct proc_rows *rows,
		       uint64_t now_ns)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct proc_details *d = list->items[i];

		if (!d->read_ns || is_another_program(d, &rows->items[i]))
			read_one(d, rows, i, now_ns);
	}
	read_again(list, rows, now_ns);
	read_ignores(list, rows, now_ns);
}
