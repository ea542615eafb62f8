/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_bpf_tasks.c - the moment of all tasks, and the scheduler's clock.
 *
 * Owns: reading an iterator, checking the rows of tasks, adding up the processor time of a
 * process' threads, the distance of the two clocks.
 *
 * The first process of a machine may be missing in what the iterator tells (seen
 * in virtual machines): who needs it reads it from /proc (source_proc.c).
 */
#include "mpstat/collector/kernel_bpf.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define PIECE (256u << 10)
#define CLOCK_EVERY_NS UINT64_C(10000000000)
#define CLOCK_SLEEP_NS 50000
#define CLOCK_AGREE_NS 100000 /* two that differ by less are believed */

static uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

/* -- Rows ------------------------------------------------------------------------ */

static int make_room(struct kernel *kernel)
{
	char *larger;

	if (kernel->rows_room - kernel->rows_used >= PIECE)
		return 0;
	larger = realloc(kernel->rows, kernel->rows_room * 2 + PIECE);
	if (!larger)
		return -ENOMEM;
	kernel->rows = larger;
	kernel->rows_room = kernel->rows_room * 2 + PIECE;
	return 0;
}

static int read_all(struct kernel *kernel, int fd)
{
	ssize_t got;

	kernel->rows_used = 0;
	for (;;) {
		int r = make_room(kernel);

		if (r)
			return r;
		got = read(fd, kernel->rows + kernel->rows_used,
			   kernel->rows_room - kernel->rows_used);
		if (got == 0)
			return 0;
		if (got > 0)
			kernel->rows_used += (size_t)got;
		/* EAGAIN: very many tasks that are not ours, go on. */
		else if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

int kernel_bpf_read(struct kernel *kernel, enum kernel_part_index part)
{
	int r, fd = bpf_iter_create(bpf_link__fd(kernel->links[part]));

	if (fd < 0)
		return -errno;
	r = read_all(kernel, fd);
	close(fd);
	return r;
}

/* The row at *offset, which then is that of the next; NULL: no more, or no sense. */
static struct task_head *next_row(const struct kernel *kernel, size_t *offset)
{
	size_t left = kernel->rows_used - *offset;
	struct task_head *head = (struct task_head *)(void *)(kernel->rows + *offset);
	size_t size;

	if (left < sizeof(*head))
		return NULL;
	size = head->type == TASK_PROCESS  ? sizeof(struct task_process)
	       : head->type == TASK_THREAD ? sizeof(struct task_thread)
					   : 0;
	if (!size || head->size != size || size > left)
		return NULL;
	*offset += size;
	return head;
}

/* -- The processor time of a process is that of its threads ------------------------ */

struct share {
	uint32_t pid;
	uint64_t cpu_ns;
};

static int by_pid(const void *a, const void *b)
{
	const struct share *x = a, *y = b;

	return (x->pid > y->pid) - (x->pid < y->pid);
}

/* Of all rows of threads, sorted by process; *count may be 0. */
static int collect_shares(const struct kernel *kernel, struct share **out, size_t *count)
{
	size_t offset = 0, most = kernel->rows_used / sizeof(struct task_thread);
	const struct task_head *head;
	struct share *shares = malloc((most + 1) * sizeof(*shares));

	*count = 0;
	*out = shares;
	if (!shares)
		return -ENOMEM;
	while ((head = next_row(kernel, &offset)))
		if (head->type == TASK_THREAD)
			shares[(*count)++] = (struct share){head->pid, head->cpu_ns};
	qsort(shares, *count, sizeof(*shares), by_pid);
	return offset == kernel->rows_used ? 0 : -EPROTO;
}

static void add_shares(struct task_head *process, const struct share *shares, size_t count)
{
	struct share key = {.pid = process->pid};
	const struct share *share = bsearch(&key, shares, count, sizeof(key), by_pid);

	if (!share)
		return;
	while (share > shares && share[-1].pid == process->pid)
		share--;
	for (; share < shares + count && share->pid == process->pid; share++)
		process->cpu_ns += share->cpu_ns;
}

/* Row and process are the same bytes: a row begins with its head. */
static void tell_row(struct task_head *head, const struct kernel_task_calls *calls)
{
	void *row = head;

	if (head->type == TASK_PROCESS && calls->process)
		calls->process(calls->arg, row);
	if (head->type == TASK_THREAD && calls->thread)
		calls->thread(calls->arg, row);
}

static int tell_rows(struct kernel *kernel, const struct kernel_task_calls *calls)
{
	struct share *shares;
	struct task_head *head;
	size_t count, offset = 0;
	int r = collect_shares(kernel, &shares, &count);

	if (r != -ENOMEM)
		while ((head = next_row(kernel, &offset))) {
			if (head->type == TASK_PROCESS)
				add_shares(head, shares, count);
			tell_row(head, calls);
		}
	free(shares);
	return r;
}

/* -- The scheduler's clock ---------------------------------------------------------- */

static uint64_t own_switches(void)
{
	struct rusage usage;

	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
}

/* What was known before the rows were read. */
struct look {
	uint64_t switches;
	uint64_t time_ns;
};

/* A sleep ends with being given a processor; that moment is in our own row. */
static struct look clock_look(void)
{
	struct timespec pause = {.tv_nsec = CLOCK_SLEEP_NS};
	struct look look;

	nanosleep(&pause, NULL);
	look.time_ns = monotonic_ns();
	look.switches = own_switches();
	return look;
}

/* No switch in between: the row tells of the same moment. */
static void clock_measure(struct kernel *kernel, const struct look *look)
{
	if (*kernel->shared.own_switches != look->switches || !*kernel->shared.own_arrival_ns)
		return;
	kernel->offsets[kernel->offset_count++ % CLOCK_MEASURES] =
		(int64_t)(look->time_ns - *kernel->shared.own_arrival_ns);
	kernel->offset_time_ns = look->time_ns;
}

/* On a busy machine most measures are late by milliseconds. */
static bool is_confirmed(const struct kernel *kernel)
{
	int64_t best = kernel_clock_offset_ns(kernel);
	size_t near = 0;

	for (size_t i = 0; i < kernel->offset_count && i < CLOCK_MEASURES; i++)
		near += kernel->offsets[i] - best < CLOCK_AGREE_NS;
	return near >= 2;
}

void kernel_bpf_clock_start(struct kernel *kernel)
{
	for (int tries = 0; kernel->links[PART_TASKS] && tries < 10; tries++) {
		struct look look = clock_look();

		if (kernel_bpf_read(kernel, PART_TASKS))
			return;
		clock_measure(kernel, &look);
		if (is_confirmed(kernel))
			return;
	}
}

/* Each measure is late by some moments: the smallest is the best. */
int64_t kernel_clock_offset_ns(const struct kernel *kernel)
{
	size_t known = kernel->offset_count < CLOCK_MEASURES ? kernel->offset_count
							     : CLOCK_MEASURES;
	int64_t best = known ? kernel->offsets[0] : 0;

	for (size_t i = 1; i < known; i++)
		if (kernel->offsets[i] < best)
			best = kernel->offsets[i];
	return best;
}

int kernel_tasks(struct kernel *kernel, const struct kernel_task_calls *calls, struct err *err)
{
	bool measure = monotonic_ns() - kernel->offset_time_ns > CLOCK_EVERY_NS;
	struct look look = {0};
	int r;

	if (!kernel->links[PART_TASKS])
		return err_set(err, -EOPNOTSUPP, "%s", kernel->parts[PART_TASKS].why);
	*kernel->shared.want_threads = calls->thread != NULL;
	if (measure)
		look = clock_look();
	r = kernel_bpf_read(kernel, PART_TASKS);
	if (!r && measure)
		clock_measure(kernel, &look);
	if (!r)
		r = tell_rows(kernel, calls);
	return r ? err_set(err, r, "reading all tasks by eBPF: %s", strerror(-r)) : 0;
}
