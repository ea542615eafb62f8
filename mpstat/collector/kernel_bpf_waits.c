/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * kernel_bpf_waits.c - threads and what they wait for, and open files, as our programs
 * tell them.
 *
 * Owns: asking for some processes, cutting rows into pieces.  Does not own: reading an
 * iterator (kernel_bpf_tasks.c).
 */
#include "mpstat/collector/kernel_bpf.h"

#include <errno.h>
#include <string.h>

static void ask_for(struct kernel *kernel, const uint32_t *pids, size_t count)
{
	if (count > WAIT_PIDS)
		count = 0;
	for (size_t i = 0; i < count; i++)
		kernel->shared.wanted_pids[i] = pids[i];
	*kernel->shared.wanted_count = (unsigned int)count;
}

/* The next `size` bytes of the row, when it has them. */
static const void *take(const char **at, bool has, size_t size)
{
	const char *piece = *at;

	if (!has)
		return NULL;
	*at += size;
	return piece;
}

/* The row at *offset, which then is that of the next; false: no more, or no sense. */
static bool next_wait(const struct kernel *kernel, size_t *offset, struct kernel_wait *wait)
{
	size_t left = kernel->rows_used - *offset;
	const char *at = kernel->rows + *offset, *start = at;
	const struct wait_row *row;

	if (left < sizeof(*row))
		return false;
	row = wait->row = take(&at, true, sizeof(*row));
	wait->memory = take(&at, row->has & WAIT_HAS_PLACE, sizeof(*wait->memory));
	wait->stack = take(&at, row->has & WAIT_HAS_STACK, sizeof(*wait->stack));
	wait->file = take(&at, row->has & WAIT_HAS_FILE, sizeof(*wait->file));
	if (row->size != (size_t)(at - start) || row->size > left)
		return false;
	*offset += row->size;
	return true;
}

int kernel_waits(struct kernel *kernel, const uint32_t *pids, size_t count,
		 void (*wait)(void *arg, const struct kernel_wait *wait), void *arg,
		 struct err *err)
{
	struct kernel_wait one;
	size_t offset = 0;
	int r;

	if (!kernel->links[PART_WAITS])
		return err_set(err, -EOPNOTSUPP, "%s", kernel->parts[PART_WAITS].why);
	ask_for(kernel, pids, count);
	r = kernel_bpf_read(kernel, PART_WAITS);
	while (!r && next_wait(kernel, &offset, &one))
		wait(arg, &one);
	if (!r && offset != kernel->rows_used)
		r = -EPROTO;
	return r ? err_set(err, r, "reading all waits by eBPF: %s", strerror(-r)) : 0;
}

int kernel_files(struct kernel *kernel, void (*end)(void *arg, const struct file_end_row *row),
		 void *arg, bool *first_seen, struct err *err)
{
	size_t offset = 0;
	int r;

	if (!kernel->links[PART_FILES])
		return err_set(err, -EOPNOTSUPP, "%s", kernel->parts[PART_FILES].why);
	*kernel->shared.first_seen = 0;
	r = kernel_bpf_read(kernel, PART_FILES);
	*first_seen = *kernel->shared.first_seen != 0;
	while (!r && kernel->rows_used - offset >= sizeof(struct file_end_row)) {
		const void *at = kernel->rows + offset;
		const struct file_end_row *row = at;

		if (row->size != sizeof(*row))
			break;
		end(arg, row);
		offset += sizeof(*row);
	}
	if (!r && offset != kernel->rows_used)
		r = -EPROTO;
	return r ? err_set(err, r, "reading all open files by eBPF: %s", strerror(-r)) : 0;
}
