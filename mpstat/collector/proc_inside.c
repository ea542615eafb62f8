/* SPDX-License-Identifier: BSD-2-Clause */
/* proc_inside.c - see proc_inside.h. */
#include "mpstat/collector/proc_inside.h"

#include "mpstat/collector/syscall_name.h"
#include "mpstat/util/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ANCESTORS 256 /* a longer chain is a loop made by pids that changed meanwhile */
#define SETTLED_NS 200000000ull

/* Calls that may sleep for many reasons: a socket may lead to a process of this
 * machine or out of it. */
static const char *const vague[] = {
	"read",	 "write",  "readv",    "writev",   "pread64", "pwrite64", "preadv",	  "pwritev",
	"ioctl", "fcntl",  "open",     "openat",   "openat2", "close",	  "splice",	  "tee",
	"sendfile", "vmsplice", "preadv2", "pwritev2", "restart_syscall",
	"recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg", "sendmmsg", "accept", "accept4",
	"connect",
};

static bool is_vague(const char *name)
{
	for (size_t i = 0; i < sizeof(vague) / sizeof(vague[0]); i++)
		/* Asked for every sleeping process at each refresh. */
		if (vague[i][0] == name[0] && vague[i][1] == name[1] &&
		    strcmp(vague[i], name) == 0)
			return true;
	return false;
}

static bool is_target(const struct proc_rows *rows, const struct source_options *options,
		      const struct proc_row *row)
{
	for (int depth = 0; row && depth < ANCESTORS; depth++) {
		for (size_t i = 0; i < options->pid_count; i++)
			if (options->pids[i] == row->pid)
				return true;
		row = proc_rows_find(rows, row->parent);
	}
	return false;
}

static bool is_asleep(const struct proc_row *row)
{
	return (row->state == 'S' || row->state == 'D') && !row->kernel_thread;
}

/* What was read is of this sleep.  /proc counts processor time in ticks: there a
 * short wake-up goes unseen until it is asked again. */
static bool is_valid(const struct proc_details *d, const struct proc_row *row)
{
	if (d->inside_state != row->state)
		return false;
	return row->whole ? d->inside_since == row->since_raw : d->inside_cpu_ns == row->cpu_ns;
}

/* `few`: they were asked for one by one, and a verdict may hang on the answer. */
static bool is_wanted(const struct proc_details *d, const struct proc_row *row, bool few,
		      uint64_t now_ns)
{
	const char *name;

	if (!row->whole)
		return true;
	name = syscall_name(row->syscall);
	return (!name || is_vague(name)) && row->since_ns && row->since_ns < now_ns &&
	       (few || now_ns - row->since_ns > SETTLED_NS) && !is_valid(d, row);
}

static void read_wchan(int proc, struct proc_details *d, const struct proc_row *row)
{
	char text[64];
	ssize_t n = proc_read(proc, row->pid, "wchan", text, sizeof(text));

	d->inside[0] = '\0';
	if (n > 0 && strcmp(text, "0") != 0)
		text_clean(d->inside, sizeof(d->inside), text, (size_t)n);
	d->inside_state = row->state;
	d->inside_cpu_ns = row->cpu_ns;
	d->inside_since = row->since_raw;
}

/* Everybody's turn comes, however many they are. */
void proc_inside_read(struct proc_details_list *list, const struct proc_rows *rows,
		      const struct source_options *options, uint64_t now_ns, size_t *next)
{
	bool few = options->pid_count > 0;
	size_t reads = 0, i;

	for (i = 0; i < rows->count && reads < PROC_INSIDE_READS; i++) {
		size_t at = (*next + i) % rows->count;
		const struct proc_row *row = &rows->items[at];

		if (!is_asleep(row) || !is_wanted(list->items[at], row, few, now_ns) ||
		    (options->pid_count && !is_target(rows, options, row)))
			continue;
		read_wchan(rows->proc, list->items[at], row);
		reads++;
	}
	*next = rows->count ? (*next + i) % rows->count : 0;
}

void proc_inside_of(const struct proc_details *d, const struct proc_row *row, char *out,
		    size_t size)
{
	const char *name = row->whole && is_asleep(row) ? syscall_name(row->syscall) : NULL;

	out[0] = '\0';
	if (name && !is_vague(name))
		text_copy(out, size, name);
	else if (is_valid(d, row) && d->inside[0])
		text_copy(out, size, d->inside);
	else if (name)
		text_copy(out, size, name);
}
