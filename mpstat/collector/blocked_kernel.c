/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * blocked_kernel.c - a look by our eBPF programs.  See blocked.h.
 *
 * Owns: rows of bpf/wait.h into those of blocked.h: names cleaned, clocks and device
 * numbers as everybody else has them.
 */
#include "mpstat/collector/blocked_look.h"
#include "mpstat/collector/kernel.h"
#include "mpstat/util/text.h"

#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#define SAME(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), "wait.h and blocked.h")

SAME(BLOCKED_COMM, WAIT_COMM);
SAME(BLOCKED_BEFORE, WAIT_BEFORE);
SAME(BLOCKED_MEMORY, WAIT_BEFORE + WAIT_AFTER);
SAME(BLOCKED_STACK, WAIT_STACK_WORDS);
SAME(BLOCKED_HAS_PLACE, WAIT_HAS_PLACE);
SAME(BLOCKED_HAS_BEFORE, WAIT_HAS_BEFORE);
SAME(BLOCKED_HAS_MEMORY, WAIT_HAS_MEMORY);
SAME(BLOCKED_HAS_STACK, WAIT_HAS_STACK);
SAME(BLOCKED_HAS_FILE, WAIT_HAS_FILE);
SAME(FILE_OTHER, FILE_ROW_OTHER);
SAME(FILE_PIPE, FILE_ROW_PIPE);
SAME(FILE_FIFO, FILE_ROW_FIFO);
SAME(FILE_UNIX, FILE_ROW_UNIX);
SAME(FILE_TCP, FILE_ROW_TCP);
SAME(FILE_EVENTFD, FILE_ROW_EVENTFD);
SAME(FILE_MQUEUE, FILE_ROW_MQUEUE);
SAME(FILE_TERMINAL, FILE_ROW_TERMINAL);
SAME(FILE_TIMER, FILE_ROW_TIMER);
SAME(FILE_EPOLL, FILE_ROW_EPOLL);
SAME(FILE_REGULAR, FILE_ROW_REGULAR);
SAME(FILE_CAN_READ, FILE_ROW_CAN_READ);
SAME(FILE_CAN_WRITE, FILE_ROW_CAN_WRITE);
SAME(FILE_NONBLOCK, FILE_ROW_NONBLOCK);
SAME(FILE_LISTENS, FILE_ROW_LISTENS);
SAME(FILE_READ_TIMED, FILE_ROW_READ_TIMED);
SAME(FILE_WRITE_TIMED, FILE_ROW_WRITE_TIMED);
SAME(FILE_DATAGRAM, FILE_ROW_DATAGRAM);
SAME(FILE_LEVEL_KNOWN, FILE_ROW_LEVEL_KNOWN);

/* linux/kdev_t.h, as stat(2) gives it. */
static uint64_t device_of(uint32_t device)
{
	return makedev(device >> 20, device & 0xfffff);
}

static void fill_file(struct open_file *file, const struct file_row *row)
{
	file->kind = row->kind <= FILE_REGULAR ? row->kind : FILE_OTHER;
	file->flags = row->flags;
	file->device = device_of(row->device);
	file->inode = row->inode;
	file->peer_inode = row->peer_inode;
	file->description = row->description;
	file->units = row->units;
	file->capacity = row->capacity;
	file->bytes = row->bytes;
	file->readers = row->readers;
	file->writers = row->writers;
	text_clean(file->name, sizeof(file->name), row->name, sizeof(row->name));
}

static void fill_memory(struct blocked *blocked, const struct wait_memory *piece)
{
	struct memory_place *place = &blocked->place;

	place->space = piece->space;
	place->address = piece->address;
	place->device = piece->inode ? device_of(piece->device) : 0;
	place->inode = piece->inode;
	place->offset = piece->offset;
	place->shared = piece->shared;
	text_clean(place->name, sizeof(place->name), piece->name, sizeof(piece->name));
	memcpy(blocked->memory, piece->bytes, sizeof(blocked->memory));
	blocked->memory_size = piece->size <= WAIT_AFTER ? piece->size : WAIT_AFTER;
}

static void fill_stack(struct blocked *blocked, const struct wait_stack *piece)
{
	blocked->stack_words = piece->words <= BLOCKED_STACK ? piece->words : BLOCKED_STACK;
	memcpy(blocked->stack, piece->word, blocked->stack_words * sizeof(piece->word[0]));
}

static uint64_t since_of(const struct taking *taking, uint64_t since_sched_ns)
{
	int64_t ns = (int64_t)since_sched_ns + kernel_clock_offset_ns(taking->kernel);

	return since_sched_ns && ns > 0 ? (uint64_t)ns : 0;
}

static void fill_call(struct blocked *blocked, const struct wait_row *row)
{
	blocked->runs = row->runs;
	blocked->syscall = row->syscall;
	memcpy(blocked->argument, row->argument, sizeof(blocked->argument));
	blocked->ip = row->ip;
	blocked->sp = row->sp;
	memcpy(blocked->preserved, row->preserved, sizeof(blocked->preserved));
	blocked->has = row->has;
}

static void take_wait(void *arg, const struct kernel_wait *wait)
{
	struct taking *taking = arg;
	const struct wait_row *row = wait->row;
	struct blocked *blocked;

	if (!taking_wants(taking, row->pid))
		return;
	blocked = taking_add(taking);
	if (!blocked)
		return;
	blocked->pid = row->pid;
	blocked->tid = row->tid;
	blocked->start = ticks_of_boot(&taking->ticks, row->start_ns);
	blocked->inner_tid = row->inner_tid;
	blocked->pid_namespace = row->pid_namespace;
	memcpy(blocked->comm, row->comm, sizeof(row->comm));
	blocked->state = row->state;
	blocked->since_ns = since_of(taking, row->since_sched_ns);
	fill_call(blocked, row);
	if (wait->memory)
		fill_memory(blocked, wait->memory);
	if (wait->stack)
		fill_stack(blocked, wait->stack);
	if (wait->file)
		fill_file(&blocked->file, wait->file);
}

int blocked_kernel_threads(struct taking *taking, struct err *err)
{
	return kernel_waits(taking->kernel, taking->pids, taking->pid_count, take_wait, taking, err);
}

static void take_end(void *arg, const struct file_end_row *row)
{
	struct taking *taking = arg;
	struct file_end *end = taking_add_end(taking);

	if (!end)
		return;
	end->pid = row->pid;
	end->start = ticks_of_boot(&taking->ticks, row->start_ns);
	end->fd = row->fd;
	fill_file(&end->file, &row->file);
}

int blocked_kernel_ends(struct taking *taking, bool *first_seen, struct err *err)
{
	return kernel_files(taking->kernel, take_end, taking, first_seen, err);
}
