/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wait_file.c - waiting at an open file that others fill or empty: pipes, FIFOs, sockets,
 * eventfds, message queues.
 *
 * Who could end the wait has the other end open.  Where a name leads to it anybody could
 * come: a reader there waits for whoever will, and is not judged; a writer finds it full,
 * and that is for those to change who have it open.
 */
#include "mpstat/collector/wait.h"

#include "libtrace/contract/vocab.h"
#include "mpstat/util/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

enum side { READS, WRITES, ACCEPTS };

/* What each kind of open file is called, and what one waits for there. */
static const struct row {
	enum mpt_kind kind;
	uint16_t op[3]; /* enum side; 0: not to be waited for */
	bool named;	/* anybody may come to put something in */
	bool level;	/* its level is that of the file that is looked at */
} rows[] = {
	[FILE_PIPE] = { MPT_KIND_OS_PIPE, { MPT_OP_OS_PIPE_READ, MPT_OP_OS_PIPE_WRITE, 0 }, false, true },
	[FILE_FIFO] = { MPT_KIND_FIFO, { MPT_OP_FIFO_READ, MPT_OP_FIFO_WRITE, 0 }, true, true },
	[FILE_UNIX] = { MPT_KIND_UNIX_SOCKET,
			{ MPT_OP_UNIX_SOCKET_RECV, MPT_OP_UNIX_SOCKET_SEND,
			  MPT_OP_UNIX_SOCKET_ACCEPT },
			false, true },
	[FILE_TCP] = { MPT_KIND_SOCKET,
		       { MPT_OP_SOCKET_RECV, MPT_OP_SOCKET_SEND, MPT_OP_SOCKET_ACCEPT },
		       true, true },
	[FILE_EVENTFD] = { MPT_KIND_EVENTFD, { MPT_OP_EVENTFD_READ, MPT_OP_EVENTFD_WRITE, 0 },
			   false, true },
	[FILE_MQUEUE] = { MPT_KIND_MQUEUE, { MPT_OP_MQUEUE_RECEIVE, MPT_OP_MQUEUE_SEND, 0 },
			  true, true },
};

static const struct {
	int16_t call;
	enum side side;
} sides[] = {
	{ SYS_read, READS },	      { SYS_readv, READS },
	{ SYS_recvfrom, READS },      { SYS_recvmsg, READS },
	{ SYS_recvmmsg, READS },      { SYS_mq_timedreceive, READS },
	{ SYS_write, WRITES },	      { SYS_writev, WRITES },
	{ SYS_sendto, WRITES },	      { SYS_sendmsg, WRITES },
	{ SYS_sendmmsg, WRITES },     { SYS_mq_timedsend, WRITES },
	{ SYS_accept, ACCEPTS },      { SYS_accept4, ACCEPTS },
};

static enum side side_of(int32_t call)
{
	for (size_t i = 0; i < sizeof(sides) / sizeof(sides[0]); i++)
		if (sides[i].call == call)
			return sides[i].side;
	return READS;
}

static bool is_timed(const struct blocked *thread, enum side side)
{
	if (thread->syscall == SYS_mq_timedreceive || thread->syscall == SYS_mq_timedsend)
		return thread->argument[4] != 0;
	return thread->file.flags & (side == WRITES ? FILE_WRITE_TIMED : FILE_READ_TIMED);
}

/* Sorted by inode: the first of it. */
static size_t first_end(const struct blocked_look *look, uint64_t inode)
{
	size_t low = 0, high = look->end_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (look->ends[middle].file.inode < inode)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Everybody who has that inode open could do that to the object. */
static void add_ends(struct wait_look *w, const struct outside_object *object,
		     const struct open_file *like, uint64_t inode, bool give, bool take)
{
	const struct blocked_look *look = w->look;

	for (size_t i = first_end(look, inode);
	     i < look->end_count && look->ends[i].file.inode == inode; i++) {
		const struct file_end *end = &look->ends[i];

		if (end->file.kind != like->kind || end->file.device != like->device)
			continue;
		outside_use(&w->outside, object, (struct process_id){ end->pid, end->start },
			    give && end->file.flags & FILE_CAN_WRITE,
			    take && end->file.flags & FILE_CAN_READ);
	}
}

/* What is in a unix socket lies at the receiver's. */
static uint64_t receiver_of(const struct open_file *file, enum side side)
{
	return file->kind == FILE_UNIX && side == WRITES ? file->peer_inode : file->inode;
}

static void add_all_ends(struct wait_look *w, const struct outside_object *object,
			 const struct open_file *file, enum side side)
{
	if (file->kind != FILE_UNIX) {
		add_ends(w, object, file, file->inode, true, true);
		return;
	}
	add_ends(w, object, file, side == WRITES ? file->inode : file->peer_inode, true, false);
	add_ends(w, object, file, receiver_of(file, side), false, true);
}

static enum fact_ends ends_of(const struct wait_look *w, const struct open_file *file,
			      enum side side)
{
	if (side == ACCEPTS || (rows[file->kind].named && side == READS) ||
	    file->kind == FILE_TCP ||
	    (file->kind == FILE_UNIX && (!file->peer_inode || file->flags & FILE_DATAGRAM)))
		return FACT_ENDS_ANYBODY;
	/* Whether a socket has a timeout, /proc does not tell. */
	if (file->kind == FILE_UNIX && !w->look->by_kernel)
		return FACT_ENDS_UNKNOWN;
	return w->look->ends_whole ? FACT_ENDS_TOLD : FACT_ENDS_UNKNOWN;
}

static void name_object(struct fact_object *fact, const struct open_file *file, uint64_t inode)
{
	if (file->name[0])
		text_clean(fact->name, sizeof(fact->name), file->name,
			   strnlen(file->name, sizeof(file->name)));
	else
		snprintf(fact->name, sizeof(fact->name), "%" PRIu64, inode);
}

static void fill(struct wait_look *w, struct outside_object *object,
		 const struct open_file *file, enum side side)
{
	struct fact_object *fact = &object->fact;
	uint64_t inode = receiver_of(file, side);

	name_object(fact, file, inode);
	if (file->flags & FILE_LEVEL_KNOWN && inode == file->inode) {
		fact->level = file->units;
		fact->level_bytes = file->bytes;
		fact->capacity = file->capacity;
	} else if (side == WRITES) {
		fact->level = 1; /* it waits for room: something is in it */
	}
	fact->ends = (uint8_t)ends_of(w, file, side);
	add_all_ends(w, object, file, side);
}

static bool understand(struct wait_look *w, const struct blocked *thread, struct fact_thread *out)
{
	const struct open_file *file = &thread->file;
	enum side side = side_of(thread->syscall);
	struct outside_object *object;

	if (!(thread->has & BLOCKED_HAS_FILE) || file->kind >= sizeof(rows) / sizeof(rows[0]) ||
	    !rows[file->kind].op[side])
		return false;
	object = outside_obtain(&w->outside, rows[file->kind].kind,
				(struct map_key){ { 0, file->device, receiver_of(file, side) } });
	if (!object)
		return false;
	if (object->fresh)
		fill(w, object, file, side);
	/* Others wait there the other way round: who may come for one may come for all. */
	if (ends_of(w, file, side) == FACT_ENDS_ANYBODY)
		object->fact.ends = FACT_ENDS_ANYBODY;
	out->wait_op = rows[file->kind].op[side];
	out->wait_object = object->fact.id;
	out->wait_deadline_ns = is_timed(thread, side) ? WAIT_TIMED : 0;
	return true;
}

static const int16_t calls[] = {
	SYS_read,   SYS_readv,	 SYS_recvfrom, SYS_recvmsg,   SYS_recvmmsg, SYS_mq_timedreceive,
	SYS_write,  SYS_writev,	 SYS_sendto,   SYS_sendmsg,   SYS_sendmmsg, SYS_mq_timedsend,
	SYS_accept, SYS_accept4, -1,
};

const struct wait_kind wait_file = {
	.name = "file",
	.calls = calls,
	.understand = understand,
};
