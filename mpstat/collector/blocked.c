/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked.c - see blocked.h.
 *
 * Owns: which way a look is taken, the lists.
 */
#include "bpf/wait_calls.h"
#include "mpstat/collector/blocked_look.h"
#include "mpstat/collector/kernel.h"
#include "mpstat/collector/proc.h"
#include "mpstat/util/vec.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct blocked *taking_add(struct taking *taking)
{
	struct blocked_look *look = taking->look;

	if (!taking->failed)
		taking->failed = VEC_RESERVE(look, look->count + 1);
	if (taking->failed)
		return NULL;
	return memset(&look->items[look->count++], 0, sizeof(*look->items));
}

struct file_end *taking_add_end(struct taking *taking)
{
	struct blocked_look *look = taking->look;

	if (!taking->failed)
		taking->failed = vec_reserve((void **)&look->ends, &look->end_room,
					     look->end_count + 1, sizeof(*look->ends));
	if (taking->failed)
		return NULL;
	return memset(&look->ends[look->end_count++], 0, sizeof(*look->ends));
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

bool taking_wants(const struct taking *taking, uint32_t pid)
{
	return !taking->pid_count || bsearch(&pid, taking->pids, taking->pid_count,
					     sizeof(*taking->pids), compare_numbers);
}

static int compare_threads(const void *a, const void *b)
{
	const struct blocked *x = a, *y = b;

	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->tid > y->tid) - (x->tid < y->tid);
}

static bool are_sorted(const struct blocked_look *look)
{
	for (size_t i = 1; i < look->count; i++)
		if (compare_threads(&look->items[i - 1], &look->items[i]) > 0)
			return false;
	return true;
}

/* On some machines the kernel's iterators leave out the first process. */
static bool has_first(const struct blocked_look *look)
{
	for (size_t i = 0; i < look->count; i++)
		if (look->items[i].pid == 1)
			return true;
	return false;
}

static int take_threads(struct taking *taking, struct err *err)
{
	struct blocked_look *look = taking->look;
	int r;

	look->by_kernel = kernel_has(taking->kernel, "waits");
	if (look->by_kernel)
		r = blocked_kernel_threads(taking, err);
	else
		r = blocked_proc_threads(taking, err);
	if (!r && look->by_kernel && !has_first(look))
		blocked_proc_add_threads(taking, 1);
	if (!are_sorted(look))
		qsort(look->items, look->count, sizeof(*look->items), compare_threads);
	return r;
}

static int compare_ends(const void *a, const void *b)
{
	const struct file_end *x = a, *y = b;

	if (x->file.inode != y->file.inode)
		return x->file.inode < y->file.inode ? -1 : 1;
	if (x->pid != y->pid)
		return x->pid < y->pid ? -1 : 1;
	return (x->fd > y->fd) - (x->fd < y->fd);
}

/* Somebody waits for what others have to write, read, or take. */
static bool needs_ends(const struct blocked_look *look)
{
	for (size_t i = 0; i < look->count; i++) {
		const struct blocked *blocked = &look->items[i];

		if (blocked->has & BLOCKED_HAS_FILE && blocked->file.kind >= FILE_PIPE &&
		    blocked->file.kind <= FILE_MQUEUE)
			return true;
		if (blocked->syscall == CALL_POLL || blocked->syscall == CALL_PPOLL ||
		    blocked->syscall == CALL_SELECT || blocked->syscall == CALL_PSELECT ||
		    blocked->file.kind == FILE_EPOLL)
			return true;
	}
	return false;
}

/* Threads of a process whose first one has ended tell the same, each. */
static void drop_doubles(struct blocked_look *look)
{
	size_t kept = 0;

	for (size_t i = 0; i < look->end_count; i++)
		if (!kept || compare_ends(&look->ends[kept - 1], &look->ends[i]) != 0)
			look->ends[kept++] = look->ends[i];
	look->end_count = kept;
}

static int take_ends_by_kernel(struct taking *taking, struct err *err)
{
	bool first_seen = false;
	int r = blocked_kernel_ends(taking, &first_seen, err);

	taking->look->ends_whole = !r;
	if (!r && !first_seen)
		blocked_proc_add_ends_of(taking, 1);
	return r;
}

static int take_ends(struct taking *taking, struct err *err)
{
	struct blocked_look *look = taking->look;
	int r;

	if (!needs_ends(look))
		return 0;
	if (kernel_has(taking->kernel, "files"))
		r = take_ends_by_kernel(taking, err);
	else
		r = blocked_proc_ends(taking, err);
	qsort(look->ends, look->end_count, sizeof(*look->ends), compare_ends);
	drop_doubles(look);
	return r;
}

static void set_note(struct taking *taking)
{
	struct blocked_look *look = taking->look;

	look->unreadable += taking->left_out;
	if (taking->left_out)
		snprintf(look->note, sizeof(look->note),
			 "%" PRIu64 " threads are left out, as reading them from /proc takes too "
			 "long: needs CAP_BPF and CAP_PERFMON",
			 taking->left_out);
	else if (look->unreadable)
		snprintf(look->note, sizeof(look->note),
			 "what %" PRIu64 " threads wait for is not seen: needs CAP_BPF and "
			 "CAP_PERFMON, or the same user and ptrace scope 0",
			 look->unreadable);
	else if (look->end_count && !look->ends_whole)
		snprintf(look->note, sizeof(look->note),
			 "who has which pipe or socket is not seen of all processes: needs CAP_BPF "
			 "and CAP_PERFMON, or the same user and ptrace scope 0");
}

static int take(struct taking *taking, struct err *err)
{
	int r = take_threads(taking, err);

	if (!r)
		r = take_ends(taking, err);
	set_note(taking);
	if (!r && taking->failed)
		r = err_set(err, taking->failed, "no memory for %zu threads and %zu open files",
			    taking->look->count + 1, taking->look->end_count);
	return r;
}

int blocked_look_take(struct blocked_look *look, struct kernel *kernel, const char *proc,
		      const uint32_t *pids, size_t pid_count, uint64_t now_ns, struct err *err)
{
	struct taking taking = {
		.look = look, .kernel = kernel, .pids = pids, .pid_count = pid_count};
	int r;

	look->count = look->end_count = 0;
	look->unreadable = 0;
	look->ends_whole = false;
	look->note[0] = '\0';
	look->time_ns = now_ns;
	taking.proc = proc_open(proc, err);
	if (taking.proc < 0)
		return taking.proc;
	ticks_init(&taking.ticks);
	r = take(&taking, err);
	close(taking.proc);
	if (r)
		look->count = look->end_count = 0;
	return r;
}

void blocked_look_free(struct blocked_look *look)
{
	free(look->items);
	free(look->ends);
	memset(look, 0, sizeof(*look));
}
